"""The verb that orders payments without a case, many at a time, each reference at most once.

An item may pay what a policy pays unasked (免申即享). Both then order under one reference, so that
the database itself refuses to pay a person twice; whoever runs policies says how it is made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from .models import PaymentOrder

_AT_ONCE = 500

#: Gives the reference of a policy's payment: policy, a day of its period, the payee's number.
Refer = Callable[[str, date, str], str]
_referring: list[Refer] = []


class NobodyPays(RuntimeError):
    """An item pays for a policy, and no app of this installation runs policies."""


def refer_by(refer: Refer) -> None:
    """Let the app that runs policies say how their payments are called; it does so once."""
    _referring[:] = [refer]


def reference(policy: str, day: date, payee: str) -> str:
    """Give the reference under which the policy pays a person for the period of ``day``.

    Whoever asks inside a transaction holds the period until its end: nobody else orders in it.
    """
    if not _referring:
        raise NobodyPays(f"NobodyPays: {policy} is run by no app; install tongban.apps.outreach")
    return _referring[0](policy, day, payee)


@dataclass(frozen=True, slots=True)
class Order:
    """Money to be paid (拨付指令): payee's number, bank account, amount in fen above nought."""

    reference: str
    payee: str
    account: str
    amount_fen: int
    department: str
    ordered: datetime

    def __post_init__(self) -> None:
        whole = isinstance(self.amount_fen, int) and not isinstance(self.amount_fen, bool)
        if (
            not whole
            or self.amount_fen <= 0
            or not (self.reference and self.payee and self.account)
        ):
            raise ValueError(
                f"order {self.reference or 'without reference'}: give payee, account and whole fen "
                f"above nought, not {self.amount_fen!r}"
            )


def ordered(references: Sequence[str]) -> dict[str, int]:
    """Give those of these references that were ordered before, with their amounts in fen."""
    found: dict[str, int] = {}
    for start in range(0, len(references), _AT_ONCE):
        rows = PaymentOrder.objects.filter(reference__in=references[start : start + _AT_ONCE])
        found.update(rows.values_list("reference", "amount_fen"))
    return found


def order_payments(orders: Sequence[Order]) -> frozenset[str]:
    """Order each payment unless its reference was ordered before; give those ordered now.

    Joins the caller's transaction. Two writers of one reference never pay twice: the second gets
    `django.db.IntegrityError`, rolls back and may try again.
    """
    with transaction.atomic():
        before = ordered([order.reference for order in orders])
        new = {o.reference: o for o in orders if o.reference not in before}
        PaymentOrder.objects.bulk_create(
            (
                PaymentOrder(
                    reference=order.reference,
                    payee=order.payee,
                    account=order.account,
                    amount_fen=order.amount_fen,
                    department=order.department,
                    ordered=order.ordered,
                )
                for order in new.values()
            ),
            batch_size=_AT_ONCE,
        )
    return frozenset(new)
