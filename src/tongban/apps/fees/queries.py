"""Reads of fees: what the payer, the office and the accounts are shown."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import EVERYTHING, Subject, judge
from tongban.kernel.facts import Words

from .domain.reconciling import WORDS as FAULTS
from .domain.reconciling import Fault
from .domain.words import LIVE, OrderState
from .errors import FeeUnknown
from .models import Attempt, Mismatch, Order, Receipt, Refund, RefundWish
from .plugins import providers
from .services.books import about, allowed
from .services.reconciling import Reconciled, may_keep_accounts

MOST = 500  # that a list of waiting work gives unless told otherwise
STATES: Mapping[OrderState, Words] = {
    "open": Words("待缴费", "to be paid"),
    "held": Words("金额不符，正在核对", "held: another amount came, it is being looked at"),
    "paid": Words("已缴费", "paid"),
    "cancelled": Words("已撤销", "cancelled"),
    "expired": Words("逾期未缴", "not paid in time"),
}
WHY = {
    "late": Words("缴费单已失效后到账", "it came when the order was over"),
    "duplicate": Words("重复缴费", "it was paid twice"),
    "withdrawn": Words("申请已撤回", "the application was withdrawn"),
    "refused": Words("申请未获准", "the application was refused"),
    "mistake": Words("误收误缴", "it was charged or paid by mistake"),
    "waived": Words("依规减免", "it is waived"),
    "amount": Words("金额不符", "the amount was wrong"),
    "service": Words("服务未提供", "the service was not given"),
    "court": Words("依据生效文书", "by a decision in force"),
}
REFUNDS = {
    "asked": Words("待复核", "to be approved"),
    "approved": Words("退付中", "being given back"),
    "done": Words("已退付", "given back"),
    "refused": Words("不予退付", "not given back"),
}


def state_of(reference: str) -> OrderState | None:
    """Say how the order for this reference stands; None where none was made."""
    return states_of([reference]).get(reference)


def states_of(references: Iterable[str]) -> dict[str, OrderState]:
    """Say how the orders for these references stand."""
    rows = Order.objects.filter(reference__in=list(references))
    return {one.reference: one.state for one in rows}  # type: ignore[misc]


def number_of(reference: str) -> str:
    """Give the number of the order for this reference; empty where none was made."""
    return Order.objects.filter(reference=reference).values_list("number", flat=True).first() or ""


def begun(number: str) -> bool:
    """Say whether somebody went to the bank for an order, and what came of it is not known yet."""
    return Attempt.objects.filter(order=number, state__in=LIVE).exists()


def of_case(case: str) -> QuerySet[Order]:
    """Give the orders of a case, in the order they were made."""
    return Order.objects.filter(case=case).order_by("opened", "number")


def orders_of(subject: Subject) -> QuerySet[Order]:
    """Give the subject's own orders, newest first; to an agent those it may pay."""
    rows = Order.objects.filter(payer=subject.person_id or None).order_by("-opened", "-number")
    behalf = subject.behalf
    if behalf is None:
        return rows
    if EVERYTHING not in behalf.events:
        rows = rows.filter(life_event__in=behalf.events)
    return rows.filter(company=behalf.principal) if behalf.kind == "company" else rows


def look(subject: Subject, number: str) -> Order:
    """Give an order that the subject may see; raise `FeeUnknown`."""
    return allowed(subject, number, "case.read")


def order_view(order: Order, lang: str) -> dict[str, Any]:
    """Show an order: what, how much, until when, what was paid, receipted and given back."""
    paid = order.attempts.filter(state="paid").first()
    words = STATES[order.state]  # type: ignore[index]
    return {
        "number": order.number,
        "case": order.case,
        "item": order.item,
        "name": order.name_en if lang == "en" else order.name,
        "department": parties.department_name(order.department, lang),
        "legal_basis": order.legal_basis,
        "amount_fen": order.amount_fen,
        "state": order.state,
        "state_words": words.of(lang),
        "opened": order.opened.isoformat(),
        "expires": order.expires.isoformat(),
        "paid_at": paid.paid_at.isoformat() if paid and paid.paid_at else None,
        "bank_reference": paid.reference if paid else "",
        "receipts": [_brief(one) for one in order.receipts.order_by("issued", "number")],
        "refunds": [refund_view(one, lang) for one in order.refunds.order_by("asked", "number")],
        "wishes": [wish_view(one, lang) for one in order.wishes.order_by("wished", "pk")],
    }


def _brief(receipt: Receipt) -> dict[str, Any]:
    return {
        "number": receipt.number,
        "amount_fen": receipt.amount_fen,
        "check_code": receipt.check_code,
        "issued": receipt.issued.isoformat(),
    }


def refund_view(refund: Refund, lang: str) -> dict[str, Any]:
    """Show a refund."""
    return {
        "number": refund.number,
        "order": refund.order_id,
        "amount_fen": refund.amount_fen,
        "why": refund.why,
        "why_words": WHY[refund.why].of(lang),
        "note": refund.note,
        "state": refund.state,
        "state_words": REFUNDS[refund.state].of(lang),
        "asked": refund.asked.isoformat(),
        "done": refund.done.isoformat() if refund.done else None,
        "bank_reference": refund.reference,
    }


WISHES = {
    "open": Words("待答复", "to be answered"),
    "granted": Words("同意退付", "granted"),
    "declined": Words("不予退付", "declined"),
}


def wish_view(wish: RefundWish, lang: str) -> dict[str, Any]:
    """Show that a payer wants money back, and what the department answered."""
    return {
        "number": wish.pk,
        "order": wish.order_id,
        "why": wish.why,
        "why_words": WHY[wish.why].of(lang),
        "note": wish.note,
        "state": wish.state,
        "state_words": WISHES[wish.state].of(lang),
        "wished": wish.wished.isoformat(),
        "answer": wish.answer,
        "refund": wish.refund_id or "",
    }


def wishes_for(subject: Subject, most: int = MOST) -> list[RefundWish]:
    """Give at most so many of the wishes that wait for this official, oldest first."""
    mine = {post.department for post in subject.posts if post.role == "clerk"}
    rows = RefundWish.objects.filter(state="open", order__department__in=mine)
    waiting = rows.select_related("order").prefetch_related("order__attempts__refunds")
    found = waiting.order_by("wished", "pk").iterator(most)
    return list(
        islice((w for w in found if judge(subject, "fee.refund", about(w.order)).allowed), most)
    )


def receipt_view(subject: Subject, number: str) -> dict[str, Any]:
    """Show a whole receipt to whom its order may be shown; raise `FeeUnknown`."""
    receipt = Receipt.objects.filter(number=number).first()
    if receipt is None:
        raise FeeUnknown(number)
    look(subject, receipt.order_id)
    return _brief(receipt) | {"order": receipt.order_id, "content": dict(receipt.content)}


def to_approve(subject: Subject, most: int = MOST) -> list[Refund]:
    """Give at most so many of the refunds that wait for this official, oldest first.

    Those that it asked for itself are not among them.
    """
    mine = {post.department for post in subject.posts if post.role == "approver"}
    rows = Refund.objects.filter(state="asked", order__department__in=mine)
    waiting = rows.exclude(asked_by=subject.user_id).select_related("order")
    found = waiting.order_by("asked", "number").iterator(most)
    return list(
        islice((r for r in found if judge(subject, "fee.approve", about(r.order)).allowed), most)
    )


def accounts_of(subject: Subject) -> list[str]:
    """Name the banks whose accounts are kept in a department where this official approves.

    Raises `ProviderMissing` where the setting does not read.
    """
    mine = {post.department for post in subject.posts if post.role == "approver"}
    return sorted(name for name, one in providers().items() if one.accounts in mine)


def mismatches(
    subject: Subject, provider: str, day: date | None = None, *, settled: bool = False
) -> QuerySet[Mismatch]:
    """Give the findings with a bank, oldest first, to who keeps or audits its accounts.

    Raises `NotAllowed`.
    """
    may_keep_accounts(subject, provider, "fee.read")
    rows = Mismatch.objects.filter(provider=provider, settled__isnull=not settled)
    return (rows.filter(day=day) if day else rows).order_by("found", "pk")


def mismatch_view(row: Mismatch, lang: str) -> dict[str, Any]:
    """Show a finding."""
    return {
        "id": row.pk,
        "provider": row.provider,
        "day": row.day.isoformat(),
        "fault": row.fault,
        "fault_words": FAULTS[Fault(row.fault)].of(lang),
        "number": row.number,
        "bank_reference": row.reference,
        "bank_fen": row.bank_fen,
        "here_fen": row.here_fen,
        "found": row.found.isoformat(),
        "settled": row.settled.isoformat() if row.settled else None,
        "reason": row.reason,
    }


def report(done: Reconciled, lang: str) -> dict[str, Any]:
    """Show what a reconciliation came to."""
    return {
        "provider": done.provider,
        "day": done.day.isoformat(),
        "digest": done.digest,
        "payments": done.payments,
        "paid_fen": done.paid_fen,
        "refunds": done.refunds,
        "refunded_fen": done.refunded_fen,
        "new_findings": done.fresh,
        "findings": [
            {
                "fault": one.fault.value,
                "fault_words": FAULTS[one.fault].of(lang),
                "number": one.number,
                "bank_reference": one.reference,
                "bank_fen": one.bank_fen,
                "here_fen": one.here_fen,
            }
            for one in done.findings
        ],
    }
