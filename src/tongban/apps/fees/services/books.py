"""What every verb of fees shares: locking an order, posting, telling the trail, who may do what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from django.db.models import Sum

from tongban.apps.fees import events as say
from tongban.apps.fees.domain import ledger
from tongban.apps.fees.errors import FeeUnknown, NotAllowed
from tongban.apps.fees.models import Entry, Order
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft

SYSTEM = "system"


class LedgerBroken(RuntimeError):
    """A posting would break the ledger: a fault of ours; the transaction is rolled back."""


def locked(number: str) -> Order:
    """Give an order for this transaction alone; raise FeeUnknown."""
    order = Order.objects.select_for_update().filter(number=number).first()
    if order is None:
        raise FeeUnknown(number)
    return order


def post(order: Order, kind: ledger.Kind, fen: int, moved_by: str, now: datetime) -> None:
    """Post a step of money, once; raise LedgerBroken where the order's books would not hold."""
    held = [
        ledger.Entry(cast("ledger.Kind", kind_), cast("ledger.Account", account), fen_)
        for kind_, account, fen_ in order.entries.values_list("kind", "account", "fen")
    ]
    both = ledger.posting(kind, fen)
    if wrong := ledger.fault([*held, *both]):
        raise LedgerBroken(f"LedgerBroken: {order.number}: {wrong} after {kind} of {fen} fen")
    Entry.objects.bulk_create(
        Entry(
            order=order,
            moved_by=moved_by,
            kind=entry.kind,
            account=entry.account,
            fen=entry.fen,
            booked=now,
        )
        for entry in both
    )


def tell(
    order: Order, type_: str, data: Mapping[str, Any], *, actor: str = SYSTEM, reason: str = ""
) -> None:
    """Tell one step of an order on its chain."""
    trail.tell(
        Draft(
            type=type_,
            chain=say.chain(order.number),
            actor=actor,
            organisation=order.department,
            on_behalf_of=order.payer,
            authority=order.legal_basis,
            item=order.item,
            reason=reason,
            data={"order": order.number, "reference": order.reference, **data},
        )
    )


def balance(order: Order, account: ledger.Account) -> int:
    """Give the balance of one account of an order, in fen."""
    found = Entry.objects.filter(order=order, account=account).aggregate(fen=Sum("fen"))
    return int(found["fen"] or 0)


def about(order: Order) -> dict[str, str]:
    """Say what the judge must know of an order."""
    return {
        "applicant": order.payer,
        "company": order.company,
        "life_event": order.life_event,
        "department": order.department,
        "region": parties.department_region(order.department),
    }


def allowed(subject: Subject, number: str, action: str) -> Order:
    """Give the order if the subject may do this to it.

    Raises `NotAllowed`, and `FeeUnknown` also where the subject may not even see it. Whoever may
    read a case may read its fee; whoever may correct it may pay.
    """
    order = Order.objects.filter(number=number).first()
    if order is None:
        raise FeeUnknown(number)
    ruling = judge(subject, action, about(order))
    if ruling.allowed:
        return order
    seen = judge(subject, "case.read", about(order)).allowed
    refuse(subject, action, {"fee": number}, ruling, step_up=seen)
    if not seen:
        raise FeeUnknown(number)
    raise NotAllowed(ruling.zh, ruling.en)
