"""Where the state of a credential stands in the lists: scattered, so that order tells nothing.

Neighbours in a list that were issued one after the other would tell who applied together. The
running number is therefore shuffled inside its list by a keyed permutation (a Feistel network of
four rounds over 20 bits): unique without a look-up, and no order to see without the key.
"""

from dataclasses import dataclass
from typing import Final

from tongban.kernel.sdjwt import Status
from tongban.kernel.suites import Suite

#: 2^20 credentials a list, of two bits each: valid, invalid, suspended.
LIST_BITS: Final = 20
_HALF: Final = LIST_BITS // 2
_MASK: Final = (1 << _HALF) - 1
_ROUNDS: Final = 4

_STATES: Final = {
    "valid": Status.VALID,
    "suspended": Status.SUSPENDED,
    "revoked": Status.INVALID,
    "superseded": Status.INVALID,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a status list."""

    list: int
    index: int


def place_of(number: int, by: Suite, key: bytes) -> Place:
    """Give the place of the credential with this running number, from 1.

    >>> from tongban.kernel.suites import suite
    >>> gm = suite("gm")
    >>> first, second = place_of(1, gm, bytes(16)), place_of(2, gm, bytes(16))
    >>> first.list, abs(first.index - second.index) > 1
    (0, True)
    >>> place_of(2**20 + 1, gm, bytes(16)).list
    1
    """
    if number < 1:
        raise ValueError(f"running numbers begin with 1, not {number}")
    found, inside = divmod(number - 1, 1 << LIST_BITS)
    left, right = inside >> _HALF, inside & _MASK
    for turn in range(_ROUNDS):
        told = b"%d/%d/%d" % (found, turn, right)
        mixed = int.from_bytes(by.mac(key, told)[:4]) & _MASK
        left, right = right, left ^ mixed
    return Place(found, left << _HALF | right)


def entry(state: str) -> Status:
    """Give how a licence's state is published.

    >>> entry("suspended").name, entry("superseded").name
    ('SUSPENDED', 'INVALID')
    """
    return _STATES[state]
