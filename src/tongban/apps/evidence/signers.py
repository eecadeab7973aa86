"""How a person signs (个人签名): by a key that is kept for its account, or by a signing service.

A signature made here is made by the platform, on the order of somebody who was surely known; it is
worth what that order is worth, and the caller tells the trail of it. An outside service, such as a
national e-signature, is a plug-in; what it gives is verified before it is kept. Each way has its
own key, and the log says whose and since when.
"""

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from tongban.apps.parties import queries as parties
from tongban.infra import clock, keys
from tongban.infra.trail.services import ChainMoved
from tongban.kernel.statements import APPLICANT, Statement
from tongban.kernel.suites import KeyInvalid, Signer, suite

from . import keyring
from .keyring import Holder
from .models import SigningKey

OWN = ""
_SECTOR = "signatures"


class SigningFailed(RuntimeError):
    """No signature came of it; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Signatory:
    """Whom an outside service is asked about: our pseudonym, name and identity number."""

    reference: str
    name: str
    id_number: str


class SigningService(Protocol):
    """Signs for people elsewhere; named in ``TONGBAN_SIGNING_SERVICES``.

    Whatever it raises is told to the person as a failure, and nothing is signed.
    """

    @property
    def name(self) -> str:
        """Give the name by which people choose it: letters, digits, hyphens; at most 40."""
        ...

    def key(self, who: Signatory) -> tuple[str, bytes]:
        """Give the suite (``std`` or ``gm``) and the public key by which this person signs there.

        Raw bytes, as ``kernel.suites`` has them. Whose key it is, the service answers for.
        """
        ...

    def sign(self, who: Signatory, message: bytes) -> bytes:
        """Have the person sign the message there; 64 bytes in the suite of its key."""
        ...


@dataclass(frozen=True, slots=True)
class Pen:
    """A person's key, ready to sign."""

    row: SigningKey
    signer: Signer

    def state(self, digest: str, media_type: str, case: str, zh: str, en: str) -> bytes:
        """Sign a statement beside a document, in these words; raise SigningFailed."""
        told = Statement(digest, media_type, case, APPLICANT, self.row.subject, zh, en, clock.now())
        return told.sign(self.row.pk, self.signer, self.row.suite)


def services() -> dict[str, SigningService]:
    """Give the outside services that this installation knows, by name."""
    found = [import_string(place)() for place in settings.SIGNING_SERVICES]
    return {one.name: one for one in found}


def pen(person: str, service: str = OWN, *, actor: str) -> Pen:
    """Give what the person (id of parties) signs with; its first use begins a key.

    Raise SigningFailed.
    """
    if service == OWN:
        return _own(_holder(person, OWN), actor)
    known = services().get(service)
    if known is None:
        raise SigningFailed(f"没有签名服务{service}", f"there is no signing service {service!r}")
    who = Signatory(
        parties.pseudonym(person, _SECTOR), parties.name_of(person), parties.id_number(person)
    )
    signer = _Elsewhere(known, who)
    holder = _holder(person, service)
    row = keyring.current(holder)
    if row is None or (row.suite, row.public) != (signer.suite, signer.public.hex()):
        row = _begun(holder, signer.suite, signer.public, row, actor)
    return Pen(row, signer)


def retire(person: str, *, actor: str, reason: str) -> int:
    """End every key by which this person signs (停用签名密钥), for a reason; give how many."""
    with transaction.atomic():
        rows = SigningKey.objects.filter(role=APPLICANT, holder=person, ended=None)
        for row in rows:
            keyring.end(row, actor=actor, reason=reason)
        return len(rows)


def _holder(person: str, service: str) -> Holder:
    reference = parties.pseudonym(person, _SECTOR)
    return Holder(APPLICANT, person, reference, {"id": reference}, service)


def _own(holder: Holder, actor: str) -> Pen:
    row = keyring.current(holder)
    number = keyring.next_number(holder) if row is None else row.number
    by = settings.SUITE if row is None else row.suite
    signer = _derived(holder.name, number, by)
    if row is None:
        row = _begun(holder, by, signer.public, None, actor)
    if row.public != signer.public.hex():
        raise SigningFailed(
            "签名密钥与登记不符，请联系管理员",
            "the secret of signing keys is another one: put it back (TONGBAN_HOME/keys)",
        )
    return Pen(row, signer)


def _begun(
    holder: Holder, by: str, public: bytes, before: SigningKey | None, actor: str
) -> SigningKey:
    try:
        with transaction.atomic():
            if before is not None:
                keyring.end(before, actor=actor, reason="the service gave another key")
            return keyring.begin(holder, keyring.next_number(holder), by, public, actor=actor)
    except (IntegrityError, ChainMoved):  # the same person, in two windows at once
        row = keyring.current(holder)
        if row is None or row.public != public.hex():
            raise
        return row


def _derived(person: str, number: int, by: str) -> Signer:
    """Give the key of a person; all come from one secret, so that none lies in the database."""
    root = keys.own_secret(Path(settings.HOME), "signers", "seed", bytes)
    for turn in count():
        told = f"tongban.signers.v1\n{number}/{turn}/{person}".encode()
        try:
            return suite(by).signer(suite(settings.SUITE).mac(root, told))
        except KeyInvalid:  # one in 2^32 is outside the group
            continue
    raise AssertionError("unreachable")


class _Elsewhere:
    """A signer that asks an outside service, and believes nothing it cannot verify."""

    def __init__(self, service: SigningService, who: Signatory) -> None:
        self._service, self._who = service, who
        try:
            self.suite, self.public = service.key(who)
            self._verifier = suite(self.suite).verifier(self.public)
        except Exception as wrong:
            raise _failed(service) from wrong

    def sign(self, message: bytes) -> bytes:
        try:
            signature = self._service.sign(self._who, message)
        except Exception as wrong:
            raise _failed(self._service) from wrong
        if not self._verifier.verify(message, signature):
            raise _failed(self._service)
        return signature


def _failed(service: SigningService) -> SigningFailed:
    return SigningFailed(
        f"签名服务{service.name}未能完成签名，请稍后再试",
        f"the signing service {service.name} gave no good signature; try again later",
    )
