"""S-FEEL: what it reads, what it refuses, and Kleene logic against an independent oracle."""

import contextlib
import itertools
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.feel import (
    FeelError,
    judge,
    kind_of,
    parse_condition,
    parse_literal,
    parse_unary,
    passes,
)


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("a = 1", {"a": 1}, True),
        ("a = 1.0", {"a": Decimal("1.00")}, True),
        ("a != 1", {"a": 1}, False),
        ("a + 2 * b - 1 >= 6", {"a": 1, "b": 3}, True),
        ("(a + 2) * b = 9", {"a": 1, "b": 3}, True),
        ("a - -2 = 3", {"a": 1}, True),
        ("-a < 0", {"a": 1}, True),
        ("a / 3 < 0.34", {"a": 1}, True),
        ("0.1 + 0.2 = 0.3", {}, True),
        ("a in [1..5]", {"a": 5}, True),
        ("a in [1..5)", {"a": 5}, False),
        ("a in (1..5]", {"a": 1}, False),
        ("a in ]1..5[", {"a": 1}, False),
        ("a in ((1+1)..5]", {"a": 2}, False),
        ("a in (1, >=8, [3..4])", {"a": 3}, True),
        ("a in (1, >=8, [3..4])", {"a": 5}, False),
        ("a in (1)", {"a": 1}, True),
        ("a between 1 and 5 and b", {"a": 5, "b": True}, True),
        ('s in ("男", "女")', {"s": "女"}, True),
        ("not(b)", {"b": False}, True),
        ("not(b) or c", {"b": True, "c": False}, False),
        ("b and c or d", {"b": False, "c": True, "d": True}, True),
        ('born >= date("2020-02-29")', {"born": date(2020, 2, 29)}, True),
        ('born < @"2020-02-29"', {"born": date(2020, 2, 29)}, False),
        ("born < other", {"born": date(2020, 1, 1), "other": date(2021, 1, 1)}, True),
        ("子女.年龄 < 18", {"子女.年龄": 3}, True),
        ('s = "say \\"hi\\" \\u4e2d"', {"s": 'say "hi" 中'}, True),
        ("decide.outcome = true", {"decide.outcome": True}, True),
        ("true", {}, True),
    ],
)
def test_a_condition_over_known_facts_is_true_or_false(text, facts, expected):
    assert judge(parse_condition(text), facts).value is expected


@pytest.mark.parametrize(
    ("text", "facts", "value", "missing"),
    [
        ("a = 1", {}, None, {"a"}),
        ("a = 1", {"a": None}, None, {"a"}),
        ("not(a)", {}, None, {"a"}),
        ("a and b", {"a": False}, False, set()),
        ("a and b", {"b": False}, False, set()),
        ("a and b", {"b": True}, None, {"a"}),
        ("a or b", {"b": True}, True, set()),
        ("(a or b) and c", {"c": True}, None, {"a", "b"}),
        ("(a and x) or (b and y)", {"x": False, "y": True}, None, {"b"}),
        ("a + b > 3", {"a": 1}, None, {"b"}),
        ("a in [1..b]", {"a": 0}, False, set()),
        ("a in [1..b]", {"a": 3}, None, {"b"}),
    ],
)
def test_a_missing_fact_is_unknown_and_named_only_where_it_could_settle(
    text, facts, value, missing
):
    verdict = judge(parse_condition(text), facts)
    assert verdict.value is value
    assert verdict.missing == missing


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "value expected"),
        ("a >", 4, "value expected"),
        ("a = null", 5, "missing fact is unknown"),
        ("a = “x”", 5, "straight quotes"),
        ('a = "x', 5, "close the text"),
        ("lower(a) = 1", 1, "not part of S-FEEL"),
        ("a = 1 b", 7, "not expected"),
        ("a ; b", 3, "cannot be read"),
        ("5", 1, "true or false"),
        ("a + 1", 1, "true or false"),
        ('a = date("2026-02-30")', 10, "no such day"),
        ('a = date("soon")', 10, "a date is written"),
        ("a in [1..2", 11, "a range ends with"),
        ("not a", 5, "'(' expected"),
        ("(" * 70 + "a" + ")" * 70, 31, "nested deeper"),
        ("a = 1 or " * 600 + "a", 1, "split it"),
        ("1 + " * 900 + "a > 0", 239, "nested deeper"),
        ("1 * " * 900 + "a > 0", 239, "nested deeper"),
        ("(" * 29 + "a" + " in (true, false))" * 29, 50, "a value expected"),
        ("(a = 1) between 1 and 2", 9, "a value expected"),
        ("(a = 1) + 1 > 1", 9, "a value expected"),
        ("a < true", 3, "no order"),
        ("a in (1, > true)", 10, "no order"),
        ("a = １", 5, "cannot be read"),
        ("a = " + "1" * 35, 5, "at most 34 digits"),
    ],
)
def test_what_cannot_be_read_is_refused_with_column_and_mend(text, column, says):
    with pytest.raises(FeelError, match="FeelError") as refused:
        parse_condition(text)
    assert says in refused.value.message
    assert refused.value.column == column


@pytest.mark.parametrize(
    ("text", "facts", "says"),
    [
        ("a < 3", {"a": "3"}, "cannot be compared"),
        ("a = 1", {"a": True}, "cannot be compared"),
        ("a < b", {"a": True, "b": False}, "cannot be compared by <"),
        ("a < 3", {"a": 2.5}, "cannot be compared"),
        ("a < 3", {"a": Decimal("NaN")}, "cannot be compared"),
        ("a / b > 1", {"a": 1, "b": 0}, "division by zero"),
        ("a + 1 > 1", {"a": "x"}, "two numbers"),
        ("a and b", {"a": 1, "b": True}, "not true or false"),
    ],
)
def test_mixed_kinds_are_an_error_never_a_guess(text, facts, says):
    with pytest.raises(FeelError, match="FeelError") as refused:
        judge(parse_condition(text), facts)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("-", [1, -1], []),
        ("", [1], []),
        ("5", [5, Decimal(5)], [4]),
        ("-5", [-5], [5]),
        ("<10", [9, Decimal("9.99")], [10]),
        (">= -2.5", [Decimal("-2.5"), 0], [-3]),
        ("[80..89]", [80, 89], [79, 90]),
        ("]80..89[", [81, 88], [80, 89]),
        ("(80..89]", [81, 89], [80]),
        ("1, 3, >10", [1, 3, 11], [2, 10]),
        ("not(1, [3..5])", [2, 6], [1, 4]),
        ("!= 3", [2], [3]),
    ],
)
def test_a_cell_lets_through_exactly_its_values(text, inside, outside):
    tests = parse_unary(text)
    assert all(passes(tests, value) for value in inside)
    assert not any(passes(tests, value) for value in outside)


def test_cells_hold_texts_truths_and_days():
    assert passes(parse_unary('"A","B"'), "B")
    assert not passes(parse_unary('not("A","B")'), "B")
    assert passes(parse_unary("true"), True)
    assert passes(parse_unary('[date("2024-01-01")..date("2024-12-31")]'), date(2024, 2, 29))
    assert parse_literal(" - ") is None
    assert parse_literal("null") is None
    assert parse_literal("-12.50") == Decimal("-12.50")
    fine = "-" + "0." + "123456789" * 3 + "123456"
    assert str(parse_literal(fine)) == fine


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("other.fact", "double quotes"),
        ("[5..1]", "empty"),
        ("(5..5]", "empty"),
        ('[1.."b"]', "two numbers or two dates"),
        ("> true", "no order"),
        ("1,,2", "value expected"),
        ("not(1", "')' expected"),
        ("- 3 -", "not expected"),
    ],
)
def test_a_cell_that_cannot_be_read_is_refused(text, says):
    with pytest.raises(FeelError, match="FeelError") as refused:
        parse_unary(text)
    assert says in refused.value.message


def test_the_kinds_of_values_are_told_apart():
    assert [kind_of(v) for v in (True, 1, "a", None)] == ["boolean", "number", "string", "NoneType"]


# --- Kleene logic against an oracle that knows nothing of the parser ---------------------------

_NAMES = ("p", "q", "r")
_trees = st.recursive(
    st.sampled_from(_NAMES),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=8,
)


def _write(tree):
    if isinstance(tree, str):
        return tree
    if tree[0] == "not":
        return f"not({_write(tree[1])})"
    return f"({_write(tree[1])} {tree[0]} {_write(tree[2])})"


def _kleene(tree, facts):
    """Truth as a number: false 0, unknown 1, true 2; and is min, or is max, not is 2 - x."""
    if isinstance(tree, str):
        return {False: 0, None: 1, True: 2}[facts.get(tree)]
    values = [_kleene(part, facts) for part in tree[1:]]
    return {"not": lambda: 2 - values[0], "and": lambda: min(values), "or": lambda: max(values)}[
        tree[0]
    ]()


@given(
    tree=_trees,
    facts=st.fixed_dictionaries({n: st.sampled_from([True, False, None]) for n in _NAMES}),
)
def test_any_condition_agrees_with_kleenes_tables_and_asks_only_what_is_missing(tree, facts):
    condition = parse_condition(_write(tree))
    verdict = judge(condition, facts)
    assert verdict.value is (False, None, True)[_kleene(tree, facts)]
    assert condition.names >= verdict.missing
    assert all(facts[name] is None for name in verdict.missing)
    assert bool(verdict.missing) == (verdict.value is None)


@given(
    tree=_trees,
    facts=st.fixed_dictionaries({n: st.sampled_from([True, False, None]) for n in _NAMES}),
)
def test_a_verdict_never_changes_when_more_becomes_known(tree, facts):
    condition = parse_condition(_write(tree))
    known = judge(condition, facts).value
    unknown = [name for name in _NAMES if facts[name] is None]
    for values in itertools.product([True, False], repeat=len(unknown)):
        full = {**facts, **dict(zip(unknown, values, strict=True))}
        answer = judge(condition, full).value
        assert answer is not None
        assert known is None or answer is known


@given(
    low=st.integers(-9, 9),
    width=st.integers(1, 9),
    value=st.one_of(st.integers(-20, 20), st.decimals(-20, 20, places=1)),
    ends=st.sampled_from(["[]", "[)", "(]", "()", "][", "]]"]),
)
def test_a_range_in_a_cell_and_in_a_condition_mean_the_same(low, width, value, ends):
    text = f"{ends[0]}{low}..{low + width}{ends[1]}"
    above = value >= low if ends[0] == "[" else value > low
    below = value <= low + width if ends[1] == "]" else value < low + width
    assert passes(parse_unary(text), value) is (above and below)
    assert judge(parse_condition(f"x in {text}"), {"x": value}).value is (above and below)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_by_name(text):
    for read in (parse_condition, parse_unary, parse_literal):
        with contextlib.suppress(FeelError):
            read(text)
