"""One file a person: read under one purpose, never in silence, and nobody else's business."""

from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import transaction

from testkit.office import Office
from tongban.apps.exchange import consents, files, queries, requests
from tongban.apps.exchange.domain.requests import Action, NotForYou
from tongban.apps.exchange.events import FILE_OPENED, file_chain
from tongban.apps.exchange.files import FileInvalid
from tongban.apps.exchange.requests import NewRequest
from tongban.apps.exchange.services import InsideTransaction
from tongban.cli import main
from tongban.infra.trail import queries as trail

OWN = NewRequest(
    service="population",
    fields=["name", "birth_date"],
    item="own-file",
    basis="statutory",
    legal_basis="中华人民共和国个人信息保护法 第四十五条",
    reason="本人查阅",
    department="data-bureau",
)


def granted(office: Office, new: NewRequest, provider: str) -> None:
    number = requests.ask(office.official("data-bureau", "clerk"), new)
    for action in (Action.TAKE, Action.FORWARD):
        requests.act(office.official("data-bureau", "reviewer"), number, action)
    requests.act(office.official(provider, "approver"), number, Action.GRANT)


@pytest.fixture
def number(office: Office) -> str:
    granted(office, OWN, "police")
    other = replace(OWN, service="marriages", fields=["marital_status"])
    granted(office, other, "civil-affairs")
    return office.cast("newborn")["mother.id_number"]


def test_a_person_reads_its_own_file_and_finds_the_look(office: Office, number: str) -> None:
    me = office.applicant("newborn")
    found = files.open_file("person", number, me, purpose="", reason="")
    by_resource = {one.resource: one for one in found.sections}
    assert set(by_resource) == {"population", "marriages"}
    assert by_resource["marriages"].values == {"marital_status": "married"}
    assert set(by_resource["population"].values) == {"name", "birth_date"}
    assert found.purpose == "own-file"
    chain = file_chain(consents.file_mark("person", number))
    (told,) = trail.history(chain)
    assert told.type == FILE_OPENED
    assert number not in str(told)
    assert str(by_resource["population"].values["name"]) not in str(told.data)
    seen = consents.looks([], [number])
    assert {(one.resource, one.purposes) for one in seen} == {
        ("population", ("own-file",)),
        ("marriages", ("own-file",)),
    }


def test_an_official_needs_a_post_a_purpose_and_a_reason(office: Office, number: str) -> None:
    def look(who: Any, **changed: str) -> files.File:
        told = {"purpose": "household-registration", "reason": "核查重复登记", **changed}
        return files.open_file("person", number, who, **told)

    reviewer = office.official("police", "reviewer")
    found = look(reviewer)
    rules = queries.catalogue().governance
    allowed = {
        grant.resource: grant.attributes
        for grant in queries.catalogue().grants
        if grant.item == "household-registration"
    }
    assert rules.operator
    for section in found.sections:
        assert set(section.values) <= allowed[section.resource]
    (opening,) = trail.history(file_chain(consents.file_mark("person", number)))
    assert (opening.reason, opening.organisation) == ("核查重复登记", "police")
    for stranger in (office.applicant("newborn", 1), office.official("police", "clerk")):
        with pytest.raises(NotForYou):
            look(stranger)
    for wrong in (
        {"reason": " "},
        {"purpose": "nothing"},
        {"purpose": "social-security-card.consent"},
    ):
        with pytest.raises(FileInvalid):
            look(reviewer, **wrong)
    with pytest.raises(FileInvalid):
        files.open_file("person", "1", reviewer, purpose="household-registration", reason="x")
    assert trail.count(file_chain(consents.file_mark("person", number))) == 1


def test_a_source_that_is_down_says_so_and_the_rest_is_read(office: Office, number: str) -> None:
    office.close("civil-affairs")
    found = files.open_file("person", number, office.applicant("newborn"), purpose="", reason="")
    states = {one.resource: one.status for one in found.sections}
    assert states == {"population": "value", "marriages": "unavailable"}


def test_a_file_is_not_read_inside_a_transaction(office: Office, number: str) -> None:
    with pytest.raises(InsideTransaction), transaction.atomic():
        files.open_file("person", number, office.applicant("newborn"), purpose="", reason="")


def test_the_command_reads_a_file_as_an_official(office: Office, number: str) -> None:
    words = ["exchange", "file", number, "--purpose", "household-registration"]
    good = CliRunner().invoke(main, [*words, "--reason", "核查", "--as", "police.reviewer"])
    assert good.exit_code == 0, good.output
    assert "population" in good.output
    bad = CliRunner().invoke(main, [*words, "--as", "police.reviewer"])
    assert (bad.exit_code, "理由" in bad.output) == (1, True)
