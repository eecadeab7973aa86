"""A panel 面板数据: one measure of many regions over many periods, as it was known at each time.

A period is a whole number: the year, or for quarters ``4·year + quarter - 1``, for months
``12·year + month - 1``. A row may carry its vintage, the period in which it became known; later
vintages revise earlier ones. A forecast sees only what was known when it would have been made.
"""

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Scale = Literal["log", "level"]
_PERIOD = re.compile(r"(\d{4})(?:\s*年)?(?:(?:[-\s]?[Qq])([1-4])|-(0[1-9]|1[0-2]))?")


class PeriodUnreadable(ValueError):
    """A period that is no year, quarter or month."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of numbers 指标: its unit (a code of ``kernel.figures.UNITS``) and its bounds."""

    column: str
    unit: str
    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Say whether a value lies within the bounds."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class Row:
    """One observation; ``line`` is its line in the file, ``extras`` follow the covariates."""

    region: str
    period: int
    value: float
    line: int
    vintage: int | None = None
    extras: tuple[float | None, ...] = ()

    @property
    def known(self) -> int:
        """The period in which it became known: its own, where it bears no vintage."""
        return self.period if self.vintage is None else self.vintage


@dataclass(frozen=True, slots=True)
class Panel:
    """All rows of one file; ``frequency`` is 1, 4 or 12 periods a year."""

    rows: tuple[Row, ...]
    frequency: int
    target: Measure
    covariates: tuple[Measure, ...]
    name: str
    digest: str

    @property
    def source(self) -> str:
        """Where a reader can look: the file's name and the first digits of its SHA-256."""
        return f"{self.name} (sha256 {self.digest[:12]})"

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region, in the order of the file."""
        return tuple(dict.fromkeys(row.region for row in self.rows))

    @property
    def periods(self) -> tuple[int, ...]:
        """Every period that occurs, in order."""
        return tuple(sorted({row.period for row in self.rows}))

    @property
    def step(self) -> int:
        """The distance of neighbouring periods: 2 for a survey every other year."""
        return step_of(self.periods)

    @property
    def scale(self) -> Scale:
        """Growth is counted in logarithms where every value is positive, else in differences.

        A value outside the bounds has no say: one wrong sign would change the whole panel's scale.
        """
        positive = all(row.value > 0 for row in self.rows if self.target.holds(row.value))
        return "log" if positive else "level"


@dataclass(frozen=True, slots=True)
class History:
    """What a model may see: values on the panel's scale by region and period.

    ``extras`` has one entry a covariate, ``nan`` where it is not known.
    """

    scale: Scale
    step: int
    values: Mapping[str, Mapping[int, float]]
    extras: Mapping[str, Mapping[int, tuple[float, ...]]] = field(default_factory=dict)

    def growths(self, region: str) -> dict[int, float]:
        """Growth of one step by the period in which it ends; a gap has none."""
        known = self.values[region]
        before = self.step
        return {t: v - known[t - before] for t, v in known.items() if t - before in known}


def step_of(periods: Iterable[int]) -> int:
    """Give the greatest step that reaches every period.

    >>> step_of([2010, 2012, 2016])
    2
    """
    ordered = sorted(set(periods))
    return math.gcd(*(b - a for a, b in itertools.pairwise(ordered))) or 1


def parse_period(text: str) -> tuple[int, int]:
    """Read a period; give its number and the periods in a year. Raise PeriodUnreadable.

    >>> parse_period("2024年"), parse_period("2024Q1"), parse_period("2024-03")
    ((2024, 1), (8096, 4), (24290, 12))
    """
    found = _PERIOD.fullmatch(text.strip())
    if found is None:
        raise PeriodUnreadable(
            f"PeriodUnreadable: {text!r}; write 2024, 2024Q1 or 2024-03 / 期间写作 2024、2024Q1"
        )
    year, quarter, month = found.groups()
    if quarter:
        return int(year) * 4 + int(quarter) - 1, 4
    if month:
        return int(year) * 12 + int(month) - 1, 12
    return int(year), 1


def label(period: int, frequency: int) -> str:
    """Write a period as a file does.

    >>> label(2024, 1), label(8096, 4), label(24290, 12)
    ('2024', '2024Q1', '2024-03')
    """
    year, part = divmod(period, frequency)
    if frequency == 1:
        return str(period)
    return f"{year}Q{part + 1}" if frequency == 4 else f"{year}-{part + 1:02}"


def last_day(period: int, frequency: int) -> date:
    """Give the day on which a period ends.

    >>> last_day(2024, 1), last_day(8096, 4)
    (datetime.date(2024, 12, 31), datetime.date(2024, 3, 31))
    """
    year, part = divmod(period + 1, frequency)
    return date(year, 1 + part * 12 // frequency, 1) - timedelta(days=1)


def to_scale(value: float, scale: Scale) -> float:
    """Bring a value to the scale on which growth adds up."""
    return math.log(value) if scale == "log" else value


def from_scale(value: float, scale: Scale) -> float:
    """Bring a number of that scale back; what no number can hold is infinite."""
    if scale == "level":
        return value
    return math.exp(value) if value < 700 else math.inf


def latest(rows: Iterable[Row], at: int | None = None) -> dict[tuple[str, int], Row]:
    """Give the newest row of each region and period; with ``at``, as it was known then."""
    found: dict[tuple[str, int], Row] = {}
    for row in rows:
        if at is not None and (row.known > at or row.period > at):
            continue
        held = found.get((row.region, row.period))
        if held is None or row.known >= held.known:
            found[row.region, row.period] = row
    return found


def publications(rows: Iterable[Row]) -> dict[tuple[str, int], list[Row]]:
    """Give all rows of each region and period in the order in which they became known."""
    found: dict[tuple[str, int], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.known):
        found.setdefault((row.region, row.period), []).append(row)
    return found


def history(
    panel: Panel, left_out: frozenset[int], at: int | None = None, *, like: Panel | None = None
) -> History:
    """Give what a model may see at ``at``; ``left_out`` are the lines that the gate holds back.

    A held line hides its period: an older vintage of it does not step in. A part of a panel is told
    on the scale and by the step of the whole panel that it is ``like``.
    """
    scale, step = (like or panel).scale, (like or panel).step
    values: dict[str, dict[int, float]] = {}
    extras: dict[str, dict[int, tuple[float, ...]]] = {}
    for (region, period), row in sorted(latest(panel.rows, at).items()):
        if row.line in left_out:
            continue
        values.setdefault(region, {})[period] = to_scale(row.value, scale)
        extras.setdefault(region, {})[period] = tuple(
            math.nan if one is None else one for one in row.extras
        )
    return History(scale, step, values, extras)
