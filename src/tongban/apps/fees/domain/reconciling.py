"""The daily reconciliation (日终对账): a bank's statement against our ledger, line by line. Pure.

Every difference is found and named once. Nothing is mended here: a person settles each finding.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from tongban.kernel.facts import Words

from .words import CURRENCY, Line


class Fault(StrEnum):
    """What may be wrong between a bank and us."""

    NOT_HERE = "not-here"
    NOT_AT_BANK = "not-at-bank"
    AMOUNT = "amount-differs"
    TWICE = "twice"
    OTHER_DAY = "other-day"
    REFUND_NOT_HERE = "refund-not-here"
    REFUND_MISSING = "refund-missing"
    RECEIPT_ALONE = "receipt-without-payment"
    RECEIPT_MISSING = "payment-without-receipt"


WORDS: Mapping[Fault, Words] = {
    Fault.NOT_HERE: Words("银行已收，本地无账", "paid at the bank, not booked here"),
    Fault.NOT_AT_BANK: Words("本地已收，银行无账", "booked here, not at the bank"),
    Fault.AMOUNT: Words("金额或币种不符", "amounts or currencies differ"),
    Fault.TWICE: Words("银行重复入账", "listed more than once at the bank"),
    Fault.OTHER_DAY: Words("跨日入账", "booked on another day than the bank's"),
    Fault.REFUND_NOT_HERE: Words("银行已退，本地无账", "given back at the bank, not booked here"),
    Fault.REFUND_MISSING: Words("本地已退，银行无账", "booked as given back, not at the bank"),
    Fault.RECEIPT_ALONE: Words("有票据，无收款", "a receipt without its payment"),
    Fault.RECEIPT_MISSING: Words("有收款，无票据", "a payment without its receipt"),
}


@dataclass(frozen=True, slots=True)
class Booked:
    """What our ledger holds of one payment or refund, and on which day it was booked."""

    kind: Literal["payment", "refund"]
    number: str
    reference: str
    amount_fen: int
    day: date


@dataclass(frozen=True, slots=True)
class Receipted:
    """What was receipted of an order, red receipts taken off, beside what it holds; in fen."""

    order: str
    receipted_fen: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference: ``number`` is a payment's, a refund's or an order's; amounts in fen.

    ``reference`` is the bank's, where the bank has one.
    """

    fault: Fault
    number: str
    reference: str
    bank_fen: int
    here_fen: int


def reconcile(
    lines: Sequence[Line],
    booked: Iterable[Booked],
    receipts: Iterable[Receipted],
    day: date,
    elsewhere: Collection[tuple[str, str]] = frozenset(),
) -> tuple[Finding, ...]:
    """Hold the statement of ``day`` against the ledger; give every difference, in a fixed order.

    ``booked`` are what was booked on the day, and what the lines name whenever it was booked;
    ``elsewhere`` the (kind, number) that statements of other days list: those were compared there.
    """
    ours: dict[tuple[str, str], Booked] = {(b.kind, b.number): b for b in booked}
    theirs: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        theirs[line.kind, line.number].append(line)
    found = [f for key, group in theirs.items() for f in _compared(group, ours.get(key), day)]
    for key, mine in ours.items():
        if key not in theirs and key not in elsewhere and mine.day == day:
            fault = Fault.NOT_AT_BANK if mine.kind == "payment" else Fault.REFUND_MISSING
            found.append(Finding(fault, mine.number, mine.reference, 0, mine.amount_fen))
    found += _receipts(receipts)
    return tuple(sorted(found, key=lambda f: (f.fault, f.number, f.reference)))


def _compared(group: Sequence[Line], mine: Booked | None, day: date) -> Iterator[Finding]:
    """Compare what the bank lists under one number with what we hold under it."""
    same = next((line for line in group if mine and line.reference == mine.reference), group[0])
    listed = sum(line.amount_fen for line in group)
    if len(group) > 1:
        here = mine.amount_fen if mine else 0
        yield Finding(Fault.TWICE, same.number, same.reference, listed, here)
    if mine is None:
        fault = Fault.NOT_HERE if same.kind == "payment" else Fault.REFUND_NOT_HERE
        yield Finding(fault, same.number, same.reference, same.amount_fen, 0)
        return
    if (same.amount_fen, same.currency) != (mine.amount_fen, CURRENCY):
        yield Finding(Fault.AMOUNT, same.number, same.reference, same.amount_fen, mine.amount_fen)
    if mine.day != day:
        yield Finding(
            Fault.OTHER_DAY, same.number, same.reference, same.amount_fen, mine.amount_fen
        )


def _receipts(receipts: Iterable[Receipted]) -> Iterator[Finding]:
    for one in receipts:
        if one.receipted_fen == one.paid_fen:
            continue
        more = one.receipted_fen > one.paid_fen
        fault = Fault.RECEIPT_ALONE if more else Fault.RECEIPT_MISSING
        yield Finding(fault, one.order, "", one.paid_fen, one.receipted_fen)
