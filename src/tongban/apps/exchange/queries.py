"""Reads of the exchange: the catalogue that is in force, and older ones by their version."""

import json
from functools import lru_cache

from tongban.apps.exchange import domain
from tongban.apps.exchange.domain import Catalogue, Department
from tongban.apps.exchange.events import CALLED
from tongban.apps.exchange.models import CatalogueVersion
from tongban.kernel.facts import Vocabulary
from tongban.kernel.forms import Grant, Resource

__all__ = [
    "CALLED",
    "NoCatalogue",
    "catalogue",
    "departments",
    "grants",
    "resources",
    "vocabulary",
]


class NoCatalogue(LookupError):  # noqa: N818
    """No region pack has been published in this installation."""


def catalogue(version: int | None = None) -> Catalogue:
    """Give the catalogue in force, or the one of ``version``; raises `NoCatalogue`.

    One short query; the catalogue itself is read once a process and version.
    """
    rows = CatalogueVersion.objects.order_by("-pk")
    if version is not None:
        rows = rows.filter(pk=version)
    found = rows.values_list("pk", "digest").first()
    if found is None:
        raise NoCatalogue("NoCatalogue: no catalogue is published; publish a region pack first")
    return _read(*found)


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
