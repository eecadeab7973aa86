"""How a fee is asked for, and how asking ends: cancelled, expired, or given back by rule."""

import secrets
from datetime import datetime

from tongban.apps.fees import events as say
from tongban.apps.fees.domain.words import TAKEN, Fee
from tongban.apps.fees.models import Order

from .books import SYSTEM, balance, locked, post, tell
from .refunding import owe

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def open_order(fee: Fee, now: datetime) -> str:
    """Ask for a fee (开具缴费单), once a reference; give the order's number.

    Joins the caller's transaction; of two callers at once the second gets IntegrityError.
    """
    held = Order.objects.filter(reference=fee.reference).first()
    if held is not None:
        return held.number
    number = f"F{now:%Y%m%d}-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))
    order = Order.objects.create(
        number=number,
        reference=fee.reference,
        case=fee.case,
        item=fee.item,
        name=fee.name.zh,
        name_en=fee.name.en,
        department=fee.department,
        payer=fee.payer,
        company=fee.company,
        life_event=fee.life_event,
        amount_fen=fee.amount_fen,
        legal_basis=fee.legal_basis,
        state="open",
        opened=now,
        expires=now + fee.window,
    )
    post(order, "ask", fee.amount_fen, number, now)
    data = {
        "case": fee.case,
        "name": fee.name.zh,
        "amount_fen": fee.amount_fen,
        "expires": order.expires.isoformat(),
    }
    tell(order, say.ORDERED, data)
    return number


def close_order(reference: str, why: str, now: datetime, *, give_back: bool) -> None:
    """End a fee whose case has ended without it: cancel what is open, owe what was paid.

    ``why`` is ``withdrawn`` or ``refused``; without ``give_back`` a paid fee stays paid. Joins the
    caller's transaction.
    """
    held = Order.objects.filter(reference=reference).first()
    if held is None:
        return
    order = locked(held.number)
    if order.state in {"open", "held"}:
        end(order, "cancelled", why, now)
    elif order.state == "paid" and give_back:
        paid = -balance(order, "due")
        attempt = order.attempts.filter(state="paid").first()
        if attempt is not None and paid > 0:
            owe(attempt, "refund", paid, why, SYSTEM, now)


def end(order: Order, state: str, why: str, now: datetime) -> None:
    """End a locked order that is not paid; money that lies there for it is owed back."""
    post(order, "drop", order.amount_fen, order.number, now)
    order.state = state
    order.save(update_fields=["state"])
    tell(order, say.EXPIRED if state == "expired" else say.CANCELLED, {"why": why})
    for attempt in order.attempts.filter(state__in=TAKEN):
        owe(attempt, "return", attempt.taken_fen, why, SYSTEM, now)
