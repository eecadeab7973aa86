"""What a report is made of: words and figures, nothing else. A bare number has no place in it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure, Status

#: What stands where a figure would, if its app or its data is absent (尚未实测).
NOT_MEASURED = Words("尚未实测", "not measured yet")
NONE = Words("无", "none")
Cell = Words | Figure


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has as many cells as ``head``."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from ``low`` to ``high``; ``shown`` are the figures written beside it."""

    label: Words
    low: Figure
    high: Figure
    shown: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A picture of floating bars: waterfall, tornado, fan, histogram and shares."""

    title: Words
    bars: tuple[Bar, ...]
    base: Figure | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: what it says, its picture, and the table beside it."""

    title: Words
    says: tuple[Words, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Bars, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report of a day."""

    title: Words
    as_of: date
    sections: tuple[Section, ...]

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
