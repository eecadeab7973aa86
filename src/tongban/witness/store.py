"""A witness's store (见证存储): one SQLite file with what it cosigned, and its alarms.

Judging and keeping are one transaction: of two requests at once, the second sees the first. What
was cosigned is committed to the disk before the cosignature leaves; where it cannot be, none does.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from tongban.kernel.events import instant
from tongban.kernel.suites import Signer
from tongban.kernel.tlog import notes
from tongban.kernel.tlog.checkpoints import Checkpoint
from tongban.kernel.tlog.notes import NoteKey, Signature
from tongban.kernel.tlog.witnessing import AddCheckpoint, Refused, Taken, judge

_PATIENCE = 5.0  # seconds to wait for another process that writes
_VERSION = 1
_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # time is that of the cosignature, in POSIX seconds; note holds the log's and our signature
    """CREATE TABLE cosigned (
        id INTEGER PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
        time INTEGER NOT NULL, note TEXT NOT NULL, UNIQUE (origin, size))""",
    """CREATE TABLE alarm (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL,
        why TEXT NOT NULL, sent TEXT NOT NULL, held TEXT NOT NULL,
        UNIQUE (kind, origin, sent))""",
    """CREATE TRIGGER cosigned_no_update BEFORE UPDATE ON cosigned WHEN
        NEW.origin IS NOT OLD.origin OR NEW.size IS NOT OLD.size OR NEW.root IS NOT OLD.root
        BEGIN SELECT RAISE(ABORT, 'what was cosigned is not changed'); END""",
    """CREATE TRIGGER cosigned_no_delete BEFORE DELETE ON cosigned
        BEGIN SELECT RAISE(ABORT, 'what was cosigned is not forgotten'); END""",
    """CREATE TRIGGER cosigned_only_grows BEFORE INSERT ON cosigned
        WHEN NEW.size <= (SELECT MAX(size) FROM cosigned WHERE origin = NEW.origin)
        BEGIN SELECT RAISE(ABORT, 'a witness cosigns larger trees only'); END""",
    """CREATE TRIGGER alarm_no_delete BEFORE DELETE ON alarm
        BEGIN SELECT RAISE(ABORT, 'an alarm is not forgotten'); END""",
)


class StoreInvalid(RuntimeError):
    """The file is no store of this witness; it says what to do."""


class StoreGone(OSError):
    """The file was taken away or replaced under us."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a witness noticed: ``fork``, ``rollback`` or ``unproved``.

    ``sent`` is the note that was signed by the log and refused, ``held`` the one that was cosigned
    (empty: none yet). The two of a fork are proof by themselves: the log signed both.
    """

    at: str
    kind: str
    origin: str
    why: str
    sent: str
    held: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to: a cosignature, or a refusal with the size last cosigned."""

    told: Taken | Refused
    signature: Signature | None
    size: int
    alarm: Alarm | None = None


class Store:
    """The open store of one process; safe for several threads, which take turns."""

    def __init__(self, path: Path, key: NoteKey, signer: Signer) -> None:
        """Open or make the store of the witness with this key; raise StoreInvalid, OSError."""
        self.path = path
        self._key = key
        self._signer = signer
        self._lock = Lock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._file = _identity(path)
        self._db = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare()
        except sqlite3.DatabaseError as wrong:
            self._db.close()
            raise StoreInvalid(f"StoreInvalid: {path}: {wrong}") from wrong
        except StoreInvalid:
            self._db.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        # FULL: what was cosigned survives a power cut, not only a crash of the process
        self._db.execute("PRAGMA synchronous=FULL")
        with self._transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _TABLES:
                    db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('key', ?)", (str(self._key),))
                db.execute(f"PRAGMA user_version={_VERSION}")
            elif version != _VERSION:
                raise StoreInvalid(
                    f"StoreInvalid: {self.path} is of version {version}, this writes {_VERSION}"
                )
            held = db.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()[0]
            if held != str(self._key):
                raise StoreInvalid(
                    f"StoreInvalid: {self.path} is the store of {held}; each key has its own"
                )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            # SQLite would go on writing into a file that nobody can find any more
            if _identity(self.path) != self._file:
                raise StoreGone(f"StoreGone: {self.path} was removed or replaced")
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

    def add(
        self, request: AddCheckpoint, logs: Mapping[str, NoteKey], now: Callable[[], datetime]
    ) -> Answer:
        """Judge a request, keep what is cosigned or alarming, then answer.

        Raise sqlite3.Error (a full disk, say), StoreGone: then nothing was cosigned.
        """
        with self._transaction() as db:
            origin = _origin(request.note)
            held = _last(db, origin)
            last = {} if held is None else {origin: held.checkpoint}
            told = judge(request, logs, last, lambda *place: _root_at(db, *place))
            size = 0 if held is None else held.checkpoint.size
            if isinstance(told, Taken):
                # a clock that was set back does not turn the story round
                time = max(int(now().timestamp()), 1 if held is None else held.time)
                line = notes.cosign(told.note.text, self._key, self._signer, time)
                _keep(db, told, line, time)
                return Answer(told, line, told.checkpoint.size)
            return Answer(told, None, size, _alarmed(db, told, held, origin, now()))

    def last(self, origin: str) -> str | None:
        """Give the last cosigned checkpoint of a log, as a note; None: there is none."""
        with self._lock:
            held = _last(self._db, origin)
        return None if held is None else held.note

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Give of each log the last cosigned size and the time of it."""
        with self._lock:
            found = self._db.execute(
                "SELECT origin, MAX(size), time FROM cosigned GROUP BY origin"
            ).fetchall()
        return {origin: (size, time) for origin, size, time in found}

    def alarms(self, limit: int = 100) -> list[Alarm]:
        """Give the latest alarms, newest first."""
        with self._lock:
            found = self._db.execute(
                "SELECT at, kind, origin, why, sent, held FROM alarm ORDER BY id DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [Alarm(*row) for row in found]


@dataclass(frozen=True, slots=True)
class _Held:
    checkpoint: Checkpoint
    time: int
    note: str


def _origin(note: bytes) -> str:
    return note.partition(b"\n")[0].decode("utf-8", "replace")


def _last(db: sqlite3.Connection, origin: str) -> _Held | None:
    found = db.execute(
        "SELECT size, root, time, note FROM cosigned WHERE origin = ? ORDER BY size DESC LIMIT 1",
        (origin,),
    ).fetchone()
    if found is None:
        return None
    size, root, time, note = found
    return _Held(Checkpoint(origin, size, bytes(root)), time, note)


def _root_at(db: sqlite3.Connection, origin: str, size: int) -> bytes | None:
    found = db.execute(
        "SELECT root FROM cosigned WHERE origin = ? AND size = ?", (origin, size)
    ).fetchone()
    return None if found is None else bytes(found[0])


def _keep(db: sqlite3.Connection, taken: Taken, line: Signature, time: int) -> None:
    tree = taken.checkpoint
    note = str(taken.note.signed_also([line]))
    # the same tree again: its latest time stands
    again = db.execute(
        "UPDATE cosigned SET time = ?, note = ? WHERE origin = ? AND size = ?",
        (time, note, tree.origin, tree.size),
    )
    if not again.rowcount:
        db.execute(
            "INSERT INTO cosigned (origin, size, root, time, note) VALUES (?, ?, ?, ?, ?)",
            (tree.origin, tree.size, tree.root, time, note),
        )


def _alarmed(
    db: sqlite3.Connection, told: Refused, held: _Held | None, origin: str, now: datetime
) -> Alarm | None:
    """Keep an alarm; None where there is none, or it was raised before."""
    if told.note is None:
        return None
    against = "" if held is None else held.note
    made = Alarm(instant(now), told.alarm, origin, told.why, str(told.note), against)
    fresh = db.execute(
        "INSERT OR IGNORE INTO alarm (at, kind, origin, why, sent, held) VALUES (?, ?, ?, ?, ?, ?)",
        (made.at, made.kind, made.origin, made.why, made.sent, made.held),
    )
    return made if fresh.rowcount else None


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)
