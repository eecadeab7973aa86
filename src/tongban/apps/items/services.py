"""Verbs of items: publish region packs.

Publication is one transaction: every pack holds together and every changed definition has a new
version, or nothing is published. What was published is never changed; open cases stay on it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from tongban.apps.exchange import services as exchange
from tongban.apps.exchange.domain import build
from tongban.apps.items import queries
from tongban.apps.items.checking import Checked, Ready, check_packs
from tongban.apps.items.events import PUBLISHED, chain
from tongban.apps.items.models import Published
from tongban.apps.parties.services import DepartmentRow, install_departments
from tongban.infra import clock
from tongban.infra.packs import Pack, PackInvalid, Problem
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft, canonical
from tongban.kernel.facts import UnknownFact, Vocabulary

__all__ = ["Outlook", "Publication", "Unraised", "outlook", "publish"]


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publication did: the catalogue's version and the definitions that are new."""

    catalogue: int
    published: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Unraised:
    """A definition that is not what was published as its version: which one to raise it to."""

    ready: Ready
    version: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Outlook:
    """What publishing packs would do: new versions, and what changed without a new version."""

    checked: Checked
    fresh: tuple[Ready, ...]
    unraised: tuple[Unraised, ...]
    digests: Mapping[tuple[str, str], str]


def outlook(packs: Sequence[Pack]) -> Outlook:
    """Check packs as a whole and say what publishing them would do; raises `PackInvalid`."""
    checked = check_packs(packs)
    _keep_vocabulary(build(checked.catalogue, 0).vocabulary, packs)
    last = {(row.kind, row.slug): row for row in Published.objects.order_by("version")}
    digests = {
        (r.kind, r.slug): hashlib.sha256(canonical(dict(r.content))).hexdigest()
        for r in checked.definitions
    }
    fresh = tuple(
        ready
        for ready in checked.definitions
        if getattr(last.get((ready.kind, ready.slug)), "version", 0) != ready.version
    )
    return Outlook(checked, fresh, tuple(_unraised(checked.definitions, last, digests)), digests)


@transaction.atomic
def publish(packs: Sequence[Pack], *, actor: str) -> Publication:
    """Check the packs as a whole and publish what is new in them.

    Repeating it changes nothing. Raises `PackInvalid` with every problem, among them a definition
    that was changed without a new version; then nothing is published.
    """
    found = outlook(packs)
    if found.unraised:
        raise PackInvalid([one.problem for one in found.unraised])
    checked = found.checked
    version = exchange.publish_catalogue(packs, checked.catalogue, actor)
    install_departments(
        DepartmentRow(key, raw["uscc"], raw["name"]["zh"], raw["name"]["en"], raw["region"])
        for key, raw in checked.catalogue["departments"].items()
    )
    _save(found.fresh, found.digests)
    trail.append([_told(ready, found.digests, actor) for ready in found.fresh])
    return Publication(version, tuple((r.kind, r.slug, r.version) for r in found.fresh))


def _unraised(
    definitions: Iterable[Ready],
    last: Mapping[tuple[str, str], Published],
    digests: Mapping[tuple[str, str], str],
) -> Iterable[Unraised]:
    for ready in definitions:
        row = last.get((ready.kind, ready.slug))
        if row is None or ready.version > row.version:
            continue
        place = ("version",)
        if ready.version < row.version:
            code = "version-published"
        elif digests[ready.kind, ready.slug] != row.digest:
            code = "version-differs"
        else:
            continue
        next_ = row.version + 1
        told = ready.document.problem(
            place, code, kind=ready.kind, slug=ready.slug, version=row.version, next=next_
        )
        yield Unraised(ready, next_, told)


def _keep_vocabulary(fresh: Vocabulary, packs: Sequence[Pack]) -> None:
    """Refuse to drop or retype a fact that a published definition still uses (open cases do)."""
    problems = []
    document = packs[-1].head
    for slug, version, fact, old in queries.facts_in_use():
        try:
            kept = fresh.fact(fact).type
        except UnknownFact:
            kept = None
        if kept != old:
            problems.append(
                document.problem(
                    (),
                    "fact-in-use",
                    slug=slug,
                    version=version,
                    fact=fact,
                    old=old,
                    now=str(kept),
                )
            )
    if problems:
        raise PackInvalid(problems)


def _save(fresh: Sequence[Ready], digests: Mapping[tuple[str, str], str]) -> None:
    state = queries.state()
    now = clock.now()
    for ready in fresh:
        digest = digests[ready.kind, ready.slug]
        state = hashlib.sha256(
            f"{state} {ready.kind} {ready.slug} {ready.version} {digest}".encode()
        ).hexdigest()
        Published.objects.create(
            kind=ready.kind,
            slug=ready.slug,
            version=ready.version,
            digest=digest,
            state=state,
            content=canonical(dict(ready.content)).decode(),
            published_at=now,
        )


def _told(ready: Ready, digests: Mapping[tuple[str, str], str], actor: str) -> Draft:
    return Draft(
        type=PUBLISHED,
        chain=chain(ready.kind, ready.slug),
        actor=actor,
        item=ready.slug,
        item_version=str(ready.version),
        data={
            "kind": ready.kind,
            "slug": ready.slug,
            "version": ready.version,
            "digest": digests[ready.kind, ready.slug],
            "file": ready.document.file,
        },
    )
