"""The proof 估计器自证: generated data with known answers, at several noises, many times.

Each estimator must see what was put in, be no way off it, and give intervals that hold it as often
as they promise; the table says at what noise it no longer can. How far off chance alone may bring a
share or a middle depends on how often it is tried, and is reckoned.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

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
LEVEL = 0.95  # so many of the intervals are promised to hold the truth
BIAS = 0.1  # a middle that is off by more of the truth than that is no chance: it is biased
INNER = 2.563  # standard deviations between the tenth and the ninetieth percentile of a normal
CHANCE = 0.001  # so seldom may a sound estimator miss its promise on either side by chance

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


Lack = Literal["power", "coverage", "bias"]


@dataclass(frozen=True, slots=True)
class Draw:
    """One estimate: its value, its interval, and whether it says that there is an effect."""

    value: float
    low: float
    high: float
    seen: bool


#: Draws data at a noise, and estimates what was put in.
Estimator = Callable[[np.random.Generator, float], dict[str, Draw]]


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
    def bias(self) -> float:
        """How far the middle of the draws is off the truth."""
        return self.median - self.truth

    @property
    def room(self) -> float:
        """How far off it may be: ``BIAS`` of the truth, and what the middle of so few draws errs.

        The error of a median is √(π/2) of a mean's; the spread is told by the inner four fifths.
        """
        spread = (self.high - self.low) / INNER
        return BIAS * abs(self.truth) + 1.96 * math.sqrt(math.pi / 2 / self.runs) * spread

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """What keeps the estimator from being relied on at this noise."""
        least, most = tolerance(self.runs)
        sound: Mapping[Lack, bool] = {
            "power": self.power >= POWER,
            "coverage": least <= self.covered <= most,
            "bias": abs(self.bias) <= self.room,  # nothing found at all is nan, and not within
        }
        return tuple(name for name, well in sound.items() if not well)

    @property
    def recovers(self) -> bool:
        """Whether the effect is seen, its intervals hold what they promise, and it is unbiased."""
        return not self.lacks


@cache
def tolerance(runs: int, level: float = LEVEL, chance: float = CHANCE) -> tuple[float, float]:
    """Give the least and the greatest share of ``runs`` that chance makes of ``level``: binomial.

    >>> tolerance(100), tolerance(1000)
    ((0.87, 1.0), (0.927, 0.97))
    """
    count = np.arange(runs)
    odds = np.log((runs - count) / (count + 1)) + math.log(level / (1 - level))
    logs = runs * math.log(1 - level) + np.concatenate([[0.0], odds.cumsum()])
    below = np.exp(logs).cumsum()
    least, most = np.searchsorted(below, [chance, 1 - chance])
    return float(least) / runs, float(min(most, runs)) / runs


def prove(
    runs: int,
    seed: int,
    noises: Sequence[float] = NOISES,
    estimators: Sequence[Estimator] | None = None,
) -> tuple[Proof, ...]:
    """Try every estimator at every noise; each gives its draws by the names of ``TRUTHS``."""
    found = []
    for number, one in enumerate(estimators or ESTIMATORS):
        for noise in noises:
            draws = [one(np.random.default_rng((seed, number, run)), noise) for run in range(runs)]
            found += [_sum_up(name, noise, [draw[name] for draw in draws]) for name in draws[0]]
    return tuple(found)


def _sum_up(name: str, noise: float, draws: list[Draw]) -> Proof:
    truth = TRUTHS[name]
    values = [draw.value for draw in draws if math.isfinite(draw.value)] or [math.nan]
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
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
    return {"lags": _interval(found.total, found.total_error, found.spread)}


def _break(draw: np.random.Generator, noise: float) -> dict[str, Draw]:
    found = threshold(*broken(draw, noise), seed=7, bootstraps=99)
    # the delta method; slopes of two parts of the rows are nearly independent
    error = abs(found.ratio) * np.hypot(
        found.below_error / found.below, found.above_error / found.above
    )
    half = found.spread * error
    low, high = found.ratio - half, found.ratio + half
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
    return {"window": _interval(found.effect, found.error, found.spread)}


def _discount(draw: np.random.Generator, noise: float) -> dict[str, Draw]:
    hardware, rest = draw.normal(0, 1, (2, REGIONS, QUARTERS))
    y = rest + DISCOUNT * hardware + ground(draw, QUARTERS, noise)
    try:
        found = discount(y, hardware, rest)
    except NotIdentified:
        return {"discount": Draw(float("nan"), -np.inf, np.inf, seen=False)}
    return {"discount": Draw(found.value, found.low, found.high, found.known)}


def _interval(value: float, error: float, spread: float) -> Draw:
    half = spread * error
    return Draw(value, value - half, value + half, abs(value) > half)


#: Every estimator of structure.
ESTIMATORS: tuple[Estimator, ...] = (_lags, _break, _window, _discount)
