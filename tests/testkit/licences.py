"""Licences for tests: a kind, an issued licence, a verifier beside the office, wallets."""

from datetime import date, datetime
from typing import Any

import pytest
from django.db import transaction

from testkit.office import Office
from tongban.apps.items import queries as items
from tongban.apps.items import services as publishing
from tongban.apps.items.domain import LicenceKind
from tongban.apps.licences import domain, keys, services, statuses
from tongban.apps.licences.models import Credential, Licence
from tongban.infra import clock
from tongban.infra.packs import read_packs, shipped_packs
from tongban.kernel.codes import IdentityNumber
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
    return Credential.objects.exclude(text__isnull=True).get(licence__identifier=identifier).text


def licence(identifier: str) -> Licence:
    """Give the row of a licence."""
    return Licence.objects.get(identifier=identifier)


def lists() -> statuses.Lists:
    """Give a verifier's own copies of the status lists, none yet."""
    return statuses.Lists(statuses.fetch_own, keys.key_of)


HOLDER = str(IdentityNumber.make("330106", date(1961, 3, 5), 204))
_PACK = """schema: tongban/pack/1
slug: cards
name: {zh: 优待证, en: cards}
region: "330100"
extends: [sample]
"""
_KIND = """schema: tongban/licence-kind/1
slug: elder-card
name: {zh: 老年人优待证, en: senior citizen card}
authority: health
type_code: "001"
holder: elder
content: [elder.name, elder.birth_date, elder.sex]
valid: {years: 10}
"""


class Card:
    """An office that issued one senior citizen card, of a kind that a pack publishes."""

    def __init__(self, office: Office) -> None:
        self.office = office
        folder = office.folder / "packs" / "cards"
        (folder / "licences").mkdir(parents=True)
        (folder / "pack.yaml").write_text(_PACK, encoding="utf-8")
        (folder / "licences" / "elder-card.yaml").write_text(_KIND, encoding="utf-8")
        packs = [shipped_packs() / "base", shipped_packs() / "sample", folder]
        publishing.publish(read_packs(packs), actor="test")
        self.holder = office.citizen(HOLDER)
        self.identifier = issued(of=items.licence_kind("elder-card"), holder=HOLDER).identifier

    @property
    def row(self) -> Licence:
        """The licence as it stands."""
        return licence(self.identifier)

    def revoke(self) -> None:
        """Revoke it."""
        why = {"actor": "9", "authority": "行政许可法 第六十九条", "reason": "骗取"}
        services.revoke(self.identifier, **why, now=clock.now())


@pytest.fixture
def card(office: Office) -> Card:
    """Give an office with a senior citizen card."""
    return Card(office)


@pytest.fixture
def any_card(any_office: Office) -> Card:
    """Give the same on SQLite, and once more on PostgreSQL."""
    return Card(any_office)
