"""A request for data goes through three hands, in time, and ends in a grant or a legal reason."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.exchange import grants, network, queries, requests
from tongban.apps.exchange.domain.governance import Governance, Refusal
from tongban.apps.exchange.domain.requests import (
    ENDED,
    MOVES,
    Action,
    ActionRefused,
    NotForYou,
    Request,
    State,
    after,
    available_actions,
    budget,
    why_not,
)
from tongban.apps.exchange.events import GRANTED, REQUEST_OVERDUE, request_chain
from tongban.apps.exchange.models import Grant, GrantRequest, Purpose
from tongban.apps.exchange.requests import NewRequest, RequestInvalid, RequestUnknown
from tongban.infra.access.domain import Post, Subject
from tongban.infra.trail import queries as trail
from tongban.kernel.facts import Words

ASKED = NewRequest(
    service="marriages",
    fields=["marital_status"],
    item="housing-support",
    basis="statutory",
    legal_basis="社会救助暂行办法 第三十七条",
    reason="核定住房救助家庭成员",
    department="medical-insurance",
    system="relief",
)


class Hands:
    """The officials of the sample city that a request passes through."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.asker = office.official("medical-insurance", "clerk")
        self.reviewer = office.official("data-bureau", "reviewer")
        self.decider = office.official("civil-affairs", "approver")

    def ask(self, **changed: Any) -> str:
        return requests.ask(self.asker, replace(ASKED, **changed))

    def with_provider(self, **changed: Any) -> str:
        number = self.ask(**changed)
        requests.act(self.reviewer, number, Action.TAKE)
        requests.act(self.reviewer, number, Action.FORWARD)
        return number


@pytest.fixture
def hands(any_office: Office) -> Hands:
    return Hands(any_office)


def grants_to(client: str) -> Any:
    told = network.snapshot_now()["document"]["grants"]
    return [grant for grant in told if grant["client"].endswith(client)]


def test_a_request_becomes_a_grant_through_three_hands(hands: Hands) -> None:
    number = hands.with_provider(rows={"marital_status": ["married"]}, calls=100)
    assert grants_to("/relief") == []
    assert requests.act(hands.decider, number, Action.GRANT) is State.GRANTED
    (grant,) = grants_to("/relief")
    assert grant["fields"] == ["marital_status"]
    assert grant["filter"] == {"marital_status": ["married"]}
    assert grant["quota"] == {"calls": 100, "records": 0}
    members = {m["member"]: m for m in network.snapshot_now()["document"]["members"]}
    code = queries.catalogue().governance.members["medical-insurance"]
    assert "relief" in members[code]["subsystems"]
    story = trail.history(request_chain(number))
    assert [e.data["to"] for e in story if "to" in e.data] == [
        "draft",
        "submitted",
        "review",
        "provider",
        "granted",
    ]
    assert story[-1].type == GRANTED
    assert trail.verify(request_chain(number)) is None
    purpose = Purpose.objects.get(code="housing-support")
    assert list(purpose.fields.values()) == [["marital_status"]]


def test_duties_are_held_apart(hands: Hands) -> None:
    office = hands.office
    number = hands.ask()
    for stranger in (hands.asker, hands.decider, office.official("police", "reviewer")):
        with pytest.raises((NotForYou, RequestUnknown)):
            requests.act(stranger, number, Action.TAKE)
    with pytest.raises(ActionRefused):
        requests.act(hands.reviewer, number, Action.GRANT)
    requests.act(hands.reviewer, number, Action.TAKE)
    requests.act(hands.reviewer, number, Action.FORWARD)
    for stranger in (hands.asker, hands.reviewer):
        with pytest.raises(NotForYou):
            requests.act(stranger, number, Action.GRANT)
    with pytest.raises(RequestUnknown):
        requests.look(office.official("tax", "clerk"), number)
    with pytest.raises(RequestUnknown):
        requests.look(office.applicant("newborn"), number)


def test_who_reviewed_does_not_decide_even_with_the_post(hands: Hands) -> None:
    office = hands.office
    both = office.appoint("data-bureau", "reviewer", "two.hats")
    both = office.appoint("civil-affairs", "approver", "two.hats")
    number = hands.ask()
    requests.act(both, number, Action.TAKE)
    requests.act(both, number, Action.FORWARD)
    with pytest.raises(NotForYou, match="reviewed"):
        requests.act(both, number, Action.GRANT)
    assert requests.actions_of(both, requests.look(both, number)) == ()


def test_a_refusal_cites_the_law_or_is_none(hands: Hands) -> None:
    number = hands.with_provider()
    for ground in ("", "we-do-not-want"):
        with pytest.raises(RequestInvalid):
            requests.act(hands.decider, number, Action.REFUSE, ground=ground)
    requests.act(hands.decider, number, Action.REFUSE, ground="personal-information")
    row = GrantRequest.objects.get(number=number)
    assert (row.state, row.refusal["article"]) == ("refused", "第六条")
    assert "个人信息保护法" in trail.history(request_chain(number))[-1].data["refusal"]["title"]
    assert grants_to("/relief") == []
    with pytest.raises(ActionRefused):
        requests.act(hands.decider, number, Action.GRANT)


def test_an_unconditional_resource_grants_itself_and_is_told(hands: Hands) -> None:
    free = next(c for c in queries.catalogue().contracts.values() if c.sharing == "unconditional")
    field = min(free.resource.attributes - set(free.resource.key))
    number = hands.ask(service=free.resource.slug, fields=[field])
    row = GrantRequest.objects.get(number=number)
    assert (row.state, row.decided_by, row.grant.source) == ("granted", "system", "automatic")
    assert trail.history(request_chain(number))[-1].type == GRANTED
    # the node needs no row for it, and the client is known to the network now
    assert grants_to("/relief") == []
    members = network.snapshot_now()["document"]["members"]
    assert any("relief" in m["subsystems"] for m in members)


def test_what_is_asked_must_exist_and_be_lawful(hands: Hands) -> None:
    wrong = {
        "service": {"service": "nothing"},
        "fields.blood_type": {"fields": ["blood_type"]},
        "fields": {"fields": []},
        "rows.blood_type": {"rows": {"blood_type": ["A"]}},
        "legal_basis": {"legal_basis": " "},
        "basis": {"basis": "because"},
        "bulk": {"basis": "consent", "bulk": True},
        "item": {"item": "Not A Slug"},
        "system": {"system": "../etc"},
    }
    for place, change in wrong.items():
        with pytest.raises(RequestInvalid) as refused:
            hands.ask(**change)
        assert place in refused.value.fields
    with pytest.raises(ActionRefused):
        requests.ask(hands.asker, replace(ASKED, department="police"))
    assert GrantRequest.objects.count() == 0


def test_a_step_that_is_late_is_told_once_and_shown(hands: Hands) -> None:
    office = hands.office
    number = hands.ask()
    row = requests.look(hands.reviewer, number)
    stands = requests.how_late(row, queries.catalogue())
    assert stands is not None
    assert stands.due == date(2026, 11, 25)
    office.clock.move(days=3)  # Thursday: two working days were Tuesday and Wednesday
    assert requests.tell_overdue() == 1
    assert requests.tell_overdue() == 0
    (told,) = [e for e in trail.history(request_chain(number)) if e.type == REQUEST_OVERDUE]
    assert (told.organisation, told.data["state"]) == ("data-bureau", "submitted")
    # taking it up does not stop the clock, handing it on starts the provider's
    requests.act(hands.reviewer, number, Action.TAKE)
    late = requests.how_late(requests.look(hands.reviewer, number), queries.catalogue())
    assert late is not None
    assert late.light == "red"
    requests.act(hands.reviewer, number, Action.FORWARD)
    fresh = requests.how_late(requests.look(hands.reviewer, number), queries.catalogue())
    assert fresh is not None
    assert (fresh.light, fresh.due) == ("green", date(2026, 12, 3))
    office.clock.move(days=8)
    assert requests.tell_overdue() == 1
    last = trail.history(request_chain(number))[-1]
    assert (last.type, last.organisation) == (REQUEST_OVERDUE, "civil-affairs")


def test_a_request_lapses_when_its_time_is_over(hands: Hands) -> None:
    office = hands.office
    until = network.clock.now() + timedelta(days=5)
    number = hands.ask(valid_until=until)
    office.clock.move(days=6)
    assert requests.lapse() == 1
    assert GrantRequest.objects.get(number=number).state == "lapsed"
    assert requests.lapse() == 0


def test_a_grant_is_ended_by_its_provider_and_keeps_its_row(hands: Hands) -> None:
    number = hands.with_provider()
    requests.act(hands.decider, number, Action.GRANT)
    (told,) = grants_to("/relief")
    with pytest.raises(ActionRefused):
        grants.end(told["id"], hands.asker.user_id, "no", hands.asker)
    grants.end(told["id"], hands.decider.user_id, "业务终止", hands.decider)
    assert grants_to("/relief") == []
    row = Grant.objects.get(request__number=number)
    assert (row.end_reason, row.ended is None) == ("业务终止", False)
    assert network.feed(0)["document"]["entries"][-1]["id"] == told["id"]
    assert Purpose.objects.get(code="housing-support").ended is not None


def test_a_flow_back_grant_brings_the_record_of_a_subscription(hands: Hands) -> None:
    rows = {"marital_status": ["married"]}
    for lacking in ({"bulk": True}, {"rows": rows}):
        with pytest.raises(RequestInvalid) as refused:
            hands.ask(flow_back=True, **lacking)
        assert "flow_back" in refused.value.fields
    number = hands.with_provider(flow_back=True, bulk=True, rows=rows)
    requests.act(hands.decider, number, Action.GRANT)
    grant = Grant.objects.get(request__number=number)
    assert grant.flow_back
    assert grant.subscription.client == grant.client
    # the snapshot tells the client's node to subscribe, and of no other grant
    (told,) = grants_to("/relief")
    assert told["subscribe"] is True
    others = [g for g in network.snapshot_now()["document"]["grants"] if g["id"] != told["id"]]
    assert not any(g["subscribe"] for g in others)


def test_two_who_act_at_once_do_not_both_win(hands: Hands) -> None:
    number = hands.ask()
    seen = requests.look(hands.reviewer, number)
    requests.act(hands.reviewer, number, Action.TAKE)
    with pytest.raises(requests.RequestMoved):
        requests._move(seen, Action.TAKE, "other")


def test_of_two_decisions_at_the_same_moment_one_counts(hands: Hands) -> None:
    number = hands.with_provider()
    other = hands.office.appoint("civil-affairs", "approver", "second.approver")
    ready = threading.Barrier(2)

    def decide(who: Subject, action: Action, ground: str) -> State | Exception:
        try:
            ready.wait(10)
            return requests.act(who, number, action, ground=ground)
        except (ActionRefused, requests.RequestMoved) as refused:
            return refused
        finally:
            hands.office.leave()

    with ThreadPoolExecutor(2) as threads:
        came = list(
            threads.map(
                decide,
                (hands.decider, other),
                (Action.GRANT, Action.REFUSE),
                ("", "personal-information"),
            )
        )
    (won,) = (one for one in came if isinstance(one, State))
    row = GrantRequest.objects.get(number=number)
    assert row.state == won
    assert Grant.objects.filter(request=row).count() == (won is State.GRANTED)
    assert trail.verify(request_chain(number)) is None
    moves = [e.data["to"] for e in trail.history(request_chain(number)) if "to" in e.data]
    assert moves.count(won) == 1


# --- the course itself


RULES = Governance(
    "CN-330100",
    "bureau",
    2,
    5,
    10,
    180,
    10,
    {"law": Refusal("law", "法", "第一条", Words("法", "law"))},
    {},
)
REGIONS = {"asks": "330100", "gives": "330100", "bureau": "330100"}
POSTS = st.lists(
    st.builds(
        Post,
        st.sampled_from(["asks", "gives", "bureau", "other"]),
        st.sampled_from(["clerk", "reviewer", "approver", "auditor"]),
        st.just("330100"),
    ),
    max_size=4,
).map(tuple)
PEOPLE = st.builds(
    lambda name, posts: Subject(name, name, "official" if posts else "citizen", "", posts),
    st.sampled_from(["a", "b", "c"]),
    POSTS,
)
COURSES = st.builds(
    Request,
    st.sampled_from(State),
    st.just("asks"),
    st.just("gives"),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["", "a", "b", "c"]),
    st.booleans(),
)


@given(COURSES, PEOPLE)
def test_what_is_offered_is_exactly_what_is_not_refused(course: Request, who: Subject) -> None:
    offered = available_actions(course, who, RULES, REGIONS)
    for action in Action:
        refused = why_not(action, course, who, RULES, REGIONS)
        # what a second factor would open is offered: the act itself asks for that
        assert (action in offered) == (refused is None or bool(refused.needs))
        if action in offered:
            assert after(course.state, action) in State
            if action in {Action.TAKE, Action.FORWARD}:
                assert who.user_id != course.asked_by
            if action is Action.GRANT:
                assert who.user_id not in {course.asked_by, course.reviewed_by}
                assert not course.waits_abroad
    if course.state in ENDED:
        assert offered == ()


def test_every_open_state_leads_to_an_end_and_no_end_leads_on() -> None:
    for state in State:
        seen, waiting = {state}, [state]
        while waiting:
            for nxt in MOVES.get(waiting.pop(), {}).values():
                if nxt not in seen:
                    seen.add(nxt)
                    waiting.append(nxt)
        if state in ENDED:
            assert seen == {state}
        else:
            assert seen >= {State.REFUSED, State.GRANTED, State.WITHDRAWN, State.LAPSED}
            assert budget(state, RULES) is not None or state is State.DRAFT
    assert budget(State.GRANTED, RULES, served=False) == 10
