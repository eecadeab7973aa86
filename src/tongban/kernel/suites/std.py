"""Suite ``std``: SHA-256 (FIPS 180-4), Ed25519 (RFC 8032), AES-256-GCM (FIPS 197, SP 800-38D)."""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256

from tongban.kernel.suites.words import Cipher, Galois, KeyInvalid, Signer, Verifier, keyed


class _Signer:
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.public = key.public_key().public_bytes_raw()
        self.sign = key.sign


class _Verifier:
    def __init__(self, key: Ed25519PublicKey) -> None:
        self._verify = key.verify

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Standard:
    """Keys of 32 bytes, signatures of 64.

    >>> std = Standard()
    >>> signer = std.signer(bytes(32))
    >>> signature = signer.sign(b"paper")
    >>> std.verifier(signer.public).verify(b"paper", signature)
    True
    >>> std.verifier(signer.public).verify(b"other", signature)
    False
    """

    name: str = "std"
    digest_name: str = "sha-256"
    cipher_key_bytes: int = 32

    def digest(self, message: bytes) -> bytes:
        return hashlib.sha256(message).digest()

    def mac(self, key: bytes, message: bytes) -> bytes:
        return keyed(key, message, "sha256")

    def signer(self, secret: bytes) -> Signer:
        try:
            return _Signer(Ed25519PrivateKey.from_private_bytes(secret))
        except ValueError:
            raise KeyInvalid("KeyInvalid: a secret key of suite std has 32 bytes") from None

    def verifier(self, public: bytes) -> Verifier:
        try:
            return _Verifier(Ed25519PublicKey.from_public_bytes(public))
        except ValueError:
            raise KeyInvalid("KeyInvalid: a public key of suite std has 32 bytes") from None

    def cipher(self, key: bytes) -> Cipher:
        if len(key) != self.cipher_key_bytes:
            raise KeyInvalid("KeyInvalid: a cipher key of suite std has 32 bytes")
        return Galois(AES256(key))
