"""A grant that came by request counts like one of the pack: plans, calls, limits, its end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from testkit.office import Office
from tongban.apps.cases import queries as cases
from tongban.apps.cases.domain.state import Known, Stage
from tongban.apps.exchange import grants, queries, requests
from tongban.apps.exchange.domain.requests import Action
from tongban.apps.exchange.models import Grant
from tongban.apps.exchange.requests import NewRequest
from tongban.apps.items import queries as items
from tongban.apps.items.services import publish
from tongban.infra import clock
from tongban.infra.packs import find_packs, read_packs

ITEM, FACT = "vaccination-certificate", "mother.residence_region"
SERVICE = "residence"


class Residence:
    """The register that the item lost its pack's grant of, and may ask for again."""

    def __init__(self, office: Office) -> None:
        self.office = office
        for row in Grant.objects.filter(ended=None, purpose=ITEM, service__endswith=f"/{SERVICE}"):
            grants.end(f"g{row.pk}", "police", "按需重新申请")

    def asked(self) -> set[str]:
        """Give what the form asks of the citizen now."""
        return {field.fact.name for field in items.life_event("newborn").plan.ask}

    def granted(self, **changed: Any) -> str:
        """Ask for the fact through three hands; give the grant."""
        new = NewRequest(
            SERVICE,
            ["residence_region"],
            ITEM,
            "statutory",
            "中华人民共和国疫苗管理法 第四十七条",
            "核定接种单位",
            "data-bureau",
        )
        provider = queries.catalogue().contracts[SERVICE].resource.department
        number = requests.ask(self.office.official("data-bureau", "clerk"), replace(new, **changed))
        reviewer = self.office.official("data-bureau", "reviewer")
        requests.act(reviewer, number, Action.TAKE)
        requests.act(reviewer, number, Action.FORWARD)
        requests.act(self.office.official(provider, "approver"), number, Action.GRANT)
        return f"g{Grant.objects.get(request__number=number).pk}"

    def applied(self, place: int, **answers: Any) -> Known:
        """Apply for somebody; give what is known of the fact then."""
        self.office.next_birth()
        return self.office.case(self.office.submit(place=place, **answers)).facts[FACT]


@pytest.fixture
def residence(any_office: Office) -> Residence:
    return Residence(any_office)


def test_a_request_that_is_granted_spares_the_citizen_the_question_until_it_ends(
    residence: Residence, any_office: Office
) -> None:
    assert FACT in residence.asked()
    typed = residence.applied(0, mother__residence_region="330113")
    assert (typed.origin, typed.value) == ("applicant", "330113")
    grant = residence.granted()
    assert FACT not in residence.asked()
    number = any_office.submit(place=1)
    known = any_office.case(number).facts[FACT]
    assert (known.origin, known.status, known.resource) == ("source", "value", SERVICE)
    assert SERVICE in {call["resource"] for call in cases.resources_called(number)}
    grants.end(grant, "police", "业务终止")
    assert FACT in residence.asked()
    again = any_office.submit(place=2)
    assert FACT not in any_office.case(again).facts
    assert any_office.branch(again, ITEM).stage is Stage.CORRECTION


def test_it_opens_nothing_before_and_after_its_time(
    residence: Residence, any_office: Office
) -> None:
    residence.granted(valid_until=clock.now() + timedelta(days=10))
    assert FACT not in residence.asked()
    any_office.clock.move(days=9, hours=23)
    assert FACT not in residence.asked()
    any_office.clock.move(hours=2)
    assert FACT in residence.asked()
    # who says otherwise, by a plan that was made before, is refused by the node all the same
    assert not {slug for slug in queries.catalogue().permits if slug[:2] == (ITEM, SERVICE)}


def test_only_records_that_pass_its_row_filter_are_read(
    residence: Residence, any_office: Office
) -> None:
    seen = residence.granted()
    region = str(residence.applied(0).value)
    grants.end(seen, "police", "改按区域授权")
    other = residence.granted(rows={"residence_region": ["330199"]})
    assert FACT not in residence.asked()
    assert residence.applied(0).status == "absent"
    grants.end(other, "police", "改按区域授权")
    residence.granted(rows={"residence_region": ["330199", region]})
    assert residence.applied(0).value == region


def test_its_quota_is_spent_and_comes_back_the_next_day(
    residence: Residence, any_office: Office
) -> None:
    residence.granted(calls=1)
    assert residence.applied(0).status == "value"
    spent = residence.applied(1)
    assert (spent.status, spent.value) == ("unavailable", None)
    assert "quota" in spent.reason
    any_office.clock.move(days=1)
    assert residence.applied(2).status == "value"


def test_what_it_does_not_name_stays_closed(residence: Residence) -> None:
    residence.granted()
    place = (ITEM, SERVICE)
    assert {slug[2] for slug in queries.catalogue().permits if slug[:2] == place} == {
        "residence_region"
    }


def test_a_grant_to_another_system_opens_nothing_to_a_case(residence: Residence) -> None:
    residence.granted(system="statistics")
    assert FACT in residence.asked()


def test_publishing_the_pack_again_leaves_it_as_it_is(residence: Residence) -> None:
    grant = residence.granted()
    publish(read_packs(find_packs()), actor="test")
    assert Grant.objects.get(pk=int(grant[1:])).ended is None
    assert FACT not in residence.asked()
    grants.end(grant, "police", "业务终止")
    # the pack's own grant is in force again, as the pack says
    assert FACT not in residence.asked()
    assert residence.applied(0).status == "value"


def test_a_grant_that_was_rolled_back_is_never_believed(residence: Residence) -> None:
    with transaction.atomic():
        residence.granted()
        assert FACT not in residence.asked()
        transaction.set_rollback(True)
    assert FACT in residence.asked()
    residence.granted(system="statistics")
    assert FACT in residence.asked()
