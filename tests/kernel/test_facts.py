"""The vocabulary reads every value strictly and counts ages as the Civil Code does."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.facts import (
    Attribute,
    Derive,
    Fact,
    FactInvalid,
    Option,
    Role,
    UnknownFact,
    Vocabulary,
    Words,
    derive,
    json_schema,
    months_between,
    parse_value,
    to_json,
)

WORDS = Words("某项", "something")
VOCABULARY = Vocabulary(
    {
        "person": {
            "name": Attribute("string", Words("姓名", "name"), schema={"maxLength": 50}),
            "id_number": Attribute("string", Words("公民身份号码", "number"), code="identity"),
            "birth_date": Attribute("date", Words("出生日期", "date of birth")),
            "age": Attribute("number", WORDS, derive=Derive("years_since", "birth_date")),
            "months": Attribute("number", WORDS, derive=Derive("months_since", "birth_date")),
            "days": Attribute("number", WORDS, derive=Derive("days_since", "birth_date")),
            "income_fen": Attribute("number", WORDS, schema={"minimum": 0, "maximum": 10**12}),
            "insured": Attribute("boolean", WORDS),
            "sex": Attribute(
                "string",
                WORDS,
                options=(Option("male", Words("男", "male")), Option("female", Words("女", "f"))),
            ),
        }
    },
    {"child": Role("person", Words("新生儿", "Child"))},
)
NAMES = sorted(VOCABULARY.kinds["person"])


def fact(attribute: str) -> Fact:
    return VOCABULARY.fact(f"child.{attribute}")


def test_an_unknown_role_or_attribute_is_named_with_its_mend() -> None:
    with pytest.raises(UnknownFact, match="no role 'aunt'; add it to roles"):
        VOCABULARY.fact("aunt.name")
    with pytest.raises(UnknownFact, match="has no attribute 'shoe_size'; add it to kinds"):
        VOCABULARY.fact("child.shoe_size")


@pytest.mark.parametrize(
    ("attribute", "raw"),
    [
        ("name", 5),
        ("name", " 安和"),
        ("name", "安\n和"),
        ("name", "安" * 51),
        ("birth_date", "2026-02-30"),
        ("birth_date", "2026-1-3"),
        ("birth_date", "20260103"),
        ("income_fen", 1.5),
        ("income_fen", True),
        ("income_fen", "1e5"),
        ("income_fen", "NaN"),
        ("income_fen", -1),
        ("income_fen", "٣"),
        ("insured", 1),
        ("insured", "true"),
        ("sex", "m"),
    ],
)
def test_a_value_that_is_not_exactly_right_is_refused_in_both_languages(
    attribute: str, raw: object
) -> None:
    with pytest.raises(FactInvalid) as caught:
        parse_value(fact(attribute), raw)
    assert caught.value.fact == f"child.{attribute}"
    assert caught.value.message("zh") != caught.value.message("en")


def test_names_with_a_dot_and_rare_glyphs_are_names() -> None:
    for name in ("古丽·买买提", "王䶮", "㛃", "𠮷野", "O'Neil"):
        assert parse_value(fact("name"), name) == name


def test_nothing_written_is_unknown_and_never_false() -> None:
    assert all(parse_value(fact(name), "") is None for name in NAMES)
    assert all(parse_value(fact(name), None) is None for name in NAMES)


values = st.one_of(
    st.tuples(st.just("name"), st.text("安和·䶮a ", min_size=1, max_size=9).map(str.strip)),
    st.tuples(st.just("birth_date"), st.dates()),
    st.tuples(st.just("income_fen"), st.integers(0, 10**12)),
    st.tuples(
        st.just("income_fen"),
        st.decimals(0, 10**9, places=2, allow_nan=False),
    ),
    st.tuples(st.just("insured"), st.booleans()),
    st.tuples(st.just("sex"), st.sampled_from(["male", "female"])),
).filter(lambda pair: pair[1] != "")


@given(values)
def test_a_value_survives_the_way_through_json(pair: tuple[str, object]) -> None:
    attribute, value = pair
    written = to_json(value)  # type: ignore[arg-type]
    assert not isinstance(written, float)
    again = parse_value(fact(attribute), written)
    assert again == value
    assert type(again) is type(value)


@given(
    st.sampled_from(NAMES),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates().map(str),
)
def test_whatever_is_sent_is_read_or_refused_by_name(attribute: str, raw: object) -> None:
    try:
        value = parse_value(fact(attribute), raw)
    except FactInvalid:
        return
    assert not isinstance(value, float)


limits = st.fixed_dictionaries(
    {},
    optional={
        "minLength": st.integers(0, 4),
        "maxLength": st.integers(0, 4),
        "pattern": st.sampled_from(["^a", "b$", "[ab]{2}"]),
        "enum": st.lists(st.text("ab", max_size=3), min_size=1, max_size=4),
        "minimum": st.integers(-3, 3),
        "maximum": st.integers(-3, 3),
    },
)


@given(limits, st.text("ab", min_size=1, max_size=5))
def test_limits_of_texts_hold_exactly_as_json_schema_says(
    schema: dict[str, object], text: str
) -> None:
    strict = replace(fact("name"), schema=schema)
    allowed = jsonschema.Draft202012Validator(json_schema(strict)).is_valid(text)
    try:
        assert parse_value(strict, text) == text
    except FactInvalid:
        assert not allowed
    else:
        assert allowed


@given(limits, st.integers(-5, 5))
def test_limits_of_numbers_hold_exactly_as_json_schema_says(
    schema: dict[str, object], number: int
) -> None:
    strict = replace(fact("income_fen"), schema=schema)
    allowed = jsonschema.Draft202012Validator(schema).is_valid(number)
    try:
        parse_value(strict, number)
    except FactInvalid:
        assert not allowed
    else:
        assert allowed


def test_a_full_month_ends_on_the_same_day_or_the_last_of_the_month() -> None:
    # Civil Code art. 202
    assert months_between(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert months_between(date(2026, 1, 31), date(2026, 2, 27)) == 0
    assert months_between(date(2025, 12, 15), date(2026, 12, 14)) == 11
    assert months_between(date(2025, 12, 15), date(2026, 12, 15)) == 12
    assert months_between(date(2024, 2, 29), date(2028, 2, 28)) == 47


@given(st.dates(), st.dates())
def test_ages_grow_with_time_and_agree_with_each_other(born: date, today: date) -> None:
    facts = derive(VOCABULARY, {"child.birth_date": born}, today)
    age, months, days = (facts[f"child.{n}"] for n in ("age", "months", "days"))
    if today < born:
        assert (age, months, days) == (None, None, None)
        return
    assert isinstance(age, int)
    assert isinstance(months, int)
    assert isinstance(days, int)
    assert age == months // 12
    assert months * 28 <= days <= (months + 1) * 31
    if today < date.max:
        later = derive(VOCABULARY, {"child.birth_date": born}, today + timedelta(days=1))
        assert months <= later["child.months"] <= months + 1  # type: ignore[operator]


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.integers(0, 120))
def test_a_person_is_a_year_older_on_the_birthday_and_not_before(born: date, years: int) -> None:
    if (born.month, born.day) == (2, 29):
        return
    birthday = born.replace(year=born.year + years)
    facts = derive(VOCABULARY, {"child.birth_date": born}, birthday)
    assert facts["child.age"] == years
    if years:
        eve = derive(VOCABULARY, {"child.birth_date": born}, birthday - timedelta(days=1))
        assert eve["child.age"] == years - 1


@given(st.dictionaries(st.sampled_from(["child.name", "x.y", "child.insured"]), st.booleans()))
def test_deriving_changes_no_other_fact(facts: dict[str, bool]) -> None:
    assert derive(VOCABULARY, facts, date(2026, 1, 1)) == facts


def test_a_derived_fact_is_never_taken_from_the_outside() -> None:
    told = {"child.birth_date": date(2020, 5, 1), "child.age": 80}
    assert derive(VOCABULARY, told, date(2026, 5, 1))["child.age"] == 6


def test_an_identifier_is_checked_and_written_in_its_one_form() -> None:
    assert parse_value(fact("id_number"), "11010519491231002x") == "11010519491231002X"
    with pytest.raises(FactInvalid, match="the last character should be X"):
        parse_value(fact("id_number"), "110105194912310021")


def test_decimals_are_exact() -> None:
    assert parse_value(fact("income_fen"), "0.10") == Decimal("0.10")
