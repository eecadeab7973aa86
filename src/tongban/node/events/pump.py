"""Moves queued events on, one at a time for each subject of each subscription (有序投递).

A lane is such a subject: its next event goes when the one before it is settled. What fails rests
longer each time; what fails too often is a dead letter, and its lane waits behind it. Nothing is
dropped here. How long to rest is kept in memory: a node that starts anew tries at once.
"""

import asyncio
import contextlib
import logging
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable

from tongban.node.events.words import Bounds
from tongban.node.flusher import Flusher, LogDown
from tongban.node.store import Entry
from tongban.node.store.events import EventStore, Head, Item, Side, tried

_PAGE = 512
_PAGES = 4  # looked through at once, so that many that rest take no time of others
_LOOK = 0.05  # seconds between two looks for what another process queued
_BREATH = 0.002  # seconds in which what ends together is looked at together
_IN_A_ROW = 16  # events of one lane before another lane has its turn
_say = logging.getLogger("tongban.node.events")


class Failed(Exception):
    """An event that could not be moved now.

    ``counted``: the try counts against the event, which is refused by whoever gets it; else the way
    is closed and all of the subscription rests: for ``wait`` seconds where that is known. ``why``
    holds no personal data.
    """

    def __init__(self, why: str, *, counted: bool, wait: float | None = None) -> None:
        self.why = why
        self.counted = counted
        self.wait = wait
        super().__init__(why)


Move = Callable[[Item], Awaitable[None]]


class Pump:
    """Moves the events of one side by ``move``, which settles each or raises `Failed`."""

    def __init__(
        self, side: Side, store: EventStore, flusher: Flusher, bounds: Bounds, move: Move
    ) -> None:
        self._side: Side = side
        self._store = store
        self._flusher = flusher
        self._bounds = bounds
        self._move = move
        self._wake = asyncio.Event()
        self._ready: deque[Head] = deque()
        self._after = 0
        self._busy: set[int] = set()
        self._of: Counter[str] = Counter()
        self._lanes: dict[int, float] = {}
        self._closed: dict[str, float] = {}
        self._faults: Counter[str] = Counter()
        self._moving: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Go on for ever."""
        try:
            while True:
                self._wake.clear()
                if not self._start():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), _LOOK)
                await asyncio.sleep(_BREATH)
        finally:
            for task in self._moving:
                task.cancel()
            await asyncio.gather(*self._moving, return_exceptions=True)

    def _start(self) -> int:
        """Start what may go; give how many."""
        free = self._bounds.in_flight - len(self._busy)
        if free <= 0:
            return 0
        chosen = self._chosen(free)
        items = self._store.items([head.seq for head in chosen])
        for head in chosen:
            item = items.get(head.seq)
            if item is None:  # settled or dropped meanwhile
                self._free(head.lane, head.subscription)
                continue
            task = asyncio.create_task(self._lane(item))
            self._moving.add(task)
            task.add_done_callback(self._moving.discard)
        return len(chosen)

    def _chosen(self, free: int) -> list[Head]:
        """Take heads that may go; the store is looked at page by page, round and round."""
        now = asyncio.get_running_loop().time()
        chosen: list[Head] = []
        pages = _PAGES
        while len(chosen) < free:
            if not self._ready:
                if not pages:
                    break
                page = self._store.heads(self._side, self._after, _PAGE)
                ended = len(page) < _PAGE
                pages = 0 if ended else pages - 1
                self._after = 0 if ended else page[-1].seq
                self._ready.extend(page)
                if not page:
                    break
            head = self._ready.popleft()
            if self._may_go(head.lane, head.subscription, now):
                self._busy.add(head.lane)
                self._of[head.subscription] += 1
                chosen.append(head)
        return chosen

    def _may_go(self, lane: int, subscription: str, now: float) -> bool:
        return (
            lane not in self._busy
            and self._of[subscription] < self._bounds.of_one
            and self._lanes.get(lane, 0.0) <= now
            and self._closed.get(subscription, 0.0) <= now
        )

    def _free(self, lane: int, subscription: str) -> None:
        self._busy.discard(lane)
        self._of[subscription] -= 1
        if self._of[subscription] <= 0:
            del self._of[subscription]

    async def _lane(self, item: Item) -> None:
        """Move an event, and some of those that wait behind it."""
        lane, subscription = item.lane, item.subscription
        try:
            for _ in range(_IN_A_ROW):
                if not await self._moved(item):
                    break
                following = self._store.first(lane)
                if following is None:
                    break
                item = following
        finally:
            self._free(lane, subscription)
            self._wake.set()

    async def _moved(self, item: Item) -> bool:
        """Move one event; False: its lane or its subscription rests."""
        try:
            await self._move(item)
        except Failed as failed:
            await self._failed(item, failed)
        except LogDown as down:
            self._rest(item.subscription, str(down))
        except Exception:  # noqa: BLE001 - it must neither spin nor be lost
            _say.exception("an event was not moved")
            await self._failed(item, Failed("a fault of the node", counted=True))
        else:
            self._lanes.pop(item.lane, None)
            self._faults.pop(item.subscription, None)
            return True
        return False

    async def _failed(self, item: Item, failed: Failed) -> None:
        if failed.wait is not None:
            until = asyncio.get_running_loop().time() + failed.wait
            self._closed[item.subscription] = max(until, self._closed.get(item.subscription, 0.0))
            return
        if not failed.counted:
            self._rest(item.subscription, failed.why)
            return
        dead = item.tries + 1 >= self._bounds.tries
        now = asyncio.get_running_loop().time()
        self._lanes[item.lane] = now + self._pause(item.tries)
        try:
            write = tried(item, failed.why, dead=dead)
            await self._flusher.commit(Entry(rows=(), writes=(write,)))
        except LogDown as down:
            self._rest(item.subscription, str(down))
        if dead:
            self._lanes.pop(item.lane, None)
            _say.error(
                "dead letter", extra={"detail": f"{self._side} event {item.seq}: {failed.why}"}
            )

    def _rest(self, subscription: str, why: str) -> None:
        """Let a subscription rest whose way is closed; its events are not to blame."""
        now = asyncio.get_running_loop().time()
        if self._closed.get(subscription, 0.0) > now:
            return  # others of its events failed in the same breath
        self._closed[subscription] = now + self._pause(self._faults[subscription])
        if not self._faults[subscription]:
            _say.warning("subscription rests", extra={"detail": f"{subscription}: {why}"})
        self._faults[subscription] += 1

    def _pause(self, times: int) -> float:
        bounds = self._bounds
        longest = min(bounds.longest_rest, bounds.rest * 2.0 ** min(times, 20))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - it only spreads the load
