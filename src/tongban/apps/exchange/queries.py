"""Reads of the exchange: the catalogue that is in force, and older ones by their version."""

import json
from bisect import bisect_right
from datetime import UTC, datetime
from functools import lru_cache

from django.db import connection

from tongban.apps.exchange import domain
from tongban.apps.exchange.domain import Catalogue, Department
from tongban.apps.exchange.domain.impact import (
    Impact,
    Part,
    TooMuch,
    Uses,
    needed,
    privacy_impact,
    too_much,
)
from tongban.apps.exchange.domain.standing import Held, standing, turns
from tongban.apps.exchange.events import CALLED
from tongban.apps.exchange.models import CatalogueVersion
from tongban.apps.exchange.models import Grant as Row
from tongban.infra import clock
from tongban.infra.once import once
from tongban.kernel.facts import Vocabulary
from tongban.kernel.forms import Grant, Resource

__all__ = [
    "CALLED",
    "Impact",
    "NoCatalogue",
    "Part",
    "TooMuch",
    "Uses",
    "catalogue",
    "current",
    "departments",
    "grants",
    "needed",
    "privacy_impact",
    "resources",
    "too_much",
    "vocabulary",
]


class NoCatalogue(LookupError):
    """No region pack has been published in this installation."""


def current(version: int | None = None) -> tuple[int, str]:
    """Give version and digest of the catalogue in force, or of ``version``, by one short query.

    Raises `NoCatalogue`.
    """
    # asked before every call: plain SQL takes a fifth of the time
    one = "" if version is None else "WHERE id = %s "
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, digest FROM exchange_catalogueversion {one}ORDER BY id DESC LIMIT 1",  # noqa: S608
            () if version is None else (version,),
        )
        found: tuple[int, str] | None = cursor.fetchone()
    if found is None:
        raise NoCatalogue(_NONE)
    return found


def catalogue(version: int | None = None) -> Catalogue:
    """Give the catalogue in force, or the one of ``version``; raises `NoCatalogue`.

    The catalogue in force has the grants that stand at this instant, of packs and of requests; an
    older version is as its packs were. Each is read once a process.
    """
    if version is not None:
        return _published(*current(version))
    return once("exchange.catalogue", _in_force)


def _in_force() -> Catalogue:
    with connection.cursor() as cursor:
        cursor.execute(_NOW)
        found: _Stamp | None = cursor.fetchone()
    if found is None:
        raise NoCatalogue(_NONE)
    return _standing(found, bisect_right(_held(found)[1], clock.now()))


_NONE = "NoCatalogue: no catalogue is published; publish a region pack first"
# the version, and the mark that changes with every change of the grants
_NOW = (
    "SELECT id, digest, (SELECT value FROM exchange_counter WHERE name = 'grants')"
    " FROM exchange_catalogueversion ORDER BY id DESC LIMIT 1"
)
_Stamp = tuple[int, str, int | None]


@lru_cache(maxsize=16)
def _published(version: int, _digest: str) -> Catalogue:
    row = CatalogueVersion.objects.get(pk=version)
    return domain.build(json.loads(row.content), version)


@lru_cache(maxsize=16)
def _held(stamp: _Stamp) -> tuple[tuple[Held, ...], tuple[datetime, ...]]:
    """Give the grants to the platform that nobody ended, and when one begins or ends by itself."""
    rules = _published(*stamp[:2]).governance
    if rules.operator not in rules.members:
        return (), ()
    rows = Row.objects.filter(ended=None, client=str(rules.platform)).select_related("purpose")
    held = tuple(
        Held(
            row.service,
            frozenset(row.fields),
            row.purpose.item,
            "consent" if row.basis == "consent" else "statutory",
            row.legal_basis,
            row.since,
            row.until,
            row.source == "pack",
        )
        for row in rows.order_by("pk")
    )
    return held, turns(held)


@lru_cache(maxsize=16)
def _standing(stamp: _Stamp, turn: int) -> Catalogue:
    """Give the catalogue after so many of the grants' beginnings and ends."""
    held, instants = _held(stamp)
    base = _published(*stamp[:2])
    return standing(base, held, instants[turn - 1]) if turn else standing(base, (), _BEFORE)


_BEFORE = datetime.min.replace(tzinfo=UTC)


def vocabulary() -> Vocabulary:
    """Give all kinds, attributes and roles (数据项)."""
    return catalogue().vocabulary


def resources() -> dict[str, Resource]:
    """Give the catalogued data resources by slug (政务信息资源)."""
    return catalogue().resources


def grants() -> tuple[Grant, ...]:
    """Give the grants in force to the platform's items, of packs and of requests (授权)."""
    return catalogue().grants


def departments() -> dict[str, Department]:
    """Give the departments by key (部门)."""
    return dict(catalogue().departments)
