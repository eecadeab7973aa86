"""Why one entry of a group is refused: its nonce was used before, or a quota of the day is spent.

Both are decided in the transaction that writes the rows, so that two workers cannot both say yes.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tongban.node.store.words import Entry, NonceSeen, QuotaSpent

AT_ONCE = 64  # rows in one statement
T = TypeVar("T")


def forgotten(db: sqlite3.Connection) -> int:
    """Give the latest ``expires`` of the nonces that were forgotten."""
    found = db.execute("SELECT value FROM meta WHERE name = 'forgotten'").fetchone()
    return int(found[0]) if found else 0


def forget(db: sqlite3.Connection, before: int) -> None:
    """Forget nonces that expired before this instant, and remember up to where.

    A clock that ran ahead and is set back makes their messages good again: they stay refused.
    """
    found = db.execute("SELECT MAX(expires) FROM nonce WHERE expires < ?", (before,)).fetchone()[0]
    if found is not None:
        db.execute("DELETE FROM nonce WHERE expires < ?", (before,))
        db.execute(
            "INSERT INTO meta VALUES ('forgotten', ?) ON CONFLICT (name) DO UPDATE"
            " SET value = MAX(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
            (found,),
        )


class Judge:
    """Decides over the entries of one group, by three reads for all and three writes at its end.

    Each step of SQLite lets go of the interpreter's lock, and to get it back from a busy event loop
    costs more than the step; so what each entry needs is read for the whole group at once.
    """

    def __init__(self, db: sqlite3.Connection, batch: Sequence[Entry], day: str) -> None:
        """``day`` is that of the group's rows in UTC+8."""
        self._day = day
        self._upto = forgotten(db)
        nonces = [(e.nonce.keyid, e.nonce.nonce) for e in batch if e.nonce is not None]
        grants = sorted({use.grant for entry in batch for use in entry.usage})
        self._seen = _seen(db, nonces)
        self._spent = _spent(db, grants, day)
        self._used: set[str] = set()
        self._fresh: list[tuple[str, str, int]] = []

    def refused(self, entry: Entry) -> NonceSeen | QuotaSpent | None:
        """Spend an entry's nonce and quotas, or say why it is refused and spend nothing."""
        spent: dict[str, tuple[int, int]] = {}
        for use in entry.usage:
            calls, records = spent.get(use.grant) or self._spent.get(use.grant, (0, 0))
            calls, records = calls + use.calls, records + use.records
            if (use.most_calls and calls > use.most_calls) or (
                use.most_records and records > use.most_records
            ):
                return QuotaSpent(use.grant)
            spent[use.grant] = (calls, records)
        if entry.nonce is not None:
            place = (entry.nonce.keyid, entry.nonce.nonce)
            if entry.nonce.expires <= self._upto or place in self._seen:
                return NonceSeen("NonceSeen: this nonce was used before by this key")
            self._seen.add(place)
            self._fresh.append((*place, entry.nonce.expires))
        self._spent.update(spent)
        self._used.update(spent)
        return None

    def keep(self, db: sqlite3.Connection) -> None:
        """Write what was spent."""
        insert(db, "INSERT INTO nonce VALUES", self._fresh)
        used = [(grant, self._day, *self._spent[grant]) for grant in sorted(self._used)]
        insert(db, "INSERT OR REPLACE INTO usage VALUES", used)


def _seen(db: sqlite3.Connection, nonces: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Give those of these nonces that were used before."""
    found: set[tuple[str, str]] = set()
    for some in _padded(nonces):
        marks = ", ".join(["(?, ?)"] * len(some))
        # a cross join keeps its order: one look by the primary key for each, never a scan
        sql = (
            f"WITH asked(k, n) AS (VALUES {marks})"  # noqa: S608 - own marks
            " SELECT k, n FROM asked CROSS JOIN nonce ON keyid = k AND nonce = n"
        )
        found.update(db.execute(sql, [text for pair in some for text in pair]))
    return found


def _spent(db: sqlite3.Connection, grants: Sequence[str], day: str) -> dict[str, tuple[int, int]]:
    """Give calls and records of these grants on a day."""
    found: dict[str, tuple[int, int]] = {}
    for some in _padded(grants):
        marks = ", ".join("?" * len(some))
        sql = f"SELECT grant_id, calls, records FROM usage WHERE day = ? AND grant_id IN ({marks})"  # noqa: S608 - own marks
        for grant, calls, records in db.execute(sql, [day, *some]):
            found[grant] = (int(calls), int(records))
    return found


def _padded(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Give values in lots of 1, 2, 4 … 64, the last filled up: few texts of SQL, all prepared."""
    for at in range(0, len(values), AT_ONCE):
        some = values[at : at + AT_ONCE]
        size = 1 << (len(some) - 1).bit_length()
        yield [*some, *[some[-1]] * (size - len(some))]


def insert(db: sqlite3.Connection, into: str, rows: Sequence[tuple[int | str, ...]]) -> None:
    """Write rows by as few statements as there are ones in the binary number of rows."""
    at = 0
    while at < len(rows):
        some = rows[at : at + min(AT_ONCE, 1 << (len(rows) - at).bit_length() - 1)]
        one = f"({', '.join('?' * len(some[0]))})"
        db.execute(f"{into} {', '.join([one] * len(some))}", [v for row in some for v in row])
        at += len(some)
