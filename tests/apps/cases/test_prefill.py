"""What departments already know is read once, shown with its source, and goes with the draft."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.cases import disclosure, prefilled, queries, services
from tongban.apps.cases.domain import prefilling
from tongban.apps.cases.domain.ground import FRESH
from tongban.apps.cases.domain.prefilling import Held
from tongban.apps.cases.domain.state import Doubt, Known, encode
from tongban.apps.cases.errors import (
    CaseRefused,
    DraftUnknown,
    NotAllowed,
    SubmissionInvalid,
)
from tongban.apps.cases.models import ApplicationDraft, Case, Prefill, PrefillLook
from tongban.apps.cases.services import Doubted
from tongban.apps.cases.services.intake import Sent
from tongban.apps.cases.services.intake import send as submit_as
from tongban.apps.cases.services.prefilling import MOST_ROUNDS
from tongban.apps.cases.services.prefilling import ahead as ahead_of
from tongban.apps.exchange import consents
from tongban.apps.items import queries as items
from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties.delegating import Named, Scope
from tongban.infra import clock
from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.access.models import User
from tongban.infra.jobs import services as jobs
from tongban.infra.trail import queries as trail
from tongban.infra.trail import relay

OLD, BORN = "old-age-allowance", "newborn"
CALLED = "tongban.exchange.called.v1"


def begin(office: Office, event: str = OLD, **changed: Any) -> tuple[Subject, str]:
    """Save the demonstration's answers as a draft; give who, and the draft."""
    who = office.applicant(event)
    changes = {name.replace("__", "."): value for name, value in changed.items()}
    answers = {**office.answers(event), **changes}
    return who, services.save_draft(who, event, answers).number


def agreed(office: Office, event: str = OLD, **changed: Any) -> tuple[Subject, str]:
    who, number = begin(office, event, **changed)
    services.read_ahead(who, number, consent=True)
    return who, number


def send(who: Subject, number: str, *, consent: bool = False) -> str:
    version = queries.draft(who, number)["version"]
    return services.submit_draft(who, number, version=version, consent=consent)


def calls(case: str) -> list[Any]:
    return [event for event in trail.history(case) if event.type == CALLED]


def shown(who: Subject, number: str) -> dict[str, Any]:
    return {fact["fact"]: fact for fact in prefilled.of(who, number, "zh").facts}


def row_of(number: str) -> Prefill:
    return Prefill.objects.get(draft_id=number)


# --- read once, and shown -------------------------------------------------------------------------


def test_what_departments_know_is_shown_before_sending_with_its_source(office: Office) -> None:
    who, number = agreed(office)
    found = prefilled.of(who, number, "zh")
    assert (found.state, found.fresh, found.shown) == ("read", True, True)
    birth = shown(who, number)["elder.birth_date"]
    assert birth["department"] == parties.department_name("police", "zh")
    digits = office.cast(OLD)["elder.id_number"][6:14]
    assert birth["value"].replace("-", "") == digits
    assert datetime.fromisoformat(birth["as_of"]) == clock.now()
    assert found.later == ()


def test_it_is_read_once_the_case_begins_with_what_was_read(office: Office) -> None:
    who, number = agreed(office)
    case = row_of(number).case
    before = calls(case)
    assert before
    assert {event.actor for event in before} == {who.user_id}
    sent = send(who, number)
    assert sent == case
    assert [event.id for event in calls(case)] == [event.id for event in before]
    held = office.case(case)
    assert held.calls == len(before)
    assert held.facts["elder.birth_date"].origin == "source"
    assert encode(queries.replay(case)) == encode(held)
    assert trail.verify(case) is None
    assert not Prefill.objects.exists()


def test_every_read_names_item_purpose_and_ground_and_nobody_is_asked_before(
    office: Office,
) -> None:
    who, number = begin(office, BORN)
    with pytest.raises(SubmissionInvalid):
        services.read_ahead(who, number, consent=False)
    assert not Prefill.objects.exists()
    assert not disclosure.looks(who, "zh")
    services.read_ahead(who, number, consent=True)
    plan = items.life_event(BORN).plan
    planned = {(call.resource, use.item) for call in plan.calls for use in call.uses}
    made = calls(row_of(number).case)
    assert made
    for event in made:
        assert {(event.data["resource"], item) for item in event.data["items"]} <= planned
        assert event.authority
        assert event.data["consent"] is (event.data["basis"] == "consent")


def test_nothing_read_is_in_the_clear(any_office: Office) -> None:
    who, number = agreed(any_office, BORN)
    values = {str(f["value"]) for f in shown(who, number).values() if len(str(f["value"])) > 5}
    assert len(values) > 5
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM cases_prefill")
        text = str(cursor.fetchall())
    assert not [value for value in values if value in text]


def test_the_same_click_twice_asks_nobody_twice(office: Office) -> None:
    who, number = agreed(office)
    case = row_of(number).case
    once = len(calls(case))
    services.read_ahead(who, number, consent=True)
    assert len(calls(case)) == once
    assert len(consents.consents_of(who)) <= 1


# --- no fishing -----------------------------------------------------------------------------------


def test_nobodys_record_is_read_by_a_number_that_somebody_typed(office: Office) -> None:
    stranger = office.cast(BORN, 3)["mother.id_number"]
    office.write("civil-affairs", "DELETE FROM HYDJXX")
    who, number = begin(office, BORN, father__id_number=stranger)
    services.read_ahead(who, number, consent=True)
    facts = shown(who, number)
    assert any(name.startswith("mother.") for name in facts)
    assert not [name for name in facts if name.startswith("father.")]
    later = {label for one in prefilled.of(who, number, "en").later for label in one["facts"]}
    assert any(label.startswith("father") for label in later)
    case = send(who, number)
    # once it is a case it stands with its author's name on the trail, and is read as ever
    assert office.case(case).facts["father.name"].origin == "source"


def test_a_draft_is_read_a_few_times_and_a_person_a_few_times_a_day(office: Office) -> None:
    who, number = agreed(office)
    case = row_of(number).case
    each = len(calls(case))
    for _ in range(MOST_ROUNDS + 2):
        office.clock.move(minutes=20)
        services.read_ahead(who, number, consent=True)
    assert len(calls(case)) == each * MOST_ROUNDS
    assert prefilled.of(who, number, "zh").again is False
    readings = MOST_ROUNDS
    for _ in range(10):
        services.drop_draft(who, number)
        number = services.save_draft(who, OLD, office.answers(OLD)).number
        services.read_ahead(who, number, consent=True)
        readings += bool(calls(row_of(number).case))
    assert readings == 12
    # and it is sent all the same
    sent = send(who, number)
    assert office.case(sent).facts["elder.birth_date"].status == "value"


def test_the_person_sees_who_looked_also_for_a_draft_that_was_dropped(office: Office) -> None:
    who, number = agreed(office)
    case = row_of(number).case
    services.drop_draft(who, number)
    assert not Prefill.objects.exists()
    assert PrefillLook.objects.get().case == case
    seen = [look for look in disclosure.looks(who, "zh") if look["case"] == case]
    assert {look["provider"] for look in seen} >= {parties.department_name("police", "zh")}
    assert not consents.in_force(case)
    assert not Case.objects.exists()


# --- what does not come ---------------------------------------------------------------------------


def test_a_department_that_is_down_keeps_nobody_waiting_and_is_asked_again(
    office: Office,
) -> None:
    office.close("police")
    who, number = agreed(office)
    found = prefilled.of(who, number, "zh")
    assert found.state == "read"
    assert [one["department"] for one in found.later] == [parties.department_name("police", "zh")]
    assert "elder.birth_date" not in shown(who, number)
    office.open("police")
    case = send(who, number)
    assert office.case(case).facts["elder.birth_date"].status == "value"


def test_what_a_request_has_no_time_for_goes_on_as_a_job(office: Office, settings: Any) -> None:
    settings.READ_AHEAD_SECONDS = 0.0
    who, number = agreed(office)
    found = prefilled.of(who, number, "zh")
    assert (found.state, found.facts) == ("reading", ())
    assert found.later
    jobs.run_until_idle()
    found = prefilled.of(who, number, "zh")
    assert (found.state, found.later) == ("read", ())
    assert found.facts


def test_a_page_waits_some_seconds_and_no_longer(office: Office, settings: Any) -> None:
    settings.READ_AHEAD_SECONDS = 0.0
    who, number = agreed(office)
    office.clock.move(seconds=20)
    assert prefilled.of(who, number, "zh").state == "read"
    case = send(who, number)
    assert office.case(case).facts["elder.birth_date"].status == "value"
    jobs.run_until_idle()  # the job finds that the draft was sent
    assert not Prefill.objects.exists()


def test_what_was_read_long_ago_is_read_again_and_a_change_is_put_to_the_applicant(
    office: Office,
) -> None:
    who, number = agreed(office)
    value = shown(who, number)["elder.name"]["value"]
    office.clock.move(minutes=20)
    found = prefilled.of(who, number, "zh")
    assert (found.state, found.fresh, found.again) == ("read", False, True)
    assert shown(who, number)["elder.name"]["value"] == value
    case = row_of(number).case
    before = len(calls(case))
    office.write("police", "UPDATE RKJBXX SET XM = '改名'")
    send(who, number)
    assert len(calls(case)) > before
    held = office.case(case)
    assert held.facts["elder.name"].value == "改名"
    asked = {name: why for branch in held.branches.values() for name, why in branch.asked}
    assert asked["elder.name"] == "changed-since-shown"


# --- consent --------------------------------------------------------------------------------------


def test_a_withdrawn_consent_drops_what_was_read_and_must_be_given_anew(office: Office) -> None:
    who, number = agreed(office, BORN)
    (given_,) = consents.consents_of(who)
    assert given_.case == row_of(number).case
    consents.withdraw(given_.number, who)
    assert prefilled.of(who, number, "zh") == prefilled.NONE
    with pytest.raises(SubmissionInvalid, match="correct"):
        send(who, number)
    assert not Case.objects.exists()
    jobs.run_until_idle(chores=[relay.deliver])
    assert row_of(number).held == prefilling.write(Held())
    services.read_ahead(who, number, consent=True)
    assert shown(who, number)
    case = send(who, number)
    assert office.case(case).consent_id == consents.standing(case) != given_.number


def test_a_consent_withdrawn_as_the_draft_is_sent_sends_nothing(office: Office) -> None:
    who, number = agreed(office, BORN)
    draft = services.own_draft(who, number)
    ahead = ahead_of(who, draft)
    assert ahead.agreed
    (given_,) = consents.consents_of(who)
    consents.withdraw(given_.number, who)
    submission = services.Submission(BORN, office.answers(BORN), consent=True)
    sent = Sent(number, draft.version, ahead.case, agreed=True, facts=ahead.facts)
    with pytest.raises(SubmissionInvalid, match="correct"):
        submit_as(who, submission, [], sent)
    assert not Case.objects.exists()
    assert ApplicationDraft.objects.get(number=number).case == ""


def test_what_is_consented_to_for_a_draft_ends_with_it(office: Office) -> None:
    _, number = agreed(office, BORN)
    case = row_of(number).case
    assert consents.in_force(case)
    office.clock.move(days=28)
    assert services.end_drafts() == 1  # told
    office.clock.move(days=4)
    assert services.end_drafts() == 1  # gone
    assert not ApplicationDraft.objects.exists()
    assert not Prefill.objects.exists()
    assert not consents.in_force(case)


# --- not right? -----------------------------------------------------------------------------------

FACT = "mother.hukou_address"


def test_a_doubt_stays_with_the_draft_and_is_told_when_it_is_sent(office: Office) -> None:
    who, number = agreed(office, BORN)
    value = shown(who, number)[FACT]["value"]
    with pytest.raises(SubmissionInvalid):
        services.doubt_ahead(who, number, FACT, Doubted(value))
    with pytest.raises(SubmissionInvalid):
        services.doubt_ahead(who, number, "child.name", Doubted("安二诺"))
    services.doubt_ahead(who, number, FACT, Doubted("杭州市上城区一号", "去年已迁户口"))
    with pytest.raises(CaseRefused, match="already"):
        services.doubt_ahead(who, number, FACT, Doubted("别处"))
    doubt = shown(who, number)[FACT]["doubt"]
    assert (doubt["says"], doubt["why"]) == ("杭州市上城区一号", "去年已迁户口")
    case = row_of(number).case
    assert {event.type for event in trail.history(case)} == {CALLED}
    assert send(who, number) == case
    (event,) = [e for e in trail.history(case) if e.type == "tongban.cases.doubted.v1"]
    assert (event.organisation, event.data["value"]) == ("police", value)
    assert event.data["as_of"]
    sight = disclosure.look(who, case)
    told = next(row for row in disclosure.facts(sight, "zh") if row["fact"] == FACT)
    assert told["doubt"]["says"] == "杭州市上城区一号"
    assert encode(queries.replay(case)) == encode(office.case(case))


def test_a_doubt_can_be_taken_back_before_it_is_sent(office: Office) -> None:
    who, number = agreed(office, BORN)
    services.doubt_ahead(who, number, FACT, Doubted(None, "看不清"))
    services.withdraw_doubt_ahead(who, number, FACT)
    assert shown(who, number)[FACT]["doubt"] is None
    with pytest.raises(CaseRefused, match="do not doubt"):
        services.withdraw_doubt_ahead(who, number, FACT)
    assert office.case(send(who, number)).doubts == {}


def test_only_the_applicant_doubts_and_only_what_was_read(office: Office) -> None:
    who, number = begin(office, BORN)
    with pytest.raises(CaseRefused, match="agree"):
        services.doubt_ahead(who, number, FACT, Doubted("别处"))
    with pytest.raises(DraftUnknown):
        services.read_ahead(office.applicant(BORN, 1), number, consent=True)
    services.read_ahead(who, number, consent=True)
    with pytest.raises(DraftUnknown):
        prefilled.of(office.applicant(BORN, 1), number, "zh")


# --- somebody else goes on with it ----------------------------------------------------------------


@pytest.fixture
def helped(office: Office) -> Iterator[Callable[..., Subject]]:
    """Let the second mother act for the first, with these rights."""

    def acting(*actions: str) -> Subject:
        citizen, agent = office.applicant(BORN), office.applicant(BORN, 2)
        named = Named(parties.id_number(agent.person_id), parties.name_of(agent.person_id))
        ends = datetime.combine(clock.today() + timedelta(days=9), time(), clock.SHANGHAI)
        number = delegating.grant(citizen, named, Scope(list(actions), [BORN], ends))
        return delegating.acting(User.objects.get(pk=agent.user_id), number, COMMAND)

    return acting


def test_a_delegate_goes_on_with_the_draft_and_sees_what_its_delegation_covers(
    office: Office, helped: Callable[..., Subject]
) -> None:
    who, number = agreed(office, BORN)
    blind = helped("case.submit")
    found = prefilled.of(blind, number, "zh")
    assert (found.state, found.shown, found.facts, found.differs) == ("read", False, (), ())
    with pytest.raises(NotAllowed):
        services.doubt_ahead(blind, number, FACT, Doubted("别处"))
    sees = helped("case.submit", "case.read")
    assert shown(sees, number).keys() == shown(who, number).keys()
    services.doubt_ahead(sees, number, FACT, Doubted("别处"))
    case = send(blind, number)
    held = office.case(case)
    assert (held.applicant, held.agent) == (who.person_id, blind.user_id)
    assert held.facts[FACT].origin == "source"
    assert held.doubts[FACT].says == "别处"


# --- the pure part --------------------------------------------------------------------------------

names = st.sampled_from(["mother.name", "mother.hukou_address", "father.name", "child.sex"])
values = st.text(max_size=4) | st.integers(0, 9) | st.booleans()
instants = st.integers(-3600, 0).map(
    lambda s: (datetime(2026, 11, 23, 9, tzinfo=clock.SHANGHAI) + timedelta(seconds=s)).isoformat()
)
known = st.builds(
    Known,
    values,
    st.sampled_from(["value", "absent", "refused", "unavailable", "pending"]),
    st.just("source"),
    st.sampled_from(["police", "health"]),
    st.just("population"),
    instants,
)
helds = st.builds(
    Held,
    st.dictionaries(names, known),
    st.dictionaries(names, st.builds(Doubt, st.none() | values, st.text(max_size=3), instants)),
    st.integers(0, 9),
)
NOW = datetime(2026, 11, 23, 9, tzinfo=clock.SHANGHAI)


@given(helds)
def test_what_is_held_is_read_as_it_was_written(held: Held) -> None:
    assert prefilling.read(prefilling.write(held)) == held


@given(helds)
def test_only_what_is_settled_and_fresh_is_carried_into_a_case(held: Held) -> None:
    taken = prefilling.carried(held, NOW)
    for name, one in held.facts.items():
        young = NOW - datetime.fromisoformat(one.as_of) <= FRESH
        assert (name in taken) == (one.status in {"value", "absent"} and young)
        assert name not in taken or taken[name] == one


@given(helds)
def test_a_doubt_that_a_source_agrees_with_by_now_is_not_sent(held: Held) -> None:
    sent = prefilling.standing_doubts(held)
    for name, doubt in held.doubts.items():
        now = held.facts.get(name)
        says = now.value if now is not None and now.status == "value" else None
        assert (name in sent) == (doubt.says is None or says != doubt.says)
