"""The keys that licences stand on: the issuer's, and those kept for holders who have no wallet.

Nothing of them is in the database. Holders' keys are derived from one secret of the installation, a
key a licence, so that two licences of a person do not show that they belong together.
"""

from functools import lru_cache
from itertools import count
from pathlib import Path

from django.conf import settings

from tongban.infra import keys
from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import PublicKey, SecretKey
from tongban.kernel.sdjwt.keys import hash_of
from tongban.kernel.suites import Suite, suite


def world() -> str:
    """Give the suite of this installation's licences."""
    return str(settings.SUITE)


def by() -> Suite:
    """Give the suite by which this installation digests and marks."""
    return suite(world())


def looked_up(secret_text: str) -> str:
    """Give what is kept of a secret that somebody shows later: its digest, in base64url.

    What is not ASCII was never given out, and is kept by nobody.
    """
    return hash_of("gm" if world() == "gm" else "std", secret_text if secret_text.isascii() else "")


def _key(secret: bytes, name: str) -> SecretKey:
    """Give the key of a secret: P-256 (ES256), which every wallet knows, or SM2."""
    if name == "gm":
        return sdjwt.key_of_suite(suite("gm").signer(secret), "gm")
    return sdjwt.p256_key(secret)


def issuer() -> SecretKey:
    """Give the key that signs licences and status lists; it is made on first use."""
    return _issuer(settings.HOME, world())


def holder_algorithms() -> list[str]:
    """Give the algorithms by which a wallet may prove possession here."""
    return [sdjwt.GM_ALGORITHM] if world() == "gm" else ["ES256", "Ed25519", "EdDSA"]


@lru_cache(maxsize=4)
def _issuer(home: Path, name: str) -> SecretKey:
    kind = "gm" if name == "gm" else "p256"
    return _key(keys.own_secret(home, "licences", kind, lambda drawn: _key(drawn, name)), name)


def _fits(secret: bytes) -> None:
    """Take any 32 bytes: they are mixed before they are used."""


def secret(use: str) -> bytes:
    """Give 32 bytes for one use: places, challenges, codes of faces."""
    return by().mac(_root(settings.HOME), b"tongban.licences.v1\n" + use.encode())


@lru_cache(maxsize=4)
def _root(home: Path) -> bytes:
    return keys.own_secret(home, "licences-root", "seed", _fits)


def kept(identifier: str) -> SecretKey:
    """Give the key that is kept for the holder of this licence."""
    for turn in count():
        drawn = secret(f"holder/{turn}/{identifier}")
        try:
            return _key(drawn, world())
        except ValueError:  # one in 2^32 is outside the group
            continue
    raise AssertionError("unreachable")


def key_of(name: str, kid: str) -> PublicKey | None:
    """Give the key of an issuer that is trusted here: this installation's own."""
    ours = issuer().public
    return ours if (name, kid) == (settings.BASE_URL, ours.thumbprint) else None
