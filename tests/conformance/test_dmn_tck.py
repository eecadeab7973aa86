"""The decision tables of the DMN Technology Compatibility Kit, level 2: each model, each result,
in Python and in SQL on DuckDB and PostgreSQL."""

from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest
from lxml import etree

from testkit.tables import ask
from tongban.kernel.tables import compile_table, read_dmn

_MODELS = [
    "0004-simpletable-U",
    "0005-simpletable-A",
    "0006-simpletable-P1",
    "0007-simpletable-P2",
    "0010-multi-output-U",
    "0108-first-hitpolicy",
    "0109-ruleOrder-hitpolicy",
    "0110-outputOrder-hitpolicy",
    "0111-first-hitpolicy-singleoutputcol",
    "0112-ruleOrder-hitpolicy-singleinoutcol",
    "0113-outputOrder-hitpolicy-singleinoutcol",
    "0114-min-collect-hitpolicy",
    "0115-sum-collect-hitpolicy",
    "0116-count-collect-hitpolicy",
    "0117-multi-any-hitpolicy",
    "0118-multi-priority-hitpolicy",
    "0119-multi-collect-hitpolicy",
]
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def _value(element):
    text, kind = element.text, element.get(_TYPE, "").rpartition(":")[2]
    if kind == "boolean":
        return text == "true"
    return text if kind == "string" else Decimal(text)


def _expected(element, table):
    """The outputs the kit expects, as a list of rows; a single value belongs to the one output."""
    items = element.findall("{*}list/{*}item") or element.findall("{*}list") or [element]
    rows = []
    for item in items:
        parts = item.findall("{*}component")
        if parts:
            rows.append({part.get("name"): _value(part.find("{*}value")) for part in parts})
        else:
            rows.append({table.outputs[0].name: _value(item.find("{*}value"))})
    return rows


def _load(folder: Path):
    (table,) = read_dmn((folder / f"{folder.name}.dmn").read_bytes(), f"{folder.name}.dmn")
    tests = []
    for path in sorted(folder.glob("*-test-*.xml")):
        for case in etree.fromstring(path.read_bytes()).iterfind("{*}testCase"):
            facts = {
                node.get("name"): _value(node.find("{*}value"))
                for node in case.iterfind("{*}inputNode")
            }
            results = case.findall("{*}resultNode")
            assert [node.get("name") for node in results] == [table.name]
            tests.append((facts, _expected(results[0].find("{*}expected"), table)))
    assert tests
    return table, tests


@pytest.fixture(params=_MODELS)
def model(request, test_data):
    return _load(test_data("dmn-tck") / request.param)


def test_each_result_of_the_kit_is_right_in_python(model):
    table, tests = model
    decide = compile_table(table).decide
    for facts, expected in tests:
        assert list(map(dict, decide(facts).outputs)) == expected


def test_each_result_of_the_kit_is_right_in_sql_on_duckdb(model):
    table, tests = model
    with duckdb.connect() as connection:
        answers = ask(connection, "duckdb", table, [facts for facts, _ in tests])
    assert [list(answer.outputs) for answer in answers] == [expected for _, expected in tests]


@pytest.mark.postgres
def test_each_result_of_the_kit_is_right_in_sql_on_postgresql(model, postgres_url):
    table, tests = model
    with psycopg.connect(postgres_url) as connection:
        answers = ask(connection, "postgres", table, [facts for facts, _ in tests])
        connection.rollback()
    assert [list(answer.outputs) for answer in answers] == [expected for _, expected in tests]


def test_every_model_of_the_kit_is_among_these(test_data):
    assert sorted(path.name for path in test_data("dmn-tck").iterdir()) == _MODELS
