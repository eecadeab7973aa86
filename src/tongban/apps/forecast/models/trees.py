"""Trees on growth 梯度提升树: LightGBM alone, and on what fixed effects leave over.

Never on levels: a tree cannot say a value that it has not seen. Each step's growth is learnt from
the growths before it, the region's mean, the nation's mean and the covariates; further steps feed
the forecast growth back in. One thread and a seed: the same file gives the same numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from tongban.apps.forecast.domain.ladder import ends
from tongban.apps.forecast.domain.panel import History

from .panel_effects import FixedEffects, Grown

_SETTINGS = {
    "objective": "regression",
    "num_leaves": 7,
    "learning_rate": 0.05,
    "min_data_in_leaf": 10,
    "lambda_l2": 1.0,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
_ROUNDS = 80
_FEWEST = 40  # rows; below it a tree has nothing to split and the mean is as good
_LAGS = 2


@dataclass(frozen=True, slots=True)
class Forest:
    """What was learnt; ``base`` is what the trees correct, None where they stand alone."""

    history: History
    trees: Any
    mean: float
    base: Grown | None

    def predict(self, period: int) -> dict[str, float]:
        """Walk step by step from each region's last value."""
        step, last = self.history.step, ends(self.history)
        national = _national(self.history)
        grown = {region: dict(self.history.growths(region)) for region in last}
        value = {region: known for region, (_, known) in last.items()}
        start = min((at for at, _ in last.values()), default=period)
        for to in range(start + step, period + 1, step):
            due = [region for region, (at, _) in last.items() if at < to]
            more = self._said(
                [_features(self.history, r, to, last[r][0], grown[r], national) for r in due]
            )
            for region, growth in zip(due, more, strict=True):
                ground = 0.0
                if self.base is not None:
                    first = to == last[region][0] + step
                    ground = self.base.step + (self.base.pull[region] if first else 0.0)
                grown[region][to] = ground + growth
                value[region] += ground + growth
        return value

    def _said(self, rows: list[list[float]]) -> list[float]:
        if self.trees is None:
            return [self.mean] * len(rows)
        return [float(one) for one in self.trees.predict(np.array(rows), num_threads=1)]


@dataclass(frozen=True, slots=True)
class Trees:
    """LightGBM on growth."""

    code: str = "lightgbm"

    def fit(self, history: History) -> Forest:
        """Learn growth from what was known a step before it."""
        return _fit(history, None)


@dataclass(frozen=True, slots=True)
class EffectsAndTrees:
    """Fixed effects, and LightGBM on the growth that they leave over."""

    code: str = "fixed_effects_lightgbm"

    def fit(self, history: History) -> Forest:
        """Fit the effects first."""
        return _fit(history, FixedEffects().fit(history))


def _fit(history: History, base: Grown | None) -> Forest:
    step, national = history.step, _national(history)
    x, y = [], []
    for region in history.values:
        grown = history.growths(region)
        for period, growth in grown.items():
            ground = 0.0
            if base is not None:
                ground = base.times.get(period, 0.0) - base.times.get(period - step, 0.0)
            x.append(_features(history, region, period, period - step, grown, national))
            y.append(growth - ground)
    mean = float(np.mean(y)) if y else 0.0
    if len(y) < _FEWEST:
        return Forest(history, None, mean, base)
    data = lightgbm.Dataset(np.array(x), np.array(y), free_raw_data=True)
    return Forest(history, lightgbm.train(_SETTINGS, data, num_boost_round=_ROUNDS), mean, base)


def _national(history: History) -> dict[int, float]:
    found: dict[int, list[float]] = {}
    for region in history.values:
        for period, growth in history.growths(region).items():
            found.setdefault(period, []).append(growth)
    return {period: float(np.mean(growths)) for period, growths in found.items()}


def _features(
    history: History,
    region: str,
    period: int,
    known: int,
    grown: Mapping[int, float],
    national: Mapping[int, float],
) -> list[float]:
    """Say what was known of a region before a period; covariates as of ``known``."""
    step = history.step
    lags = [grown.get(period - n * step, np.nan) for n in range(1, _LAGS + 1)]
    past = [growth for at, growth in grown.items() if at < period]
    told = history.extras.get(region, {}).get(known, ())
    return [
        *lags,
        float(np.mean(past)) if past else np.nan,
        national.get(period - step, np.nan),
        *told,
    ]
