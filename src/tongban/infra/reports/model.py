"""What a report is made of 报告构件: words and figures. A bare number has no place in it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from string import Formatter

from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure, Status, source_of, weakest

#: What stands where a figure would, if its app or its data is absent (尚未实测).
NOT_MEASURED = Words("尚未实测", "not measured yet")
NONE = Words("无", "none")
#: A name of the data is the same in every language; None is what is not known.
Cell = Figure | Words | str | None
_AND = re.compile("；|; ")
_EXACT = Context(prec=400)  # rounding to places must not meet the usual limit of digits


@dataclass(frozen=True, slots=True)
class Told(Words):
    """A sentence that tells figures, which stand in ``template`` at ``{0}``, ``{1}`` …"""

    template: Words
    figures: tuple[Figure, ...]

    def pieces(self, lang: str) -> Iterator[str | Figure]:
        """Give text and figures as they follow one another."""
        for text, place, _, _ in Formatter().parse(self.template.of(lang)):
            if text:
                yield text
            if place is not None:
                yield self.figures[int(place)]


@dataclass(frozen=True, slots=True)
class Link(Words):
    """A name that leads to the row or the section with the key ``to``."""

    to: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has as many cells as ``head``, and by ``keys`` an address in the page."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Cell, ...], ...]
    keys: tuple[str, ...] = ()


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

    label: str | Figure
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

    def places(self) -> Iterator["Place"]:
        """Give every figure with its place, as the page has them."""
        for words in self.verdict:
            yield from _placed(self.title, words, None, [words])
        for section in self.sections:
            for words in section.says:
                yield from _placed(section.title, words, None, [words])
            for picture in section.pictures:
                yield from _placed(section.title, picture.title, None, drawn(picture))
            for table in section.tables:
                for head in table.head:
                    yield from _placed(section.title, None, head, [head])
                for row in table.rows:
                    for head, cell in zip(table.head, row, strict=True):
                        yield from _placed(section.title, row[0], head, [cell])

    def figures(self) -> Iterator[Figure]:
        """Give every figure of sentences, pictures and tables, in order."""
        return (place.figure for place in self.places())


@dataclass(frozen=True, slots=True)
class Place:
    """A figure and where it stands: the section, the row (or sentence, or picture), the column."""

    section: Words
    row: Cell
    column: Cell
    figure: Figure


def _placed(section: Words, row: Cell, column: Cell, cells: Iterable[Cell]) -> Iterator[Place]:
    for cell in cells:
        yield from (Place(section, row, column, one) for one in figures_of(cell))


def figures_of(cell: Cell) -> tuple[Figure, ...]:
    """Give the figures that a cell is or tells."""
    if isinstance(cell, Figure):
        return (cell,)
    return cell.figures if isinstance(cell, Told) else ()


def drawn(picture: Picture) -> tuple[Figure, ...]:
    """Give the figures of a picture, each once."""
    cells: list[Cell] = [picture.title]
    match picture:
        case Bars():
            for one in picture.bars:
                cells += [one.label, one.low, one.high, *one.shown]
            cells += [picture.base, picture.promise]
        case Lines():
            for line in picture.lines:
                cells += [line.name, *(end for point in line.points for end in _ends(point))]
        case Fans():
            for fan in picture.fans:
                cells += [end for point in (*fan.past, *fan.ahead) for end in _ends(point)]
    return tuple(dict.fromkeys(figure for cell in cells for figure in figures_of(cell)))


def _ends(point: Point) -> tuple[Cell, ...]:
    return (point.label, point.value, *(point.band or ()), *(point.stress or ()))


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures of one kind come from: makes them without saying it each time."""

    name: str | Words
    as_of: date
    status: Status = "measured"

    def fen(self, amount: int | Decimal) -> Figure:
        """Give money, rounded to the fen."""
        return self.of(int(Decimal(amount).to_integral_value(ROUND_HALF_EVEN)), "fen")

    def of(self, value: int | Decimal, unit: str, places: int = 2) -> Figure:
        """Give a figure; a Decimal is rounded to ``places``."""
        if isinstance(value, Decimal):
            value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, _EXACT)
        return Figure(value, unit, self.as_of, self.name, self.status)

    def share(self, value: Decimal) -> Figure:
        """Give a share from 0 to 1 as a percentage."""
        return self.of(value * 100, "percent", 1)

    def plus(self, *others: "Source") -> "Source":
        """Give the source of what is made of this and of others: all of them, the weakest known."""
        every = tuple(dict.fromkeys(one.name for one in (self, *others)))
        status = weakest(self.status, *(one.status for one in others))
        return Source(_joined(every), self.as_of, status)

    def assumed(self, other: str | Words) -> "Source":
        """Give the source of what rests on an assumption too; ``other`` names it."""
        return self.plus(Source(other, self.as_of, "assumed"))


def _joined(names: Sequence[str | Words]) -> str | Words:
    """Name all of these once each; what was joined before is taken apart for it."""
    if len(names) == 1:
        return names[0]
    zh, en = (
        tuple(dict.fromkeys(part for one in names for part in _AND.split(source_of(one, lang))))
        for lang in ("zh", "en")
    )
    told = Words("；".join(zh), "; ".join(en))
    return told.en if zh == en else told


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


def pieces(cell: Cell, lang: str) -> Iterator[str | Figure]:
    """Give a cell as text and figures that follow one another."""
    if isinstance(cell, Told):
        yield from cell.pieces(lang)
    else:
        yield cell if isinstance(cell, Figure) else shown(cell, lang)


def filled(template: Words, figures: Sequence[Figure]) -> Told:
    """Put figures into a sentence of both languages, at ``{0}``, ``{1}`` …"""
    return Told(
        template.zh.format(*(one.text("zh") for one in figures)),
        template.en.format(*(one.text("en") for one in figures)),
        template,
        tuple(figures),
    )
