"""Suite ``std``: SHA-256 (FIPS 180-4), Ed25519 (RFC 8032), AES-256-GCM (FIPS 197, SP 800-38D).

A public key of small order is refused: under it anyone's signature would hold, and its owner could
disown every message.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tongban.kernel.suites.words import (
    BROKEN,
    Cipher,
    KeyInvalid,
    SealBroken,
    Signer,
    Verifier,
    checked_nonce,
    mac_key,
)

# The curve of RFC 8032, section 5.1: -x² + y² = 1 + d·x²·y² over the prime p.
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def _sound(public: bytes) -> bool:
    """Tell whether the bytes are the one writing of a curve point of order above 8."""
    y = int.from_bytes(public, "little") & (1 << 255) - 1
    square = y * y % _P
    # Euler: x² = (y² - 1) / (d·y² + 1) has a root; a zero means x = 0, the orders 1 and 2
    on_curve = pow((square - 1) * (_D * square + 1), (_P - 1) // 2, _P) == 1
    # y = 0 is order 4; doubling to it means x² = -y², order 8
    small = y == 0 or (_D * square * square + 2 * square - 1) % _P == 0
    return y < _P and on_curve and not small


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


class _Cipher:
    """AES-256-GCM in one call: a short value costs half of what it does by `Galois`."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        return self._aead.encrypt(checked_nonce(nonce), plain, context)

    def open(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        try:
            return self._aead.decrypt(checked_nonce(nonce), sealed, context)
        except InvalidTag:
            raise SealBroken(BROKEN) from None


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
        # hmac.digest lets go of the interpreter's lock even for a short message, and to get it back
        # from another thread costs far more than the digest
        return hmac.new(mac_key(key), message, "sha256").digest()

    def signer(self, secret: bytes) -> Signer:
        try:
            return _Signer(Ed25519PrivateKey.from_private_bytes(secret))
        except ValueError:
            raise KeyInvalid("KeyInvalid: a secret key of suite std has 32 bytes") from None

    def verifier(self, public: bytes) -> Verifier:
        if len(public) != 32 or not _sound(public):
            raise KeyInvalid(
                "KeyInvalid: a public key of suite std has 32 bytes, a curve point of large order"
            )
        return _Verifier(Ed25519PublicKey.from_public_bytes(public))

    def cipher(self, key: bytes) -> Cipher:
        if len(key) != self.cipher_key_bytes:
            raise KeyInvalid("KeyInvalid: a cipher key of suite std has 32 bytes")
        return _Cipher(key)
