"""The life of keys that sign documents: begun, certified, ended, each told on a chain of the key.

Whose a key is, and since when, is thereby a fact of the log: a bundle brings the chain along and
proves it. A key that has ended signs nothing more.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from django.db.models import QuerySet

from tongban.infra import clock
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id

from .events import KEY_BEGUN, KEY_CERTIFIED, KEY_ENDED, key_chain
from .models import SigningKey

_LAW = "电子签名法 第十三条"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose keys: the role, a department's key or a person's id, and who keeps the secrets.

    ``subject`` is what statements say of the signer; the ids of its keys begin with ``member``.
    """

    role: str
    name: str
    member: str
    subject: Mapping[str, str]
    service: str = ""

    def keys(self) -> QuerySet[SigningKey]:
        """Give the keys of this holder, oldest first."""
        found = SigningKey.objects.filter(role=self.role, holder=self.name, service=self.service)
        return found.order_by("number")


def current(holder: Holder) -> SigningKey | None:
    """Give the key by which the holder signs now; None: it has none."""
    return holder.keys().filter(ended=None).first()


def next_number(holder: Holder) -> int:
    """Give the number of the holder's next key, from 1."""
    return holder.keys().count() + 1


def begin(
    holder: Holder, number: int, by: str, public: bytes, *, actor: str, certificate: str = ""
) -> SigningKey:
    """Take a key into use, in the caller's transaction; its public part is told on its chain.

    Of two who begin one at a time, the database lets one.
    """
    name = key_id(holder.member, suite(by), public)
    row = SigningKey.objects.create(
        id=name,
        role=holder.role,
        holder=holder.name,
        service=holder.service,
        number=number,
        subject=dict(holder.subject),
        suite=by,
        public=public.hex(),
        certificate=certificate,
        since=clock.now(),
    )
    _tell(KEY_BEGUN, row, actor, {"certificate": fingerprint(certificate)})
    return row


@transaction.atomic
def certify(row: SigningKey, certificate: str, *, actor: str) -> None:
    """Put another certificate (PEM) in place of the one that the key has."""
    row.certificate = certificate
    row.save(update_fields=["certificate"])
    _tell(KEY_CERTIFIED, row, actor, {"certificate": fingerprint(certificate)})


def end(row: SigningKey, *, actor: str, reason: str) -> None:
    """End a key, in the caller's transaction: what it signed stands, and it signs nothing more."""
    row.ended, row.reason = clock.now(), reason
    row.save(update_fields=["ended", "reason"])
    _tell(KEY_ENDED, row, actor, {}, reason)


def fingerprint(certificate: str) -> str:
    """Give the SHA-256 of a certificate in DER, as browsers and PDF readers show it; hex."""
    if not certificate:
        return ""
    read = x509.load_pem_x509_certificate(certificate.encode())
    return hashlib.sha256(read.public_bytes(Encoding.DER)).hexdigest()


def _tell(
    what: str, row: SigningKey, actor: str, more: Mapping[str, str], reason: str = ""
) -> None:
    trail.tell(
        Draft(
            type=what,
            chain=key_chain(row.pk),
            actor=actor,
            authority=_LAW,
            reason=reason,
            data={
                "key": row.pk,
                "suite": row.suite,
                "public": row.public,
                "role": row.role,
                "signer": row.subject,
                "service": row.service,
                **more,
            },
        )
    )
