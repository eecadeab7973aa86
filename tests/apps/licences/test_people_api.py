"""The API of licences as others ask it: the sealed face, strangers, those who act for a holder."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from testkit.callers import Caller, caller, refused
from testkit.licences import HOLDER, Card
from testkit.licences import issued as made
from testkit.office import Office
from tongban.apps.evidence import seals
from tongban.apps.items import queries as items
from tongban.apps.parties import delegating
from tongban.apps.parties import services as people
from tongban.apps.parties.delegating import Named, Scope
from tongban.infra import clock as port

HELPER = "330106198811120011"
LAW = {"legal_basis": "行政许可法 第六十九条", "reason": "骗取"}
ACTS: list[tuple[str, Any]] = [
    ("show", {"claims": ["age_over_60"]}),
    ("present", {"claims": [], "audience": "https://shop.example", "nonce": "n"}),
    ("offer", None),
    ("orders", {"act": "revoke", **LAW}),
]


def helper(office: Office) -> Caller:
    people.register_person("neighbour", "邻居", HELPER)
    return caller(office.citizen(HELPER))


def delegated(office: Office, *actions: str, over: str = "newborn") -> str:
    """Let the mother of the newborn name her neighbour; give the delegation."""
    scope = Scope(actions, (over,), port.now() + timedelta(days=7))
    return delegating.grant(office.applicant("newborn"), Named(HELPER, "邻居"), scope)


def issued(office: Office) -> str:
    """Apply; give the identifier of the birth certificate that the rules issued."""
    case = office.case(office.submit())
    return case.branches["birth-certificate"].licence.partition(":")[2]


def test_the_face_is_given_as_pdf_once_the_department_can_seal(card: Card, settings: Any) -> None:
    if not any((f / "NotoSerifCJK-Regular.ttc").exists() for f in settings.FONTS):
        pytest.skip("Noto Serif CJK is not installed: set TONGBAN_FONTS")
    me, path = caller(card.holder), f"/licences/{card.identifier}/face"
    refused(me.get(path), 409, "face_not_made")
    seals.make("health", actor="test")
    answer = Client(headers=me.headers).get(f"/api{path}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    refused(caller(card.office.applicant("newborn")).get(path), 404, "licence_unknown")


def test_to_anybody_else_a_licence_does_not_exist(card: Card) -> None:
    here = f"/licences/{card.identifier}"
    stranger = caller(card.office.applicant("newborn"))
    clerk = caller(card.office.official("police", "clerk"))
    for other in (stranger, clerk):
        assert other.get("/licences") == (200, [])
        refused(other.get(here), 404, "licence_unknown")
        for act, body in ACTS:
            refused(other.post(f"{here}/{act}", body), 404, "licence_unknown")
    approver = caller(card.office.official("health", "approver"))
    assert approver.get(here)[1]["identifier"] == card.identifier
    for act, body in ACTS[:3]:
        refused(approver.post(f"{here}/{act}", body), 403, "not_allowed")
    assert caller(card.holder).get(here)[1]["state"] == "valid"


def test_what_is_asked_wrongly_is_refused_by_name(card: Card) -> None:
    me, here = caller(card.holder), f"/licences/{card.identifier}"
    _, present = ACTS[1]
    for path, body, field in (
        (f"{here}/show", {"claims": "age_over_60"}, "claims"),
        (f"{here}/show", {"claims": ["1"]}, "claims"),
        (f"{here}/present", present | {"nonce": ""}, "nonce"),
        (f"{here}/present", present | {"audience": "a b"}, "audience"),
        (f"{here}/orders", LAW | {"act": "burn"}, "act"),
        ("/licences/questions", {"kind": "elder-card", "claims": []}, "claims"),
        ("/licences/questions", {"kind": "Elder Card", "claims": ["ZZBH"]}, "kind"),
        ("/licences/verify", {"presented": ""}, "presented"),
        ("/licences/verify", {"presented": "x", "binding": {"audience": "a"}}, "nonce"),
    ):
        fields = refused(me.post(path, body), 422, "request_invalid")
        assert [name for name in fields if field in name], (path, fields)
    for path in ("/licences/1.2.3", "/licences/questions/short"):
        refused(me.get(path), 422, "request_invalid")


def test_who_acts_for_a_holder_sees_what_the_delegation_covers(office: Office) -> None:
    identifier, agent = issued(office), helper(office)
    mine = caller(office.applicant("newborn"))
    given = {one["identifier"] for one in mine.get("/licences")[1]}
    assert identifier in given
    assert agent.get("/licences") == (200, [])
    refused(agent.get(f"/licences/{identifier}"), 404, "licence_unknown")
    instead = agent.instead(delegated(office, "licence.read"))
    assert {one["identifier"] for one in instead.get("/licences")[1]} == given
    status, whole = instead.get(f"/licences/{identifier}")
    assert (status, whole["identifier"]) == (200, identifier)
    # it reads, and does nothing else with what is the holder's
    for act, body in ACTS:
        refused(instead.post(f"/licences/{identifier}/{act}", body), 403, "not_allowed")
    question = {"kind": "birth-certificate", "claims": ["ZZBH"]}
    refused(instead.post("/licences/questions", question), 403, "not_allowed")
    office.clock.move(days=8)
    refused(instead.get("/licences"), 403, "not_allowed")


def test_who_acts_without_that_right_sees_no_licence(office: Office) -> None:
    identifier, agent = issued(office), helper(office)
    blind = agent.instead(delegated(office, "case.read", "case.submit"))
    elsewhere = agent.instead(delegated(office, "licence.read", over="enterprise-start"))
    nobodys = caller(office.applicant("newborn", 1)).instead(delegated(office, "licence.read"))
    for path in ("/licences", f"/licences/{identifier}", f"/licences/{identifier}/face"):
        refused(blind.get(path), 403, "not_allowed")
        refused(nobodys.get(path), 403, "not_allowed")
        refused(agent.instead("0" * 32).get(path), 403, "not_allowed")
    assert elsewhere.get("/licences") == (200, [])
    refused(elsewhere.get(f"/licences/{identifier}"), 404, "licence_unknown")


def test_a_delegation_opens_no_licence_of_the_one_who_acts(card: Card) -> None:
    office = card.office
    people.register_person("neighbour", "邻居", HELPER)
    scope = Scope(("licence.read",), ("newborn",), port.now() + timedelta(days=7))
    named = Named(HOLDER, "市民")
    number = delegating.grant(office.applicant("newborn"), named, scope)
    elder = caller(card.holder)
    assert [one["identifier"] for one in elder.get("/licences")[1]] == [card.identifier]
    assert elder.instead(number).get("/licences") == (200, [])
    refused(elder.instead(number).get(f"/licences/{card.identifier}"), 404, "licence_unknown")


def test_a_companys_agent_sees_the_companys_licences_alone(office: Office) -> None:
    own, boss, agent = issued(office), office.applicant("newborn"), helper(office)
    firm, name = "91330106MT0000003J", "安和云杉软件有限公司"
    people.register_company(firm, name, office.cast("newborn")["mother.id_number"])
    kind = items.licence_kind("birth-certificate")
    of_firm: dict[str, Any] = {"holder": firm, "keeper": boss.person_id, "content": {}}
    licence = made("C2", of=kind, item="birth-certificate", **of_firm).identifier
    scope = Scope(("licence.read",), ("newborn",), port.now() + timedelta(days=7))
    number = delegating.grant(boss, Named(HELPER, "邻居"), scope, company=firm)
    assert len(caller(boss).get("/licences")[1]) > 1
    for instead in (agent.instead(number), caller(boss).instead(f"company:{firm}")):
        assert [one["identifier"] for one in instead.get("/licences")[1]] == [licence]
        assert instead.get(f"/licences/{licence}")[0] == 200
        refused(instead.get(f"/licences/{own}"), 404, "licence_unknown")
