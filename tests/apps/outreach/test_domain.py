"""What follows for one person: sound under missing facts, never a refusal without a reason."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.exchange.domain import Catalogue, build
from tongban.apps.exchange.reading import merge
from tongban.apps.outreach.domain import (
    Entitlement,
    Period,
    PeriodInvalid,
    Person,
    Sources,
    counted,
    no_number,
    person_reference,
    read_period,
    shown,
)
from tongban.infra.packs import find_packs, read_packs, shipped_packs
from tongban.kernel.facts import Value
from tongban.kernel.forms import ItemNeeds, alone, plan
from tongban.kernel.suites import SUITES
from tongban.kernel.tables import compile_table, read_dmn

POLICY = "old-age-allowance"
DAY = date(2026, 11, 30)
KEY = "elder.id_number"
ACCOUNT = "elder.bank_account"


def catalogue() -> Catalogue:
    return build(merge(read_packs(find_packs())), 0)


def entitlement() -> Entitlement:
    known = catalogue()
    path = shipped_packs() / "sample" / "rules" / f"{POLICY}.dmn"
    rule = compile_table(read_dmn(path.read_bytes(), path.name)[0])
    needs = ItemNeeds(POLICY, facts=rule.needs | {ACCOUNT})
    grants = [grant for grant in known.grants if grant.item == POLICY]
    calls = plan(alone(needs), known.vocabulary, known.resources, grants, given={KEY}).calls
    sources = Sources(known.vocabulary, known.resources, calls)
    return Entitlement(
        rule,
        "civil-affairs",
        "amount_fen",
        ACCOUNT,
        sources,
        counted(known.vocabulary, rule.needs),
    )


ALLOWANCE = entitlement()
FACTS = st.fixed_dictionaries(
    {
        "elder.birth_date": st.sampled_from(
            [date(1926, 11, 30), date(1936, 12, 1), date(1946, 11, 30), date(1946, 12, 1)]
        )
        | st.dates(date(1916, 1, 1), date(1970, 1, 1)),
        "elder.deceased": st.booleans(),
        "elder.death_reported": st.booleans(),
        "elder.hukou_region": st.sampled_from(["330106", "330114", "330402", "310115"]),
        "elder.hukou_status": st.sampled_from(["normal", "moved_out", "cancelled"]),
        "elder.receives_old_age_allowance": st.booleans(),
    }
)
ELIGIBLE: dict[str, Value] = {
    "elder.birth_date": date(1940, 1, 1),
    "elder.deceased": False,
    "elder.death_reported": False,
    "elder.hukou_region": "330106",
    "elder.hukou_status": "normal",
    "elder.receives_old_age_allowance": False,
}


def of(facts: Mapping[str, Value], **gaps: str) -> Person:
    """Give a person with these facts; a fact that is None has no value at its source."""
    return Person(dict(facts), {name: "no-value" for name, v in facts.items() if v is None})


def of_calls(facts: Mapping[str, Value], dead: frozenset[str]) -> Person:
    """Give a person of whom the registers in ``dead`` did not answer."""
    person = Person({KEY: "330106194001010021"})
    for call in ALLOWANCE.sources.calls:
        if call.resource in dead:
            person.miss(call.facts)
        else:
            person.learn(call.facts, [{name: facts.get(name) for name in call.facts}])
    return person


@pytest.mark.parametrize(
    ("born", "amount"),
    [
        (date(1946, 11, 30), 8000),
        (date(1936, 12, 1), 8000),
        (date(1936, 11, 30), 15000),
        (date(1926, 12, 1), 15000),
        (date(1926, 11, 30), 30000),
        (date(1920, 2, 29), 30000),
    ],
)
def test_the_band_of_the_age_at_the_end_of_the_month_says_the_amount(
    born: date, amount: int
) -> None:
    outcome = ALLOWANCE.judge(of({**ELIGIBLE, "elder.birth_date": born}), DAY)
    assert (outcome.status, outcome.amount_fen) == ("granted", amount)


def test_who_turns_eighty_next_month_waits() -> None:
    outcome = ALLOWANCE.judge(of({**ELIGIBLE, "elder.birth_date": date(1946, 12, 1)}), DAY)
    assert (outcome.status, outcome.rules) == ("excluded", ("refuse-under-80",))
    assert (outcome.reason.zh, outcome.reason.en) == ("未满八十周岁。", "Under eighty.")


@given(FACTS, st.sets(st.sampled_from(sorted(ELIGIBLE))))
def test_what_is_said_without_a_fact_holds_whatever_the_fact_turns_out_to_be(
    facts: dict[str, Value], hidden: set[str]
) -> None:
    seen = ALLOWANCE.judge(of({n: None if n in hidden else v for n, v in facts.items()}), DAY)
    whole = ALLOWANCE.judge(of(facts), DAY)
    if seen.status in {"granted", "excluded"}:
        assert (seen.status, seen.amount_fen) == (whole.status, whole.amount_fen)
    assert whole.status != "unknown" or whole.cause == "review"


@given(FACTS, st.sets(st.sampled_from(sorted(ELIGIBLE))))
def test_answering_the_questions_settles_an_unknown(
    facts: dict[str, Value], hidden: set[str]
) -> None:
    known = {name: None if name in hidden else value for name, value in facts.items()}
    for _ in range(len(facts) + 1):
        outcome = ALLOWANCE.judge(of(known), DAY)
        asked = [name for question in outcome.questions for name in question.facts]
        if not asked:
            break
        assert set(asked) <= hidden
        known |= {name: facts[name] for name in asked}
    else:
        pytest.fail("the questions never end")
    assert outcome.status == ALLOWANCE.judge(of(facts), DAY).status


@given(FACTS, st.sets(st.sampled_from(["population", "elders"]), min_size=1))
def test_a_dead_source_excludes_nobody_whom_it_could_concern(
    facts: dict[str, Value], dead: set[str]
) -> None:
    outcome = ALLOWANCE.judge(of_calls(facts, frozenset(dead)), DAY)
    assert outcome.status != "granted"
    if outcome.status == "excluded":
        (rule,) = outcome.rules  # sure, and for one sure reason
        assert ALLOWANCE.judge(of(facts), DAY).rules == (rule,)
    elif outcome.cause != "review":
        assert outcome.cause == "unavailable"
        assert "run again" in outcome.said.en
        assert "再次运行" in outcome.said.zh


def test_a_grant_without_an_account_asks_for_it_and_says_what_is_at_stake() -> None:
    person = of({**ELIGIBLE, ACCOUNT: None})
    outcome = ALLOWANCE.settle(ALLOWANCE.judge(person, DAY), person)
    assert (outcome.status, outcome.amount_fen) == ("unknown", 8000)
    (question,) = outcome.questions
    assert (question.facts, question.department) == ((ACCOUNT,), "human-resources")
    person.facts[ACCOUNT] = "6222021234567890"
    assert ALLOWANCE.settle(ALLOWANCE.judge(person, DAY), person).status == "granted"


def test_two_sources_that_contradict_each_other_go_to_a_clerk() -> None:
    outcome = ALLOWANCE.judge(of({**ELIGIBLE, "elder.death_reported": True}), DAY)
    assert (outcome.status, outcome.cause) == ("unknown", "review")
    assert outcome.questions[0].department == "civil-affairs"


def test_an_unknown_date_of_birth_is_asked_at_its_owner_not_the_age() -> None:
    outcome = ALLOWANCE.judge(of({**ELIGIBLE, "elder.birth_date": None}), DAY)
    (question,) = outcome.questions
    assert (question.facts, question.department) == (("elder.birth_date",), "police")
    assert question.text.zh == "出生日期：是什么？（“人口基本信息”中为空）"


def test_a_missing_record_is_one_question_not_five() -> None:
    person = of_calls(ELIGIBLE, frozenset())
    for call in ALLOWANCE.sources.calls:
        if call.resource == "population":
            person.learn(call.facts, [])
    outcome = ALLOWANCE.judge(person, DAY)
    assert [question.cause for question in outcome.questions] == ["no-record"]


def test_a_refusal_that_is_sure_gives_the_reason_that_is_sure() -> None:
    receives = {"elder.receives_old_age_allowance": True, "elder.death_reported": False}
    outcome = ALLOWANCE.judge(of(dict.fromkeys(ELIGIBLE) | receives), DAY)
    assert (outcome.status, outcome.rules) == ("excluded", ("refuse-receiving",))
    assert outcome.reason.en == "Already receives the allowance."


def test_two_records_of_one_person_must_agree() -> None:
    person = Person()
    same, other = {"a": 1, "b": None}, {"a": 1, "b": 2}
    person.learn(["a"], [same, same])
    assert (person.facts, person.gaps) == ({"a": 1}, {})
    person.learn(["a", "b"], [same, other])
    assert (person.facts, person.gaps) == ({"a": 1, "b": None}, {"b": "disagree"})


def test_a_rule_that_speaks_of_nobody_here_is_mended_and_refuses_nobody() -> None:
    table = ALLOWANCE.rule.table
    holed = compile_table(replace(table, rules=table.rules[1:]))
    young = of({**ELIGIBLE, "elder.birth_date": date(1960, 1, 1)})
    outcome = replace(ALLOWANCE, rule=holed).judge(young, DAY)
    assert (outcome.status, outcome.cause) == ("unknown", "rule")


def test_a_grant_of_nothing_is_a_broken_rule_not_a_payment() -> None:
    outcome = replace(ALLOWANCE, amount="nothing").judge(of(ELIGIBLE), DAY)
    assert (outcome.status, outcome.cause) == ("unknown", "rule")


def test_a_record_without_a_number_asks_whose_it_is() -> None:
    outcome = no_number(ALLOWANCE.sources.resources["elders"])
    assert (outcome.status, outcome.cause) == ("unknown", "no-number")


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-11", "", "2026-12", "1776-07"]
)
def test_a_period_is_a_month_that_has_begun(text: str) -> None:
    with pytest.raises(PeriodInvalid):
        read_period(text, date(2026, 11, 23))


@given(st.integers(1901, 9998), st.integers(1, 12))
def test_the_day_of_a_month_is_its_last(year: int, month: int) -> None:
    day = Period(f"{year}-{month:02}").day
    assert (day.year, day.month) == (year, month)
    assert date.fromordinal(day.toordinal() + 1).day == 1


@given(st.binary(min_size=32, max_size=32), st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True))
def test_a_person_is_shown_without_being_told(salt: bytes, number: str) -> None:
    assert shown("买买提·艾力", number).startswith("买** ")
    assert number[4:16] not in shown("王䶮", number)
    for by in SUITES.values():
        name = person_reference(salt, number, by)
        assert name == person_reference(salt, number, by)
        assert name != person_reference(salt[::-1] + b"x", number, by)
