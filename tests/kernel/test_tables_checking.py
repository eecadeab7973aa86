"""The check before publication, against brute force over every elementary cell."""

import itertools
import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from testkit.tables import completions, matching, tables
from tongban.kernel.feel import parse_unary, passes
from tongban.kernel.tables import DecisionTable, Input, Output, Rule, TableError, check


def _table(policy, inputs, rows, *, default=None, allowed=()):
    return DecisionTable(
        "t",
        "津贴",
        inputs,
        (Output("pay", "any", "金额", allowed=allowed, default=default),),
        tuple(
            Rule(str(number), tuple(map(parse_unary, cells)), (pay,))
            for number, (*cells, pay) in enumerate(rows, 1)
        ),
        policy,
        source="pay.dmn",
    )


_AGE = Input("elder.age", "integer", "年龄")
_TOWN = Input("elder.town", "string", "户籍地", allowed=parse_unary('"东区", "西区"'))


def test_a_complete_table_without_conflict_has_no_findings():
    rows = [("<60", "-", 0), (">=60", '"东区"', 100), (">=60", '"西区"', 80)]
    assert check(_table("UNIQUE", (_AGE, _TOWN), rows)) == ()


def test_a_gap_is_told_in_the_authors_words_with_an_example():
    rows = [("<60", "-", 0), (">60", '"东区"', 100), (">=70", '"西区"', 80)]
    first, second = check(_table("UNIQUE", (_AGE, _TOWN), rows))
    assert first.kind == "gap"
    assert first.grave
    assert first.zh == (
        "决策表“津贴”没有一行适用于：年龄为 60（例如年龄为 60，户籍地为“东区”）。"
        "请补一行，或写明默认结果。"
    )
    assert second.en == (
        "No row of table “津贴” applies where 年龄 is more than 60 and less than 70, "
        "and 户籍地 is “西区” (for example 年龄 is 61 and 户籍地 is “西区”); "
        "add a row or a default result."
    )
    assert second.example == {"elder.age": 61, "elder.town": "西区"}


def test_without_allowed_values_any_other_text_is_a_gap():
    town = Input("town", "string")
    (gap,) = check(_table("FIRST", (town,), [('"A"', 1), ('"B"', 2)]))
    assert "town is not “A” or “B”" in gap.en
    assert gap.example["town"] not in {"A", "B"}
    assert check(_table("FIRST", (town,), [('"A"', 1), ('"B"', 2)], default=0)) == ()


def test_between_two_whole_numbers_or_two_days_there_is_no_gap_but_between_numbers_there_is():
    rows = [("<=17", 1), (">=18", 2)]
    assert check(_table("UNIQUE", (Input("n", "integer"),), rows)) == ()
    assert [f.kind for f in check(_table("UNIQUE", (Input("n", "number"),), rows))] == ["gap"]
    days = [('<= date("2026-01-01")', 1), ('>= date("2026-01-02")', 2)]
    assert check(_table("UNIQUE", (Input("d", "date"),), days)) == ()
    (gap,) = check(_table("UNIQUE", (Input("d", "date", "出生日期"),), [days[0]]))
    assert gap.example == {"d": date(2026, 1, 2)}
    assert "出生日期晚于 2026年1月1日" in gap.zh


def test_rows_of_unique_that_meet_are_named_with_a_case():
    rows = [(">=60", "-", 1), ("<60", "-", 2), (">=80", '"东区"', 1)]
    (overlap,) = check(_table("UNIQUE", (_AGE, _TOWN), rows))
    assert overlap.rules == ("1", "3")
    assert overlap.example == {"elder.age": 80, "elder.town": "东区"}
    assert "第 1 行与第 3 行可同时成立" in overlap.zh
    assert check(_table("ANY", (_AGE, _TOWN), rows)) == ()
    rows[2] = (">=80", '"东区"', 9)
    assert [f.kind for f in check(_table("ANY", (_AGE, _TOWN), rows))] == ["overlap"]


def test_a_row_that_can_never_fire_is_a_warning_that_names_what_covers_it():
    rows = [("<60", "-", 1), (">=50", "-", 2), ("[50..70]", '"东区"', 3), ("-", "-", 4)]
    third, fourth = check(_table("FIRST", (_AGE, _TOWN), rows))
    assert third.kind == "unreachable"
    assert not third.grave
    assert third.rules == ("3", "1", "2")
    assert "第 3 行永远不会命中" in third.zh
    assert "rows 1, 2, 3 come before it" in fourth.en


def test_by_priority_the_less_important_row_can_be_dead():
    rows = [(">=60", "-", "B"), ("-", "-", "A")]
    (dead,) = check(_table("PRIORITY", (_AGE, _TOWN), rows, allowed=("A", "B")))
    assert dead.rules == ("1", "2")


@pytest.mark.slow
def test_a_table_too_wide_to_check_is_refused_by_name():
    dice = random.Random(7)  # noqa: S311 - a fixed puzzle
    inputs = tuple(Input(f"f{i}", "boolean") for i in range(60))
    rows = []
    for number in range(300):
        chosen = {dice.randrange(60): dice.choice(["true", "false"]) for _ in range(3)}
        rows.append((*(chosen.get(i, "-") for i in range(60)), number))
    table = _table("FIRST", inputs, rows)
    with pytest.raises(TableError, match=r"too wide.*pay\.dmn"):
        check(table)


# --- against brute force ---


def _everybody(table):
    return [
        (facts, matching(table, facts))
        for facts in completions(table, {})
        if matching(table, facts) is not None
    ]


@given(table=tables(policies=["UNIQUE", "ANY", "FIRST", "PRIORITY"]))
def test_gaps_are_found_exactly_where_somebody_falls_through(table):
    gaps = [finding for finding in check(table) if finding.kind == "gap"]
    through = [facts for facts, rules in _everybody(table) if not rules]
    assert bool(gaps) == (bool(through) and table.default is None)
    for gap in gaps:
        facts = {**{column.name: None for column in table.inputs}, **gap.example}
        full = next(completions(table, facts))
        assert matching(table, full) == []


@given(table=tables(policies=["UNIQUE", "ANY"]))
def test_overlaps_are_found_exactly_where_two_rows_meet(table):
    found = {f.rules for f in check(table) if f.kind == "overlap"}
    expected = set()
    for _, rules in _everybody(table):
        for a, b in itertools.combinations(rules, 2):
            if table.hit_policy == "UNIQUE" or a.outputs != b.outputs:
                expected.add((a.id, b.id))
    assert found == expected


@given(table=tables(policies=["FIRST", "PRIORITY"]))
def test_dead_rows_are_exactly_those_that_fire_for_nobody(table):
    dead = {f.rules[0] for f in check(table) if f.kind == "unreachable"}
    ranked = [table.rules[position] for position in table.order()]
    fired = {min(rules, key=ranked.index).id for _, rules in _everybody(table) if rules}
    assert dead == {rule.id for rule in table.rules} - fired


@given(table=tables())
def test_every_finding_speaks_both_languages_and_its_example_is_allowed(table):
    for finding in check(table):
        assert finding.zh.endswith("。")
        assert finding.en.endswith(".")
        for column in table.inputs:
            if column.allowed and column.name in finding.example:
                assert passes(column.allowed, finding.example[column.name])


def test_a_gap_between_two_very_long_numbers_is_found_where_it_is():
    low, high = "1000000000000000000.0000000000001", "1000000000000000000.0000000000002"
    share = Input("share", "number", "份额")
    (gap,) = check(_table("UNIQUE", (share,), [(f"<={low}", 0), (f">={high}", 1)]))
    assert Decimal(low) < gap.example["share"] < Decimal(high)
