"""Answers from a table or view of PostgreSQL, read-only by the session's own setting.

Connections are few, asynchronous and this provider's alone; the server itself ends a statement that
runs too long. Give the role no more than SELECT on the one view: this module asks for no more.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tongban.kernel.wire.words import Found, Question
from tongban.node.providers.base import ProviderFailed, Setting, Wrong, check_common
from tongban.node.providers.tables import Dialect, Statement, Table, check_table, plain

_OWN = frozenset(
    {"dsn", "password_file", "table", "order", "changed", "connections", "longest", "connecting"}
)
_DIALECT = Dialect("%s", '"', '"', typed=True)


class Postgresql:
    """One table or view of a PostgreSQL database.

    Options: ``dsn`` (a URL or ``host=… dbname=…``, without a password), ``password_file``,
    ``table``, ``order`` (columns that are unique together; default the record key), ``changed``,
    ``connections`` (8), ``longest`` (a statement, 3 s), ``connecting`` (3 s).
    """

    hears: ClassVar[bool] = False

    def __init__(self, setting: Setting) -> None:
        """Take a setting that `check_config` finds nothing in."""
        options = setting.options
        self._table = Table(setting, _DIALECT)
        self._dsn = str(options["dsn"])
        self._password = setting.path("password_file") if "password_file" in options else None
        self._longest = float(options.get("longest", 3.0))
        self._connecting = float(options.get("connecting", 3.0))
        self._slots = asyncio.Semaphore(int(options.get("connections", 8)))
        self._idle: list[psycopg.AsyncConnection[tuple[Any, ...]]] = []

    @classmethod
    def check_config(cls, setting: Setting) -> list[Wrong]:
        """Say what is wrong with the options; connect to nothing."""
        return [
            *check_common(setting, _OWN, "column"),
            *check_table(setting),
            *_check_own(setting),
        ]

    def idempotent(self, question: Question) -> bool:  # noqa: ARG002 - the protocol's face
        """Reading a table changes nothing."""
        return True

    def at_once(self, question: Question) -> Found | None:  # noqa: ARG002 - the protocol's face
        """Give nothing: another machine answers."""
        return None

    async def ask(self, question: Question) -> Found:
        """Answer; raise `ProviderFailed`."""
        statement = self._table.statement(question)
        return self._table.read(question, await self._run(statement))

    async def changed(self) -> str | None:
        """Give the greatest value of the column ``changed``, if there is one."""
        statement = self._table.changed()
        if statement is None:
            return None
        value = plain((await self._run(statement))[0][0], "date")
        return None if value is None else str(value)

    async def close(self) -> None:
        """Close the idle connections; one in use is closed by whoever uses it."""
        self._longest = 0.0
        while self._idle:
            await self._idle.pop().close()

    async def _run(self, statement: Statement) -> list[tuple[Any, ...]]:
        async with self._connection() as connection:
            try:
                # built by `tables` of checked, quoted names; every value is a parameter
                sql = statement.sql
                return await (await connection.execute(sql, statement.values)).fetchall()
            except psycopg.errors.QueryCanceled as error:
                raise ProviderFailed("timeout", f"a statement ran {self._longest:g} s") from error
            except psycopg.errors.DataError as error:
                # A key that the column's type cannot hold is the asker's doing: no breaker may
                # open for it.
                raise ProviderFailed("bad_answer", _reason(error)) from error
            except psycopg.Error as error:
                lost = connection.broken or connection.closed
                raise ProviderFailed("unavailable", _reason(error), connecting=lost) from error

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[tuple[Any, ...]]]:
        """Lend a connection; one that was cancelled in, or broke, is not lent again."""
        async with self._slots:
            connection = self._idle.pop() if self._idle else await self._opened()
            sound = False
            try:
                yield connection
                sound = True
            except ProviderFailed:
                sound = not connection.broken
                raise
            finally:
                if sound and self._longest:
                    self._idle.append(connection)
                else:
                    await connection.close()

    async def _opened(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        milliseconds = max(1, int(self._longest * 1000))
        options = (
            f"-c default_transaction_read_only=on -c statement_timeout={milliseconds} "
            f"-c lock_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds}"
        )
        more = {"options": options, "application_name": "tongban-node"}
        try:
            if self._password is not None:
                more["password"] = self._password.read_text(encoding="utf-8").strip()
            async with asyncio.timeout(self._connecting):
                return await psycopg.AsyncConnection.connect(
                    make_conninfo(self._dsn, **more), autocommit=True
                )
        except TimeoutError as error:
            raise ProviderFailed("timeout", "its database lets no one in") from error
        except (OSError, psycopg.Error) as error:
            raise ProviderFailed("unavailable", _reason(error), connecting=True) from error


def _check_own(setting: Setting) -> Iterator[Wrong]:
    options = setting.options
    try:
        parts = conninfo_to_dict(str(options.get("dsn", "")))
    except psycopg.ProgrammingError:
        parts = {}
    if not parts.get("dbname"):
        yield Wrong("dsn", "no database", "write postgresql://role@host/database")
    if parts.get("password"):
        yield Wrong("dsn", "it holds a password", "put it in a file and name it in password_file")
    if "options" in parts:
        yield Wrong("dsn", "it sets options of its own", "leave them out: the session is read-only")
    if "password_file" in options and not setting.path("password_file").is_file():
        yield Wrong("password_file", "no such file", "write the password alone into it")
    for name, most in (("connections", 200), ("longest", 600), ("connecting", 60)):
        value = options.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            yield Wrong(name, f"{value!r} does not fit", f"write a number up to {most}")


def _reason(error: Exception) -> str:
    """Say what failed by the class of the error: the server's own words may quote a value."""
    state = getattr(error, "sqlstate", None)
    return f"its database does not answer ({type(error).__name__}{f', {state}' if state else ''})"
