"""Thresholds 门槛效应: where a slope changes, after Hansen (1999), with a bootstrap test.

``y = region + period + β₁·x·[q ≤ γ] + β₂·x·[q > γ] + e``. γ is the least sum of squares over a
grid of quantiles; the test resamples whole regions under one slope; the interval of γ holds those
whose likelihood ratio stays below −2·ln(1 − √0.95).
"""

from dataclasses import dataclass

import numpy as np

from .within import NotIdentified, Numbers, check, least_squares, within

TRIM = 0.1  # so large a share of rows must lie on either side
_LIMIT = -2 * np.log(1 - np.sqrt(0.95))


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where the slope changes, both slopes with errors, and how surely it changes at all."""

    at: float
    low: float
    high: float
    below: float
    above: float
    below_error: float
    above_error: float
    spread: float
    f: float
    p: float

    @property
    def found(self) -> bool:
        """Whether one slope is refused at 5 %; else slopes and place mean nothing."""
        return self.p < 0.05

    @property
    def ratio(self) -> float:
        """How many times steeper it is above."""
        return self.above / self.below


def threshold(
    y: Numbers, x: Numbers, q: Numbers, *, seed: int, grid: int = 400, bootstraps: int = 299
) -> Threshold:
    """Estimate one threshold. Raise PanelUnbalanced, or NotIdentified where ``q`` hardly varies."""
    check(y, x, q)
    places = np.unique(np.quantile(q, np.linspace(TRIM, 1 - TRIM, grid), method="higher"))
    shares = np.array([(q <= place).mean() for place in places])
    places = places[(shares >= TRIM / 2) & (shares <= 1 - TRIM / 2)]
    if len(places) < 2:
        raise NotIdentified(
            "门槛变量取值太少，无法分组",
            "the threshold variable takes too few values to divide the rows",
        )
    below = q <= places[:, None, None]
    both = np.stack([within(np.where(below, x, 0.0)), within(np.where(below, 0.0, x))], axis=1)
    design = both.reshape(len(places), 2, -1)
    bases = np.linalg.qr(design.transpose(0, 2, 1))[0]  # grid × rows × 2
    one, wide = least_squares(y, [x], ["x"]), within(y)
    squares = _left(bases, wide.ravel()[:, None])[:, 0]
    best = int(np.argmin(squares))
    fit = least_squares(
        y, [np.where(below[best], x, 0.0), np.where(below[best], 0.0, x)], ["below", "above"]
    )
    degrees = y.shape[0] * (y.shape[1] - 1)
    f = _f(float((one.residuals**2).sum()), float(squares[best]), degrees)
    ratio = (squares - squares[best]) / (squares[best] / degrees)
    inside = places[ratio <= _LIMIT]
    # under one slope: the regions' own residuals of two slopes, whole, on that slope's line
    draw = np.random.default_rng(seed)
    chosen = draw.integers(0, y.shape[0], size=(bootstraps, y.shape[0]))
    made = within(one.slopes[0] * x + fit.residuals[chosen]).reshape(bootstraps, -1).T
    straight = within(x).ravel()
    null = (made**2).sum(axis=0) - (straight @ made) ** 2 / (straight @ straight)
    least = _left(bases, made).min(axis=0)
    drawn = (null - least) / (least / degrees)
    return Threshold(
        float(places[best]),
        float(inside.min()),
        float(q[q > inside.max()].min()),  # up to the next value the rows divide alike
        float(fit.slopes[0]),
        float(fit.slopes[1]),
        float(fit.errors[0]),
        float(fit.errors[1]),
        fit.spread,
        f,
        float((1 + (drawn >= f).sum()) / (1 + bootstraps)),
    )


def _left(bases: Numbers, y: Numbers) -> Numbers:
    """Give what each design leaves over of each column of ``y``, squared and summed."""
    told = np.einsum("gnk,nb->gkb", bases, y, optimize=True)
    return np.asarray((y**2).sum(axis=0) - (told**2).sum(axis=1))


def _f(null: float, least: float, degrees: int) -> float:
    return (null - least) / (least / degrees)
