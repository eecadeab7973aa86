"""The settings a page is looked at in: view, width and language, all of them or pairwise.

Pairwise: every two values of two different factors meet in some row. It is a greedy search without
chance, so that the same pages give the same tests on every machine.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from django.conf import settings

from tongban.web.languages import languages as offered

VIEWS = ("standard", "elder")
WIDTHS = (390, 1280)
_WANTED = ("zh", "en", "ug")
_RIGHT_TO_LEFT = frozenset({"ug"})
Row = tuple[Hashable, ...]
_Pair = tuple[int, Hashable, int, Hashable]


@dataclass(frozen=True)
class Setting:
    """How a page is looked at; ``lang`` is the first part of the language's code."""

    view: str
    width: int
    lang: str

    @property
    def least(self) -> int:
        """The least size of a target, in CSS pixels, each way."""
        return 60 if self.view == "elder" else 44

    @property
    def smallest(self) -> int:
        """The least size of text, in CSS pixels."""
        return 18 if self.view == "elder" else 14

    @property
    def direction(self) -> str:
        """Which way the language is written."""
        return "rtl" if self.lang in _RIGHT_TO_LEFT else "ltr"

    @property
    def walked(self) -> str:
        """The language in which a page of this view and width is walked by keyboard.

        It is long to walk: once in each view and width, the last of them from right to left.
        """
        return "ug" if (self.view, self.width) == (VIEWS[-1], WIDTHS[-1]) else "zh"

    def __str__(self) -> str:
        """Give what the test is called by."""
        return f"{self.view}-{self.width}-{self.lang}"


def languages() -> dict[str, str]:
    """Give the wanted languages that the application offers, with the code its cookie keeps."""
    whole = {code.partition("-")[0]: code for code, _ in settings.LANGUAGES}
    return {lang: whole.get(lang, lang) for lang in _WANTED if lang in offered()}


def everything(*factors: Sequence[Hashable]) -> list[Row]:
    """Give every combination."""
    return list(product(*factors))


def pairwise(*factors: Sequence[Hashable]) -> list[Row]:
    """Give few combinations that hold every pair of values of every two factors."""
    missing = {
        (a, one, b, other): None  # a dictionary keeps its order, a set does not
        for a, b in combinations(range(len(factors)), 2)
        for one, other in product(factors[a], factors[b])
    }
    rows = []
    while missing:
        a, one, b, other = next(iter(missing))
        row: dict[int, Hashable] = {a: one, b: other}
        for at, values in enumerate(factors):
            if at not in row:
                # of equals each gets its turn, so that rows differ in more than pairs
                turn = (len(rows) >> at) % len(values)
                inturn = [*values[turn:], *values[:turn]]
                row[at] = max(inturn, key=lambda v: _gained(row, at, v, missing))
        rows.append(tuple(row[at] for at in range(len(factors))))
        for pair in _pairs(rows[-1]):
            missing.pop(pair, None)
    return rows


def _gained(row: dict[int, Hashable], at: int, value: Hashable, missing: dict[_Pair, None]) -> int:
    return sum(
        ((known, row[known], at, value) if known < at else (at, value, known, row[known]))
        in missing
        for known in row
    )


def _pairs(row: Row) -> list[_Pair]:
    return [(a, row[a], b, row[b]) for a, b in combinations(range(len(row)), 2)]
