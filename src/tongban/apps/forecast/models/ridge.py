"""Ridge regression on growth 岭回归: linear, shrunk, and told the level that a region has reached.

Hoerl & Kennard (1970). The penalty is the one that would have forecast every known period best from
those before it, so nothing of what is scored is seen. Columns are brought to one size; what is
not known stands at its column's mean.
"""

from dataclasses import dataclass

import numpy as np

from tongban.apps.forecast.domain.panel import History

from .growing import NATIONAL, Numbers, Walk, learnable

PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
_FEWEST = 8  # rows; fewer say nothing of so many columns


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted line: means and sizes of the columns, slopes on the brought size, and the mean."""

    centre: Numbers
    size: Numbers
    slopes: Numbers
    mean: float

    def __call__(self, rows: Numbers) -> list[float]:
        """Say the growth of rows of features."""
        if not len(rows):
            return []
        brought = np.nan_to_num((rows - self.centre) / self.size)
        return [float(one) for one in self.mean + brought @ self.slopes]


def ridge(x: Numbers, y: Numbers, penalty: float) -> Line:
    """Fit ``y = mean + x·b`` with ``penalty·|b|²``, on columns of mean 0 and deviation 1.

    A column that is never known, or never moves, gets no slope.
    """
    known = ~np.isnan(x)
    count = known.sum(axis=0)
    filled = np.where(known, x, 0.0)
    centre = filled.sum(axis=0) / np.maximum(count, 1)
    off = np.where(known, x - centre, 0.0)
    size = np.sqrt((off**2).sum(axis=0) / np.maximum(count, 1))
    size = np.where(size > 1e-12, size, np.inf)
    brought, mean = off / size, float(y.mean())
    inner = brought.T @ brought + penalty * np.eye(x.shape[1])
    slopes = np.linalg.solve(inner, brought.T @ (y - mean)).astype(np.float64)
    return Line(centre, size, slopes, mean)


@dataclass(frozen=True, slots=True)
class Ridge:
    """The rung."""

    code: str = "ridge"

    def fit(self, history: History) -> Walk:
        """Learn growth from what was known a step before it; of a few rows, their mean alone."""
        told = learnable(history)
        y, periods = told.growth, told.periods
        if len(y) < _FEWEST:
            mean = float(np.mean(y)) if len(y) else 0.0
            return Walk(history, lambda rows: [mean] * len(rows))
        x = _own(told.features)

        def off(penalty: float) -> float:
            found: list[float] = []
            for period in sorted(set(periods.tolist()))[1:]:
                then, before = periods == period, periods < period
                if before.sum() >= _FEWEST:
                    said = ridge(x[before], y[before], penalty)(x[then])
                    found += ((np.array(said) - y[then]) ** 2).tolist()
            return float(np.mean(found)) if found else 0.0

        # of equals the larger: what shrinks more promises less
        line = ridge(x, y, min(reversed(PENALTIES), key=off))
        return Walk(history, lambda rows: line(_own(rows)))


def _own(rows: Numbers) -> Numbers:
    # the nation's mean has one value a period: a slope on so few would swing after every shock
    return np.delete(rows, NATIONAL, axis=1) if rows.size else rows
