"""A fee of the sample city as a case asks it, and what the ledger and the trail then hold of it."""

from datetime import timedelta

from django.db import transaction

from testkit.office import Office
from tongban.apps.fees import events as say
from tongban.apps.fees import services
from tongban.apps.fees.domain.words import Fee
from tongban.apps.fees.models import Entry
from tongban.infra import clock as port
from tongban.infra.access.domain import Subject
from tongban.infra.trail import queries as trail
from tongban.kernel.facts import Words

AMOUNT = 24_000


def payer(office: Office) -> Subject:
    return office.applicant("enterprise-start")


def ask(office: Office, reference: str = "case-1/item", fen: int = AMOUNT) -> str:
    """Ask for a fee as a case does."""
    fee = Fee(
        reference=reference,
        case="case-1",
        item="item",
        name=Words("工本费", "cost of making"),
        department="police",
        payer=payer(office).person_id,
        company="",
        life_event="enterprise-start",
        amount_fen=fen,
        legal_basis="样例",
        window=timedelta(days=3),
    )
    with transaction.atomic():
        return services.open_order(fee, port.now())


def told(number: str) -> list[str]:
    """Give what the chain of an order tells, in order."""
    assert trail.verify(say.chain(number)) is None
    return [e.type.split(".")[2] for e in trail.history(say.chain(number))]


def books(number: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for account, fen in Entry.objects.filter(order=number).values_list("account", "fen"):
        found[account] = found.get(account, 0) + fen
    assert sum(found.values()) == 0
    return {account: fen for account, fen in found.items() if fen}
