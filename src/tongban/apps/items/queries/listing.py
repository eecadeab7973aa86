"""The list of services (事项清单): by life event, theme, department, region and audience.

Built once for everything that is published, from short reads of what was published: no flow is
proved and no table compiled to show a list.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.domain import words
from tongban.apps.items.domain import guides
from tongban.apps.items.domain.guides import Audience, Of, Theme
from tongban.apps.items.domain.pieces import ABOUT, Piece
from tongban.apps.items.models import Published
from tongban.apps.items.queries import definitions
from tongban.infra.access.domain import covers
from tongban.kernel.facts import Words

MOST = 100


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One line of the list: an item, or a life event with its ``items``.

    ``apply`` are the life events through which an item is applied for; ``promised_days`` is the
    longest of the items'.
    """

    of: Of
    slug: str
    version: int
    name: Words
    summary: Words
    aliases: tuple[str, ...]
    audience: Audience
    department: str
    departments: frozenset[str]
    region: str
    themes: tuple[Theme, ...]
    items: tuple[str, ...]
    apply: tuple[str, ...]
    promised_days: int
    materials: tuple[Words, ...]
    content: Mapping[str, Any] | None

    @property
    def about(self) -> Piece:
        """Its name and summary, as they are translated."""
        edition = self.content["data"]["version"] if self.content else 0
        return Piece(self.of, self.slug, edition, ABOUT, self.name, self.summary)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed by: each exact, empty where anything goes, and they add up.

    ``region`` is a division code: what is offered there, by itself or a division around it.
    """

    of: str = ""
    theme: str = ""
    department: str = ""
    region: str = ""
    audience: str = ""
    life_event: str = ""

    def fit(self, row: ServiceRow) -> bool:
        """Tell whether a service passes."""
        return (
            (not self.of or row.of == self.of)
            and (not self.theme or any(self.theme == t.slug for t in row.themes))
            and (not self.department or self.department in row.departments)
            and (not self.region or offered(row, self.region))
            and (not self.audience or row.audience == self.audience)
            and (not self.life_event or self.life_event in row.apply)
        )


@dataclass(frozen=True, slots=True)
class Facets:
    """What the list can be filtered by, each with how many services it has."""

    life_events: tuple[tuple[ServiceRow, int], ...]
    themes: tuple[tuple[Theme, int], ...]
    departments: tuple[tuple[str, int], ...]
    regions: tuple[tuple[str, int], ...]


@lru_cache(maxsize=256)
def fitting(here: str, filters: Filters) -> tuple[ServiceRow, ...]:
    """Give what passes the filters; who turns the page looks at the same list."""
    return tuple(row for row in _rows(here) if filters.fit(row))


def offered(row: ServiceRow, region: str) -> bool:
    """Tell whether a service is offered in a division."""
    return covers(row.region, region)


def facets() -> Facets:
    """Count the services of each life event, theme, department and region, in the list's order."""
    return _facets(definitions.state())


@lru_cache(maxsize=4)
def _facets(here: str) -> Facets:
    all_rows = _rows(here)
    by_theme = Counter(theme for row in all_rows for theme in row.themes)
    by_event = Counter(event for row in all_rows for event in row.apply)
    return Facets(
        tuple((row, by_event[row.slug]) for row in all_rows if row.of == "life-event"),
        tuple(sorted(by_theme.items(), key=lambda one: (one[0].place, one[0].slug))),
        tuple(sorted(Counter(d for row in all_rows for d in row.departments).items())),
        tuple(sorted(Counter(row.region for row in all_rows).items())),
    )


def rows() -> tuple[ServiceRow, ...]:
    """Give every service, newest versions only, in the order of the list."""
    return _rows(definitions.state())


@lru_cache(maxsize=4)
def _rows(here: str) -> tuple[ServiceRow, ...]:
    newest = {
        (kind, slug): max(versions)
        for (kind, slug), versions in definitions.index(here).items()
        if kind in {"item", "life-event", "guide"}
    }
    heads: dict[tuple[str, str], Mapping[str, Any]] = {}
    read = Published.objects.filter(kind__in=["item", "life-event", "guide"])
    for kind, slug, version, content in read.values_list(
        "kind", "slug", "version", "content"
    ).iterator(chunk_size=200):
        if newest[kind, slug] == version:
            heads[kind, slug] = _head(kind, json.loads(content))
    if not heads:  # before a pack is published there are no departments either
        return ()
    joined: dict[str, list[str]] = {}
    for (kind, slug), head in heads.items():
        if kind == "life-event":
            for item in head["items"]:
                joined.setdefault(item, []).append(slug)
    regions = {key: one.region for key, one in exchange.departments().items()}
    found = [
        _row(kind, slug, version, heads, joined, regions)
        for (kind, slug), version in newest.items()
        if kind != "guide"
    ]
    return tuple(sorted(found, key=_place))


def _head(kind: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep of a content what a list shows: not the flows and tables."""
    if kind == "item":
        return {"data": content["data"]}
    return content


def _place(row: ServiceRow) -> tuple[bool, int, str]:
    return row.of == "item", min((t.place for t in row.themes), default=9999), row.name.zh


def _row(
    kind: str,
    slug: str,
    version: int,
    heads: Mapping[tuple[str, str], Mapping[str, Any]],
    joined: Mapping[str, list[str]],
    regions: Mapping[str, str],
) -> ServiceRow:
    data = heads[kind, slug]["data"]
    items = (slug,) if kind == "item" else tuple(b["item"] for b in data["branches"])
    inner = [heads["item", item]["data"] for item in items]
    guide = heads.get(("guide", slug))
    if guide is not None and (guide["data"]["of"], guide["of_version"]) != (kind, version):
        guide = None
    name, department = words(data["name"]), inner[0]["department"]
    materials = dict.fromkeys(words(m["name"]) for one in inner for m in one.get("materials", ()))
    return ServiceRow(
        of="item" if kind == "item" else "life-event",
        slug=slug,
        version=version,
        name=name,
        summary=words(guide["data"]["summary"]) if guide else name,
        aliases=tuple(guide["data"].get("aliases", ())) if guide else (),
        audience=inner[0]["service_object"],
        department=department,
        departments=frozenset(one["department"] for one in inner),
        region=regions.get(department, ""),
        themes=guides.themes(guide) if guide else (),
        items=items,
        apply=tuple(sorted(joined.get(slug, ()))) if kind == "item" else (slug,),
        promised_days=max(one["promised_days"] for one in inner),
        materials=tuple(materials),
        content=guide,
    )
