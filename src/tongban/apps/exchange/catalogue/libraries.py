"""Reads the eight base libraries out of the registry."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.catalogue import queries
from tongban.apps.exchange.domain import libraries
from tongban.apps.exchange.domain.libraries import Library
from tongban.apps.exchange.domain.records import Organisation
from tongban.apps.exchange.models import CatalogueVersion, DataItem
from tongban.infra import clock
from tongban.kernel.facts import Words

__all__ = ["plain", "views"]


def views(last_change: Mapping[str, datetime] | None = None) -> tuple[Library, ...]:
    """Give all eight libraries as they stand.

    ``last_change`` says when a resource's data last changed, by slug; where nobody knows, the
    resource counts as unknown, not as fresh.
    """
    version, _ = exchange.current()
    content = json.loads(CatalogueVersion.objects.get(pk=version).content)
    homes: dict[str, str] = content.get("libraries", {})
    published = (held.entry for page in queries.pages(of_libraries=True) for held in page)
    items = DataItem.objects.filter(resource__state="published", resource__kind__in=homes)
    return libraries.views(
        published,
        set(items.values_list("resource__kind", "name").distinct().order_by()),
        exchange.vocabulary(),
        homes,
        last_change or {},
        clock.now(),
    )


def plain(view: Library) -> dict[str, Any]:
    """Give a library as JSON data."""
    return {
        "slug": view.slug,
        "name": _words(view.name),
        "owners": [_who(owner) for owner in view.owners],
        "resources": view.resources,
        "items": view.items,
        "fresh": view.fresh,
        "unknown": view.unknown,
        "overdue": [
            {
                "slug": late.slug,
                "name": _words(late.name),
                "cycle": late.cycle,
                "changed": late.changed.isoformat(),
            }
            for late in view.overdue
        ],
        "gaps": list(view.gaps),
    }


def _words(text: Words) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _who(owner: Organisation) -> dict[str, Any]:
    return {"key": owner.key, "uscc": owner.uscc, "name": _words(owner.name)}
