"""Decision tables: one case and a population, beside zen-engine and plain two-valued SQL.

The table is the old-age shape: 13 districts × 4 bands of age, 52 rows and a default, first hit.
"""

import random

import duckdb

from benchmarks.common import Row, best_of
from benchmarks.peers import ask_peer, peer_python
from tongban.kernel.feel import parse_unary
from tongban.kernel.tables import (
    DecisionTable,
    Input,
    Output,
    Rule,
    compile_table,
    outputs_sql,
    to_sql,
)

ZEN = "zen-engine==2.1.3"
PEOPLE = 1_000_000
DISTRICTS = [f"3301{number:02}" for number in range(2, 15)]
BANDS = [(60, 70), (70, 80), (80, 90), (90, 200)]
CELLS = [
    (f'"{district}"', f"[{low}..{high})", 1000 * number + low)
    for number, district in enumerate(DISTRICTS)
    for low, high in BANDS
]


def _table() -> DecisionTable:
    rules = tuple(
        Rule(str(number), (parse_unary(district), parse_unary(age)), (fen,))
        for number, (district, age, fen) in enumerate(CELLS, 1)
    )
    inputs = (Input("district", "string"), Input("age", "integer"))
    outputs = (Output("fen", "integer", default=0),)
    return DecisionTable("allowance", "allowance", inputs, outputs, rules, "FIRST")


def _plain() -> str:
    whens = " ".join(
        f"WHEN district = '{district}' AND age >= {low} AND age < {high} THEN {1000 * number + low}"
        for number, district in enumerate(DISTRICTS)
        for low, high in BANDS
    )
    return f"SELECT id, CASE {whens} ELSE 0 END AS fen FROM people"


def _people(connection: duckdb.DuckDBPyConnection, unknown: int) -> None:
    """Every fact is missing for ``unknown`` in a hundred, each by itself."""
    connection.execute("SELECT setseed(0.5)")
    connection.execute(f"""
        CREATE OR REPLACE TABLE people AS
        SELECT i AS id,
          CASE WHEN random() * 100 >= {unknown}
            THEN '3301' || lpad((2 + floor(random() * 13))::INT::TEXT, 2, '0') END AS district,
          CASE WHEN random() * 100 >= {unknown} THEN (50 + floor(random() * 50))::INT END AS age
        FROM range({PEOPLE}) AS t(i)""")


def _assert_same_total(
    connection: duckdb.DuckDBPyConnection, table: DecisionTable, query: str
) -> None:
    outputs = outputs_sql(table, "duckdb")
    joined = f"SELECT sum(o.fen) FROM ({query}) AS q JOIN ({outputs}) AS o USING (rule)"
    ours = connection.execute(joined).fetchone()
    assert ours == connection.execute(f"SELECT sum(fen) FROM ({_plain()})").fetchone()


def run() -> list[Row]:
    """Measure one case in µs and a million people in s."""
    table = _table()
    decide = compile_table(table).decide
    dice = random.Random(1)
    cases = [
        {"district": dice.choice(DISTRICTS), "age": dice.randrange(50, 100)} for _ in range(10_000)
    ]

    def all_cases() -> None:
        for case in cases:
            decide(case)

    one = best_of(5, all_cases) / len(cases) * 1e6
    question = {"inputs": ["district", "age"], "rules": [], "cases": cases[:2000]}
    question["rules"] = [(f'"{d[1:-1]}"', age, fen) for d, age, fen in CELLS]
    zen = ask_peer(peer_python("zen", [ZEN]), "zen_table.py", question)
    ours = [decide(case).outputs[0]["fen"] for case in cases[:2000]]
    assert ours == [answer or 0 for answer in zen["answers"]], "the two engines differ"
    rows = [Row("one case, 52 rows", one, zen["seconds"] * 1e6, ZEN, "µs", "less", "same answers")]
    query = to_sql(table, "duckdb", "people", {"district": "district", "age": "age"}, keep=["id"])
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for unknown in (0, 5, 30):
            _people(connection, unknown)
            both = [
                best_of(
                    5, lambda sql=sql: connection.execute(f"CREATE OR REPLACE TABLE r AS {sql}")
                )
                for sql in (query, _plain())
            ]
            if not unknown:
                _assert_same_total(connection, table, query)
            what = f"1 M people, {unknown} % of each fact unknown"
            if not unknown:
                scaled = zen["seconds"] * PEOPLE
                note = "theirs scaled from 2,000 cases"
                rows.append(Row(what, both[0], scaled, ZEN, "s", "less", note))
            note = "ours three-valued with missing facts, theirs two-valued; same total, one thread"
            rows.append(Row(what, *both, "plain CASE on DuckDB", "s", "less", note))
    return rows
