"""How money is given back (退付): asked by one, approved by another above the limit, sent once."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from tongban.apps.fees import events as say
from tongban.apps.fees.domain.judging import must_be_approved
from tongban.apps.fees.domain.ledger import Kind
from tongban.apps.fees.domain.words import RefundTold
from tongban.apps.fees.errors import BankRefused, FeeRefused, FeeUnknown, NotAllowed
from tongban.apps.fees.models import Attempt, Order, Refund
from tongban.apps.fees.plugins import provider
from tongban.infra import clock
from tongban.infra.access.domain import Subject

from .books import SYSTEM, allowed, locked, post, tell
from .receipting import issue

#: Why an official may ask that money be given back; a rule has reasons of its own.
REASONS = frozenset({"mistake", "waived", "amount", "service", "court"})


def left_of(attempt: Attempt) -> int:
    """Give the fen of an attempt that could still be given back: what is under way counts too."""
    given = sum(one.amount_fen for one in attempt.refunds.all() if one.state != "refused")
    return max(attempt.taken_fen - given, 0)


def owe(attempt: Attempt, kind: Kind, fen: int, why: str, by: str, now: datetime) -> Refund | None:
    """Put down that money of an attempt is to be given back; none where all of it is already.

    Joins the caller's transaction, whose order is locked. Below the limit it is approved at once;
    above, whoever asked, somebody else approves it. What was given back of the attempt before
    counts too: many small refunds are a large one.
    """
    order = attempt.order
    left = left_of(attempt)
    fen = min(fen, left)
    if fen <= 0:
        return None
    twice = must_be_approved(attempt.taken_fen - left + fen, settings.FEES_FOUR_EYES)
    made = Refund.objects.create(
        number=f"{order.number}-R{order.refunds.count() + 1}",
        order=order,
        attempt=attempt,
        kind=kind,
        amount_fen=fen,
        why=why,
        state="asked" if twice else "approved",
        asked_by=by,
        asked=now,
    )
    data = {
        "refund": made.number,
        "attempt": attempt.number,
        "amount_fen": fen,
        "why": why,
        "approval_needed": twice,
    }
    tell(order, say.REFUND_ASKED, data, actor=by)
    return made


def ask_refund(subject: Subject, number: str, fen: int, why: str, note: str) -> str:
    """Ask that money of an order be given back, all or part of it; give the refund's number.

    Raises `FeeUnknown`, `NotAllowed`, `FeeRefused`.
    """
    allowed(subject, number, "fee.refund")
    if why not in REASONS:
        raise FeeRefused("请选择退付事由", f"give one of {', '.join(sorted(REASONS))}")
    with transaction.atomic():
        order = locked(number)
        attempt = order.attempts.filter(state__in=["paid", "held"]).first()
        if attempt is None:
            raise FeeRefused("没有可退的款项", "nothing was paid that could be given back")
        left = left_of(attempt)
        if not 0 < fen <= left:
            raise FeeRefused(f"最多可退{left}分", f"at most {left} fen can be given back")
        kind: Kind = "refund" if attempt.state == "paid" else "return"
        if kind == "return" and fen != left:
            raise FeeRefused("金额不符的款项只能全额退回", "money that is held goes back whole")
        made = owe(attempt, kind, fen, why, subject.user_id, clock.now())
        if made is None:
            raise FeeRefused("没有可退的款项", "nothing is left to be given back")
        made.note = note
        made.save(update_fields=["note"])
    return made.number


def _decide(subject: Subject, number: str, state: str, event: str, reason: str = "") -> None:
    held = Refund.objects.filter(number=number).first()
    if held is None:
        raise FeeUnknown(number)
    allowed(subject, held.order_id, "fee.approve")
    with transaction.atomic():
        order = locked(held.order_id)
        refund = Refund.objects.get(number=number)
        if refund.state != "asked":
            raise FeeRefused("此退付已处理", f"this refund is {refund.state}")
        if refund.asked_by == subject.user_id:
            raise NotAllowed(
                "申请人与复核人须为两人", "whoever asked for the refund does not approve it"
            )
        refund.state, refund.decided_by = state, subject.user_id
        refund.save(update_fields=["state", "decided_by"])
        data = {"refund": number, "amount_fen": refund.amount_fen}
        tell(order, event, data, actor=subject.user_id, reason=reason)


def approve(subject: Subject, number: str) -> None:
    """Approve a refund that another has asked for (复核); it is sent to the bank afterwards.

    Raises `FeeUnknown`, `NotAllowed`, `FeeRefused`.
    """
    _decide(subject, number, "approved", say.REFUND_APPROVED)


def refuse_refund(subject: Subject, number: str, reason: str) -> None:
    """Refuse a refund, with a reason; raises as `approve`."""
    reason = reason.strip()
    if not reason:
        raise FeeRefused("不予退付须写明理由", "say why it is not given back")
    _decide(subject, number, "refused", say.REFUND_REFUSED, reason)


def send_refund(number: str) -> None:
    """Have the bank give an approved refund back, once; raise `BankSilent`, `BankRefused`.

    The bank takes a refund's number once, so asking again after silence gives nothing twice.
    """
    refund = Refund.objects.select_related("attempt").get(number=number)
    if refund.state != "approved":
        return
    bank = provider(refund.attempt.provider)
    try:
        told = bank.refund(number, refund.attempt_id, refund.amount_fen)
    except BankRefused:
        told = bank.query_refund(number)
        if told.state == "absent":
            raise
    if told.state == "done" and told.number == number:
        with transaction.atomic():
            _done(locked(refund.order_id), number, told)


def _done(order: Order, number: str, told: RefundTold) -> None:
    refund = Refund.objects.select_related("attempt").get(number=number)
    if refund.state != "approved":
        return
    now = clock.now()
    refund.state, refund.reference = "done", told.reference
    refund.done, refund.day = told.at or now, now.date()
    refund.save(update_fields=["state", "reference", "done", "day"])
    kind: Kind = "refund" if refund.kind == "refund" else "return"
    post(order, kind, refund.amount_fen, number, now)
    data = {
        "refund": number,
        "amount_fen": refund.amount_fen,
        "bank_reference": told.reference,
        "why": refund.why,
    }
    tell(order, say.REFUNDED, data)
    if kind == "refund":
        issue(order, number, -refund.amount_fen, now)
    elif order.state == "held" and refund.attempt.state == "held":
        # the wrong amount is back with the payer: the right one may be paid
        order.state = "open"
        order.save(update_fields=["state"])
        tell(order, say.REOPENED, {"after": number}, actor=SYSTEM)
