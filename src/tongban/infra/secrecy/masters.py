"""The master key 主密钥: wraps the data keys, and is never in the database.

``TONGBAN_MASTER`` says where it is: empty for files ``<home>/keys/master-<n>.<suite>`` that only
the owner may read (made on first need), ``command:<program>`` for a program that prints a key, or
``plugin:<module>:<class>`` for a key service or a security module (KMS, HSM) that wraps by itself
and never gives the key away. Without it nothing that was sealed can be opened again.
"""

import importlib
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings

from tongban.infra.keys import own_secret
from tongban.kernel.suites import NONCE_BYTES, suite

_BYTES = 32
_PATIENCE = 30.0
_FILE = re.compile(r"master-([1-9][0-9]{0,5})\.([a-z]{2,10})", re.ASCII)


class MasterMissing(RuntimeError):
    """The master key cannot be had; bring it back from where copies are kept."""


class Master(Protocol):
    """Wraps data keys under a master key; ``name`` is written beside each."""

    def newest(self, suite_name: str) -> str:
        """Give the name of the key to wrap with, making the first one where there is none."""

    def next(self, suite_name: str) -> str:
        """Give the name of another key than the newest, made for a change of master key."""

    def wrap(self, name: str, plain: bytes, context: bytes) -> bytes:
        """Seal a data key with the master key of this name; raise MasterMissing."""

    def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        """Open what `wrap` gave with the same context; raise MasterMissing, SealBroken."""


def _any(secret: bytes) -> bytes:
    return secret  # every 32 bytes are a key of both ciphers


def _wrap(suite_name: str, secret: bytes, plain: bytes, context: bytes) -> bytes:
    by, nonce = suite(suite_name), os.urandom(NONCE_BYTES)
    return nonce + by.cipher(secret[: by.cipher_key_bytes]).seal(nonce, plain, context)


def _unwrap(suite_name: str, secret: bytes, wrapped: bytes, context: bytes) -> bytes:
    by = suite(suite_name)
    cipher = by.cipher(secret[: by.cipher_key_bytes])
    return cipher.open(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)


@dataclass(frozen=True, slots=True)
class Files:
    """Master keys in files of mode 0600 below ``<home>/keys``; the highest number is the newest."""

    home: Path

    def newest(self, suite_name: str) -> str:
        found = self._numbers()
        return self._make(1, suite_name) if not found else found[max(found)]

    def next(self, suite_name: str) -> str:
        return self._make(max(self._numbers(), default=0) + 1, suite_name)

    def wrap(self, name: str, plain: bytes, context: bytes) -> bytes:
        return _wrap(self._suite(name), self._read(name), plain, context)

    def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return _unwrap(self._suite(name), self._read(name), wrapped, context)

    def _numbers(self) -> dict[int, str]:
        found = (_FILE.fullmatch(path.name) for path in (self.home / "keys").glob("master-*"))
        return {int(one[1]): one[0] for one in found if one}

    def _make(self, number: int, suite_name: str) -> str:
        own_secret(self.home, f"master-{number}", suite_name, _any)
        return f"master-{number}.{suite_name}"

    def _suite(self, name: str) -> str:
        found = _FILE.fullmatch(name)
        if found is None:
            raise MasterMissing(f"MasterMissing: {name!r} is no master key in a file")
        return found[2]

    def _read(self, name: str) -> bytes:
        path = self.home / "keys" / name
        try:
            # what is not there was lost: a new one in its place would open nothing
            path.stat()
            return own_secret(self.home, path.stem, self._suite(name), _any)
        except FileNotFoundError as error:
            raise MasterMissing(
                f"MasterMissing: {path} is not there; bring it back from your copy of the keys: "
                "without it nothing that was sealed opens"
            ) from error


@dataclass(frozen=True, slots=True)
class Command:
    """Master keys that a program prints in hex: ``program newest`` its name, ``program <name>`` it.

    A name ends in the suite (``vault-7.gm``). The program decides what is newest; a change of
    master key begins there.
    """

    words: tuple[str, ...]

    def newest(self, suite_name: str) -> str:
        del suite_name  # the program's owner chose it with the name
        return self._run("newest")

    def next(self, suite_name: str) -> str:
        return self.newest(suite_name)

    def wrap(self, name: str, plain: bytes, context: bytes) -> bytes:
        return _wrap(name.rpartition(".")[2], self._secret(name), plain, context)

    def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return _unwrap(name.rpartition(".")[2], self._secret(name), wrapped, context)

    def _secret(self, name: str) -> bytes:
        try:
            found = bytes.fromhex(self._run(name))
        except ValueError:
            found = b""
        if len(found) != _BYTES:
            raise MasterMissing(
                f"MasterMissing: {self.words[0]} must print {2 * _BYTES} hex digits for {name}"
            )
        return found

    def _run(self, what: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own program, no shell
                [*self.words, what],
                stdout=subprocess.PIPE,
                check=True,
                timeout=_PATIENCE,
                text=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise MasterMissing(
                f"MasterMissing: {self.words[0]} {what} failed ({type(error).__name__})"
            ) from error
        return done.stdout.strip()


@lru_cache(maxsize=8)
def _made(told: str, home: Path) -> tuple[str, Master]:
    kind, _, rest = told.partition(":")
    if not told:
        return "file", Files(home)
    if kind == "file" and rest:
        return kind, Files(Path(rest))
    if kind == "command" and rest:
        return kind, Command(tuple(shlex.split(rest)))
    module, _, name = rest.partition(":")
    if kind == "plugin" and module and name:
        made: Master = getattr(importlib.import_module(module), name)()
        return kind, made
    raise MasterMissing(
        f"MasterMissing: TONGBAN_MASTER is {told!r}; write file:<folder>, command:<program> or "
        "plugin:<module>:<class>, or leave it out"
    )


def _in_use() -> tuple[str, Master]:
    return _made(settings.MASTER, Path(settings.HOME))


def newest() -> str:
    """Give the full name of the master key to wrap with; raise MasterMissing."""
    kind, keeper = _in_use()
    return f"{kind}:{keeper.newest(settings.SUITE)}"


def another() -> str:
    """Give the full name of another master key, to change to; raise MasterMissing."""
    kind, keeper = _in_use()
    return f"{kind}:{keeper.next(settings.SUITE)}"


def wrap(full_name: str, plain: bytes, context: bytes) -> bytes:
    """Seal a data key with the master key of this full name; raise MasterMissing."""
    keeper, name = _keeper_of(full_name)
    return keeper.wrap(name, plain, context)


def unwrap(full_name: str, wrapped: bytes, context: bytes) -> bytes:
    """Open what `wrap` gave; raise MasterMissing, KeyUnsafe, SealBroken."""
    keeper, name = _keeper_of(full_name)
    return keeper.unwrap(name, wrapped, context)


def _keeper_of(full_name: str) -> tuple[Master, str]:
    """Find who keeps a key: whoever is in use, was in use before, or the files of this home."""
    wanted, _, name = full_name.partition(":")
    for told in (settings.MASTER, settings.MASTER_BEFORE, ""):
        kind, keeper = _made(told, Path(settings.HOME))
        if kind == wanted:
            return keeper, name
    raise MasterMissing(
        f"MasterMissing: the data keys are wrapped by {full_name}; name its keeper in "
        "TONGBAN_MASTER, or in TONGBAN_MASTER_BEFORE until `tongban keys rotate --master` is done"
    )
