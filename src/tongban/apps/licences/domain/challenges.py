"""Challenges that a verifier gives out and need not remember: time, chance and a keyed digest.

They prove that an answer is fresh. Where an answer may count only once, its digest is remembered by
whoever takes it.
"""

import hmac
from typing import Final

from tongban.kernel.sdjwt.strict import decode, encode
from tongban.kernel.suites import Suite

_TIME, _CHANCE, _PROOF = 5, 16, 16
_LENGTH: Final = _TIME + _CHANCE + _PROOF


class ChallengeInvalid(ValueError):
    """The challenge is not one of ours, or too old; ask for a fresh one."""


def _proof(by: Suite, key: bytes, use: str, body: bytes) -> bytes:
    return by.mac(key, use.encode() + b"\n" + body)[:_PROOF]


def make_challenge(by: Suite, key: bytes, use: str, *, now: int, chance: bytes) -> str:
    """Make a challenge for one ``use``; ``chance`` is 16 bytes nobody can guess.

    >>> from tongban.kernel.suites import suite
    >>> made = make_challenge(suite("gm"), bytes(16), "page", now=7, chance=bytes(16))
    >>> read_challenge(suite("gm"), bytes(16), "page", made, now=300, within=300)
    >>> len(made)
    50
    """
    if len(chance) != _CHANCE:
        raise ValueError(f"chance is {_CHANCE} bytes, not {len(chance)}")
    body = now.to_bytes(_TIME) + chance
    return encode(body + _proof(by, key, use, body))


def read_challenge(by: Suite, key: bytes, use: str, text: str, *, now: int, within: int) -> None:
    """Take a challenge that was made for this use within so many seconds.

    Raise ChallengeInvalid.
    """
    try:
        raw = decode(text)
    except ValueError:
        raw = b""
    body = raw[:-_PROOF]
    if len(raw) != _LENGTH or not hmac.compare_digest(raw[-_PROOF:], _proof(by, key, use, body)):
        raise ChallengeInvalid("ChallengeInvalid: not given out here; ask for one")
    if not 0 <= now - int.from_bytes(body[:_TIME]) <= within:
        raise ChallengeInvalid("ChallengeInvalid: too old; ask for a fresh one")
