"""Values sealed at rest: how one is written, opened, and found again without being opened.

A sealed value says its suite and the number of its data key and nothing else. It opens only in the
place it was sealed for; a value that was carried to another row or column is refused. The caller
holds the keys and draws the nonces.
"""

import binascii
from dataclasses import dataclass, field
from functools import lru_cache

from tongban.kernel.events import canonical
from tongban.kernel.suites import NONCE_BYTES, KeyInvalid, SealBroken, suite

SECRET_BYTES = 32
#: Hex digits of a mark: 128 bits, so that a unique index over people never meets a chance equal.
MARK_DIGITS = 32
_SEALING = b"tongban.sealing.v1\n"
_MARKING = b"tongban.marking.v1\n"


def place(table: str, column: str, row: str) -> bytes:
    """Write the place of a value in the one form that it is bound to; raise EventInvalid for NUL.

    >>> place("parties_person", "name", "7")
    b'["parties_person","name","7"]'
    """
    return _column(table, column) + canonical(row) + b"]"


@lru_cache(maxsize=1024)
def _column(table: str, column: str) -> bytes:
    return canonical([table, column])[:-1] + b","


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key (数据密钥): seals values, and marks them for equality search.

    ``number`` is written on each value; ``secret`` has 32 bytes. Every value is sealed with a key
    of its own, derived from the secret and the place, so that no key meets the limit of 2³² random
    nonces (NIST SP 800-38D, 8.3), however large the table grows. Raise KeyInvalid, SuiteUnknown.

    >>> key = DataKey(1, "std", bytes(32))
    >>> at = place("parties_person", "name", "7")
    >>> written = key.seal("王䶮".encode(), at, nonce=bytes(12))
    >>> written.decode()[:6], key.open(written, at).decode()
    ('std.1.', '王䶮')
    """

    number: int
    suite: str
    secret: bytes = field(repr=False)
    _sealing: bytes = field(init=False, repr=False, compare=False)
    _marking: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise KeyInvalid(f"KeyInvalid: the secret of a data key has {SECRET_BYTES} bytes")
        by = suite(self.suite)
        object.__setattr__(self, "_sealing", by.mac(self.secret, _SEALING))
        object.__setattr__(self, "_marking", by.mac(self.secret, _MARKING))

    def seal(self, plain: bytes, at: bytes, *, nonce: bytes) -> bytes:
        """Give ``<suite>.<number>.<base64>`` in ASCII; ``nonce`` is 12 random bytes."""
        return self._head + binascii.b2a_base64(self._seal(plain, at, nonce), newline=False)

    def open(self, written: bytes, at: bytes) -> bytes:
        """Open what `seal` gave for this place; raise SealBroken."""
        body = self._body(written)
        try:
            raw = binascii.a2b_base64(body, strict_mode=True)
        except binascii.Error:
            raw = b""
        # one value has one writing: no spare bits
        if binascii.b2a_base64(raw, newline=False) != body:
            raise SealBroken("SealBroken: the value was not written by us")
        return self._open(raw, at)

    def seal_bytes(self, plain: bytes, at: bytes, *, nonce: bytes) -> bytes:
        """Seal as `seal` does, without base64: for files."""
        return self._head + self._seal(plain, at, nonce)

    def open_bytes(self, written: bytes, at: bytes) -> bytes:
        """Open what `seal_bytes` gave for this place; raise SealBroken."""
        return self._open(self._body(written), at)

    def mark(self, table: str, column: str, plain: bytes) -> str:
        """Give the mark by which equal values of one column are found (盲索引): a keyed digest.

        32 hex digits. It tells which rows hold the same value, to nobody without the key which.
        """
        name = canonical([table, column])
        return suite(self.suite).mac(self._marking, name + b"\n" + plain).hex()[:MARK_DIGITS]

    @property
    def _head(self) -> bytes:
        return f"{self.suite}.{self.number}.".encode()

    def _body(self, written: bytes) -> bytes:
        head = self._head
        if not written.startswith(head):
            raise SealBroken(f"SealBroken: the value is not sealed with key {self.number}")
        return written[len(head) :]

    def _seal(self, plain: bytes, at: bytes, nonce: bytes) -> bytes:
        by = suite(self.suite)
        own = by.mac(self._sealing, at)[: by.cipher_key_bytes]
        return nonce + by.cipher(own).seal(nonce, plain, at)

    def _open(self, raw: bytes, at: bytes) -> bytes:
        if len(raw) < NONCE_BYTES:
            raise SealBroken("SealBroken: too short to have been sealed")
        by = suite(self.suite)
        own = by.mac(self._sealing, at)[: by.cipher_key_bytes]
        return by.cipher(own).open(raw[:NONCE_BYTES], raw[NONCE_BYTES:], at)


def key_number(written: bytes) -> int:
    """Give the number of the key with which a value was sealed; raise SealBroken.

    >>> key_number(b"gm.12.AAAA")
    12
    """
    parts = written[:64].split(b".", 2)
    if len(parts) != 3 or not parts[1].isdigit() or len(parts[1]) > 9:
        raise SealBroken("SealBroken: the value does not say by which key it was sealed")
    return int(parts[1])
