"""A result is given once for one subject, however often and by whomever it is applied for."""

from functools import partial

from testkit.office import Office
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import Stage
from tongban.apps.cases.models import PaymentOrder
from tongban.apps.licences.models import AssignedNumber, Licence
from tongban.infra.trail import queries as trail

BIRTH = "birth-certificate"
GRANT = services.Verdict({"outcome": "grant"}, "材料齐全")


def pay(office: Office, number: str) -> None:
    while work := office.tasks(number):
        who = office.official("medical-insurance", work[0].post)
        services.decide(who, number, work[0].item, work[0].step, GRANT)


def test_the_same_newborn_is_certified_registered_and_paid_for_once(office: Office) -> None:
    first = office.submit()
    pay(office, first)
    given = Licence.objects.count(), AssignedNumber.objects.count(), PaymentOrder.objects.count()
    office.clock.move(days=1)
    second = office.submit()
    branch = office.branch(second, BIRTH)
    assert (branch.stage, branch.outcome, branch.note) == (Stage.REFUSED, "duplicate", first)
    assert office.branch(second, "household-registration").stage is Stage.IMPOSSIBLE
    assert office.branch(second, "vaccination-certificate").outcome == "duplicate"
    assert office.case(second).ended
    after = Licence.objects.count(), AssignedNumber.objects.count(), PaymentOrder.objects.count()
    assert after == given
    shown = {b["item"]: b["note"] for b in queries.track(second, "en")["branches"]}
    assert shown[BIRTH] == f"case {first} gave this already; it is given once"
    assert trail.verify(second) is None
    assert queries.replay(second) == office.case(second)


def test_of_two_submissions_at_once_one_gives_and_the_other_is_refused(any_office: Office) -> None:
    office = any_office
    office.submit(place=1)  # warms the process
    came = office.at_once(partial(office.submit), partial(office.submit))
    stages = {office.branch(str(number), BIRTH).stage for number in came}
    assert stages == {Stage.GRANTED, Stage.REFUSED}
    assert Licence.objects.filter(kind=BIRTH).count() == 2  # this child's, and the one at place 1


def test_an_application_that_gave_nothing_bars_no_other(office: Office) -> None:
    office.close("health")
    first = office.submit()
    services.withdraw(office.applicant("newborn"), first, [])
    office.open("health")
    assert office.branch(office.submit(), BIRTH).stage is Stage.GRANTED


def test_a_brother_or_sister_is_another_subject(office: Office) -> None:
    office.submit()
    office.write("health", "UPDATE CSYXXX SET CSSJ = '03:21'")
    assert office.branch(office.submit(), BIRTH).stage is Stage.GRANTED


def test_a_company_is_registered_once(office: Office) -> None:
    office.submit("enterprise-start")
    second = office.submit("enterprise-start")
    assert office.branch(second, "company-registration").outcome == "duplicate"
    assert office.branch(second, "seal-record").stage is Stage.IMPOSSIBLE
