"""A register supplied for a list of people: theirs, and nobody else's."""

import sqlite3
from contextlib import closing

import pytest
from django.db import transaction

from testkit.office import Office
from tongban.apps.exchange import services
from tongban.apps.exchange.domain import Supplied
from tongban.kernel.facts import Value

POLICY = "old-age-allowance"


def numbers(office: Office) -> list[str]:
    with closing(sqlite3.connect(office.stores / "civil-affairs.sqlite")) as store:
        return [row[0] for row in store.execute("SELECT GMSFHM FROM LNRXX ORDER BY GMSFHM")]


def supply(people: list[str], *attributes: str) -> Supplied:
    return services.supply_for(
        [{"elder.id_number": number} for number in people],
        "elders",
        ["id_number", *attributes],
        role="elder",
        item=POLICY,
        case="test:1",
        actor="test",
    )


def test_only_those_asked_for_are_given_and_the_event_says_how_many(office: Office) -> None:
    some = numbers(office)[:7]
    found = supply([*some, "330106190001010016"], "death_reported")
    assert sorted(str(record["elder.id_number"]) for record in found.records) == some
    assert found.records[0].keys() == {"elder.id_number", "elder.death_reported"}
    assert (found.call.data["people"], found.call.data["records"]) == (8, 7)
    assert found.call.data["facts"] == ["elder.id_number", "elder.death_reported"]
    assert not any(number in str(found.call.data) for number in some)


def test_more_people_than_fit_in_one_statement_are_all_given(office: Office) -> None:
    known = numbers(office)
    nobody = [f"33010619000101{place:04}" for place in range(1500)]
    found = supply([*nobody, *known])
    assert {str(record["elder.id_number"]) for record in found.records} == set(known)


def test_two_records_of_one_person_are_both_given(office: Office) -> None:
    number = numbers(office)[0]
    with closing(sqlite3.connect(office.stores / "civil-affairs.sqlite")) as store, store:
        store.execute("INSERT INTO LNRXX (GMSFHM, SFBZDJ) VALUES (?, 1)", [number])
    found = supply([number], "death_reported")
    values: set[Value] = {record["elder.death_reported"] for record in found.records}
    assert len(found.records) == 2
    assert True in values


def test_what_is_not_granted_is_not_supplied(office: Office) -> None:
    with pytest.raises(services.NotGranted, match="lives_in_institution"):
        supply(numbers(office)[:1], "lives_in_institution")


def test_a_department_that_is_down_says_so(office: Office) -> None:
    known = numbers(office)
    office.close("civil-affairs")
    with pytest.raises(services.StoreUnavailable):
        supply(known)


def test_it_is_never_read_inside_a_transaction(office: Office) -> None:
    with transaction.atomic(), pytest.raises(services.InsideTransaction):
        supply([])
