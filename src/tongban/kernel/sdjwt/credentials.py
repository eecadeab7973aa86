"""A licence as a verifiable credential: SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-14).

What controls validity stands in the clear and cannot be hidden (section 2.2.2.2): ``iss``, ``nbf``,
``exp``, ``cnf``, ``vct``, ``status``. We ask for ``iss``, ``iat`` and ``vct`` always.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .disclosures import Hide
from .errors import TokenRefused
from .keys import PublicKey
from .tokens import Binding, KeyOf, Verified, instant, verify

#: Claims that are never hidden.
CLEAR: Final = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status", "iat"})


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the state of a credential is published: the list's address and a place in it."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True)
class Credential:
    """A verified credential; ``claims`` without what controls validity."""

    issuer: str
    kind: str
    issued: int
    expires: int | None
    status: Reference | None
    holder: PublicKey | None
    claims: Mapping[str, Any]


def credential_claims(
    *,
    issuer: str,
    kind: str,
    issued: int,
    hidden: Mapping[str, Any],
    clear: Mapping[str, Any],
    holder: PublicKey | None,
    status: Reference | None,
    expires: int | None,
) -> dict[str, Any]:
    """Compose the claims of a credential for `tokens.issue`; ``kind`` is its ``vct``.

    Raise ValueError where ``hidden`` or ``clear`` name a claim that controls validity.
    """
    if reserved := CLEAR & (hidden.keys() | clear.keys()):
        raise ValueError(f"claims of their own meaning: {', '.join(sorted(reserved))}")
    claims: dict[str, Any] = {"iss": issuer, "iat": issued, "vct": kind}
    if expires is not None:
        claims["exp"] = expires
    if holder is not None:
        claims["cnf"] = {"jwk": dict(holder.jwk)}
    if status is not None:
        claims["status"] = {"status_list": {"idx": status.index, "uri": status.uri}}
    return {**claims, **clear, **{name: Hide(value) for name, value in hidden.items()}}


def verify_credential(
    presented: str, key_of: KeyOf, *, now: int, binding: Binding | None = None
) -> Credential:
    """Verify a presented credential but for its status, which is published elsewhere.

    A credential without key binding is taken only where ``binding`` is None. Raise TokenRefused.
    """
    found = verify(presented, key_of, now=now, binding=binding)
    if hidden := (CLEAR & found.claims.keys()) - found.clear:
        raise TokenRefused("claims", f"hidden, and must stand in the clear: {min(hidden)}")
    return _credential(found)


def _credential(found: Verified) -> Credential:
    claims = found.claims
    issuer, kind, issued = claims.get("iss"), claims.get("vct"), instant(claims, "iat")
    if not isinstance(issuer, str) or not isinstance(kind, str) or not issuer or not kind:
        raise TokenRefused("claims", "a credential names its issuer and its kind")
    if issued is None:
        raise TokenRefused("claims", "a credential says when it was issued")
    told = {name: value for name, value in claims.items() if name not in CLEAR}
    return Credential(
        issuer, kind, issued, instant(claims, "exp"), _reference(claims), found.holder, told
    )


def _reference(claims: Mapping[str, Any]) -> Reference | None:
    if "status" not in claims:
        return None
    status = claims["status"]
    listed = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(listed, dict):
        raise TokenRefused("status", "its status is kept in a way that is not understood here")
    index, uri = listed.get("idx"), listed.get("uri")
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise TokenRefused("status", "its place in the status list is no number from 0 up")
    if not isinstance(uri, str) or not uri:
        raise TokenRefused("status", "it does not say where its status list is")
    return Reference(uri, index)
