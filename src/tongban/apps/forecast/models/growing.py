"""What the rungs on growth share 增长模型: what was known before a step, and the walk ahead.

Each step's growth is learnt from the growths before it, the region's mean, the nation's mean, the
covariates and the level; further steps feed the forecast growth back in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tongban.apps.forecast.domain.ladder import ends
from tongban.apps.forecast.domain.panel import History

from .panel_effects import Grown

Numbers = NDArray[np.float64]
#: Says the growth of rows of features.
Says = Callable[[Numbers], Sequence[float]]
_LAGS = 2
#: The column of the nation's mean: one value a period, whatever the region.
NATIONAL = _LAGS + 1


@dataclass(frozen=True, slots=True)
class Learnable:
    """Rows of features, the growth that each was followed by, and the period of that growth."""

    features: Numbers
    growth: Numbers
    periods: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Walk:
    """What was learnt; ``base`` is what ``says`` corrects, None where it stands alone."""

    history: History
    says: Says
    base: Grown | None = None

    def predict(self, period: int) -> dict[str, float]:
        """Walk step by step from each region's last value."""
        step, last = self.history.step, ends(self.history)
        national = means(self.history)
        grown = {region: dict(self.history.growths(region)) for region in last}
        value = {region: known for region, (_, known) in last.items()}
        start = min((at for at, _ in last.values()), default=period)
        for to in range(start + step, period + 1, step):
            due = [region for region, (at, _) in last.items() if at < to]
            rows = [
                features(self.history, r, to, last[r][0], grown[r], national, value[r]) for r in due
            ]
            for region, growth in zip(due, self.says(np.array(rows)), strict=True):
                ground = 0.0
                if self.base is not None:
                    first = to == last[region][0] + step
                    ground = self.base.step + (self.base.pull[region] if first else 0.0)
                grown[region][to] = ground + float(growth)
                value[region] += ground + float(growth)
        return value


def learnable(history: History, base: Grown | None = None) -> Learnable:
    """Give every growth with what was known a step before it; ``base`` is taken off first."""
    step, national = history.step, means(history)
    x, y, at = [], [], []
    for region, known in history.values.items():
        grown = history.growths(region)
        for period, growth in grown.items():
            ground = 0.0
            if base is not None:
                ground = base.times.get(period, 0.0) - base.times.get(period - step, 0.0)
            level = known[period - step]
            x.append(features(history, region, period, period - step, grown, national, level))
            y.append(growth - ground)
            at.append(period)
    return Learnable(np.array(x), np.array(y), np.array(at, dtype=np.int64))


def means(history: History) -> dict[int, float]:
    """Give the mean growth of all regions, by period."""
    found: dict[int, list[float]] = {}
    for region in history.values:
        for period, growth in history.growths(region).items():
            found.setdefault(period, []).append(growth)
    return {period: float(np.mean(growths)) for period, growths in found.items()}


def features(
    history: History,
    region: str,
    period: int,
    known: int,
    grown: Mapping[int, float],
    national: Mapping[int, float],
    level: float,
) -> list[float]:
    """Say what was known of a region before a period; the level last, covariates as of ``known``.

    NaN is what is not known.
    """
    step = history.step
    lags = [grown.get(period - n * step, np.nan) for n in range(1, _LAGS + 1)]
    past = [growth for at, growth in grown.items() if at < period]
    told = history.extras.get(region, {}).get(known, ())
    return [
        *lags,
        float(np.mean(past)) if past else np.nan,
        national.get(period - step, np.nan),
        *told,
        level,
    ]
