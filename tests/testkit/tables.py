"""Decision tables for tests: random ones, their SQL on a real engine, and a slow honest oracle."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tongban.kernel.feel import UnaryTests, Value, parse_unary, passes
from tongban.kernel.tables import (
    Decision,
    DecisionTable,
    Input,
    Output,
    Rule,
    outputs_sql,
    to_sql,
)

# --- running the SQL -----------------------------------------------------------------------------

_COLUMNS = {
    "number": "decimal(24, 6)", "integer": "bigint", "string": "text", "boolean": "boolean",
    "date": "date", "any": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """One row of the SQL: status, rule ids in the order given, outputs, missing facts."""

    status: str
    rules: tuple[str, ...]
    outputs: tuple[Mapping[str, Value], ...]
    missing: frozenset[str]


def ask(
    connection: Any,
    dialect: Any,
    table: DecisionTable,
    cases: Sequence[Mapping[str, Value]],
    **options: int,
) -> list[Answer]:
    """Load the cases into a table of the engine, run the SQL once, join the outputs."""
    columns = {column.name: column.type for column in table.inputs}
    declared = ", ".join(f'"{name}" {_COLUMNS[kind]}' for name, kind in columns.items())
    rows = ",\n".join(
        f"({number}, {', '.join(_literal(case.get(name)) for name in columns)})"
        for number, case in enumerate(cases)
    )
    connection.execute("drop table if exists cases")
    connection.execute(f'create table cases ("id" bigint, {declared})')
    connection.execute(f"insert into cases values {rows}")  # noqa: S608 - our own literals
    sql = to_sql(table, dialect, "cases", {name: name for name in columns}, keep=["id"], **options)
    found = connection.execute(f"select * from ({sql}) as answers order by 1").fetchall()  # noqa: S608
    names = [output.name for output in table.outputs]
    outputs = {
        row[0]: dict(zip(names, row[1:], strict=True))
        for row in connection.execute(outputs_sql(table, dialect)).fetchall()
    }
    return [_answer(table, outputs, row) for row in found]


def _answer(table: DecisionTable, outputs: Mapping[int, Any], row: Sequence[Any]) -> Answer:
    _, status, *middle, missing = row
    if table.single:
        numbers = [] if middle[0] is None else [middle[0]]
    else:
        numbers = [int(number) for number in (middle[0] or "").split(",") if number]
    found = tuple(outputs[number] for number in numbers if number in outputs)
    if table.aggregator:
        found = ({table.outputs[0].name: middle[1]},) if status in {"decided", "none"} else ()
    rules = tuple(table.rules[number - 1].id for number in numbers if number)
    return Answer(status, rules, found, frozenset(filter(None, missing.split(","))))


def same(table: DecisionTable, decision: Decision, answer: Answer) -> bool:
    """Python and SQL agree: status, rules (a single one: the first), outputs, missing facts."""
    if (decision.status, frozenset(decision.missing)) != (answer.status, answer.missing):
        return False
    if decision.status not in {"decided", "none"}:
        return True
    rules = decision.rules[:1] if table.single else decision.rules
    return (rules, tuple(map(dict, decision.outputs))) == (
        answer.rules,
        tuple(map(dict, answer.outputs)),
    )


def _literal(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return str(value)
    text = value.isoformat() if isinstance(value, date) else value.replace("'", "''")
    return f"'{text}'"


# --- random tables -------------------------------------------------------------------------------

_DAYS = [date(2026, 1, 1) + timedelta(days=step) for step in (0, 1, 2, 30)]
_VALUES: dict[str, list[Any]] = {
    "number": [-1, 0, Decimal("0.5"), 1, 2],
    "integer": [-1, 0, 1, 2, 5],
    "string": ["A", "乙", "o'b", ""],
    "boolean": [True, False],
    "date": _DAYS,
}
_BESIDE: dict[str, list[Any]] = {
    "number": [-2, *map(Decimal, ("-0.5", "0.25", "0.75", "1.5")), 3],
    "integer": [-2, 3, 4, 6],
    "string": ["C", "其他"],
    "boolean": [],
    "date": [
        _DAYS[0] - timedelta(days=1),
        _DAYS[3] + timedelta(days=1),
        _DAYS[2] + timedelta(days=1),
    ],
}


def write(value: Value) -> str:
    """Write a value as S-FEEL."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return f'date("{value.isoformat()}")'
    return f'"{value}"' if isinstance(value, str) else str(value)


@st.composite
def cells(draw: st.DrawFn, kind: str, pool: Sequence[Any] | None = None) -> UnaryTests:
    """One cell over the small pool of values of its type; half of them are dashes."""
    pool = list(pool or _VALUES[kind])
    shape = draw(st.sampled_from(["-", "-", "one", "one", "list", "not", "compare", "range"]))
    if shape == "-":
        return parse_unary("-")
    if shape in {"compare", "range"} and kind in {"string", "boolean"}:
        shape = "one"
    if shape == "one":
        return parse_unary(write(draw(st.sampled_from(pool))))
    if shape in {"list", "not"}:
        chosen = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True))
        text = ", ".join(write(value) for value in chosen)
        return parse_unary(f"not({text})" if shape == "not" else text)
    if shape == "compare":
        sign = draw(st.sampled_from(["<", "<=", ">", ">=", "!="]))
        return parse_unary(f"{sign} {write(draw(st.sampled_from(pool)))}")
    ends = draw(st.lists(st.sampled_from(pool), min_size=2, max_size=2, unique=True).map(sorted))
    brackets = draw(st.sampled_from(["[]", "[)", "(]", "()"]))
    return parse_unary(f"{brackets[0]}{write(ends[0])}..{write(ends[1])}{brackets[1]}")


_POLICIES = ["UNIQUE", "ANY", "FIRST", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER"]


@st.composite
def tables(
    draw: st.DrawFn, policies: Sequence[str] = tuple(_POLICIES), most_rules: int = 6
) -> DecisionTable:
    """A well-formed table: 1–3 columns (a fact may stand twice), few outcomes, any policy."""
    inputs: list[Input] = []
    for index in range(draw(st.integers(1, 3))):
        if inputs and draw(st.integers(0, 9)) == 0:
            inputs.append(inputs[0])
            continue
        kind: Any = draw(st.sampled_from(sorted(_VALUES)))
        allowed = None
        if draw(st.integers(0, 3)) == 0:
            allowed = parse_unary(", ".join(write(v) for v in _VALUES[kind]))
        inputs.append(Input(f"f{index}.x", kind, allowed=allowed))
    policy: Any = draw(st.sampled_from(policies))
    aggregator: Any = None
    if policy == "COLLECT":
        aggregator = draw(st.sampled_from([None, "SUM", "MIN", "MAX", "COUNT"]))
    outcomes: list[Value] = [100, 250, Decimal("7.5")]
    listed = tuple(draw(st.permutations(outcomes)))
    default = None if aggregator else draw(st.sampled_from([None, None, 100]))
    outputs = [Output("amount", "number", allowed=listed, default=default)]
    if not aggregator and draw(st.booleans()):
        outputs.append(Output("word", "string"))
    rules = [
        Rule(
            f"r{number}",
            tuple(draw(cells(column.type)) for column in inputs),
            (
                draw(st.sampled_from(outcomes)),
                *(draw(st.sampled_from(["yes", "否", None])) for _ in outputs[1:]),
            ),
        )
        for number in range(1, draw(st.integers(1, most_rules)) + 1)
    ]
    return DecisionTable("t", "t", tuple(inputs), tuple(outputs), tuple(rules), policy, aggregator)


@st.composite
def cases(draw: st.DrawFn, table: DecisionTable, most: int = 12) -> list[dict[str, Value]]:
    """Facts at and beside every boundary, and unknown ones."""
    names = {column.name: column.type for column in table.inputs}
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    name: st.sampled_from([None, None, *_VALUES[kind], *_BESIDE[kind]])
                    for name, kind in names.items()
                }
            ),
            min_size=1,
            max_size=most,
        )
    )


# --- the oracle ----------------------------------------------------------------------------------


def completions(table: DecisionTable, facts: Mapping[str, Value]) -> Iterable[dict[str, Value]]:
    """Every way to fill the missing facts, from a pool with a value in each elementary cell."""
    names = {column.name: column for column in table.inputs}
    missing = [name for name in names if facts.get(name) is None]
    pools = []
    for name in missing:
        tests = [c.allowed for c in table.inputs if c.name == name and c.allowed]
        pool = [*_VALUES[names[name].type], *_BESIDE[names[name].type]]
        pools.append([v for v in pool if all(passes(test, v) for test in tests)])
    for values in itertools.product(*pools):
        yield {**facts, **dict(zip(missing, values, strict=True))}


def matching(table: DecisionTable, facts: Mapping[str, Value]) -> list[Rule] | None:
    """The true rules of a complete case in the order of the table; None when a value is outside."""
    asked = table.needs
    for column in table.inputs:
        value: Any = facts[column.name]
        if column.allowed and column.name in asked and not passes(column.allowed, value):
            return None
    return [
        rule
        for rule in table.rules
        if all(
            passes(cell, facts[column.name])  # type: ignore[arg-type]
            for column, cell in zip(table.inputs, rule.cells, strict=True)
        )
    ]


def outcome(table: DecisionTable, facts: Mapping[str, Value]) -> Any:
    """What a complete case comes to by the words of the standard, or the text "error"."""
    rules = matching(table, facts)
    if rules is None:
        return "error"
    found = [rule.outputs for rule in rules]
    policy = table.hit_policy
    if policy in {"PRIORITY", "OUTPUT ORDER"}:
        listed = table.outputs[0].allowed
        found.sort(key=lambda outputs: listed.index(outputs[0]))
    if table.aggregator:
        numbers: list[Any] = [outputs[0] for outputs in found]
        if table.aggregator == "COUNT":
            return len(numbers)
        total = {"SUM": sum, "MIN": min, "MAX": max}[table.aggregator]
        return total(numbers) if numbers else None
    if policy == "UNIQUE" and len(found) > 1:
        return "error"
    if policy == "ANY" and len(set(found)) > 1:
        return "error"
    if not found:
        return [table.default] if table.default else None
    return found if policy in {"COLLECT", "RULE ORDER", "OUTPUT ORDER"} else found[:1]


def said(table: DecisionTable, decision: Decision) -> Any:
    """The same shape as ``outcome``, from a decision that is not unknown."""
    if decision.status == "error":
        return "error"
    values = [tuple(output.values()) for output in decision.outputs]
    if table.aggregator:
        return values[0][0]
    return values or None
