"""Issue a licence inside the transaction of its decision, and sign it for one more key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from tongban.apps.items.domain import LicenceKind
from tongban.apps.licences import domain, events, keys
from tongban.apps.licences.composing import compose, digest
from tongban.apps.licences.errors import LicenceNotValid
from tongban.apps.licences.models import Credential, Licence, Serial
from tongban.infra import clock
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.sdjwt import PublicKey


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
    frozen: Any = dict(content)
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
        content=frozen,
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
