"""Verbs of grants: keep step with the region pack, give what was decided, end.

Every verb saves, tells the trail and publishes the snapshot in one transaction. Nothing is deleted:
what ends, ends with a reason.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tongban.apps.exchange import network, queries
from tongban.apps.exchange.domain import Catalogue
from tongban.apps.exchange.domain.governance import governance
from tongban.apps.exchange.domain.network import OPEN_END
from tongban.apps.exchange.domain.purposes import Granted, from_pack
from tongban.apps.exchange.domain.requests import NotForYou
from tongban.apps.exchange.events import (
    GRANT_ENDED,
    GRANTED,
    GRANTS,
    PURPOSES_SYNCED,
    request_chain,
)
from tongban.apps.exchange.models import Grant, GrantRequest, Purpose, SubscriptionRequest
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.wire.words import Identifier

_FOREVER = datetime.fromisoformat(OPEN_END)


class GrantUnknown(LookupError):
    """There is no such grant in force."""


def sync(data: Mapping[str, Any], actor: str) -> None:
    """Bring purposes and pack grants in step with merged pack data, in the caller's transaction.

    Repeating it changes nothing. What the pack no longer grants ends at once.
    """
    rules = governance(data)
    if rules.operator not in rules.members:
        return  # a pack without departments has nobody to grant anything to
    registered, wanted = from_pack(data["grants"], data["resources"], rules)
    now = clock.now()
    held = {_granted(row): row for row in Grant.objects.filter(source="pack", ended=None)}
    gone = [row for granted, row in held.items() if granted not in wanted]
    fresh = sorted(wanted - held.keys(), key=repr)
    for name, purpose in registered.items():
        Purpose.objects.update_or_create(
            code=name,
            defaults={"legal_basis": purpose.legal_basis, "ended": None, "end_reason": ""},
            create_defaults={
                "item": purpose.item,
                "basis": purpose.basis,
                "legal_basis": purpose.legal_basis,
                "fields": {},
                "source": "pack",
                "since": now,
            },
        )
    for granted in fresh:
        Grant.objects.create(
            client=granted.client,
            service=granted.service,
            fields=list(granted.fields),
            purpose_id=granted.purpose,
            basis=granted.basis,
            legal_basis=granted.legal_basis,
            rows={name: list(values) for name, values in granted.rows},
            bulk=granted.bulk,
            calls=granted.calls,
            records=granted.records,
            since=now,
            until=_FOREVER,
            source="pack",
        )
    for row in gone:
        _end(row, "区域包不再授权 / the region pack grants it no longer", now)
    if fresh:
        network.mark_changed("grants")
    refresh_purposes(now)
    if fresh or gone:
        trail.tell(
            Draft(
                type=PURPOSES_SYNCED,
                chain=GRANTS,
                actor=actor,
                data={
                    "purposes": len(registered),
                    "granted": len(fresh),
                    "ended": [f"g{row.pk}" for row in gone],
                },
            )
        )


def _granted(row: Grant) -> Granted:
    return Granted(
        row.client,
        row.service,
        tuple(sorted(row.fields)),
        row.purpose_id,
        row.basis,
        row.legal_basis,
        tuple((name, tuple(values)) for name, values in sorted(row.rows.items())),
        row.bulk,
        row.calls,
        row.records,
    )


def refresh_purposes(now: datetime) -> None:
    """Let each purpose say the most that grants in force give it; end one that none is left of."""
    most: dict[str, dict[str, set[str]]] = {}
    for row in Grant.objects.filter(ended=None, until__gt=now):
        most.setdefault(row.purpose_id, {}).setdefault(row.service, set()).update(row.fields)
    for purpose in Purpose.objects.all():
        fields = {
            service: sorted(names) for service, names in sorted(most.get(purpose.code, {}).items())
        }
        ended = None if fields else purpose.ended or now
        if (fields, ended) == (purpose.fields, purpose.ended):
            continue
        purpose.fields = fields or purpose.fields
        purpose.ended = ended
        purpose.end_reason = "" if fields else "没有有效授权 / no grant of it is in force"
        purpose.save(update_fields=["fields", "ended", "end_reason"])


def _end(row: Grant, reason: str, now: datetime) -> None:
    row.ended, row.end_reason = now, reason
    row.save(update_fields=["ended", "end_reason"])
    network.mark_changed("grants")
    network.revoke("grant", row.ref or f"g{row.pk}", row.until, reason)


@transaction.atomic
def end(grant: str, actor: str, reason: str, subject: Subject | None = None) -> None:
    """End a grant now, on every node within seconds; raises `GrantUnknown`, `NotForYou`.

    ``subject`` is judged where a person ends it; without one it is an act of the installation.
    """
    row = _grant(grant)
    if subject is not None:
        department = provider_of(row.service, queries.catalogue())
        ruling = judge(subject, "exchange.end", place_of(department))
        if not ruling.allowed:
            refuse(subject, "exchange.end", place_of(department), ruling)
            raise NotForYou(ruling.zh, ruling.en)
    now = clock.now()
    _end(row, reason, now)
    refresh_purposes(now)
    trail.tell(
        Draft(
            type=GRANT_ENDED,
            chain=GRANTS,
            actor=actor,
            reason=reason,
            data={"grant": grant, "client": row.client, "service": row.service},
        )
    )
    network.republish(actor)


def _grant(grant: str) -> Grant:
    number = grant.removeprefix("g")
    row = None
    if number.isascii() and number.isdigit() and len(number) < 18:
        row = Grant.objects.select_for_update().filter(pk=int(number), ended=None).first()
    if row is None:
        raise GrantUnknown(f"GrantUnknown: no grant {grant} is in force; tongban exchange grants")
    return row


def give(row: GrantRequest, source: str, actor: str, ref: str = "") -> Grant:
    """Make the grant of a request, register its purpose, tell it, publish it."""
    now = clock.now()
    Purpose.objects.update_or_create(
        code=row.purpose,
        defaults={"ended": None, "end_reason": ""},
        create_defaults={
            "item": row.item,
            "basis": row.basis,
            "legal_basis": row.legal_basis,
            "fields": {},
            "source": "request",
            "since": now,
        },
    )
    grant = Grant.objects.create(
        ref=ref,
        client=row.client,
        service=row.service,
        fields=row.fields,
        purpose_id=row.purpose,
        basis=row.basis,
        legal_basis=row.legal_basis,
        rows=row.rows,
        bulk=row.bulk,
        calls=row.calls,
        records=row.records,
        since=now,
        until=row.valid_until or _FOREVER,
        source=source,
        flow_back=row.flow_back,
        request=row,
    )
    network.mark_changed("grants")
    refresh_purposes(now)
    if row.flow_back:
        SubscriptionRequest.objects.create(
            grant=grant, client=row.client, service=row.service, flow_back=True, since=now
        )
    trail.tell(
        Draft(
            type=GRANTED,
            chain=request_chain(row.number),
            actor=actor,
            authority=row.legal_basis,
            item=row.item,
            data={
                "grant": ref or f"g{grant.pk}",
                "client": row.client,
                "service": row.service,
                "fields": row.fields,
                "purpose": row.purpose,
                "rows": sorted(row.rows),
                "source": source,
                "flow_back": row.flow_back,
            },
        )
    )
    network.republish(actor)
    return grant


def place_of(department: str) -> dict[str, str]:
    return {"department": department, "region": regions(queries.catalogue()).get(department, "")}


def regions(catalogue: Catalogue) -> dict[str, str]:
    return {key: department.region for key, department in catalogue.departments.items()}


def provider_of(service: str, catalogue: Catalogue) -> str:
    return catalogue.governance.department(Identifier.parse(service).member)
