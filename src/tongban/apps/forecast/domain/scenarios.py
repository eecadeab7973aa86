"""Scenarios 情景: what a forecast becomes if levers are moved, and whether the data can say so.

A lever is a covariate of the panel. A scenario brings every region that is below a mark up to it by
the last period ahead. What a region's lever does anyway is in the forecast already, so only what
goes beyond its own pace counts. A mark that no region has reached, or a pace that none has kept,
is refused: the data say nothing there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from .conformal import half_width
from .ladder import ends
from .panel import History, Panel, label
from .running import Result
from .scoring import Guess

#: 90 % of a normal spread, for the effect of a lever.
SPREAD = 1.645


class ScenarioInvalid(ValueError):
    """A scenario that these data can say nothing about."""


class YearsOutside(ScenarioInvalid):
    """Years that a panel cannot be forecast to; the message says what can be asked instead."""


class LeverUnknown(ScenarioInvalid):
    """A lever that is no covariate of the panel."""


class LeverOutside(ScenarioInvalid):
    """A lever beyond what was ever seen; the message shows the support."""


@dataclass(frozen=True, slots=True)
class Support:
    """What was seen of a lever: its values, and its greatest change of one step."""

    column: str
    low: float
    high: float
    fastest: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What a lever does to growth a step later: on the panel's scale, per unit, with its error.

    ``spread``: so many errors each way hold 90 %; more than of a normal one where the error is told
    by few regions.
    """

    column: str
    value: float
    error: float
    spread: float = SPREAD

    @property
    def doubt(self) -> float:
        """The half-width of its interval of 90 %."""
        return self.spread * self.error

    @property
    def told_apart(self) -> bool:
        """Whether the effect can be told from nothing."""
        return abs(self.value) > self.doubt


@dataclass(frozen=True, slots=True)
class Move:
    """A region's lever: where it is, its own pace, and what the scenario adds to it each step."""

    region: str
    column: str
    now: float
    pace: float
    more: float


@dataclass(frozen=True, slots=True)
class Place:
    """The nation at a period: mean growth since the last known one, its ends where there are.

    ``checked`` tells whether forecasts that far were tried often enough to know the width; else it
    is that of the longest that was, widened in proportion.
    """

    period: int
    growth: float
    width: float
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario: the nation's path, each region's last value on the scale, what levers add."""

    name: str
    path: tuple[Place, ...]
    regions: Mapping[str, float]
    adds: Mapping[str, float]


def steps_to(panel: Panel, first: int, last: int) -> int:
    """Give the steps from a panel's end to the end of the years ``first`` … ``last``.

    Raise YearsOutside where a year is known already, or lies further off than the panel is long.
    """
    end, known = panel.periods[-1], panel.periods
    year, offered = end // panel.frequency, len(known) * panel.step // panel.frequency
    if first > last or first * panel.frequency <= end:
        raise YearsOutside(
            f"YearsOutside: {first}-{last}: the panel is known to {label(end, panel.frequency)};"
            f" ask for {year + 1}-{max(last, year + 1)} / 所问年份已知或颠倒，请改问以后的年份"
        )
    steps = ((last + 1) * panel.frequency - 1 - end) // panel.step
    if steps > len(known) or steps < 1:
        raise YearsOutside(
            f"YearsOutside: {last} is {steps} steps from {label(end, panel.frequency)}, and"
            f" {len(known)} periods are known: give newer data, or ask for no year after"
            f" {year + offered} / 数据太旧或太短，请补新数据，或少问几年"
        )
    return steps


def supports(history: History, columns: Sequence[str]) -> tuple[Support, ...]:
    """Give what was seen of each covariate. Raise ScenarioInvalid where nothing can be said."""
    if history.scale != "log":
        raise ScenarioInvalid("ScenarioInvalid: a value is not above nought / 有非正值，无从谈增速")
    found = []
    for place, column in enumerate(columns):
        values, changes = [], []
        for told in history.extras.values():
            for period, row in told.items():
                before = told.get(period - history.step)
                if not math.isnan(row[place]):
                    values.append(row[place])
                    if before is not None and not math.isnan(before[place]):
                        changes.append(row[place] - before[place])
        if not values or not changes:
            raise LeverUnknown(
                f"LeverUnknown: {column} is not known in neighbouring periods / 缺数据"
            )
        found.append(Support(column, min(values), max(values), max(changes)))
    return tuple(found)


def moves(
    history: History, support: Support, place: int, mark: float, steps: int
) -> tuple[Move, ...]:
    """Give how each region's lever moves to reach the mark. Raise LeverOutside."""
    seen = (
        f"seen: {support.low:g} … {support.high:g}, at most {support.fastest:+g} a step"
        f" / 数据中为 {support.low:g} … {support.high:g}，每期至多 {support.fastest:+g}"
    )
    if not support.low <= mark <= support.high:
        raise LeverOutside(f"LeverOutside: {support.column} to {mark:g}; {seen}")
    found = []
    for region, told in history.extras.items():
        known = {t: row[place] for t, row in told.items() if not math.isnan(row[place])}
        if not known:
            continue
        first, last = min(known), max(known)
        passed = (last - first) / history.step
        pace = (known[last] - known[first]) / passed if passed else 0.0
        need = (mark - known[last]) / steps
        if need > support.fastest:
            raise LeverOutside(
                f"LeverOutside: {support.column} to {mark:g} needs {need:+g} a step in {region},"
                f" from {known[last]:g}; {seen}"
            )
        found.append(Move(region, support.column, known[last], pace, max(0.0, need - pace)))
    return tuple(found)


def outcome(
    result: Result,
    seen: History,
    name: str,
    moved: Sequence[Move],
    effects: Mapping[str, Effect],
) -> Outcome:
    """Give what a scenario comes to. A lever works a step after it was moved.

    The nation's width is that of its own mean errors, and the doubt of each effect on top of it.
    """
    last = ends(seen)
    periods = sorted({one.period for one in result.ahead})
    widths = national_widths(result.guesses, result.winner, len(periods))
    path, reached, adds = [], {}, dict.fromkeys((one.column for one in moved), 0.0)
    for horizon, period in enumerate(periods, start=1):
        grown, doubt = [], 0.0
        for ahead in (one for one in result.ahead if one.period == period):
            mine = [m for m in moved if m.region == ahead.region]
            extra = sum(effects[m.column].value * m.more * (horizon - 1) for m in mine)
            doubt += sum(effects[m.column].doubt * abs(m.more) * (horizon - 1) for m in mine)
            grown.append(ahead.value + extra - last[ahead.region][1])
            if period == periods[-1]:
                reached[ahead.region] = ahead.value + extra
                for m in mine:
                    adds[m.column] += effects[m.column].value * m.more * (horizon - 1)
        width, checked = widths[horizon - 1]
        path.append(Place(period, fmean(grown), width + doubt / len(grown), checked))
    share = {column: total / len(reached) for column, total in adds.items()}
    return Outcome(name, tuple(path), reached, share)


def national_widths(
    guesses: Sequence[Guess], rung: str, horizons: int
) -> tuple[tuple[float, bool], ...]:
    """Give the half-width of each horizon, and whether it was checked; none is narrower than one
    before it.

    Beyond what was checked errors are taken to go on one way: the longest checked width grows with
    the distance. Where none was checked there is none.
    """
    found: list[tuple[float, bool]] = []
    far, wide = 0, math.inf
    for horizon in range(1, horizons + 1):
        own = national_width(guesses, rung, horizon)
        if math.isfinite(own):
            far, wide = horizon, max(own, found[-1][0] if far else 0.0)
            found.append((wide, True))
        else:
            found.append((wide * horizon / far if far else math.inf, False))
    return tuple(found)


def national_width(guesses: Sequence[Guess], rung: str, horizon: int) -> float:
    """Give the half-width of the nation's mean: errors of regions cancel, a shock's do not."""
    periods: dict[int, list[float]] = {}
    for one in guesses:
        if one.rung == rung and one.horizon == horizon:
            periods.setdefault(one.period, []).append(one.error)
    return half_width(fmean(errors) for errors in periods.values())
