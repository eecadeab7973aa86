"""Acting for another: who may grant what, what it opens, when it ends, how the trail shows it."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from testkit.browsers import signed_in
from testkit.office import Office
from tongban.apps.cases import disclosure, services
from tongban.apps.cases.errors import CaseUnknown, NotAllowed
from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties import services as people
from tongban.apps.parties.delegating import Named, Scope
from tongban.apps.parties.domain import (
    ACTIONS,
    RULES,
    DelegationRefused,
    adult_on,
    check,
)
from tongban.infra import clock as port
from tongban.infra.access import services as access
from tongban.infra.access.domain import COMMAND, Context, Subject
from tongban.infra.access.models import User
from tongban.infra.access.refusing import StepUpNeeded
from tongban.infra.trail import queries as trail

NOW = datetime(2026, 11, 23, 9, tzinfo=port.SHANGHAI)
NEIGHBOUR = "330106198811120011"
kinds = st.sampled_from(sorted(RULES))
actions = st.sets(st.sampled_from([*sorted(ACTIONS), "case.decide", "delegation.grant"]))
events = st.sets(st.sampled_from(["*", "newborn", "retirement", "", "A b"]))
lasts = st.timedeltas(timedelta(days=-2), timedelta(days=8000))


@given(kinds, actions, events, lasts, st.sampled_from(["", " ", "户口簿"]))
def test_what_is_allowed_keeps_every_bound_of_its_kind(
    kind: Any, chosen: set[str], over: set[str], lasts: timedelta, basis: str
) -> None:
    rule = RULES[kind]
    fits = (
        bool(chosen)
        and chosen <= rule.actions
        and bool(over)
        and (over <= {"newborn", "retirement"} or ("*" in over and rule.everything))
        and timedelta(0) < lasts <= rule.longest
        and (rule.made_by == "principal" or bool(basis.strip()))
    )
    if fits:
        check(kind, chosen, over, NOW, NOW + lasts, basis)
    else:
        with pytest.raises(DelegationRefused):
            check(kind, chosen, over, NOW, NOW + lasts, basis)


@given(st.dates(date(1900, 1, 1), date(2080, 12, 31)))
def test_nobody_comes_of_age_before_eighteen_years_have_passed(born: date) -> None:
    grown = adult_on(born)
    assert grown.year - born.year == 18
    assert timedelta(days=18 * 365 + 4) <= grown - born <= timedelta(days=18 * 365 + 6)


def neighbour(office: Office) -> tuple[User, Named]:
    user = people.register_person("neighbour", "邻居", NEIGHBOUR)
    return user, Named(NEIGHBOUR, "邻居")


def scope(*chosen: str, over: tuple[str, ...] = ("newborn",), days: float = 30) -> Scope:
    return Scope(chosen or sorted(ACTIONS), over, port.now() + timedelta(days=days))


def submission(office: Office, place: int = 0) -> services.Submission:
    known = {n: v for n, v in office.cast("newborn", place).items() if "id_number" not in n}
    return services.Submission("newborn", {**office.answers("newborn"), **known}, consent=True)


def test_an_agent_applies_and_every_event_shows_both(office: Office) -> None:
    mother = office.applicant("newborn")
    user, named = neighbour(office)
    number = delegating.grant(mother, named, scope())
    agent = delegating.acting(user, number, COMMAND)
    case = services.submit(agent, submission(office))
    first = trail.history(case)[0]
    assert (first.actor, first.on_behalf_of) == (str(user.pk), mother.person_id)
    told = json.loads(first.payload or "")
    assert (told["delegation"], told["agent"]) == (number, str(user.pk))
    assert services.load(case).agent == str(user.pk)
    granted = trail.history(f"delegation:{number}")[0]
    assert granted.on_behalf_of == mother.person_id
    assert granted.authority.startswith("中华人民共和国民法典")
    # who is acted for sees that it was the agent, in the page and in the API's words
    shown = disclosure.timeline(disclosure.look(mother, case), "zh")
    assert shown["events"][0]["actor"] == "agent"
    page = html.fromstring(signed_in(mother).get(f"/cases/{case}").content.decode())
    assert "代理人" in page.text_content()
    assert disclosure.look(agent, case).whole
    # and the agent as itself has no business there
    own = delegating.queries.subject_of(user, COMMAND)
    with pytest.raises(CaseUnknown):
        services.allowed(own, case, "case.read")


def test_a_delegation_ends_when_told_when_its_time_is_over_and_for_others(office: Office) -> None:
    mother, other = office.applicant("newborn"), office.applicant("newborn", 1)
    user, named = neighbour(office)
    number = delegating.grant(mother, named, scope(days=2))
    with pytest.raises(DelegationRefused):
        delegating.acting(User.objects.get(pk=other.user_id), number)
    office.clock.move(days=2)
    with pytest.raises(DelegationRefused):
        delegating.acting(user, number)
    assert trail.history(f"user:{user.pk}")[-1].type == "tongban.access.denied.v1"
    again = delegating.grant(mother, named, scope(days=2))
    with pytest.raises(DelegationRefused):
        delegating.end(other, again, reason="x")
    delegating.end(mother, again, reason="不再需要")
    delegating.end(mother, again, reason="不再需要")
    with pytest.raises(DelegationRefused):
        delegating.acting(user, again)
    types = [e.type for e in trail.history(f"delegation:{again}")]
    assert types == [delegating.GRANTED, delegating.ENDED]


def test_an_agent_does_what_it_was_given_and_hands_nothing_on(office: Office) -> None:
    mother = office.applicant("newborn")
    user, named = neighbour(office)
    reader = delegating.acting(user, delegating.grant(mother, named, scope("case.read")), COMMAND)
    with pytest.raises(NotAllowed):
        services.submit(reader, submission(office))
    case = office.submit("newborn")
    assert disclosure.look(reader, case).whole
    with pytest.raises(NotAllowed):
        services.withdraw(reader, case, [])
    assert disclosure.looks(reader, "zh") == []
    with pytest.raises(DelegationRefused):
        delegating.grant(reader, named, scope("case.read"))
    elsewhere = delegating.grant(mother, named, scope(over=("enterprise-start",)))
    blind = delegating.acting(user, elsewhere, COMMAND)
    with pytest.raises(CaseUnknown):
        disclosure.look(blind, case)
    assert disclosure.queries.cases_of(blind).count() == 0
    assert disclosure.queries.cases_of(reader).count() == 1


def test_granting_asks_for_a_second_factor_and_a_person_that_is_there(office: Office) -> None:
    mother = office.applicant("newborn")
    _, named = neighbour(office)
    weak = Subject(mother.user_id, "", "citizen", mother.person_id, context=Context(1))
    with pytest.raises(StepUpNeeded):
        delegating.grant(weak, named, scope())
    said = set()
    for wrong in (Named(NEIGHBOUR, "别人"), Named("11010519491231002X", "邻居"), Named("", "")):
        with pytest.raises(DelegationRefused) as refused:
            delegating.grant(mother, wrong, scope())
        said.add(refused.value.zh)
    assert len(said) == 1
    me = people.Person.objects.get(pk=int(mother.person_id))
    with pytest.raises(DelegationRefused):
        delegating.grant(mother, Named(me.id_number, me.name), scope())


def test_a_company_names_its_agent_through_its_representative(office: Office) -> None:
    boss = office.applicant("enterprise-start")
    me = people.Person.objects.get(pk=int(boss.person_id))
    people.register_company("91330106MT0000003J", "安和云杉软件有限公司", me.id_number)
    user, named = neighbour(office)
    other = office.applicant("newborn")
    with pytest.raises(DelegationRefused):
        delegating.grant(other, named, scope(), company="91330106MT0000003J")
    wanted = scope(over=("enterprise-start",))
    number = delegating.grant(boss, named, wanted, company="91330106MT0000003J")
    agent = delegating.acting(user, number, COMMAND)
    assert agent.behalf is not None
    assert agent.behalf.principal == "91330106MT0000003J"
    known = {n: v for n, v in office.cast("enterprise-start").items() if "id_number" not in n}
    sent = services.Submission(
        "enterprise-start", {**office.answers("enterprise-start"), **known}, consent=True
    )
    case = services.load(services.submit(agent, sent))
    assert (case.on_behalf_of, case.applicant) == ("91330106MT0000003J", boss.person_id)
    assert disclosure.look(agent, case.number).whole
    # another company of the same person is no business of this agent's
    people.register_company("91330106MT0000004G", "安和青杉软件有限公司", me.id_number)
    wider = delegating.grant(boss, named, wanted, company="91330106MT0000004G")
    other_firm = delegating.acting(user, wider, COMMAND)
    with pytest.raises(CaseUnknown):
        disclosure.look(other_firm, case.number)
    assert disclosure.queries.cases_of(other_firm).count() == 0
    assert disclosure.queries.cases_of(agent).count() == 1


def test_a_representative_acts_as_the_company_itself(office: Office) -> None:
    boss = office.applicant("enterprise-start")
    firm = "91330106MT0000003J"
    people.register_company(firm, "安和云杉软件有限公司", parties.id_number(boss.person_id))
    user = User.objects.get(pk=boss.user_id)
    itself = delegating.acting(user, delegating.ITSELF + firm, COMMAND)
    assert (itself.person_id, itself.user_id) == (boss.person_id, boss.user_id)
    assert parties.acted_for(itself) == "安和云杉软件有限公司"
    own = office.submit("enterprise-start")
    known = {n: v for n, v in office.cast("enterprise-start").items() if "id_number" not in n}
    answers = {**office.answers("enterprise-start"), **known}
    sent = services.Submission("enterprise-start", answers, consent=True)
    case = services.load(services.submit(itself, sent))
    assert case.on_behalf_of == firm
    # as the company one sees what is the company's, and as oneself what is one's own too
    assert set(disclosure.queries.cases_of(itself).values_list("number", flat=True)) == {
        case.number
    }
    with pytest.raises(CaseUnknown):
        disclosure.look(itself, own)
    assert disclosure.queries.cases_of(boss).count() == 2
    with pytest.raises(NotAllowed, match="people apply"):
        services.may_apply(itself, "old-age-allowance")
    with pytest.raises(DelegationRefused):
        delegating.grant(itself, Named(NEIGHBOUR, "邻居"), scope())
    stranger = office.applicant("newborn")
    for number in (delegating.ITSELF + firm, delegating.ITSELF, delegating.ITSELF + "x" * 40):
        with pytest.raises(DelegationRefused):
            delegating.acting(User.objects.get(pk=stranger.user_id), number, COMMAND)


def test_an_official_helps_an_elder_for_a_day_and_does_not_decide_that_case(office: Office) -> None:
    clerk = office.official("medical-insurance", "clerk")
    mother = office.cast("newborn")["mother.id_number"]
    office.applicant("newborn")
    helped = Named(mother, "市民")
    today = scope("case.read", "case.submit", days=0.5)
    for wrong in (
        {"scope": scope("case.read", days=2), "basis": "授权书"},
        {"scope": scope("case.withdraw", days=0.5), "basis": "授权书"},
        {"scope": today, "basis": " "},
    ):
        with pytest.raises(DelegationRefused):
            delegating.record_assistance(clerk, helped, department="medical-insurance", **wrong)  # type: ignore[arg-type]
    with pytest.raises(DelegationRefused):  # not its counter
        delegating.record_assistance(clerk, helped, today, department="police", basis="授权书")
    number = delegating.record_assistance(
        clerk, helped, today, department="medical-insurance", basis="帮办授权书 2026-17"
    )
    user = User.objects.get(pk=clerk.user_id)
    case = services.submit(delegating.acting(user, number, COMMAND), submission(office))
    first = trail.history(case)[0]
    assert first.actor == clerk.user_id != first.on_behalf_of
    item = "maternity-reimbursement"
    with pytest.raises(NotAllowed, match="step back"):
        services.ask_correction(clerk, case, item, [("mother.card_bank", "请补正")])
    office.clock.move(hours=13)
    with pytest.raises(DelegationRefused):
        delegating.acting(user, number)


def test_a_guardian_is_recorded_by_an_office_until_the_ward_comes_of_age(office: Office) -> None:
    clerk = office.official("civil-affairs", "clerk")
    user, guardian = neighbour(office)
    ward = Named("330106201403070021", "小明")
    place = {"department": "civil-affairs", "basis": "出生医学证明"}
    born = date(2014, 3, 7)
    grown = datetime(2032, 3, 7, tzinfo=port.SHANGHAI)
    too_long = Scope(["case.read"], ["*"], grown + timedelta(seconds=1))
    with pytest.raises(DelegationRefused, match="comes of age on 2032-03-07"):
        delegating.record_guardian(clerk, ward, guardian, too_long, **place)
    assert adult_on(born) == grown.date()
    whole = Scope(sorted(ACTIONS), ["*"], grown)
    number = delegating.record_guardian(clerk, ward, guardian, whole, **place)
    acting = delegating.acting(user, number)
    assert acting.behalf is not None
    assert acting.behalf.kind == "guardian"
    with pytest.raises(DelegationRefused, match="nobody has this name"):
        delegating.record_guardian(clerk, Named(ward.id_number, "小红"), guardian, whole, **place)
    citizen = office.applicant("newborn")
    with pytest.raises(DelegationRefused):
        delegating.record_guardian(citizen, ward, guardian, whole, **place)
    delegating.end(clerk, number, reason="监护关系变更")
    with pytest.raises(DelegationRefused):
        delegating.acting(user, number)


def caller(user_id: str) -> Client:
    made = access.issue_token(
        User.objects.get(pk=user_id), label="t", lifetime=timedelta(days=1), actor="t"
    )
    return Client(headers={"Authorization": f"Bearer {made.secret}"})


def test_the_api_grants_and_acts_by_a_header(office: Office) -> None:
    mother = office.applicant("newborn")
    user, _ = neighbour(office)
    body: dict[str, Any] = {
        "agent": {"id_number": NEIGHBOUR, "name": "邻居"},
        "scope": {
            "actions": ["case.read", "case.submit"],
            "events": ["newborn"],
            "ends": (port.now() + timedelta(days=3)).isoformat(),
        },
    }

    def post(client: Client, path: str, sent: dict[str, Any], **headers: str) -> Any:
        return client.post(path, json.dumps(sent), "application/json", headers=headers)

    made = post(caller(mother.user_id), "/api/delegations", body)
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    agent = caller(str(user.pk))
    assert [d["principal"] for d in agent.get("/api/delegations").json()["held"]] == ["市民"]
    case = office.submit("newborn")
    assert agent.get(f"/api/cases/{case}").status_code == 404
    acting = {"Tongban-On-Behalf": number}
    assert agent.get(f"/api/cases/{case}", headers=acting).status_code == 200
    wrong = agent.get(f"/api/cases/{case}", headers={"Tongban-On-Behalf": "0" * 32})
    assert wrong.status_code == 403
    refused = post(agent, f"/api/cases/{case}/withdrawal", {"items": [], "reason": ""}, **acting)
    assert refused.status_code == 403
    ended = post(caller(mother.user_id), f"/api/delegations/{number}/end", {"reason": "够了"})
    assert ended.status_code == 204
    assert agent.get(f"/api/cases/{case}", headers=acting).status_code == 403
    strange = {**body, "agent": {"id_number": NEIGHBOUR, "name": "别人"}}
    assert post(caller(mother.user_id), "/api/delegations", strange).status_code == 409
    assert post(agent, f"/api/delegations/{number}/end", {"reason": "x"}).status_code == 204


def test_the_pages_grant_act_and_say_for_whom(office: Office) -> None:
    mother = office.applicant("newborn")
    user, _ = neighbour(office)
    case = office.submit("newborn")
    client = signed_in(mother)
    form = {
        "name": "邻居",
        "number": NEIGHBOUR,
        "events": ["newborn"],
        "actions": ["case.read"],
        "last-year": "2026",
        "last-month": "12",
        "last-day": "31",
    }
    wrong = client.post("/delegations", {**form, "last-day": "soon"})
    assert wrong.status_code == 422
    assert "请填写截止日期" in wrong.content.decode()
    assert "邻居" in wrong.content.decode()  # what was typed stands
    assert client.post("/delegations", form).status_code == 302
    assert "邻居" in client.get("/delegations").content.decode()
    agent = signed_in(delegating.queries.subject_of(user))
    page = html.fromstring(agent.get("/delegations").content.decode())
    (number,) = page.xpath("//input[@name='delegation']/@value")
    assert agent.get(f"/cases/{case}").status_code == 404
    assert agent.post("/delegations/act", {"delegation": "0" * 32}).status_code == 409
    agent.post("/delegations/act", {"delegation": number})
    home = html.fromstring(agent.get("/").content.decode())
    assert "您正在代办，被代理人： 市民" in " ".join(home.text_content().split())
    assert f"/cases/{case}" in home.xpath("//main//a/@href")
    assert agent.get(f"/cases/{case}").status_code == 200
    assert case not in agent.get("/me/data/consents").content.decode()
    agent.post("/delegations/act", {})
    assert agent.get(f"/cases/{case}").status_code == 404
    agent.post("/delegations/act", {"delegation": number})
    client.post("/delegations/end", {"delegation": number})
    assert agent.get(f"/cases/{case}").status_code == 404
