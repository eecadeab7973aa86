"""Commits entries to the store in groups, in a thread of its own, before their answers leave.

What waits while one group is written becomes the next group; where calls come close together, a
group waits a moment for more. Where the thread or the disk fails,
every entry that waits is refused at once (`LogDown`) and so is every later one, until the store
works again: an answer is never sent unlogged, and nobody waits without end.
"""

import asyncio
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence

from tongban.node.store import Committed, Entry, Store, Told

MOST = 512  # entries in one group
BOUND = 8_192  # entries that may wait
PATIENCE = 2.0  # seconds that one may wait
#: Seconds that a group waits for more while groups have more than one entry. A group costs as much
#: as several entries, and a thread that writes while the loop works slows both: they share one
#: interpreter's lock.
LINGER = 0.002
_say = logging.getLogger("tongban.node.flusher")


class LogDown(ConnectionError):
    """The log takes nothing now: answer 503, and let the caller come again."""


class _Waiting:
    """An entry that waits; ``entry`` is None once who asked has given up."""

    __slots__ = ("entry", "future")

    def __init__(self, entry: Entry, future: "asyncio.Future[Told]") -> None:
        self.entry: Entry | None = entry
        self.future = future


_Group = list[tuple[_Waiting, Entry]]


class Flusher:
    """The one writer of a process; belongs to the event loop in which it is first used."""

    def __init__(self, store: Store, patience: float = PATIENCE) -> None:
        self._store = store
        self._patience = patience
        self._waiting: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writing = False
        self._late = False
        self._rung = False
        self._crowded = False
        self.groups = 0
        self.entries = 0

    async def commit(self, entry: Entry) -> Committed:
        """Give where the entry stands once it is durable.

        Raise NonceSeen, QuotaSpent, RowInvalid or StoreInvalid for what is wrong with this entry,
        LogDown where the log takes nothing. An entry that is refused as late while it was being
        written may yet come to stand: a row without an answer, never an answer without its row.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(entry, loop.create_future())
        with self._wake:
            if self._late:
                raise LogDown(f"LogDown: the disk has not answered for {self._patience} s")
            if len(self._waiting) >= BOUND:
                raise LogDown(f"LogDown: {BOUND} entries wait for the disk")
            if self._thread is None:
                self._begin(loop)
            self._waiting.append(waiting)
            first = len(self._waiting) == 1
        if first and self._crowded:
            loop.call_later(LINGER, self._ring)
        elif first:
            self._ring()
        timer = loop.call_later(self._patience, self._give_up, waiting)
        try:
            told = await waiting.future
        finally:
            timer.cancel()
        if isinstance(told, Committed):
            return told
        raise told

    def _ring(self) -> None:
        """Let the thread write what waits."""
        with self._wake:
            self._rung = True
            self._wake.notify()

    def _give_up(self, waiting: _Waiting) -> None:
        """Refuse an entry that has waited too long, and all that come while the disk is stuck."""
        if waiting.future.done():
            return
        with self._wake:
            waiting.entry = None
            self._late = self._writing  # the thread sets it right when it comes back
        late = LogDown(f"LogDown: not durable within {self._patience} s")
        waiting.future.set_exception(late)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread, or a new one in the place of one that fell."""
        if self._closed:
            raise LogDown("LogDown: the node is closing")
        self._loop = loop
        self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        group: _Group = []
        try:
            while group := self._next():
                self._flush(group)
        except BaseException as error:
            # whatever this thread dies of, nobody may wait for it
            _say.exception("the flusher fell")
            with self._wake:
                self._thread = None  # whoever comes next starts another
                self._writing = self._late = False
            self._refuse(group, f"the flusher fell: {error!r}")
            if not isinstance(error, Exception):
                raise

    def _next(self) -> _Group:
        """Wait for entries; give a group of them, or none when the flusher is closed."""
        while True:
            with self._wake:
                self._writing = self._late = False  # the disk has answered
                while not (self._rung and self._waiting) and not self._closed:
                    self._wake.wait()
                if not self._waiting:
                    return []
                taken = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                self._rung = bool(self._waiting)  # what is left over waits for nobody to ring
                group = [(one, one.entry) for one in taken if one.entry is not None]
                self._writing = bool(group)
            if group:
                return group

    def _flush(self, group: _Group) -> None:
        try:
            told = self._store.commit([entry for _, entry in group])
        except sqlite3.Error as error:
            _say.error("the log cannot be written", extra={"detail": repr(error)})
            self._refuse(group, str(error))
            return
        self.groups += 1
        self.entries += len(group)
        self._crowded = len(group) > 1
        self._tell([(one, what) for (one, _), what in zip(group, told, strict=True)])

    def _refuse(self, group: _Group, why: str) -> None:
        """Refuse a group and all that waits behind it: it would only wait for the same."""
        with self._wake:
            left = [*(one for one, _ in group), *self._waiting]
            self._waiting.clear()
        down = LogDown(f"LogDown: {why}")
        self._tell([(one, down) for one in left])

    def _tell(self, told: Sequence[tuple[_Waiting, Told | LogDown]]) -> None:
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


def _settle(told: Sequence[tuple[_Waiting, Told | LogDown]]) -> None:
    for waiting, one in told:
        if waiting.future.done():  # who asked has given up meanwhile
            continue
        if isinstance(one, LogDown):
            # one error a caller: raising writes a traceback into it
            waiting.future.set_exception(LogDown(*one.args))
        else:
            waiting.future.set_result(one)
