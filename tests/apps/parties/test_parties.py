"""Parties: one account a person, posts make an official, names in two languages."""

import pytest

from tongban.apps.parties import queries, services
from tongban.apps.parties.models import Company, Relation
from tongban.kernel.codes import CodeError

MOTHER = "330106199003070022"
FATHER = "330106198811120011"


@pytest.fixture(autouse=True)
def _departments(db: None) -> None:
    row = services.DepartmentRow("police", "1133010000250101XW", "公安局", "Police", "330100")
    services.install_departments([row])
    services.install_departments([row])


def test_the_same_person_twice_is_one_account() -> None:
    first = services.register_person("a", "王某", MOTHER)
    again = services.register_person("b", "王某", MOTHER.lower())
    assert first.pk == again.pk
    subject = queries.subject_of(first)
    assert subject.kind == "citizen"
    assert queries.id_number(subject.person_id) == MOTHER
    assert not first.has_usable_password()


def test_a_wrong_identity_number_is_refused_with_a_named_error() -> None:
    with pytest.raises(CodeError):
        services.register_person("a", "王某", "330106199003070021")


def test_a_post_makes_an_official_of_that_department() -> None:
    user = services.appoint("police.clerk", "陈立", "police", "clerk")
    services.appoint("police.clerk", "陈立", "police", "clerk")
    subject = queries.subject_of(user)
    assert subject.kind == "official"
    assert [(p.department, p.role, p.region) for p in subject.posts] == [
        ("police", "clerk", "330100")
    ]
    assert queries.officials("police", "clerk") == (user,)
    assert queries.department_name("police", "en") == "Police"
    assert queries.department_region("police") == "330100"


def test_families_and_companies_are_recorded_once() -> None:
    for login, number in (("m", MOTHER), ("f", FATHER)):
        services.register_person(login, login, number)
    services.marry(MOTHER, FATHER)
    services.marry(MOTHER, FATHER)
    assert Relation.objects.count() == 2
    services.register_company("91330106MT0000003J", "安和云杉软件有限公司", MOTHER)
    assert Company.objects.get().representative.id_number == MOTHER
