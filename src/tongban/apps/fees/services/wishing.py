"""How a payer asks for money back (退付申请), and how the department answers.

A wish moves no money: an official of the department grants it, which asks for a refund as ever with
its second hand above the limit, or declines it with a reason. Every paid fee may be asked back once
at a time.
"""

from django.db import IntegrityError, transaction

from tongban.apps.fees import events as say
from tongban.apps.fees.errors import FeeRefused, FeeUnknown
from tongban.apps.fees.models import Order, RefundWish
from tongban.infra import clock
from tongban.infra.access.domain import Subject

from . import refunding
from .books import allowed, locked, tell
from .refunding import REASONS, ask_refund

MOST_NOTE = 500
_STANDS = ("您的退付申请正在处理", "you asked for it already; it is being looked at")


def left_of(order: Order) -> int:
    """Give the fen of an order that could still be given back."""
    attempt = next((a for a in order.attempts.all() if a.state in {"paid", "held"}), None)
    return 0 if attempt is None else refunding.left_of(attempt)


def may_wish(order: Order) -> bool:
    """Say whether money of an order may be asked back now."""
    return left_of(order) > 0 and not order.wishes.filter(state="open").exists()


def wish_refund(subject: Subject, number: str, why: str, note: str) -> int:
    """Ask for money of one's own fee back; give the number of the wish.

    Raises `FeeUnknown`, `NotAllowed`, `FeeRefused`.
    """
    allowed(subject, number, "case.correct")
    note = note.strip()
    if why not in REASONS:
        raise FeeRefused("请选择退付事由", f"give one of {', '.join(sorted(REASONS))}")
    if not 0 < len(note) <= MOST_NOTE:
        raise FeeRefused(f"请用1至{MOST_NOTE}字说明", f"explain it in 1 to {MOST_NOTE} characters")
    try:
        with transaction.atomic():
            order = locked(number)
            if not left_of(order):
                raise FeeRefused("没有可退的款项", "nothing was paid that could be given back")
            if order.wishes.filter(state="open").exists():
                raise FeeRefused(*_STANDS)
            wish = RefundWish.objects.create(
                order=order,
                why=why,
                note=note,
                state="open",
                wished_by=subject.user_id,
                wished=clock.now(),
            )
            data = {"wish": wish.pk, "why": why, "note": note}
            tell(order, say.REFUND_WISHED, data, actor=subject.user_id)
    except IntegrityError:
        raise FeeRefused(*_STANDS) from None
    return int(wish.pk)


def answer_wish(subject: Subject, wish: int, *, fen: int = 0, reason: str = "") -> str:
    """Grant a payer's wish with ``fen``, or decline it with a reason; give the refund's number.

    Nobody answers a wish of its own. Raises `FeeUnknown`, `NotAllowed`, `FeeRefused`.
    """
    held = RefundWish.objects.filter(pk=wish).first()
    if held is None:
        raise FeeUnknown(wish)
    allowed(subject, held.order_id, "fee.refund")
    reason = reason.strip()
    if not fen and not reason:
        raise FeeRefused("不予退付须写明理由", "say why it is not given back")
    with transaction.atomic():
        order = locked(held.order_id)
        row = RefundWish.objects.get(pk=wish)
        if row.state != "open":
            raise FeeRefused("此申请已处理", f"this wish is {row.state}")
        number = ask_refund(subject, order.number, fen, row.why, reason) if fen else ""
        row.state = "granted" if fen else "declined"
        row.answered_by, row.answered, row.answer = subject.user_id, clock.now(), reason
        row.refund_id = number or None
        row.save()
        if not fen:
            data = {"wish": row.pk, "why": row.why}
            tell(order, say.REFUND_DECLINED, data, actor=subject.user_id, reason=reason)
    return number
