"""Verbs of licences: issue, supersede, revoke, assign a number.

Each runs inside its caller's transaction and gives back what to say on the trail, so that a
licence, its decision and its event stand or fall together.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.feel import Value

from . import domain, events
from .models import AssignedNumber, Licence, Serial


class LicenceNotValid(ValueError):
    """The licence is not in a state that allows this; the message says which it is in."""


def issue(
    *,
    kind: str,
    kind_version: int,
    type_code: str,
    years: int | None,
    department: str,
    authority: str,
    holder: str,
    content: Mapping[str, Any],
    case: str,
    item: str,
    now: datetime,
) -> domain.Issued:
    """Issue a licence (制证) inside the caller's transaction.

    ``authority`` is the issuing department's social credit code; ``type_code`` the three
    characters after it. The database refuses a second licence for the same case, item and kind.
    """
    serial = Serial.objects.create(taken=now)
    number = f"{now:%Y}{serial.pk:09d}"
    until = domain.valid_until(now.date(), years)
    licence = Licence.objects.create(
        identifier=domain.licence_identifier(authority, type_code, number, 1),
        number=number,
        kind=kind,
        kind_version=kind_version,
        department=department,
        holder=holder,
        case=case,
        item=item,
        content=dict(content),
        issued=now,
        valid_until=until,
    )
    return domain.Issued(licence.identifier, number, kind, holder, now, until)


def issued_draft(issued: domain.Issued, case: str, item: str) -> Draft:
    """Say on the trail of the case that a licence was issued."""
    return Draft(
        type=events.ISSUED,
        chain=case,
        actor="system",
        occurred=issued.issued,
        item=item,
        step="issue",
        data={"identifier": issued.identifier, "kind": issued.kind},
    )


@transaction.atomic
def revoke(identifier: str, *, actor: str, authority: str, reason: str, now: datetime) -> None:
    """Revoke a valid licence (注销) with a reason; raises `LicenceNotValid` otherwise."""
    licence = Licence.objects.select_for_update().get(identifier=identifier)
    if licence.state != Licence.State.VALID:
        raise LicenceNotValid(f"{identifier} is {licence.state}; only a valid licence is revoked")
    licence.state = Licence.State.REVOKED
    licence.state_reason = reason
    licence.save(update_fields=["state", "state_reason"])
    trail.tell(
        Draft(
            type=events.REVOKED,
            chain=licence.case,
            occurred=now,
            item=licence.item,
            actor=actor,
            authority=authority,
            reason=reason,
            data={"identifier": identifier},
        )
    )


def assign(kind: str, arguments: Mapping[str, Value], *, case: str, item: str) -> str:
    """Give out a number (赋码) once for this case and item, inside the caller's transaction.

    ``identity-number`` takes ``region``, ``birth_date`` and ``sex``; ``uscc`` takes ``region``.
    Asking again for the same case and item gives the same number. Two writers that meet on one
    ordinal collide in the database and the loser's transaction is tried again.
    """
    if kind not in ASSIGNERS:
        raise ValueError(f"no assigner {kind!r}; known: {', '.join(sorted(ASSIGNERS))}")
    if known := AssignedNumber.objects.filter(case=case, item=item, kind=kind).first():
        return known.number
    scope, compose = ASSIGNERS[kind]
    place = "/".join(str(arguments[name]) for name in scope)
    last = AssignedNumber.objects.filter(kind=kind, scope=place).aggregate(top=Max("ordinal"))
    ordinal = 0 if last["top"] is None else last["top"] + 1
    number = compose(arguments, ordinal)
    AssignedNumber.objects.create(
        kind=kind, scope=place, ordinal=ordinal, number=number, case=case, item=item
    )
    return number


def _identity_number(arguments: Mapping[str, Value], ordinal: int) -> str:
    born = arguments["birth_date"]
    if not isinstance(born, date):
        raise TypeError(f"birth_date must be a date, not {born!r}")
    return domain.identity_number(str(arguments["region"]), born, str(arguments["sex"]), ordinal)


def _company_code(arguments: Mapping[str, Value], ordinal: int) -> str:
    return domain.company_code(str(arguments["region"]), ordinal)


# assigner → the arguments that make its scope, and how a number is composed
ASSIGNERS = {
    "identity-number": (("region", "birth_date", "sex"), _identity_number),
    "uscc": (("region",), _company_code),
}
