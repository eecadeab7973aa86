"""The daily reconciliation as a verb: fetch the statement, keep it, compare, keep what differs."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, Sum

from tongban.apps.fees import events as say
from tongban.apps.fees.domain import reconciling as domain
from tongban.apps.fees.domain.reconciling import Booked, Finding, Receipted
from tongban.apps.fees.domain.words import TAKEN
from tongban.apps.fees.domain.words import Statement as Told
from tongban.apps.fees.errors import FeeRefused, FeeUnknown, NotAllowed
from tongban.apps.fees.models import (
    Attempt,
    Entry,
    Mismatch,
    Receipt,
    Refund,
    Statement,
    StatementLine,
)
from tongban.apps.fees.plugins import provider, providers
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft

from .books import SYSTEM
from .findings import keep

_MOST_DAYS = 31


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation came to; amounts in fen, ``fresh`` of the findings are new."""

    provider: str
    day: date
    digest: str
    payments: int
    paid_fen: int
    refunds: int
    refunded_fen: int
    findings: tuple[Finding, ...]
    fresh: int


def reconcile(name: str, day: date) -> Reconciled:
    """Hold a bank's statement of a day against the ledger; may be repeated at any time.

    Raises `BankSilent`, `BankRefused` (the day is not over), `ProviderMissing`.
    """
    told = provider(name).statement(day)
    with transaction.atomic():
        _kept(name, told)
        found = _compared(name, told)
        fresh = keep(name, day, found)
        paid = [line.amount_fen for line in told.lines if line.kind == "payment"]
        back = [line.amount_fen for line in told.lines if line.kind == "refund"]
        done = Reconciled(
            *(name, day, told.digest, len(paid), sum(paid), len(back), sum(back)), found, fresh
        )
        trail.tell(
            Draft(
                type=say.RECONCILED,
                chain=say.bank_chain(name),
                actor=SYSTEM,
                data={
                    "day": day.isoformat(),
                    "digest": told.digest,
                    "payments": done.payments,
                    "paid_fen": done.paid_fen,
                    "refunds": done.refunds,
                    "refunded_fen": done.refunded_fen,
                    "findings": len(found),
                },
            )
        )
    return done


def days_due(name: str) -> list[date]:
    """Give the days since the last statement of this bank that are over, at most a month of them.

    Without any statement: yesterday.
    """
    yesterday = clock.today() - timedelta(days=1)
    last = Statement.objects.filter(provider=name).order_by("-day").first()
    count = min((yesterday - last.day).days, _MOST_DAYS) if last else 1
    return [yesterday - timedelta(days=back) for back in reversed(range(count))]


def _kept(name: str, told: Told) -> None:
    row, fresh = Statement.objects.get_or_create(
        provider=name, day=told.day, digest=told.digest, defaults={"fetched": clock.now()}
    )
    if fresh:
        StatementLine.objects.bulk_create(
            StatementLine(
                statement=row,
                kind=line.kind,
                number=line.number,
                reference=line.reference,
                fen=line.amount_fen,
                currency=line.currency,
                at=line.at,
            )
            for line in told.lines
        )


def _compared(name: str, told: Told) -> tuple[Finding, ...]:
    named = {line.number for line in told.lines}
    attempts = Attempt.objects.filter(Q(day=told.day) | Q(number__in=named), state__in=TAKEN)
    refunds = Refund.objects.filter(Q(day=told.day) | Q(number__in=named), state="done")
    booked: list[Booked] = []
    orders: set[str] = set()
    for paid in attempts.filter(provider=name):
        booked.append(
            Booked("payment", paid.number, paid.reference, paid.taken_fen, paid.day or told.day)
        )
        orders.add(paid.order_id)
    for back in refunds.filter(attempt__provider=name):
        booked.append(
            Booked("refund", back.number, back.reference, back.amount_fen, back.day or told.day)
        )
        orders.add(back.order_id)
    elsewhere = {
        (kind, number)
        for kind, number in StatementLine.objects.filter(
            number__in=[one.number for one in booked], statement__provider=name
        )
        .exclude(statement__day=told.day)
        .values_list("kind", "number")
    }
    receipted = _receipted(orders, told.day, name)
    return domain.reconcile(told.lines, booked, receipted, told.day, elsewhere)


def _receipted(orders: set[str], day: date, name: str) -> list[Receipted]:
    """Give what each order of the day holds, and what was receipted of it."""
    written = set(Receipt.objects.filter(issued__date=day).values_list("order", flat=True))
    tried = Attempt.objects.filter(order__in=written).values_list("order", "provider")
    elsewhere = {order for order, bank in tried if bank != name}
    here = {order for order, bank in tried if bank == name}
    # a receipt of an order that was never tried anywhere is everybody's to find
    chosen = orders | here | (written - elsewhere)
    receipts = dict(
        Receipt.objects.filter(order__in=chosen)
        .values_list("order")
        .annotate(fen=Sum("amount_fen"))
    )
    paid = dict(
        Entry.objects.filter(order__in=chosen, account="bank", kind__in=["pay", "refund"])
        .values_list("order")
        .annotate(fen=Sum("fen"))
    )
    return [Receipted(order, receipts.get(order, 0), paid.get(order, 0)) for order in chosen]


def settle(subject: Subject, mismatch: int, reason: str) -> None:
    """Settle a finding with a reason (差错处理), as an approver of who keeps the accounts.

    Raises `FeeUnknown`, `NotAllowed`, `FeeRefused`.
    """
    row = Mismatch.objects.filter(pk=mismatch).first()
    if row is None:
        raise FeeUnknown(mismatch)
    may_keep_accounts(subject, row.provider, "fee.settle")
    if not reason.strip():
        raise FeeRefused("请写明处理依据", "say how it was settled, and on which document")
    with transaction.atomic():
        settled = Mismatch.objects.filter(pk=mismatch, settled__isnull=True).update(
            settled=clock.now(), settled_by=subject.user_id, reason=reason
        )
        if not settled:
            raise FeeRefused("此差错已处理", "this finding is settled already")
        trail.tell(
            Draft(
                type=say.SETTLED,
                chain=say.bank_chain(row.provider),
                actor=subject.user_id,
                reason=reason,
                data={"mismatch": mismatch, "fault": row.fault, "number": row.number},
            )
        )


def may_keep_accounts(subject: Subject, name: str, action: str) -> None:
    """Raise `NotAllowed` unless the subject may do this to the accounts with a bank."""
    setting = providers().get(name)
    department = setting.accounts if setting else ""
    about = {"department": department, "region": parties.department_region(department)}
    ruling = judge(subject, action, about)
    if not ruling.allowed:
        refuse(subject, action, {"provider": name}, ruling)
        raise NotAllowed(ruling.zh, ruling.en)
