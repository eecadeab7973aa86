"""What levers do 杠杆效应: fixed effects on growth, by pyfixest. Needs the extra ``[forecast]``.

Growth is regressed on the levers' changes of the step before, beside region and period: what moves
all regions of a year, and what a region does every year, is not laid at a lever's door.
"""

import math
from collections.abc import Sequence

import numpy as np

from tongban.apps.forecast.domain.panel import History
from tongban.apps.forecast.domain.scenarios import Effect
from tongban.apps.forecast.domain.structure.within import NotIdentified, spread

from .estimates import fixed_effects

__all__ = ["NotIdentified", "lever_effects"]


def lever_effects(history: History, columns: Sequence[str]) -> tuple[Effect, ...]:
    """Estimate each covariate's effect. Raise NotIdentified where one has nothing left."""
    y, x, unit, time = [], [], [], []
    step = history.step
    for number, region in enumerate(history.values):
        told = history.extras.get(region, {})
        for period, growth in history.growths(region).items():
            now, before = told.get(period - step), told.get(period - 2 * step)
            if now is None or before is None:
                continue
            change = [a - b for a, b in zip(now, before, strict=True)]
            if not any(map(math.isnan, change)):
                y.append(growth)
                x.append(change)
                unit.append(number)
                time.append(period)
    found = fixed_effects(
        np.array(y), np.array(x).reshape(len(y), len(columns)), np.array(unit), np.array(time)
    )
    wide = spread(len(set(unit)), 0.90)
    return tuple(
        Effect(*one, wide) for one in zip(columns, found.coefficients, found.errors, strict=True)
    )
