"""What a report is made of 报告构件: words and figures. A bare number has no place in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure, Status

#: What stands where a figure would, if its app or its data is absent (尚未实测).
NOT_MEASURED = Words("尚未实测", "not measured yet")
NONE = Words("无", "none")
#: A name of the data is the same in every language; None is what is not known.
Cell = Figure | Words | str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has as many cells as ``head``."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from ``low`` to ``high``; ``shown`` are the figures beside it; ``chosen``: stronger."""

    label: Words
    low: Figure
    high: Figure
    shown: tuple[Figure, ...]
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Floating bars: waterfall, tornado, histogram, shares.

    A line stands at ``base``, by default at nought; ``promise`` is a second, broken one.
    """

    title: Words
    bars: tuple[Bar, ...]
    base: Figure | None = None
    promise: Figure | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A place of a line: the value, and the ends of interval and stress band where there are."""

    label: str
    value: Figure
    band: tuple[Figure, Figure] | None = None
    stress: tuple[Figure, Figure] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart; ``quoted`` ones are drawn thin, for comparison only."""

    name: Words
    points: tuple[Point, ...]
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """Several lines over the same periods."""

    title: Words
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Fan:
    """What was and what may come of one region."""

    name: str
    past: tuple[Point, ...]
    ahead: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Fans:
    """A small fan for each region, side by side."""

    title: Words
    fans: tuple[Fan, ...]


Picture = Bars | Lines | Fans


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: what it says, its pictures, and the tables beside them.

    ``key`` is its address in the page, by default its place.
    """

    title: Words
    says: tuple[Words, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report of a day; ``verdict`` is what a reader must take along."""

    title: Words
    as_of: date
    sections: tuple[Section, ...]
    verdict: tuple[Words, ...] = ()

    def figures(self) -> Iterator[Figure]:
        """Give every figure of the tables, in order."""
        for section in self.sections:
            for table in section.tables:
                for row in table.rows:
                    yield from (cell for cell in row if isinstance(cell, Figure))


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures of one kind come from: makes them without saying it each time."""

    name: str
    as_of: date
    status: Status = "measured"

    def fen(self, amount: int | Decimal) -> Figure:
        """Give money, rounded to the fen."""
        return self.of(int(Decimal(amount).to_integral_value(ROUND_HALF_EVEN)), "fen")

    def of(self, value: int | Decimal, unit: str, places: int = 2) -> Figure:
        """Give a figure; a Decimal is rounded to ``places``."""
        if isinstance(value, Decimal):
            value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
        return Figure(value, unit, self.as_of, self.name, self.status)

    def share(self, value: Decimal) -> Figure:
        """Give a share from 0 to 1 as a percentage."""
        return self.of(value * 100, "percent", 1)

    def assumed(self, other: str = "") -> "Source":
        """Give the same source for what rests on an assumption too; ``other`` names it."""
        name = f"{self.name}; {other}" if other else self.name
        return replace(self, name=name, status="assumed")


def plain(text: str) -> Words:
    """Give a name of the data, which is the same in every language."""
    return Words(text, text)


def maybe(found: Figure | None, lacking: Words = NOT_MEASURED) -> Cell:
    """Give the figure, or the words that stand for its absence."""
    return lacking if found is None else found


def bar(label: Words, figure: Figure, *, chosen: bool = False) -> Bar:
    """Give a bar from nought to a figure."""
    return Bar(label, replace(figure, value=0), figure, (figure,), chosen)


def shown(cell: Cell, lang: str) -> str:
    """Write a cell."""
    if isinstance(cell, Figure):
        return cell.text(lang)
    if cell is None:
        return "—"
    return cell if isinstance(cell, str) else cell.of(lang)


def filled(template: Words, figures: Sequence[Figure]) -> Words:
    """Put figures into a sentence of both languages, at ``{0}``, ``{1}`` …"""
    return Words(
        template.zh.format(*(one.text("zh") for one in figures)),
        template.en.format(*(one.text("en") for one in figures)),
    )
