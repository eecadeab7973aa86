"""A node's log under faults: killed workers, replays, a full disk, a clock set back."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from tongban.kernel.suites import suite
from tongban.kernel.wire.rows import Checker, read_row, verify_rows
from tongban.node.store import Store, read_only
from tongban.node.verify import verify

KILLS = 50 if os.environ.get("CI") == "true" else 10
PROGRAM = Path(__file__).with_name("_log_many.py")
STD = suite("std")


@contextmanager
def worker(
    log: Path, name: str, what: str, out: IO[bytes], **environment: str
) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a process on the log; kill it at the end whatever happened."""
    started = subprocess.Popen(
        [sys.executable, PROGRAM, log, name, what],
        stdout=out,
        env={**os.environ, **environment},
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def until(what: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)


def lines(said: Path, word: str) -> list[list[str]]:
    """Give the whole lines that begin with this word; a killed process leaves half of one."""
    told = [line.split() for line in said.read_text().split("\n")[:-1]]
    return [line for line in told if line and line[0] == word]


def kept(log: Path) -> dict[str, list[int]]:
    """Give the numbers of the rows of each call, after checking the whole log."""
    assert verify_rows(read_only(log), Checker(STD)) is None
    found: dict[str, list[int]] = {}
    for one in read_only(log):
        found.setdefault(read_row(one.text, STD).draft.call, []).append(one.seq)
    return found


def assert_every_answer_has_both_rows(said: Path, log: Path) -> None:
    rows = kept(log)
    held = lines(said, "kept")
    for _, call, first, last in held:
        assert rows[call] == [int(first), int(last)]
    # a call stands whole or not at all, also where nobody heard of it
    assert all(last == first + 1 for first, last in rows.values())
    assert held


@pytest.mark.slow
def test_killed_workers_lose_nothing_that_a_client_holds(tmp_path: Path) -> None:
    """Two workers share the log; each is killed at a random instant, and others go on."""
    instants = random.Random(20261125)  # noqa: S311 - a seed, so that a failure comes back
    log, said = tmp_path / "log.sqlite3", tmp_path / "said"
    for turn in range(KILLS // 2):
        told = tmp_path / f"said-{turn}"
        with told.open("ab") as out, ExitStack() as both:
            pair = [both.enter_context(worker(log, f"{turn}{side}", "load", out)) for side in "ab"]
            names = {f"{turn}a", f"{turn}b"}
            until(
                lambda wanted=names, at=told: (
                    {call.partition("-")[0] for _, call, *_ in lines(at, "kept")} == wanted
                )
            )
            for one in pair:
                time.sleep(instants.random() * 0.1)
                os.kill(one.pid, signal.SIGKILL)
        with said.open("ab") as all_said:
            whole = told.read_bytes()
            all_said.write(whole[: whole.rfind(b"\n") + 1])
    assert_every_answer_has_both_rows(said, log)
    # checkpoints were written meanwhile: each is whole, and the log is the one they were signed for
    report = verify(log, checkpoints=tmp_path / "outside")
    assert report.broken == ""
    assert report.matched == report.checkpoints > KILLS // 2


def test_a_nonce_is_taken_once_by_two_workers_and_after_a_hard_end(tmp_path: Path) -> None:
    log, said = tmp_path / "log.sqlite3", tmp_path / "said"
    Store.open(log, "std").close()
    nonces = [f"nonce-{number}" for number in range(60)]
    with said.open("ab") as out:
        for turn in range(2):
            with ExitStack() as both:
                for side in "ab":
                    both.enter_context(worker(log, f"{turn}{side}", ",".join(nonces), out))
                until(lambda so_far=turn: len(lines(said, "all")) == 2 * (so_far + 1))
    assert sorted(nonce for _, nonce in lines(said, "kept")) == sorted(nonces)
    assert len(lines(said, "seen")) == 3 * len(nonces)
    assert len(kept(log)) == len(nonces)


def assert_down_and_up_again(
    log: Path, said: Path, fill: Callable[[int], None], free: Callable[[int], None]
) -> None:
    """Fill the disk under a worker and free it: refused at once, kept nowhere, and on it goes."""
    with said.open("ab") as out, worker(log, "w", "steady", out) as one:
        until(lambda: len(lines(said, "kept")) > 100)
        fill(one.pid)
        until(lambda: len(lines(said, "down")) > 200)
        free(one.pid)
        before = len(lines(said, "kept"))
        until(lambda: len(lines(said, "kept")) > before + 100)
        assert one.poll() is None
    down = lines(said, "down")
    assert max(float(seconds) for *_, seconds in down) < 1.0
    refused = {call for _, call, _ in down}
    assert refused.isdisjoint(kept(log))
    assert_every_answer_has_both_rows(said, log)


def test_a_file_that_may_not_grow_refuses_at_once_and_mends_by_itself(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite3"

    def bound(pid: int, most: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def fill(pid: int) -> None:
        bound(pid, log.with_name(log.name + "-wal").stat().st_size // 2)

    # the worker's own words go to a file too, so they must fit below the bound
    assert_down_and_up_again(
        log, tmp_path / "said", fill, lambda pid: bound(pid, resource.RLIM_INFINITY)
    )


def test_a_disk_that_is_full_refuses_at_once_and_mends_by_itself(
    tmp_path: Path, small_disk: Path
) -> None:
    ballast = small_disk / "ballast"

    def fill(_: int) -> None:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    assert_down_and_up_again(
        small_disk / "log.sqlite3", tmp_path / "said", fill, lambda _: ballast.unlink()
    )


def test_a_clock_set_back_between_workers_turns_no_row_round(tmp_path: Path) -> None:
    log, said, clock = tmp_path / "log.sqlite3", tmp_path / "said", tmp_path / "clock"
    with said.open("ab") as out:
        for turn, setting in enumerate(("+PT0S", "-PT2H", "+PT3H")):
            clock.write_text(setting)
            before = len(lines(said, "kept"))
            with worker(log, f"{turn}", "steady", out, TONGBAN_CLOCK=str(clock)):
                until(lambda so_far=before: len(lines(said, "kept")) > so_far + 20)
    times = [read_row(one.text, STD).at for one in read_only(log)]
    assert times == sorted(times)
    assert times[0] < times[-1]
    assert_every_answer_has_both_rows(said, log)
