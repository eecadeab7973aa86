"""The installation's own signing keys: made on first start, kept in files that only it may read.

A key lies in ``<folder>/keys/<name>.<suite>`` (mode 0600) as hex and never in the database. Losing
it means that every node must be told of a new one; a copy of it is a copy of the installation.
"""

import contextlib
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tongban.kernel.suites import Signer, suite
from tongban.kernel.wire.documents import key_id
from tongban.ports.files import write_once

_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyUnsafe(PermissionError):
    """A key file that others may read; end the key, make a new one, keep it to yourself."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A signing key of this installation; ``public`` in bytes."""

    suite: str
    public: bytes
    signer: Signer = field(repr=False)

    def id(self, member: str) -> str:
        """Give the key's id for the member (credit code) that it speaks for."""
        return key_id(member, suite(self.suite), self.public)


@lru_cache(maxsize=16)
def own_key(folder: Path, name: str, suite_name: str) -> OwnKey:
    """Give the key of this name; make it where there is none. Raises `KeyUnsafe`, OSError."""
    signer = suite(suite_name).signer(
        own_secret(folder, name, suite_name, suite(suite_name).signer)
    )
    return OwnKey(suite_name, signer.public, signer)


def own_secret(folder: Path, name: str, kind: str, fits: Callable[[bytes], object]) -> bytes:
    """Give the secret number of a key of this name and kind; make it where there is none.

    ``fits`` raises ValueError for bytes that are no such key. Of two processes that start at once,
    both take the one that was first. Raises `KeyUnsafe`, OSError.
    """
    path = folder / "keys" / f"{name}.{kind}"
    if not path.exists():
        _keep(path, _secret(fits).hex().encode())
    if path.stat().st_mode & _OTHERS:
        raise KeyUnsafe(f"KeyUnsafe: {path} may be read by others; chmod 600 and change the key")
    return bytes.fromhex(path.read_text(encoding="ascii"))


def _keep(path: Path, secret: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        write_once(path, secret, 0o600)


def _secret(fits: Callable[[bytes], object]) -> bytes:
    while True:
        drawn = secrets.token_bytes(_BYTES)
        try:
            fits(drawn)
        except ValueError:  # not every number is a key of a curve; one in 2^32 is not
            continue
        return drawn


@lru_cache(maxsize=4)
def own_rsa(folder: Path, name: str) -> str:
    """Give an RSA key of 3072 bits of this name as PEM (PKCS #8), for peers that know no other.

    Made where there is none; of two processes that start at once, both take the one that was first.
    Raises `KeyUnsafe`, OSError.
    """
    path = folder / "keys" / f"{name}.pem"
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        _keep(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    if path.stat().st_mode & _OTHERS:
        raise KeyUnsafe(f"KeyUnsafe: {path} may be read by others; chmod 600 and change the key")
    return path.read_text(encoding="ascii")
