"""Policy windows 政策窗口 and discounts 激活折扣: a nation-wide date seen through exposure.

A window is the same for all regions, so beside effects of periods it cannot be told at all. What
can be told is whether regions that were more exposed *before* it moved more inside it.
"""

from dataclasses import dataclass

import numpy as np

from .within import NotIdentified, Numbers, least_squares


@dataclass(frozen=True, slots=True)
class Window:
    """The effect a unit of exposure has inside the window, and the same of a window that was none.

    The placebo is a window of the same length just before; ``nan`` where there are too few periods.
    ``spread``: so many standard errors each way hold 95 %.
    """

    effect: float
    error: float
    placebo: float
    placebo_error: float
    spread: float

    @property
    def believable(self) -> bool:
        """Whether the placebo shows nothing: exposed regions were not on their own way before."""
        return not abs(self.placebo) > self.spread * self.placebo_error


@dataclass(frozen=True, slots=True)
class Discount:
    """What a unit of hardware is worth beside one of software and data: 1 is the same, 0 nothing.

    The interval is Fieller's: it may be the whole line, and then nothing is known.
    """

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether the interval leaves out either 0 or 1."""
        return self.low > 0 or self.high < 1


def window(y: Numbers, exposure: Numbers, start: int, length: int) -> Window:
    """Estimate ``y = region + period + ω·exposure·[start ≤ period < start + length]``.

    ``exposure`` has one value a region, from before the window. Raise NotIdentified where it is
    the same for all or the window covers everything.
    """
    real = least_squares(y, [_inside(y, exposure, start, length)], ["the window"])
    placebo = placebo_error = float("nan")
    if start > length:
        before = y[:, :start]
        fit = least_squares(
            before, [_inside(before, exposure, start - length, length)], ["the placebo window"]
        )
        placebo, placebo_error = float(fit.slopes[0]), float(fit.errors[0])
    return Window(float(real.slopes[0]), float(real.errors[0]), placebo, placebo_error, real.spread)


def _inside(y: Numbers, exposure: Numbers, start: int, length: int) -> Numbers:
    periods = np.arange(y.shape[1])
    return exposure[:, None] * ((periods >= start) & (periods < start + length))[None, :]


def discount(y: Numbers, hardware: Numbers, rest: Numbers) -> Discount:
    """Estimate the discount as the slope of hardware over that of the rest. Raise NotIdentified."""
    fit = least_squares(y, [rest, hardware], ["the rest", "hardware"])
    (b, a), v = fit.slopes, fit.covariance
    z = fit.spread**2
    # Fieller: the roots of (a - φb)² = z·var(a - φb)
    square, middle, last = b * b - z * v[0, 0], a * b - z * v[0, 1], a * a - z * v[1, 1]
    if square <= 0:
        raise NotIdentified(
            "无法识别：硬件以外的投入本身没有可见效应，无从比较",
            "spending other than hardware shows no effect of its own, so nothing can be measured"
            " against it",
        )
    half = np.sqrt(max(middle**2 - square * last, 0.0))
    return Discount(float(a / b), float((middle - half) / square), float((middle + half) / square))
