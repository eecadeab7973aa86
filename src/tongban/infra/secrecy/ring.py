"""The data keys of this installation as a process holds them: unwrapped once, read anew often.

A process learns of a change of key within `REFRESH_S` seconds, or at once when it meets a value
under a key that it does not know. Where a duplicate must not slip past a change, `held` keeps the
change waiting until the transaction is over.
"""

import base64
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from tongban.infra.secrecy import masters
from tongban.infra.secrecy.models import Key
from tongban.kernel.sealing import SECRET_BYTES, DataKey, key_number
from tongban.kernel.suites import SealBroken

REFRESH_S = 5.0


class NoKey(RuntimeError):
    """The installation has no data key yet."""


class NotInTransaction(RuntimeError):
    """A key can only be held while a transaction is open."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The living keys; ``current`` seals. In the tables ``whole`` every value is sealed."""

    current: DataKey
    keys: Mapping[int, DataKey]
    whole: frozenset[str]
    read: float


_rings: dict[tuple[str, str, str], Ring] = {}


def ring(*, fresh: bool = False) -> Ring:
    """Give the keys of the default database; raise NoKey, MasterMissing, KeyUnsafe."""
    told = connection.settings_dict
    where = str(told["NAME"]), told["HOST"], str(told["PORT"])
    held = _rings.get(where)
    if held is None or fresh or time.monotonic() - held.read > REFRESH_S:
        held = _rings[where] = _read()
    return held


def key_of(written: bytes) -> DataKey:
    """Give the key with which a value was sealed; raise SealBroken where it is known no more."""
    number = key_number(written)
    found = ring().keys.get(number) or ring(fresh=True).keys.get(number)
    if found is None:
        raise SealBroken(f"SealBroken: the value is sealed with key {number}, which was retired")
    return found


def held() -> Ring:
    """Give the keys, and keep ``current`` in force until the open transaction ends.

    Of two writers who mark one value, both then mark it with one key, so that a unique index sees
    them; what was marked before a change of key is committed when the change happens.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction("NotInTransaction: hold a key inside transaction.atomic()")
    while True:
        rows = Key.objects.filter(state=Key.State.CURRENT)
        if connection.vendor == "postgresql":
            # shared: registrations do not wait for each other, a change of key waits for them
            rows = rows.raw(  # type: ignore[assignment]
                "SELECT * FROM secrecy_key WHERE state = 'current' FOR SHARE"
            )
        for row in rows:
            known = ring()
            return known if known.current.number == row.number else ring(fresh=True)
        if not Key.objects.exists():
            raise _no_key()


def wrap(number: int, suite: str, secret: bytes, whole: Iterable[str], name: str) -> str:
    """Give a data key as the database keeps it, wrapped by the master key of this name."""
    plain = json.dumps({"secret": secret.hex(), "whole": sorted(whole)}).encode()
    return base64.b64encode(masters.wrap(name, plain, _context(number, suite))).decode()


@lru_cache(maxsize=256)
def _unwrap(number: int, suite: str, name: str, wrapped: str) -> tuple[DataKey, frozenset[str]]:
    plain = masters.unwrap(name, base64.b64decode(wrapped), _context(number, suite))
    found = json.loads(plain)
    return DataKey(number, suite, bytes.fromhex(found["secret"])), frozenset(found["whole"])


def _context(number: int, suite: str) -> bytes:
    return f"tongban.secrecy.key.v1\n{number}\n{suite}".encode()


def _read() -> Ring:
    keys: dict[int, DataKey] = {}
    current, whole = None, frozenset[str]()
    for row in Key.objects.all():
        key, sealed = _unwrap(row.number, row.suite, row.master, row.wrapped)
        keys[row.number] = key
        if row.state == Key.State.CURRENT:
            current, whole = key, sealed
    if current is None:
        raise _no_key()
    return Ring(current, keys, whole, time.monotonic())


def _no_key() -> NoKey:
    return NoKey("NoKey: this installation has no data key; run `tongban setup`")


def new_secret() -> bytes:
    """Draw the secret of a data key."""
    return os.urandom(SECRET_BYTES)
