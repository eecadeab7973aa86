"""How an order is paid: one attempt at a time, kept before the bank is asked (缴费)."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from tongban.apps.fees import events as say
from tongban.apps.fees.domain.words import LIVE
from tongban.apps.fees.errors import BankRefused, BankSilent, FeeRefused
from tongban.apps.fees.models import Attempt, Order
from tongban.apps.fees.plugins import provider, provider_for
from tongban.infra import clock
from tongban.infra.access.domain import Subject

from .books import allowed, locked, tell
from .hearing import hear, not_paid

#: How long the bank's page may be paid on; then another attempt is made.
_LASTS = timedelta(minutes=30)
_TRIES = 3


def pay(subject: Subject, number: str, back: str = "") -> str:
    """Give the address of the bank's page for an order; ``back`` is where the payer returns to.

    Repeating it gives the same page while it can be paid: there are never two. Raises `FeeUnknown`,
    `NotAllowed`, `FeeRefused`, `BankSilent` (try again: nothing is paid twice), `BankRefused`,
    `ProviderMissing`.
    """
    allowed(subject, number, "case.correct")
    for _ in range(_TRIES):
        attempt = _attempt(number, subject.user_id)
        bank = provider(attempt.provider)
        order = attempt.order
        try:
            page = bank.create(attempt.number, order.amount_fen, order.name, back, attempt.expires)
        except BankRefused as refused:
            with transaction.atomic():
                not_paid(locked(number), attempt.number, f"refused: {refused.code}")
            raise
        if page.told.number != attempt.number:
            raise BankSilent("it names another payment")
        hear(page.told, attempt.provider)
        Attempt.objects.filter(number=attempt.number).update(page=page.address)
        if page.told.state == "open":
            return page.address
    raise FeeRefused("缴费单状态已变化，请刷新后再试", "the order has moved; read it again")


def _attempt(number: str, actor: str) -> Attempt:
    """Give the attempt that may still be paid, or keep a new one: committed before the bank asks.

    Two payers at once meet in the index of live attempts: the second takes the first one's.
    """
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return _kept(locked(number), actor)
        except IntegrityError:
            continue
    raise FeeRefused("缴费单正在处理，请稍后再试", "the order is being worked on; try again")


def _kept(order: Order, actor: str) -> Attempt:
    now = clock.now()
    if order.state != "open" or now >= order.expires:
        raise FeeRefused(
            "此缴费单不能再缴费", f"this order is {order.state}: it cannot be paid now"
        )
    live = order.attempts.filter(state__in=LIVE).first()
    if live is not None:
        return live
    made = Attempt.objects.create(
        number=f"{order.number}-{order.attempts.count() + 1}",
        order=order,
        provider=provider_for(order.department),
        state="unknown",
        begun=now,
        asked=now,
        expires=min(now + _LASTS, order.expires),
    )
    tell(
        order,
        say.ATTEMPTED,
        {"attempt": made.number, "provider": made.provider, "amount_fen": order.amount_fen},
        actor=actor,
    )
    return made
