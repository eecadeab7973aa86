"""A licence that somebody holds stands for the paper: it is looked up, and not asked for."""

from typing import Any

import pytest

from testkit.office import Office
from tongban.apps.cases import demo, queries, services
from tongban.apps.cases.domain import acceptance
from tongban.apps.cases.domain.ground import all_facts
from tongban.apps.cases.domain.state import Stage
from tongban.apps.items import queries as items
from tongban.apps.licences import services as licensing
from tongban.apps.licences.models import Licence
from tongban.infra import clock

EVENT = "enterprise-start"
PAPER = ("business-licence", "material")
LATER = ("seal-record", "tax-registration")


def apply(office: Office, place: int, *chosen: str) -> str:
    """Apply for some items of a company's start."""
    known = {n: v for n, v in office.cast(EVENT, place).items() if "id_number" not in n}
    answers = {**office.answers(EVENT), **known, "company.seal_set": "basic"}  # which is free
    told = services.Submission(EVENT, answers, consent=True, items=chosen)
    return services.submit(office.applicant(EVENT, place), told)


def give(office: Office, place: int, number: str, uscc: str) -> None:
    """Answer which company it is."""
    services.answer(office.applicant(EVENT, place), number, {"company.uscc": uscc})


@pytest.fixture
def licence(office: Office) -> Licence:
    """Let somebody found a company, and nothing else yet."""
    return Licence.objects.get(case=apply(office, 0, "company-registration"))


def lacking(number: str) -> set[tuple[str, str]]:
    """Give what still stands between the branches and acceptance."""
    loaded = queries.load(number)
    case, ground = loaded.case, loaded.ground
    facts = all_facts(case, ground)
    found = (acceptance.problems(case, b, ground, facts) for b in case.branches.values())
    return {point for points in found for point in points}


def test_who_founded_a_company_shows_its_licence_to_nobody_again(
    office: Office, licence: Licence
) -> None:
    number = apply(office, 0, *LATER)
    assert lacking(number) == {("company.uscc", "missing"), PAPER}
    give(office, 0, number, licence.holder)
    case = office.case(number)
    assert case.licences == {"business-licence": licence.identifier}
    assert lacking(number) == set()
    assert {b.stage for b in case.branches.values()} == {Stage.GRANTED}
    report = demo.report(number, items.life_event(EVENT), "zh")
    assert report["materials_by_licence"] == len(LATER)
    assert report["materials_waived"] == report["materials_total"] == 2 * len(LATER)
    assert (report["not_asked_share"], report["materials_uploaded"]) == (1, 0)


@pytest.mark.parametrize("act", ["revoke", "suspend"])
def test_a_licence_that_has_ended_stands_for_nothing(
    office: Office, licence: Licence, act: str
) -> None:
    why: dict[str, Any] = {"actor": "9", "authority": "公司法", "reason": "虚假登记"}
    getattr(licensing, act)(licence.identifier, **why, now=clock.now())
    number = apply(office, 0, *LATER)
    give(office, 0, number, licence.holder)
    assert {PAPER} == lacking(number)
    assert office.case(number).licences == {}


def test_another_s_company_or_another_company_stands_for_nothing(
    office: Office, licence: Licence
) -> None:
    other = apply(office, 1, *LATER)
    give(office, 1, other, licence.holder)
    assert {PAPER} == lacking(other), "known, and not theirs"
    second = Licence.objects.get(case=apply(office, 1, "company-registration"))
    mixed = apply(office, 0, *LATER)
    give(office, 0, mixed, second.holder)
    assert {PAPER} == lacking(mixed), "theirs, and not this company's"


def test_the_case_says_by_which_licence_and_the_fold_keeps_it(
    office: Office, licence: Licence
) -> None:
    number = apply(office, 0, *LATER)
    give(office, 0, number, licence.holder)
    told = [e for e in queries.timeline(number) if e.type.endswith("answered.v1")]
    assert [e.data["licences"] for e in told] == [{"business-licence": licence.identifier}]
