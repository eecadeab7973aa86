"""Fees against a real sample bank: paid once, receipted, given back, never lost."""

import pytest
from django.db import DatabaseError, connection, transaction

from testkit.banks import NAME, RunningBank
from testkit.fees import AMOUNT, ask, books, payer, told
from testkit.office import Office
from tongban.apps.fees import queries, services
from tongban.apps.fees.errors import (
    BankSilent,
    FeeRefused,
    FeeUnknown,
    NotAllowed,
    ProviderMissing,
)
from tongban.apps.fees.models import Attempt, Mismatch, Order, Receipt, Refund
from tongban.apps.fees.plugins import provider
from tongban.apps.fees.plugins.face import NoticeInvalid
from tongban.infra import clock as port


def test_a_fee_is_paid_at_the_bank_and_receipted(office: Office, bank: RunningBank) -> None:
    number = ask(office)
    page = services.pay(payer(office), number, "http://localhost:8000/back")
    assert services.pay(payer(office), number) == page
    assert bank.choose(page) == (303, "http://localhost:8000/back")
    services.ask_bank(number)
    order = Order.objects.get(number=number)
    assert order.state == "paid"
    assert books(number) == {"bank": AMOUNT, "due": -AMOUNT}
    (receipt,) = Receipt.objects.filter(order=number)
    shown = queries.receipt_view(payer(office), receipt.number)
    assert shown["content"]["金额合计（大写）"] == "贰佰肆拾元整"
    assert receipt.number == "330601260000000001"
    assert told(number) == ["ordered", "attempted", "paid", "receipted"]
    with pytest.raises(FeeRefused):
        services.pay(payer(office), number)


def test_a_fee_is_asked_for_once(office: Office) -> None:
    assert ask(office) == ask(office)
    assert Order.objects.count() == 1
    assert books(Order.objects.get().number) == {"receivable": AMOUNT, "due": -AMOUNT}


def test_nobody_else_sees_or_pays_it(office: Office, bank: RunningBank) -> None:
    number = ask(office)
    other = office.applicant("enterprise-start", 1)
    with pytest.raises(FeeUnknown):
        services.pay(other, number)
    with pytest.raises(FeeUnknown):
        queries.look(other, number)
    with pytest.raises(NotAllowed):
        services.pay(office.official("police", "clerk"), number)
    assert not Attempt.objects.exists()


def test_without_a_bank_it_says_what_to_set_up(office: Office, settings: object) -> None:
    settings.FEES = office.folder / "none.toml"  # type: ignore[attr-defined]
    with pytest.raises(ProviderMissing):
        services.pay(payer(office), ask(office))
    assert Attempt.objects.count() == 0


def test_an_answer_that_never_came_is_asked_for_and_nothing_is_made_twice(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    bank.err("mute")
    with pytest.raises(BankSilent):
        services.pay(payer(office), number)
    (attempt,) = Attempt.objects.all()
    assert attempt.state == "unknown"
    bank.choose(services.pay(payer(office), number))
    # and this time the payer is gone, and nobody tells us
    office.clock.move(seconds=20)
    assert services.chase() == 1
    assert Order.objects.get().state == "paid"
    assert Attempt.objects.count() == 1


def test_a_bank_that_was_killed_has_lost_nothing(office: Office, bank: RunningBank) -> None:
    number = ask(office)
    bank.choose(services.pay(payer(office), number))
    bank.kill()
    with pytest.raises(BankSilent):
        services.ask_bank(number)
    assert Order.objects.get().state == "open"
    office.clock.move(seconds=20)
    assert services.chase() == 0
    bank.start()
    office.clock.move(seconds=20)
    assert services.chase() == 1
    assert books(number) == {"bank": AMOUNT, "due": -AMOUNT}


def test_who_does_not_pay_may_try_again(office: Office, bank: RunningBank) -> None:
    number = ask(office)
    first = services.pay(payer(office), number)
    bank.choose(first, "decline")
    second = services.pay(payer(office), number)
    assert second != first
    bank.choose(second)
    services.ask_bank(number)
    assert told(number) == [
        *("ordered", "attempted", "not_paid", "attempted", "paid", "receipted"),
    ]


def test_another_amount_is_held_with_an_alarm_and_given_back(
    office: Office, bank: RunningBank, caplog: pytest.LogCaptureFixture
) -> None:
    number = ask(office)
    bank.err("wrong-amount")
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    order = Order.objects.get()
    assert order.state == "held"
    assert not Receipt.objects.exists()
    assert "24100 fen" in caplog.text
    (found,) = Mismatch.objects.all()
    assert (found.fault, found.bank_fen, found.here_fen) == ("amount-differs", AMOUNT + 100, AMOUNT)
    assert books(number) == {
        "receivable": AMOUNT,
        "due": -AMOUNT,
        "bank": AMOUNT + 100,
        "suspense": -AMOUNT - 100,
    }
    with pytest.raises(FeeRefused):
        services.pay(payer(office), number)
    refund = services.ask_refund(
        office.official("police", "clerk"), number, AMOUNT + 100, "amount", "银行多扣"
    )
    services.approve(office.official("police", "approver"), refund)
    services.send_refund(refund)
    assert Order.objects.get().state == "open"
    assert books(number) == {"receivable": AMOUNT, "due": -AMOUNT}
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    assert Order.objects.get().state == "paid"
    assert Receipt.objects.count() == 1


def test_what_was_paid_in_time_is_paid_though_nobody_told_before_the_window_was_over(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    bank.choose(services.pay(payer(office), number))
    bank.kill()
    office.clock.move(days=4)
    services.chase()
    assert services.expire() == 0  # the bank may have been paid
    bank.start()
    office.clock.move(seconds=20)
    services.chase()
    assert Order.objects.get().state == "paid"
    assert services.expire() == 0


def test_who_never_went_to_the_bank_may_not_pay_when_the_window_is_over(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    page = services.pay(payer(office), number)
    office.clock.move(days=4)
    services.chase()  # closes it at the bank
    assert services.expire() == 1
    assert Order.objects.get().state == "expired"
    assert "已关闭" in bank.read(page)[1]
    assert books(number) == {}
    with pytest.raises(FeeRefused):
        services.pay(payer(office), number)


def test_money_that_comes_when_the_order_is_over_goes_back_by_rule(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office, fen=8_000)
    bank.choose(services.pay(payer(office), number))
    with transaction.atomic():
        services.close_order("case-1/item", "withdrawn", port.now(), give_back=True)
    office.clock.move(seconds=20)
    services.chase()  # learns of the payment, and gives it back
    (refund,) = Refund.objects.all()
    assert (refund.why, refund.state, refund.amount_fen) == ("late", "done", 8_000)
    assert books(number) == {}
    assert not Receipt.objects.exists()


def test_many_small_refunds_are_a_large_one(office: Office, bank: RunningBank) -> None:
    number, clerk = paid(office, bank), office.official("police", "clerk")
    made = [services.ask_refund(clerk, number, 6_000, "mistake", "") for _ in range(3)]
    assert [Refund.objects.get(number=one).state for one in made] == ["approved", "asked", "asked"]


def test_an_order_that_is_over_cannot_be_paid_at_the_bank_any_more(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    page = services.pay(payer(office), number)
    with transaction.atomic():
        services.close_order("case-1/item", "withdrawn", port.now(), give_back=True)
    office.clock.move(seconds=20)
    services.chase()
    assert Order.objects.get().state == "cancelled"
    assert "已关闭" in bank.read(page)[1]
    assert books(number) == {}
    assert told(number) == ["ordered", "attempted", "cancelled", "not_paid"]


def paid(office: Office, bank: RunningBank, fen: int = AMOUNT) -> str:
    number = ask(office, fen=fen)
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    return number


def test_a_withdrawn_case_gets_its_fee_back(office: Office, bank: RunningBank) -> None:
    number = paid(office, bank, 10_000)
    for _ in range(2):
        with transaction.atomic():
            services.close_order("case-1/item", "withdrawn", port.now(), give_back=True)
    (refund,) = Refund.objects.all()
    assert refund.state == "approved"
    services.chase()
    assert books(number) == {}
    assert [r.amount_fen for r in Receipt.objects.order_by("number")] == [10_000, -10_000]
    red = Receipt.objects.get(amount_fen__lt=0)
    assert red.content["原票据"] == Receipt.objects.get(amount_fen__gt=0).number


def test_above_the_limit_two_people_give_money_back(office: Office, bank: RunningBank) -> None:
    number = paid(office, bank)
    clerk, approver = (office.official("police", role) for role in ("clerk", "approver"))
    small = services.ask_refund(clerk, number, 4_000, "mistake", "")
    assert Refund.objects.get(number=small).state == "approved"
    large = services.ask_refund(clerk, number, 20_000, "service", "未能刻制")
    assert Refund.objects.get(number=large).state == "asked"
    services.send_refund(large)
    assert Refund.objects.get(number=large).state == "asked"
    with pytest.raises(FeeRefused):
        services.ask_refund(clerk, number, 1, "mistake", "")
    with pytest.raises(NotAllowed):
        services.approve(clerk, large)
    with pytest.raises(NotAllowed):
        services.approve(payer(office), large)
    with pytest.raises(FeeUnknown):
        services.approve(office.official("tax", "approver"), large)
    assert [r.number for r in queries.to_approve(approver)] == [large]
    services.approve(approver, large)
    with pytest.raises(FeeRefused):
        services.refuse_refund(approver, large, "迟了")
    bank.err("mute")
    with pytest.raises(BankSilent):
        services.send_refund(small)
    services.chase()
    assert {r.state for r in Refund.objects.all()} == {"done"}
    assert books(number) == {}


def test_a_notice_is_believed_only_from_the_bank_and_does_nothing_twice(
    office: Office, bank: RunningBank
) -> None:
    number = paid(office, bank)
    before = told(number)
    with pytest.raises(NoticeInvalid):
        services.notice(NAME, b'{"notice":{"state":"paid"}}')
    attempt = Attempt.objects.get()
    again = provider(NAME).query(attempt.number)
    for _ in range(3):
        services.hear(again, NAME)
    services.hear(again, "another-bank")
    assert told(number) == before
    assert Receipt.objects.count() == 1


def test_what_was_posted_cannot_be_changed(office: Office) -> None:
    number = ask(office)
    for verb in ("UPDATE fees_entry SET fen = 1", "DELETE FROM fees_entry"):
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(verb)
    assert books(number)
