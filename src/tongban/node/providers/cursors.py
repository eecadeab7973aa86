"""Seals the cursor of a walk: whoever holds it learns nothing from it and cannot make one.

AES-SIV (RFC 5297) under a key of the node's own secret, bound to the service: a cursor is read only
by the node, or a worker of it, that gave it.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tongban.kernel.events import canonical
from tongban.kernel.wire.words import Plain, WireRefused
from tongban.node.providers.strict_json import JsonRefused, read_json

_LONGEST = 2000  # characters
_PURPOSE = b"tongban.cursor.v1"


class Cursors:
    """The cursors of one service.

    >>> cursors = Cursors(bytes(32), "births")
    >>> cursors.open(cursors.seal(["330106", 7]))
    ['330106', 7]
    """

    def __init__(self, secret: bytes, service: str) -> None:
        self._cipher = AESSIV(hmac.digest(secret, _PURPOSE, hashlib.sha512))
        self._bound = [service.encode()]

    def seal(self, place: Sequence[Plain]) -> str:
        """Give the cursor text of a place in the walk."""
        sealed = self._cipher.encrypt(canonical(list(place)), self._bound)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, text: str) -> list[Plain]:
        """Give the place of a cursor; raise `WireRefused` for one that was not given here."""
        try:
            padded = text[:_LONGEST].encode("ascii") + b"=" * (-len(text) % 4)
            raw = base64.b64decode(padded, b"-_", validate=True)
            place: list[Plain] = read_json(self._cipher.decrypt(raw, self._bound))
        except (ValueError, binascii.Error, InvalidTag, JsonRefused) as wrong:
            raise WireRefused(
                "malformed",
                "游标无效；请使用上次返回的游标，或从头开始",
                "no such cursor; use the one that the last answer gave, or begin anew",
            ) from wrong
        return place
