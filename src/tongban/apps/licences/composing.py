"""Compose and sign the credential of a licence: domain and kernel, with our keys."""

import os
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.conf import settings

from tongban.apps.items.domain import LicenceKind
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import PublicKey

from . import domain, keys
from .models import Credential, Licence


def salts() -> Iterator[bytes]:
    """Give salts that nobody can guess."""
    while True:
        yield os.urandom(16)


def digest(text: str) -> str:
    """Give what the trail tells of a credential or a presentation: its digest, in hex."""
    return keys.by().digest(text.encode()).hex()


def compose(licence: Licence, kind: LicenceKind, key: PublicKey, serial: int, now: datetime) -> str:
    """Compose and sign the credential of a licence for a holder's key."""
    base = settings.BASE_URL
    place = domain.place_of(serial, keys.by(), keys.secret("places"))
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


def kept_credential(licence: Licence) -> Credential:
    """Give the credential whose key is kept for the holder."""
    key = keys.kept(licence.identifier).public
    return Credential.objects.get(licence=licence, holder_key=key.thumbprint)


def status_uri(number: int) -> str:
    """Give the address of a status list."""
    return f"{settings.BASE_URL}/licences/status/{number}"


def _end(licence: Licence) -> int | None:
    if licence.valid_until is None:
        return None
    after = licence.valid_until + timedelta(days=1)
    return int(datetime.combine(after, time(), clock.SHANGHAI).timestamp())
