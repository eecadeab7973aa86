"""The flusher: grouped, durable before it answers, and never a hang whatever falls."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tongban.kernel.wire.rows import Checker, RowDraft, RowInvalid, read_row, verify_rows
from tongban.node.flusher import BOUND, LINGER, MOST, Flusher, LogDown
from tongban.node.store import Committed, Entry, Nonce, NonceSeen, Store, read_only


def entry(number: int, nonce: str = "") -> Entry:
    """Give the entry of one call."""
    asked, answered = (RowDraft("provider", kind, f"c{number}") for kind in ("request", "answer"))
    return Entry((asked, answered), Nonce("k", nonce or f"n{number}", 4_000_000_000))


class Troubled(Store):
    """A real store that can be told to fail, to fall over or to be slow."""

    trouble: BaseException | None = None
    pause = 0.0

    def commit(self, batch: Sequence[Entry]) -> Any:
        time.sleep(self.pause)
        if self.trouble is not None:
            raise self.trouble
        return super().commit(batch)


@pytest.fixture
def store(tmp_path: Path) -> Troubled:
    return Troubled(tmp_path / "log.sqlite3", "std")


def test_what_waits_becomes_one_group_and_everybody_learns_his_place(store: Troubled) -> None:
    async def run() -> list[Committed]:
        flusher = Flusher(store)
        told = await asyncio.gather(*(flusher.commit(entry(n)) for n in range(300)))
        assert flusher.entries == 300
        assert flusher.groups < 30
        await flusher.close()
        return told

    told = asyncio.run(run())
    assert sorted(one.first for one in told) == list(range(1, 600, 2))
    assert verify_rows(read_only(store.path), Checker(store.suite)) is None
    store.close()


def test_what_is_left_over_from_a_full_group_is_written_next(store: Troubled) -> None:
    """Three groups' worth comes in one turn of the loop: nobody else will ring for the rest."""

    async def run() -> None:
        flusher = Flusher(store)
        waiting = (flusher.commit(entry(n)) for n in range(2 * MOST + 7))
        told = await asyncio.wait_for(asyncio.gather(*waiting), 30)
        assert len({one.first for one in told}) == 2 * MOST + 7
        assert flusher.groups >= 3
        await flusher.close()

    asyncio.run(run())
    store.close()


def test_a_crowd_is_waited_for_and_a_single_one_is_not(store: Troubled) -> None:
    async def run() -> None:
        flusher = Flusher(store)

        async def one_after_another(link: int) -> None:
            for number in range(20):
                await flusher.commit(entry(link * 1000 + number))
                await asyncio.sleep(LINGER / 8 * link)  # they come apart from each other

        await asyncio.gather(*(one_after_another(link) for link in range(8)))
        assert flusher.entries == 160
        assert flusher.groups < 100
        before = flusher.groups
        for number in range(10):
            await flusher.commit(entry(90_000 + number))
        assert flusher.groups == before + 10
        await flusher.close()

    asyncio.run(run())
    store.close()


def test_it_is_durable_before_the_caller_goes_on(store: Troubled) -> None:
    async def run() -> None:
        flusher = Flusher(store)
        for number in range(5):
            told = await flusher.commit(entry(number))
            assert len(list(read_only(store.path))) == told.last
        await flusher.close()

    asyncio.run(run())
    store.close()


def test_a_replay_in_one_group_is_told_to_its_sender_alone(store: Troubled) -> None:
    async def run() -> list[Any]:
        flusher = Flusher(store)
        some = [flusher.commit(entry(n, "same" if n in {3, 7} else "")) for n in range(10)]
        told = await asyncio.gather(*some, return_exceptions=True)
        await flusher.close()
        return told

    told = asyncio.run(run())
    assert [n for n, one in enumerate(told) if isinstance(one, NonceSeen)] == [7]
    store.close()


@pytest.mark.parametrize(
    "trouble",
    [
        sqlite3.OperationalError("database or disk is full"),
        MemoryError("none left"),
        SystemExit("somebody ended the thread"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whatever_falls_is_told_at_once_and_it_recovers(
    store: Troubled, trouble: BaseException
) -> None:
    async def run() -> None:
        flusher = Flusher(store)
        await flusher.commit(entry(1))
        store.trouble = trouble
        began = time.monotonic()
        some = [flusher.commit(entry(n)) for n in range(2, 60)]
        told = await asyncio.gather(*some, return_exceptions=True)
        assert all(isinstance(one, LogDown) for one in told)
        with pytest.raises(LogDown):
            await flusher.commit(entry(99))
        assert time.monotonic() - began < 1.0
        store.trouble = None
        told_again = await flusher.commit(entry(100))
        assert told_again.last == 4
        await flusher.close()

    asyncio.run(run())
    assert len(list(read_only(store.path))) == 4
    store.close()


def test_a_disk_that_stalls_is_waited_for_only_so_long(store: Troubled) -> None:
    async def run() -> None:
        flusher = Flusher(store, patience=0.2)
        await flusher.commit(entry(1))
        store.pause = 0.6
        began = time.monotonic()
        with pytest.raises(LogDown, match="not durable"):
            await flusher.commit(entry(2))
        assert time.monotonic() - began < 0.5
        store.pause = 0.0
        await asyncio.sleep(0.6)
        assert (await flusher.commit(entry(3))).first >= 3
        await flusher.close()

    asyncio.run(run())
    store.close()


def test_while_the_disk_is_stuck_who_comes_is_refused_at_once_and_nothing_of_it_is_kept(
    store: Troubled,
) -> None:
    async def run() -> None:
        flusher = Flusher(store, patience=0.2)
        await flusher.commit(entry(1))
        store.pause = 0.8
        first = asyncio.ensure_future(flusher.commit(entry(2)))
        await asyncio.sleep(0.05)
        behind = asyncio.ensure_future(flusher.commit(entry(3)))
        told = await asyncio.gather(first, behind, return_exceptions=True)
        assert [type(one) for one in told] == [LogDown, LogDown]
        began = time.monotonic()
        with pytest.raises(LogDown, match="has not answered"):
            await flusher.commit(entry(4))
        assert time.monotonic() - began < 0.1
        store.pause = 0.0
        await asyncio.sleep(0.8)
        assert (await flusher.commit(entry(5))).first in {3, 5}
        await flusher.close()

    asyncio.run(run())
    calls = {read_row(row.text, store.suite).draft.call for row in read_only(store.path)}
    assert {"c3", "c4"}.isdisjoint(calls)
    store.close()


def test_one_who_gives_up_while_nothing_is_written_closes_the_log_to_nobody(
    store: Troubled,
) -> None:
    """The timer may fire when the thread has finished and the loop has not heard of it yet."""

    async def run() -> None:
        flusher = Flusher(store, patience=0.2)
        await flusher.commit(entry(1))
        slow = asyncio.ensure_future(flusher.commit(entry(2)))
        await asyncio.sleep(0)
        time.sleep(0.4)  # the loop itself is late
        await asyncio.gather(slow, return_exceptions=True)
        assert isinstance(await flusher.commit(entry(3)), Committed)
        await flusher.close()

    asyncio.run(run())
    store.close()


def test_an_entry_that_cannot_be_written_is_refused_to_its_sender_alone(store: Troubled) -> None:
    async def run() -> None:
        flusher = Flusher(store)
        poison = Entry((RowDraft("provider", "request", "\ud800"),))
        some = (flusher.commit(one) for one in (entry(1), poison, entry(2)))
        told = await asyncio.gather(*some, return_exceptions=True)
        assert [type(one) for one in told] == [Committed, RowInvalid, Committed]
        await flusher.close()

    asyncio.run(run())
    store.close()


@pytest.mark.slow
def test_no_more_than_a_bound_may_wait(store: Troubled) -> None:
    async def run() -> int:
        flusher = Flusher(store)
        store.pause = 0.3
        some = [flusher.commit(entry(n)) for n in range(BOUND + 600)]
        told = await asyncio.gather(*some, return_exceptions=True)
        await flusher.close()
        return sum(isinstance(one, LogDown) for one in told)

    assert asyncio.run(run()) > 0
    store.close()


def test_after_closing_nothing_is_taken(store: Troubled) -> None:
    async def run() -> None:
        flusher = Flusher(store)
        await flusher.commit(entry(1))
        await flusher.close()
        with pytest.raises(LogDown):
            await flusher.commit(entry(2))

    asyncio.run(run())
    store.close()


def test_a_full_disk_refuses_and_keeps_nothing_of_the_group(store: Troubled) -> None:
    """SQLite's own bound on pages gives the very error of a full disk."""

    async def run() -> tuple[int, int]:
        flusher = Flusher(store)
        await flusher.commit(entry(0))
        with store.transaction() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages + 2}")
        kept = down = 0
        for number in range(1, 400):
            told = (await asyncio.gather(flusher.commit(entry(number)), return_exceptions=True))[0]
            kept += isinstance(told, Committed)
            down += isinstance(told, LogDown) and "full" in str(told)
        store._db.execute(f"PRAGMA max_page_count = {pages + 1000}")
        await flusher.commit(entry(1000))
        await flusher.close()
        return kept, down

    kept, down = asyncio.run(run())
    assert down > 100
    assert len(list(read_only(store.path))) == 2 * (kept + 2)
    assert verify_rows(read_only(store.path), Checker(store.suite)) is None
    store.close()
