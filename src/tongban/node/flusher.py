"""Commits entries to the store in groups, in a thread of its own, before their answers leave.

What waits while one group is written becomes the next group. Where the thread or the disk fails,
every entry that waits is refused at once (`LogDown`) and so is every later one, until the store
works again: an answer is never sent unlogged, and nobody waits without end.
"""

import asyncio
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence

from tongban.node.store import Committed, Entry, NonceSeen, QuotaSpent, Store

MOST = 512  # entries in one group
BOUND = 8_192  # entries that may wait
PATIENCE = 2.0  # seconds that one may wait
_say = logging.getLogger("tongban.node.flusher")

Told = Committed | NonceSeen | QuotaSpent


class LogDown(ConnectionError):
    """The log takes nothing now: answer 503, and let the caller come again."""


class Flusher:
    """The one writer of a process; belongs to the event loop in which it is first used."""

    def __init__(self, store: Store, patience: float = PATIENCE) -> None:
        self._store = store
        self._patience = patience
        self._waiting: deque[tuple[Entry, asyncio.Future[Told]]] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.groups = 0
        self.entries = 0

    async def commit(self, entry: Entry) -> Committed:
        """Give where the entry stands once it is durable; raise NonceSeen, QuotaSpent, LogDown."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Told] = loop.create_future()
        with self._wake:
            if len(self._waiting) >= BOUND:
                raise LogDown(f"LogDown: {BOUND} entries wait for the disk")
            if self._thread is None:
                self._begin(loop)
            self._waiting.append((entry, future))
            self._wake.notify()
        try:
            async with asyncio.timeout(self._patience):
                told = await future
        except TimeoutError:
            raise LogDown(f"LogDown: not durable within {self._patience} s") from None
        if isinstance(told, Committed):
            return told
        raise told

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread, or a new one in the place of one that fell."""
        if self._closed:
            raise LogDown("LogDown: the node is closing")
        self._loop = loop
        self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        group: list[tuple[Entry, asyncio.Future[Told]]] = []
        try:
            while True:
                with self._wake:
                    while not self._waiting and not self._closed:
                        self._wake.wait()
                    if not self._waiting:
                        return
                    group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                self._flush(group)
                group = []
        except BaseException as error:
            # whatever this thread dies of, nobody may wait for it
            _say.exception("the flusher fell")
            with self._wake:
                left = [*group, *self._waiting]
                self._waiting.clear()
                self._thread = None  # whoever comes next starts another
            self._tell(
                [(future, LogDown(f"LogDown: the flusher fell: {error!r}")) for _, future in left]
            )
            if not isinstance(error, Exception):
                raise

    def _flush(self, group: Sequence[tuple[Entry, asyncio.Future[Told]]]) -> None:
        told: Sequence[Told | LogDown]
        try:
            told = self._store.commit([entry for entry, _ in group])
        except sqlite3.Error as error:
            _say.error("the log cannot be written", extra={"detail": repr(error)})
            told = [LogDown(f"LogDown: {error}")] * len(group)
        else:
            self.groups += 1
            self.entries += len(group)
        self._tell([(future, one) for (_, future), one in zip(group, told, strict=True)])

    def _tell(self, told: Sequence[tuple["asyncio.Future[Told]", Told | LogDown]]) -> None:
        if self._loop is not None and told and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_settle, told)

    async def close(self) -> None:
        """Write what waits, then end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
            thread = self._thread
        if thread is not None:
            await asyncio.to_thread(thread.join, self._patience)


def _settle(told: Sequence[tuple["asyncio.Future[Told]", Told | LogDown]]) -> None:
    for future, one in told:
        if future.done():  # who asked has given up meanwhile
            continue
        if isinstance(one, LogDown):
            future.set_exception(one)
        else:
            future.set_result(one)
