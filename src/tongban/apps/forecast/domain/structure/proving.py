"""The proof 估计器自证: generated data with known answers, at several noises, many times.

Each estimator must find what was put in, and the table says at what noise it no longer can. A
share of intervals that hold the truth far from 95 % would show that its errors are wrong.
"""

from dataclasses import dataclass

import numpy as np

from .lags import almon
from .threshold import threshold
from .windows import discount, window
from .within import NotIdentified, Numbers

REGIONS = 31
QUARTERS = 36
YEARS = 9
NOISES = (0.5, 1.0, 2.0)
CLING = 0.3  # so much of a shock is left a period later
POWER = 0.8  # an effect that is found less often than that is not within reach

LAG_WEIGHTS = np.array([0.1, 0.3, 0.4, 0.3, 0.1])  # rises and falls: no straight line
SLOPES = (1.0, 1.8)
BREAK = 0.5
WINDOW = 0.284
WINDOW_START, WINDOW_LENGTH = 20, 6  # quarters: eighteen months
DISCOUNT = 0.4
TRUTHS = {
    "lags": float(LAG_WEIGHTS.sum()),
    "threshold": BREAK,
    "threshold_ratio": SLOPES[1] / SLOPES[0],
    "window": WINDOW,
    "discount": DISCOUNT,
}


@dataclass(frozen=True, slots=True)
class Draw:
    """One estimate: its value, its interval, and whether it says that there is an effect."""

    value: float
    low: float
    high: float
    seen: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What an estimator did at one noise: the middle and the inner four fifths of its draws."""

    estimator: str
    noise: float
    truth: float
    median: float
    low: float
    high: float
    covered: float
    power: float
    runs: int

    @property
    def recovers(self) -> bool:
        """Whether the effect is seen often enough to be relied on."""
        return self.power >= POWER


def prove(runs: int, seed: int, noises: tuple[float, ...] = NOISES) -> tuple[Proof, ...]:
    """Try every estimator at every noise."""
    found = []
    for number, one in enumerate((_lags, _break, _window, _discount)):
        for noise in noises:
            draws = [one(np.random.default_rng((seed, number, run)), noise) for run in range(runs)]
            found += [_sum_up(name, noise, [draw[name] for draw in draws]) for name in draws[0]]
    return tuple(found)


def _sum_up(name: str, noise: float, draws: list[Draw]) -> Proof:
    truth = TRUTHS[name]
    low, middle, high = np.nanquantile([draw.value for draw in draws], (0.1, 0.5, 0.9))
    return Proof(
        name,
        noise,
        truth,
        float(middle),
        float(low),
        float(high),
        float(np.mean([draw.low <= truth <= draw.high for draw in draws])),
        float(np.mean([draw.seen for draw in draws])),
        len(draws),
    )


def ground(draw: np.random.Generator, periods: int, noise: float) -> Numbers:
    """Give effects of regions and of periods, and noise that clings by ``CLING``."""
    shocks = draw.normal(0, noise, (REGIONS, periods))
    for t in range(1, periods):
        shocks[:, t] += CLING * shocks[:, t - 1]
    return np.asarray(
        draw.normal(0, 2, (REGIONS, 1)) + draw.normal(0, 1, (1, periods)).cumsum(axis=1) + shocks
    )


def lagged(draw: np.random.Generator, noise: float) -> tuple[Numbers, Numbers]:
    """Generate an input whose effect lies on ``LAG_WEIGHTS``."""
    x = draw.normal(0, 1, (REGIONS, QUARTERS + len(LAG_WEIGHTS) - 1))
    spans = [x[:, len(LAG_WEIGHTS) - 1 - n :][:, :QUARTERS] for n in range(len(LAG_WEIGHTS))]
    y = np.tensordot(LAG_WEIGHTS, np.stack(spans), axes=1) + ground(draw, QUARTERS, noise)
    return y, x[:, len(LAG_WEIGHTS) - 1 :]


def broken(
    draw: np.random.Generator, noise: float, slopes: tuple[float, float] = SLOPES
) -> tuple[Numbers, Numbers, Numbers]:
    """Generate nine years in which a slope changes where sharing passes ``BREAK``."""
    x, q = draw.normal(0, 1, (REGIONS, YEARS)), draw.uniform(0, 1, (REGIONS, YEARS))
    y = np.where(q <= BREAK, slopes[0], slopes[1]) * x + ground(draw, YEARS, noise)
    return y, x, q


def _lags(draw: np.random.Generator, noise: float) -> dict[str, Draw]:
    y, x = lagged(draw, noise)
    found = almon(y, x, len(LAG_WEIGHTS) - 1, 2)
    return {"lags": _interval(found.total, found.total_error)}


def _break(draw: np.random.Generator, noise: float) -> dict[str, Draw]:
    found = threshold(*broken(draw, noise), seed=7, bootstraps=99)
    # the delta method; slopes of two parts of the rows are nearly independent
    error = abs(found.ratio) * np.hypot(
        found.below_error / found.below, found.above_error / found.above
    )
    low, high = found.ratio - 1.96 * error, found.ratio + 1.96 * error
    return {
        "threshold": Draw(found.at, found.low, found.high, found.found),
        "threshold_ratio": Draw(found.ratio, low, high, found.found),
    }


def _window(draw: np.random.Generator, noise: float) -> dict[str, Draw]:
    exposure = draw.uniform(0, 2, REGIONS)
    inside = np.zeros(QUARTERS)
    inside[WINDOW_START : WINDOW_START + WINDOW_LENGTH] = 1
    y = WINDOW * exposure[:, None] * inside + ground(draw, QUARTERS, noise)
    found = window(y, exposure, WINDOW_START, WINDOW_LENGTH)
    return {"window": _interval(found.effect, found.error)}


def _discount(draw: np.random.Generator, noise: float) -> dict[str, Draw]:
    hardware, rest = draw.normal(0, 1, (2, REGIONS, QUARTERS))
    y = rest + DISCOUNT * hardware + ground(draw, QUARTERS, noise)
    try:
        found = discount(y, hardware, rest)
    except NotIdentified:
        return {"discount": Draw(float("nan"), -np.inf, np.inf, seen=False)}
    return {"discount": Draw(found.value, found.low, found.high, found.known)}


def _interval(value: float, error: float) -> Draw:
    return Draw(value, value - 1.96 * error, value + 1.96 * error, abs(value) > 1.96 * error)
