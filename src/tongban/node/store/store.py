"""A node's store (节点存储): one SQLite file with the log of its calls and what must stand with it.

One transaction takes a group of entries: rows, nonces and quotas together, or none of it. Several
processes may share the file; the chain is one. What one entry spoils (a replayed nonce, a spent
quota) is refused to that entry alone.
"""

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tongban.kernel.merkle import Frontier, leaf_hash
from tongban.kernel.suites import NONCE_BYTES, Signer, suite
from tongban.kernel.wire.documents import seal_document
from tongban.kernel.wire.rows import Kept, RowDraft, checkpoint, read_row, seal_row
from tongban.node import clock
from tongban.node.store.schema import TABLES, TRIGGERS, VERSION
from tongban.node.store.words import (
    Committed,
    Entry,
    NonceSeen,
    QuotaSpent,
    StoreInvalid,
    Usage,
)

_PATIENCE = 5.0  # seconds to wait for another process that writes
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
        self._wrapping = wrapping
        self._commits = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._db = _connect(path)
        try:
            self._prepare()
        except sqlite3.DatabaseError as wrong:
            self._db.close()
            raise StoreInvalid(f"StoreInvalid: {path}: {wrong}") from wrong
        except StoreInvalid:
            self._db.close()
            raise

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
        with self._lock:
            self._db.close()

    # --- writing --------------------------------------------------------------------------------

    def commit(self, batch: Sequence[Entry]) -> list[Committed | NonceSeen | QuotaSpent]:
        """Take a group of entries, durably; give for each where it stands, or why it is refused.

        Raise sqlite3.Error (a full disk, say): then nothing of the group was kept.
        """
        told: list[Committed | NonceSeen | QuotaSpent] = []
        rows: list[tuple[int, str, str, str, str, str]] = []
        looks: list[tuple[str, int]] = []
        with self.transaction() as db:
            seq, previous, last = _head(db)
            now = max(clock.now(), last)
            day = now.astimezone(_CHINA).date().isoformat()
            for entry in batch:
                refused = _refused(db, entry, day)
                if refused is not None:
                    told.append(refused)
                    continue
                first = seq + 1
                for draft in entry.rows:
                    seq += 1
                    row = seal_row(draft, seq, now, previous, self.suite)
                    previous = row.hash
                    rows.append((seq, row.at, draft.kind, draft.call, row.hash, row.text))
                    if draft.kind == "answer" and draft.side == "provider":
                        looks.extend((mark, seq) for mark in draft.subjects)
                self._keep_bodies(db, entry, first)
                for write in entry.writes:
                    db.executemany(write.sql, write.values)
                told.append(Committed(first, seq))
            db.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", rows)
            if looks:
                db.executemany("INSERT INTO look VALUES (?, ?)", looks)
            self._commits += 1
            if self._commits % _PURGE_EVERY == 1:
                dead = int(now.timestamp()) - _MARGIN
                db.execute("DELETE FROM nonce WHERE expires < ?", (dead,))
        return told

    def _keep_bodies(self, db: sqlite3.Connection, entry: Entry, first: int) -> None:
        if not entry.bodies:
            return
        if self._wrapping is None:
            raise StoreInvalid("StoreInvalid: bodies are to be kept and no wrapping key was given")
        outer = self.suite.cipher(self._wrapping[: self.suite.cipher_key_bytes])
        for place, body in entry.bodies:
            seq = first + place
            key = secrets.token_bytes(self.suite.cipher_key_bytes)
            nonce, around = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(NONCE_BYTES)
            context = str(seq).encode()
            sealed = self.suite.cipher(key).seal(nonce, body, context)
            db.execute("INSERT INTO body VALUES (?, ?, ?)", (seq, nonce, sealed))
            wrapped = outer.seal(around, key, context)
            db.execute("INSERT INTO record_key VALUES (?, ?, ?)", (seq, around, wrapped))

    def erase(self, seq: int, authority: str, actor: str, reason: str) -> Committed:
        """Destroy the key of a kept body because a law wants it; a row tells so.

        The chain stays as it was. Raise LookupError where no body is kept, ValueError where no
        legal basis is named.
        """
        if not authority or not actor or not reason:
            raise ValueError("name the legal basis, the actor and the reason of an erasure")
        with self.transaction() as db:
            gone = db.execute("DELETE FROM record_key WHERE seq = ?", (seq,)).rowcount
            if not gone:
                raise LookupError(f"no body of row {seq} is kept")
            db.execute("DELETE FROM body WHERE seq = ?", (seq,))
            last, previous, before = _head(db)
            told = RowDraft(
                "provider",
                "erasure",
                f"erasure-{seq}",
                operation=authority,
                issue=reason,
                user=actor,
            )
            row = seal_row(told, last + 1, max(clock.now(), before), previous, self.suite)
            db.execute(
                "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)",
                (row.seq, row.at, told.kind, told.call, row.hash, row.text),
            )
        return Committed(row.seq, row.seq)

    # --- reading --------------------------------------------------------------------------------

    def rows(self, since: int = 1, limit: int = _ROWS_AT_ONCE) -> list[Kept]:
        """Give the rows from number ``since`` on, at most ``limit``."""
        with self._lock:
            found = self._db.execute(
                "SELECT seq, hash, text FROM log WHERE seq >= ? ORDER BY seq LIMIT ?",
                (since, limit),
            )
            return [Kept(*row) for row in found]

    def size(self) -> int:
        """Give how many rows there are."""
        with self._lock:
            return int(self._db.execute("SELECT COALESCE(MAX(seq), 0) FROM log").fetchone()[0])

    def usage(self, grant: str, day: str) -> tuple[int, int]:
        """Give calls and records of a grant on a day (ISO, UTC+8)."""
        with self._lock:
            found = self._db.execute(
                "SELECT calls, records FROM usage WHERE grant_id = ? AND day = ?", (grant, day)
            ).fetchone()
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def looks(self, since: int, limit: int = _LONGEST_LOOKS) -> list[dict[str, Any]]:
        """Give what to tell of who looked at whom, from row ``since`` on: answers with subjects."""
        with self._lock:
            found = self._db.execute(
                "SELECT seq, text FROM log WHERE seq IN (SELECT DISTINCT seq FROM look"
                " WHERE seq >= ? ORDER BY seq LIMIT ?) ORDER BY seq",
                (since, limit),
            ).fetchall()
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
        with self._lock:
            found = self._db.execute(
                "SELECT seq FROM look WHERE mark = ? ORDER BY seq DESC LIMIT ?", (mark, limit)
            )
            return [int(row[0]) for row in found]

    def body(self, seq: int) -> bytes | None:
        """Give the body that was kept with a row; None: none was, or it was erased."""
        with self._lock:
            found = self._db.execute(
                "SELECT b.nonce, sealed, k.nonce, wrapped FROM body b JOIN record_key k"
                " USING (seq) WHERE seq = ?",
                (seq,),
            ).fetchone()
        if found is None or self._wrapping is None:
            return None
        nonce, sealed, around, wrapped = found
        context = str(seq).encode()
        outer = self.suite.cipher(self._wrapping[: self.suite.cipher_key_bytes])
        return self.suite.cipher(outer.open(around, wrapped, context)).open(nonce, sealed, context)

    # --- checkpoints ----------------------------------------------------------------------------

    def checkpoint(self, node: str, keyid: str, signer: Signer) -> dict[str, Any] | None:
        """Sign a checkpoint over all rows so far and keep it; None where no row is new."""
        frontier, head = self._grown()
        if not frontier.size:
            return None
        document = checkpoint(node, frontier, head, clock.now(), self.suite)
        sealed = seal_document(document, keyid, signer, keyid.split("/")[1])
        peaks = json.dumps([peak.hex() for peak in frontier.peaks])
        with self.transaction() as db:
            taken = "SELECT 1 FROM checkpoint WHERE size = ?"
            if db.execute(taken, (frontier.size,)).fetchone():
                return None
            text = json.dumps(sealed, ensure_ascii=False)
            db.execute(
                "INSERT INTO checkpoint (size, document) VALUES (?, ?)", (frontier.size, text)
            )
            db.execute("DELETE FROM frontier")
            db.execute("INSERT INTO frontier VALUES (?, ?)", (frontier.size, peaks))
        return sealed

    def _grown(self) -> tuple[Frontier, str]:
        """Give the frontier of the whole log and the hash of its last row."""
        with self._lock:
            kept = self._db.execute("SELECT size, peaks FROM frontier").fetchone()
        frontier = (
            Frontier(kept[0], tuple(map(bytes.fromhex, json.loads(kept[1]))))
            if kept
            else Frontier()
        )
        digest, head = self.suite.digest, ""
        while rows := self.rows(frontier.size + 1):
            leaves = [leaf_hash(bytes.fromhex(row.hash), digest) for row in rows]
            frontier, head = frontier.grown(leaves, digest), rows[-1].hash
        if not head and frontier.size:
            head = self.rows(frontier.size, 1)[0].hash
        return frontier, head

    def unhanded(self, limit: int = 100) -> list[tuple[int, dict[str, Any]]]:
        """Give the checkpoints that the control plane has not got yet, oldest first."""
        with self._lock:
            found = self._db.execute(
                "SELECT size, document FROM checkpoint WHERE handed = 0 ORDER BY size LIMIT ?",
                (limit,),
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
        with self._lock:
            found = self._db.execute(
                "SELECT value FROM meta WHERE name = ?", (f"own.{name}",)
            ).fetchone()
        return str(found[0]) if found else ""


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)


def _head(db: sqlite3.Connection) -> tuple[int, str, datetime]:
    found = db.execute("SELECT seq, hash, at FROM log ORDER BY seq DESC LIMIT 1").fetchone()
    if found is None:
        return 0, "", datetime.min.replace(tzinfo=UTC)
    return int(found[0]), str(found[1]), datetime.fromisoformat(found[2])


def _refused(db: sqlite3.Connection, entry: Entry, day: str) -> NonceSeen | QuotaSpent | None:
    for use in entry.usage:
        if _spent(db, use, day):
            return QuotaSpent(use.grant)
    if entry.nonce is not None:
        told = (entry.nonce.keyid, entry.nonce.nonce, entry.nonce.expires)
        if not db.execute("INSERT OR IGNORE INTO nonce VALUES (?, ?, ?)", told).rowcount:
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


def read_only(path: Path) -> Iterator[Kept]:
    """Give every row of a store's file in order, opened for reading only; raise sqlite3.Error."""
    uri = path.resolve().as_uri() + "?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        for row in db.execute("SELECT seq, hash, text FROM log ORDER BY seq"):
            yield Kept(*row)


def write_checkpoint(folder: Path, sealed: dict[str, Any]) -> Path:
    """Write a signed checkpoint into a file of its own, durably, and never over another one.

    The folder belongs outside the store, best where the store's owner cannot write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sealed['document']['size']:012d}.json"
    draft = folder / f".{path.name}.{os.getpid()}"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(sealed, file, ensure_ascii=False, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails where it is there already: a checkpoint is never replaced
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path
