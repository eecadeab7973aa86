"""A case waits for the fee of one of its items, and for nothing else: asked, paid, given back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from testkit.banks import RunningBank
from testkit.office import Office
from testkit.packs import changed_packs
from tongban.apps.cases import disclosure, queries, services
from tongban.apps.cases.domain.state import Stage, encode
from tongban.apps.fees import services as fees
from tongban.apps.fees.models import Order, Receipt, Refund
from tongban.apps.items import services as publishing
from tongban.apps.items.checking import check_packs
from tongban.infra.jobs import services as jobs
from tongban.infra.packs import PackInvalid, read_packs
from tongban.infra.trail import queries as trail
from tongban.infra.trail import relay

EVENT, ITEM = "enterprise-start", "seal-record"


def shown(number: str, item: str = ITEM) -> Mapping[str, Any]:
    return next(b for b in queries.track(number, "en")["branches"] if b["item"] == item)


def pay(office: Office, bank: RunningBank, number: str) -> None:
    """Pay as the applicant; the case learns of it as any news, through the relay."""
    order = Order.objects.get(case=number)
    bank.choose(fees.pay(office.applicant(EVENT), order.number))
    fees.ask_bank(order.number)


def work(office: Office) -> None:
    """Let a worker carry the news and do what is due."""
    jobs.run_until_idle(chores=[relay.deliver])
    office.clock.move(seconds=1)


def same_as_told(office: Office, number: str) -> None:
    assert encode(queries.replay(number)) == encode(office.case(number))
    assert trail.verify(number) is None


def test_what_costs_nothing_asks_nothing(office: Office) -> None:
    number = office.submit(EVENT, company__seal_set="basic")
    assert office.branch(number, ITEM).stage is Stage.GRANTED
    assert not Order.objects.exists()


def test_one_item_waits_for_its_fee_and_the_others_do_not(
    office: Office, bank: RunningBank
) -> None:
    number = office.submit(EVENT)
    stages = {b.item: b.stage for b in office.case(number).branches.values()}
    assert stages.pop(ITEM) is Stage.PAYMENT
    assert set(stages.values()) == {Stage.GRANTED}
    order = Order.objects.get()
    assert (order.amount_fen, order.department, order.state) == (24_000, "police", "open")
    view = shown(number)
    assert (view["fee"], view["waiting_for"]) == (order.number, ["the fee"])
    services.advance(number)
    assert Order.objects.count() == 1
    # another department learns that the item waits, and not for which fee
    for department, fee in (("police", order.number), ("tax", "")):
        sight = disclosure.look(office.official(department, "reviewer"), number)
        assert [b["fee"] for b in disclosure.case(sight, "zh")["branches"] if b["fee"]] == (
            [fee] if fee else []
        )
    pay(office, bank, number)
    assert office.branch(number, ITEM).stage is Stage.PAYMENT
    work(office)
    assert office.case(number).ended
    assert office.branch(number, ITEM).stage is Stage.GRANTED
    assert Receipt.objects.count() == 1
    same_as_told(office, number)


def test_waiting_for_the_payer_is_not_the_offices_time(office: Office, bank: RunningBank) -> None:
    number = office.submit(EVENT)
    office.clock.move(days=10)
    assert "in time" in shown(number)["clock"]["words"]
    pay(office, bank, number)
    services.advance(number)
    assert shown(number)["state"] == Stage.GRANTED
    assert "in time" in shown(number)["clock"]["words"]


def test_a_fee_that_is_not_paid_in_time_takes_the_item_back(office: Office) -> None:
    number = office.submit(EVENT)
    office.clock.move(days=16)
    work(office)
    branch = office.branch(number, ITEM)
    assert (branch.stage, branch.outcome) == (Stage.WITHDRAWN, "fee_unpaid")
    assert Order.objects.get().state == "expired"
    assert "not paid in time" in shown(number)["note"]
    assert office.case(number).ended
    same_as_told(office, number)


def test_who_withdraws_pays_nothing_and_gets_back_what_comes_late(
    office: Office, bank: RunningBank
) -> None:
    number = office.submit(EVENT)
    order = Order.objects.get()
    page = fees.pay(office.applicant(EVENT), order.number)
    services.withdraw(office.applicant(EVENT), number, [ITEM], "不办了")
    assert Order.objects.get().state == "cancelled"
    bank.choose(page)
    fees.ask_bank(order.number)
    (refund,) = Refund.objects.all()
    assert (refund.why, refund.amount_fen, refund.kind) == ("late", 24_000, "return")
    same_as_told(office, number)


def test_who_paid_and_withdraws_before_the_case_moved_on_is_owed_the_fee(
    office: Office, bank: RunningBank
) -> None:
    number = office.submit(EVENT)
    pay(office, bank, number)
    services.withdraw(office.applicant(EVENT), number, [ITEM], "不办了")
    assert office.branch(number, ITEM).stage is Stage.WITHDRAWN
    (refund,) = Refund.objects.all()
    # above the limit: somebody else approves what the rule asks for
    assert (refund.why, refund.amount_fen, refund.state) == ("withdrawn", 24_000, "asked")
    same_as_told(office, number)


BEFORE = {
    f"sample/items/{ITEM}.yaml": [
        ("version: 2\n", "version: 3\n"),
        ("amount: decide.fee_fen", "amount: 8000\n  waived: company.employees = 1"),
        ("when: delivery", "when: acceptance"),
    ],
    f"sample/life-events/{EVENT}.yaml": [("version: 2\n", "version: 3\n")],
    # a guide says what its item costs
    f"sample/guides/{ITEM}.yaml": [("version: 1\n", "version: 2\n")],
    f"sample/guides/{EVENT}.yaml": [("version: 1\n", "version: 2\n")],
}


def test_a_fee_may_stand_before_acceptance_and_be_waived(office: Office, bank: RunningBank) -> None:
    publishing.publish(read_packs(changed_packs(office.folder, BEFORE)), actor="test")
    waived = office.submit(EVENT, 1, company__employees=1)
    assert office.case(waived).ended
    number = office.submit(EVENT)
    branch = office.branch(number, ITEM)
    assert (branch.stage, branch.accepted) == (Stage.PAYMENT, None)
    assert Order.objects.get().amount_fen == 8_000
    office.clock.move(days=7)
    pay(office, bank, number)
    services.advance(number)
    branch = office.branch(number, ITEM)
    assert branch.stage is Stage.GRANTED
    assert branch.received == branch.accepted == branch.decided
    same_as_told(office, number)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("decide.fee_fen", "decide.nothing", "no rule gives decide.nothing"),
        ("decide.fee_fen", "decide.outcome", "may be 'grant'"),
        ("when: delivery", "when: acceptance", "no rule has run before acceptance"),
        ("days: 15", "days: 15\n  receiver: nobody", "no department nobody"),
        ("days: 15", "days: 15\n  waived: company.moon = 1", "moon"),
    ],
)
def test_a_fee_that_cannot_be_asked_is_not_published(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    packs = read_packs(changed_packs(tmp_path, {f"sample/items/{ITEM}.yaml": [(old, new)]}))
    with pytest.raises(PackInvalid, match=told):
        check_packs(packs)
