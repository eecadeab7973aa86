"""The decision table (决策表) as frozen data; one that exists is well formed.

Nothing here decides or reads files. Money is integer fen, days are ``date``.

Source: OMG DMN 1.5, chapter 8 (decision table).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Literal, TypeAlias

from tongban.kernel.feel import EXACT, Bound, Known, UnaryTests, Value, is_number, kind_of, passes

HitPolicy: TypeAlias = Literal[
    "UNIQUE", "ANY", "FIRST", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER"
]
Aggregator: TypeAlias = Literal["SUM", "MIN", "MAX", "COUNT"]
Type: TypeAlias = Literal["number", "integer", "string", "boolean", "date", "any"]

SINGLE: frozenset[str] = frozenset({"UNIQUE", "ANY", "FIRST", "PRIORITY"})
RANKED: frozenset[str] = frozenset({"PRIORITY", "OUTPUT ORDER"})
_MOST = 10**18
_NAME = re.compile(r"[^\W\d]\w*(?:[ .]\w+)*")


class TableError(ValueError):
    """A table that cannot be used: file, line, what is wrong and how to mend it."""

    def __init__(self, message: str, source: str, line: int) -> None:
        super().__init__(f"TableError: {message} ({source}:{line})")
        self.message = message
        self.source = source
        self.line = line


@dataclass(frozen=True, slots=True)
class Input:
    """One condition column: the fact it asks for, its type and the values it may have."""

    name: str
    type: Type
    label: str = ""
    allowed: UnaryTests | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """One result column. ``allowed`` are its values, the most important first."""

    name: str
    type: Type
    label: str = ""
    allowed: tuple[Value, ...] = ()
    default: Value = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a cell per input, a value per output (None = no value), and remarks by column."""

    id: str
    cells: tuple[UnaryTests, ...]
    outputs: tuple[Value, ...]
    annotations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    line: int = 0


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A decision table of DMN; raises TableError when its parts do not fit together."""

    id: str
    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    hit_policy: HitPolicy = "UNIQUE"
    aggregator: Aggregator | None = None
    source: str = "table"
    line: int = 0

    def __post_init__(self) -> None:
        for message, line in _faults(self):
            raise TableError(f"table {self.name!r}: {message}", self.source, line or self.line)

    @property
    def needs(self) -> frozenset[str]:
        """The facts that can change the answer; a column of dashes asks for nothing."""
        return frozenset(
            column.name
            for index, column in enumerate(self.inputs)
            if any(not rule.cells[index].is_any for rule in self.rules)
        )

    @property
    def default(self) -> tuple[Value, ...] | None:
        """The outputs when no rule matches, where the table declares any."""
        values = tuple(output.default for output in self.outputs)
        return None if all(value is None for value in values) else values

    @property
    def single(self) -> bool:
        """Whether the policy answers with at most one result."""
        return self.hit_policy in SINGLE

    def rank(self, index: int) -> tuple[int, ...]:
        """Where a rule stands by the declared order of its outputs, most important first."""
        return tuple(
            output.allowed.index(value) if value in output.allowed else len(output.allowed)
            for output, value in zip(self.outputs, self.rules[index].outputs, strict=True)
            if output.allowed
        )

    def order(self) -> tuple[int, ...]:
        """The rule positions in the order in which the hit policy looks at them."""
        positions = range(len(self.rules))
        if self.hit_policy in RANKED:
            return tuple(sorted(positions, key=lambda index: (*self.rank(index), index)))
        return tuple(positions)


def _faults(table: DecisionTable) -> Iterator[tuple[str, int]]:
    if not table.inputs or not table.outputs or not table.rules:
        yield "needs at least one input, one output and one rule", table.line
    names = [output.name for output in table.outputs]
    if len(set(names)) < len(names) or "" in names:
        yield "each output needs a name of its own", table.outputs[-1].line
    types: dict[str, Type] = {}
    for column in table.inputs:
        if not _NAME.fullmatch(column.name):
            yield f"input {column.name!r} must name one fact: derive anything else", column.line
        if types.setdefault(column.name, column.type) != column.type:
            yield f"input {column.name!r} stands twice with different types", column.line
        if column.allowed:
            yield from _cell_faults(column, column.allowed, column.line)
    yield from _policy_faults(table)
    seen: set[str] = set()
    for rule in table.rules:
        if rule.id in seen:
            yield f"rule id {rule.id!r} is used twice", rule.line
        seen.add(rule.id)
        yield from _rule_faults(table, rule)


def _rule_faults(table: DecisionTable, rule: Rule) -> Iterator[tuple[str, int]]:
    if len(rule.cells) != len(table.inputs) or len(rule.outputs) != len(table.outputs):
        yield f"rule {rule.id!r} needs one condition an input, one result an output", rule.line
        return
    for column, cell in zip(table.inputs, rule.cells, strict=True):
        yield from _cell_faults(column, cell, rule.line)
    for output, value in zip(table.outputs, rule.outputs, strict=True):
        if value is not None and not fits(output.type, value):
            yield f"output {output.name!r}: {value!r} is not a {output.type}", rule.line
        if value is not None and output.allowed and value not in output.allowed:
            yield f"output {output.name!r}: {value!r} is not among its values", rule.line
        if is_number(value) and not _keeps(value):
            yield (
                f"output {output.name!r}: give {value} 18 digits and 10 decimals at most",
                rule.line,
            )


def _keeps(value: int | Decimal) -> bool:
    """Tell whether a database keeps the number as it is: SQL reckons in decimal(38, 10)."""
    return -_MOST < value < _MOST and round(value, 10) == value


def _cell_faults(column: Input, cell: UnaryTests, line: int) -> Iterator[tuple[str, int]]:
    for value in cell.values:
        if not fits(column.type, value):
            yield f"input {column.name!r}: {value!r} in {cell.text} is no {column.type}", line
    if column.type == "any" and not cell.is_any:
        yield f"input {column.name!r}: declare its type (number, string, boolean, date)", line
    if column.type == "string":
        ordered = any(not (isinstance(t, Bound) and t.operator in {"=", "!="}) for t in cell.tests)
        if ordered:
            yield f"input {column.name!r}: texts have no order, list them: {cell.text}", line
    allowed = column.allowed
    if allowed is None or allowed is cell or cell.negated:
        return
    for test in cell.tests:
        point = test.value if isinstance(test, Bound) and test.operator == "=" else None
        if point is not None and fits(column.type, point) and not passes(allowed, point):
            yield f"input {column.name!r}: {point!r} is not allowed ({allowed.text})", line


def _policy_faults(table: DecisionTable) -> Iterator[tuple[str, int]]:
    if table.aggregator and table.hit_policy != "COLLECT":
        yield f"aggregation {table.aggregator} needs hit policy COLLECT", table.line
    if table.aggregator and (len(table.outputs) > 1 or table.default):
        yield f"{table.aggregator} needs exactly one output without a default", table.line
    if table.aggregator in {"SUM", "MIN", "MAX"}:
        for rule in table.rules:
            if any(kind_of(value) != "number" for value in rule.outputs):
                yield f"{table.aggregator} needs a number in rule {rule.id!r}", rule.line
    if table.hit_policy in RANKED and not any(output.allowed for output in table.outputs):
        yield f"{table.hit_policy} needs the output values listed, most important first", table.line
    for output in table.outputs:
        if output.default is not None and not fits(output.type, output.default):
            yield f"output {output.name!r}: the default is not a {output.type}", output.line


def fits(expected: Type, value: Known) -> bool:
    """Tell whether a literal is of the declared type.

    >>> fits("integer", Decimal("1.5")), fits("number", True), fits("any", "x")
    (False, False, True)
    """
    if expected == "any":
        return True
    kind = kind_of(value)
    if expected == "integer":
        return is_number(value) and value == int(value)
    return kind == expected


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table says about one case.

    ``rules`` are the ids of the rows that fired, ``missing`` the facts that would settle an
    unknown, ``message`` says what is wrong when the status is "error".
    """

    status: Literal["decided", "none", "unknown", "error"]
    outputs: tuple[Mapping[str, Value], ...] = ()
    rules: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    message: str = ""


def aggregate(aggregator: Aggregator, values: list[Value]) -> Value:
    """SUM, MIN and MAX of nothing are null; COUNT of nothing is 0.

    >>> aggregate("SUM", [100, 200]), aggregate("MIN", []), aggregate("COUNT", [])
    (300, None, 0)
    """
    if aggregator == "COUNT":
        return len(values)
    numbers = [v for v in values if isinstance(v, int | Decimal)]
    if not numbers:
        return None
    if aggregator != "SUM":
        return {"MIN": min, "MAX": max}[aggregator](numbers)
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    return reduce(EXACT.add, map(Decimal, numbers))
