"""An elder applies for what government also pays unasked: one table, one payment, few questions."""

from functools import partial

import pytest

from testkit.office import Office
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import Stage
from tongban.apps.cases.errors import CaseRefused
from tongban.apps.cases.models import PaymentOrder
from tongban.apps.items import queries as items
from tongban.apps.outreach import services as outreach
from tongban.infra.trail import queries as trail

EVENT, CLAIM = "old-age-allowance", "old-age-allowance-claim"
ACCOUNT = "6222021234567890123"


def paid(office: Office) -> PaymentOrder:
    """Give the one order for the elder."""
    number = office.cast(EVENT)["elder.id_number"]
    (order,) = [one for one in PaymentOrder.objects.all() if one.payee == number]
    return order


def test_an_elder_is_asked_only_how_the_money_is_paid_out(office: Office) -> None:
    plan = items.life_event(EVENT).plan
    assert [(f.fact.name, [c.text for c in f.when]) for f in plan.ask] == [
        ("elder.payout", []),
        ("elder.payout_account", ['elder.payout = "other"']),
    ]
    assert {m.status for m in plan.materials} == {"waived"}
    assert plan.unmet == ()


def test_it_is_granted_by_rule_at_once_and_paid_to_the_card(office: Office) -> None:
    number = office.submit(EVENT)
    branch = office.branch(number, CLAIM)
    assert (branch.stage, branch.decided_by) == (Stage.GRANTED, "rule")
    card = office.case(number).facts["elder.bank_account"]
    assert card.origin == "source"
    order = paid(office)
    assert order.account == card.value
    assert order.amount_fen in {8000, 15000, 30000}
    assert order.reference.startswith(f"{EVENT}/2026-11/")
    assert queries.replay(number) == office.case(number)


def test_it_is_paid_to_another_account_where_the_elder_says_so(office: Office) -> None:
    office.submit(EVENT, elder__payout="other", elder__payout_account=ACCOUNT)
    assert paid(office).account == ACCOUNT


def test_another_account_that_was_not_given_is_asked_for(office: Office) -> None:
    number = office.submit(EVENT, elder__payout="other")
    branch = office.branch(number, CLAIM)
    assert branch.stage is Stage.CORRECTION
    assert branch.asked == (("elder.payout_account", "missing"),)


def test_an_account_that_does_not_count_is_not_paid_into(office: Office) -> None:
    office.submit(EVENT, elder__payout="card", elder__payout_account=ACCOUNT)
    assert paid(office).account != ACCOUNT


def test_who_is_under_eighty_is_refused_with_the_row_of_the_policy(office: Office) -> None:
    number = office.cast(EVENT)["elder.id_number"]
    office.write("police", "UPDATE RKJBXX SET CSRQ = '1950-01-01' WHERE GMSFHM = ?", number)
    case = office.submit(EVENT)
    branch = office.branch(case, CLAIM)
    assert branch.stage is Stage.REFUSED
    assert [r["rule"] for r in branch.reasons] == ["refuse-under-80"]
    assert PaymentOrder.objects.count() == 0


def test_who_was_paid_by_the_policy_this_month_is_not_paid_again(office: Office) -> None:
    outreach.run(EVENT)
    before = PaymentOrder.objects.count()
    assert before > 1
    order = paid(office)
    number = office.submit(EVENT)
    branch = office.branch(number, CLAIM)
    assert (branch.stage, branch.outcome) == (Stage.REFUSED, "paid-before")
    assert PaymentOrder.objects.count() == before
    (shown,) = queries.track(number, "en")["branches"]
    assert shown["note"] == (
        f"this month's payment was ordered already ({order.reference}); it is paid once"
    )
    assert trail.verify(number) is None


def test_what_was_refused_because_it_was_paid_does_not_bar_a_later_claim(office: Office) -> None:
    outreach.run(EVENT)
    assert office.branch(office.submit(EVENT), CLAIM).outcome == "paid-before"
    office.clock.move(days=10)
    assert office.branch(office.submit(EVENT), CLAIM).stage is Stage.GRANTED


def test_who_applied_is_passed_over_by_the_policy_that_month(office: Office) -> None:
    office.submit(EVENT)
    order = paid(office)
    outreach.run(EVENT)
    assert paid(office).reference == order.reference


def test_an_allowance_is_claimed_once(office: Office) -> None:
    first = office.submit(EVENT)
    office.clock.move(days=40)
    branch = office.branch(office.submit(EVENT), CLAIM)
    assert (branch.outcome, branch.note) == ("duplicate", first)


def test_the_policy_and_a_claim_at_once_pay_once(office: Office) -> None:
    came = office.at_once(partial(outreach.run, EVENT), partial(office.submit, EVENT))
    number = str(came[1])
    services.advance(number)
    assert paid(office)
    assert office.branch(number, CLAIM).stage in {Stage.GRANTED, Stage.REFUSED}


class TestSourcesThatDisagree:
    """The household register says alive, the funeral register dead: a person looks."""

    @pytest.fixture
    def number(self, office: Office) -> str:
        elder = office.cast(EVENT)["elder.id_number"]
        office.write("civil-affairs", "UPDATE LNRXX SET SFBZDJ = 1 WHERE GMSFHM = ?", elder)
        number = office.submit(EVENT)
        (task,) = office.tasks(number)
        assert (task.step, task.post) == ("review", "reviewer")
        return number

    def decide(self, office: Office, number: str, outcome: str) -> None:
        verdict = services.Verdict({"outcome": outcome}, "已向殡葬管理部门核实")
        reviewer = office.official("civil-affairs", "reviewer")
        services.decide(reviewer, number, CLAIM, "review", verdict)

    def test_a_person_may_refuse(self, office: Office, number: str) -> None:
        self.decide(office, number, "refuse")
        assert office.branch(number, CLAIM).stage is Stage.REFUSED
        assert PaymentOrder.objects.count() == 0

    def test_no_person_sets_an_amount_past_the_table(self, office: Office, number: str) -> None:
        self.decide(office, number, "grant")
        (task,) = office.tasks(number)
        assert task.step == "review"
        assert PaymentOrder.objects.count() == 0

    def test_once_the_register_is_mended_the_table_pays(self, office: Office, number: str) -> None:
        elder = office.cast(EVENT)["elder.id_number"]
        office.write("civil-affairs", "UPDATE LNRXX SET SFBZDJ = 0 WHERE GMSFHM = ?", elder)
        office.clock.move(minutes=20)
        with pytest.raises(CaseRefused, match="a source has changed"):
            self.decide(office, number, "grant")
        services.answer(office.applicant(EVENT), number, {})
        self.decide(office, number, "grant")
        assert office.branch(number, CLAIM).stage is Stage.GRANTED
        assert paid(office).amount_fen in {8000, 15000, 30000}
