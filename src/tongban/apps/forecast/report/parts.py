"""What a report is made of 报告构件: words in two languages, figures, tables, charts."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongban.kernel.figures import Figure

Words = tuple[str, str]
Cell = Figure | Words | str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``None`` in a cell is what is not known."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar; ``chosen`` is drawn stronger."""

    name: Words
    figure: Figure
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars from nought, with an optional line across."""

    title: Words
    bars: tuple[Bar, ...]
    line: Figure | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A place of a fan: the value, and the ends of interval and stress band where there are."""

    label: str
    value: Figure
    band: tuple[Figure, Figure] | None = None
    stress: tuple[Figure, Figure] | None = None


@dataclass(frozen=True, slots=True)
class Fan:
    """What was and what may come of one region."""

    name: str
    past: tuple[Point, ...]
    ahead: tuple[Point, ...]


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
class Section:
    """A part of the report under its own heading."""

    key: str
    title: Words
    words: tuple[Words, ...] = ()
    bars: Bars | None = None
    lines: Lines | None = None
    fans: tuple[Fan, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report; ``verdict`` is what a reader must take along."""

    title: Words
    verdict: tuple[Words, ...]
    sections: tuple[Section, ...]


def pick(words: Words, lang: str) -> str:
    """Choose the language: English where ``lang`` begins with ``en``, else Chinese."""
    return words[1 if lang.startswith("en") else 0]


def shown(cell: Cell, lang: str) -> str:
    """Write a cell."""
    if isinstance(cell, Figure):
        return cell.text(lang)
    if cell is None:
        return "—"
    return cell if isinstance(cell, str) else pick(cell, lang)


def joined(template: Words, figures: Sequence[Figure]) -> Words:
    """Put figures into a sentence of both languages, at ``{0}``, ``{1}`` …"""
    return (
        template[0].format(*(one.text("zh") for one in figures)),
        template[1].format(*(one.text("en") for one in figures)),
    )
