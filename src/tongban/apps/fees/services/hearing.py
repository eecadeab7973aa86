"""What a bank says of a payment, and what becomes of it: in one transaction, once (到账).

A notice, an answer to a question and an answer to `create` are heard by the same verb, in whatever
order and however often they come.
"""

import logging
from datetime import datetime

from django.db import transaction

from tongban.apps.fees import events as say
from tongban.apps.fees.domain.judging import Standing, weigh
from tongban.apps.fees.domain.reconciling import Fault, Finding
from tongban.apps.fees.domain.words import LIVE, AttemptState, OrderState, Told
from tongban.apps.fees.models import Attempt, Order
from tongban.apps.fees.plugins import provider
from tongban.infra import clock
from tongban.infra.trail.services import ChainMoved

from .books import SYSTEM, locked, post, tell
from .findings import keep
from .receipting import issue
from .refunding import owe

log = logging.getLogger(__name__)
_TRIES = 5


def notice(name: str, body: bytes) -> None:
    """Take a notice as it came; raise `NoticeInvalid` for one the bank did not sign."""
    hear(provider(name).read_notice(body), name)


def ask_bank(number: str) -> None:
    """Ask the bank how the live attempt of an order stands; raise `BankSilent`, `BankRefused`."""
    for attempt in Attempt.objects.filter(order=number, state__in=LIVE):
        Attempt.objects.filter(number=attempt.number).update(asked=clock.now())
        hear(provider(attempt.provider).query(attempt.number), attempt.provider)


def hear(told: Told, name: str) -> None:
    """Take what the bank ``name`` says of a payment, and do what follows.

    A number that is not ours is left to the reconciliation, which finds it.
    """
    held = Attempt.objects.filter(number=told.number, provider=name).first()
    if held is None:
        log.critical("%s tells of a payment %.40r that was never made here", name, told.number)
        return
    for tries in range(_TRIES):
        try:
            with transaction.atomic():
                order = locked(held.order_id)
                _follow(order, Attempt.objects.get(number=held.number), told, clock.now())
        except ChainMoved:  # another order told of a finding with the same bank at once
            if tries == _TRIES - 1:
                raise
        else:
            return


def _follow(order: Order, attempt: Attempt, told: Told, now: datetime) -> None:
    standing = Standing(
        _order_state(order),
        _attempt_state(attempt),
        order.amount_fen,
        attempt.expires,
        attempt.taken_fen,
        attempt.reference,
    )
    match weigh(standing, told, now):
        case "wait":
            attempt.state = "pending"
            attempt.save(update_fields=["state"])
        case "pay":
            _taken(attempt, "paid", told, now)
            post(order, "pay", told.amount_fen, attempt.number, now)
            order.state = "paid"
            order.save(update_fields=["state"])
            tell(order, say.PAID, _data(attempt, told))
            issue(order, attempt.number, told.amount_fen, now)
        case "hold":
            _taken(attempt, "held", told, now)
            post(order, "suspend", told.amount_fen, attempt.number, now)
            order.state = "held"
            order.save(update_fields=["state"])
            tell(order, say.HELD, _data(attempt, told) | {"asked_fen": order.amount_fen})
            _alarm(order, attempt, told)
        case "surplus":
            _taken(attempt, "surplus", told, now)
            post(order, "suspend", told.amount_fen, attempt.number, now)
            tell(order, say.SURPLUS, _data(attempt, told) | {"order_state": order.state})
            why = "duplicate" if order.state == "paid" else "late"
            owe(attempt, "return", told.amount_fen, why, SYSTEM, now)
        case "close":
            not_paid(order, attempt.number, told.state)
        case "conflict":
            tell(order, say.CONTRADICTED, _data(attempt, told))
            _alarm(order, attempt, told)
        case "nothing":
            pass


def not_paid(order: Order, number: str, why: str) -> None:
    """Give an attempt of a locked order up; what comes later nevertheless is still heard."""
    given_up = Attempt.objects.filter(number=number, state__in=LIVE).update(state="closed")
    if given_up:
        tell(order, say.NOT_PAID, {"attempt": number, "why": why})


def _taken(attempt: Attempt, state: AttemptState, told: Told, now: datetime) -> None:
    attempt.state = state
    attempt.taken_fen = told.amount_fen
    attempt.reference = told.reference
    attempt.paid_at = told.at
    attempt.day = now.date()
    attempt.save(update_fields=["state", "taken_fen", "reference", "paid_at", "day"])


def _data(attempt: Attempt, told: Told) -> dict[str, object]:
    return {
        "attempt": attempt.number,
        "provider": attempt.provider,
        "amount_fen": told.amount_fen,
        "currency": told.currency,
        "bank_reference": told.reference,
        "paid_at": told.at.isoformat() if told.at else "",
    }


def _alarm(order: Order, attempt: Attempt, told: Told) -> None:
    """Let somebody look at it: what the bank took is not what was asked, or not what it said."""
    log.critical(
        "fee %s: %s took %d fen %s, asked were %d",
        *(order.number, attempt.provider, told.amount_fen, told.currency, order.amount_fen),
    )
    found = Finding(Fault.AMOUNT, attempt.number, told.reference, told.amount_fen, order.amount_fen)
    keep(attempt.provider, clock.today(), [found])


def _order_state(order: Order) -> OrderState:
    return order.state  # type: ignore[return-value]


def _attempt_state(attempt: Attempt) -> AttemptState:
    return attempt.state  # type: ignore[return-value]
