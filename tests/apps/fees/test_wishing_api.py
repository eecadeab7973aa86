"""The API of wishes for money back, and of what differs from a bank: who asks, who answers."""

from datetime import date
from typing import Any

import pytest

from testkit.banks import NAME, RunningBank
from testkit.callers import Caller, caller, refused
from testkit.fees import AMOUNT, ask, payer
from testkit.office import Office
from tongban.apps.fees import services

WISH = {"why": "service", "note": "店已关门"}


def paid(office: Office, bank: RunningBank) -> str:
    number = ask(office)
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    return number


def police(office: Office, role: str) -> Caller:
    return caller(office.official("police", role))


def wished(office: Office, bank: RunningBank) -> int:
    _, fee = caller(payer(office)).post(f"/fees/{paid(office, bank)}/wishes", WISH)
    (wish,) = fee["wishes"]
    return int(wish["number"])


def test_a_payer_asks_for_money_back_and_is_given_it(office: Office, bank: RunningBank) -> None:
    number, me = paid(office, bank), caller(payer(office))
    status, fee = me.post(f"/fees/{number}/wishes?lang=en", WISH)
    assert (status, fee["number"], fee["refunds"]) == (201, number, [])
    (wish,) = fee["wishes"]
    assert (wish["order"], wish["state"], wish["note"]) == (number, "open", "店已关门")
    assert (wish["answer"], wish["refund"]) == ("", "")
    refused(me.post(f"/fees/{number}/wishes", WISH), 409, "fee_refused")
    clerk = police(office, "clerk")
    assert clerk.get("/wishes?lang=en") == (200, [wish])
    status, answered = clerk.post(f"/wishes/{wish['number']}/answer", {"amount_fen": AMOUNT})
    assert (status, answered["state"]) == (200, "granted")
    assert clerk.get("/wishes") == (200, [])
    _, fee = me.get(f"/fees/{number}")
    (refund,) = fee["refunds"]
    assert (refund["number"], refund["amount_fen"]) == (answered["refund"], AMOUNT)
    # as much as this is given back by two people
    assert refund["state"] == "asked"
    decision = f"/refunds/{refund['number']}/decision"
    refused(clerk.post(decision, {"approve": True}), 403, "not_allowed")
    status, decided = police(office, "approver").post(decision, {"approve": True})
    assert (status, decided["state"]) == (200, "approved")
    again = clerk.post(f"/wishes/{wish['number']}/answer", {"reason": "再答一次"})
    refused(again, 409, "fee_refused")


def test_a_wish_is_declined_with_a_reason_that_its_payer_reads(
    office: Office, bank: RunningBank
) -> None:
    wish = wished(office, bank)
    clerk, me = police(office, "clerk"), caller(payer(office))
    status, answered = clerk.post(f"/wishes/{wish}/answer?lang=en", {"reason": "服务已提供"})
    assert (status, answered["state"], answered["answer"]) == (200, "declined", "服务已提供")
    assert answered["state_words"].isascii()
    _, fee = me.get(f"/fees/{answered['order']}")
    assert [one["answer"] for one in fee["wishes"]] == ["服务已提供"]
    assert fee["refunds"] == []
    # with better reasons it may be asked for again
    assert me.post(f"/fees/{answered['order']}/wishes", WISH)[0] == 201


def test_a_wish_is_for_the_payer_and_its_answer_for_a_clerk_of_the_department(
    office: Office, bank: RunningBank
) -> None:
    number = paid(office, bank)
    here = f"/fees/{number}/wishes"
    refused(Caller().post(here, WISH), 401, "not_signed_in")
    refused(caller(office.applicant("enterprise-start", 1)).post(here, WISH), 404, "fee_unknown")
    refused(caller(payer(office), "case.read").post(here, WISH), 403, "not_allowed")
    refused(police(office, "clerk").post(here, WISH), 403, "not_allowed")
    _, fee = caller(payer(office)).post(here, WISH)
    answer, no = f"/wishes/{fee['wishes'][0]['number']}/answer", {"reason": "不符合退付条件"}
    stranger = caller(office.official("tax", "clerk"))
    assert stranger.get("/wishes") == (200, [])
    refused(stranger.post(answer, no), 404, "fee_unknown")
    for one in (caller(payer(office)), police(office, "reviewer"), police(office, "approver")):
        assert one.get("/wishes") == (200, [])
        refused(one.post(answer, no), 403, "not_allowed")
    reader = caller(office.official("police", "clerk"), "case.read")
    refused(reader.get("/wishes"), 403, "not_allowed")
    refused(reader.post(answer, no), 403, "not_allowed")
    assert police(office, "clerk").get("/wishes")[1][0]["state"] == "open"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"why": "late"}, "why"),
        ({"note": ""}, "note"),
        ({"note": "x" * 501}, "note"),
        ({"note": 5}, "note"),
        ({"amount_fen": 1}, "amount_fen"),
    ],
)
def test_a_wish_that_is_not_right_is_refused_by_name(
    office: Office, changed: dict[str, Any], field: str
) -> None:
    me, number = caller(payer(office)), ask(office)
    answer = me.post(f"/fees/{number}/wishes", WISH | changed)
    assert [name for name in refused(answer, 422, "request_invalid") if field in name]
    refused(me.post(f"/fees/{number}/wishes", WISH), 409, "fee_refused")  # nothing was paid
    assert me.get(f"/fees/{number}")[1]["wishes"] == []


def test_an_answer_that_is_not_right_leaves_the_wish_open(
    office: Office, bank: RunningBank
) -> None:
    wish, clerk = wished(office, bank), police(office, "clerk")
    answer = f"/wishes/{wish}/answer"
    refused(clerk.post(answer, {}), 409, "fee_refused")
    refused(clerk.post(answer, {"amount_fen": AMOUNT + 1}), 409, "fee_refused")
    for fen in (-1, 0.5, "100"):
        fields = refused(clerk.post(answer, {"amount_fen": fen}), 422, "request_invalid")
        assert [name for name in fields if "amount_fen" in name]
    refused(clerk.post(f"/wishes/{wish + 1}/answer", {"reason": "x"}), 404, "fee_unknown")
    refused(clerk.post("/wishes/0/answer", {"reason": "x"}), 422, "request_invalid")
    ((kept),) = clerk.get("/wishes")[1]
    assert (kept["number"], kept["state"]) == (wish, "open")


def test_what_differs_from_a_bank_is_settled_once_by_who_keeps_the_accounts(
    office: Office, bank: RunningBank
) -> None:
    bank.err("untold")
    bank.choose(services.pay(payer(office), ask(office)))
    office.clock.move(days=1)
    services.reconcile(NAME, date(2026, 11, 23))
    keeper = caller(office.official("tax", "approver"))
    listed = f"/banks/{NAME}/mismatches"
    status, page = keeper.get(f"{listed}?day=2026-11-23&lang=en")
    assert (status, page["total"]) == (200, 1)
    (one,) = page["mismatches"]
    assert (one["fault"], one["bank_fen"], one["here_fen"]) == ("not-here", AMOUNT, 0)
    assert keeper.get(f"{listed}?day=2026-11-22")[1]["total"] == 0
    here, why = f"/mismatches/{one['id']}/settlement", {"reason": "已向银行核实，次日入账"}
    for other in (police(office, "approver"), caller(office.official("tax", "clerk"))):
        refused(other.get(listed), 403, "not_allowed")
        refused(other.post(here, why), 403, "not_allowed")
    for body in ({}, {"reason": " "}):
        fields = refused(keeper.post(here, body), 422, "request_invalid")
        assert [name for name in fields if "reason" in name]
    refused(keeper.post(f"/mismatches/{one['id'] + 1}/settlement", why), 404, "fee_unknown")
    status, settled = keeper.post(here, why)
    assert (status, settled["reason"]) == (200, why["reason"])
    assert settled["settled"]
    refused(keeper.post(here, why), 409, "fee_refused")
    assert keeper.get(listed)[1]["total"] == 0
    assert keeper.get(f"{listed}?settled=true")[1]["mismatches"] == [settled]
