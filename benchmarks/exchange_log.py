"""The node's log: rows a second, chained and durable, beside plain inserts of the same bytes.

The peer writes the very texts and hashes that ours made into the same tables, without making them:
what is left over is what the chain, the nonces and the triggers cost.
"""

import secrets
import sqlite3
import tempfile
import time
from base64 import b64encode
from contextlib import closing
from pathlib import Path

from benchmarks.common import Row
from tongban.kernel.wire.rows import Checker, RowDraft, verify_rows
from tongban.node.store import Entry, Nonce, Store, read_only

CALLS = 20_000
BASE = "\n".join(f'"component-{n}": {"x" * 60}' for n in range(8))


def _entry(number: int) -> Entry:
    """Make a call and its answer that state what they were signed for, as a verifier demands."""
    call, client = f"{number:032x}", "CN-330100/GOV/11330100MB1A23019Q/tongban"
    service = "CN-330100/GOV/1133010000250101XW/data/population"
    purposes, issue = ("household-registration",), "20261123-AAAAAAAAAA"
    keyid, signature = "11330100MB1A23019Q/std/0123456789abcdef", "ab" * 64
    digest = "sha-256=:" + "A" * 44 + ":"
    parameters = f';created=1;keyid="{keyid}";tag=1'
    parts = {
        "call": call,
        "client": client,
        "digest": digest,
        "signature_input": f"tb={parameters}",
        "service": service,
        "operation": "find",
        "purposes": purposes,
        "grants": ("CN-330100.g12",),
        "issue": issue,
        "signature": signature,
        "keyid": keyid,
        "subjects": ("cd" * 16,),
    }
    both = f'"content-digest": {digest}\n"x-road-id": {call}'
    request = (
        f'"@path": /r1/{service}/find\n"x-road-client": {client}\n"x-road-issue": {issue}\n'
        f'"tb-purpose": {", ".join(purposes)}'
    )
    bound = b64encode(bytes.fromhex(signature)).decode()
    answer = f'"@status": 200\n"@path";req: /r1/{service}/find\n"signature";req;key="tb": :{bound}:'
    end = f'"@signature-params": {parameters}'
    asked = RowDraft("provider", "request", base="\n".join((BASE, both, request, end)), **parts)  # type: ignore[arg-type]
    answered = RowDraft(
        "provider",
        "answer",
        status=200,
        records=1,
        base="\n".join((BASE, both, answer, end)),
        **parts,  # type: ignore[arg-type]
    )
    return Entry((asked, answered), Nonce("k", secrets.token_urlsafe(16), 4_000_000_000))


def _ours(path: Path, group: int, calls: int) -> float:
    entries = [_entry(number) for number in range(calls)]
    store = Store.open(path, "std")
    began = time.perf_counter()
    for start in range(0, calls, group):
        store.commit(entries[start : start + group])
    seconds = time.perf_counter() - began
    store.close()
    return 2 * calls / seconds


def _plain(path: Path, source: Path, group: int) -> float:
    rows = [(row.seq, row.hash, row.text) for row in read_only(source)]
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, hash TEXT, text TEXT)")
        began = time.perf_counter()
        for start in range(0, len(rows), 2 * group):
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO log VALUES (?, ?, ?)", rows[start : start + 2 * group])
            db.execute("COMMIT")
        return len(rows) / (time.perf_counter() - began)


def run() -> list[Row]:
    """Measure groups of 1, 10 and 100 calls, and how fast a log is verified."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for group, calls in ((1, 2_000), (10, CALLS), (100, CALLS)):
            ours = _ours(Path(folder) / f"ours-{group}", group, calls)
            peer = _plain(Path(folder) / f"peer-{group}", Path(folder) / f"ours-{group}", group)
            note = "about 1.9 KB a row; two rows a call, a nonce and a mark with them"
            what = f"log rows, {group} calls a commit"
            made.append(Row(what, ours, peer, "plain SQLite inserts", "1/s", "more", note))
        path = Path(folder) / "ours-100"
        began = time.perf_counter()
        broken = verify_rows(read_only(path), Checker(Store.open(path, "std").suite))
        if broken is not None:
            raise AssertionError(f"the log that was just written does not stand: {broken}")
        rate = 2 * CALLS / (time.perf_counter() - began)
        began = time.perf_counter()
        read = sum(len(row.text) for row in read_only(path))
        bare = 2 * CALLS / (time.perf_counter() - began)
        note = f"{read / 1e6:.0f} MB; chain, hashes and Merkle root"
        made.append(Row("log rows verified", rate, bare, "reading them", "1/s", "more", note))
    return made
