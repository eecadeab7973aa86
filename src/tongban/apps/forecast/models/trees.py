"""Trees on growth 梯度提升树: LightGBM alone, and on what fixed effects leave over.

Never on levels: a tree cannot say a value that it has not seen. One thread and a seed: the same
file gives the same numbers.
"""

from dataclasses import dataclass

import lightgbm
import numpy as np

from tongban.apps.forecast.domain.panel import History

from .growing import Numbers, Says, Walk, learnable
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


@dataclass(frozen=True, slots=True)
class Trees:
    """LightGBM on growth."""

    code: str = "lightgbm"

    def fit(self, history: History) -> Walk:
        """Learn growth from what was known a step before it."""
        return Walk(history, _learn(history, None))


@dataclass(frozen=True, slots=True)
class EffectsAndTrees:
    """Fixed effects, and LightGBM on the growth that they leave over."""

    code: str = "fixed_effects_lightgbm"

    def fit(self, history: History) -> Walk:
        """Fit the effects first. Raise CannotFit."""
        base = FixedEffects().fit(history)
        return Walk(history, _learn(history, base), base)


def _learn(history: History, base: Grown | None) -> Says:
    told = learnable(history, base)
    if len(told.growth) < _FEWEST:
        mean = float(np.mean(told.growth)) if len(told.growth) else 0.0
        return lambda rows: [mean] * len(rows)
    data = lightgbm.Dataset(told.features[:, :-1], told.growth, free_raw_data=True)
    trees = lightgbm.train(_SETTINGS, data, num_boost_round=_ROUNDS)

    def says(rows: Numbers) -> list[float]:
        # without the level, which is the last of what is known
        return (
            [float(one) for one in trees.predict(rows[:, :-1], num_threads=1)] if len(rows) else []
        )

    return says
