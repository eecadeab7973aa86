"""Verbs of the registry: register, change, publish and withdraw a resource; take in the packs.

A department's officials act on their own department's resources; what a pack or another instance
owns is changed there. Every published change makes a version and is told on the trail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.catalogue import errors, queries, rows
from tongban.apps.exchange.catalogue.rows import Write
from tongban.apps.exchange.domain import Department, dcat, records, registry
from tongban.apps.exchange.domain.governance import governance
from tongban.apps.exchange.domain.records import Entry, Origin, Registered
from tongban.apps.exchange.domain.registry import EntryInvalid, Fault
from tongban.apps.exchange.events import (
    RESOURCE_CHANGED,
    RESOURCE_PUBLISHED,
    RESOURCE_REGISTERED,
    RESOURCE_WITHDRAWN,
    resource_chain,
)
from tongban.apps.exchange.models import Resource
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft

__all__ = [
    "change",
    "filled",
    "may_register",
    "offered",
    "publish",
    "register",
    "register_all",
    "sync_packs",
    "withdraw",
]

_State = Resource.State
_Source = Resource.Source


def register(subject: Subject, raw: Mapping[str, Any]) -> Registered:
    """Register a draft for the subject's own department (登记).

    ``raw`` has the fields of `records.plain`, ``department`` and ``lead`` as keys of departments.
    Raises `EntryInvalid` with every fault, `ResourceDenied`, `ResourceRefused`.
    """
    entry = _entry(raw)
    _may(subject, "resource.register", entry.department.key)
    return _register([entry], subject.name, publish=False)[0]


def register_all(
    entries: Sequence[Entry], *, actor: str, publish: bool = False
) -> tuple[Registered, ...]:
    """Register or change many at once (a spreadsheet), all or none; the operator's way.

    Resources that are registered already are changed. Raises `ResourceRefused`.
    """
    return _register(entries, actor, publish=publish, change=True)


@transaction.atomic
def change(subject: Subject, slug: str, raw: Mapping[str, Any], seen: int) -> Registered:
    """Change a resource whose version the caller saw; one that is published has a new version.

    Raises as `register`, and `ResourceUnknown`, `ResourceMoved`.
    """
    held = _held(slug)
    published = held.state == _State.PUBLISHED
    _may(subject, "resource.publish" if published else "resource.register", held.department)
    _can(held, "change")
    if held.version != seen:
        raise errors.ResourceMoved(
            f"该资源已是第{held.version}版，请重新查看后再修改",
            f"it is at version {held.version} now; look again and decide anew",
        )
    entry = _entry({**raw, "slug": slug})
    if entry.department.key != held.department:
        raise errors.ResourceRefused("不能变更提供方", "a resource stays with its department")
    return _saved(held, entry, held.state, subject.name, RESOURCE_CHANGED)


@transaction.atomic
def publish(subject: Subject, slug: str) -> Registered:
    """Publish a draft, or again what was withdrawn (发布)."""
    held = _held(slug)
    _may(subject, "resource.publish", held.department)
    _can(held, "publish")
    entry = _dated(queries.entry_of(held).entry)
    return _saved(held, entry, _State.PUBLISHED, subject.name, RESOURCE_PUBLISHED)


@transaction.atomic
def withdraw(subject: Subject, slug: str, reason: str) -> Registered:
    """Withdraw a published resource, with the reason (撤回); its versions stay."""
    held = _held(slug)
    _may(subject, "resource.withdraw", held.department)
    _can(held, "withdraw")
    entry = queries.entry_of(held).entry
    return _saved(held, entry, _State.WITHDRAWN, subject.name, RESOURCE_WITHDRAWN, reason)


@transaction.atomic
def sync_packs(data: Mapping[str, Any], actor: str) -> None:
    """Bring the registry to what the packs publish: register, change, withdraw what left.

    ``data`` is merged pack data without problems. Raises `EntryInvalid` for a contract whose
    metadata does not hold together. Repeating it changes nothing.
    """
    instance = governance(data).instance
    dates = dict(Resource.objects.filter(source=_Source.PACK).values_list("slug", "published_on"))
    writes: list[Write] = []
    found: list[Fault] = []
    for slug, raw in data["resources"].items():
        try:
            entry = registry.read(registry.of_contract(raw, data))
        except EntryInvalid as wrong:
            found += [Fault(f"{slug}.{f.place}", f.zh, f.en) for f in wrong.faults]
            continue
        day = entry.published_on or dates.get(slug) or clock.today()
        entry = replace(entry, published_on=day)
        writes.append(_own(instance, entry, _Source.PACK, _State.PUBLISHED))
    if found:
        raise EntryInvalid(found)
    _unclaimed(writes)
    gone = Resource.objects.filter(source=_Source.PACK, state=_State.PUBLISHED).exclude(
        slug__in=data["resources"]
    )
    left = [
        Write(held.entry, held.origin, held.source, _State.WITHDRAWN) for held in rows.entries(gone)
    ]
    _tell(rows.save(writes, clock.now()), RESOURCE_PUBLISHED, actor)
    _tell(rows.save(left, clock.now()), RESOURCE_WITHDRAWN, actor, "no pack holds it any more")


def _unclaimed(writes: Sequence[Write]) -> None:
    """Refuse a slug that a department registered by hand: two owners of one name."""
    slugs = [write.entry.slug for write in writes]
    taken = Resource.objects.filter(slug__in=slugs).exclude(source=_Source.PACK)
    if names := sorted(row.slug for row in taken):
        raise errors.ResourceRefused(
            f"标识已被登记：{'、'.join(names)}",
            f"registered by hand already: {', '.join(names)}; rename it in the pack",
        )


def filled(raw: Mapping[str, Any], departments: Mapping[str, Department]) -> dict[str, Any]:
    """Put the departments in the place of their keys; raises `EntryInvalid` for unknown ones."""
    record = dict(raw)
    unknown = []
    for place in ("department", "lead"):
        key = record.get(place)
        if not key:
            record.pop(place, None)
        elif not isinstance(key, str) or key not in departments:
            zh = f"没有部门“{key}”：{'、'.join(departments)}"
            unknown.append(Fault(place, zh, f"no department {key!r}; use {', '.join(departments)}"))
            record.pop(place)
        else:
            known = departments[key]
            name = {"zh": known.name.zh, "en": known.name.en}
            record[place] = {"key": key, "uscc": known.uscc, "name": name}
            if place == "department":
                record.setdefault("region", known.region)
    if unknown:
        told = {fault.place for fault in unknown} | {"region"}
        rest = [fault for fault in registry.faults(record) if fault.place not in told]
        raise EntryInvalid([*unknown, *rest])
    return record


def _entry(raw: Mapping[str, Any]) -> Entry:
    return registry.read(filled(raw, exchange.departments()))


def _may(subject: Subject, action: str, department: str) -> None:
    known = exchange.departments().get(department)
    region = known.region if known else ""
    place = {"department": department, "region": region}
    ruling = judge(subject, action, place)
    if not ruling.allowed:
        refuse(subject, action, place, ruling)
        raise errors.ResourceDenied(ruling.zh, ruling.en)


_NEEDS = {
    "change": "resource.register",
    "publish": "resource.publish",
    "withdraw": "resource.withdraw",
}


def may_register(subject: Subject) -> bool:
    """Tell whether the subject may register anything for a department of its own."""
    return any(_allows(subject, "resource.register", post.department) for post in subject.posts)


def offered(subject: Subject, held: Registered) -> tuple[str, ...]:
    """Say what the subject may do with a resource as it stands: change, publish, withdraw."""
    may = []
    for action in records.actions(held.state, held.source):
        published = action == "change" and held.state == _State.PUBLISHED
        need = "resource.publish" if published else _NEEDS[action]
        if _allows(subject, need, held.entry.department.key):
            may.append(action)
    return tuple(may)


def _allows(subject: Subject, action: str, department: str) -> bool:
    try:
        _may(subject, action, department)
    except errors.ResourceDenied:
        return False
    return True


def _can(held: Resource, action: str) -> None:
    if action in records.actions(held.state, held.source):
        return
    if held.source != _Source.REGISTERED:
        raise errors.ResourceRefused(
            f"该资源来自{_Source(held.source).label}，请在来源处修改",
            f"it comes from a {held.source} source: change it there",
        )
    zh = records.STATES[held.state].zh
    raise errors.ResourceRefused(f"该资源{zh}，不能执行此操作", f"it is {held.state}: not possible")


def _held(slug: str) -> Resource:
    row = Resource.objects.select_for_update().filter(slug=slug).first()
    if row is None:
        raise errors.ResourceUnknown(slug)
    return row


def _own(instance: str, entry: Entry, source: str, state: str) -> Write:
    return Write(entry, Origin(instance, entry.slug, dcat.iri(instance, entry.slug)), source, state)


def _dated(entry: Entry) -> Entry:
    return entry if entry.published_on else replace(entry, published_on=clock.today())


@transaction.atomic
def _register(
    entries: Sequence[Entry], actor: str, *, publish: bool, change: bool = False
) -> tuple[Registered, ...]:
    instance = exchange.catalogue().governance.instance
    held = {row.slug: row for row in Resource.objects.filter(slug__in=[e.slug for e in entries])}
    writes = []
    for entry in entries:
        row = held.get(entry.slug)
        if row is not None and (row.source != _Source.REGISTERED or not change):
            raise errors.ResourceRefused(
                f"标识“{entry.slug}”已被使用", f"the slug {entry.slug!r} is taken; choose another"
            )
        if row is not None and row.department != entry.department.key:
            raise errors.ResourceRefused(
                f"“{entry.slug}”属于其他部门", f"{entry.slug!r} belongs to another department"
            )
        state = _State.PUBLISHED if publish else row.state if row else _State.DRAFT
        ready = entry if state == _State.DRAFT else _kept_date(entry, row)
        writes.append(_own(instance, ready, _Source.REGISTERED, state))
    changed = rows.save(writes, clock.now())
    fresh = [row for row in changed if row.slug not in held]
    _tell(fresh, RESOURCE_REGISTERED, actor)
    _tell([row for row in changed if row.slug in held], RESOURCE_CHANGED, actor)
    _tell([row for row in fresh if row.state == _State.PUBLISHED], RESOURCE_PUBLISHED, actor)
    return tuple(rows.entries(changed))


def _kept_date(entry: Entry, row: Resource | None) -> Entry:
    if entry.published_on is None and row is not None and row.published_on:
        return replace(entry, published_on=row.published_on)
    return _dated(entry)


def _saved(
    held: Resource, entry: Entry, state: str, actor: str, event: str, reason: str = ""
) -> Registered:
    if state == _State.PUBLISHED:
        entry = _kept_date(entry, held)
    origin = Origin(held.origin, held.origin_id, held.iri)
    changed = rows.save([Write(entry, origin, held.source, state)], clock.now())
    _tell(changed, event, actor, reason)
    return queries.entry_of(Resource.objects.get(pk=held.pk))


def _tell(changed: Sequence[Resource], event: str, actor: str, reason: str = "") -> None:
    trail.append(
        [
            Draft(
                type=event,
                chain=resource_chain(row.slug),
                actor=actor,
                organisation=row.department,
                reason=reason,
                data={
                    "resource": row.slug,
                    "state": row.state,
                    "version": row.version,
                    "digest": row.digest,
                },
            )
            for row in changed
        ]
    )
