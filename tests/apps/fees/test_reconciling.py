"""A bank's notices and its daily statement, of a real sample bank that errs as it is told to."""

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from django.test import Client

from testkit.banks import NAME, RunningBank
from testkit.browsers import signed_in
from testkit.fees import AMOUNT, ask, books, payer, told
from testkit.office import Office
from tongban.apps.fees import queries, services
from tongban.apps.fees.cli import fees as command
from tongban.apps.fees.errors import BankRefused, BankSilent, FeeRefused, NotAllowed
from tongban.apps.fees.models import Attempt, Mismatch, Order, Receipt, Refund, StatementLine
from tongban.infra.jobs import services as jobs
from tongban.infra.trail import queries as trail

DAY = date(2026, 11, 23)


def hand_over(body: bytes, bank: str = NAME) -> int:
    """Hand what the bank told to where it tells it."""
    path = f"/fees/notices/{bank}"
    return int(Client().post(path, body, content_type="application/json").status_code)


def pay(office: Office, bank: RunningBank, reference: str, fault: str = "") -> str:
    """Pay a fee at the bank, which may err; nobody has told us yet. Give the attempt's number."""
    if fault:
        bank.err(fault)
    number = ask(office, reference)
    bank.choose(services.pay(payer(office), number))
    return Attempt.objects.get(order=number).number


def tomorrow(office: Office) -> None:
    office.clock.move(days=1)


def test_the_banks_notice_pays_the_fee_without_a_question(
    office: Office, bank: RunningBank
) -> None:
    number = Attempt.objects.get(number=pay(office, bank, "one/item")).order_id
    (body,) = bank.tells(1)
    assert hand_over(body) == 204
    assert Order.objects.get(number=number).state == "paid"
    assert hand_over(body) == 204
    assert told(number) == ["ordered", "attempted", "paid", "receipted"]


def test_a_notice_that_was_changed_or_is_old_or_of_another_bank_is_refused(
    office: Office, bank: RunningBank
) -> None:
    number = Attempt.objects.get(number=pay(office, bank, "one/item")).order_id
    (body,) = bank.tells(1)
    assert hand_over(body.replace(b"paid", b"open", 1)) == 401
    assert hand_over(body.replace(b"24000", b"2400")) == 401
    assert hand_over(b"") == 401
    assert hand_over(b"x" * 20_000) == 413
    assert hand_over(body, "no-such-bank") == 401
    assert Client().get(f"/fees/notices/{NAME}").status_code == 405
    office.clock.move(minutes=6)
    assert hand_over(body) == 401
    assert Order.objects.get(number=number).state == "open"


def test_a_notice_that_comes_twice_pays_once(office: Office, bank: RunningBank) -> None:
    pay(office, bank, "one/item", "twice")
    assert [hand_over(body) for body in bank.tells(2)] == [204, 204]
    assert Receipt.objects.count() == 1


def test_a_notice_that_comes_late_finds_what_was_asked_before(
    office: Office, bank: RunningBank
) -> None:
    number = Attempt.objects.get(number=pay(office, bank, "one/item", "late")).order_id
    services.ask_bank(number)
    office.clock.move(seconds=31)
    (body,) = bank.tells(1)
    assert hand_over(body) == 204
    assert told(number) == ["ordered", "attempted", "paid", "receipted"]


@pytest.mark.parametrize("fault", ["lost", "untold"])
def test_what_nobody_told_is_asked_for(office: Office, bank: RunningBank, fault: str) -> None:
    pay(office, bank, "one/item", fault)
    office.clock.move(seconds=20)
    services.chase()
    assert Order.objects.get().state == "paid"
    assert bank.told == []


def test_a_day_without_fault_is_reconciled_without_a_finding(
    office: Office, bank: RunningBank
) -> None:
    for n in range(3):
        services.ask_bank(Attempt.objects.get(number=pay(office, bank, f"{n}/item")).order_id)
    clerk = office.official("police", "clerk")
    paid = Order.objects.get(reference="0/item").number
    services.send_refund(services.ask_refund(clerk, paid, 5_000, "mistake", ""))
    with pytest.raises(BankRefused):
        services.reconcile(NAME, DAY)
    tomorrow(office)
    done = services.reconcile(NAME, DAY)
    assert (done.payments, done.paid_fen, done.refunds, done.refunded_fen) == (
        *(3, 3 * AMOUNT, 1, 5_000),
    )
    assert done.findings == ()
    assert services.reconcile(NAME, DAY) == done
    assert StatementLine.objects.count() == 4


def test_each_planted_mismatch_is_found_and_named(office: Office, bank: RunningBank) -> None:
    planted = {}
    for fault, found in (
        ("", ""),
        ("left-out", "not-at-bank"),
        ("listed-twice", "twice"),
        ("listed-wrong", "amount-differs"),
        ("untold", "not-here"),
    ):
        number = pay(office, bank, f"{fault or 'right'}/item", fault)
        if found:
            planted[number] = found
        if fault != "untold":
            services.ask_bank(Attempt.objects.get(number=number).order_id)
    clerk = office.official("police", "clerk")
    right = Order.objects.get(reference="right/item").number
    lost = services.ask_refund(clerk, right, 4_000, "mistake", "")
    services.send_refund(lost)
    # as if we had booked a refund that the bank never made, and printed a receipt for nothing
    refund = Refund.objects.get(number=lost)
    Refund.objects.filter(number=lost).update(number=f"{right}-R9")
    planted |= {f"{right}-R9": "refund-missing", lost: "refund-not-here"}
    alone = ask(office, "alone/item")
    paper = Receipt.objects.filter(order=right, amount_fen__gt=0).get()
    Receipt.objects.create(
        number="9" * 18,
        order_id=alone,
        of="nothing",
        amount_fen=100,
        content=dict(paper.content),
        check_code=paper.check_code,
        issued=paper.issued,
    )
    planted[alone] = "receipt-without-payment"
    assert refund.state == "done"
    tomorrow(office)
    done = services.reconcile(NAME, DAY)
    assert {f.number: f.fault.value for f in done.findings} == planted
    assert services.reconcile(NAME, DAY).fresh == 0
    assert Mismatch.objects.count() == len(done.findings) == done.fresh


def test_a_payment_that_is_heard_after_midnight_is_found_as_of_another_day(
    office: Office, bank: RunningBank
) -> None:
    office.clock.freeze("2026-11-23T23:59:50+08:00")
    number = pay(office, bank, "one/item", "lost")
    office.clock.freeze("2026-11-24T00:00:30+08:00")
    services.chase()
    (found,) = services.reconcile(NAME, DAY).findings
    assert (found.fault.value, found.number) == ("other-day", number)
    tomorrow(office)
    # listed on the day before: not missing on the day on which it was booked
    assert services.reconcile(NAME, DAY + timedelta(days=1)).findings == ()


def test_a_finding_stays_until_who_keeps_the_accounts_settles_it_with_a_reason(
    office: Office, bank: RunningBank
) -> None:
    pay(office, bank, "one/item", "untold")
    tomorrow(office)
    services.reconcile(NAME, DAY)
    (row,) = Mismatch.objects.all()
    keeper, other = office.official("tax", "approver"), office.official("police", "approver")
    assert list(queries.mismatches(keeper, NAME)) == [row]
    with pytest.raises(NotAllowed):
        queries.mismatches(other, NAME)
    with pytest.raises(NotAllowed):
        services.settle(other, row.pk, "已查")
    with pytest.raises(FeeRefused):
        services.settle(keeper, row.pk, " ")
    services.settle(keeper, row.pk, "已向银行核实，次日入账")
    with pytest.raises(FeeRefused):
        services.settle(keeper, row.pk, "再次处理")
    assert not queries.mismatches(keeper, NAME).exists()
    assert queries.mismatches(keeper, NAME, settled=True).count() == 1
    kinds = [e.type.split(".")[2] for e in trail.history(f"fees:bank:{NAME}")]
    assert kinds == ["mismatch_found", "reconciled", "mismatch_settled"]


def test_days_on_which_no_worker_ran_are_made_up_for(office: Office, bank: RunningBank) -> None:
    assert services.days_due(NAME) == [DAY - timedelta(days=1)]
    tomorrow(office)
    services.reconcile(NAME, DAY)
    assert services.days_due(NAME) == []
    office.clock.move(days=3)
    assert services.days_due(NAME) == [DAY + timedelta(days=n) for n in (1, 2, 3)]
    office.clock.move(days=100)
    assert len(services.days_due(NAME)) == 31


def test_the_worker_reconciles_every_day_that_is_over_and_finds_what_was_planted(
    office: Office, bank: RunningBank
) -> None:
    planted = {}
    for fault, found in (
        ("left-out", "not-at-bank"),
        ("listed-twice", "twice"),
        ("listed-wrong", "amount-differs"),
        ("untold", "not-here"),
    ):
        number = pay(office, bank, f"{fault}/item", fault)
        planted[number] = found
        if fault != "untold":
            services.ask_bank(Attempt.objects.get(number=number).order_id)
    tomorrow(office)
    bank.kill()
    jobs.run_until_idle()
    assert not Mismatch.objects.exists()
    bank.start()
    office.clock.move(minutes=3)
    jobs.run_until_idle()
    assert dict(Mismatch.objects.values_list("number", "fault")) == planted
    assert services.days_due(NAME) == []
    office.clock.move(days=1)
    jobs.run_until_idle()
    assert Mismatch.objects.count() == len(planted)
    assert jobs.dead_letters() == ()


def test_a_silent_bank_leaves_no_half_reconciliation(office: Office, bank: RunningBank) -> None:
    pay(office, bank, "one/item")
    tomorrow(office)
    bank.err("mute")
    with pytest.raises(BankSilent):
        services.reconcile(NAME, DAY)
    assert not StatementLine.objects.exists()
    assert not trail.history(f"fees:bank:{NAME}")


def test_the_command_prints_a_table_or_json_and_ends_with_one_where_anything_differs(
    office: Office, bank: RunningBank
) -> None:
    pay(office, bank, "one/item", "untold")
    tomorrow(office)
    told = CliRunner().invoke(command, ["reconcile", "--json"])
    assert told.exit_code == 1
    report = json.loads(told.output)
    assert (report["payments"], report["paid_fen"]) == (1, AMOUNT)
    assert [f["fault"] for f in report["findings"]] == ["not-here"]
    table = CliRunner().invoke(command, ["reconcile", "--day", "2026-11-23", "--lang", "zh"])
    assert "银行已收，本地无账" in table.output
    office.clock.move(days=1)
    assert CliRunner().invoke(command, ["reconcile"]).exit_code == 0


def test_a_fee_is_paid_and_read_over_the_api(office: Office, bank: RunningBank) -> None:
    number = ask(office)
    mine, other = (signed_in(office.applicant("enterprise-start", n)) for n in (0, 1))
    (listed,) = mine.get("/api/fees?lang=en").json()["fees"]
    assert (listed["number"], listed["state"], listed["name"]) == (
        *(number, "open", "cost of making"),
    )
    assert other.get("/api/fees").json()["total"] == 0
    for path in (f"/api/fees/{number}", "/api/fees/F20261123-AAAAAAAAAA"):
        assert other.get(path).status_code == 404
    assert other.post(f"/api/fees/{number}/payment").status_code == 404
    paying = mine.post(f"/api/fees/{number}/payment")
    assert paying.status_code == 200
    bank.choose(paying.json()["page"])
    shown = mine.post(f"/api/fees/{number}/question?lang=en").json()
    assert (shown["state"], shown["state_words"]) == ("paid", "paid")
    receipt = shown["receipts"][0]["number"]
    assert mine.get(f"/api/receipts/{receipt}").json()["content"]["缴费单号"] == number
    assert other.get(f"/api/receipts/{receipt}").status_code == 404
    assert mine.post(f"/api/fees/{number}/payment").status_code == 409
    asked = {"amount_fen": AMOUNT, "why": "mistake"}
    assert post(mine, f"/api/fees/{number}/refunds", asked).status_code == 403
    clerk, approver = (signed_in(office.official("police", r)) for r in ("clerk", "approver"))
    made = post(clerk, f"/api/fees/{number}/refunds", asked)
    assert made.status_code == 201
    refund = made.json()["number"]
    yes = {"approve": True}
    assert post(clerk, f"/api/refunds/{refund}/decision", yes).status_code == 403
    decided = post(approver, f"/api/refunds/{refund}/decision", yes)
    assert decided.json()["state"] == "approved"
    services.chase()
    assert books(number) == {}
    keeper = signed_in(office.official("tax", "approver"))
    assert keeper.get(f"/api/banks/{NAME}/mismatches").json() == {"total": 0, "mismatches": []}
    assert clerk.get(f"/api/banks/{NAME}/mismatches").status_code == 403
    assert Client().get("/api/fees").status_code == 401


def post(client: Client, path: str, body: object) -> object:
    return client.post(path, json.dumps(body), content_type="application/json")
