"""The API of governance refuses with one shape, and offers exactly what it would take."""

from testkit.callers import caller, refused
from testkit.office import Office
from tongban.apps.exchange.models import Consent

BODY = {
    "service": "marriages",
    "fields": ["marital_status"],
    "item": "housing-support",
    "basis": "statutory",
    "legal_basis": "社会救助暂行办法",
    "reason": "核定家庭成员",
    "department": "medical-insurance",
    "system": "relief",
}


def test_a_request_is_made_reviewed_and_granted_over_the_api(office: Office) -> None:
    clerk = caller(office.official("medical-insurance", "clerk"))
    status, made = clerk.post("/exchange/requests", BODY)
    assert status == 201, made
    number = made["number"]
    acts = f"/exchange/requests/{number}/actions"
    assert made["actions"] == ["withdraw"]
    assert made["clock"]["due"] == "2026-11-25"
    provider = caller(office.official("civil-affairs", "approver"))
    assert provider.get(f"/exchange/requests/{number}")[1]["actions"] == []
    refused(provider.post(acts, {"action": "grant"}), 409, "action_refused")
    reviewer = caller(office.official("data-bureau", "reviewer"))
    assert reviewer.get(f"/exchange/requests/{number}")[1]["actions"] == ["take"]
    assert reviewer.post(acts, {"action": "take"})[1]["state"] == "review"
    assert reviewer.post(acts, {"action": "forward"})[1]["state"] == "provider"
    refused(clerk.post(acts, {"action": "grant"}), 403, "not_allowed")
    status, lawless = provider.post(acts, {"action": "refuse"})
    assert (status, set(lawless["fields"])) == (422, {"ground"})
    assert provider.post(acts, {"action": "grant"})[1]["state"] == "granted"
    (grant,) = [g for g in clerk.get("/exchange/grants")[1] if g["client"].endswith("/relief")]
    assert grant["fields"] == ["marital_status"]
    stranger = caller(office.official("tax", "clerk"))
    assert all(not g["client"].endswith("/relief") for g in stranger.get("/exchange/grants")[1])
    assert stranger.get(f"/exchange/requests/{number}")[0] == 404
    end = f"/exchange/grants/{grant['id']}/end"
    assert stranger.post(end, {"reason": "x"})[0] == 403
    assert provider.post(end, {"reason": "业务终止"})[0] == 204
    assert provider.post(end, {"reason": "业务终止"})[1]["error"] == "grant_unknown"


def test_faults_are_named_field_by_field_and_scopes_hold(office: Office) -> None:
    official = office.official("medical-insurance", "clerk")
    status, wrong = caller(official).post("/exchange/requests", BODY | {"fields": ["blood_type"]})
    assert (status, set(wrong["fields"])) == (422, {"fields.blood_type"})
    refused(caller(official, "case.read").post("/exchange/requests", BODY), 403, "not_allowed")
    assert len(caller(official).get("/exchange/refusals")[1]) >= 3
    assert caller(office.applicant("newborn")).get("/exchange/requests")[1] == []
    assert caller(office.applicant("newborn")).get("/exchange/grants")[0] == 403


def test_a_citizen_lists_withdraws_and_gives_consent_again(office: Office) -> None:
    number = office.submit("newborn")
    me = caller(office.applicant("newborn"))
    _, (given,) = me.get("/consents")
    assert (given["case"], given["stands"]) == (number, True)
    assert given["receipt"]["document"]["format"] == "tongban-receipt/1"
    _, looks = me.get("/looks")
    assert {look["basis"] for look in looks} == {"statutory", "consent"}
    assert all(look["case"] == number for look in looks)
    stranger = caller(office.applicant("newborn", 1))
    assert stranger.post(f"/consents/{given['number']}/withdraw")[0] == 404
    assert stranger.get("/looks")[1] == []
    _, done = me.post(f"/consents/{given['number']}/withdraw")
    assert (done["stands"], done["withdrawn"] is None) == (False, False)
    assert me.post(f"/cases/{number}/consent")[0] == 200
    assert me.post(f"/cases/{number}/consent")[0] == 409
    assert Consent.objects.filter(case=number).count() == 2
