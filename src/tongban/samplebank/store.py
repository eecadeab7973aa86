"""The sample bank's store: one SQLite file with payments, refunds, notices to send, faults to make.

A number is paid once and refunded by a refund's number once, however often it is asked. What the
bank answers was committed before.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

#: Faults of the next payment that is confirmed: its notice comes late, twice, is lost on the way;
#: it is paid and nobody is told, the payer sees an error; another amount is taken; the statement
#: leaves it out, lists it twice or with another amount. ``mute``: the next question is carried out
#: and not answered.
FAULTS = (
    *("late", "twice", "lost", "untold", "wrong-amount"),
    *("left-out", "listed-twice", "listed-wrong", "mute"),
)
LATE = timedelta(seconds=30)
_WRONG_BY = 100  # fen
_PATIENCE = 5.0
_BACKOFF = timedelta(seconds=1)
_LONGEST = timedelta(minutes=1)
_TRIES = 12
_TABLES = (
    """CREATE TABLE payment (
        number TEXT NOT NULL, merchant TEXT NOT NULL, amount_fen INTEGER NOT NULL,
        currency TEXT NOT NULL, subject TEXT NOT NULL, back TEXT NOT NULL, state TEXT NOT NULL,
        created TEXT NOT NULL, expires TEXT NOT NULL, token TEXT NOT NULL UNIQUE,
        paid_fen INTEGER NOT NULL DEFAULT 0, paid_at TEXT NOT NULL DEFAULT '',
        day TEXT NOT NULL DEFAULT '', reference TEXT NOT NULL DEFAULT '',
        fault TEXT NOT NULL DEFAULT '', PRIMARY KEY (merchant, number)) WITHOUT ROWID""",
    """CREATE TABLE refund (
        number TEXT NOT NULL, merchant TEXT NOT NULL, payment TEXT NOT NULL,
        amount_fen INTEGER NOT NULL, at TEXT NOT NULL, day TEXT NOT NULL, reference TEXT NOT NULL,
        PRIMARY KEY (merchant, number)) WITHOUT ROWID""",
    """CREATE TABLE notice (
        id INTEGER PRIMARY KEY, merchant TEXT NOT NULL, number TEXT NOT NULL, due TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0, sent TEXT NOT NULL DEFAULT '')""",
    "CREATE TABLE fault (id INTEGER PRIMARY KEY, kind TEXT NOT NULL)",
)


class Refused(ValueError):
    """What a merchant asks is refused for good; ``code`` says why to a program."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that is due: whom it is for, and of which payment."""

    id: int
    merchant: str
    number: str
    tries: int


class Store:
    """The open store; safe for several threads, which take turns."""

    def __init__(self, path: Path) -> None:
        """Open or make the store; raise sqlite3.Error, OSError."""
        self._lock = Lock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._transaction() as db:
            if not db.execute("PRAGMA user_version").fetchone()[0]:
                for statement in _TABLES:
                    db.execute(statement)
                db.execute("PRAGMA user_version=1")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._db.close()

    # --- what a merchant asks ----------------------------------------------------------------

    def create(self, merchant: str, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Take a payment to collect, once a number; another amount under its number is refused."""
        with self._transaction() as db:
            held = _payment(db, merchant, asked["number"])
            if held is None:
                db.execute(
                    "INSERT INTO payment (number, merchant, amount_fen, currency, subject, back,"
                    " state, created, expires, token) VALUES (?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)",
                    (
                        *(asked["number"], merchant, asked["amount_fen"], asked["currency"]),
                        *(asked["subject"], asked["back"], now.isoformat(), asked["expires"]),
                        secrets.token_urlsafe(24),
                    ),
                )
                held = _payment(db, merchant, asked["number"])
            same = ("amount_fen", "currency", "subject")
            if held is None or any(held[name] != asked[name] for name in same):
                raise Refused("number_taken", "this number was given with other particulars")
            return {**_told(held), "token": held["token"]}

    def query(self, merchant: str, number: str, now: datetime) -> dict[str, Any]:
        """Say how a payment stands; ``absent`` where no such number was taken."""
        with self._transaction() as db:
            _expire(db, now)
            held = _payment(db, merchant, number)
        return {"number": number, "state": "absent"} if held is None else _told(held)

    def end(self, merchant: str, number: str, now: datetime) -> dict[str, Any]:
        """Close a payment that is not paid yet: nobody can pay it any more. Give how it stands."""
        with self._transaction() as db:
            _expire(db, now)
            db.execute(
                "UPDATE payment SET state = 'closed' WHERE merchant = ? AND number = ?"
                " AND state = 'open'",
                (merchant, number),
            )
            held = _payment(db, merchant, number)
        return {"number": number, "state": "absent"} if held is None else _told(held)

    def refund(self, merchant: str, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Give money back, once a refund's number and never more than was paid."""
        with self._transaction() as db:
            held = _refund(db, merchant, asked["number"])
            if held is not None:
                if (held["payment"], held["amount_fen"]) != (asked["payment"], asked["amount_fen"]):
                    raise Refused("number_taken", "this number was given with other particulars")
                return _refund_told(held)
            paid = _payment(db, merchant, asked["payment"])
            if paid is None or paid["state"] != "paid":
                raise Refused("not_paid", "no such payment was made")
            given = db.execute(
                "SELECT COALESCE(SUM(amount_fen), 0) FROM refund"
                " WHERE merchant = ? AND payment = ?",
                (merchant, asked["payment"]),
            ).fetchone()[0]
            if given + asked["amount_fen"] > paid["paid_fen"]:
                raise Refused("too_much", "more than was paid would be given back")
            db.execute(
                "INSERT INTO refund VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(asked["number"], merchant, asked["payment"], asked["amount_fen"]),
                    *(now.isoformat(), now.date().isoformat(), _reference("R", now)),
                ),
            )
            held = _refund(db, merchant, asked["number"])
        if held is None:
            raise RuntimeError("a refund that was just written is there")
        return _refund_told(held)

    def query_refund(self, merchant: str, number: str) -> dict[str, Any]:
        """Say how a refund stands; ``absent`` where no such number was taken."""
        with self._lock:
            held = _refund(self._db, merchant, number)
        return {"number": number, "state": "absent"} if held is None else _refund_told(held)

    def statement(self, merchant: str, day: date) -> list[dict[str, Any]]:
        """List what was paid and given back on a day, in order of time (对账单)."""
        with self._lock:
            paid = self._db.execute(
                "SELECT * FROM payment WHERE merchant = ? AND day = ?", (merchant, day.isoformat())
            ).fetchall()
            back = self._db.execute(
                "SELECT * FROM refund WHERE merchant = ? AND day = ?", (merchant, day.isoformat())
            ).fetchall()
        lines = [line for row in paid for line in _lines(row)]
        lines += [
            {
                "kind": "refund",
                "number": row["number"],
                "payment": row["payment"],
                "reference": row["reference"],
                "amount_fen": row["amount_fen"],
                "currency": "CNY",
                "at": row["at"],
            }
            for row in back
        ]
        return sorted(lines, key=lambda line: (line["at"], line["reference"]))

    # --- what the payer does ------------------------------------------------------------------

    def page(self, token: str, now: datetime) -> dict[str, Any] | None:
        """Give the payment behind a page's address, or None."""
        with self._transaction() as db:
            _expire(db, now)
            row = db.execute("SELECT * FROM payment WHERE token = ?", (token,)).fetchone()
        return None if row is None else dict(row)

    def confirm(self, token: str, now: datetime) -> dict[str, Any] | None:
        """Pay, once; give the payment as it then stands, or None where there is none."""
        with self._transaction() as db:
            _expire(db, now)
            row = db.execute("SELECT * FROM payment WHERE token = ?", (token,)).fetchone()
            if row is None or row["state"] != "open":
                return None if row is None else dict(row)
            fault = _take_fault(db, [kind for kind in FAULTS if kind != "mute"])
            taken = row["amount_fen"] + (_WRONG_BY if fault == "wrong-amount" else 0)
            db.execute(
                "UPDATE payment SET state = 'paid', paid_fen = ?, paid_at = ?, day = ?,"
                " reference = ?, fault = ? WHERE token = ?",
                (
                    *(taken, now.isoformat(), now.date().isoformat(), _reference("P", now)),
                    *(fault, token),
                ),
            )
            due = now + LATE if fault == "late" else now
            copies = {"untold": 0, "lost": 0, "twice": 2}.get(fault, 1)
            for _ in range(copies):
                self._notify(db, row, due)
            return dict(db.execute("SELECT * FROM payment WHERE token = ?", (token,)).fetchone())

    def decline(self, token: str, now: datetime) -> dict[str, Any] | None:
        """Refuse to pay; give the payment as it then stands, or None where there is none."""
        with self._transaction() as db:
            row = db.execute("SELECT * FROM payment WHERE token = ?", (token,)).fetchone()
            if row is not None and row["state"] == "open":
                db.execute("UPDATE payment SET state = 'refused' WHERE token = ?", (token,))
                self._notify(db, row, now)
                row = db.execute("SELECT * FROM payment WHERE token = ?", (token,)).fetchone()
        return None if row is None else dict(row)

    # --- notices and faults -------------------------------------------------------------------

    @staticmethod
    def _notify(db: sqlite3.Connection, row: sqlite3.Row, due: datetime) -> None:
        db.execute(
            "INSERT INTO notice (merchant, number, due) VALUES (?, ?, ?)",
            (row["merchant"], row["number"], due.isoformat()),
        )

    def due(self, now: datetime) -> list[Notice]:
        """Give the notices that are to be sent now."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, merchant, number, tries FROM notice"
                " WHERE sent = '' AND tries < ? AND due <= ? ORDER BY id LIMIT 50",
                (_TRIES, now.isoformat()),
            ).fetchall()
        return [Notice(*row) for row in rows]

    def sent(self, notice: Notice, now: datetime) -> None:
        """Note that a notice was taken."""
        with self._transaction() as db:
            db.execute("UPDATE notice SET sent = ? WHERE id = ?", (now.isoformat(), notice.id))

    def again(self, notice: Notice, now: datetime) -> None:
        """Note that a notice was not taken: it goes out again, later each time."""
        wait = min(_BACKOFF * 2**notice.tries, _LONGEST)
        with self._transaction() as db:
            db.execute(
                "UPDATE notice SET tries = tries + 1, due = ? WHERE id = ?",
                ((now + wait).isoformat(), notice.id),
            )

    def plan_fault(self, kind: str) -> None:
        """Make this fault once, at the next occasion."""
        with self._transaction() as db:
            db.execute("INSERT INTO fault (kind) VALUES (?)", (kind,))

    def mute(self) -> bool:
        """Say whether the question that was just carried out goes without an answer."""
        with self._transaction() as db:
            return bool(_take_fault(db, ["mute"]))


def _take_fault(db: sqlite3.Connection, kinds: list[str]) -> str:
    marks = ", ".join("?" * len(kinds))
    row = db.execute(
        f"SELECT id, kind FROM fault WHERE kind IN ({marks}) ORDER BY id LIMIT 1",  # noqa: S608 - placeholders only
        kinds,
    ).fetchone()
    if row is None:
        return ""
    db.execute("DELETE FROM fault WHERE id = ?", (row["id"],))
    return str(row["kind"])


def _expire(db: sqlite3.Connection, now: datetime) -> None:
    db.execute(
        "UPDATE payment SET state = 'closed' WHERE state = 'open' AND expires <= ?",
        (now.isoformat(),),
    )


def _payment(db: sqlite3.Connection, merchant: str, number: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = db.execute(
        "SELECT * FROM payment WHERE merchant = ? AND number = ?", (merchant, number)
    ).fetchone()
    return found


def _refund(db: sqlite3.Connection, merchant: str, number: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = db.execute(
        "SELECT * FROM refund WHERE merchant = ? AND number = ?", (merchant, number)
    ).fetchone()
    return found


def _told(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "number": row["number"],
        "state": row["state"],
        "amount_fen": row["paid_fen"] if row["state"] == "paid" else row["amount_fen"],
        "currency": row["currency"],
        "reference": row["reference"],
        "at": row["paid_at"],
    }


def _refund_told(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "number": row["number"],
        "state": "done",
        "amount_fen": row["amount_fen"],
        "reference": row["reference"],
        "at": row["at"],
    }


def _lines(row: sqlite3.Row) -> list[dict[str, Any]]:
    wrong = _WRONG_BY if row["fault"] == "listed-wrong" else 0
    line = {
        "kind": "payment",
        "number": row["number"],
        "payment": row["number"],
        "reference": row["reference"],
        "amount_fen": row["paid_fen"] + wrong,
        "currency": row["currency"],
        "at": row["paid_at"],
    }
    return [line] * {"left-out": 0, "listed-twice": 2}.get(row["fault"], 1)


def _reference(kind: str, now: datetime) -> str:
    return f"SB{kind}{now:%Y%m%d}{secrets.randbelow(10**10):010d}"
