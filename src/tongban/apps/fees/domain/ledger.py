"""The double-entry ledger of fees (复式账): every step of money is a posting that sums to nought.

Debits are positive, credits negative, in fen. Entries are only ever added; a balance is their sum.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

#: receivable 应收 (asked and not paid) · due 应缴财政款 (what the treasury is owed) · bank 银行存款
#: · suspense 待查款 (at the bank, and no order's)
Account = Literal["receivable", "due", "bank", "suspense"]
Kind = Literal["ask", "drop", "pay", "suspend", "refund", "return"]

#: What each step does: the account that is debited, and the one that is credited.
POSTINGS: Mapping[Kind, tuple[Account, Account]] = {
    "ask": ("receivable", "due"),  # an order is made
    "drop": ("due", "receivable"),  # an order ends unpaid
    "pay": ("bank", "receivable"),  # an order is paid
    "suspend": ("bank", "suspense"),  # money comes that pays no order
    "refund": ("due", "bank"),  # a paid fee is given back
    "return": ("suspense", "bank"),  # money that paid no order is given back
}
#: On which side a balance may stand: what we hold is a debit, what we owe a credit.
_SIDES: Mapping[Account, int] = {"receivable": 1, "bank": 1, "due": -1, "suspense": -1}


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting; ``fen`` is positive for a debit."""

    kind: Kind
    account: Account
    fen: int


def posting(kind: Kind, fen: int) -> tuple[Entry, Entry]:
    """Give the two entries of a step; raise ValueError for no amount.

    >>> posting("pay", 300)[1]
    Entry(kind='pay', account='receivable', fen=-300)
    """
    if fen <= 0:
        raise ValueError(f"a posting moves fen above nought, not {fen}")
    debit, credit = POSTINGS[kind]
    return Entry(kind, debit, fen), Entry(kind, credit, -fen)


def balances(entries: Iterable[Entry]) -> dict[Account, int]:
    """Give the balance of each account; accounts at nought too."""
    found: dict[Account, int] = {"receivable": 0, "due": 0, "bank": 0, "suspense": 0}
    for entry in entries:
        found[entry.account] += entry.fen
    return found


def fault(entries: Iterable[Entry]) -> str:
    """Say what cannot be in one order's entries; empty: nothing.

    More is never given back than came, and nobody owes less than nought.
    """
    held = balances(entries)
    if sum(held.values()):
        return "debits and credits differ"
    for account, fen in held.items():
        if fen * _SIDES[account] < 0:
            return f"{account} is {fen} fen"
    return ""
