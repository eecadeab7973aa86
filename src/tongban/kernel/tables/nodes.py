"""Small words of SQL as sqlglot trees: bits of a BIGINT, CASE, quoted names, literals."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any, TypeAlias

from sqlglot import exp

from tongban.kernel.feel import Value

Node: TypeAlias = Any  # any sqlglot expression

WORD = 62  # bits of a mask kept in one BIGINT
FULL = (1 << WORD) - 1


def word(mask: int, word: int) -> int:
    return mask >> word * WORD & FULL


def bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def has(column: Node, mask: int) -> Node:
    return exp.NEQ(this=both(column, number(mask)), expression=number(0))


def nonzero(words: Iterable[Node]) -> Node:
    return any_of(exp.NEQ(this=word, expression=number(0)) for word in words)


def several(words: list[Node]) -> Node:
    """More than one bit: two in a word, or bits in two words."""
    two = [exp.NEQ(this=both(word, minus(word, number(1))), expression=number(0)) for word in words]
    used = [case([(exp.NEQ(this=w, expression=number(0)), number(1))], number(0)) for w in words]
    return any_of([*two, exp.GT(this=exp.paren(total(used)), expression=number(1))])


def any_of(conditions: Iterable[Node]) -> Node:
    found = list(conditions)
    return exp.paren(exp.or_(*found)) if found else exp.false()


def case(whens: Sequence[tuple[Node, Node]], default: Node) -> Node:
    if not whens:
        return default
    return exp.Case(ifs=[exp.If(this=a.copy(), true=b.copy()) for a, b in whens], default=default)


def both(a: Node, b: Node) -> Node:
    return exp.paren(exp.BitwiseAnd(this=a.copy(), expression=b.copy()), copy=False)


def total(parts: Sequence[Node]) -> Node:
    return fold(exp.Add, parts) if parts else number(0)


def fold(operator: Callable[..., Node], parts: Sequence[Node]) -> Node:
    """Join by an associative operator as a balanced tree, so that long tables stay shallow."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return operator(this=fold(operator, parts[:middle]), expression=fold(operator, parts[middle:]))


def minus(a: Node, b: Node) -> Node:
    return exp.paren(exp.Sub(this=a.copy(), expression=b.copy()), copy=False)


def tail(parts: list[Node]) -> Node:
    """Put texts behind one another and drop the first comma."""
    return exp.Substring(this=fold(exp.DPipe, parts), start=number(2))


def relation(rows: list[tuple[int, ...]], names: list[str]) -> Node:
    return union(
        [
            exp.select(*(named(big(number(v)), n) for v, n in zip(row, names, strict=True)))
            for row in rows
        ]
    )


def union(selects: list[Node]) -> Node:
    return reduce(lambda a, b: exp.union(a, b, distinct=False, copy=False), selects)


def select(names: Iterable[str], source: str) -> Node:
    return exp.select(*(column(name) for name in names)).from_(table(source))


def table(name: str, alias: str | None = None) -> Node:
    return exp.to_table(name, alias=alias)


def column(name: str, table: str | None = None) -> Node:
    return exp.column(name, table=table, quoted=True)


def named(node: Node, name: str) -> Node:
    return exp.alias_(node, name, quoted=True)


def is_null(node: Node) -> Node:
    return exp.Is(this=node.copy(), expression=exp.null())


def big(node: Node) -> Node:
    return exp.cast(node, "bigint")


def number(value: int) -> Node:
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def text(value: str) -> Node:
    return exp.Literal.string(value)


def exactly(value: Value) -> Node:
    """A number of the same wide decimal type everywhere, so that sums cannot overflow."""
    return exp.cast(literal(value), "decimal(38, 10)")


def literal(value: Value) -> Node:
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.true() if value else exp.false()
        case int() | Decimal():
            digits = str(abs(value)) if isinstance(value, int) else format(abs(value), "f")
            node = exp.Literal.number(digits)
            return exp.Neg(this=node) if value < 0 else node
        case date():
            return exp.cast(text(value.isoformat()), "date")
        case _:
            return text(value)
