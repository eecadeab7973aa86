"""Cut each fact of a table into its elementary cells and mark the rows true in each.

The literals of a column cut its values into finitely many atoms: points and the open intervals
between them, the texts named and "any other text", true and false. Inside an atom every cell
has one truth. An atom carries the set of its true rows as the bits of an integer, so that one
case is an AND of integers, a missing fact is the set of its atoms, and a gap is an AND that is
zero. Evaluation, checks and SQL all stand on these masks.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil, floor
from typing import Any

from tongban.kernel.feel import Known, kind_of, middle, passes
from tongban.kernel.tables.model import DecisionTable, Input, TableError, Type


class WrongKindError(TypeError):
    """A fact whose value is not of the type that its column declares."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One fact. Ordered types: atom 2i is the interval below points[i], atom 2i+1 the point.

    Texts: one atom a literal, the last is any other text. Truths: false, true. ``samples`` has a
    value of each atom, or None where the atom is empty (no whole number between 17 and 18).
    The mask of an atom that is empty or not allowed is 0; each other mask has the bit ``valid``.
    """

    name: str
    type: Type
    points: tuple[Known, ...]
    samples: tuple[Known | None, ...]
    masks: tuple[int, ...]
    limited: bool

    @property
    def choices(self) -> tuple[int, ...]:
        """The different masks a value may have, in the order of the atoms."""
        return tuple(dict.fromkeys(mask for mask in self.masks if mask))

    @property
    def certain(self) -> int:
        """The rows true whatever the value."""
        result = -1
        for mask in self.choices:
            result &= mask
        return result

    @property
    def possible(self) -> int:
        """The rows true for some value."""
        result = 0
        for mask in self.choices:
            result |= mask
        return result


def axes(table: DecisionTable, order: Iterable[int]) -> tuple[Axis, ...]:
    """Build an axis for each fact that the table needs; bit i of a mask is rule order[i].

    The bit above the rules is ``valid``: unset when a value is outside the allowed ones.
    """
    bits, needs = tuple(order), table.needs
    columns: dict[str, list[int]] = {}
    for index, column in enumerate(table.inputs):
        if column.name in needs:
            columns.setdefault(column.name, []).append(index)
    return tuple(_axis(table, indexes, bits) for indexes in columns.values())


def _axis(table: DecisionTable, indexes: list[int], bits: tuple[int, ...]) -> Axis:
    columns = [table.inputs[index] for index in indexes]
    allowed = [column.allowed for column in columns if column.allowed]
    cells = [(index, rule.cells[index]) for rule in table.rules for index in indexes]
    literals = {value for _, cell in cells for value in cell.values}
    literals.update(value for tests in allowed for value in tests.values)
    points, samples = _cut(columns[0], literals)
    masks: list[int] = []
    for sample in samples:
        if sample is None or not all(passes(tests, sample) for tests in allowed):
            masks.append(0)
            continue
        mask = 1 << len(bits)
        for bit, position in enumerate(bits):
            rule = table.rules[position]
            if all(passes(rule.cells[index], sample) for index in indexes):
                mask |= 1 << bit
        masks.append(mask)
    if not any(masks):
        raise TableError(
            f"no value of {columns[0].name!r} is allowed: correct its allowed values",
            table.source,
            columns[0].line or table.line,
        )
    return Axis(columns[0].name, columns[0].type, points, samples, tuple(masks), bool(allowed))


def _cut(column: Input, literals: set[Known]) -> tuple[tuple[Known, ...], tuple[Known | None, ...]]:
    if column.type == "boolean":
        return (False, True), (False, True)
    if column.type == "string":
        texts = sorted(str(value) for value in literals)
        other = "其他"
        while other in literals:
            other += "*"
        return tuple(texts), (*texts, other)
    points = sorted(literals, key=_sort_key)
    samples: list[Known | None] = []
    for low, high in zip([None, *points], [*points, None], strict=True):
        samples.extend([_between(column.type, low, high), high])
    return tuple(points), tuple(samples[:-1])


def _sort_key(value: Known) -> Decimal | int:
    if isinstance(value, date):
        return value.toordinal()
    return value if isinstance(value, int | Decimal) else 0


def _between(expected: Type, low: Known | None, high: Known | None) -> Known | None:
    """Give a value strictly between two points (None = no end), or None where there is none."""
    if isinstance(low, date) or isinstance(high, date):
        return _day_between(low, high)
    if isinstance(low, str) or isinstance(high, str):
        return None
    if low is None and high is None:
        return 0
    if low is None or high is None:
        return floor(low) + 1 if low is not None else ceil(high or 0) - 1
    whole = floor(low) + 1
    if whole < high:
        return whole
    return None if expected == "integer" else middle(low, high)


def _day_between(low: Known | None, high: Known | None) -> date | None:
    one = timedelta(days=1)
    if isinstance(low, date):
        if low == date.max or (isinstance(high, date) and low + one >= high):
            return None
        return low + one
    return high - one if isinstance(high, date) and high > date.min else None


# --- from a value to its mask --------------------------------------------------------------------

Lookup = Callable[[Any], int]


def lookup(axis: Axis) -> Lookup:
    """Compile an axis to a function from a known value to its mask; raises WrongKindError."""
    if axis.type == "string":
        return _text_lookup(axis)
    if axis.type == "boolean":
        no, yes = axis.masks

        def truth(value: Any) -> int:
            if value is True:
                return yes
            if value is False:
                return no
            raise WrongKindError(axis.name, value)

        return truth
    return _number_lookup(axis) if axis.type in {"number", "integer"} else _day_lookup(axis)


def _text_lookup(axis: Axis) -> Lookup:
    known = dict(zip(axis.points, axis.masks, strict=False))
    get, other = known.get, axis.masks[-1]

    def text(value: Any) -> int:
        if value.__class__ is not str and not isinstance(value, str):
            raise WrongKindError(axis.name, value)
        return get(value, other)

    return text


def _number_lookup(axis: Axis) -> Lookup:
    points: tuple[Any, ...] = axis.points
    masks, whole = axis.masks, axis.type == "integer"

    def number(value: Any) -> int:
        if value.__class__ is not int and (
            kind_of(value) != "number" or (whole and value != int(value))
        ):
            raise WrongKindError(axis.name, value)
        return masks[bisect_left(points, value) + bisect_right(points, value)]

    return number


def _day_lookup(axis: Axis) -> Lookup:
    points: tuple[Any, ...] = axis.points
    masks = axis.masks

    def day(value: Any) -> int:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise WrongKindError(axis.name, value)
        return masks[bisect_left(points, value) + bisect_right(points, value)]

    return day


def closure(parts: Iterable[Axis], cap: int) -> int | None:
    """Count the masks that any part of the facts can leave, or None when there are over ``cap``."""
    found = {-1}
    for axis in parts:
        before = tuple(found)
        for choice in axis.choices:
            found.update(mask & choice for mask in before)
            if len(found) > cap:
                return None
    return len(found)
