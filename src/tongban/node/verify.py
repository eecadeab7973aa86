"""Checks a node's log from its file alone: chain, hashes, gaps, checkpoints, signatures.

Names the first row that does not hold, in plain words, and says what was checked and what was not.
Needs neither the node nor the control plane; the checkpoints that count are those that the log's
owner could not rewrite.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tongban.kernel.suites import Suite, Verifier, suite
from tongban.kernel.wire.documents import DocumentInvalid, open_document
from tongban.kernel.wire.rows import CHECKPOINT, Broken, Checker, Kept
from tongban.kernel.wire.snapshot import Key, SnapshotInvalid, read_snapshot

_DIGEST_DIGITS = 64


class EvidenceInvalid(ValueError):
    """A file that was given to check by is not what it should be; name the right one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found; ``broken`` is empty where everything that was checked holds."""

    log: str
    suite: str
    snapshots: tuple[str, ...]
    rows: int
    read: int
    broken_row: int
    broken: str
    checkpoints: int
    matched: int
    unsigned: int
    signatures: int
    unchecked: int
    bare: int
    root: str

    def as_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


def read_keys(snapshots: Sequence[Path]) -> dict[str, Key]:
    """Give the public keys of these snapshot files, signed or bare; raise EvidenceInvalid.

    Keys of every file count, whatever their validity: a row was signed when it was written.
    """
    keys: dict[str, Key] = {}
    for path in snapshots:
        told = _json(path)
        try:
            keys |= read_snapshot(told.get("document", told)).keys
        except SnapshotInvalid as wrong:
            raise EvidenceInvalid(f"EvidenceInvalid: {path}: {wrong}") from wrong
    return keys


def _json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise EvidenceInvalid(f"EvidenceInvalid: {path}: {wrong}") from wrong
    if not isinstance(told, dict):
        raise EvidenceInvalid(f"EvidenceInvalid: {path} holds no object")
    return told


def beside(log: Path) -> tuple[Path, ...]:
    """Give the snapshot that a node keeps in the folder of its log, where there is one.

    Whoever can rewrite the log there can rewrite it too: it stands in for one that was kept
    elsewhere, and a report says so.
    """
    found = log.with_name("snapshot.json")
    return (found,) if found.is_file() else ()


@dataclass(frozen=True, slots=True)
class Roots:
    """The roots of checkpoint files by size, and how many were not signed by a known key."""

    by_size: Mapping[int, str]
    unsigned: int


def read_checkpoints(folder: Path | None, keys: Mapping[str, Key]) -> Roots:
    """Read the checkpoint files of a folder; raise EvidenceInvalid for one that does not hold.

    Without any keys the signatures are not checked, and counted so.
    """
    roots: dict[int, str] = {}
    unsigned = 0
    paths = sorted(folder.glob("*.json")) if folder is not None else []
    if folder is not None and not folder.is_dir():
        raise EvidenceInvalid(f"EvidenceInvalid: {folder} is no folder of checkpoints")
    for path in paths:
        sealed = _json(path)
        document = sealed.get("document")
        if not isinstance(document, dict) or document.get("format") != CHECKPOINT:
            raise EvidenceInvalid(f"EvidenceInvalid: {path} is no checkpoint")
        if sealed.get("key") in keys:
            try:
                open_document(sealed, keys.get)
            except DocumentInvalid as wrong:
                raise EvidenceInvalid(f"EvidenceInvalid: {path}: {wrong}") from wrong
        elif keys:
            raise EvidenceInvalid(
                f"EvidenceInvalid: {path} is signed by {sealed.get('key')}, whom no snapshot names"
            )
        else:
            unsigned += 1
        size, root = document.get("size"), document.get("root")
        if type(size) is not int or not isinstance(root, str) or len(root) != _DIGEST_DIGITS:
            raise EvidenceInvalid(f"EvidenceInvalid: {path} states no size and root")
        if roots.setdefault(size, root) != root:
            raise EvidenceInvalid(f"EvidenceInvalid: {path}: two roots were signed for {size} rows")
    return Roots(roots, unsigned)


def verify(
    log: Path,
    *,
    checkpoints: Path | None = None,
    snapshots: Sequence[Path] = (),
    since: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Check a log; raise EvidenceInvalid, sqlite3.Error.

    ``since`` is a row number or an instant (ISO 8601): rows before it are only counted into the
    roots. ``progress`` is told the number of rows now and then.
    """
    keys = read_keys(snapshots)
    roots = read_checkpoints(checkpoints, keys)
    uri = log.resolve().as_uri() + "?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        by = _suite(db)
        first = _first(db, since)

        def key_of(keyid: str) -> Verifier | None:
            return keys[keyid].verifier if keyid in keys else None

        checker = Checker(by, roots.by_size, key_of if keys else None)
        broken = _walk(db, checker, first, progress) or checker.end()
    return Report(
        str(log),
        by.name,
        tuple(map(str, snapshots)),
        checker.frontier.size,
        max(0, checker.frontier.size - first + 1),
        broken.seq if broken else 0,
        broken.why if broken else "",
        len(roots.by_size),
        checker.matched,
        roots.unsigned,
        checker.signatures,
        checker.unchecked,
        checker.bare,
        checker.frontier.root(by.digest).hex(),
    )


def _walk(
    db: sqlite3.Connection, checker: Checker, first: int, progress: Callable[[int], None]
) -> Broken | None:
    passed = db.execute("SELECT seq, hash FROM log WHERE seq < ? ORDER BY seq", (first,))
    for seq, row_hash in passed:
        if broken := checker.pass_over(seq, row_hash):
            return broken
    looks = 0
    query = "SELECT seq, hash, text, at, kind, call FROM log WHERE seq >= ? ORDER BY seq"
    for seq, row_hash, text, *copies in db.execute(query, (first,)):
        if broken := checker.check(Kept(seq, row_hash, text)):
            return broken
        if (row := checker.row) is not None:
            draft = row.draft
            if copies != [row.at, draft.kind, draft.call]:
                return Broken(seq, "what the table says of it is not what its text says")
            if draft.kind == "answer" and draft.side == "provider":
                looks += len(set(draft.subjects))
        if seq % 10_000 == 0:
            progress(seq)
    found = db.execute("SELECT COUNT(*) FROM look WHERE seq >= ?", (first,)).fetchone()[0]
    if found != looks:
        return Broken(
            checker.frontier.size,
            f"up to here the rows name {looks} looks at somebody's data and the index of looks has"
            f" {found}",
        )
    return None


def _suite(db: sqlite3.Connection) -> Suite:
    found = db.execute("SELECT value FROM meta WHERE name = 'suite'").fetchone()
    if found is None:
        raise EvidenceInvalid("EvidenceInvalid: the file is no log of a node")
    return suite(found[0])


def _first(db: sqlite3.Connection, since: str) -> int:
    if not since:
        return 1
    if since.isdecimal():
        return max(1, int(since))
    found = db.execute("SELECT MIN(seq) FROM log WHERE at >= ?", (since,)).fetchone()[0]
    if found is None:
        return int(db.execute("SELECT COALESCE(MAX(seq), 0) + 1 FROM log").fetchone()[0])
    return int(found)
