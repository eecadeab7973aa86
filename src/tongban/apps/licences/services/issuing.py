"""Issue a licence inside the transaction of its decision, and sign it for one more key."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from tongban.apps.items.domain import LicenceKind
from tongban.apps.licences import domain, events, keys
from tongban.apps.licences.errors import LicenceNotValid
from tongban.apps.licences.models import Credential, Licence, Serial
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.trail import services as trail
from tongban.kernel import sdjwt
from tongban.kernel.events import Draft
from tongban.kernel.sdjwt import PublicKey


def salts() -> Iterator[bytes]:
    """Give salts that nobody can guess."""
    while True:
        yield os.urandom(16)


def issue(
    *,
    kind: LicenceKind,
    department: str,
    authority: str,
    holder: str,
    content: Mapping[str, Any],
    case: str,
    item: str,
    now: datetime,
    keeper: str = "",
    rests_on: Sequence[str] = (),
) -> domain.Issued:
    """Issue a licence (制证) inside the caller's transaction, signed for its holder's kept key.

    ``authority`` is the issuing department's social credit code; ``keeper`` the person who may show
    it for a holder without account; ``rests_on`` the identifiers of licences it was granted on.
    The database refuses a second licence for the same case, item and kind.
    """
    serial = Serial.objects.create(taken=now)
    number = f"{now:%Y}{serial.pk:09d}"
    licence = Licence.objects.create(
        identifier=domain.licence_identifier(authority, kind.type_code, number, 1),
        number=number,
        kind=kind.slug,
        kind_version=kind.version,
        department=department,
        holder=holder,
        keeper=keeper,
        case=case,
        item=item,
        content=dict(content),
        issued=now,
        valid_until=domain.valid_until(now.date(), kind.years),
    )
    if rests_on:
        licence.rests_on.set(Licence.objects.filter(identifier__in=rests_on))
    return signed(licence, kind, serial.pk, now)


def signed(licence: Licence, kind: LicenceKind, serial: int, now: datetime) -> domain.Issued:
    """Sign a licence for the key kept for its holder; give it as it was issued."""
    key = keys.kept(licence.identifier).public
    text = compose(licence, kind, key, serial, now)
    Credential.objects.create(
        serial=serial, licence=licence, holder_key=key.thumbprint, text=text, issued=now
    )
    return domain.Issued(
        licence.identifier,
        licence.number,
        kind.slug,
        licence.holder,
        now,
        licence.valid_until,
        digest(text),
    )


def digest(text: str) -> str:
    """Give what the trail tells of a credential or a presentation: its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def compose(licence: Licence, kind: LicenceKind, key: PublicKey, serial: int, now: datetime) -> str:
    """Compose and sign the credential of a licence for a holder's key."""
    base = settings.BASE_URL
    place = domain.place_of(serial, keys.secret("places"))
    authority = licence.identifier.split(".")[5][:18]
    today = now.astimezone(clock.SHANGHAI).date()
    claims = sdjwt.credential_claims(
        issuer=base,
        kind=domain.kind_uri(base, kind.slug, kind.version),
        issued=int(now.timestamp()),
        hidden=domain.hidden_claims(
            identifier=licence.identifier,
            number=licence.number,
            type_code=kind.type_code,
            authority=authority,
            authority_name=parties.department_name(kind.authority, "zh"),
            holder=licence.holder,
            role=kind.holder,
            content=licence.content,
            issued=licence.issued.astimezone(clock.SHANGHAI).date(),
            valid_until=licence.valid_until,
            today=today,
        ),
        clear=domain.clear_claims(kind.name.zh),
        holder=key,
        status=sdjwt.Reference(status_uri(place.list), place.index),
        expires=_end(licence),
    )
    return sdjwt.issue(claims, keys.issuer(), salts()).text


def status_uri(number: int) -> str:
    """Give the address of a status list."""
    return f"{settings.BASE_URL}/licences/status/{number}"


def _end(licence: Licence) -> int | None:
    if licence.valid_until is None:
        return None
    after = licence.valid_until + timedelta(days=1)
    return int(datetime.combine(after, time(), clock.SHANGHAI).timestamp())


def issued_draft(issued: domain.Issued, case: str, item: str) -> Draft:
    """Say on the trail of the case that a licence was issued."""
    return Draft(
        type=events.ISSUED,
        chain=case,
        actor="system",
        occurred=issued.issued,
        item=item,
        step="issue",
        data={"identifier": issued.identifier, "kind": issued.kind, "credential": issued.digest},
    )


@transaction.atomic
def bind(licence: Licence, kind: LicenceKind, key: PublicKey, *, actor: str) -> str:
    """Sign a valid licence for the key of a holder's own wallet; give the credential.

    The wallet keeps it; here only the key's thumbprint and the place of its state are known. The
    same key again is given a fresh credential in the same place. Raises `LicenceNotValid`.
    """
    now = clock.now()
    row = Licence.objects.select_for_update().get(pk=licence.pk)
    if row.state != Licence.State.VALID:
        raise LicenceNotValid(
            f"证照状态为“{row.get_state_display()}”，不能领取",
            f"the licence is {row.state}: only a valid one is put into a wallet",
        )
    known = Credential.objects.filter(licence=row, holder_key=key.thumbprint).first()
    serial = known.serial if known else Serial.objects.create(taken=now).pk
    text = compose(row, kind, key, serial, now)
    if known is None:
        Credential.objects.create(serial=serial, licence=row, holder_key=key.thumbprint, issued=now)
    trail.tell(
        Draft(
            type=events.BOUND,
            chain=row.case,
            occurred=now,
            item=row.item,
            actor=actor,
            data={"identifier": row.identifier, "credential": digest(text)},
        )
    )
    return text
