"""The syntax trees of S-FEEL: conditions over facts, and the tests of a cell.

Frozen data only. The trees hold no position beyond what an error message needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Literal as Choice
from typing import TypeAlias, TypeGuard

Known: TypeAlias = bool | int | Decimal | str | date
Value: TypeAlias = Known | datetime | None
Facts: TypeAlias = Mapping[str, Value]
Operator: TypeAlias = Choice["=", "!=", "<", "<=", ">", ">="]


class FeelError(ValueError):
    """An expression that cannot be read or judged: the text, the column (from 1) and the mend."""

    def __init__(self, text: str, column: int, message: str) -> None:
        super().__init__(f"FeelError: {message} (in {text!r}, column {column})")
        self.text = text
        self.column = column
        self.message = message


# --- the tree of a condition ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: Choice["+", "-", "*", "/"]
    left: "Tree"
    right: "Tree"
    column: int


@dataclass(frozen=True, slots=True)
class Compare:
    operator: Operator
    left: "Tree"
    right: "Tree"
    column: int


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Tree"


Tree: TypeAlias = Literal | Name | Arithmetic | Compare | Both | Either | Not


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean expression over facts. ``names`` are the facts it may ask for."""

    text: str
    tree: Tree
    names: frozenset[str]
    evaluate: Callable[[Facts], Value] = field(repr=False, compare=False)


# --- the tests of a cell ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison with a literal, such as ``< 18`` or ``= "A"``."""

    operator: Operator
    value: Known


@dataclass(frozen=True, slots=True)
class Range:
    """An interval between two literals; each end is closed or open."""

    low: int | Decimal | str | date
    high: int | Decimal | str | date
    low_closed: bool
    high_closed: bool


Test: TypeAlias = Bound | Range


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """A cell: one of ``tests`` holds, or none when ``negated``. No tests: any value passes."""

    text: str
    tests: tuple[Test, ...]
    negated: bool = False

    @property
    def is_any(self) -> bool:
        """The cell ``-``: every value passes, the unknown one too."""
        return not self.tests

    @property
    def values(self) -> tuple[Known, ...]:
        """Every literal of the cell, in the order of the text."""
        found: list[Known] = []
        for test in self.tests:
            found.extend([test.value] if isinstance(test, Bound) else [test.low, test.high])
        return tuple(found)


def kind_of(value: object) -> str:
    """Name the kind of a value: boolean, number, string, date, datetime; else its Python type.

    >>> kind_of(True), kind_of(3), kind_of(date(2026, 1, 1))
    ('boolean', 'number', 'date')
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "number"
    if isinstance(value, Decimal):
        return "number" if value.is_finite() else "Decimal that is not finite"
    if isinstance(value, str):
        return "string"
    if isinstance(value, datetime):
        return "datetime"
    return "date" if isinstance(value, date) else type(value).__name__


def is_number(value: object) -> TypeGuard[int | Decimal]:
    """Tell a number from all else, from truths too."""
    return kind_of(value) == "number"


def middle(low: int | Decimal, high: int | Decimal) -> Decimal:
    """Give the number halfway between two literals, exactly: it never rounds to one of them.

    >>> middle(1, Decimal("1.0000000000000000000000000001"))
    Decimal('1.00000000000000000000000000005')
    """
    return EXACT.divide(EXACT.add(Decimal(low), Decimal(high)), Decimal(2))


# 34 digits before the point, 34 behind it, and one each for the sum and its half
EXACT = Context(prec=70)


def passes(tests: UnaryTests, value: Known) -> bool:
    """Tell whether a known value of the right kind passes a cell.

    >>> sixties = UnaryTests("[60..70)", (Range(60, 70, low_closed=True, high_closed=False),))
    >>> passes(sixties, 60), passes(sixties, 70)
    (True, False)
    """
    if not tests.tests:
        return True
    return any(_holds(test, value) for test in tests.tests) != tests.negated


def _holds(test: Test, value: Known) -> bool:
    if isinstance(test, Bound):
        return COMPARE[test.operator](value, test.value)
    low, high = COMPARE["<"](test.low, value), COMPARE["<"](value, test.high)
    return (low or (test.low_closed and value == test.low)) and (
        high or (test.high_closed and value == test.high)
    )


COMPARE: dict[str, Callable[..., bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
