"""Reads of service guides: computed from what is published, with the plan under today's grants."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.domain import Catalogue
from tongban.apps.items import domain
from tongban.apps.items.domain import guides
from tongban.apps.items.domain.guides import Ground, Guide
from tongban.apps.items.queries import definitions
from tongban.apps.items.queries.definitions import NotPublished, Row, content_of, row_of
from tongban.kernel.facts import Words
from tongban.kernel.forms import alone, plan


def guide(slug: str, version: int | None = None) -> Guide:
    """Give the guide of an item or life event, of its newest version unless one is named.

    A guide that nobody wrote is computed all the same. Raises `NotPublished`.
    """
    here, catalogue = definitions.state(), exchange.catalogue()
    row = _subject(slug, version, here)
    return _guide(row, words_of(row, here), here, catalogue)


def _subject(slug: str, version: int | None, here: str) -> Row:
    try:
        return row_of("item", slug, version, here)
    except NotPublished:
        return row_of("life-event", slug, version, here)


def words_of(row: Row, here: str) -> Row | None:
    """Give the newest published words for this version of an item or life event."""
    versions = definitions.index(here).get(("guide", row.slug), {})
    for number in sorted(versions, reverse=True):
        content = content_of(versions[number])
        if (content["data"]["of"], content["of_version"]) == (row.kind, row.version):
            return versions[number]
    return None


@lru_cache(maxsize=512)
def _guide(row: Row, words: Row | None, here: str, catalogue: Catalogue) -> Guide:
    content: Mapping[str, Any] | None = content_of(words) if words else None
    at: datetime = words.at if words else row.at
    of: Literal["item", "life-event"] = "item" if row.kind == "item" else "life-event"
    labels = domain.titles(catalogue.vocabulary)
    subject: domain.Definition | domain.LifeEvent
    if row.kind == "item":
        subject = definitions.item(row.slug, row.version)
        inner: tuple[domain.Definition, ...] = (subject,)
        holders = _holders(here).get((row.slug, row.version), ())
        events = tuple(slug for slug, _ in holders)
        made = (
            definitions.life_event(*holders[0]).plan
            if holders
            else plan(
                alone(subject.needs), catalogue.vocabulary, catalogue.resources, catalogue.grants
            )
        )
    else:
        subject = definitions.life_event(row.slug, row.version)
        inner = tuple(definitions.item(b.item, b.version) for b in subject.branches)
        events, made = (row.slug,), subject.plan
    departments = exchange.departments()
    licences = {one.licence_kind.slug: one.licence_kind.name for one in inner if one.licence_kind}
    waiving = {m.spec.waived_by_licence for m in made.materials if m.spec.waived_by_licence}
    licences |= {slug: definitions.licence_kind(slug).name for slug in waiving - licences.keys()}
    ground = Ground(
        inner,
        made,
        labels,
        catalogue.vocabulary.fact,
        lambda key: departments[key].name if key in departments else Words(key, key),
        departments[inner[0].department].region,
        licences,
    )
    return guides.guide(of, subject, content, at, ground, events)


@lru_cache(maxsize=4)
def _holders(here: str) -> Mapping[tuple[str, int], tuple[tuple[str, int], ...]]:
    """Give the life events that hold each version of an item, each in its newest such version."""
    found: dict[tuple[str, int], dict[str, int]] = {}
    for (kind, slug), versions in definitions.index(here).items():
        if kind == "life-event":
            for number in sorted(versions):
                for item, version in content_of(versions[number])["items"].items():
                    found.setdefault((item, version), {})[slug] = number
    return {held: tuple(sorted(events.items())) for held, events in found.items()}
