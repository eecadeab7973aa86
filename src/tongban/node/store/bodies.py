"""Bodies of messages beside the log (报文正文), each sealed under a key of its own.

Record keys lie wrapped by a secret that is kept outside the store, so that a copy of the store
opens no body, and one key that is destroyed takes one body with it and leaves the chain as it was.
"""

import secrets
import sqlite3
from collections.abc import Iterable

from tongban.kernel.suites import NONCE_BYTES, Suite

#: What `Bodies.open` takes, by the number of the row.
READ_BODY = (
    "SELECT b.nonce, sealed, k.nonce, wrapped FROM body b JOIN record_key k USING (seq)"
    " WHERE seq = ?"
)


class Bodies:
    """Seals and opens bodies by the suite's cipher (AES-256-GCM, or SM4-GCM 国密)."""

    def __init__(self, by: Suite, wrapping: bytes) -> None:
        self._by = by
        self._outer = by.cipher(wrapping[: by.cipher_key_bytes])

    def keep(self, db: sqlite3.Connection, first: int, bodies: Iterable[tuple[int, bytes]]) -> None:
        """Keep the bodies of an entry whose rows begin at ``first``: (place among them, body)."""
        for place, body in bodies:
            seq = first + place
            key = secrets.token_bytes(self._by.cipher_key_bytes)
            nonce, around = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(NONCE_BYTES)
            context = str(seq).encode()
            sealed = self._by.cipher(key).seal(nonce, body, context)
            db.execute("INSERT INTO body VALUES (?, ?, ?)", (seq, nonce, sealed))
            wrapped = self._outer.seal(around, key, context)
            db.execute("INSERT INTO record_key VALUES (?, ?, ?)", (seq, around, wrapped))

    def open(self, seq: int, row: tuple[bytes, bytes, bytes, bytes]) -> bytes:
        """Open what `READ_BODY` found; raise SealBroken."""
        nonce, sealed, around, wrapped = row
        context = str(seq).encode()
        key = self._outer.open(around, wrapped, context)
        return self._by.cipher(key).open(nonce, sealed, context)
