"""A table as one SQL query over a whole population, with the same three values.

Each row of the relation becomes a mask of true rules (one CASE a fact, as in ``atoms``); the few
different masks are judged once and joined back. So a row without NULL costs a CASE a fact and a
hash lookup, and three-valued logic is paid by mask, not by person. The query returns rule numbers
(from 1, in the order of the table; 0 is the default), never outputs: join ``outputs_sql``.

Everything is a sqlglot tree, so names and texts are quoted for the dialect, never pasted.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Literal

from sqlglot import exp

from tongban.kernel.tables import nodes as n
from tongban.kernel.tables.atoms import Axis, axes
from tongban.kernel.tables.deciding import EXACT_CAP, is_exact
from tongban.kernel.tables.model import DecisionTable, TableError
from tongban.kernel.tables.verdicts import Plan, judged

Dialect = Literal["duckdb", "postgres", "spark"]


def to_sql(
    table: DecisionTable,
    dialect: Dialect = "duckdb",
    relation: str = "facts",
    columns: Mapping[str, str] | None = None,
    *,
    keep: Sequence[str] = (),
    exact_cap: int = EXACT_CAP,
) -> str:
    """Write the table as a query over ``relation``; ``columns`` maps a fact to its column.

    Gives the columns ``keep``, then ``status`` (decided, none, unknown, error), then ``rule``
    (a number; for single results) or ``rules`` (numbers with commas; for lists) and, for an
    aggregation, ``value``; last ``missing``, the facts that would settle, with commas.
    A NULL is an unknown fact. Raises TableError when a needed fact has no column.
    """
    order = table.order()
    parts = axes(table, order)
    for axis in parts:
        if axis.name not in (columns or {}):
            message = f"fact {axis.name!r} has no column in {relation!r}: map it"
            raise TableError(message, table.source, table.line)
    plan = Plan(table, parts, order, is_exact(table, parts, exact_cap))
    return str(_query(plan, relation, columns or {}, keep).sql(dialect=dialect))


def outputs_sql(table: DecisionTable, dialect: Dialect = "duckdb") -> str:
    """Write the outputs of each rule as a query: ``rule`` and one column an output.

    Rule 0 holds the default, where there is one.
    """
    rows = [(number, rule.outputs) for number, rule in enumerate(table.rules, 1)]
    if table.default is not None:
        rows.insert(0, (0, table.default))
    names = [output.name for output in table.outputs]
    types = ["decimal(38, 10)" if o.type == "number" else _TYPES[o.type] for o in table.outputs]
    selects = [
        exp.select(
            n.named(n.number(number), "rule"),
            *(
                n.named(exp.cast(n.literal(value), kind) if kind else n.literal(value), name)
                for name, kind, value in zip(names, types, values, strict=True)
            ),
        )
        for number, values in rows
    ]
    return str(n.union(selects).sql(dialect=dialect))


_TYPES = {"integer": "bigint", "string": "text", "boolean": "boolean", "date": "date", "any": ""}


# --- the query -----------------------------------------------------------------------------------


def _query(plan: Plan, relation: str, columns: Mapping[str, str], keep: Sequence[str]) -> n.Node:
    kept = [n.named(n.column(name), f"k{i}") for i, name in enumerate(keep)]
    rows = exp.select(*kept, *_keys(plan, columns), copy=False).from_(exp.to_table(relation))
    answers = [
        name for name in ("status", "rule", "rules", "value", "missing") if name in _answers(plan)
    ]
    joined = exp.and_(*(n.column(k, "t").eq(n.column(k, "j")) for k in plan.key))
    query = exp.select(
        *(n.named(n.column(f"k{i}", "t"), name) for i, name in enumerate(keep)),
        *(n.column(name, "j") for name in answers),
    )
    query = query.from_(n.table("tb_rows", "t")).join(n.table("tb_judged", "j"), on=joined)
    ctes = {"tb_rows": rows, **_kinds(plan), **_bounds(plan), **judged(plan)}
    for name, select in ctes.items():
        query = query.with_(name, as_=select, copy=False)
    return query


def _answers(plan: Plan) -> set[str]:
    lists = {"rules", "value"} if plan.table.aggregator else {"rules"}
    return {"status", "missing"} | ({"rule"} if plan.table.single else lists)


def _keys(plan: Plan, columns: Mapping[str, str]) -> list[n.Node]:
    """Of each person the mask and the missing facts, or the choice of each fact (0 = missing)."""
    if not plan.direct:
        return [
            n.named(
                _cut(axis, n.column(columns[axis.name]), n.number(0), axis.choices.index), f"a{i}"
            )
            for i, axis in enumerate(plan.axes)
        ]
    full = n.number(n.word(-1, 0))
    masks = [_cut(axis, n.column(columns[axis.name]), full, None) for axis in plan.axes]
    nulls = [
        n.case([(n.is_null(n.column(columns[axis.name])), n.number(1 << i))], n.number(0))
        for i, axis in enumerate(plan.axes)
    ]
    return [
        n.named(n.big(reduce(n.both, masks, full)), "m0"),
        n.named(n.big(n.total(nulls)), "nulls"),
    ]


def _cut(axis: Axis, column: n.Node, null: n.Node, index: Callable[[int], int] | None) -> n.Node:
    """One CASE from the value of a fact to its mask, or to the number of its choice from 1.

    A value that is not allowed gives mask 0, or -1 as the number of its choice.
    """

    def result(mask: int) -> n.Node:
        if index is None:
            return n.number(n.word(mask, 0))
        return n.number(index(mask) + 1 if mask else -1)

    whens = [(n.is_null(column), null)]
    if axis.type == "boolean":
        whens.append((column, result(axis.masks[1])))
        return n.case(whens, result(axis.masks[0]))
    if axis.type == "string":
        texts: dict[int, list[n.Node]] = {}
        for point, mask in zip(axis.points, axis.masks, strict=False):
            texts.setdefault(mask, []).append(n.literal(point))
        for mask, found in texts.items():
            if mask != axis.masks[-1]:
                whens.append((exp.In(this=column, expressions=found), result(mask)))
        return n.case(whens, result(axis.masks[-1]))
    for i, mask in enumerate(axis.masks[:-1]):
        if mask == axis.masks[i + 1]:
            continue
        edge = exp.LTE if i % 2 else exp.LT
        whens.append((edge(this=column, expression=n.literal(axis.points[i // 2])), result(mask)))
    return n.case(whens, result(axis.masks[-1]))


def _kinds(plan: Plan) -> dict[str, n.Node]:
    """The different kinds of rows: key, mask words and missing facts."""
    if plan.direct:
        return {"tb_kinds": n.select(plan.key, "tb_rows").distinct()}
    ctes = {"tb_keys": n.select(plan.key, "tb_rows").distinct()}
    query = exp.select(*(n.column(k, "t") for k in plan.key)).from_(n.table("tb_keys", "t"))
    words: list[list[n.Node]] = [[] for _ in plan.words]
    nulls: list[n.Node] = []
    for i, axis in enumerate(plan.axes):
        choices = [(-1, 0), (0, -1), *enumerate(axis.choices, 1)]
        ctes[f"tb_axis{i}"] = n.relation(
            [(number, *(n.word(mask, w) for w in plan.words)) for number, mask in choices],
            ["a", *plan.masks],
        )
        query = query.join(
            n.table(f"tb_axis{i}", f"x{i}"), on=n.column("a", f"x{i}").eq(n.column(f"a{i}", "t"))
        )
        for w in plan.words:
            words[w].append(n.column(f"m{w}", f"x{i}"))
        nulls.append(n.case([(n.column(f"a{i}", "t").eq(0), n.number(1 << i))], n.number(0)))
    query = query.select(
        *(n.named(n.big(reduce(n.both, found)), f"m{w}") for w, found in enumerate(words)),
        n.named(n.big(n.total(nulls)), "nulls"),
    )
    return {**ctes, "tb_kinds": query}


def _bounds(plan: Plan) -> dict[str, n.Node]:
    """Add the certain rules c and the possible rules p of each kind (without the valid bit)."""
    found: list[n.Node] = []
    sides: dict[str, Callable[[Axis], int]] = {
        "c": lambda axis: axis.certain,
        "p": lambda axis: axis.possible,
    }
    for prefix, side in sides.items():
        for w in plan.words:
            term = n.both(n.column(f"m{w}"), n.number(n.word(plan.rows, w)))
            for i, axis in enumerate(plan.axes):
                absent = n.has(n.column("nulls"), 1 << i)
                mask = n.number(n.word(side(axis), w))
                term = n.both(term, n.case([(absent, mask)], n.number(n.word(-1, w))))
            found.append(n.named(n.big(term), f"{prefix}{w}"))
    own = list(dict.fromkeys([*plan.key, *plan.masks, "nulls"]))
    return {"tb_bounds": exp.select(*(n.column(k) for k in own), *found).from_(n.table("tb_kinds"))}
