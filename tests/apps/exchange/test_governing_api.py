"""The API of governance refuses with one shape, and offers exactly what it would take."""

from datetime import timedelta
from typing import Any

from django.test import Client

from testkit.office import Office
from tongban.apps.exchange.models import Consent
from tongban.infra.access import services as access
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User

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


class Caller:
    def __init__(self, subject: Subject, *scopes: str) -> None:
        user = User.objects.get(pk=subject.user_id)
        made = access.issue_token(
            user, label="t", lifetime=timedelta(days=1), actor="test", scopes=scopes
        )
        self.client = Client(headers={"Authorization": f"Bearer {made.secret}"})

    def get(self, path: str) -> Any:
        return self.client.get(f"/api{path}")

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/api{path}", body or {}, content_type="application/json")


def test_a_request_is_made_reviewed_and_granted_over_the_api(office: Office) -> None:
    clerk = Caller(office.official("medical-insurance", "clerk"))
    made = clerk.post("/exchange/requests", BODY)
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    acts = f"/exchange/requests/{number}/actions"
    assert made.json()["actions"] == ["withdraw"]
    assert made.json()["clock"]["due"] == "2026-11-25"
    provider = Caller(office.official("civil-affairs", "approver"))
    assert provider.get(f"/exchange/requests/{number}").json()["actions"] == []
    early = provider.post(acts, {"action": "grant"})
    assert (early.status_code, early.json()["error"]) == (409, "action_refused")
    reviewer = Caller(office.official("data-bureau", "reviewer"))
    assert reviewer.get(f"/exchange/requests/{number}").json()["actions"] == ["take"]
    assert reviewer.post(acts, {"action": "take"}).json()["state"] == "review"
    assert reviewer.post(acts, {"action": "forward"}).json()["state"] == "provider"
    own = clerk.post(acts, {"action": "grant"})
    assert (own.status_code, own.json()["error"]) == (403, "not_allowed")
    lawless = provider.post(acts, {"action": "refuse"})
    assert (lawless.status_code, set(lawless.json()["fields"])) == (422, {"ground"})
    assert provider.post(acts, {"action": "grant"}).json()["state"] == "granted"
    (grant,) = [g for g in clerk.get("/exchange/grants").json() if g["client"].endswith("/relief")]
    assert grant["fields"] == ["marital_status"]
    stranger = Caller(office.official("tax", "clerk"))
    assert all(not g["client"].endswith("/relief") for g in stranger.get("/exchange/grants").json())
    assert stranger.get(f"/exchange/requests/{number}").status_code == 404
    end = f"/exchange/grants/{grant['id']}/end"
    assert stranger.post(end, {"reason": "x"}).status_code == 403
    assert provider.post(end, {"reason": "业务终止"}).status_code == 204
    assert provider.post(end, {"reason": "业务终止"}).json()["error"] == "grant_unknown"


def test_faults_are_named_field_by_field_and_scopes_hold(office: Office) -> None:
    official = office.official("medical-insurance", "clerk")
    wrong = Caller(official).post("/exchange/requests", BODY | {"fields": ["blood_type"]})
    assert (wrong.status_code, set(wrong.json()["fields"])) == (422, {"fields.blood_type"})
    other = Caller(official, "case.read").post("/exchange/requests", BODY)
    assert (other.status_code, other.json()["error"]) == (403, "not_allowed")
    assert len(Caller(official).get("/exchange/refusals").json()) >= 3
    assert Caller(office.applicant("newborn")).get("/exchange/requests").json() == []
    assert Caller(office.applicant("newborn")).get("/exchange/grants").status_code == 403


def test_a_citizen_lists_withdraws_and_gives_consent_again(office: Office) -> None:
    number = office.submit("newborn")
    me = Caller(office.applicant("newborn"))
    (given,) = me.get("/consents").json()
    assert (given["case"], given["stands"]) == (number, True)
    assert given["receipt"]["document"]["format"] == "tongban-receipt/1"
    looks = me.get("/looks").json()
    assert {look["basis"] for look in looks} == {"statutory", "consent"}
    assert all(look["case"] == number for look in looks)
    stranger = Caller(office.applicant("newborn", 1))
    assert stranger.post(f"/consents/{given['number']}/withdraw").status_code == 404
    assert stranger.get("/looks").json() == []
    done = me.post(f"/consents/{given['number']}/withdraw").json()
    assert (done["stands"], done["withdrawn"] is None) == (False, False)
    assert me.post(f"/cases/{number}/consent").status_code == 200
    assert me.post(f"/cases/{number}/consent").status_code == 409
    assert Consent.objects.filter(case=number).count() == 2
