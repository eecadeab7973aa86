"""The login plug-in for every provider of OpenID Connect: code flow with PKCE, strict ID tokens.

Options: ``issuer``, ``client_id``, ``secret_file``, ``scopes``. Refuses a token of another issuer,
audience or nonce, one that has ended, one that is not signed by a published key, and every
algorithm with a shared secret. Without secret in the browser, without a redirect followed.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from tongban.infra import clock
from tongban.infra.access.assurance import level_of

from .words import Assertion, Begun, LoginRefused

_ALGORITHMS: Final = ["RS256", "ES256", "PS256", "EdDSA"]
_SECONDS: Final = 10
_MOST: Final = 256 * 1024
_KEPT: Final = timedelta(minutes=10)
_LEEWAY: Final = 30


def _safe(address: str) -> bool:
    """Tell whether an address may be called: https, or http on this machine."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


class OpenId:
    """One foreign provider; its metadata and keys are read once in ten minutes."""

    def __init__(self, options: Mapping[str, str]) -> None:
        try:
            self.issuer = options["issuer"].rstrip("/")
            self.client_id = options["client_id"]
            self._secret = Path(options["secret_file"]).read_text(encoding="utf-8").strip()
        except KeyError as missing:
            raise ValueError(f"a login provider needs the option {missing}") from missing
        if not _safe(self.issuer):
            raise ValueError(f"the issuer {self.issuer} must be https")
        self.scopes = options.get("scopes", "openid profile")
        self._read: dict[str, tuple[datetime, Any]] = {}

    def begin(self, back: str) -> Begun:
        """Send the browser to the provider, with fresh state, nonce and verifier."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": self.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        keep = {"state": state, "nonce": nonce, "verifier": verifier}
        return Begun(f"{self._endpoint('authorization_endpoint')}?{urlencode(asked)}", keep)

    def finish(self, keep: Mapping[str, str], query: Mapping[str, str], back: str) -> Assertion:
        """Exchange the code and read the ID token, and the user info where there is one."""
        if not hmac.compare_digest(keep["state"].encode(), query.get("state", "").encode()):
            raise LoginRefused("LoginRefused: this is not the answer to what was asked")
        if query.get("iss", self.issuer) != self.issuer:  # RFC 9207: another provider's answer
            raise LoginRefused("LoginRefused: another provider answered")
        if "code" not in query:
            raise LoginRefused(f"LoginRefused: the provider said {query.get('error', '')[:60]!r}")
        token = self._call(
            "POST",
            self._endpoint("token_endpoint"),
            data={
                "grant_type": "authorization_code",
                "code": query["code"],
                "redirect_uri": back,
                "code_verifier": keep["verifier"],
            },
            auth=(self.client_id, self._secret),
        )
        claims = self._claims(str(token.get("id_token", "")), keep["nonce"])
        if "userinfo_endpoint" in self._metadata():
            bearer = {"Authorization": f"Bearer {token.get('access_token', '')}"}
            more = self._call("GET", self._endpoint("userinfo_endpoint"), headers=bearer)
            if more.get("sub") != claims["sub"]:  # Core, section 5.3.2
                raise LoginRefused("LoginRefused: the user info is about somebody else")
            claims = {**more, **claims}
        return Assertion(
            self.issuer,
            str(claims["sub"]),
            level_of(str(claims.get("acr", ""))),
            str(claims.get("name", ""))[:50],
            str(claims.get("id_number", "")),
        )

    def _claims(self, written: str, nonce: str) -> dict[str, Any]:
        """Check an ID token (Core, section 3.1.3.7)."""
        try:
            published = self._kept("jwks", self._endpoint("jwks_uri"))
            keys = KeySet.import_key_set(cast("KeySetSerialization", published))
            token = jwt.decode(written, keys, algorithms=_ALGORITHMS)
            must = jwt.JWTClaimsRegistry(
                now=int(clock.now().timestamp()),
                leeway=_LEEWAY,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            must.validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise LoginRefused(f"LoginRefused: the ID token does not hold ({error})") from error
        several = not isinstance(token.claims["aud"], str) and len(token.claims["aud"]) > 1
        if token.claims.get("azp", None if several else self.client_id) != self.client_id:
            raise LoginRefused("LoginRefused: the ID token was made for another client")
        return dict(token.claims)

    def _metadata(self) -> dict[str, Any]:
        found = self._kept("metadata", f"{self.issuer}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise LoginRefused("LoginRefused: the provider's metadata names another issuer")
        return found

    def _endpoint(self, name: str) -> str:
        address = str(self._metadata().get(name, ""))
        if not _safe(address):
            raise LoginRefused(f"LoginRefused: the provider has no safe {name}")
        return address

    def _kept(self, name: str, address: str) -> dict[str, Any]:
        now = clock.now()
        kept = self._read.get(name)
        if kept is None or not timedelta(0) <= now - kept[0] < _KEPT:
            kept = self._read[name] = (now, self._call("GET", address))
        return dict(kept[1])

    def _call(self, method: str, address: str, **sent: Any) -> dict[str, Any]:
        try:
            with requests.request(
                method, address, timeout=_SECONDS, allow_redirects=False, stream=True, **sent
            ) as answer:
                if answer.status_code != requests.codes.ok:
                    raise LoginRefused(f"LoginRefused: the provider said {answer.status_code}")
                body = answer.raw.read(_MOST + 1, decode_content=True)
            found = json.loads(body) if len(body) <= _MOST else None
        except (requests.RequestException, ValueError, OSError) as error:
            if isinstance(error, LoginRefused):
                raise
            raise LoginRefused("LoginRefused: the provider does not answer as it should") from error
        if not isinstance(found, dict):
            raise LoginRefused("LoginRefused: the provider's answer is no object of JSON")
        return found


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
