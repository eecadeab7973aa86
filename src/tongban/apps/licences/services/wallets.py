"""Put a licence into a holder's own wallet: OpenID for Verifiable Credential Issuance 1.0.

The pre-authorised flow: the holder, signed in, is given an offer and, by another way, a PIN; the
wallet gives the code and the PIN, gets a token for some minutes, proves that it holds a key, and
gets the licence signed for that key. A code is good once; five wrong PINs end it.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import F

from tongban.apps.licences import domain, keys, queries
from tongban.apps.licences.errors import LicenceError, LicenceNotValid
from tongban.apps.licences.models import Licence, Offer
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.kernel.events import canonical
from tongban.kernel.sdjwt import PublicKey, TokenRefused, jws, read_key
from tongban.kernel.sdjwt.strict import encode
from tongban.kernel.sdjwt.tokens import instant

from .again import again
from .issuing import bind
from .showing import answers

GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
USE = "wallet"  # of the challenges that proofs answer
MINUTES = 10
TOKEN_SECONDS = 300
_TRIES = 5
_PROOF = "openid4vci-proof+jwt"
_LONGEST_PROOF = 8 * 1024


class WalletRefused(Exception):
    """A wallet's request that is not met; ``error`` is the standard's word for it."""

    def __init__(self, error: str, told: str, status: int = 400) -> None:
        super().__init__(told)
        self.error = error
        self.told = told
        self.status = status


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer (section 4.1) with the PIN that is not in it, and until when it is good."""

    document: dict[str, Any]
    pin: str
    expires: datetime


def _pin(code: str, pin: str) -> str:
    """Keep a PIN so that the table alone does not tell it: keyed, because six digits are few."""
    return keys.by().mac(keys.secret("pins"), f"{code}\n{pin}".encode()).hex()


def configuration_id(kind: str, version: int) -> str:
    """Name the credential configuration of a licence kind in one version."""
    return f"{kind}.{version}"


def offer(subject: Subject, identifier: str) -> Offered:
    """Offer one's own valid licence to a wallet; errors as `showing.present`."""
    licence = queries.look(subject, identifier, "licence.present")
    if licence.state != Licence.State.VALID:
        raise LicenceNotValid("只有有效的证照可以领取", "only a valid licence is put into a wallet")
    code, pin = encode(os.urandom(24)), f"{secrets.randbelow(10**6):06d}"
    now = clock.now()
    expires = now + timedelta(minutes=MINUTES)
    Offer.objects.filter(expires__lt=now).delete()
    digest = keys.looked_up(code)
    Offer.objects.create(code=digest, pin=_pin(digest, pin), licence=licence, expires=expires)
    document = {
        "credential_issuer": settings.BASE_URL,
        "credential_configuration_ids": [configuration_id(licence.kind, licence.kind_version)],
        "grants": {
            GRANT: {
                "pre-authorized_code": code,
                "tx_code": {"input_mode": "numeric", "length": 6},
            }
        },
    }
    return Offered(document, pin, expires)


def link(document: Mapping[str, Any]) -> str:
    """Give an offer as the link that a wallet opens (section 4.1.1)."""
    told = canonical(document).decode()
    return f"openid-credential-offer://?{urlencode({'credential_offer': told})}"


def token(grant_type: str, code: str, pin: str) -> str:
    """Change a code and its PIN into an access token (section 6), once; raise WalletRefused."""
    if grant_type != GRANT:
        raise WalletRefused("unsupported_grant_type", "only the pre-authorized code is taken")
    if not code or not pin:
        raise WalletRefused("invalid_request", "pre-authorized_code and tx_code are both needed")
    now = clock.now()
    digest = keys.looked_up(code)
    live = Offer.objects.filter(code=digest, token=None, expires__gt=now, tries__lt=_TRIES)
    # counted before it is compared: many guesses at once are still five
    if not live.update(tries=F("tries") + 1):
        raise WalletRefused("invalid_grant", "the code is unknown, used or too old")
    row = Offer.objects.get(code=digest)
    if not hmac.compare_digest(row.pin, _pin(digest, pin)):
        raise WalletRefused("invalid_grant", "the PIN is wrong")
    secret = encode(os.urandom(24))
    used = Offer.objects.filter(code=digest, token=None).update(
        token=keys.looked_up(secret), expires=now + timedelta(seconds=TOKEN_SECONDS)
    )
    if not used:
        raise WalletRefused("invalid_grant", "the code was used just now")
    return secret


def credential(access_token: str, configuration: str, proofs: list[str]) -> str:
    """Sign the licence for the key that is proved (section 8), once; raise WalletRefused."""
    secret = keys.looked_up(access_token)
    row = (
        Offer.objects.select_related("licence")
        .filter(token=secret, expires__gt=clock.now())
        .first()
    )
    if row is None:
        raise WalletRefused("invalid_token", "the access token is unknown or too old", 401)
    if configuration != configuration_id(row.licence.kind, row.licence.kind_version):
        raise WalletRefused(
            "unknown_credential_configuration", "this token is for another credential"
        )
    if len(proofs) != 1:
        raise WalletRefused("invalid_proof", "give exactly one proof: one key, one credential")
    holder = _proved(proofs[0])
    try:
        return again(lambda: _bound(row, holder))
    except LicenceError as refused:
        raise WalletRefused("credential_request_denied", refused.en) from refused


def _bound(row: Offer, holder: PublicKey) -> str:
    # of two requests with one token only one gets a licence
    if not Offer.objects.filter(pk=row.pk).delete()[0]:
        raise WalletRefused("invalid_token", "the access token was used just now", 401)
    return bind(row.licence, queries.kind_of(row.licence), holder, actor="wallet")


def _proved(proof: str) -> PublicKey:
    """Give the key that a proof of possession (appendix F.1) proves; raise WalletRefused."""
    if len(proof) > _LONGEST_PROOF:
        raise WalletRefused("invalid_proof", "the proof is too long")
    try:
        unproved = jws.read(proof, _PROOF)
        jwk = unproved.header.get("jwk")
        if not isinstance(jwk, dict) or {"kid", "x5c"} & unproved.header.keys():
            raise WalletRefused("invalid_proof", "name the key by jwk, and by nothing else")
        key = read_key(jwk, "gm" if keys.world() == "gm" else "std")
        told = unproved.proved_by(key)
        made = instant(told, "iat")
    except TokenRefused as refused:
        raise WalletRefused("invalid_proof", str(refused)) from refused
    if told.get("aud") != settings.BASE_URL:
        raise WalletRefused("invalid_proof", "the proof is meant for another issuer")
    now = int(clock.now().timestamp())
    if made is None or not now - TOKEN_SECONDS <= made <= now + 30:
        raise WalletRefused("invalid_proof", "the proof is too old or from the future")
    nonce = told.get("nonce")
    try:
        answers(USE, nonce if isinstance(nonce, str) else "", within=TOKEN_SECONDS)
    except domain.ChallengeInvalid:
        raise WalletRefused("invalid_nonce", "get a fresh c_nonce and prove again") from None
    return key
