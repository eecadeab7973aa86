"""The API of sharing: requests, consents and the catalogue in wrong hands and with wrong bodies."""

from typing import Any

import pytest

from testkit.callers import Caller, caller, refused
from testkit.office import Office
from testkit.registry import given

ASKED: dict[str, Any] = {
    "service": "marriages",
    "fields": ["marital_status"],
    "item": "housing-support",
    "basis": "statutory",
    "legal_basis": "社会救助暂行办法",
    "reason": "核定家庭成员",
    "department": "medical-insurance",
    "system": "relief",
}
REQUESTS = "/exchange/requests"


def at(office: Office, department: str, role: str, *scopes: str) -> Caller:
    return caller(office.official(department, role), *scopes)


def test_a_draft_is_submitted_refused_on_a_legal_ground_or_withdrawn(office: Office) -> None:
    clerk = at(office, "medical-insurance", "clerk")
    status, draft = clerk.post(REQUESTS, ASKED | {"draft": True})
    assert (status, draft["state"], draft["clock"]) == (201, "draft", None)
    acts = f"{REQUESTS}/{draft['number']}/actions"
    reviewer = at(office, "data-bureau", "reviewer")
    refused(reviewer.post(acts, {"action": "take"}), 409, "action_refused")
    assert clerk.post(acts, {"action": "submit"})[1]["state"] == "submitted"
    for act in ("take", "forward"):
        assert reviewer.post(acts, {"action": act})[0] == 200
    provider = at(office, "civil-affairs", "approver")
    grounds = {one["slug"] for one in provider.get("/exchange/refusals")[1]}
    strange = {"action": "refuse", "ground": "no-such-ground"}
    assert set(refused(provider.post(acts, strange), 422, "request_invalid")) == {"ground"}
    lawful = {"action": "refuse", "ground": min(grounds), "note": "与申请事项无关"}
    status, done = provider.post(acts, lawful)
    assert (status, done["state"], done["actions"]) == (200, "refused", [])
    assert done["refusal"]["slug"] == min(grounds)
    refused(clerk.post(acts, {"action": "withdraw"}), 409, "action_refused")
    _, other = clerk.post(REQUESTS, ASKED)
    away = f"{REQUESTS}/{other['number']}/actions"
    assert clerk.post(away, {"action": "withdraw"})[1]["state"] == "withdrawn"
    states = {one["number"]: one["state"] for one in clerk.get(REQUESTS)[1]}
    assert states == {done["number"]: "refused", other["number"]: "withdrawn"}


def test_a_request_is_nobody_elses(office: Office) -> None:
    _, made = at(office, "medical-insurance", "clerk").post(REQUESTS, ASKED)
    here = f"{REQUESTS}/{made['number']}"
    for stranger in (at(office, "tax", "clerk"), caller(office.applicant("newborn"))):
        assert stranger.get(REQUESTS) == (200, [])
        refused(stranger.get(here), 404, "request_unknown")
        refused(stranger.post(f"{here}/actions", {"action": "withdraw"}), 404, "request_unknown")
        refused(stranger.post(REQUESTS, ASKED), 403, "not_allowed")
    reader = at(office, "medical-insurance", "clerk", "exchange.read")
    assert reader.get(here)[0] == 200
    refused(reader.post(REQUESTS, ASKED), 403, "not_allowed")
    refused(reader.post(f"{here}/actions", {"action": "withdraw"}), 403, "not_allowed")
    assert reader.get(here)[1]["state"] == made["state"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"service": "no such"}, "service"),
        ({"basis": "habit"}, "basis"),
        ({"item": "No Item"}, "item"),
        ({"rows": {"marital_status": [1.5]}}, "rows"),
        ({"calls": -1}, "calls"),
        ({"days": 0}, "days"),
        ({"bulk": "yes"}, "bulk"),
        ({"purpose": "mine"}, "purpose"),
        ({"service": "nothing"}, "service"),
        ({"legal_basis": " "}, "legal_basis"),
        ({"fields": []}, "fields"),
    ],
)
def test_a_request_that_is_not_right_is_refused_by_name(
    office: Office, changed: dict[str, Any], field: str
) -> None:
    clerk = at(office, "medical-insurance", "clerk")
    status, problem = clerk.post(REQUESTS, ASKED | changed)
    assert status == 422
    assert [name for name in problem["fields"] if field in name], problem
    assert clerk.get(REQUESTS) == (200, [])


def test_a_consent_is_withdrawn_by_who_gave_it(office: Office) -> None:
    office.submit()
    mother = caller(office.applicant("newborn"))
    (consent,) = mother.get("/consents")[1]
    here = f"/consents/{consent['number']}/withdraw"
    for other in (caller(office.applicant("newborn", 1)), at(office, "police", "clerk")):
        assert other.get("/consents") == (200, [])
        refused(other.post(here), 404, "consent_unknown")
    reader = caller(office.applicant("newborn"), "consent.read")
    refused(reader.post(here), 403, "not_allowed")
    refused(caller(office.applicant("newborn"), "case.read").get("/consents"), 403, "not_allowed")
    refused(mother.post("/consents/1/withdraw"), 422, "request_invalid")
    assert mother.get("/consents")[1] == [consent]


def test_a_grant_is_listed_and_ended_by_who_gives_it(office: Office) -> None:
    provider = at(office, "civil-affairs", "approver")
    grant = provider.get("/exchange/grants")[1][0]
    only = provider.get(f"/exchange/grants?client={grant['client']}")[1]
    assert {one["client"] for one in only} == {grant["client"]}
    assert grant in only
    end, why = f"/exchange/grants/{grant['id']}/end", {"reason": "业务终止"}
    for other in (
        at(office, "civil-affairs", "clerk"),
        at(office, "civil-affairs", "approver", "exchange.read"),
        caller(office.applicant("newborn")),
    ):
        refused(other.post(end, why), 403, "not_allowed")
    refused(provider.post("/exchange/grants/g999999/end", why), 404, "grant_unknown")
    refused(provider.post("/exchange/grants/x/end", why), 422, "request_invalid")
    assert provider.get("/exchange/grants")[1][0] == grant


def test_what_is_registered_is_changed_by_its_department_and_named_where_it_is_wrong(
    office: Office,
) -> None:
    clerk, approver = at(office, "police", "clerk"), at(office, "police", "approver")
    other, citizen = at(office, "health", "approver"), caller(office.applicant("newborn"))
    for stranger in (other, citizen):
        refused(stranger.post("/catalogue", given()), 403, "not_allowed")
    assert clerk.post("/catalogue", given())[0] == 201
    here = "/catalogue/permits"
    change = {n: v for n, v in given().items() if n != "slug"} | {"seen": 0}
    for stranger in (other, citizen):
        refused(stranger.get(here), 404, "resource_unknown")
        refused(stranger.get(f"{here}/versions"), 404, "resource_unknown")
        refused(stranger.put(here, change), 403, "not_allowed")
        refused(stranger.post(f"{here}/publication"), 403, "not_allowed")
    status, found = clerk.put(here, change | {"code": "x", "sharing": "maybe"})
    assert (status, {"code", "sharing"} <= set(found["fields"])) == (422, True)
    assert approver.post(f"{here}/publication")[1]["state"] == "published"
    refused(approver.post(f"{here}/publication"), 409, "resource_refused")
    for body in ({}, {"reason": " "}):
        fields = refused(approver.post(f"{here}/withdrawal", body), 422, "request_invalid")
        assert [name for name in fields if "reason" in name]
    refused(clerk.post(f"{here}/withdrawal", {"reason": "停用"}), 403, "not_allowed")
    refused(approver.post("/catalogue/absent/publication"), 404, "resource_unknown")
    assert citizen.get(here)[1]["state"] == "published"
