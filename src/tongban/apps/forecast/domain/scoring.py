"""Rolling origin 滚动检验: each period forecast from what was known before it, and how well.

Nothing that was published later is seen: not by a model, not by the weights of the ensemble, not by
an interval. Rungs are scored against the newest value of what came; what weighs or widens at an
origin was known then, as it was known then. Errors are kept on the panel's scale (for intervals)
and in per cent (for people).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from .panel import Scale, from_scale

#: The report of 2026 claims its forecasts lie within so many per cent.
BAND = 6.3
ENSEMBLE = "ensemble"


@dataclass(frozen=True, slots=True)
class Guess:
    """One forecast beside what came: both on the panel's scale; ``horizon`` in steps.

    ``actual`` is the newest value of what came, nan where the gate holds it back. ``published`` are
    its publications in order: the period in which each became known, and the value, None where the
    gate held it back then. Where there are none it was known in its own period.
    """

    rung: str
    region: str
    period: int
    horizon: int
    forecast: float
    actual: float
    published: tuple[tuple[int, float | None], ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it can be scored: what came is not held back."""
        return not math.isnan(self.actual)

    @property
    def error(self) -> float:
        """What came less what was forecast."""
        return self.actual - self.forecast

    def known(self, at: int) -> float | None:
        """Give what had come as it was known in a period; None where it was not."""
        told = self.published or ((self.period, self.actual),)
        return next((value for when, value in reversed(told) if when <= at), None)


@dataclass(frozen=True, slots=True)
class Score:
    """How a rung did: percentages; ``skill`` is the share of the other's MAPE that it saves.

    ``growth_r2`` is of growth, not of levels: levels flatter whoever says "same as last time".
    """

    rung: str
    count: int
    undefined: int
    mape: float
    within: float
    level_r2: float
    growth_r2: float


def percent_off(guess: Guess, scale: Scale) -> float | None:
    """Give the error in per cent of what came; None where that is nought."""
    actual = from_scale(guess.actual, scale)
    if actual == 0:
        return None
    return abs(from_scale(guess.forecast, scale) - actual) / abs(actual) * 100


def r_squared(actual: Sequence[float], forecast: Sequence[float]) -> float:
    """Give 1 less the share of the spread that is left; nan without a spread."""
    mean = fmean(actual)
    spread = sum((a - mean) ** 2 for a in actual)
    left = sum((a - f) ** 2 for a, f in zip(actual, forecast, strict=True))
    return 1 - left / spread if spread else math.nan


def score(guesses: Sequence[Guess], before: Mapping[tuple[str, int], float], scale: Scale) -> Score:
    """Score one rung's guesses; ``before`` is the last known value of each region and period."""
    off = [percent_off(one, scale) for one in guesses]
    defined = [one for one in off if one is not None]
    level = (
        [from_scale(one.actual, scale) for one in guesses],
        [from_scale(one.forecast, scale) for one in guesses],
    )
    starts = [before[one.region, one.period] for one in guesses]
    return Score(
        guesses[0].rung,
        len(guesses),
        len(off) - len(defined),
        fmean(defined) if defined else math.nan,
        fmean(100.0 * (one <= BAND) for one in defined) if defined else math.nan,
        r_squared(*level),
        r_squared(
            [one.actual - start for one, start in zip(guesses, starts, strict=True)],
            [one.forecast - start for one, start in zip(guesses, starts, strict=True)],
        ),
    )


def known(guesses: Iterable[Guess], at: int) -> list[Guess]:
    """Give the guesses whose outcome was published by a period, beside it as it was known then."""
    told = ((one, one.known(at)) for one in guesses)
    return [
        one if came == one.actual else replace(one, actual=came)
        for one, came in told
        if came is not None
    ]


def weights(past: Iterable[Guess], rungs: Sequence[str]) -> dict[str, float]:
    """Weigh rungs by one over their mean squared error so far; alike before anything is known."""
    squares: dict[str, list[float]] = defaultdict(list)
    for guess in past:
        squares[guess.rung].append(guess.error**2)
    if any(not squares[rung] for rung in rungs):
        return dict.fromkeys(rungs, 1 / len(rungs))
    means = {rung: fmean(squares[rung]) for rung in rungs}
    perfect = [rung for rung, mean in means.items() if mean == 0]
    if perfect:
        return {rung: (rung in perfect) / len(perfect) for rung in rungs}
    total = sum(1 / mean for mean in means.values())
    return {rung: 1 / mean / total for rung, mean in means.items()}


def with_ensemble(guesses: Sequence[Guess], step: int) -> tuple[Guess, ...]:
    """Add the weighted ensemble 加权组合 of the rungs that forecast from an origin.

    Its weights come from what was known of the same horizon.
    """
    made = list(guesses)
    groups: dict[tuple[int, int, str], dict[str, Guess]] = defaultdict(dict)
    for one in guesses:
        groups[one.horizon, one.period, one.region][one.rung] = one
    shares: dict[tuple[int, int], dict[str, float]] = {}
    for (horizon, period, _), by_rung in groups.items():
        rungs = list(by_rung)
        if (horizon, period) not in shares:
            # a forecast `horizon` steps ahead was made when only what was out by then was known
            alike = (g for g in guesses if g.horizon == horizon)
            shares[horizon, period] = weights(known(alike, period - horizon * step), rungs)
        share = shares[horizon, period]
        joined = sum(share[rung] * by_rung[rung].forecast for rung in rungs)
        made.append(replace(by_rung[rungs[0]], rung=ENSEMBLE, forecast=joined))
    return tuple(made)
