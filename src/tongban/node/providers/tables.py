"""Turns questions into SQL over one table or view, and its rows into records.

Names come from a checked configuration alone and are quoted; values are parameters. The columns
read are those of the fields asked for and, in a walk, of its order. Nothing is ever written.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from tongban.kernel.wire.words import Found, Plain, Question, WireRefused
from tongban.node.providers.base import ProviderFailed, Setting, Wrong
from tongban.node.providers.cursors import Cursors

MOST_KEYS = 400
_LONGEST_NAME = 63
_SAFE = 2**53 - 1
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database writes a parameter and quotes a name; ``rowid`` is its own order of rows."""

    mark: str
    opening: str
    closing: str
    rowid: str = ""
    typed: bool = False  # parameters must come as text, for the server to read as the column's type

    def name(self, name: str) -> str:
        """Quote a name, or each part of ``schema.table``; it was checked by `is_name`."""
        return ".".join(f"{self.opening}{part}{self.closing}" for part in name.split("."))

    def value(self, value: Plain) -> Plain:
        """Give a value as a parameter."""
        if not self.typed or value is None or isinstance(value, str):
            return value
        return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT with its parameters."""

    sql: str
    values: tuple[Plain, ...]


def is_name(text: object) -> bool:
    """Tell whether a text may stand, quoted, for a table or column; Chinese names may."""
    return isinstance(text, str) and text.isidentifier() and len(text.encode()) <= _LONGEST_NAME


def check_table(setting: Setting) -> Iterator[Wrong]:
    """Say what is wrong with the names of a table provider."""
    mend = "write letters, digits and underscores, as the database spells it"
    table = setting.options.get("table")
    if not isinstance(table, str) or not 1 <= len(table.split(".")) <= 2:
        yield Wrong("table", "no table", "name a table or view, with its schema if it has one")
    elif not all(map(is_name, table.split("."))):
        yield Wrong("table", f"{table!r} is no name", mend)
    fields = setting.options.get("fields")
    for name, where in fields.items() if isinstance(fields, Mapping) else ():
        column = where.get("column") if isinstance(where, Mapping) else where
        if isinstance(column, str) and not is_name(column):
            yield Wrong(f"fields.{name}", f"{column!r} is no name of a column", mend)
    changed = setting.options.get("changed")
    if changed is not None and not is_name(changed):
        yield Wrong("changed", f"{changed!r} is no name of a column", mend)
    order = setting.options.get("order")
    if order is not None and not (isinstance(order, list) and order and all(map(is_name, order))):
        yield Wrong("order", "no list of columns", "list columns that together are unique")


class Table:
    """One table or view: questions in, SQL out; rows in, records out. Holds no connection."""

    def __init__(self, setting: Setting, dialect: Dialect) -> None:
        self._dialect = dialect
        self._table = dialect.name(str(setting.options["table"]))
        self._columns = {n: dialect.name(c) for n, c in setting.sources("column").items()}
        self._types = setting.declared()
        self._key = setting.key
        order = setting.options.get("order")
        if order:
            self._order = tuple(map(dialect.name, order))
        elif dialect.rowid:
            self._order = (dialect.rowid,)
        else:
            self._order = tuple(self._columns[name] for name in self._key)
        changed = setting.options.get("changed")
        self._changed = dialect.name(str(changed)) if changed else ""
        self._cursors = Cursors(setting.secret, setting.name)

    def changed(self) -> Statement | None:
        """Give the statement for the last change, or None where no column keeps it."""
        if not self._changed:
            return None
        return Statement(f"SELECT MAX({self._changed}) FROM {self._table}", ())  # noqa: S608

    def statement(self, question: Question) -> Statement:
        """Give the SELECT of a question; raise `ProviderFailed` or `WireRefused` (cursor)."""
        columns = [self._column(name) for name in question.fields]
        values: list[Plain] = []
        where: list[str] = []
        tail = ""
        if question.operation == "walk":
            columns += self._order
            where += self._walked(question.after, values)
            tail = f" ORDER BY {', '.join(self._order)} LIMIT {question.limit + 1:d}"
        else:
            where.append(self._selected(question.keys, values))
            if question.operation == "find":
                tail = f" LIMIT {question.limit:d}"
        if question.rows:
            where.append(self._filtered(question.rows, values))
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        sql = f"SELECT {', '.join(columns)} FROM {self._table}{condition}{tail}"  # noqa: S608
        return Statement(sql, tuple(map(self._dialect.value, values)))

    def read(self, question: Question, rows: Sequence[Row]) -> Found:
        """Give the records of the rows that a statement gave."""
        if question.operation != "walk":
            return Found([self._record(question.fields, row) for row in rows])
        width = len(question.fields)
        places = [tuple(row[width:]) for row in rows]
        cut = self._cut(places, question.limit)
        records = [self._record(question.fields, row) for row in rows[:cut]]
        if cut == len(rows):
            return Found(records)
        last = [plain(value, "") for value in places[cut - 1]]
        return Found(records, self._cursors.seal(last))

    @staticmethod
    def _cut(places: Sequence[Row], limit: int) -> int:
        """Say how many rows fit, without parting rows that stand at one place of the order."""
        cut = min(limit, len(places))
        if len(places) <= limit:
            return cut
        while cut and places[cut - 1] == places[limit]:
            cut -= 1
        if not cut:
            raise ProviderFailed(
                "bad_answer", "more rows than a page stand at one place; make `order` unique"
            )
        return cut

    def _column(self, name: str) -> str:
        try:
            return self._columns[name]
        except KeyError:
            raise ProviderFailed("bad_answer", f"no column for field {name}; map it") from None

    def _marks(self, count: int) -> str:
        return f"({', '.join([self._dialect.mark] * count)})"

    def _walked(self, after: str | None, values: list[Plain]) -> list[str]:
        where = [f"{name} IS NOT NULL" for name in self._order if name != self._dialect.rowid]
        if after is not None:
            place = self._cursors.open(after)
            if len(place) != len(self._order):
                raise WireRefused(
                    "malformed",
                    "游标已失效；请从头开始",
                    "this cursor no longer fits; begin anew",
                )
            values += place
            where.append(f"({', '.join(self._order)}) > {self._marks(len(place))}")
        return where

    def _selected(self, keys: Sequence[Mapping[str, Plain]], values: list[Plain]) -> str:
        if not 0 < len(keys) <= MOST_KEYS:
            raise ProviderFailed("bad_answer", f"asked with {len(keys)} keys; at most {MOST_KEYS}")
        columns = [self._column(name) for name in self._key]
        values += [key[name] for key in keys for name in self._key]
        if len(columns) == 1:
            if len(keys) == 1:
                return f"{columns[0]} = {self._dialect.mark}"
            return f"{columns[0]} IN {self._marks(len(keys))}"
        one = f"({' AND '.join(f'{column} = {self._dialect.mark}' for column in columns)})"
        return one if len(keys) == 1 else f"({' OR '.join([one] * len(keys))})"

    def _filtered(self, rows: Iterable[Mapping[str, frozenset[Plain]]], values: list[Plain]) -> str:
        passing = []
        for row in rows:
            each = [self._one_of(self._column(name), row[name], values) for name in sorted(row)]
            passing.append(" AND ".join(each))
        return f"({' OR '.join(passing)})"

    def _one_of(self, column: str, allowed: frozenset[Plain], values: list[Plain]) -> str:
        some = sorted((v for v in allowed if v is not None), key=lambda v: (str(type(v)), str(v)))
        values += some
        tests = [f"{column} IN {self._marks(len(some))}"] if some else []
        if None in allowed:
            tests.append(f"{column} IS NULL")
        return f"({' OR '.join(tests) or '1 = 0'})"

    def _record(self, fields: Sequence[str], row: Row) -> dict[str, Plain]:
        made: dict[str, Plain] = {}
        for name, value in zip(fields, row, strict=False):
            try:
                made[name] = plain(value, self._types.get(name, ""))
            except ValueError as wrong:
                raise ProviderFailed("bad_answer", str(wrong), pointer=f"/{name}") from None
        return made


def plain(value: object, declared: str) -> Plain:
    """Give a column's value as JSON of the wire; raise ValueError for what has no such form.

    Days and instants become ISO text, decimals text, 0 and 1 of a ``boolean`` false and true. A
    value that merely does not fit its declared type passes as it is: whoever asked will judge it,
    and loses no more than this one fact.

    >>> plain(1, "boolean"), plain(Decimal("0.50"), "number"), plain(date(2026, 1, 31), "date")
    (True, '0.50', '2026-01-31')
    """
    match value:
        case None | bool() | str():
            return value
        case int():
            if declared == "boolean" and value in {0, 1}:
                return bool(value)
            return value if abs(value) <= _SAFE else str(value)
        case float() if math.isfinite(value):
            return (
                int(value)
                if value.is_integer() and abs(value) <= _SAFE
                else f"{Decimal(repr(value)):f}"
            )
        case Decimal() if value.is_finite():
            whole = value == value.to_integral_value() and value.as_tuple().exponent == 0
            return int(value) if whole and abs(value) <= _SAFE else f"{value:f}"
        case date() | datetime() | time():
            return value.isoformat()
        case _:
            raise ValueError(f"a value of type {type(value).__name__} has no form on the wire")
