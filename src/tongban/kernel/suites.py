"""Named suites of digest and signature, so that a record says by which mathematics it stands.

Keys are bytes that the caller holds; a suite never makes, keeps or looks for one. Suite ``std`` is
SHA-256 (FIPS 180-4) and Ed25519 (RFC 8032); the national suite 国密 joins under its own name.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class SuiteUnknown(LookupError):
    """No suite bears this name."""


class KeyInvalid(ValueError):
    """The bytes are not a key of this suite."""


class Suite(Protocol):
    """What a suite can do; ``name`` is written beside everything it makes."""

    @property
    def name(self) -> str: ...

    def digest(self, message: bytes) -> bytes:
        """Give the digest (32 bytes in every suite known)."""
        ...

    def public(self, secret: bytes) -> bytes:
        """Give the public key of a secret key; raise KeyInvalid."""
        ...

    def sign(self, secret: bytes, message: bytes) -> bytes:
        """Sign the message; raise KeyInvalid."""
        ...

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature is this key's over this message; raise KeyInvalid."""
        ...


@dataclass(frozen=True, slots=True)
class Standard:
    """SHA-256 and Ed25519: keys of 32 bytes, signatures of 64.

    >>> std = Standard()
    >>> signature = std.sign(bytes(32), b"paper")
    >>> std.verify(std.public(bytes(32)), b"paper", signature)
    True
    >>> std.verify(std.public(bytes(32)), b"other", signature)
    False
    """

    name: str = "std"

    def digest(self, message: bytes) -> bytes:
        return hashlib.sha256(message).digest()

    def public(self, secret: bytes) -> bytes:
        return self._secret(secret).public_key().public_bytes_raw()

    def sign(self, secret: bytes, message: bytes) -> bytes:
        return self._secret(secret).sign(message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        try:
            key = Ed25519PublicKey.from_public_bytes(public)
        except ValueError:
            raise KeyInvalid("KeyInvalid: a public key of suite std has 32 bytes") from None
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @staticmethod
    def _secret(secret: bytes) -> Ed25519PrivateKey:
        try:
            return Ed25519PrivateKey.from_private_bytes(secret)
        except ValueError:
            raise KeyInvalid("KeyInvalid: a secret key of suite std has 32 bytes") from None


SUITES: Mapping[str, Suite] = MappingProxyType({"std": Standard()})


def suite(name: str) -> Suite:
    """Give the suite of this name; raise SuiteUnknown.

    >>> suite("std").digest(b"").hex()[:8]
    'e3b0c442'
    """
    try:
        return SUITES[name]
    except KeyError:
        raise SuiteUnknown(
            f"SuiteUnknown: no suite {name!r}; known: {', '.join(sorted(SUITES))}"
        ) from None
