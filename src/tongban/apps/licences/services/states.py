"""How a licence's state moves: supersede, suspend, restore, revoke; and who rests on it is flagged.

A change and what is told of it are one transaction; the status lists that name the licence are
stale from that instant, and published anew to whoever asks next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from django.db import transaction

from tongban.apps.items.domain import LicenceKind
from tongban.apps.licences import domain, events
from tongban.apps.licences.errors import LicenceNotValid, LicenceUnknown
from tongban.apps.licences.models import Credential, Licence, Serial, StatusList
from tongban.infra.trail import services as trail
from tongban.kernel.codes import LicenceId
from tongban.kernel.events import Draft

from .issuing import signed

State = Licence.State
_MOST_FLAGGED = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """Who changes a licence's state, by which law, why, and when."""

    actor: str
    authority: str
    reason: str
    now: datetime

    def __post_init__(self) -> None:
        if not (self.actor and self.authority and self.reason):
            raise ValueError("name the actor, the legal basis and the reason")


def _taken(identifier: str, *states: str) -> Licence:
    licence = Licence.objects.select_for_update().filter(identifier=identifier).first()
    if licence is None:
        raise LicenceUnknown
    if licence.state not in states:
        raise LicenceNotValid(
            f"{identifier} 当前状态为“{licence.get_state_display()}”，不能如此变更",
            f"{identifier} is {licence.state}; it must be {' or '.join(states)} for this",
        )
    return licence


def _draft(
    kind: str, licence: Licence, order: Order, data: Mapping[str, Any] | None = None
) -> Draft:
    return Draft(
        type=kind,
        chain=licence.case,
        occurred=order.now,
        item=licence.item,
        actor=order.actor,
        authority=order.authority,
        reason=order.reason,
        data={"identifier": licence.identifier, **(data or {})},
    )


def _move(licence: Licence, state: str, order: Order) -> None:
    licence.state = state
    licence.state_reason = order.reason[:200]
    licence.save(update_fields=["state", "state_reason"])
    serials = Credential.objects.filter(licence=licence).values_list("serial", flat=True)
    for number in {(serial - 1) >> domain.LIST_BITS for serial in serials}:
        StatusList.objects.update_or_create(number=number, defaults={"mark": token_hex(16)})


def _flag(licence: Licence, order: Order) -> list[Draft]:
    """Flag every valid licence that rests on this one, however far down; give what to tell."""
    why = f"所依据的证照 {licence.identifier} 已变更：{order.reason}"[:200]
    drafts: list[Draft] = []
    seen, waiting = {licence.pk}, [licence.pk]
    while waiting and len(seen) <= _MOST_FLAGGED:
        found = Licence.objects.filter(rests_on__in=waiting).exclude(pk__in=seen).distinct()
        waiting = []
        for one in found:
            seen.add(one.pk)
            waiting.append(one.pk)
            if one.state in {State.VALID, State.SUSPENDED}:
                one.flagged = why
                one.save(update_fields=["flagged"])
                drafts.append(_draft(events.FLAGGED, one, order, {"because": licence.identifier}))
    return drafts


@transaction.atomic
def revoke(identifier: str, *, actor: str, authority: str, reason: str, now: datetime) -> None:
    """Revoke a valid or suspended licence (注销) with its legal basis and reason.

    Licences that rest on it are flagged for a person to look at; they are not revoked by a machine.
    Raises `LicenceUnknown`, `LicenceNotValid`, and ValueError where a reason is missing.
    """
    order = Order(actor, authority, reason, now)
    licence = _taken(identifier, State.VALID, State.SUSPENDED)
    _move(licence, State.REVOKED, order)
    trail.append([_draft(events.REVOKED, licence, order), *_flag(licence, order)])


@transaction.atomic
def suspend(identifier: str, *, actor: str, authority: str, reason: str, now: datetime) -> None:
    """Suspend a valid licence (暂停) until `restore`; errors as `revoke`."""
    order = Order(actor, authority, reason, now)
    licence = _taken(identifier, State.VALID)
    _move(licence, State.SUSPENDED, order)
    trail.append([_draft(events.SUSPENDED, licence, order), *_flag(licence, order)])


@transaction.atomic
def restore(identifier: str, *, actor: str, authority: str, reason: str, now: datetime) -> None:
    """End a suspension (恢复); errors as `revoke`. Flags on other licences stay until looked at."""
    order = Order(actor, authority, reason, now)
    licence = _taken(identifier, State.SUSPENDED)
    _move(licence, State.VALID, order)
    trail.tell(_draft(events.RESTORED, licence, order))


@transaction.atomic
def supersede(
    identifier: str,
    *,
    kind: LicenceKind,
    content: Mapping[str, Any],
    actor: str,
    authority: str,
    reason: str,
    now: datetime,
) -> domain.Issued:
    """Issue the next version of a valid licence (换证): same number, version + 1; the old one ends.

    ``kind`` is the licence's kind, in the version now in force. Errors as `revoke`, and ValueError
    for another kind.
    """
    order = Order(actor, authority, reason, now)
    old = _taken(identifier, State.VALID)
    if kind.slug != old.kind:
        raise ValueError(f"{identifier} is a {old.kind}, not a {kind.slug}")
    serial = Serial.objects.create(taken=now)
    frozen: Any = dict(content)
    new = Licence.objects.create(
        identifier=LicenceId.parse(identifier).superseded().format(),
        number=old.number,
        kind=kind.slug,
        kind_version=kind.version,
        department=old.department,
        holder=old.holder,
        keeper=old.keeper,
        case=old.case,
        item=old.item,
        version=old.version + 1,
        content=frozen,
        issued=now,
        valid_until=domain.valid_until(now.date(), kind.years),
    )
    new.rests_on.set(old.rests_on.all())
    _move(old, State.SUPERSEDED, order)
    issued = signed(new, kind, serial.pk, now)
    told = _draft(
        events.SUPERSEDED, old, order, {"by": new.identifier, "credential": issued.digest}
    )
    trail.append([told, *_flag(old, order)])
    return issued


@transaction.atomic
def settle(identifier: str, *, actor: str, authority: str, reason: str, now: datetime) -> None:
    """Take the flag off a licence that somebody has looked at and found still good."""
    order = Order(actor, authority, reason, now)
    licence = _taken(identifier, State.VALID, State.SUSPENDED)
    licence.flagged = ""
    licence.save(update_fields=["flagged"])
    trail.tell(_draft(events.SETTLED, licence, order))
