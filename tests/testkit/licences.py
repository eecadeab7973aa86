"""Licences for tests: a kind, an issued licence, a verifier beside the office, wallets."""

from datetime import datetime
from typing import Any

from django.db import transaction

from tongban.apps.items.domain import LicenceKind
from tongban.apps.licences import domain, keys, services, statuses
from tongban.apps.licences.models import Credential, Licence
from tongban.infra import clock
from tongban.kernel.facts import Words

AUTHORITY = "11330100MB1A23019Q"
ELDER = {"elder.name": "龚䶮㛃", "elder.birth_date": "1961-03-05", "elder.sex": "female"}


def kind(slug: str = "birth-certificate", **changed: Any) -> LicenceKind:
    """Give a licence kind as a region pack publishes it."""
    whole: dict[str, Any] = {
        "slug": slug,
        "version": 1,
        "name": Words("出生医学证明", "birth certificate"),
        "authority": "health",
        "type_code": "001",
        "holder": "child",
        "content": ("child.name",),
        "years": None,
    }
    return LicenceKind(**whole | changed)


CARD = kind(
    "elder-card",
    name=Words("老年人优待证", "senior citizen card"),
    holder="elder",
    content=tuple(ELDER),
    years=10,
)


@transaction.atomic
def issued(
    case: str = "C1", now: datetime | None = None, of: LicenceKind = CARD, **changed: Any
) -> domain.Issued:
    """Issue a senior citizen card, in a transaction of its own."""
    whole: dict[str, Any] = {
        "kind": of,
        "department": "health",
        "authority": AUTHORITY,
        "holder": "",
        "content": ELDER,
        "case": case,
        "item": of.slug,
        "now": now or clock.now(),
    }
    return services.issue(**whole | changed)


def text_of(identifier: str) -> str:
    """Give the credential that the installation keeps for the holder."""
    return Credential.objects.exclude(text="").get(licence__identifier=identifier).text


def licence(identifier: str) -> Licence:
    """Give the row of a licence."""
    return Licence.objects.get(identifier=identifier)


def lists() -> statuses.Lists:
    """Give a verifier's own copies of the status lists, none yet."""
    return statuses.Lists(statuses.fetch_own, keys.key_of)
