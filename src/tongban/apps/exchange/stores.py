"""Reads the departments' own stores: one SQLite file a department, opened for reading only.

This is the embedded form of the exchange. The signed network of a city takes the place of
`SqliteStores` behind the same methods; nothing else of the exchange changes with it.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from tongban.apps.exchange.domain import Contract

Row = tuple[object, ...]

_PATIENCE = 0.25  # seconds to wait for a department that is writing
_KEYS_AT_ONCE = 400  # a store may take no more than 999 values in one statement
_MOST = 2  # records: one is the answer, a second one makes it ambiguous


class StoreUnavailable(ConnectionError):
    """A department's store is missing, locked, damaged or not as its contract says."""


class Stores(Protocol):
    """What the exchange asks of the departments' side."""

    def find(
        self, contract: Contract, attributes: Sequence[str], keys: Sequence[object]
    ) -> list[Row]:
        """Give up to two records with these key values; raises `StoreUnavailable`."""

    def walk(
        self, contract: Contract, attributes: Sequence[str], batch: int
    ) -> Iterator[list[Row]]:
        """Give all records, ``batch`` at a time; raises `StoreUnavailable`."""

    def among(
        self, contract: Contract, attributes: Sequence[str], keys: Sequence[Sequence[object]]
    ) -> list[Row]:
        """Give the records with any of these keys; raises `StoreUnavailable`."""


class SqliteStores:
    """The stores in one folder, ``<department>.sqlite``; connections live as long as a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._local = threading.local()

    def find(
        self, contract: Contract, attributes: Sequence[str], keys: Sequence[object]
    ) -> list[Row]:
        """Read one record by its key: one SELECT of exactly these columns."""
        where = " AND ".join(f"{_name(contract.columns[k])} = ?" for k in contract.resource.key)
        sql = f"{_select(contract, attributes)} WHERE {where} LIMIT {_MOST}"
        return self._run(contract.resource.department, sql, keys)

    def walk(
        self, contract: Contract, attributes: Sequence[str], batch: int
    ) -> Iterator[list[Row]]:
        """Read a whole register in the order it was written, without holding a lock between."""
        last = 0
        sql = f"{_select(contract, attributes, 'rowid, ')} WHERE rowid > ? ORDER BY rowid LIMIT ?"
        while rows := self._run(contract.resource.department, sql, (last, batch)):
            last = int(str(rows[-1][0]))
            yield [row[1:] for row in rows]

    def among(
        self, contract: Contract, attributes: Sequence[str], keys: Sequence[Sequence[object]]
    ) -> list[Row]:
        """Read the records of a list of keys: one SELECT for each ``_KEYS_AT_ONCE`` of them."""
        columns = [_name(contract.columns[key]) for key in contract.resource.key]
        one = f"({', '.join('?' * len(columns))})"
        found: list[Row] = []
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            sql = (
                f"{_select(contract, attributes)} WHERE ({', '.join(columns)}) IN "
                f"(VALUES {', '.join([one] * len(some))})"
            )
            values = [value for key in some for value in key]
            found += self._run(contract.resource.department, sql, values)
        return found

    def _run(self, department: str, sql: str, values: Sequence[object]) -> list[Row]:
        try:
            return self._connection(department).execute(sql, tuple(values)).fetchall()
        except (OSError, sqlite3.Error) as error:
            self._forget(department)
            raise StoreUnavailable(f"{department}: {_reason(error)}") from error

    def _connection(self, department: str) -> sqlite3.Connection:
        path = f"{self._folder}/{department}.sqlite"
        found = os.stat(path)  # noqa: PTH116 - once a call; a Path costs more than the look
        file = (found.st_dev, found.st_ino)
        held: dict[str, tuple[tuple[int, int], sqlite3.Connection]] = self._local.__dict__
        if department in held and held[department][0] == file:
            return held[department][1]
        self._forget(department)
        uri = Path(path).resolve().as_uri() + "?mode=ro"
        opened = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
        held[department] = (file, opened)
        return opened

    def _forget(self, department: str) -> None:
        held = self._local.__dict__.pop(department, None)
        if held is not None:
            held[1].close()


def _select(contract: Contract, attributes: Sequence[str], first: str = "") -> str:
    columns = ", ".join(_name(contract.columns[name]) for name in attributes)
    return f"SELECT {first}{columns} FROM {_name(contract.table)}"  # noqa: S608 - see _name


def _name(identifier: str) -> str:
    """Quote a name of a contract; brackets, because SQLite reads an unknown "name" as a text.

    The schema of a pack lets only letters, digits and underscores pass.
    """
    if not identifier.isidentifier() or not identifier.isascii():
        raise ValueError(f"{identifier!r} is no name of a table or column")
    return f"[{identifier}]"


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "its store is not there"
    return f"its store does not answer ({error})"
