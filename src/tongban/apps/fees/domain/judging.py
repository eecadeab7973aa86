"""What follows from what a bank says: pure, and the same however often and in whatever order.

An order is paid by one payment of exactly its amount. Every other payment is held or is surplus,
and is given back; it is never receipted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .words import CURRENCY, LIVE, TAKEN, AttemptState, OrderState, Told

#: nothing new · the payer is at the bank's page · paid · another amount or currency was taken ·
#: paid although the order was paid, cancelled or expired · it will never be paid · the bank
#: contradicts what it said before
Verdict = Literal["nothing", "wait", "pay", "hold", "surplus", "close", "conflict"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order and one of its attempts stand with us."""

    order: OrderState
    attempt: AttemptState
    amount_fen: int
    expires: datetime
    taken_fen: int = 0
    reference: str = ""


def weigh(standing: Standing, told: Told, now: datetime) -> Verdict:
    """Judge what a bank says of an attempt; ``now`` decides when silence becomes an end.

    What was paid stays paid, whatever older news comes after it. A payment that the bank does not
    know is only given up when its time is over: the question that makes it may still be on its way.
    """
    if standing.attempt in TAKEN:
        same = (told.amount_fen, told.reference) == (standing.taken_fen, standing.reference)
        return "conflict" if told.state == "paid" and not same else "nothing"
    if told.state == "paid":
        return _paid(standing, told)
    if standing.attempt not in LIVE:
        return "nothing"
    over = told.state in {"refused", "closed"} or (
        told.state == "absent" and now >= standing.expires
    )
    if over:
        return "close"
    return "wait" if told.state == "open" and standing.attempt == "unknown" else "nothing"


def _paid(standing: Standing, told: Told) -> Verdict:
    """Judge money that has come, also where we had given the attempt up."""
    if standing.order != "open":
        return "surplus"
    right = (told.amount_fen, told.currency) == (standing.amount_fen, CURRENCY)
    return "pay" if right else "hold"


def must_be_approved(amount_fen: int, limit_fen: int) -> bool:
    """Say whether a refund needs a second person (四眼原则): above the limit.

    >>> must_be_approved(10_001, 10_000), must_be_approved(10_000, 10_000)
    (True, False)
    """
    return amount_fen > limit_fen
