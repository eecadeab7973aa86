"""Keys that sign tokens, and the names under which they may: the key chooses, never the token.

``std`` keys are Ed25519 (``EdDSA`` of RFC 8037, and its later name ``Ed25519`` of RFC 9864) and
P-256 (``ES256``, RFC 7518); ``gm`` keys are SM2 with SM3 under the private name ``TB-SM2-SM3`` on
the private curve ``TB-SM2``: no register has names for them, so a verifier that knows the standards
refuses them, and that is right. A key of the one world is never taken in the other.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from tongban.kernel.suites import KeyInvalid, Signer, suite

from .errors import TokenRefused
from .strict import decode, encode, write_json

SuiteName = Literal["std", "gm"]
GM_ALGORITHM: Final = "TB-SM2-SM3"
GM_CURVE: Final = "TB-SM2"
_ES256: Final = JWSRegistry.algorithms["ES256"]
# how `_sd_alg` names the digest; IANA registers no name for SM3
DIGEST_NAMES: Final[Mapping[str, str]] = {"std": "sha-256", "gm": "sm3"}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: under which names it signs, first the one it writes; ``jwk`` is its JWK."""

    suite: SuiteName
    algorithms: tuple[str, ...]
    jwk: Mapping[str, str]
    verify: Callable[[bytes, bytes], bool] = field(repr=False, compare=False)

    @property
    def thumbprint(self) -> str:
        """The digest of the key (RFC 7638, SHA-256; SM3 for ``gm``), which is its key id here."""
        return encode(suite(self.suite).digest(write_json(dict(sorted(self.jwk.items())))))


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key ready to sign a JWS."""

    public: PublicKey
    sign: Callable[[bytes], bytes] = field(repr=False, compare=False)


def _halves(jwk: Mapping[str, Any], *names: str) -> bytes:
    """Give the coordinates joined; each is exactly 32 bytes in its one writing."""
    found = b""
    for name in names:
        part = jwk.get(name)
        if not isinstance(part, str) or len(raw := decode(part)) != 32:
            raise TokenRefused("malformed", f"the key's {name} is not 32 bytes in base64url")
        found += raw
    return found


def _p256(jwk: Mapping[str, Any]) -> PublicKey:
    _halves(jwk, "x", "y")
    plain = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    try:
        key = ECKey.import_key(plain)
        key.get_op_key("verify")  # reads the point, which must lie on the curve
    except (JoseError, ValueError):
        raise TokenRefused("malformed", "the key is no point of P-256") from None
    return PublicKey("std", ("ES256",), plain, lambda text, told: _ES256.verify(text, told, key))


def _suited(
    name: SuiteName, raw: bytes, jwk: Mapping[str, str], algorithms: tuple[str, ...]
) -> PublicKey:
    try:
        verifier = suite(name).verifier(raw)
    except KeyInvalid as wrong:
        raise TokenRefused("malformed", str(wrong)) from None
    return PublicKey(name, algorithms, jwk, verifier.verify)


def read_key(jwk: Mapping[str, Any], world: SuiteName = "std") -> PublicKey:
    """Read a public key from its JWK (RFC 7517) for one world; raise TokenRefused.

    A JWK with a secret part, of another world, or bound to another algorithm is refused.
    """
    if "d" in jwk or "k" in jwk:
        raise TokenRefused("malformed", "a secret key was handed over; end it")
    kind = (world, jwk.get("kty"), jwk.get("crv"))
    if kind == ("std", "EC", "P-256"):
        key = _p256(jwk)
    elif kind == ("std", "OKP", "Ed25519"):
        raw = _halves(jwk, "x")
        plain = {name: jwk[name] for name in ("crv", "kty", "x")}
        key = _suited("std", raw, plain, ("EdDSA", "Ed25519"))
    elif kind == ("gm", "EC", GM_CURVE):
        raw = _halves(jwk, "x", "y")
        plain = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
        key = _suited("gm", raw, plain, (GM_ALGORITHM,))
    else:
        raise TokenRefused("algorithm", f"no key of {world} is of this kind and curve")
    if jwk.get("alg", key.algorithms[0]) not in key.algorithms:
        raise TokenRefused("algorithm", "the key is meant for another algorithm")
    if jwk.get("use", "sig") != "sig":
        raise TokenRefused("algorithm", "the key is not meant for signatures")
    return key


def key_of_suite(signer: Signer, name: str) -> SecretKey:
    """Give the key of a suite (Ed25519 or SM2) as one that signs tokens.

    >>> key = key_of_suite(suite("std").signer(bytes(32)), "std")
    >>> key.public.algorithms[0], key.public.jwk["crv"]
    ('EdDSA', 'Ed25519')
    """
    raw = signer.public
    if name == "gm":
        jwk = {"crv": GM_CURVE, "kty": "EC", "x": encode(raw[:32]), "y": encode(raw[32:])}
        return SecretKey(read_key(jwk, "gm"), signer.sign)
    return SecretKey(
        read_key({"crv": "Ed25519", "kty": "OKP", "x": encode(raw)}, "std"), signer.sign
    )


def p256_key(secret: bytes) -> SecretKey:
    """Give a P-256 key from its secret number, 32 bytes big-endian in [1, n-1].

    Raise TokenRefused for other bytes.
    """
    try:
        number = int.from_bytes(secret) if len(secret) == 32 else 0
        numbers = derive_private_key(number, SECP256R1()).public_key()
    except ValueError:
        raise TokenRefused("malformed", "a secret key of P-256 has 32 bytes, in [1, n-1]") from None
    point = numbers.public_numbers()
    x, y = (encode(part.to_bytes(32)) for part in (point.x, point.y))
    jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    key = ECKey.import_key({**jwk, "d": encode(secret)})
    return SecretKey(read_key(jwk), lambda text: _ES256.sign(text, key))


def hash_of(world: SuiteName, text: str) -> str:
    """Give the digest of the ASCII text, in base64url: of a disclosure or a whole SD-JWT."""
    data = text.encode("ascii")
    # the short way for the many: hashlib without a look-up
    return encode(hashlib.sha256(data).digest() if world == "std" else suite(world).digest(data))
