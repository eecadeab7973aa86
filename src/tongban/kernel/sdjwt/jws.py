"""Compact JWS (RFC 7515): written with one header, opened with one key.

``alg`` must be a name of the key that the caller chose, so ``none`` and symmetric algorithms find
nobody; any ``crit`` is refused, because no extension is understood here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import TokenRefused
from .keys import PublicKey, SecretKey
from .strict import decode, encode, read_object, write_json


@dataclass(frozen=True, slots=True)
class Unproved:
    """A JWS that was read and not yet proved: believe nothing of it before `proved_by`."""

    header: Mapping[str, Any]
    payload: dict[str, Any]
    signed: bytes
    signature: bytes

    def text(self, name: str) -> str:
        """Give a text member of the header, empty if absent; raise TokenRefused for other types."""
        value = self.header.get(name, "")
        if not isinstance(value, str):
            raise TokenRefused("malformed", f"{name} in the header is not text")
        return value

    def proved_by(self, key: PublicKey) -> dict[str, Any]:
        """Give the payload if this key signed it; raise TokenRefused."""
        if self.text("alg") not in key.algorithms:
            raise TokenRefused("algorithm", "the header names another algorithm than the key's")
        if not key.verify(self.signed, self.signature):
            raise TokenRefused("signature", "the signature does not hold")
        return self.payload


def sign(header: Mapping[str, Any], payload: Mapping[str, Any], key: SecretKey) -> str:
    """Sign a payload; ``alg`` is the key's."""
    whole = {"alg": key.public.algorithms[0], **header}
    text = f"{encode(write_json(whole))}.{encode(write_json(payload))}"
    return f"{text}.{encode(key.sign(text.encode()))}"


def read(token: str, *types: str) -> Unproved:
    """Read a compact JWS whose ``typ`` is one of ``types``; raise TokenRefused."""
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused("malformed", "a JWS has three parts between full stops")
    header = read_object(decode(parts[0]))
    if "crit" in header:
        raise TokenRefused("critical", "the header asks for a rule that is not understood here")
    if header.get("typ") not in types:
        raise TokenRefused("type", f"the token is not of type {' or '.join(types)}")
    payload = read_object(decode(parts[1]))
    signed = token[: len(parts[0]) + len(parts[1]) + 1].encode()
    return Unproved(header, payload, signed, decode(parts[2]))
