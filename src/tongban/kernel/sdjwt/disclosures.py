"""Disclosures (RFC 9901, section 4.2): claims hidden behind digests, and put back where they were.

Putting back is strict: every digest stands once, every disclosure is used once and where its form
fits, nothing overwrites a claim, and no claim is named like the machinery.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .errors import TokenRefused
from .keys import SuiteName, hash_of
from .strict import DEEPEST, decode, encode, read_json, write_json

HIDDEN: Final = "_sd"
ELEMENT: Final = "..."
HASH: Final = "_sd_alg"
RESERVED: Final = frozenset({HIDDEN, ELEMENT, HASH})
_DIGEST_LENGTH: Final = 43  # 32 bytes in base64url
_LEAST_SALT: Final = 16


@dataclass(frozen=True, slots=True)
class Hide:
    """A value that the issuer hides behind a digest: a member of an object or of a list."""

    value: Any


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What opens one digest; ``name`` is None for an element of a list."""

    text: str
    name: str | None
    value: Any


def _written(salt: bytes, parts: tuple[Any, ...]) -> str:
    if len(salt) < _LEAST_SALT:
        raise ValueError(f"a salt has {_LEAST_SALT} bytes or more, not {len(salt)}")
    return encode(write_json([encode(salt), *parts]))


def hide(
    claims: Mapping[str, Any], salts: Iterator[bytes], world: SuiteName
) -> tuple[dict[str, Any], tuple[Disclosure, ...]]:
    """Give the payload with every `Hide` behind its digest, and the disclosures that open them.

    ``salts`` gives 16 bytes or more that nobody can guess, a fresh one each. Digests are sorted, so
    that their order tells nothing (section 4.2.4.1).
    """
    found: list[Disclosure] = []

    def disclose(name: str | None, value: Any) -> str:
        inner = walk(value)
        parts = (inner,) if name is None else (name, inner)
        made = Disclosure(_written(next(salts), parts), name, inner)
        found.append(made)
        return hash_of(world, made.text)

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            if named := RESERVED & value.keys():
                raise ValueError(f"a claim may not be named {', '.join(sorted(named))}")
            out = {n: walk(v) for n, v in value.items() if not isinstance(v, Hide)}
            hidden = sorted(disclose(n, v.value) for n, v in value.items() if isinstance(v, Hide))
            return {**out, HIDDEN: hidden} if hidden else out
        if isinstance(value, list | tuple):
            return [
                {ELEMENT: disclose(None, v.value)} if isinstance(v, Hide) else walk(v)
                for v in value
            ]
        return value

    payload = walk(claims)
    return payload, tuple(found)


def read_disclosure(text: str) -> Disclosure:
    """Read one disclosure; raise TokenRefused."""
    parts = read_json(decode(text))
    if not isinstance(parts, list) or len(parts) not in {2, 3} or not isinstance(parts[0], str):
        raise TokenRefused("disclosure", "a disclosure is a list of salt, name and value")
    if len(parts) == 2:
        return Disclosure(text, None, parts[1])
    if not isinstance(parts[1], str) or parts[1] in RESERVED:
        raise TokenRefused("disclosure", "a disclosure has a name that no claim may have")
    return Disclosure(text, parts[1], parts[2])


def by_digest(texts: Iterable[str], world: SuiteName) -> dict[str, Disclosure]:
    """Read disclosures and find each by its digest; raise TokenRefused, also for a repeated one."""
    found: dict[str, Disclosure] = {}
    for text in texts:
        made = read_disclosure(text)
        digest = hash_of(world, text)
        if digest in found:
            raise TokenRefused("disclosure", "a disclosure is repeated")
        found[digest] = made
    return found


class _Reveal:
    """One pass over a payload; ``used`` are the digests met so far, with or without disclosure."""

    def __init__(self, given: Mapping[str, Disclosure]) -> None:
        self.given = given
        self.used: set[str] = set()

    def take(self, digest: Any) -> Disclosure | None:
        if not isinstance(digest, str) or len(digest) != _DIGEST_LENGTH:
            raise TokenRefused("disclosure", "a digest is not 32 bytes in base64url")
        if digest in self.used:
            raise TokenRefused("disclosure", "a digest is repeated")
        self.used.add(digest)
        return self.given.get(digest)

    def walk(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise TokenRefused("malformed", "claims are nested too deeply")
        if isinstance(value, dict):
            return self.object(value, depth)
        if isinstance(value, list):
            return [inner for element in value for inner in self.element(element, depth)]
        return value

    def object(self, value: dict[str, Any], depth: int) -> dict[str, Any]:
        if ELEMENT in value or HASH in value:
            raise TokenRefused("disclosure", "a claim is named like the machinery of SD-JWT")
        out = {n: self.walk(v, depth + 1) for n, v in value.items() if n != HIDDEN}
        digests = value.get(HIDDEN, [])
        if not isinstance(digests, list):
            raise TokenRefused("disclosure", "_sd is no list of digests")
        for digest in digests:
            made = self.take(digest)
            if made is None:
                continue
            if made.name is None:
                raise TokenRefused("disclosure", "an element of a list stands for a member")
            if made.name in out:
                raise TokenRefused("disclosure", "a disclosure would overwrite a claim")
            out[made.name] = self.walk(made.value, depth + 1)
        return out

    def element(self, value: Any, depth: int) -> Iterator[Any]:
        if not isinstance(value, dict) or ELEMENT not in value:
            yield self.walk(value, depth + 1)
            return
        if len(value) != 1:
            raise TokenRefused("disclosure", "a hidden element has other members beside its digest")
        made = self.take(value[ELEMENT])
        if made is None:
            return
        if made.name is not None:
            raise TokenRefused("disclosure", "a member stands for an element of a list")
        yield self.walk(made.value, depth + 1)


def reveal(payload: Mapping[str, Any], given: Mapping[str, Disclosure]) -> dict[str, Any]:
    """Give the processed payload (section 7.1): disclosed claims in place, digests gone.

    ``given`` are disclosures by digest. Raise TokenRefused for a digest or disclosure that is
    repeated, unreferenced, of the wrong form, or named like another claim.
    """
    top = {name: value for name, value in payload.items() if name != HASH}
    pass_ = _Reveal(given)
    out = pass_.object(top, 0)
    if given.keys() - pass_.used:
        raise TokenRefused("disclosure", "a disclosure belongs to no digest that was signed")
    return out
