"""Passkeys (通行密钥): WebAuthn level 2 registration and sign-in, checked by py_webauthn.

The person is always verified by the device (PIN or biometrics), so that a passkey is two factors in
one; a challenge is good once and for five minutes; a counter that does not grow is refused.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tongban.infra import clock
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

from .factors import ISSUER, FactorRefused, Kind
from .models import Authenticator, User

_CHALLENGE: Final = "passkey"
_LASTS: Final = timedelta(minutes=5)
_REQUIRED: Final = UserVerificationRequirement.REQUIRED


def _party() -> str:
    return str(settings.ACCESS_PASSKEY_HOST)


def _keep(session: SessionBase, challenge: bytes) -> None:
    session[_CHALLENGE] = [bytes_to_base64url(challenge), clock.now().isoformat()]


def _take(session: SessionBase) -> bytes:
    kept = session.pop(_CHALLENGE, None)
    if kept is None or clock.now() - datetime.fromisoformat(kept[1]) > _LASTS:
        raise FactorRefused("FactorRefused: begin again, the challenge is over")
    return base64url_to_bytes(kept[0])


def begin_adding(session: SessionBase, user: User) -> str:
    """Give the options (JSON) with which the browser makes a passkey for the user."""
    known = Authenticator.objects.filter(user=user, kind=Kind.PASSKEY)
    options = generate_registration_options(
        rp_id=_party(),
        rp_name=ISSUER,
        user_id=f"user:{user.pk}".encode(),
        user_name=user.username,
        user_display_name=user.first_name or user.username,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(one))
            for one in known.values_list("identifier", flat=True)
        ],
    )
    _keep(session, options.challenge)
    return options_to_json(options)


def add(session: SessionBase, user: User, answer: Mapping[str, Any], label: str) -> None:
    """Keep the passkey that the browser made; raise `FactorRefused`."""
    challenge = _take(session)
    try:
        made = verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=_party(),
            expected_origin=list(settings.ACCESS_ORIGINS),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise FactorRefused(f"FactorRefused: {error}") from error
    identifier = bytes_to_base64url(made.credential_id)
    with transaction.atomic():
        if Authenticator.objects.filter(kind=Kind.PASSKEY, identifier=identifier).exists():
            raise FactorRefused("FactorRefused: this passkey is known already")
        Authenticator.objects.create(
            user=user,
            kind=Kind.PASSKEY,
            label=label[:60],
            identifier=identifier,
            material=made.credential_public_key,
            counter=made.sign_count,
            created=clock.now(),
            confirmed=True,
        )
        _tell(user, "tongban.access.factor_added.v1")


def begin_entering(session: SessionBase) -> str:
    """Give the options (JSON) with which the browser signs; it finds the account itself."""
    options = generate_authentication_options(rp_id=_party(), user_verification=_REQUIRED)
    _keep(session, options.challenge)
    return options_to_json(options)


def enter(session: SessionBase, answer: Mapping[str, Any]) -> User:
    """Check what the browser signed and give whose passkey it is; raise `FactorRefused`."""
    challenge = _take(session)
    identifier = str(answer.get("id", ""))
    row = (
        Authenticator.objects.select_related("user")
        .filter(kind=Kind.PASSKEY, identifier=identifier, user__is_active=True)
        .first()
    )
    if row is None or not identifier:
        raise FactorRefused("FactorRefused: this passkey is not known here")
    try:
        seen = verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=_party(),
            expected_origin=list(settings.ACCESS_ORIGINS),
            credential_public_key=bytes(row.material),
            credential_current_sign_count=row.counter,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise FactorRefused(f"FactorRefused: {error}") from error
    Authenticator.objects.filter(pk=row.pk).update(counter=seen.new_sign_count, used=clock.now())
    return row.user


def _tell(user: User, what: str) -> None:
    data = {"kind": Kind.PASSKEY.value}
    tell(Draft(type=what, chain=f"user:{user.pk}", actor=str(user.pk), data=data))
