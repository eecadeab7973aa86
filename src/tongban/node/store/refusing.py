"""Why one entry of a group is refused: its nonce was used before, or a quota of the day is spent.

Both are decided in the transaction that writes the rows, so that two workers cannot both say yes.
"""

import sqlite3

from tongban.node.store.words import Entry, NonceSeen, QuotaSpent, Usage


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


def refused(
    db: sqlite3.Connection, entry: Entry, day: str, upto: int
) -> NonceSeen | QuotaSpent | None:
    """Spend the nonce and the quotas of an entry, or say why it is refused and spend nothing.

    ``day`` is that of its rows in UTC+8, ``upto`` what `forgotten` gave.
    """
    for use in entry.usage:
        if _spent(db, use, day):
            return QuotaSpent(use.grant)
    if entry.nonce is not None:
        told = (entry.nonce.keyid, entry.nonce.nonce, entry.nonce.expires)
        fresh = entry.nonce.expires > upto and bool(
            db.execute("INSERT OR IGNORE INTO nonce VALUES (?, ?, ?)", told).rowcount
        )
        if not fresh:
            return NonceSeen("NonceSeen: this nonce was used before by this key")
    for use in entry.usage:
        db.execute(
            "INSERT INTO usage VALUES (?, ?, ?, ?) ON CONFLICT (grant_id, day) DO UPDATE SET"
            " calls = calls + excluded.calls, records = records + excluded.records",
            (use.grant, day, use.calls, use.records),
        )
    return None


def _spent(db: sqlite3.Connection, use: Usage, day: str) -> bool:
    found = db.execute(
        "SELECT calls, records FROM usage WHERE grant_id = ? AND day = ?", (use.grant, day)
    ).fetchone()
    calls, records = found or (0, 0)
    return bool(
        (use.most_calls and calls + use.calls > use.most_calls)
        or (use.most_records and records + use.records > use.most_records)
    )
