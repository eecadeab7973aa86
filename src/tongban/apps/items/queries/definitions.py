"""Reads of items: published definitions, built once a process and ready to run.

Every version that was ever published can be had for ever. Grants are not frozen: a life event's
plan follows the catalogue in force, because a permission that was taken back binds at once.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.domain import Catalogue
from tongban.apps.exchange.domain.impact import Impact
from tongban.apps.items import domain
from tongban.apps.items.domain import Definition, Face, LicenceKind, LifeEvent, Policy
from tongban.apps.items.events import chain
from tongban.apps.items.models import Published
from tongban.infra.once import once
from tongban.kernel.facts import Vocabulary
from tongban.kernel.forms import DataPlan, alone, plan


class NotPublished(LookupError):
    """No definition of this name and version is published."""

    def __init__(self, kind: str, slug: str, version: int | None) -> None:
        wanted = f"{slug} version {version}" if version else slug
        self.zh = f"没有已发布的{wanted}（{kind}）"
        self.en = f"no {kind} {wanted} is published"
        super().__init__(f"NotPublished: {self.en}")


@dataclass(frozen=True, slots=True)
class Official:
    """A post of a department with the login and name of who holds it, as the packs say."""

    department: str
    login: str
    name: str
    role: str


def state() -> str:
    """Give the digest of everything published so far; empty where nothing is."""
    return once("items.state", _state)


def _state() -> str:
    # asked before every read: plain SQL takes a fifth of the time
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM items_published ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    return row[0] if row else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One published version, without its content."""

    kind: str
    slug: str
    version: int
    digest: str
    at: datetime = field(compare=False)


@lru_cache(maxsize=8)
def index(_state: str) -> Mapping[tuple[str, str], Mapping[int, Row]]:
    """Give every version of every definition."""
    found: dict[tuple[str, str], dict[int, Row]] = {}
    for row in Published.objects.values_list("kind", "slug", "version", "digest", "published_at"):
        found.setdefault(row[:2], {})[row[2]] = Row(*row)
    return found


def row_of(kind: str, slug: str, version: int | None, here: str | None = None) -> Row:
    """Give a version, the newest unless one is named; raises `NotPublished`."""
    versions = index(state() if here is None else here).get((kind, slug), {})
    if not versions or (version is not None and version not in versions):
        raise NotPublished(kind, slug, version)
    return versions[version or max(versions)]


@lru_cache(maxsize=512)
def content_of(row: Row) -> Mapping[str, Any]:
    """Give what was published."""
    found = Published.objects.get(kind=row.kind, slug=row.slug, version=row.version)
    content: Mapping[str, Any] = json.loads(found.content)
    return content


@lru_cache(maxsize=256)
def _item(row: Row) -> Definition:
    return domain.definition(content_of(row))


@lru_cache(maxsize=64)
def _life_event(row: Row, catalogue: Catalogue) -> LifeEvent:
    content = content_of(row)
    definitions = {slug: item(slug, version) for slug, version in content["items"].items()}
    return domain.life_event(content, definitions, catalogue)


@lru_cache(maxsize=64)
def _policy(row: Row) -> Policy:
    return domain.policy(content_of(row))


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A published definition as evidence: the bytes, and the chain that names their SHA-256."""

    content: bytes
    chain: str


def published(kind: str, slug: str, version: int) -> PublishedFile:
    """Give the bytes of what was published; raises `NotPublished`."""
    found = Published.objects.filter(kind=kind, slug=slug, version=version).first()
    if found is None:
        raise NotPublished(kind, slug, version)
    return PublishedFile(found.content.encode(), chain(kind, slug))


def item(slug: str, version: int | None = None) -> Definition:
    """Give a service item, the newest version unless one is named; raises `NotPublished`."""
    return _item(row_of("item", slug, version))


def flow_file(slug: str, version: int | None = None) -> tuple[str, bytes]:
    """Give the flow of an item as it was drawn: file name and content; raises `NotPublished`."""
    drawn = content_of(row_of("item", slug, version))["flow"]
    return drawn["file"], drawn["text"].encode()


def life_event(slug: str, version: int | None = None) -> LifeEvent:
    """Give a life event, the newest version unless one is named; raises `NotPublished`."""
    return _life_event(row_of("life-event", slug, version), exchange.catalogue())


def ground(
    life_event: str, version: int | None, chosen: Mapping[str, int]
) -> tuple[LifeEvent, dict[str, Definition], Vocabulary]:
    """Give a life event, the ``chosen`` versions of items and the vocabulary, by one look.

    Raises `NotPublished`.
    """
    here, catalogue = state(), exchange.catalogue()
    return (
        _life_event(row_of("life-event", life_event, version, here), catalogue),
        {slug: _item(row_of("item", slug, v, here)) for slug, v in chosen.items()},
        catalogue.vocabulary,
    )


def licence_kind(slug: str, version: int | None = None) -> LicenceKind:
    """Give a licence kind; raises `NotPublished`."""
    return domain.licence_kind(content_of(row_of("licence-kind", slug, version))["data"])


def licence_kinds() -> tuple[str, ...]:
    """Give the names of all published licence kinds, sorted."""
    return _slugs("licence-kind")


def licence_versions(slug: str) -> tuple[int, ...]:
    """Give every published version of a licence kind, oldest first; raises `NotPublished`."""
    versions = index(state()).get(("licence-kind", slug), {})
    if not versions:
        raise NotPublished("licence-kind", slug, None)
    return tuple(sorted(versions))


def face(slug: str, version: int | None = None) -> Face:
    """Give how a licence kind looks; raises `NotPublished`."""
    content = content_of(row_of("licence-kind", slug, version))
    return Face(content["face"], content["data"].get("colour", Face.colour))


def policy(slug: str, version: int | None = None) -> Policy:
    """Give a policy that finds people; raises `NotPublished`."""
    return _policy(row_of("policy", slug, version))


def _slugs(kind: str) -> tuple[str, ...]:
    return tuple(sorted(slug for found, slug in index(state()) if found == kind))


def items() -> tuple[str, ...]:
    """Give the names of all published items, sorted."""
    return _slugs("item")


def life_events() -> tuple[str, ...]:
    """Give the names of all published life events, sorted."""
    return _slugs("life-event")


def vocabulary() -> Vocabulary:
    """Give the vocabulary in force."""
    return exchange.vocabulary()


def labels(lang: str) -> dict[str, str]:
    """Give the label of every fact of the vocabulary in ``lang`` (zh or en)."""
    return {name: words.of(lang) for name, words in domain.titles(vocabulary()).items()}


def posts() -> tuple[Official, ...]:
    """Give the posts that the packs name, with who holds them (岗位)."""
    return tuple(
        Official(key, post.login, post.name, post.role)
        for key, department in exchange.departments().items()
        for post in department.posts
    )


def facts_in_use() -> Iterator[tuple[str, int, str, str]]:
    """Give (item, version, fact, type) for every fact that any published version may see."""
    for (kind, slug), versions in index(state()).items():
        if kind != "item":
            continue
        known = vocabulary()
        for version, row in versions.items():
            definition = _item(row)
            for fact in sorted(definition.wanted | definition.needs.produces):
                yield slug, version, fact, known.fact(fact).type


def impact(slug: str) -> Impact:
    """Assess the privacy impact of a published item under the grants in force.

    Its data plan is that of the first life event that holds the item, else its own alone. Raises
    `NotPublished`.
    """
    definition, catalogue = item(slug), exchange.catalogue()
    for name in life_events():
        event = life_event(name)
        if any(branch.item == slug for branch in event.branches):
            uses = domain.uses_of(definition)
            return exchange.privacy_impact(slug, event.plan, uses, catalogue, event.binds)
    made = plan_alone(slug)
    return exchange.privacy_impact(slug, made, domain.uses_of(definition), catalogue, {})


def plan_alone(slug: str) -> DataPlan:
    """Give the data plan of an item that is applied for by itself; raises `NotPublished`."""
    definition, catalogue = item(slug), exchange.catalogue()
    branches = alone(definition.needs)
    return plan(branches, catalogue.vocabulary, catalogue.resources, catalogue.grants)
