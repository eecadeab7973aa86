"""Second factors: codes of an authenticator app (TOTP, RFC 6238) and one-time recovery codes.

A code is good once; wrong ones are counted. The shared secret lies sealed in the database, under a
key that is not there. Passkeys are in ``passkeys``.
"""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

import pyotp
from django.conf import settings
from django.db import transaction
from pyotp.exceptions import OTPVerificationError

from tongban.infra import clock
from tongban.infra.keys import own_secret
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft
from tongban.kernel.suites import NONCE_BYTES, Cipher, SealBroken, suite

from . import limits
from .models import Authenticator, User

Kind = Authenticator.Kind
ISSUER = "Tongban 通办"
RECOVERY_CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is taken for another


class FactorRefused(ValueError):
    """The code is wrong, was used before, or there were too many; try the next one."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A shared secret to be shown once: as text, and as the address a QR code carries."""

    secret: str
    address: str


def _sealed(secret: str, user: User) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher().seal(nonce, secret.encode(), str(user.pk).encode())


def _opened(row: Authenticator) -> str:
    kept = bytes(row.material)
    try:
        nonce, text = kept[:NONCE_BYTES], kept[NONCE_BYTES:]
        return _cipher().open(nonce, text, str(row.user_id).encode()).decode()
    except SealBroken as error:
        raise FactorRefused("FactorRefused: the secret was sealed with another key") from error


def _cipher() -> Cipher:
    by = suite(settings.SUITE)
    root = own_secret(Path(settings.HOME), "authenticators", "secret", bytes)
    return by.cipher(by.mac(root, b"tongban.authenticators.v1")[: by.cipher_key_bytes])


def begin_app(user: User) -> Fresh:
    """Draw a secret for an authenticator app; it counts once a first code has confirmed it."""
    with transaction.atomic():
        if Authenticator.objects.filter(user=user, kind=Kind.CODE, confirmed=True).exists():
            raise FactorRefused("FactorRefused: an app is there already; remove it first")
        Authenticator.objects.filter(user=user, kind=Kind.CODE).delete()
        secret = pyotp.random_base32()
        Authenticator.objects.create(
            user=user, kind=Kind.CODE, material=_sealed(secret, user), created=clock.now()
        )
    address = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)
    return Fresh(secret, address)


def confirm_app(user: User, code: str) -> tuple[str, ...]:
    """Take the first code of the app, and give fresh recovery codes, shown once."""
    _use_code(user, code, confirmed=False)
    with transaction.atomic():
        Authenticator.objects.filter(user=user, kind=Kind.CODE).update(confirmed=True)
        _tell(user, "tongban.access.factor_added.v1", Kind.CODE)
        return _recovery_codes(user)


def _recovery_codes(user: User) -> tuple[str, ...]:
    codes = tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(3))
        for _ in range(RECOVERY_CODES)
    )
    now = clock.now()
    Authenticator.objects.filter(user=user, kind=Kind.RECOVERY).delete()
    Authenticator.objects.bulk_create(
        Authenticator(
            user=user,
            kind=Kind.RECOVERY,
            identifier=_digest(user, code),
            created=now,
            confirmed=True,
        )
        for code in codes
    )
    return codes


def _digest(user: User, code: str) -> str:
    # 74 random bits a code, and five tries a quarter of an hour: no slow hash is needed
    return hashlib.sha256(f"{user.pk}:{code}".encode()).hexdigest()


def use(user: User, code: str) -> str:
    """Take a code of the app or a recovery code; give which it was. Raises `FactorRefused`."""
    typed = code.strip().casefold().replace(" ", "")
    if not limits.allows(limits.SECOND, str(user.pk)):
        raise FactorRefused("FactorRefused: too many wrong codes; wait a quarter of an hour")
    if typed.isdigit():
        _use_code(user, typed, confirmed=True)
        method = Kind.CODE.value
    else:
        spent = Authenticator.objects.filter(
            user=user, kind=Kind.RECOVERY, identifier=_digest(user, typed)
        )
        with transaction.atomic():
            if not spent.delete()[0]:
                raise FactorRefused("FactorRefused: this is no code of yours")
            _tell(user, "tongban.access.recovery_used.v1", Kind.RECOVERY)
        method = Kind.RECOVERY.value
    limits.forget(limits.SECOND, str(user.pk))
    return method


def _use_code(user: User, code: str, *, confirmed: bool) -> None:
    row = Authenticator.objects.filter(user=user, kind=Kind.CODE, confirmed=confirmed).first()
    if row is None:
        raise FactorRefused("FactorRefused: there is no authenticator app")
    now = clock.now()
    try:
        step = pyotp.TOTP(_opened(row)).verify_and_get_timecode(code, for_time=now, valid_window=1)
    except OTPVerificationError as error:
        raise FactorRefused("FactorRefused: this is not the present code") from error
    # of two who come with the same code at once, one is refused
    fresh = Authenticator.objects.filter(pk=row.pk, counter__lt=step)
    if not fresh.update(counter=step, used=now):
        raise FactorRefused("FactorRefused: this code was used; wait for the next one")


def has_second(user: User) -> bool:
    """Tell whether the user has an authenticator app that a sign-in must show."""
    return Authenticator.objects.filter(user=user, kind=Kind.CODE, confirmed=True).exists()


def remove(user: User, factor: int) -> None:
    """Take a factor of the user's own away; the last app takes the recovery codes with it."""
    with transaction.atomic():
        row = Authenticator.objects.filter(user=user, pk=factor).first()
        if row is None:
            return
        row.delete()
        if row.kind == Kind.CODE:
            Authenticator.objects.filter(user=user, kind=Kind.RECOVERY).delete()
        _tell(user, "tongban.access.factor_removed.v1", row.kind)


def _tell(user: User, what: str, kind: str) -> None:
    tell(Draft(type=what, chain=f"user:{user.pk}", actor=str(user.pk), data={"kind": str(kind)}))
