"""The API of fees: whose they are to see and pay, and the two hands that give money back."""

from typing import Any

import pytest

from testkit.banks import RunningBank
from testkit.callers import Caller, caller, refused
from testkit.fees import AMOUNT, ask, payer, told
from testkit.office import Office
from tongban.apps.fees import services
from tongban.apps.parties import services as people

REFUND = {"amount_fen": AMOUNT, "why": "mistake"}
YES = {"approve": True}
HELPER = {"id_number": "330106198811120011", "name": "邻居"}


def police(office: Office, role: str, *scopes: str) -> Caller:
    return caller(office.official("police", role), *scopes)


def paid(office: Office, bank: RunningBank) -> str:
    number = ask(office)
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    return number


def asked(office: Office, bank: RunningBank) -> str:
    status, refund = police(office, "clerk").post(f"/fees/{paid(office, bank)}/refunds", REFUND)
    assert (status, refund["state"]) == (201, "asked")
    return f"/refunds/{refund['number']}/decision"


def test_a_fee_is_seen_by_its_payer_and_its_department_and_paid_by_its_payer(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    here, stranger = f"/fees/{number}", caller(office.applicant("enterprise-start", 1))
    refused(Caller().get(here), 401, "not_signed_in")
    for other in (stranger, caller(office.official("tax", "clerk"))):
        refused(other.get(here), 404, "fee_unknown")
        refused(other.post(f"{here}/question"), 404, "fee_unknown")
        refused(other.post(f"{here}/payment"), 404, "fee_unknown")
        assert other.get("/fees")[1]["total"] == 0
    status, seen = police(office, "clerk").get(f"{here}?lang=en")
    assert (status, seen["state"], seen["amount_fen"]) == (200, "open", AMOUNT)
    refused(police(office, "clerk").post(f"{here}/payment"), 403, "not_allowed")
    reader = caller(payer(office), "case.read")
    assert reader.get(here)[0] == 200
    refused(reader.post(f"{here}/payment"), 403, "not_allowed")
    me = caller(payer(office))
    first = me.post(f"{here}/payment")
    assert first[0] == 200
    assert me.post(f"{here}/payment") == first
    assert me.post(f"{here}/question")[1]["state"] == "open"
    refused(me.get("/fees/F1"), 422, "request_invalid")
    refused(me.get("/receipts/x"), 422, "request_invalid")


def test_who_may_correct_for_another_pays_for_another(office: Office, bank: RunningBank) -> None:
    number = ask(office)
    people.register_person("neighbour", HELPER["name"], HELPER["id_number"])
    agent, me = caller(office.citizen(HELPER["id_number"])), caller(payer(office))

    def instead(*actions: str) -> Caller:
        ends = "2026-12-01T00:00:00+08:00"
        scope = {"actions": list(actions), "events": ["enterprise-start"], "ends": ends}
        status, made = me.post("/delegations", {"agent": HELPER, "scope": scope})
        assert status == 201
        return agent.instead(made["number"])

    refused(agent.get(f"/fees/{number}"), 404, "fee_unknown")
    reads, acts = instead("case.read"), instead("case.read", "case.correct")
    assert [one["number"] for one in reads.get("/fees")[1]["fees"]] == [number]
    refused(reads.post(f"/fees/{number}/payment"), 403, "not_allowed")
    status, paying = acts.post(f"/fees/{number}/payment")
    assert status == 200
    bank.choose(paying["page"])
    assert acts.post(f"/fees/{number}/question")[1]["state"] == "paid"
    refused(agent.instead("0" * 32).get("/fees"), 403, "not_allowed")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount_fen": 0}, "amount_fen"),
        ({"amount_fen": 1.5}, "amount_fen"),
        ({"why": "late"}, "why"),
        ({"note": "\x00"}, "note"),
        ({"state": "done"}, "state"),
        ({"amount_fen": AMOUNT + 1}, ""),
    ],
)
def test_a_refund_that_is_not_right_is_not_asked_for(
    office: Office, bank: RunningBank, changed: dict[str, Any], field: str
) -> None:
    number, clerk = paid(office, bank), police(office, "clerk")
    answer = clerk.post(f"/fees/{number}/refunds", REFUND | changed)
    if field:
        fields = refused(answer, 422, "request_invalid")
        assert [name for name in fields if field in name], fields
    else:
        refused(answer, 409, "fee_refused")
    assert clerk.get(f"/fees/{number}")[1]["refunds"] == []


def test_a_refund_is_asked_for_by_a_clerk_of_the_department_where_something_was_paid(
    office: Office, bank: RunningBank
) -> None:
    unpaid = f"/fees/{ask(office)}/refunds"
    refused(police(office, "clerk").post(unpaid, REFUND), 409, "fee_refused")
    refused(caller(office.official("tax", "clerk")).post(unpaid, REFUND), 404, "fee_unknown")
    for other in (police(office, "approver"), police(office, "clerk", "case.read")):
        refused(other.post(unpaid, REFUND), 403, "not_allowed")
    refused(caller(payer(office)).post(unpaid, REFUND), 403, "not_allowed")


def test_a_refund_is_refused_by_another_hand_and_with_a_reason(
    office: Office, bank: RunningBank
) -> None:
    decision = asked(office, bank)
    approver, no = police(office, "approver"), {"approve": False, "reason": "证据不足"}
    refused(caller(office.official("tax", "approver")).post(decision, YES), 404, "fee_unknown")
    for other in (police(office, "clerk"), caller(payer(office))):
        refused(other.post(decision, YES), 403, "not_allowed")
    refused(police(office, "approver", "fee.read").post(decision, YES), 403, "not_allowed")
    for changed, field in (({"approve": "no"}, "approve"), ({"reason": 1}, "reason")):
        fields = refused(approver.post(decision, no | changed), 422, "request_invalid")
        assert [name for name in fields if field in name], fields
    for unsaid in ("", "  "):
        refused(approver.post(decision, no | {"reason": unsaid}), 409, "fee_refused")
    nobodys = decision.replace("-R1/", "-R9/")
    refused(approver.post(nobodys, no), 404, "fee_unknown")
    status, decided = approver.post(decision, no)
    assert (status, decided["state"]) == (200, "refused")
    for again in (YES, no):
        refused(approver.post(decision, again), 409, "fee_refused")
    assert told(decided["order"])[-1] == "refund_refused"
