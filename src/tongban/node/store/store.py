"""A node's store (节点存储): one SQLite file with the log of its calls and what must stand with it.

One transaction takes a group of entries: rows, nonces and quotas together, or none of it. Several
processes may share the file; the chain is one. What one entry spoils (a replayed nonce, a spent
quota) is refused to that entry alone.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tongban.kernel.merkle import Frontier, leaf_hash
from tongban.kernel.suites import Signer, suite
from tongban.kernel.wire.documents import seal_document
from tongban.kernel.wire.rows import (
    Kept,
    Row,
    RowDraft,
    RowInvalid,
    checkpoint,
    read_row,
    seal_row,
)
from tongban.node import clock
from tongban.node.store.bodies import READ_BODY, Bodies
from tongban.node.store.refusing import Judge, forget, insert
from tongban.node.store.schema import TABLES, TRIGGERS, VERSION
from tongban.node.store.words import (
    Committed,
    Entry,
    StoreGone,
    StoreInvalid,
    Told,
)

#: Seconds to wait for another process that writes: less than the flusher's own patience.
_PATIENCE = 1.5
#: A nonce is kept this long after its message expired: the clocks of two workers may differ.
_MARGIN = 60
_CHINA = timezone(timedelta(hours=8))
_PURGE_EVERY = 512  # commits
_ROWS_AT_ONCE = 2000
_LONGEST_LOOKS = 1000


class Store:
    """The open store of one process; safe for several threads, which take turns."""

    def __init__(self, path: Path, suite_name: str, wrapping: bytes | None = None) -> None:
        """Open or make the store; raise StoreInvalid, OSError, sqlite3.Error.

        ``wrapping`` is the key (kept outside the store) under which record keys of bodies lie.
        """
        self.path = path
        self.suite = suite(suite_name)
        self._lock = threading.Lock()
        self._bodies = None if wrapping is None else Bodies(self.suite, wrapping)
        self._commits = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._file = _identity(path)
        self._db = _connect(path)
        try:
            self._prepare()
        except sqlite3.DatabaseError as wrong:
            self._db.close()
            raise StoreInvalid(f"StoreInvalid: {path}: {wrong}") from wrong
        except StoreInvalid:
            self._db.close()
            raise
        # who reads (an event loop that shows the status, say) never waits for a disk that writes
        self._reading = threading.Lock()
        self._reader = _connect(path)
        self._reader.execute("PRAGMA query_only=ON")

    @classmethod
    def open(cls, path: Path, suite_name: str, wrapping: bytes | None = None) -> "Store":
        """Open or make the store at ``path``; see the constructor."""
        return cls(path, suite_name, wrapping)

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        # FULL: a committed row survives a power cut, not only a crash of the process
        self._db.execute("PRAGMA synchronous=FULL")
        with self.transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in (*TABLES, *TRIGGERS):
                    db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('suite', ?)", (self.suite.name,))
                db.execute(f"PRAGMA user_version={VERSION}")
            elif version != VERSION:
                raise StoreInvalid(
                    f"StoreInvalid: {self.path} is of version {version}, this node writes {VERSION}"
                )
            held = db.execute("SELECT value FROM meta WHERE name = 'suite'").fetchone()[0]
            if held != self.suite.name:
                raise StoreInvalid(
                    f"StoreInvalid: {self.path} is chained by suite {held}, this node is set to "
                    f"{self.suite.name}; begin a new store"
                )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a writing transaction of this thread's turn."""
        with self._lock:
            # SQLite would go on writing into a file that nobody can find any more
            if _identity(self.path) != self._file:
                raise StoreGone(f"StoreGone: {self.path} was removed or replaced; put it back")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close it; nothing is lost that was committed."""
        with self._lock, self._reading:
            self._db.close()
            self._reader.close()

    def _read(self, sql: str, values: Sequence[int | str] = ()) -> list[Any]:
        with self._reading:
            return self._reader.execute(sql, values).fetchall()

    # --- writing --------------------------------------------------------------------------------

    def commit(self, batch: Sequence[Entry]) -> list[Told]:
        """Take a group of entries, durably; give for each where it stands, or why it is refused.

        Raise sqlite3.Error (a full disk, say) or StoreGone: then nothing of the group was kept.
        """
        told: list[Told] = []
        rows: list[tuple[int, str, str, str, str, str]] = []
        looks: list[tuple[str, int]] = []
        with self.transaction() as db:
            seq, previous, last = _head(db)
            here = clock.now()
            now = max(here, last)
            day = now.astimezone(_CHINA).date().isoformat()
            judge = Judge(db, batch, day)
            for entry in batch:
                try:
                    sealed = self._sealed(entry, seq, now, previous)
                except (RowInvalid, StoreInvalid) as unfit:
                    told.append(unfit)
                    continue
                if (why := judge.refused(entry)) is not None:
                    told.append(why)
                    continue
                for row in sealed:
                    draft = row.draft
                    rows.append((row.seq, row.at, draft.kind, draft.call, row.hash, row.text))
                    if draft.kind == "answer" and draft.side == "provider":
                        looks.extend((mark, row.seq) for mark in draft.subjects)
                if self._bodies is not None:
                    self._bodies.keep(db, seq + 1, entry.bodies)
                for write in entry.writes:
                    db.executemany(write.sql, write.values)
                told.append(Committed(seq + 1, seq + len(sealed)))
                if sealed:
                    seq, previous = sealed[-1].seq, sealed[-1].hash
            judge.keep(db)
            insert(db, "INSERT INTO log VALUES", rows)
            insert(db, "INSERT INTO look VALUES", looks)
            self._commits += 1
            if self._commits % _PURGE_EVERY == 1:
                # by the clock, not by the rows: rows stay ahead where the clock once ran ahead, and
                # to forget by them would forget the nonces of this very second
                forget(db, int(here.timestamp()) - _MARGIN)
        return told

    def commit_one(self, entry: Entry) -> Committed:
        """Take one entry, durably; raise what `commit` gives for it, or raises."""
        (told,) = self.commit([entry])
        if isinstance(told, Committed):
            return told
        raise told

    def _sealed(self, entry: Entry, seq: int, now: datetime, previous: str) -> list[Row]:
        """Seal the rows of an entry; raise RowInvalid or StoreInvalid for this entry alone."""
        if entry.bodies and self._bodies is None:
            raise StoreInvalid("StoreInvalid: bodies are to be kept and no wrapping key was given")
        sealed = []
        for draft in entry.rows:
            seq += 1
            row = seal_row(draft, seq, now, previous, self.suite)
            previous = row.hash
            sealed.append(row)
        return sealed

    def erase(self, seq: int, authority: str, actor: str, reason: str) -> Committed:
        """Destroy the key of a kept body because a law wants it; a row tells so.

        The chain stays as it was; the bytes of key and body are overwritten in the file, not only
        unlinked. Raise LookupError where no body is kept, ValueError where no legal basis is named.
        """
        if not authority or not actor or not reason:
            raise ValueError("name the legal basis, the actor and the reason of an erasure")
        told = RowDraft(
            "provider",
            "erasure",
            f"erasure-{seq}",
            operation=authority,
            issue=reason,
            user=actor,
        )
        with self._lock:
            self._db.execute("PRAGMA secure_delete=ON")
        try:
            with self.transaction() as db:
                if not db.execute("SELECT 1 FROM record_key WHERE seq = ?", (seq,)).fetchone():
                    raise LookupError(f"no body of row {seq} is kept")
                last, previous, before = _head(db)
                row = seal_row(told, last + 1, max(clock.now(), before), previous, self.suite)
                db.execute(
                    "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)",
                    (row.seq, row.at, told.kind, told.call, row.hash, row.text),
                )
                db.execute("DELETE FROM record_key WHERE seq = ?", (seq,))
                db.execute("DELETE FROM body WHERE seq = ?", (seq,))
        finally:
            with self._lock:
                self._db.execute("PRAGMA secure_delete=OFF")
                # old pages lie in the write-ahead log until it is written back and cut to nothing
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return Committed(row.seq, row.seq)

    # --- reading --------------------------------------------------------------------------------

    def rows(self, since: int = 1, limit: int = _ROWS_AT_ONCE) -> list[Kept]:
        """Give the rows from number ``since`` on, at most ``limit``."""
        found = self._read(
            "SELECT seq, hash, text FROM log WHERE seq >= ? ORDER BY seq LIMIT ?", (since, limit)
        )
        return [Kept(*row) for row in found]

    def size(self) -> int:
        """Give how many rows there are."""
        return int(self._read("SELECT COALESCE(MAX(seq), 0) FROM log")[0][0])

    def usage(self, grant: str, day: str) -> tuple[int, int]:
        """Give calls and records of a grant on a day (ISO, UTC+8)."""
        found = self._read(
            "SELECT calls, records FROM usage WHERE grant_id = ? AND day = ?", (grant, day)
        )
        return (int(found[0][0]), int(found[0][1])) if found else (0, 0)

    def looks(self, since: int, limit: int = _LONGEST_LOOKS) -> list[dict[str, Any]]:
        """Give what to tell of who looked at whom, from row ``since`` on: answers with subjects."""
        found = self._read(
            "SELECT seq, text FROM log WHERE seq IN (SELECT DISTINCT seq FROM look"
            " WHERE seq >= ? ORDER BY seq LIMIT ?) ORDER BY seq",
            (since, limit),
        )
        told = []
        for seq, text in found:
            row = read_row(text, self.suite)
            draft = row.draft
            told.append(
                {
                    "seq": seq,
                    "at": row.at,
                    "subjects": list(draft.subjects),
                    "call": draft.call,
                    "client": draft.client,
                    "service": draft.service,
                    "purposes": list(draft.purposes),
                    "consent": draft.consent,
                    "issue": draft.issue,
                    "status": draft.status,
                }
            )
        return told

    def looks_of(self, mark: str, limit: int = _LONGEST_LOOKS) -> list[int]:
        """Give the numbers of the answers that name this mark, newest first."""
        found = self._read(
            "SELECT seq FROM look WHERE mark = ? ORDER BY seq DESC LIMIT ?", (mark, limit)
        )
        return [int(row[0]) for row in found]

    def body(self, seq: int) -> bytes | None:
        """Give the body that was kept with a row; None: none was, or it was erased."""
        found = self._read(READ_BODY, (seq,))
        return self._bodies.open(seq, found[0]) if found and self._bodies is not None else None

    # --- checkpoints ----------------------------------------------------------------------------

    def checkpoint(self, node: str, keyid: str, signer: Signer) -> dict[str, Any] | None:
        """Sign a checkpoint over all rows so far and keep it; None where no row is new."""
        frontier, head = self._grown()
        if not frontier.size:
            return None
        document = checkpoint(node, frontier, head, clock.now(), self.suite)
        sealed = seal_document(document, keyid, signer, keyid.split("/")[1])
        with self.transaction() as db:
            taken = "SELECT 1 FROM checkpoint WHERE size = ?"
            if db.execute(taken, (frontier.size,)).fetchone():
                return None
            text = json.dumps(sealed, ensure_ascii=False)
            db.execute(
                "INSERT INTO checkpoint (size, document) VALUES (?, ?)", (frontier.size, text)
            )
            db.execute("DELETE FROM frontier")
            db.execute("INSERT INTO frontier VALUES (?, ?)", (frontier.size, str(frontier)))
        return sealed

    def _grown(self) -> tuple[Frontier, str]:
        """Give the frontier of the whole log and the hash of its last row."""
        kept = self._read("SELECT peaks FROM frontier")
        frontier = Frontier.read(kept[0][0]) if kept else Frontier()
        digest, head = self.suite.digest, ""
        while rows := self.rows(frontier.size + 1):
            leaves = [leaf_hash(bytes.fromhex(row.hash), digest) for row in rows]
            frontier, head = frontier.grown(leaves, digest), rows[-1].hash
        if not head and frontier.size:
            head = self.rows(frontier.size, 1)[0].hash
        return frontier, head

    def unhanded(self, limit: int = 100) -> list[tuple[int, dict[str, Any]]]:
        """Give the checkpoints that the control plane has not got yet, oldest first."""
        found = self._read(
            "SELECT size, document FROM checkpoint WHERE handed = 0 ORDER BY size LIMIT ?", (limit,)
        )
        return [(int(size), json.loads(text)) for size, text in found]

    def handed(self, sizes: Iterable[int]) -> None:
        """Note that the control plane has got these."""
        with self.transaction() as db:
            db.executemany("UPDATE checkpoint SET handed = 1 WHERE size = ?", [(s,) for s in sizes])

    def remember(self, name: str, value: str) -> None:
        """Keep a small fact of the node's own (how far looks were handed in, say)."""
        with self.transaction() as db:
            db.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?",
                (f"own.{name}", value, value),
            )

    def remembered(self, name: str) -> str:
        """Give what was kept under this name; empty: nothing."""
        found = self._read("SELECT value FROM meta WHERE name = ?", (f"own.{name}",))
        return str(found[0][0]) if found else ""


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)


def _head(db: sqlite3.Connection) -> tuple[int, str, datetime]:
    found = db.execute("SELECT seq, hash, at FROM log ORDER BY seq DESC LIMIT 1").fetchone()
    if found is None:
        return 0, "", datetime.min.replace(tzinfo=UTC)
    return int(found[0]), str(found[1]), datetime.fromisoformat(found[2])


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked for every group; a Path costs more than the call
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)
