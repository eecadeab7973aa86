"""The node's store: what is committed stands, in one chain, and nothing of it can be changed."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from testkit.clock import Clock
from tongban.kernel.merkle import leaf_hash, root
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id
from tongban.kernel.wire.rows import (
    Checker,
    Kept,
    RowDraft,
    RowInvalid,
    read_row,
    seal_row,
    verify_rows,
)
from tongban.node.commands.verify import verify_
from tongban.node.store import (
    CheckpointForked,
    Committed,
    Entry,
    Nonce,
    NonceSeen,
    QuotaSpent,
    Store,
    StoreGone,
    StoreInvalid,
    Usage,
    read_only,
    write_checkpoint,
)

STD = suite("std")
SIGNER = STD.signer(bytes(31) + b"\x07")
KEYID = key_id("11330100MB1A23019Q", STD, SIGNER.public)
WRAPPING = bytes(range(32))
LATER = 4_000_000_000


def call(number: int, nonce: str = "", **usage: int) -> Entry:
    """Give the entry of a call that was served to a client, about one person."""
    mark = f"{number % 7:032x}"
    asked = RowDraft("provider", "request", f"c{number}", client="CN", subjects=(mark,))
    answered = RowDraft("provider", "answer", f"c{number}", status=200, subjects=(mark,))
    used = Usage("g1", 1, usage.get("records", 1), usage["calls"], usage.get("most", 0))
    return Entry(
        (asked, answered),
        Nonce(KEYID, nonce or f"n{number}", LATER),
        (used,) if usage["calls"] else (),
    )


def plain(number: int, nonce: str = "") -> Entry:
    return call(number, nonce, calls=0)


@pytest.fixture(params=["std", "gm"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "log.sqlite3", request.param, WRAPPING)
    yield opened
    opened.close()


def stands(store: Store) -> bool:
    return verify_rows(read_only(store.path), Checker(store.suite)) is None


def test_two_rows_a_call_stand_in_one_chain_without_a_gap(store: Store) -> None:
    assert store.commit([plain(1), plain(2)]) == [Committed(1, 2), Committed(3, 4)]
    assert store.commit([plain(3)]) == [Committed(5, 6)]
    assert [row.seq for row in store.rows()] == [1, 2, 3, 4, 5, 6]
    assert stands(store)


def test_a_replay_is_refused_and_spoils_nobody_elses_entry(store: Store) -> None:
    first, again, other = store.commit([plain(1, "same"), plain(2, "same"), plain(3)])
    assert isinstance(again, NonceSeen)
    assert (first, other) == (Committed(1, 2), Committed(3, 4))
    (later,) = store.commit([plain(4, "same")])
    assert isinstance(later, NonceSeen)
    assert stands(store)


def test_a_nonce_is_remembered_by_another_process_and_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    one, other = Store.open(path, "std"), Store.open(path, "std")
    assert isinstance(one.commit([plain(1, "same")])[0], Committed)
    assert isinstance(other.commit([plain(2, "same")])[0], NonceSeen)
    one.close()
    other.close()
    again = Store.open(path, "std")
    assert isinstance(again.commit([plain(3, "same")])[0], NonceSeen)
    again.close()


def test_a_quota_is_exact_within_one_group_and_over_groups(store: Store) -> None:
    told = store.commit([call(n, calls=3) for n in range(5)])
    assert [isinstance(one, Committed) for one in told] == [True, True, True, False, False]
    assert isinstance(told[3], QuotaSpent)
    assert isinstance(store.commit([call(9, calls=3)])[0], QuotaSpent)
    day = read_row(store.rows()[0].text, store.suite).at[:10]
    assert store.usage("g1", day) == (3, 3) or store.usage("g1", _next(day)) == (3, 3)
    records = store.commit([call(20, calls=10, records=8, most=10)])
    assert isinstance(records[0], QuotaSpent)


def _next(day: str) -> str:
    return datetime.fromordinal(datetime.fromisoformat(day).toordinal() + 1).date().isoformat()


def test_a_quota_that_was_spent_leaves_the_nonce_unused(store: Store) -> None:
    store.commit([call(1, calls=1)])
    assert isinstance(store.commit([call(2, "kept", calls=1)])[0], QuotaSpent)
    assert isinstance(store.commit([plain(2, "kept")])[0], Committed)


def test_the_quota_of_a_day_begins_anew_at_midnight_in_china(tmp_path: Path, clock: Clock) -> None:
    clock.freeze("2026-11-23T23:59:00+08:00")
    store = Store.open(tmp_path / "log.sqlite3", "std")
    store.commit([call(1, calls=1)])
    assert isinstance(store.commit([call(2, calls=1)])[0], QuotaSpent)
    clock.freeze("2026-11-24T00:00:00+08:00")
    assert isinstance(store.commit([call(3, calls=1)])[0], Committed)
    store.close()


def test_a_clock_that_is_set_back_turns_no_row_round(tmp_path: Path, clock: Clock) -> None:
    clock.freeze("2026-11-23T09:00:00+08:00")
    store = Store.open(tmp_path / "log.sqlite3", "std")
    store.commit([plain(1)])
    clock.freeze("2026-11-20T09:00:00+08:00")
    store.commit([plain(2)])
    times = [read_row(row.text, STD).at for row in store.rows()]
    assert times == ["2026-11-23T01:00:00.000000Z"] * 4
    assert stands(store)
    store.close()


@pytest.mark.slow
def test_a_nonce_is_forgotten_only_after_its_message_has_expired(
    tmp_path: Path, clock: Clock
) -> None:
    clock.freeze("2026-11-23T09:00:00+08:00")
    store = Store.open(tmp_path / "log.sqlite3", "std")
    expires = int(datetime.fromisoformat("2026-11-23T09:01:00+08:00").timestamp())
    entry = replace(plain(1), nonce=Nonce(KEYID, "short", expires))
    store.commit([entry])
    clock.freeze("2026-11-23T09:01:30+08:00")
    store.commit([plain(n) for n in range(2, 4)])
    for number in range(1200):  # long enough for a purge
        store.commit([plain(100 + number)])
    assert isinstance(store.commit([entry])[0], NonceSeen)
    assert nonces(store, "short") == 1
    clock.freeze("2026-11-23T09:03:00+08:00")
    for number in range(1200):
        store.commit([plain(5000 + number)])
    assert nonces(store, "short") == 0
    store.close()


def test_a_clock_that_ran_ahead_and_is_set_back_lets_no_replay_in(
    tmp_path: Path, clock: Clock
) -> None:
    """Ahead, it makes the store forget; set right again, the forgotten message is good again."""
    clock.freeze("2026-11-23T09:00:00+08:00")
    store = Store.open(tmp_path / "log.sqlite3", "std")
    expires = int(datetime.fromisoformat("2026-11-23T09:01:00+08:00").timestamp())
    store.commit([replace(plain(1), nonce=Nonce(KEYID, "short", expires))])
    store.close()
    clock.freeze("2026-11-23T12:00:00+08:00")
    store = Store.open(tmp_path / "log.sqlite3", "std")
    store.commit([plain(2)])  # a process forgets at its first commit
    assert nonces(store, "short") == 0
    clock.freeze("2026-11-23T09:00:30+08:00")
    replayed = replace(plain(3), nonce=Nonce(KEYID, "short", expires))
    later = replace(plain(4), nonce=Nonce(KEYID, "fresh", expires + 1))
    told = store.commit([replayed, later])
    assert isinstance(told[0], NonceSeen)
    assert isinstance(told[1], Committed)
    store.close()


def test_rows_of_a_clock_that_ran_ahead_make_the_store_forget_no_nonce_of_now(
    tmp_path: Path, clock: Clock
) -> None:
    """Else each process would refuse, after its first call, all calls of the same second."""
    store = Store.open(tmp_path / "log.sqlite3", "std")
    clock.freeze("2026-11-23T12:00:00+08:00")
    store.commit([plain(1)])
    store.close()
    clock.freeze("2026-11-23T09:00:00+08:00")
    store = Store.open(tmp_path / "log.sqlite3", "std")
    expires = int(datetime.fromisoformat("2026-11-23T09:01:00+08:00").timestamp())
    for number in range(2, 600):  # past a purge
        entry = replace(plain(number), nonce=Nonce(KEYID, f"nonce-{number}", expires))
        assert isinstance(store.commit([entry])[0], Committed)
    assert isinstance(store.commit([entry])[0], NonceSeen)
    assert store.rows(599)[0].text.count("2026-11-23T04:00:00")  # no row goes back
    store.close()


def nonces(store: Store, nonce: str) -> int:
    with closing(sqlite3.connect(store.path)) as other:
        found = other.execute("SELECT COUNT(*) FROM nonce WHERE nonce = ?", (nonce,)).fetchone()
    return int(found[0])


def test_an_entry_that_cannot_be_written_spoils_nobody_elses(store: Store) -> None:
    """Half a character would otherwise stop the log for everybody."""
    poison = replace(plain(2), rows=(RowDraft("provider", "request", "\ud800"),))
    first, bad, other = store.commit([plain(1), poison, plain(3)])
    assert isinstance(bad, RowInvalid)
    assert (first, other) == (Committed(1, 2), Committed(3, 4))
    assert store.commit_one(plain(2)) == Committed(5, 6)  # its nonce was not spent
    with pytest.raises(NonceSeen):
        store.commit_one(plain(2))
    assert stands(store)


def test_bodies_without_a_wrapping_key_are_refused_and_not_dropped(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "log.sqlite3", "std")
    bad, other = store.commit([replace(plain(1), bodies=((0, b"secret"),)), plain(2)])
    assert isinstance(bad, StoreInvalid)
    assert isinstance(other, Committed)
    store.close()


def test_a_log_that_was_removed_or_replaced_takes_nothing(tmp_path: Path) -> None:
    """SQLite alone would write on into a file without a name: answers without rows."""
    path = tmp_path / "log.sqlite3"
    store = Store.open(path, "std")
    store.commit([plain(1)])
    path.rename(tmp_path / "away")
    with pytest.raises(StoreGone):
        store.commit([plain(2)])
    path.write_bytes((tmp_path / "away").read_bytes())
    with pytest.raises(StoreGone):
        store.commit([plain(2)])
    (tmp_path / "away").rename(path)
    assert store.commit([plain(2)]) == [Committed(3, 4)]
    assert stands(store)
    store.close()


def test_who_reads_does_not_wait_for_who_writes(store: Store) -> None:
    store.commit([plain(1)])
    with store.transaction():
        assert store.size() == 2
        assert len(store.rows()) == 2
        assert store.usage("g1", "2026-11-23") == (0, 0)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log SET text = '{}' WHERE seq = 1",
        "DELETE FROM log WHERE seq = 2",
        "REPLACE INTO log SELECT * FROM log WHERE seq = 1",
        "INSERT OR REPLACE INTO log VALUES (1, '', '', '', '', '')",
        "INSERT INTO log VALUES (9, '', '', '', '', '')",
        "UPDATE checkpoint SET document = '{}'",
        "REPLACE INTO checkpoint (size, document) VALUES (2, '{}')",
        "DELETE FROM checkpoint",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(store: Store, change: str) -> None:
    store.commit([plain(1)])
    store.checkpoint("n1", KEYID, SIGNER)
    before = list(read_only(store.path))
    with (
        closing(sqlite3.connect(store.path)) as other,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        other.execute(change)
    assert list(read_only(store.path)) == before


def test_several_writers_share_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    stores = [Store.open(path, "std") for _ in range(4)]

    def work(which: int) -> None:
        for number in range(25):
            stores[which].commit([plain(1000 * which + number)])

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].size() == 200
    assert stands(stores[0])
    for one in stores:
        one.close()


def test_a_store_of_another_suite_or_no_store_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path / "log.sqlite3", "std").close()
    with pytest.raises(StoreInvalid, match="suite std"):
        Store.open(tmp_path / "log.sqlite3", "gm")
    (tmp_path / "letter").write_bytes(b"no database" * 100)
    with pytest.raises(StoreInvalid):
        Store.open(tmp_path / "letter", "std")


def test_a_body_is_kept_sealed_and_erased_without_breaking_the_chain(store: Store) -> None:
    body = "安一诺 138".encode()
    (told,) = store.commit([replace(plain(1), bodies=((1, body),))])
    assert isinstance(told, Committed)
    assert store.body(told.last) == body
    assert body not in store.path.read_bytes() + store.path.with_suffix(".sqlite3-wal").read_bytes()
    before = store.rows()
    with pytest.raises(ValueError, match="legal basis"):
        store.erase(told.last, "", "a", "b")
    store.erase(told.last, "个人信息保护法 第四十七条", "auditor", "the person asked")
    assert store.body(told.last) is None
    assert store.rows()[: len(before)] == before
    assert read_row(store.rows()[-1].text, store.suite).draft.kind == "erasure"
    assert stands(store)
    with pytest.raises(LookupError):
        store.erase(told.last, "law", "auditor", "again")


def test_an_erased_key_and_body_are_gone_from_the_files_too(store: Store) -> None:
    (told,) = store.commit([replace(plain(1), bodies=((1, b"x" * 200),))])
    assert isinstance(told, Committed)
    with closing(sqlite3.connect(store.path)) as other:
        query = "SELECT wrapped, sealed FROM record_key JOIN body USING (seq)"
        wrapped, sealed = other.execute(query).fetchone()
    wal = store.path.with_name(store.path.name + "-wal")
    assert wrapped in wal.read_bytes()
    store.erase(told.last, "law", "auditor", "asked")
    for piece in (wrapped, sealed[:64], sealed[-64:]):
        assert piece not in store.path.read_bytes() + wal.read_bytes()


def test_a_record_key_goes_only_by_an_erasure_that_is_told(store: Store) -> None:
    store.commit([replace(plain(1), bodies=((1, b"secret"),))])
    with (
        closing(sqlite3.connect(store.path)) as other,
        pytest.raises(sqlite3.IntegrityError, match="erasure"),
    ):
        other.execute("DELETE FROM record_key")


def test_a_copy_of_the_store_without_the_wrapping_key_opens_no_body(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "log.sqlite3", "std", WRAPPING)
    store.commit([replace(plain(1), bodies=((1, b"secret"),))])
    store.close()
    thief = Store.open(tmp_path / "log.sqlite3", "std")
    assert thief.body(2) is None
    thief.close()


def test_looks_are_told_by_mark_and_from_a_row_on(store: Store) -> None:
    store.commit([plain(n) for n in range(1, 8)])
    assert store.looks_of(f"{3:032x}") == [6]
    told = store.looks(9)
    assert [look["seq"] for look in told] == [10, 12, 14]
    assert told[0]["subjects"] == [f"{5:032x}"]


def test_a_checkpoint_is_the_root_of_all_rows_and_comes_once_a_size(store: Store) -> None:
    assert store.checkpoint("n1", KEYID, SIGNER) is None
    for number in range(1, 40):
        store.commit([plain(number)])
        if number % 13 == 0:
            sealed = store.checkpoint("n1", KEYID, SIGNER)
            assert sealed is not None
            leaves = [
                leaf_hash(bytes.fromhex(row.hash), store.suite.digest) for row in store.rows()
            ]
            assert sealed["document"]["root"] == root(leaves, store.suite.digest).hex()
            assert sealed["document"]["size"] == 2 * number
            assert store.checkpoint("n1", KEYID, SIGNER) is None
    assert [size for size, _ in store.unhanded()] == [26, 52, 78]
    store.handed([26, 52])
    assert [size for size, _ in store.unhanded()] == [78]


def written(store: Store, folder: Path, calls: int = 30, every: int = 10) -> None:
    """Let a node serve and sign checkpoints into a folder outside its store."""
    for number in range(1, calls + 1):
        store.commit([plain(number)])
        if number % every == 0:
            sealed = store.checkpoint("n1", KEYID, SIGNER)
            assert sealed is not None
            write_checkpoint(folder, sealed)


def snapshot_file(folder: Path) -> Path:
    """Write a bare snapshot that names the node's key."""
    key: dict[str, Any] = {
        "id": KEYID,
        "member": "11330100MB1A23019Q",
        "suite": "std",
        "public": SIGNER.public.hex(),
        "from": "2026-01-01T00:00:00Z",
        "until": "2027-01-01T00:00:00Z",
    }
    empty: dict[str, list[Any]] = {
        name: [] for name in ("members", "nodes", "services", "purposes", "grants")
    }
    told = {
        "format": "tongban-snapshot/1",
        "instance": "CN-330100",
        "serial": 1,
        "issued": "2026-11-23T00:00:00Z",
        "limits": {"snapshot_age": 86400, "feed_age": 60},
        "keys": [key],
        **empty,
    }
    path = folder / "snapshot.json"
    path.write_text(json.dumps(told))
    return path


def check(store: Store, *more: object) -> tuple[int, dict[str, Any]]:
    """Run the command; give its exit code and what it found."""
    told = CliRunner().invoke(verify_, ["--json", "--log", str(store.path), *map(str, more)])
    found: dict[str, Any] = json.loads(told.stdout) if told.stdout.startswith("{") else {}
    return told.exit_code, found


def rewrite(store: Store, from_row: int, change: Any) -> None:
    """Play a database writer: change a row and recompute the whole chain after it."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        for name in ("update", "delete", "replace"):
            db.execute(f"DROP TRIGGER log_no_{name}")
        previous = ""
        for seq, text in db.execute("SELECT seq, text FROM log ORDER BY seq").fetchall():
            row = read_row(text, store.suite)
            draft = change(row.draft) if seq == from_row else row.draft
            made = seal_row(draft, seq, datetime.fromisoformat(row.at), previous, store.suite)
            previous = made.hash
            db.execute(
                "UPDATE log SET text = ?, hash = ? WHERE seq = ?", (made.text, made.hash, seq)
            )


def test_a_whole_log_stands_with_its_checkpoints(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "log.sqlite3", "std")
    written(store, tmp_path / "outside")
    keys = snapshot_file(tmp_path)
    code, found = check(store, "--checkpoints", tmp_path / "outside", "--snapshot", keys)
    assert (code, found["broken"], found["rows"], found["matched"]) == (0, "", 60, 3)
    assert found["unsigned"] == 0
    code, found = check(store, "--since", "41")
    assert (code, found["rows"], found["read"]) == (0, 60, 20)
    store.close()


def test_a_writer_who_recomputes_the_chain_is_caught_by_the_checkpoints(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "log.sqlite3", "std")
    written(store, tmp_path / "outside")
    rewrite(store, 25, lambda draft: replace(draft, client="somebody else"))
    assert check(store)[0] == 0  # the chain alone cannot tell
    code, found = check(store, "--checkpoints", tmp_path / "outside")
    assert (code, found["broken_row"]) == (1, 40)
    assert "another root" in found["broken"]
    store.close()


def test_a_writer_who_only_changes_a_row_is_caught_by_the_chain(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "log.sqlite3", "std")
    written(store, tmp_path / "outside")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER log_no_update")
        db.execute("UPDATE log SET text = replace(text, 'c13', 'c99') WHERE seq = 25")
    code, found = check(store)
    assert (code, found["broken_row"]) == (1, 25)
    store.close()


def test_a_writer_who_hides_a_look_or_turns_a_time_is_caught(tmp_path: Path) -> None:
    """What is only there to search by is held to the rows too."""
    for number, statement in enumerate(
        (
            "DELETE FROM look WHERE seq = 6",
            "UPDATE log SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 7",
            "UPDATE log SET call = 'c9' WHERE seq = 7",
        )
    ):
        store = Store.open(tmp_path / str(number) / "log.sqlite3", "std")
        written(store, tmp_path / str(number) / "outside", calls=10)
        assert check(store)[0] == 0
        with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
            db.execute("DROP TRIGGER log_no_update")
            db.execute(statement)
        code, found = check(store)
        assert code == 1
        assert found["broken_row"] in {7, 20}
        store.close()


def test_a_log_whose_end_or_middle_was_cut_off_is_caught(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "log.sqlite3", "std")
    written(store, tmp_path / "outside")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER log_no_delete")
        db.execute("DELETE FROM log WHERE seq > 50")
        db.execute("DELETE FROM look WHERE seq > 50")
    assert check(store)[0] == 0
    code, found = check(store, "--checkpoints", tmp_path / "outside")
    assert (code, found["broken_row"]) == (1, 51)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.execute("DELETE FROM log WHERE seq = 30")
    code, found = check(store)
    assert (code, found["broken_row"], found["broken"]) == (1, 30, "row 30 is missing")
    store.close()


def test_a_forged_checkpoint_is_refused(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "log.sqlite3", "std")
    written(store, tmp_path / "outside")
    keys = snapshot_file(tmp_path)
    path = min((tmp_path / "outside").iterdir())
    sealed = json.loads(path.read_text())
    sealed["document"]["root"] = "0" * 64
    path.write_text(json.dumps(sealed))
    code, found = check(store, "--checkpoints", tmp_path / "outside", "--snapshot", keys)
    assert (code, found) == (1, {})
    store.close()


def test_a_checkpoint_file_is_never_written_over(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "log.sqlite3", "std")
    written(store, tmp_path / "outside", calls=10)
    path = min((tmp_path / "outside").iterdir())
    before = path.read_bytes()
    sealed = json.loads(before)
    sealed["document"]["root"] = "0" * 64
    with pytest.raises(CheckpointForked, match="another root"):
        write_checkpoint(tmp_path / "outside", sealed)
    assert path.read_bytes() == before
    assert write_checkpoint(tmp_path / "outside", json.loads(before)) == path  # once more is well
    assert [p.name for p in (tmp_path / "outside").iterdir()] == [path.name]
    store.close()


drafts = st.builds(
    RowDraft,
    side=st.sampled_from(["provider", "consumer"]),
    kind=st.sampled_from(["request", "answer", "alarm"]),
    call=st.text("abc-1", max_size=5),
    client=st.text("安A/", max_size=5),
    purposes=st.lists(st.text("pq", max_size=3), max_size=2).map(tuple),
    status=st.integers(0, 599),
    subjects=st.lists(st.text("0f", max_size=4), max_size=2).map(tuple),
)


@settings(max_examples=60)
@given(st.lists(drafts, min_size=1, max_size=8), st.data())
def test_any_change_of_any_row_is_seen(chain: list[RowDraft], data: st.DataObject) -> None:
    at = datetime.fromisoformat("2026-11-23T01:00:00+00:00")
    kept, previous = [], ""
    for seq, draft in enumerate(chain, 1):
        row = seal_row(draft, seq, at, previous, STD)
        assert read_row(row.text, STD) == row
        kept.append(Kept(seq, row.hash, row.text))
        previous = row.hash
    assert verify_rows(kept, Checker(STD)) is None
    at_row = data.draw(st.integers(0, len(kept) - 1))
    how = data.draw(st.sampled_from(["text", "hash", "drop", "twice", "swap"]))
    bent = list(kept)
    one = kept[at_row]
    if how == "text":
        place = data.draw(st.integers(0, len(one.text) - 1))
        bent[at_row] = replace(one, text=one.text[:place] + "\x01" + one.text[place + 1 :])
    elif how == "hash":
        bent[at_row] = replace(one, hash=f"{int(one.hash, 16) ^ 1:064x}")
    elif how == "drop" and at_row + 1 < len(kept):
        del bent[at_row]
    elif how == "twice":
        bent.insert(at_row, one)
    elif at_row + 1 < len(kept):
        bent[at_row], bent[at_row + 1] = bent[at_row + 1], bent[at_row]
    if bent != kept:
        assert verify_rows(bent, Checker(STD)) is not None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seq":1}', "null"])
def test_what_is_no_row_is_named(text: str) -> None:
    with pytest.raises(RowInvalid):
        read_row(text, STD)
