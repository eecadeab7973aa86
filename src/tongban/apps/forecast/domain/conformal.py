"""Rolling conformal intervals 滚动保形区间, and how often they held, year by year.

The half-width is an order statistic of the errors known at the time of the forecast, as they were
known then (a period that was not yet published has none): no model of the noise. It promises
coverage only while errors go on as they were. A year of shock breaks it; that year is shown by
itself, and the stress band is as wide as the worst year seen would need.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .scoring import Guess, known

LEVEL = 0.9
SHORT = 0.1  # a year that many below its promise is called under-covered


@dataclass(frozen=True, slots=True)
class Held:
    """How the intervals of one period did: shares between 0 and 1, widths on the panel's scale.

    Whether they held is told by the newest values.
    """

    period: int
    count: int
    width: float
    stress: float
    covered: float
    covered_stress: float

    @property
    def under(self) -> bool:
        """Whether the period fell well short of the promise."""
        return self.covered < LEVEL - SHORT


def half_width(errors: Iterable[float], level: float = LEVEL) -> float:
    """Give the conformal half-width: the ⌈(n+1)·level⌉-th smallest absolute error, else infinite.

    >>> half_width([0.1] * 8), half_width([-0.3, 0.1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])
    (inf, 0.3)
    """
    ordered = sorted(map(abs, errors))
    place = math.ceil(round((len(ordered) + 1) * level, 9))
    return ordered[place - 1] if 0 < place <= len(ordered) else math.inf


def stress_width(guesses: Sequence[Guess], level: float = LEVEL) -> float:
    """Give the half-width that the worst single period needed; infinite where none is known."""
    periods: dict[int, list[float]] = defaultdict(list)
    for one in guesses:
        periods[one.period].append(one.error)
    found = [half_width(errors, level) for errors in periods.values()]
    # a period of few regions has no order statistic of its own: its largest error stands for it
    return max(
        (
            max(map(abs, errors)) if math.isinf(width) else width
            for width, errors in zip(found, periods.values(), strict=True)
        ),
        default=math.inf,
    )


def coverage(guesses: Sequence[Guess], step: int, level: float = LEVEL) -> tuple[Held, ...]:
    """Give how each period's intervals did, each from the errors known when it was forecast.

    ``guesses`` are of one rung and one horizon. Periods without enough errors before them have no
    interval and are left out.
    """
    horizons = {one.horizon for one in guesses}
    if len(horizons) > 1:
        raise ValueError("one horizon at a time")
    horizon = max(horizons, default=1)
    rows = []
    for period in sorted({one.period for one in guesses}):
        past = known(guesses, period - horizon * step)
        width = half_width((one.error for one in past), level)
        if math.isinf(width):
            continue
        stress = max(width, stress_width(past, level))
        now = [abs(one.error) for one in guesses if one.period == period and one.counts]
        if not now:
            continue
        rows.append(
            Held(
                period,
                len(now),
                width,
                stress,
                sum(off <= width for off in now) / len(now),
                sum(off <= stress for off in now) / len(now),
            )
        )
    return tuple(rows)
