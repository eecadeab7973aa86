"""Calls that are answered later (``Prefer: respond-async``, RFC 7240): kept, asked, kept again.

A task is durable before it is accepted. It is asked until there is an answer that waiting does not
change, at most once at a time; a node that falls while asking asks once more, which a read bears.
Question and answer lie sealed, and go when their time is over.
"""

import asyncio
import contextlib
import json
import logging
import re
import uuid
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from tongban.kernel.events import canonical, instant
from tongban.kernel.suites import SealBroken
from tongban.kernel.wire.bodies import JSON
from tongban.kernel.wire.words import Headers, Identifier, Request, Response, WireRefused
from tongban.node import clock
from tongban.node.core import Asked, Outcome
from tongban.node.events.ground import About, Ground, row
from tongban.node.events.words import not_found
from tongban.node.flusher import LogDown
from tongban.node.store.events import (
    Task,
    task_asked,
    task_ended,
    task_gone,
    task_taken,
    tasks_outlived,
)

#: Refusals that pass by waiting.
PASSING = frozenset({"unavailable", "log_down", "snapshot_old", "feed_old", "limited"})
_KEPT = frozenset({"content-type"})
_LOOK = 0.25
_CLEAN = 30.0
_ASYNC = re.compile(r"(?:^|,)\s*respond-async\s*(?:$|[,;])", re.ASCII | re.IGNORECASE)
_say = logging.getLogger("tongban.node.events")

Ask = Callable[[Asked], Awaitable[Outcome]]
Read = Callable[[Request, Identifier, str], Asked]


def wants_later(headers: Headers) -> bool:
    """Say whether a request prefers to be answered later (RFC 7240, section 4.1)."""
    return any(name == "prefer" and _ASYNC.search(value) for name, value in headers)


class Tasks:
    """Takes tasks, and asks them; ``read`` and ``ask`` are those of the inner listener."""

    def __init__(self, ground: Ground, read: Read, ask: Ask) -> None:
        self._ground = ground
        self._read = read
        self._ask = ask
        self._wake = asyncio.Event()
        self._busy: dict[str, float] = {}
        self._rests: dict[str, float] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def accept(self, request: Request) -> Response:
        """Keep a call for later: 202 with its address. Raise `WireRefused`, LogDown."""
        ground, now = self._ground, clock.now()
        client = ground.clients.of(request.headers)
        name, call = uuid.uuid4().hex, uuid.uuid4().hex
        asked = self._read(request, client, call)  # what is malformed is refused at once
        if ground.store.task_count(str(client)) >= ground.settings.bounds.tasks:
            raise WireRefused("limited", "等待中的任务过多", "too many of your tasks wait")
        until = instant(now + timedelta(seconds=ground.settings.bounds.task_life))
        sealed = ground.sealing.seal(_written(request), f"task\n{name}")
        task = Task(name, str(client), asked.caller.call, "waiting", 0, until, sealed, b"")
        about = About("consumer", asked.caller, asked.service, "later", asked.question)
        taken = row(ground.identity, about, "task", status=202)
        await ground.commit((taken,), task_taken(task))
        self._wake.set()
        place = f"/tasks/{name}"
        headers = (
            ("content-type", JSON),
            ("location", place),
            ("preference-applied", "respond-async"),
            ("x-road-id", asked.caller.call),
        )
        return Response(202, headers, canonical({"task": place, "call": task.call, "until": until}))

    def get(self, client: Identifier, name: str) -> Response:
        """Give how a task stands, with its answer if there is one; raise `WireRefused`."""
        task = self._own(client, name)
        told: dict[str, Any] = {
            "id": name,
            "call": task.call,
            "state": task.state,
            "asked": task.asked,
            "until": task.until,
        }
        if task.answer:
            try:
                told |= json.loads(self._ground.sealing.open(task.answer, f"answer\n{name}"))
            except SealBroken:
                raise not_found() from None
        return Response(200, (("content-type", JSON),), canonical(told))

    async def remove(self, client: Identifier, name: str) -> None:
        """Remove a task; raise `WireRefused`, LogDown."""
        task = self._own(client, name)
        await self._ground.commit((), task_gone(task.id))

    def _own(self, client: Identifier, name: str) -> Task:
        task = self._ground.store.task(name)
        if task is None or task.client != str(client) or task.until <= instant(clock.now()):
            raise not_found()
        return task

    async def run(self) -> None:
        """Ask what waits; go on for ever."""
        loop = asyncio.get_running_loop()
        cleaned = float("-inf")
        try:
            while True:
                self._wake.clear()
                try:
                    if loop.time() - cleaned > _CLEAN:
                        await self._ground.commit((), tasks_outlived(instant(clock.now())))
                        cleaned = loop.time()
                    self._start(loop.time())
                except LogDown as down:
                    _say.warning("log_down", extra={"detail": str(down)})
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _LOOK)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def _start(self, now: float) -> None:
        bounds = self._ground.settings.bounds
        open_tasks = self._ground.store.open_tasks(bounds.tasks_at_once + len(self._rests) + 1)
        for task in open_tasks:
            if len(self._busy) >= bounds.tasks_at_once:
                return
            if task.id in self._busy or self._rests.get(task.id, 0.0) > now:
                continue
            self._busy[task.id] = now
            made = asyncio.create_task(self._asked(task))
            self._under_way.add(made)
            made.add_done_callback(self._under_way.discard)

    async def _asked(self, task: Task) -> None:
        try:
            await self._ask_once(task)
        except LogDown as down:
            self._rest(task)
            _say.warning("log_down", extra={"detail": str(down), "call": task.call})
        except Exception:  # noqa: BLE001 - it is tried again
            self._rest(task)
            _say.exception("a task was not asked")
        finally:
            self._busy.pop(task.id, None)
            self._wake.set()

    async def _ask_once(self, task: Task) -> None:
        ground = self._ground
        client = Identifier.parse(task.client)
        if task.until <= instant(clock.now()):
            self._rest(task)
            return
        request = _read(ground.sealing.open(task.request, f"task\n{task.id}"))
        asked = self._read(request, client, task.call)
        await ground.commit((), task_asked(task.id))
        outcome = await self._ask(asked)
        if outcome.code in PASSING:
            self._rest(task)
            return
        response = outcome.response
        told = {"status": response.status, "answer": json.loads(response.body)}
        sealed = ground.sealing.seal(canonical(told), f"answer\n{task.id}")
        about = About("consumer", asked.caller, asked.service, "later", asked.question)
        done = row(ground.identity, about, "task", status=response.status, code=outcome.code)
        state = "refused" if outcome.code else "done"
        await ground.commit((done,), task_ended(task.id, state, sealed))
        self._rests.pop(task.id, None)

    def _rest(self, task: Task) -> None:
        bounds = self._ground.settings.bounds
        pause = min(bounds.longest_rest, bounds.rest * 2.0 ** min(task.asked, 20))
        self._rests[task.id] = asyncio.get_running_loop().time() + pause


def _written(request: Request) -> bytes:
    headers = [[n, v] for n, v in request.headers if n in _KEPT or n.startswith(("x-road-", "tb-"))]
    return canonical(
        {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": headers,
            "body": b64encode(request.body).decode(),
        }
    )


def _read(kept: bytes) -> Request:
    told = json.loads(kept)
    headers = tuple((str(name), str(value)) for name, value in told["headers"])
    return Request(told["method"], told["path"], told["query"], headers, b64decode(told["body"]))
