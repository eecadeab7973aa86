"""A payer asks for money back: a department answers, and no money moves by the wish itself."""

import pytest
from django.test import Client
from lxml import html

from testkit.banks import RunningBank
from testkit.browsers import plain, signed_in
from testkit.fees import AMOUNT, ask, books, payer, told
from testkit.office import Office
from tongban.apps.fees import queries, services
from tongban.apps.fees.errors import FeeRefused, FeeUnknown, NotAllowed
from tongban.apps.fees.models import Refund, RefundWish
from tongban.infra.jobs import services as jobs
from tongban.infra.messages import queries as messages
from tongban.infra.trail import relay


def paid(office: Office, bank: RunningBank) -> str:
    number = ask(office)
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    return number


def text(answer: object) -> str:
    assert plain(answer)
    page = html.fromstring(answer.content.decode())  # type: ignore[attr-defined]
    return " ".join(page.xpath("//main")[0].text_content().split())


def test_a_wish_that_is_granted_becomes_a_refund_with_its_second_hand(
    office: Office, bank: RunningBank
) -> None:
    number = paid(office, bank)
    wish = services.wish_refund(payer(office), number, "service", "店已关门")
    assert not Refund.objects.exists()
    assert books(number) == {"bank": AMOUNT, "due": -AMOUNT}
    with pytest.raises(FeeRefused, match="already"):
        services.wish_refund(payer(office), number, "service", "再问一次")
    clerk = office.official("police", "clerk")
    (waiting,) = queries.wishes_for(clerk)
    assert waiting.pk == wish
    refund = services.answer_wish(clerk, wish, fen=AMOUNT)
    assert Refund.objects.get(number=refund).asked_by == clerk.user_id
    if Refund.objects.get(number=refund).state == "asked":
        services.approve(office.official("police", "approver"), refund)
    services.send_refund(refund)
    assert books(number) == {}
    (shown,) = queries.order_view(queries.look(payer(office), number), "zh")["wishes"]
    assert (shown["state"], shown["refund"]) == ("granted", refund)
    assert queries.wishes_for(clerk) == []
    assert services.may_wish(queries.look(payer(office), number)) is False
    with pytest.raises(FeeRefused, match="granted"):
        services.answer_wish(clerk, wish, reason="再答一次")


def test_a_wish_is_declined_with_a_reason_that_the_payer_is_told(
    office: Office, bank: RunningBank
) -> None:
    number = paid(office, bank)
    wish = services.wish_refund(payer(office), number, "mistake", "交错了")
    clerk = office.official("police", "clerk")
    with pytest.raises(FeeRefused, match="say why"):
        services.answer_wish(clerk, wish)
    assert services.answer_wish(clerk, wish, reason="服务已提供") == ""
    assert not Refund.objects.exists()
    assert told(number)[-2:] == ["refund_wished", "refund_declined"]
    # what was declined may be asked for again, with better reasons
    assert services.may_wish(queries.look(payer(office), number))


def test_nobody_wishes_or_answers_in_anothers_place(office: Office, bank: RunningBank) -> None:
    number = paid(office, bank)
    with pytest.raises(FeeUnknown):
        services.wish_refund(office.applicant("enterprise-start", 1), number, "mistake", "x")
    wish = services.wish_refund(payer(office), number, "mistake", "交错了")
    for role in ("reviewer", "approver"):
        with pytest.raises(NotAllowed):
            services.answer_wish(office.official("police", role), wish, reason="x")
    with pytest.raises(FeeUnknown):
        services.answer_wish(office.official("tax", "clerk"), wish, reason="x")
    assert queries.wishes_for(office.official("tax", "clerk")) == []
    with pytest.raises(FeeUnknown):
        services.answer_wish(office.official("police", "clerk"), wish + 1, reason="x")


def test_only_what_was_paid_is_asked_back_and_no_more(office: Office, bank: RunningBank) -> None:
    number = ask(office)
    with pytest.raises(FeeRefused, match="nothing was paid"):
        services.wish_refund(payer(office), number, "mistake", "x")
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    for why, note in (("late", "x"), ("mistake", " "), ("mistake", "x" * 501)):
        with pytest.raises(FeeRefused):
            services.wish_refund(payer(office), number, why, note)
    wish = services.wish_refund(payer(office), number, "mistake", "x")
    clerk = office.official("police", "clerk")
    with pytest.raises(FeeRefused, match="at most"):
        services.answer_wish(clerk, wish, fen=AMOUNT + 1)
    assert RefundWish.objects.get(pk=wish).state == "open"


def test_a_payer_asks_and_a_clerk_answers_over_the_pages(office: Office, bank: RunningBank) -> None:
    number = paid(office, bank)
    client = signed_in(payer(office))
    assert "申请退款" in text(client.get(f"/fees/{number}"))
    lacking = client.post(f"/fees/{number}/refund", {"why": "odd"})
    assert lacking.status_code == 422
    assert "最多可退： 240.00 元" in text(client.get(f"/fees/{number}/refund"))
    sent = client.post(
        f"/fees/{number}/refund", {"why": "mistake", "note": "<b>交错了</b>"}, follow=True
    )
    assert "<b>交错了</b>" in text(sent)
    assert "待答复" in text(sent)
    assert client.get(f"/fees/{number}/refund")["Location"] == f"/fees/{number}"
    wish = RefundWish.objects.get()
    desk = signed_in(office.official("police", "clerk"))
    assert "<b>交错了</b>" in text(desk.get("/desk/wishes"))
    of = str(wish.pk)
    assert desk.post("/desk/wishes", {"act": "decline", "of": of}).status_code == 422
    assert desk.post("/desk/wishes", {"act": "grant", "of": of, "amount": "x"}).status_code == 422
    much = desk.post("/desk/wishes", {"act": "grant", "of": of, "amount": "900"})
    assert much.status_code == 409
    assert desk.post("/desk/wishes", {"act": "grant", "of": "9999"}).status_code == 422
    done = desk.post(
        "/desk/wishes", {"act": "decline", "of": of, "reason": "服务已提供"}, follow=True
    )
    assert "没有待答复的退款申请" in text(done)
    assert "服务已提供" in text(client.get(f"/fees/{number}"))
    jobs.run_until_idle(chores=[relay.deliver])
    assert "不予退款：工本费" in {one["title"] for one in messages.inbox(wish.order.payer, "zh")}
    assert signed_in(office.official("police", "approver")).get("/desk/wishes").status_code == 404
    assert Client().get(f"/fees/{number}/refund").status_code == 302
