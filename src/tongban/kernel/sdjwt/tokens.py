"""SD-JWT (RFC 9901): issue, choose what to show, prove that one holds it, verify.

Verification is one function with one policy, given by the verifier and never read from the token:
who may have signed, at what time, and whether the holder must prove possession. A presentation
with a proof where none was asked is refused too: nobody carries on a signature that nobody checked.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import jws
from .disclosures import HASH, Disclosure, by_digest, hide, reveal
from .errors import TokenRefused
from .keys import DIGEST_NAMES, PublicKey, SecretKey, hash_of, read_key
from .strict import LONGEST

#: The type of a verifiable credential (draft-ietf-oauth-sd-jwt-vc-14, section 2.2.1).
CREDENTIAL: Final = "dc+sd-jwt"
_BINDING: Final = "kb+jwt"
_MOST_DISCLOSURES: Final = 1024
# issuer and key id (either may be empty) → the key under which that issuer signs
KeyOf = Callable[[str, str], PublicKey | None]


@dataclass(frozen=True, slots=True)
class Issued:
    """An SD-JWT as its holder keeps it."""

    jwt: str
    disclosures: tuple[Disclosure, ...]

    @property
    def text(self) -> str:
        """The whole, every disclosure in it."""
        return "~".join((self.jwt, *(d.text for d in self.disclosures), ""))


def issue(
    claims: Mapping[str, Any],
    key: SecretKey,
    salts: Iterator[bytes],
    *,
    typ: str = CREDENTIAL,
) -> Issued:
    """Sign claims, those wrapped in `Hide` behind digests; ``kid`` is the key's thumbprint."""
    payload, disclosures = hide(claims, salts, key.public.suite)
    payload[HASH] = DIGEST_NAMES[key.public.suite]
    header = {"typ": typ, "kid": key.public.thumbprint}
    return Issued(jws.sign(header, payload, key), disclosures)


def _split(text: str) -> tuple[str, list[str], str]:
    """Give the issuer's JWT, the disclosures, and the key binding JWT (empty: none)."""
    if len(text) > LONGEST:
        raise TokenRefused("malformed", f"it is longer than {LONGEST} characters")
    token, *rest = text.split("~")
    if not rest:
        raise TokenRefused("malformed", "an SD-JWT has a tilde after each of its parts")
    *disclosures, binding = rest
    if len(disclosures) > _MOST_DISCLOSURES:
        raise TokenRefused("malformed", f"it has more than {_MOST_DISCLOSURES} disclosures")
    return token, disclosures, binding


@dataclass(frozen=True, slots=True)
class Held:
    """An SD-JWT in its holder's hand: what it would tell, claim by claim."""

    jwt: str
    disclosures: tuple[Disclosure, ...]
    payload: Mapping[str, Any]

    def show(self, names: Collection[str]) -> str:
        """Give the SD-JWT with the disclosures of these top-level claims, and what lies in them.

        Raise KeyError for a claim that is not hidden in it.
        """
        world = _world(self.payload)
        at = {hash_of(world, d.text): d for d in self.disclosures}
        tops = [at[digest] for digest in self.payload.get("_sd", ()) if digest in at]
        chosen = {d.name: d for d in tops if d.name in names}
        if missing := set(names) - chosen.keys():
            raise KeyError(f"not hidden in this token: {', '.join(sorted(missing))}")
        keep = {d.text for top in chosen.values() for d in (top, *_within(top.value, at))}
        # what lies in the open at the top may hide elements of its own: they stay hidden
        kept = [d.text for d in self.disclosures if d.text in keep]
        return "~".join((self.jwt, *kept, ""))


def _within(value: Any, at: Mapping[str, Disclosure]) -> Iterator[Disclosure]:
    if isinstance(value, dict):
        for digest in (*value.get("_sd", ()), value.get("...")):
            if isinstance(digest, str) and digest in at:
                yield at[digest]
                yield from _within(at[digest].value, at)
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _within(inner, at)


def hold(text: str) -> Held:
    """Read an SD-JWT that one was issued; raise TokenRefused for a presentation (section 7.2)."""
    token, texts, binding = _split(text)
    if binding:
        raise TokenRefused("binding", "this is somebody's presentation, not a licence to hold")
    unproved = jws.read(token, CREDENTIAL)
    given = by_digest(texts, _world(unproved.payload))
    reveal(unproved.payload, given)
    return Held(token, tuple(given.values()), unproved.payload)


def _world(payload: Mapping[str, Any]) -> Any:
    name = payload.get(HASH, "sha-256")
    for world, digest in DIGEST_NAMES.items():
        if digest == name:
            return world
    raise TokenRefused("algorithm", "the digests are of an algorithm that is not trusted")


def bind(shown: str, holder: SecretKey, *, audience: str, nonce: str, now: int) -> str:
    """Prove possession to one verifier for one question (SD-JWT+KB, section 4.3)."""
    claims = {
        "iat": now,
        "aud": audience,
        "nonce": nonce,
        "sd_hash": hash_of(holder.public.suite, shown),
    }
    return shown + jws.sign({"typ": _BINDING}, claims, holder)


@dataclass(frozen=True, slots=True)
class Binding:
    """What proof of possession a verifier wants: for whom, for which question, how fresh."""

    audience: str
    nonce: str
    within: int = 300  # seconds


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that holds: its claims as disclosed, who signed it, and the holder's key or None.

    ``clear`` names the claims that were never hidden.
    """

    claims: Mapping[str, Any]
    clear: frozenset[str]
    issuer: PublicKey
    holder: PublicKey | None


def verify(
    presented: str,
    key_of: KeyOf,
    *,
    now: int,
    binding: Binding | None = None,
    audience: str = "",
    leeway: int = 30,
    typ: str = CREDENTIAL,
) -> Verified:
    """Verify an SD-JWT, or with ``binding`` an SD-JWT+KB (sections 7.1 and 7.3).

    ``now`` is in seconds since 1970. ``audience`` must be in ``aud`` where the issuer named any.
    ``leeway`` (seconds) forgives clocks. Raise TokenRefused.
    """
    token, texts, proof = _split(presented)
    if binding is None and proof:
        raise TokenRefused("binding", "a proof of possession was given that nobody asked for")
    if binding is not None and not proof:
        raise TokenRefused("binding", "the holder has not proved possession")
    unproved = jws.read(token, typ)
    key = key_of(_text(unproved.payload, "iss"), unproved.text("kid"))
    if key is None:
        raise TokenRefused("issuer", "no issuer that is trusted here signs with this key")
    payload = unproved.proved_by(key)
    # an absent _sd_alg means sha-256 (section 4.1.1): refused where the key's digest is another
    if payload.get(HASH, "sha-256") != DIGEST_NAMES[key.suite]:
        raise TokenRefused("algorithm", "the digests are not of the algorithm of the key")
    claims = reveal(payload, by_digest(texts, key.suite))
    _in_time(claims, now, leeway)
    _meant_for(claims, audience or (binding.audience if binding else ""))
    holder = None
    if binding is not None:
        holder = _proved(claims, proof, presented[: -len(proof)], key, binding, now, leeway)
    return Verified(claims, frozenset(payload) & claims.keys(), key, holder)


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name, "")
    if not isinstance(value, str):
        raise TokenRefused("claims", f"{name} is not text")
    return value


def instant(claims: Mapping[str, Any], name: str) -> int | None:
    """Give a time of a token, in whole seconds; None if absent. Raise TokenRefused."""
    value = claims.get(name)
    if name in claims and (isinstance(value, bool) or not isinstance(value, int)):
        raise TokenRefused("claims", f"{name} is not a whole number of seconds")
    return value


def _in_time(claims: Mapping[str, Any], now: int, leeway: int) -> None:
    expires, begins, made = (instant(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is not None and now >= expires + leeway:
        raise TokenRefused("expired", "its time is over")
    if begins is not None and now < begins - leeway:
        raise TokenRefused("early", "its time has not come")
    if made is not None and now < made - leeway:
        raise TokenRefused("early", "it was made in the future")


def _meant_for(claims: Mapping[str, Any], audience: str) -> None:
    if "aud" not in claims:
        return
    named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not audience or audience not in named:
        raise TokenRefused("audience", "it is meant for somebody else")


def _proved(
    claims: Mapping[str, Any],
    proof: str,
    shown: str,
    issuer: PublicKey,
    wanted: Binding,
    now: int,
    leeway: int,
) -> PublicKey:
    confirmed = claims.get("cnf")
    jwk = confirmed.get("jwk") if isinstance(confirmed, dict) else None
    if not isinstance(jwk, dict):
        raise TokenRefused("binding", "the token is bound to no key")
    holder = read_key(jwk, issuer.suite)
    told = jws.read(proof, _BINDING).proved_by(holder)
    if told.get("aud") != wanted.audience:
        raise TokenRefused("audience", "the proof is meant for another verifier")
    if told.get("nonce") != wanted.nonce:
        raise TokenRefused("nonce", "the proof answers another question")
    _in_time(told, now, leeway)
    made = instant(told, "iat")
    if made is None:
        raise TokenRefused("claims", "the proof does not say when it was made")
    if now > made + wanted.within:
        raise TokenRefused("expired", "the proof is too old; ask for a fresh one")
    if told.get("sd_hash") != hash_of(issuer.suite, shown):
        raise TokenRefused("binding", "the proof is over other disclosures")
    return holder
