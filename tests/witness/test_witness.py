"""A witness as a process: it cosigns what grew, refuses the rest by C2SP's numbers, and tells."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from testkit.witnesses import RunningWitness, StartWitness
from tongban.kernel import merkle
from tongban.kernel.suites import suite
from tongban.kernel.tlog import notes
from tongban.kernel.tlog.checkpoints import Checkpoint, origin_of, sign_checkpoint
from tongban.kernel.tlog.witnessing import AddCheckpoint
from tongban.witness.config import ConfigInvalid, make_witness, read_config
from tongban.witness.store import Store, StoreInvalid


class Log:
    """A log in memory that may tell two stories."""

    def __init__(self, suite_name: str = "std") -> None:
        self.suite = suite(suite_name)
        self.signer = self.suite.signer(bytes(range(1, 33)))
        origin = origin_of("tongban.example/log", suite_name)
        self.key = notes.note_key(origin, suite_name, self.signer.public, timestamped=False)

    def tree(self, size: int, fork: int = -1) -> list[bytes]:
        return [
            merkle.leaf_hash(b"%d%s" % (n, b"'" if 0 <= fork <= n else b""), self.suite.digest)
            for n in range(size)
        ]

    def note(self, size: int, fork: int = -1) -> notes.Note:
        root = merkle.root(self.tree(size, fork), self.suite.digest)
        return sign_checkpoint(Checkpoint(self.key.name, size, root), self.key, self.signer)

    def request(self, old: int, size: int, fork: int = -1) -> bytes:
        made = self.tree(size, fork)
        proof = merkle.consistency_proof(old, made, self.suite.digest) if old else ()
        return bytes(AddCheckpoint(old, proof, str(self.note(size, fork)).encode()))


LOG = Log()


def add(witness: RunningWitness, old: int, size: int, fork: int = -1, log: Log = LOG) -> int:
    return witness.ask("/add-checkpoint", log.request(old, size, fork))[0]


@pytest.fixture
def court(start_witness: StartWitness) -> RunningWitness:
    return start_witness("court", str(LOG.key))


def test_a_growing_log_is_cosigned_and_the_cosignature_holds(court: RunningWitness) -> None:
    before = int(time.time())
    for old, size in ((0, 3), (3, 3), (3, 200), (200, 201)):
        status, body, _ = court.ask("/add-checkpoint", LOG.request(old, size))
        assert status == 200
        note = LOG.note(size).signed_also(notes.read_signatures(body.decode()))
        signed = {one.key: one.time for one in notes.verify(note, [LOG.key, court.key])}
        assert before <= (signed[court.key] or 0) <= time.time()
    place = hashlib.sha256(LOG.key.name.encode()).hexdigest()
    status, body, _ = court.ask(f"/{place}/checkpoint")
    assert status == 200
    assert len(notes.verify(notes.read_note(body), [LOG.key, court.key])) == 2
    assert court.json("/status")["logs"][LOG.key.name]["size"] == 201
    assert court.json("/alarms") == []


def test_a_wrong_old_size_is_told_the_right_one(court: RunningWitness) -> None:
    assert add(court, 0, 30) == 200
    status, body, headers = court.ask("/add-checkpoint", LOG.request(7, 40))
    assert (status, body) == (409, b"30\n")
    assert headers["content-type"].partition(";")[0] == "text/x.tlog.size"
    assert court.json("/alarms") == []


def test_a_fork_and_a_rollback_are_refused_and_alarmed_with_both_signed_notes(
    court: RunningWitness,
) -> None:
    assert add(court, 0, 30) == 200
    assert add(court, 30, 40) == 200
    assert add(court, 40, 40, fork=35) == 422
    assert add(court, 40, 50, fork=35) == 422
    assert add(court, 0, 30, fork=2) == 409
    assert add(court, 0, 33) == 409
    assert add(court, 0, 33) == 409  # once more: one alarm all the same
    alarms = court.json("/alarms")
    assert [one["kind"] for one in alarms] == ["rollback", "fork", "unproved", "fork"]
    lines = (court.folder / "alarms.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in reversed(lines)] == alarms
    # the two notes of the first alarm prove the fork to anybody who has the log's key alone
    sent, held = (notes.read_note(alarms[3][name].encode()) for name in ("sent", "held"))
    for note in (sent, held):
        assert notes.verify(note, [LOG.key])
    assert sent.text.split("\n")[:2] == held.text.split("\n")[:2]
    assert sent.text != held.text
    # and the true story goes on
    assert add(court, 40, 60) == 200


def test_what_is_not_of_the_protocol_is_refused(court: RunningWitness) -> None:
    other = Log("gm")
    assert add(court, 0, 3, log=other) == 404
    assert court.ask("/add-checkpoint", b"old 1\n")[0] == 400
    assert court.ask("/add-checkpoint", bytes(80_000))[0] == 413
    assert court.ask("/add-checkpoint")[0] == 405
    assert court.ask(f"/{'0' * 64}/checkpoint")[0] == 404
    thief = Log()
    thief.signer = thief.suite.signer(bytes(32))
    assert add(court, 0, 3, log=thief) == 403
    assert court.json("/status")["logs"][LOG.key.name] == {"size": 0, "time": None}


def test_a_gm_witness_cosigns_a_gm_log(start_witness: StartWitness) -> None:
    log = Log("gm")
    notary = start_witness("notary", str(log.key), suite="gm")
    assert add(notary, 0, 3, log=log) == 200
    status, body, _ = notary.ask("/add-checkpoint", log.request(3, 9))
    assert status == 200
    note = log.note(9).signed_also(notes.read_signatures(body.decode()))
    assert [one.key for one in notes.verify(note, [log.key, notary.key])] == [log.key, notary.key]


def test_of_two_stories_sent_at_once_one_is_cosigned(court: RunningWitness) -> None:
    assert add(court, 0, 20) == 200
    told: list[tuple[int, int]] = []

    def send(fork: int) -> None:
        told.append((add(court, 20, 30, fork), fork))

    threads = [threading.Thread(target=send, args=(fork,)) for fork in (-1, 25) * 4]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    winners = {fork for status, fork in told if status == 200}
    assert len(winners) == 1
    assert len(court.json("/alarms")) >= 1


# --- faults ---------------------------------------------------------------------------------------


def test_a_killed_witness_knows_what_it_cosigned(court: RunningWitness) -> None:
    size = 0
    for turn in range(4):
        for _ in range(5):
            assert add(court, size, size + 7) == 200
            size += 7
        if turn % 2:
            # killed while it is asked: whatever it answered, it holds
            asking = threading.Thread(target=lambda s=size: _may_fail(court, s))
            asking.start()
            court.kill()
            asking.join()
        else:
            court.kill()
        court.start()
        held = court.json("/status")["logs"][LOG.key.name]["size"]
        assert held in {size, size + 7}
        size = held
        assert add(court, size, size, fork=0) == 422


def _may_fail(witness: RunningWitness, size: int) -> None:
    with suppress(OSError):
        add(witness, size, size + 7)


def test_a_clock_set_back_turns_no_cosignature_round(
    tmp_path: Path, start_witness: StartWitness
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+PT0S")
    court = start_witness("court", str(LOG.key), TONGBAN_CLOCK=str(clock))
    times = []
    for turn, setting in enumerate(("+PT0S", "-PT5H", "-PT5H", "+PT1H")):
        clock.write_text(setting)
        status, body, _ = court.ask("/add-checkpoint", LOG.request(turn * 10, turn * 10 + 10))
        assert status == 200
        line = notes.read_signatures(body.decode())[0]
        times.append(int.from_bytes(line.value[:8], "big"))
    assert times == sorted(times)
    assert times[3] >= times[0] + 3500


def test_a_full_disk_cosigns_nothing_and_mends_by_itself(
    start_witness: StartWitness, small_disk: Path
) -> None:
    court = start_witness("court", str(LOG.key), folder=small_disk / "court")
    assert add(court, 0, 10) == 200
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    size = 10
    for _ in range(2000):
        status = add(court, size, size + 1)
        if status == 503:
            break
        assert status == 200
        size += 1
    assert status == 503
    assert court.json("/status")["logs"][LOG.key.name]["size"] == size
    ballast.unlink()
    assert add(court, size, size + 1) == 200
    court.kill()  # it holds the disk


def test_a_store_that_was_taken_away_cosigns_nothing(court: RunningWitness) -> None:
    assert add(court, 0, 10) == 200
    (court.folder / "witness.sqlite3").rename(court.folder / "elsewhere")
    assert add(court, 10, 20) == 503


def test_the_store_itself_refuses_to_go_back(tmp_path: Path, court: RunningWitness) -> None:
    assert add(court, 0, 10) == 200
    court.kill()
    with closing(sqlite3.connect(court.folder / "witness.sqlite3")) as db:
        for statement in (
            "DELETE FROM cosigned",
            "UPDATE cosigned SET size = 5",
            "INSERT INTO cosigned SELECT 99, origin, 5, root, time, note FROM cosigned",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)
    other = make_witness(tmp_path / "other", "other.example/w", "std", "127.0.0.1:7301", ())
    shutil.copy(court.folder / "witness.sqlite3", tmp_path / "other" / "witness.sqlite3")
    with pytest.raises(StoreInvalid, match="each key has its own"):
        Store(other.store, other.key, other.signer)


# --- making one -----------------------------------------------------------------------------------


def test_a_witness_is_made_once_and_its_key_is_its_own(tmp_path: Path) -> None:
    made = make_witness(tmp_path / "w", "court.example/w", "std", "127.0.0.1:7301", (str(LOG.key),))
    assert read_config(tmp_path / "w" / "witness.toml") == made
    with pytest.raises(ConfigInvalid, match="holds a witness already"):
        make_witness(tmp_path / "w", "court.example/w", "std", "127.0.0.1:7301", ())
    (tmp_path / "w" / "witness.key").chmod(0o644)
    with pytest.raises(ConfigInvalid, match="may be read by others"):
        read_config(tmp_path / "w" / "witness.toml")


@pytest.mark.parametrize(
    "change",
    [
        ('listen = "127.0.0.1:7301"', 'listen = "7301"'),
        ('listen = "127.0.0.1:7301"', 'listen = "127.0.0.1:0"'),
        ('store = "witness.sqlite3"', ""),
        ("logs = [", 'backup = "x"\nlogs = ['),
        ("logs = [", 'logs = ["nobody",'),
        ('suite = "std"', 'suite = "gm"'),
        ('suite = "std"', 'suite = "none"'),
        ('name = "court.example/w"', 'name = "court example"'),
        ("logs = [", f'logs = ["{LOG.key}",'),
    ],
)
def test_a_configuration_that_cannot_be_run_is_named(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    make_witness(tmp_path / "w", "court.example/w", "std", "127.0.0.1:7301", (str(LOG.key),))
    path = tmp_path / "w" / "witness.toml"
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))
    with pytest.raises(ConfigInvalid):
        read_config(path)


def test_the_command_makes_a_witness_without_loading_the_platform(tmp_path: Path) -> None:
    code = (
        "import sys; from tongban.cli import main\n"
        "try: main()\n"
        "finally: assert not {'django', 'tongban.infra', 'tongban.node'} & set(sys.modules)"
    )
    folder = tmp_path / "w"
    words = ["witness", "init", str(folder), "--name", "audit.example/w", "--log", str(LOG.key)]
    told = subprocess.run(
        [sys.executable, "-c", code, *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ},
    )
    key = notes.read_key(told.stdout.strip())
    assert key.name == "audit.example/w"
    assert read_config(folder / "witness.toml").logs == {LOG.key.name: LOG.key}
