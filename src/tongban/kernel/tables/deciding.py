"""Decide one case by a table, in about a microsecond, with three values.

A known fact gives a mask of true rows; their AND is the answer, looked up in a memo. A missing
fact stands for every value it may have: rows true for all of them are certain, rows true for
some are possible. Single results (FIRST, PRIORITY, ANY) follow every mask the missing facts can
leave, so that two bands with one outcome ask no question; where a table leaves more than
``EXACT_CAP`` masks, certain and possible rows alone decide, which is sound and may ask one
question too many. UNIQUE and the lists are unknown with any unknown row.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tongban.kernel.feel import Facts, Value
from tongban.kernel.tables.atoms import Axis, Lookup, WrongKindError, axes, closure, lookup
from tongban.kernel.tables.model import Decision, DecisionTable, aggregate

EXACT_CAP = 10_000
_MEMO_CAP = 50_000


class Compiled:
    """A table made ready for use; ``decide`` is pure (its memo changes no answer)."""

    __slots__ = (
        "_columns",
        "_exact",
        "_groups",
        "_memo",
        "_order",
        "_outputs",
        "_rows",
        "_valid",
        "axes",
        "needs",
        "table",
    )

    def __init__(self, table: DecisionTable, exact_cap: int = EXACT_CAP) -> None:
        self.table = table
        self.needs = table.needs
        self._order = table.order()
        self.axes: tuple[Axis, ...] = axes(table, self._order)
        self._columns: tuple[tuple[str, Lookup], ...] = tuple(
            (axis.name, lookup(axis)) for axis in self.axes
        )
        self._valid = 1 << len(self._order)
        self._rows = self._valid - 1
        self._exact = is_exact(table, self.axes, exact_cap)
        self._outputs = tuple(
            _named(table, table.rules[position].outputs) for position in self._order
        )
        self._groups = outcome_groups(table)
        self._memo: dict[tuple[int, int], Decision] = {}

    def decide(self, facts: Facts) -> Decision:
        """Give the decision for one case; a fact that is absent or None is unknown.

        >>> from tongban.kernel.feel import parse_unary
        >>> from tongban.kernel.tables.model import Input, Output, Rule
        >>> age = Input("age", "integer")
        >>> rules = (Rule("1", (parse_unary(">=80"),), ("grant",)),
        ...          Rule("2", (parse_unary("<80"),), ("refuse",)))
        >>> table = compile_table(DecisionTable("t", "t", (age,), (Output("go", "string"),), rules))
        >>> decision = table.decide({"age": 81})
        >>> decision.rules, dict(decision.outputs[0])
        (('1',), {'go': 'grant'})
        >>> table.decide({}).status, table.decide({}).missing
        ('unknown', ('age',))
        """
        mask, unknown, bit = -1, 0, 1
        try:
            for name, mask_of in self._columns:
                value = facts.get(name)
                if value is None:
                    unknown |= bit
                else:
                    mask &= mask_of(value)
                bit <<= 1
        except WrongKindError as wrong:
            return self._wrong_kind(*wrong.args)
        key = (mask, unknown)
        decision = self._memo.get(key)
        if decision is None:
            decision = self._settle(mask, unknown)
            if decision.message == _OUTSIDE:
                return self._outside(facts)
            if len(self._memo) >= _MEMO_CAP:
                self._memo.clear()
            self._memo[key] = decision
        elif decision.message == _OUTSIDE:
            return self._outside(facts)
        return decision

    # -- three values

    def _settle(self, mask: int, unknown: int) -> Decision:
        if not mask & self._valid:
            return Decision("error", message=_OUTSIDE)
        absent = [axis for index, axis in enumerate(self.axes) if unknown >> index & 1]
        certain = possible = mask
        for axis in absent:
            certain &= axis.certain
            possible &= axis.possible
        certain, possible = certain & self._rows, possible & self._rows
        policy = self.table.hit_policy
        if policy in {"FIRST", "PRIORITY"}:
            return self._first(mask, certain, possible, absent)
        if policy == "ANY":
            return self._any(mask, certain, possible, absent)
        if policy == "UNIQUE" and certain & (certain - 1):
            return Decision("error", rules=self._ids(certain), message=self._both(certain, "true"))
        if certain != possible:
            return self._unknown(possible & ~certain, absent)
        return self._list(certain) if not self.table.single else self._one(certain)

    def _first(self, mask: int, certain: int, possible: int, absent: list[Axis]) -> Decision:
        """The lowest bit fires; rows above the lowest certain one can no longer matter."""
        reach = possible & (certain ^ (certain - 1)) if certain else possible
        if absent and self._exact:
            fired = {m & -m for m in self._completions(mask, absent)}
        else:
            fired = {1 << bit for bit in _bits(reach)} | (set() if certain else {0})
        if len({self._group(bit) for bit in fired}) > 1:
            return self._unknown(reach & ~certain, absent)
        return self._one(sum(fired))

    def _any(self, mask: int, certain: int, possible: int, absent: list[Axis]) -> Decision:
        groups = [group for group in self._groups if group & certain]
        if len(groups) > 1:
            both = self._both(certain, "true with different results")
            return Decision("error", rules=self._ids(certain), message=both)
        if certain:
            other = possible & ~certain & ~groups[0]
            return self._unknown(other, absent) if other else self._one(certain)
        if absent and self._exact:
            left = self._completions(mask, absent)
        else:
            left = {1 << bit for bit in _bits(possible)} | {0, possible}
        results = {frozenset(self._group(1 << bit) for bit in _bits(m)) for m in left if m}
        if 0 in left:
            results.add(frozenset({self._group(0)}))
        if len(results) > 1 or any(len(result) > 1 for result in results):
            return self._unknown(possible, absent)
        return self._one(possible)

    def _completions(self, mask: int, absent: list[Axis]) -> set[int]:
        """Every set of true rows that the missing facts can leave."""
        left = {mask & self._rows}
        for axis in absent:
            left = {m & choice for m in left for choice in axis.choices}
        return left

    def _group(self, bit: int) -> int:
        """The outcome of a row by number; the default has that of rows like it; none is -1."""
        for index, group in enumerate(self._groups):
            if group & (bit or self._valid):
                return index
        return -1

    # -- answers

    def _one(self, rows: int) -> Decision:
        """One result from rows that agree; no row gives the default, or none."""
        if rows:
            return Decision("decided", (self._outputs[_bits(rows)[0]],), self._ids(rows))
        default = self.table.default
        if default is None:
            return Decision("none")
        return Decision("decided", (_named(self.table, default),))

    def _list(self, rows: int) -> Decision:
        found = [self._outputs[bit] for bit in _bits(rows)]
        ids = tuple(self.table.rules[self._order[bit]].id for bit in _bits(rows))
        if self.table.aggregator:
            name = self.table.outputs[0].name
            total = aggregate(self.table.aggregator, [output[name] for output in found])
            outputs = (MappingProxyType({name: total}),)
            return Decision("none" if total is None else "decided", outputs, ids)
        if found:
            return Decision("decided", tuple(found), ids)
        return self._one(0)

    def _unknown(self, rows: int, absent: list[Axis]) -> Decision:
        missing = tuple(axis.name for axis in absent if rows & ~axis.certain)
        return Decision("unknown", missing=missing, message="needs " + ", ".join(missing))

    def _ids(self, rows: int) -> tuple[str, ...]:
        positions = sorted(self._order[bit] for bit in _bits(rows))
        return tuple(self.table.rules[position].id for position in positions)

    def _both(self, rows: int, how: str) -> str:
        ids = " and ".join(repr(i) for i in self._ids(rows))
        return (
            f"RulesConflict: rows {ids} of table {self.table.name!r} are {how}; "
            f"make one of them narrower ({self.table.source}:{self.table.line})"
        )

    def _wrong_kind(self, name: str, value: Value) -> Decision:
        expected = next(axis.type for axis in self.axes if axis.name == name)
        message = f"FactKind: {name} is {value!r}, the table {self.table.name!r} needs a {expected}"
        return Decision("error", message=message)

    def _outside(self, facts: Facts) -> Decision:
        for axis, (name, mask_of) in zip(self.axes, self._columns, strict=True):
            value = facts.get(name)
            if value is not None and not mask_of(value):
                allowed = " and ".join(
                    column.allowed.text
                    for column in self.table.inputs
                    if column.name == axis.name and column.allowed
                )
                return Decision(
                    "error",
                    message=f"FactOutside: {name} is {value!r}, allowed are {allowed or axis.type}",
                )
        raise AssertionError("a valid bit is only lost by a value outside")


_OUTSIDE = "FactOutside"


def compile_table(table: DecisionTable, exact_cap: int = EXACT_CAP) -> Compiled:
    """Make a table ready to decide; do it once and keep it."""
    return Compiled(table, exact_cap)


def is_exact(table: DecisionTable, parts: Iterable[Axis], cap: int) -> bool:
    """Whether single results follow every completion (else certain and possible rows only)."""
    return table.hit_policy in {"FIRST", "PRIORITY", "ANY"} and closure(parts, cap) is not None


def outcome_groups(table: DecisionTable) -> tuple[int, ...]:
    """Rows with equal outputs as masks; the bit above the rows stands for the default."""
    groups: dict[tuple[Value, ...], int] = {}
    order = table.order()
    for bit, position in enumerate(order):
        outputs = table.rules[position].outputs
        groups[outputs] = groups.get(outputs, 0) | 1 << bit
    if table.default is not None:
        groups[table.default] = groups.get(table.default, 0) | 1 << len(order)
    return tuple(groups.values())


def _named(table: DecisionTable, values: tuple[Value, ...]) -> Mapping[str, Value]:
    names = (output.name for output in table.outputs)
    return MappingProxyType(dict(zip(names, values, strict=True)))


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
