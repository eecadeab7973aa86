"""Reads of the exchange: the catalogue that is in force, and older ones by their version."""

import json
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
from tongban.apps.exchange.events import CALLED
from tongban.apps.exchange.models import CatalogueVersion
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
        raise NoCatalogue("NoCatalogue: no catalogue is published; publish a region pack first")
    return found


def catalogue(version: int | None = None) -> Catalogue:
    """Give the catalogue in force, or the one of ``version``; raises `NoCatalogue`.

    The catalogue is read once a process and version.
    """
    return _read(*current(version))


@lru_cache(maxsize=16)
def _read(version: int, _digest: str) -> Catalogue:
    row = CatalogueVersion.objects.get(pk=version)
    return domain.build(json.loads(row.content), version)


def vocabulary() -> Vocabulary:
    """Give all kinds, attributes and roles (数据项)."""
    return catalogue().vocabulary


def resources() -> dict[str, Resource]:
    """Give the catalogued data resources by slug (政务信息资源)."""
    return catalogue().resources


def grants() -> tuple[Grant, ...]:
    """Give the grants in force (授权)."""
    return catalogue().grants


def departments() -> dict[str, Department]:
    """Give the departments by key (部门)."""
    return dict(catalogue().departments)
