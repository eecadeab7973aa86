"""The API that opens a file: one's own, or with a post, a registered purpose and a reason."""

from typing import Any

import pytest

from testkit.callers import Caller, caller, refused
from testkit.office import Office

OPEN = "/exchange/files"


@pytest.fixture
def asked(office: Office) -> dict[str, Any]:
    number = office.cast("newborn")["mother.id_number"]
    return {
        "kind": "person",
        "number": number,
        "purpose": "household-registration",
        "reason": "核查重复登记",
    }


def reviewer(office: Office) -> Caller:
    return caller(office.official("police", "reviewer"))


def test_an_official_opens_a_file_and_the_person_reads_that_it_did(
    office: Office, asked: dict[str, Any]
) -> None:
    mother = caller(office.applicant("newborn"))
    assert mother.get("/looks") == (200, [])
    status, file = reviewer(office).post(OPEN, asked)
    assert (status, file["purpose"]) == (200, asked["purpose"])
    assert file["legal_basis"]
    assert "value" in {one["status"] for one in file["sections"]}
    assert asked["purpose"] in str(mother.get("/looks")[1])
    assert caller(office.applicant("newborn", 1)).get("/looks") == (200, [])


def test_a_file_is_closed_to_everybody_else(office: Office, asked: dict[str, Any]) -> None:
    mother = caller(office.applicant("newborn"))
    for stranger in (
        caller(office.applicant("newborn", 1)),
        caller(office.official("police", "clerk")),
        caller(office.official("police", "reviewer"), "case.read"),
    ):
        refused(stranger.post(OPEN, asked), 403, "not_allowed")
    refused(Caller().post(OPEN, asked), 401, "not_signed_in")
    assert mother.get("/looks") == (200, [])


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"number": "1"}, "number"),
        ({"kind": "house"}, "kind"),
        ({"purpose": "Any Purpose"}, "purpose"),
        ({"reason": "\x00"}, "reason"),
        ({"case": "case 1"}, "case"),
        ({"fields": ["name"]}, "fields"),
        ({"number": "330106198811120012"}, ""),
        ({"reason": " "}, ""),
        ({"purpose": "nothing"}, ""),
        ({"purpose": "social-security-card.consent"}, ""),
    ],
)
def test_what_is_asked_wrongly_is_refused_and_nobody_looked(
    office: Office, asked: dict[str, Any], changed: dict[str, Any], field: str
) -> None:
    status, problem = reviewer(office).post(OPEN, asked | changed)
    assert status == 422
    assert problem["zh"]
    assert problem["en"]
    assert not field or [name for name in problem["fields"] if field in name], problem
    assert caller(office.applicant("newborn")).get("/looks") == (200, [])
