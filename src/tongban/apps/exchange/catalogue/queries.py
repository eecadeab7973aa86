"""Reads of the registry: one resource, its versions, a search, a walk over everything published."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tongban.apps.exchange.catalogue import errors, index, rows
from tongban.apps.exchange.domain import records
from tongban.apps.exchange.domain.records import Registered
from tongban.apps.exchange.domain.tokens import marked, query_tokens, relevance
from tongban.apps.exchange.models import Resource, ResourceVersion

__all__ = ["Found", "Hit", "entry_of", "get", "pages", "search", "versions"]

_CHOICES = {
    "state": records.STATES,
    "sharing": records.SHARING,
    "base_library": records.LIBRARIES,
    "level": records.LEVELS,
}
_AT_ONCE = 500
Pieces = list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A resource that fits; ``marks`` cuts each field where the text occurs into pieces.

    Fields are ``name``, ``abstract``, ``department`` and ``item:<name>``; a piece is text and
    whether it is what was searched for.
    """

    resource: Registered
    marks: Mapping[str, Pieces]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search; ``total`` counts to `index.COUNTED`, ``more`` says it went beyond."""

    hits: tuple[Hit, ...]
    total: int
    more: bool
    page: int
    size: int


def get(slug: str) -> Registered:
    """Give one resource; raises `ResourceUnknown`."""
    row = Resource.objects.filter(slug=slug).first()
    if row is None:
        raise errors.ResourceUnknown(slug)
    return entry_of(row)


def entry_of(row: Resource) -> Registered:
    """Give the record of a row."""
    return rows.entries([row])[0]


def versions(slug: str) -> list[dict[str, Any]]:
    """Give every published state of a resource, oldest first, each with digest and content."""
    kept = ResourceVersion.objects.filter(resource__slug=slug).order_by("version")
    return [
        {
            "version": row.version,
            "state": row.state,
            "digest": row.digest,
            "published": row.published_at,
            "content": json.loads(row.content),
        }
        for row in kept
    ]


def search(
    text: str, filters: Mapping[str, str] | None = None, page: int = 1, size: int = 20
) -> Found:
    """Search names, items, abstracts, departments and codes; best first.

    ``filters`` are exact: ``state`` (published unless said otherwise), ``department`` (key or
    credit code), ``sharing``, ``base_library``, ``level``. Without a text all that passes them is
    listed, the latest first. Raises `SearchInvalid`.
    """
    wanted = {"state": "published"} | {k: v for k, v in (filters or {}).items() if v}
    for name, value in wanted.items():
        if name != "department" and value not in _CHOICES.get(name, {}):
            raise errors.SearchInvalid(
                f"不能按{name}={value}筛选", f"{name}={value!r} is no filter of the catalogue"
            )
    tokens = query_tokens(text)
    if text.strip() and not tokens:
        return Found((), 0, more=False, page=page, size=size)
    start = (page - 1) * size
    if tokens:
        fitting = index.find(tokens, wanted)
        best = _ranked(fitting.ids, text, tokens)[start : start + size]
        held = Resource.objects.in_bulk(best)
        listed, total = [held[key] for key in best], fitting.total
    else:
        every = _filtered(wanted)
        total = every.order_by()[: index.COUNTED + 1].count()
        listed = list(every.order_by("-modified", "-pk")[start : start + size])
    hits = tuple(Hit(found, _marks(found, tokens)) for found in rows.entries(listed))
    more = total > index.COUNTED
    return Found(hits, min(total, index.COUNTED), more=more, page=page, size=size)


def _ranked(ids: Sequence[int], text: str, tokens: Sequence[str]) -> list[int]:
    named: list[tuple[int, str, str]] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = Resource.objects.filter(pk__in=ids[start : start + _AT_ONCE])
        named += some.values_list("pk", "name_zh", "name_en")
    named.sort(key=lambda one: (relevance(f"{one[1]} {one[2]}", text, tokens), one[0]))
    return [one[0] for one in named]


def _filtered(wanted: Mapping[str, str]) -> "QuerySet[Resource]":
    found = Resource.objects.filter(**{k: v for k, v in wanted.items() if k != "department"})
    if department := wanted.get("department"):
        by = "department_uscc" if len(department) == 18 and department.isupper() else "department"
        found = found.filter(**{by: department})
    return found


def _marks(found: Registered, tokens: list[str]) -> dict[str, Pieces]:
    entry = found.entry
    texts = {
        "name": entry.name.zh,
        "name_en": entry.name.en,
        "abstract": entry.abstract.zh,
        "abstract_en": entry.abstract.en,
        "department": entry.department.name.zh,
        **{f"item:{item.name}": item.label.zh for item in entry.items},
    }
    cut = {field: marked(text, tokens) for field, text in texts.items() if tokens and text}
    return {field: pieces for field, pieces in cut.items() if any(hit for _, hit in pieces)}


def pages(
    size: int = 500,
    *,
    after: int = 0,
    since: datetime | None = None,
    of_libraries: bool = False,
) -> Iterator[list[Registered]]:
    """Walk over all published resources in the order of their ids, ``size`` at a time.

    With ``since`` only what changed at or after it, and then also what was withdrawn; with
    ``of_libraries`` only what belongs to a base library. Memory holds one page.
    """
    states = ["published"] if since is None else ["published", "withdrawn"]
    walk = Resource.objects.filter(state__in=states)
    if since is not None:
        walk = walk.filter(modified__gte=since)
    if of_libraries:
        walk = walk.exclude(base_library="")
    while listed := list(walk.filter(pk__gt=after).order_by("pk")[:size]):
        yield rows.entries(listed)
        after = listed[-1].pk
