"""What a department says goes before what somebody types, and nobody decides on it unconfirmed."""

import json
from typing import Any

import pytest
from django.db import transaction

from testkit.office import Office
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import Known, Stage
from tongban.apps.cases.errors import CaseRefused, SubmissionInvalid
from tongban.apps.exchange import services as exchange
from tongban.apps.exchange.models import CatalogueVersion

ACCOUNT = "mother.bank_account"


def held(office: Office, number: str, fact: str) -> Known:
    return office.case(number).facts[fact]


def test_a_value_typed_unasked_does_not_keep_its_register_from_being_asked(office: Office) -> None:
    honest = office.submit()
    true = held(office, honest, ACCOUNT)
    number = office.submit(place=1, mother__bank_account="6217000000000000000")
    assert held(office, number, ACCOUNT).origin == "source"
    assert held(office, number, ACCOUNT).value != "6217000000000000000"
    assert (true.origin, true.status) == ("source", "value")


def test_a_typed_father_does_not_stand_against_the_marriage_register(office: Office) -> None:
    somebody = next(iter(office.cast("newborn", 1).values()))
    number = office.submit(father__id_number=somebody)
    facts = queries.values(queries.load(number))
    assert facts["father.id_number"] == facts["mother.spouse_id_number"] != somebody


def test_a_typed_value_waits_for_a_register_that_is_down_and_stands_where_it_has_none(
    office: Office,
) -> None:
    department = held(office, office.submit(), ACCOUNT).department
    office.close(department)
    number = office.submit(place=1, mother__bank_account="6217000000000000000")
    waiting = held(office, number, ACCOUNT)
    assert (waiting.origin, waiting.status) == ("applicant", "unavailable")
    office.open(department)
    office.clock.move(minutes=11)
    services.wake()
    assert held(office, number, ACCOUNT).origin == "source"


def test_a_changed_record_is_confirmed_and_never_overwritten(office: Office) -> None:
    number = office.submit(seen={"mother.name": "张三"})
    mother = office.applicant("newborn")
    with pytest.raises(SubmissionInvalid) as refused:
        services.answer(mother, number, {"mother.name": "张三"})
    assert "record stands" in refused.value.fields["mother.name"][1]
    true = held(office, number, "mother.name")
    services.answer(mother, number, {"mother.name": true.value})
    assert held(office, number, "mother.name") == true
    assert office.branch(number, "birth-certificate").stage is Stage.GRANTED
    assert queries.replay(number) == office.case(number)


def revoke(item: str) -> None:
    """Take back every grant of an item from now on."""
    data: dict[str, Any] = json.loads(CatalogueVersion.objects.latest("pk").content)
    data["grants"] = [grant for grant in data["grants"] if grant["item"] != item]
    with transaction.atomic():
        exchange.publish_catalogue([], data, "test")


def test_a_grant_taken_back_hands_the_decision_to_a_person_instead_of_stopping_it(
    office: Office,
) -> None:
    number = office.submit(child__name=None)
    office.clock.move(hours=1)
    revoke("birth-certificate")
    services.answer(office.applicant("newborn"), number, {"child.name": "安一诺"})
    (task,) = (t for t in office.tasks(number) if t.item == "birth-certificate")
    assert (task.rule, task.message) == (True, "unverified")
    reviewer = office.official("health", task.post)
    verdict = services.Verdict({"outcome": "grant"}, "已核对原件")
    with pytest.raises(CaseRefused, match="unverified"):
        services.decide(reviewer, number, task.item, task.step, verdict)
    seen = services.Verdict({"outcome": "grant"}, "已核对原件", accept_unverified=True)
    services.decide(reviewer, number, task.item, task.step, seen)
    assert office.branch(number, "birth-certificate").stage is Stage.GRANTED
