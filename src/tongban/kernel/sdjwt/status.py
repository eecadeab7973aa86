"""Token Status List (draft-ietf-oauth-status-list-20): a bit field, compressed and signed.

Reading is bounded: a list that would inflate beyond what an honest one can be is refused before it
fills the memory, and a place outside the list is no statement, never "valid".
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from . import jws
from .errors import TokenRefused
from .keys import SecretKey
from .strict import decode, encode
from .tokens import KeyOf, instant

TYPE: Final = "statuslist+jwt"
MEDIA_TYPE: Final = "application/statuslist+jwt"
BITS: Final = frozenset({1, 2, 4, 8})
#: Inflated, 2^26 entries of 2 bits, far above any list that is sensibly published; and the token.
LARGEST: Final = 16 * 1024 * 1024
LONGEST: Final = 32 * 1024 * 1024


class Status(IntEnum):
    """Status types (section 7.1)."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


@dataclass(frozen=True, slots=True)
class StatusList:
    """A bit field: ``bits`` (1, 2, 4 or 8) an entry, the first in the lowest bits of a byte."""

    bits: int
    data: bytes

    def __post_init__(self) -> None:
        if isinstance(self.bits, bool) or self.bits not in BITS:
            raise TokenRefused("status", "a status list has 1, 2, 4 or 8 bits an entry")

    @classmethod
    def of(cls, bits: int, size: int, entries: Iterable[tuple[int, int]]) -> "StatusList":
        """Make a list of ``size`` entries from those that are not 0; raise ValueError.

        >>> StatusList.of(1, 16, [(n, 1) for n in (0, 3, 4, 5, 7, 8, 9, 13, 15)]).data.hex()
        'b9a3'
        """
        made = bytearray(-(-size * bits // 8))
        for index, value in entries:
            if not 0 <= index < size or not 0 <= value < 1 << bits:
                raise ValueError(f"status {value} at {index} does not fit {size} × {bits} bits")
            byte, offset = divmod(index * bits, 8)
            made[byte] = made[byte] & ~(((1 << bits) - 1) << offset) | value << offset
        return cls(bits, bytes(made))

    def __len__(self) -> int:
        return len(self.data) * 8 // self.bits

    def at(self, index: int) -> int:
        """Give the status at a place; raise TokenRefused outside the list."""
        if not 0 <= index < len(self):
            raise TokenRefused("status", "its place lies outside the status list")
        byte, offset = divmod(index * self.bits, 8)
        return self.data[byte] >> offset & (1 << self.bits) - 1

    def claim(self) -> dict[str, Any]:
        """Write it as the claim ``status_list``."""
        return {"bits": self.bits, "lst": encode(zlib.compress(self.data, 9))}


def read_list(claim: Any) -> StatusList:
    """Read the claim ``status_list``; raise TokenRefused, also for what inflates without end."""
    if not isinstance(claim, Mapping) or not isinstance(claim.get("lst"), str):
        raise TokenRefused("status", "status_list has not the members bits and lst")
    unpack = zlib.decompressobj()
    try:
        data = unpack.decompress(decode(claim["lst"]), LARGEST + 1)
    except zlib.error:
        raise TokenRefused("status", "the status list is not zlib") from None
    if len(data) > LARGEST:
        raise TokenRefused("status", f"the status list inflates to more than {LARGEST} bytes")
    if not unpack.eof or unpack.unused_data:
        raise TokenRefused("status", "the status list is cut off, or goes on after its end")
    bits = claim.get("bits")
    if not isinstance(bits, int):
        raise TokenRefused("status", "a status list has 1, 2, 4 or 8 bits an entry")
    return StatusList(bits, data)


def seal_list(
    found: StatusList, key: SecretKey, *, issuer: str, uri: str, now: int, ttl: int, lifetime: int
) -> str:
    """Sign a list as a Status List Token (section 5.1); ``ttl`` and ``lifetime`` in seconds."""
    claims = {
        "iss": issuer,
        "sub": uri,
        "iat": now,
        "exp": now + lifetime,
        "ttl": ttl,
        "status_list": found.claim(),
    }
    return jws.sign({"typ": TYPE, "kid": key.public.thumbprint}, claims, key)


@dataclass(frozen=True, slots=True)
class Published:
    """A list as it was published; ``ttl`` says for how many seconds a copy may be kept."""

    list: StatusList
    issued: int
    ttl: int | None


def open_list(
    token: str, key_of: KeyOf, *, issuer: str, uri: str, now: int, leeway: int = 30
) -> Published:
    """Verify a Status List Token of this issuer, fetched from ``uri`` (section 8.3).

    Raise TokenRefused.
    """
    if len(token) > LONGEST:
        raise TokenRefused("malformed", f"it is longer than {LONGEST} characters")
    unproved = jws.read(token, TYPE)
    key = key_of(issuer, unproved.text("kid"))
    if key is None:
        raise TokenRefused("issuer", "nobody that is trusted here publishes this status list")
    claims = unproved.proved_by(key)
    if claims.get("iss", issuer) != issuer:
        raise TokenRefused("issuer", "the status list is another issuer's")
    if claims.get("sub") != uri:
        raise TokenRefused("status", "this is the status list of another address")
    made, expires, ttl = (instant(claims, name) for name in ("iat", "exp", "ttl"))
    if made is None:
        raise TokenRefused("status", "the status list does not say when it was made")
    if made > now + leeway:
        raise TokenRefused("early", "the status list was made in the future")
    if expires is not None and now >= expires + leeway:
        raise TokenRefused("expired", "the status list is out of date")
    if ttl is not None and ttl <= 0:
        raise TokenRefused("status", "ttl is not a number of seconds above 0")
    return Published(read_list(claims.get("status_list")), made, ttl)
