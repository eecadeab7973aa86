"""What a suite is: a digest, a signature, a keyed digest and a cipher under one name.

Prepared keys (`Signer`, `Verifier`, `Cipher`) do the costly part of reading a key once; whoever
signs or checks many messages keeps them.
"""

from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as Blocks
from cryptography.hazmat.primitives.ciphers import CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.modes import GCM

NONCE_BYTES = 12
#: A keyed digest hides short values (numbers of people): below 128 bits its key can be guessed.
_MAC_KEY_BYTES = 16
_TAG_BYTES = 16
BROKEN = "SealBroken: it was sealed with another key, nonce or context, or was changed"


class SuiteUnknown(LookupError):
    """No suite bears this name."""


class KeyInvalid(ValueError):
    """The bytes are not a key of this suite."""


class SealBroken(ValueError):
    """What was sealed does not open: another key, nonce or context, or it was changed."""


class Signer(Protocol):
    """A secret key, ready to sign."""

    @property
    def public(self) -> bytes:
        """The public key that belongs to it."""

    def sign(self, message: bytes) -> bytes:
        """Sign the message (64 bytes in every suite known)."""


class Verifier(Protocol):
    """A public key, ready to check."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature is this key's over this message."""


class Cipher(Protocol):
    """A secret key, ready to seal and open (authenticated encryption, GCM)."""

    def seal(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        """Seal; ``nonce`` is 12 bytes, never twice with one key; ``context`` is bound, not kept."""

    def open(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        """Open what `seal` gave with the same nonce and context; raise SealBroken."""


class Suite(Protocol):
    """What a suite can do; ``name`` is written beside everything it makes."""

    @property
    def name(self) -> str: ...

    @property
    def digest_name(self) -> str:
        """The key of its digest in Content-Digest (RFC 9530; ``sm3`` is a private name)."""

    def digest(self, message: bytes) -> bytes:
        """Give the digest (32 bytes in every suite known)."""

    def mac(self, key: bytes, message: bytes) -> bytes:
        """Give HMAC (RFC 2104) with the suite's digest; raise KeyInvalid for under 16 bytes."""

    def signer(self, secret: bytes) -> Signer:
        """Prepare a secret key of 32 bytes; raise KeyInvalid."""

    def verifier(self, public: bytes) -> Verifier:
        """Prepare a public key; raise KeyInvalid."""

    def cipher(self, key: bytes) -> Cipher:
        """Prepare a key of ``cipher_key_bytes``; raise KeyInvalid."""

    @property
    def cipher_key_bytes(self) -> int:
        """The length of a key of the cipher."""


class Galois:
    """A block cipher in Galois counter mode (NIST SP 800-38D), tag of 16 bytes at the end."""

    def __init__(self, algorithm: CipherAlgorithm) -> None:
        self._algorithm = algorithm

    def seal(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        """Seal; see `Cipher`."""
        made = Blocks(self._algorithm, GCM(checked_nonce(nonce))).encryptor()
        made.authenticate_additional_data(context)
        return made.update(plain) + made.finalize() + made.tag

    def open(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        """Open; see `Cipher`."""
        text, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
        if len(tag) != _TAG_BYTES:
            raise SealBroken("SealBroken: too short to have been sealed")
        opened = Blocks(self._algorithm, GCM(checked_nonce(nonce), tag)).decryptor()
        opened.authenticate_additional_data(context)
        try:
            return opened.update(text) + opened.finalize()
        except InvalidTag:
            raise SealBroken(BROKEN) from None


def checked_nonce(nonce: bytes) -> bytes:
    """Give the nonce back if it is as long as one; raise ValueError."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    return nonce


def mac_key(key: bytes) -> bytes:
    """Give the key back if it is long enough for a keyed digest; raise KeyInvalid."""
    if len(key) < _MAC_KEY_BYTES:
        raise KeyInvalid(f"KeyInvalid: a key of a keyed digest has {_MAC_KEY_BYTES} bytes or more")
    return key
