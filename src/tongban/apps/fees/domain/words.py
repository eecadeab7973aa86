"""What a fee is, and what a bank says of a payment or a refund. Amounts are whole fen."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from tongban.kernel.facts import Words

CURRENCY = "CNY"

#: How an order (缴费单) stands: open 待缴, held 已挂起 (a bank took another amount), paid 已缴,
#: cancelled 已撤销, expired 已过期.
OrderState = Literal["open", "held", "paid", "cancelled", "expired"]
#: How an attempt (支付尝试) stands: pending 支付中 (also while nobody knows what the bank has done,
#: ``unknown`` 待查), paid 成功, held 金额不符, surplus 多付, closed 未成.
AttemptState = Literal["unknown", "pending", "paid", "held", "surplus", "closed"]
#: How a refund (退付) stands: asked 待复核, approved 待付 (also while nobody knows what the bank
#: has done), done 已退, refused 不予退付.
RefundState = Literal["asked", "approved", "done", "refused"]

#: Attempts of which the bank may still say something new.
LIVE: frozenset[AttemptState] = frozenset({"unknown", "pending"})
#: Attempts whose money is at the bank.
TAKEN: frozenset[AttemptState] = frozenset({"paid", "held", "surplus"})


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee to be asked for (收费): how much, of whom, for what, on which ground.

    ``reference`` names what it is for, and is asked for once; ``payer`` is a person id, ``company``
    the credit code where the person acts for one.
    """

    reference: str
    case: str
    item: str
    name: Words
    department: str
    payer: str
    company: str
    life_event: str
    amount_fen: int
    legal_basis: str
    window: timedelta

    def __post_init__(self) -> None:
        whole = isinstance(self.amount_fen, int) and not isinstance(self.amount_fen, bool)
        if not whole or self.amount_fen <= 0 or not self.reference or not self.payer:
            raise ValueError(
                f"fee {self.reference or 'without reference'}: give a payer and whole fen above "
                f"nought, not {self.amount_fen!r}"
            )


@dataclass(frozen=True, slots=True)
class Told:
    """What a bank says of one payment; ``at`` is the instant it was paid at."""

    number: str
    state: Literal["absent", "open", "paid", "refused", "closed"]
    amount_fen: int = 0
    currency: str = CURRENCY
    reference: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundTold:
    """What a bank says of one refund."""

    number: str
    state: Literal["absent", "done", "pending", "refused"]
    amount_fen: int = 0
    reference: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bank's statement (对账单): ``number`` is ours, ``reference`` the bank's."""

    kind: Literal["payment", "refund"]
    number: str
    reference: str
    amount_fen: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """A bank's statement of one of its days, with the digest that it signed."""

    day: date
    lines: tuple[Line, ...]
    digest: str
