"""Answers from a table of a SQLite file, which is opened for reading only (SQLite 库表).

A file that is missing, locked, damaged or not as configured is unavailable, and asked anew at the
next call; a file that was replaced is opened anew. A look by an index is answered on the spot; what
takes longer, or must wait for a lock, goes to the provider's own threads.
"""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tongban.kernel.wire.words import Found, Question
from tongban.node.providers.base import ProviderFailed, Setting, Wrong, check_common
from tongban.node.providers.tables import Dialect, Statement, Table, check_table, plain

_OWN = frozenset({"file", "table", "order", "changed", "threads", "patience", "longest"})
# brackets, because SQLite reads an unknown "name" as a text
_DIALECT = Dialect("?", "[", "]", rowid="rowid")
_STEPS = 10_000  # of SQLite's machine, between two looks at the clock
#: Steps that an answer on the spot may take, some tens of microseconds: to hand a question to a
#: thread and its answer back costs several times as much as to find one row by its key.
_QUICK = 2_000


@dataclass(slots=True)
class _Held:
    """A thread's connection, the file that it has open, and until when its query may run."""

    connection: sqlite3.Connection
    file: tuple[int, int]
    until: float = 0.0

    def late(self) -> bool:
        return time.monotonic() > self.until


class Sqlite:
    """One table or view of a SQLite file.

    Options: ``file``, ``table``, ``order`` (columns that are unique together; default the row
    number, which a view does not have), ``changed`` (a column with the instant of the last change),
    ``threads`` (4), ``patience`` (0.25 s for a department that is writing), ``longest`` (a query,
    5 s).
    """

    hears: ClassVar[bool] = False

    def __init__(self, setting: Setting) -> None:
        """Take a setting that `check_config` finds nothing in."""
        options = setting.options
        self._path = str(setting.path("file"))
        self._table = Table(setting, _DIALECT)
        self._patience = float(options.get("patience", 0.25))
        self._longest = float(options.get("longest", 5.0))
        self._local = threading.local()
        self._quick: _Held | None = None
        self._pool = ThreadPoolExecutor(
            int(options.get("threads", 4)), thread_name_prefix=f"sqlite-{setting.name}"
        )

    @classmethod
    def check_config(cls, setting: Setting) -> list[Wrong]:
        """Say what is wrong with the options; a missing file is no fault, it may come back."""
        return [
            *check_common(setting, _OWN, "column"),
            *check_table(setting),
            *_check_own(setting),
        ]

    def idempotent(self, question: Question) -> bool:  # noqa: ARG002 - the protocol's face
        """Reading a table changes nothing."""
        return True

    def at_once(self, question: Question) -> Found | None:
        """Answer on the loop's thread, or give None for what is longer or locked or goes wrong."""
        statement = self._table.statement(question)
        try:
            held = self._quick = self._current(self._quick, patience=0.0)
            rows = held.connection.execute(statement.sql, statement.values).fetchall()
        except (OSError, sqlite3.Error):
            self._leave()
            return None  # a thread asks again, with patience, and says what is wrong
        return self._table.read(question, rows)

    async def ask(self, question: Question) -> Found:
        """Answer on a thread of this provider; raise `ProviderFailed`."""
        statement = self._table.statement(question)
        return self._table.read(question, await self._on_thread(statement))

    def ask_now(self, question: Question) -> Found:
        """Answer on the caller's thread, for a node inside a process without a loop."""
        statement = self._table.statement(question)
        return self._table.read(question, self._run(statement, time.monotonic() + self._longest))

    async def changed(self) -> str | None:
        """Give the greatest value of the column ``changed``, if there is one."""
        statement = self._table.changed()
        if statement is None:
            return None
        value = plain((await self._on_thread(statement))[0][0], "date")
        return None if value is None else str(value)

    async def close(self) -> None:
        """End the threads; their connections are closed with them."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._leave()

    def _leave(self) -> None:
        """Close what the loop's thread has open."""
        if self._quick is not None:
            self._quick.connection.close()
            self._quick = None

    async def _on_thread(self, statement: Statement) -> list[tuple[Any, ...]]:
        until = time.monotonic() + self._longest
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, self._run, statement, until
        )

    def _run(self, statement: Statement, until: float) -> list[tuple[Any, ...]]:
        if time.monotonic() > until:  # whoever asked waited too long for a thread and has left
            raise ProviderFailed("timeout", "no thread was free in time")
        held: _Held | None = None
        try:
            held = self._connection()
            held.until = until
            return held.connection.execute(statement.sql, statement.values).fetchall()
        except (OSError, sqlite3.Error) as error:
            late = held is not None and held.late()
            self._forget()
            if late:
                raise ProviderFailed("timeout", f"a query ran for {self._longest:g} s") from error
            raise ProviderFailed("unavailable", _reason(error)) from error

    def _connection(self) -> _Held:
        held: _Held | None = getattr(self._local, "held", None)
        held = self._local.held = self._current(held, self._patience)
        return held

    def _current(self, held: _Held | None, patience: float) -> _Held:
        """Give what is open if it is still the file, else open it; ``patience`` 0 is the loop's."""
        found = os.stat(self._path)  # noqa: PTH116 - once a call; a Path costs more than the look
        file = (found.st_dev, found.st_ino)
        if held is not None:
            if held.file == file:
                return held
            held.connection.close()
        fresh = _Held(self._opened(patience), file)
        if patience:
            fresh.connection.set_progress_handler(fresh.late, _STEPS)
        else:
            fresh.connection.set_progress_handler(lambda: True, _QUICK)
        return fresh

    def _opened(self, patience: float) -> sqlite3.Connection:
        uri = Path(self._path).resolve().as_uri() + "?mode=ro"
        opened = sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)
        opened.execute("PRAGMA query_only = ON")
        opened.execute("PRAGMA trusted_schema = OFF")
        return opened

    def _forget(self) -> None:
        held: _Held | None = getattr(self._local, "held", None)
        self._local.held = None
        if held is not None:
            held.connection.close()


def _check_own(setting: Setting) -> Iterator[Wrong]:
    if not isinstance(setting.options.get("file"), str):
        yield Wrong("file", "missing", "name the SQLite file")
    for name, most in (("threads", 64), ("patience", 10), ("longest", 600)):
        value = setting.options.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            yield Wrong(name, f"{value!r} does not fit", f"write a number up to {most}")


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "its store is not there"
    return f"its store does not answer ({error})"
