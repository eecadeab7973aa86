"""Several sources for one fact: the lead department wins, and the news holds no value."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from testkit.registers import second_register
from tongban.apps.exchange import queries
from tongban.apps.exchange.domain import Answer
from tongban.apps.exchange.domain.conflicts import Claim, others, settle, told
from tongban.apps.exchange.events import DISAGREED
from tongban.apps.items import queries as items
from tongban.infra.trail import queries as trail
from tongban.kernel.suites import suite

CLAIMS = st.lists(
    st.builds(
        lambda status, value, department, lead: Claim(
            Answer("m.a", status, value if status == "value" else None), department, "r", lead
        ),
        st.sampled_from(["value", "absent", "unavailable", "refused"]),
        st.sampled_from(["x", "y", 1, True]),
        st.sampled_from(["one", "two", "three"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@given(CLAIMS)
def test_the_lead_wins_and_only_values_disagree(claims: list[Claim]) -> None:
    found = settle(claims)
    values = [c for c in claims if c.answer.status == "value"]
    if not values:
        assert found.answer is claims[0].answer
        assert found.disagreed == ()
        return
    leads = [c for c in values if c.lead]
    assert found.answer is (leads or values)[0].answer
    differ = any(c.answer.value != found.answer.value for c in values)
    assert (found.disagreed == tuple(values)) if differ else (found.disagreed == ())


@given(CLAIMS, st.binary(min_size=32, max_size=32))
def test_the_news_holds_no_value_and_shows_who_agrees(claims: list[Claim], salt: bytes) -> None:
    values = tuple(c for c in claims if c.answer.status == "value")
    if not values:
        return
    shown = told("m.a", values, salt, suite("std"))
    for one, claim in zip(shown["sources"], values, strict=True):
        assert set(one) == {"department", "resource", "lead", "digest"}
        for other, also in zip(shown["sources"], values, strict=True):
            same = (type(claim.answer.value), claim.answer.value) == (
                type(also.answer.value),
                also.answer.value,
            )
            assert (one["digest"] == other["digest"]) == same
    again = told("m.a", values, bytes(32), suite("std"))
    assert salt == bytes(32) or again["sources"][0]["digest"] != shown["sources"][0]["digest"]


def test_a_disagreement_is_told_on_the_case_and_the_lead_value_is_used(
    office: Office, settings: Any
) -> None:
    second_register(office, settings)
    number = office.submit("newborn")
    held = office.case(number).facts["mother.marital_status"]
    assert (held.value, held.department, held.resource) == (
        "married",
        "civil-affairs",
        "marriages",
    )
    news = [e for e in trail.history(number) if e.type == DISAGREED]
    assert news
    data = news[0].data
    assert data["fact"] == "mother.marital_status"
    assert data["counts"] == {"department": "civil-affairs", "resource": "marriages"}
    assert [s["department"] for s in data["sources"]] == ["civil-affairs", "police"]
    assert "married" not in str(data)
    assert "single" not in str(data)
    assert trail.verify(number) is None


def test_sources_that_agree_or_are_silent_are_no_news(office: Office, settings: Any) -> None:
    second_register(office, settings)
    office.write("police", "UPDATE HYBAK SET HYZK = 'married'")
    agreed = office.submit("newborn")
    assert not [e for e in trail.history(agreed) if e.type == DISAGREED]
    asked = [e.data["resource"] for e in trail.history(agreed) if "resource" in e.data]
    assert "police-marriages" in asked


def test_nothing_is_asked_twice_where_the_pack_does_not_say_so(office: Office) -> None:
    number = office.submit("newborn")
    assert not [e for e in trail.history(number) if e.type == DISAGREED]


def test_another_source_is_asked_only_under_a_grant_there(office: Office, settings: Any) -> None:
    second_register(office, settings)
    catalogue = queries.catalogue()
    plan = items.life_event("newborn").plan
    call = next(c for c in plan.calls if (c.resource, c.role) == ("marriages", "mother"))
    known = {"mother.id_number": office.cast("newborn")["mother.id_number"]}
    (other,) = others(call, call.facts, known, catalogue)
    assert (other.resource, other.items, other.facts) == (
        "police-marriages",
        ("household-registration",),
        ("mother.marital_status",),
    )
    assert others(call, call.facts, {}, catalogue) == ()
    assert Path(settings.PACKS[0]).exists()
