"""The API of delegations that an office records: guardians, and help at a counter for a day."""

from typing import Any

import pytest

from testkit.callers import Caller, caller, refused
from testkit.office import Office
from tongban.apps.parties import services as people

GUARDIANS, HELP = "/delegations/guardians", "/delegations/assistance"
WARD = {"id_number": "330106201403070021", "name": "小明"}
GUARDIAN = {"id_number": "330106198811120011", "name": "邻居"}
BASIS = {"basis": "出生医学证明"}


def clerk(office: Office, department: str = "civil-affairs") -> Caller:
    return caller(office.official(department, "clerk"))


def until(ends: str, *actions: str) -> dict[str, Any]:
    return {"scope": {"actions": list(actions), "events": ["newborn"], "ends": ends}}


@pytest.fixture
def guarding(office: Office) -> dict[str, Any]:
    people.register_person("neighbour", GUARDIAN["name"], GUARDIAN["id_number"])
    scope = until("2032-03-07T00:00:00+08:00", "case.read", "case.submit")
    place = {"department": "civil-affairs"}
    return {"ward": WARD, "guardian": GUARDIAN} | scope | place | BASIS


def test_a_guardian_acts_until_the_office_ends_it(office: Office, guarding: dict[str, Any]) -> None:
    status, made = clerk(office).post(GUARDIANS, guarding)
    assert status == 201
    guardian = caller(office.citizen(GUARDIAN["id_number"]))
    (held,) = guardian.get("/delegations")[1]["held"]
    assert (held["number"], held["kind"], held["principal"]) == (made["number"], "guardian", "小明")
    instead = guardian.instead(made["number"])
    assert instead.get("/cases") == (200, {"count": 0, "page": 1, "size": 20, "rows": []})
    refused(instead.put("/channels/email", {"address": "a@example.cn"}), 403, "not_allowed")
    refused(clerk(office, "police").post(GUARDIANS, guarding), 409, "delegation_refused")
    end = f"/delegations/{made['number']}/end"
    assert clerk(office).post(end, {"reason": "监护关系变更"}) == (204, None)
    refused(instead.get("/cases"), 403, "not_allowed")


def test_a_guardian_that_cannot_be_is_refused_in_words(
    office: Office, guarding: dict[str, Any]
) -> None:
    me = clerk(office)
    late = until("2032-03-08T00:00:00+08:00", "case.read")
    status, problem = me.post(GUARDIANS, guarding | late)
    assert (status, problem["error"]) == (409, "delegation_refused")
    assert "2032-03-07" in problem["zh"]
    nobody = {"guardian": GUARDIAN | {"name": "别人"}}
    refused(me.post(GUARDIANS, guarding | nobody), 409, "delegation_refused")
    wrong = {"ward": WARD | {"id_number": "330106201403070022"}}
    refused(me.post(GUARDIANS, guarding | wrong), 422, "number_invalid")
    for changed, field in (
        ({"department": "No"}, "department"),
        ({"basis": "\x00"}, "basis"),
        ({"ward": WARD | {"name": ""}}, "name"),
        (until("2032-03-07T00:00:00", "case.read"), "ends"),
        (until("2032-03-07T00:00:00+08:00"), "actions"),
        ({"reason": "x"}, "reason"),
    ):
        fields = refused(me.post(GUARDIANS, guarding | changed), 422, "request_invalid")
        assert [name for name in fields if field in name], (field, fields)
    for other in (caller(office.applicant("newborn")), clerk(office, "police")):
        refused(other.post(GUARDIANS, guarding), 409, "delegation_refused")
    reader = caller(office.official("civil-affairs", "clerk"), "case.read")
    refused(reader.post(GUARDIANS, guarding), 403, "not_allowed")
    refused(Caller().post(GUARDIANS, guarding), 401, "not_signed_in")
    assert caller(office.citizen(GUARDIAN["id_number"])).get("/delegations")[1]["held"] == []


def test_an_official_helps_for_a_day_and_the_helped_sees_it(office: Office) -> None:
    mother = caller(office.applicant("newborn"))
    helped = {"id_number": office.cast("newborn")["mother.id_number"], "name": "市民"}
    today = until("2026-11-23T18:00:00+08:00", "case.read", "case.submit")
    asked = {"helped": helped, "department": "health", "basis": "授权书 2026-17"} | today
    me = clerk(office, "health")
    for changed in (
        until("2026-11-25T18:00:00+08:00", "case.read"),
        until("2026-11-23T18:00:00+08:00", "case.withdraw"),
        {"basis": " "},
        {"department": "police"},
        {"helped": helped | {"name": "别人"}},
    ):
        refused(me.post(HELP, asked | changed), 409, "delegation_refused")
    refused(mother.post(HELP, asked), 409, "delegation_refused")
    refused(Caller().post(HELP, asked), 401, "not_signed_in")
    assert mother.get("/delegations")[1]["given"] == []
    number = office.submit()
    status, made = me.post(HELP, asked)
    assert status == 201
    instead = me.instead(made["number"])
    assert [one["number"] for one in instead.get("/cases")[1]["rows"]] == [number]
    (given,) = mother.get("/delegations")[1]["given"]
    assert (given["number"], given["kind"]) == (made["number"], "assisted")
    office.clock.move(hours=10)
    refused(instead.get("/cases"), 403, "not_allowed")
