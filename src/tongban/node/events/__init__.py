"""The asynchronous half of the node (异步交换): subscriptions, deliveries, tasks, batch files.

Every worker takes requests; one process of a node at a time moves what is queued, whichever holds
the lock beside the store. A process that falls lets go of it, however it fell.
"""

import asyncio
import fcntl
import importlib
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from starlette.routing import BaseRoute

from tongban.kernel.events import instant
from tongban.kernel.wire.words import Headers, Request, Response
from tongban.node import clock
from tongban.node.config import Config, ConfigInvalid, read_secret
from tongban.node.core import Asked, Identity, Node, Outcome, View
from tongban.node.events.capture import Capture, Table, Tables
from tongban.node.events.catching_up import CatchingUp
from tongban.node.events.endings import Endings
from tongban.node.events.flow_back import FlowBack
from tongban.node.events.ground import Ground, Sealing
from tongban.node.events.incoming import Incoming
from tongban.node.events.manifests import Manifests
from tongban.node.events.outgoing import Outgoing, Transport
from tongban.node.events.pump import Pump
from tongban.node.events.routes import Routes, safely
from tongban.node.events.sending import Callback
from tongban.node.events.settings import read_settings
from tongban.node.events.subscribing import Subscribing
from tongban.node.events.tasks import Tasks, wants_later
from tongban.node.flusher import Flusher, LogDown
from tongban.node.inner import Clients
from tongban.node.measures import Measures
from tongban.node.peers import Peers
from tongban.node.sources import Sources
from tongban.node.store import Entry, Store
from tongban.node.store.events import EventStore, Subscription, forgotten, handed_over

_LOCK_LOOK = 0.5
_FORGET_EVERY = 3600.0
_REMEMBERED = timedelta(days=7)


class Events:
    """The whole of it, for one worker of a node.

    ``ask`` makes one call of the node's own systems (`inner.Inner.asked`); it is given once the
    inner listener is there.
    """

    def __init__(
        self,
        config: Config,
        node: Node,
        view: Callable[[], View | None],
        store: Store,
        flusher: Flusher,
        sources: Sources,
        peers: Peers,
        clients: Clients,
        measures: Measures,
        ask: Callable[[Asked], Awaitable[Outcome]],
    ) -> None:
        """Build it; raise ConfigInvalid, ProviderConfigInvalid, sqlite3.Error."""
        identity: Identity = node.identity
        secret = read_secret(config.keys.records, "keys.records")
        self._config = config
        self._flusher = flusher
        self._store = EventStore(store)
        ground = Ground(
            config.members,
            identity,
            view,
            node.served,
            flusher,
            sources,
            peers,
            clients,
            self._store,
            Sealing(identity.suite, secret),
            read_settings(config),
            config.bounds.body,
            measures,
        )
        settings = ground.settings
        self._endings = Endings(ground)
        self._capture = Capture(ground)
        self._incoming = Incoming(ground, self._endings)
        self._tasks = Tasks(ground, node.ask, ask)
        subscribing = Subscribing(ground, self._endings)
        self._routes = Routes(
            ground,
            subscribing,
            self._capture,
            self._incoming,
            self._tasks,
            Manifests(ground),
        )
        transports: dict[str, Transport] = {"callback": Callback(peers)}
        self._runs: list[Callable[[], Awaitable[None]]] = []
        if settings.nats:
            bus = _bus()(settings, config.id, config.members, self._hear)
            transports["jetstream"] = bus
            self._runs.append(bus.run)
        outgoing = Outgoing(ground, self._endings, transports)
        bounds = settings.bounds
        out = Pump("out", self._store, flusher, bounds, outgoing.move)
        self._runs.append(out.run)
        self._handed_over = tuple(settings.hand_over)
        over = Pump("in", self._store, flusher, bounds, self._incoming.move)
        self._runs.append(over.run)
        bases = config.settings()
        self._tables = Tables(
            ground,
            self._capture,
            [Table(name, options, bases[name]) for name, options in settings.changes.items()],
        )
        self._runs += [
            self._endings.run,
            CatchingUp(ground).run,
            FlowBack(ground, subscribing).run,
            self._tasks.run,
            self._tables.run,
            self._forget,
        ]

    def outer(self) -> list[BaseRoute]:
        """Give the routes of the outer listener."""
        return self._routes.outer()

    def inner(self) -> list[BaseRoute]:
        """Give the routes of the inner listener."""
        return self._routes.inner()

    def status(self) -> dict[str, dict[str, int]]:
        """Say what queues, for each side."""
        return self._store.depths()

    def wants_later(self, headers: Headers) -> bool:
        """Say whether a call is to be answered later."""
        return wants_later(headers)

    async def later(self, request: Request) -> Response:
        """Take a call to be answered later; never raises."""
        return await safely(lambda asked, _: self._tasks.accept(asked), request, {})

    async def _hear(self, request: Request) -> Response:
        return await safely(self._routes.deliver, request, {})

    async def run(self) -> None:
        """Move what is queued while this process holds the lock; go on for ever."""
        lock = _Lock(self._config.state / "events.lock")
        try:
            while not lock.taken():
                await asyncio.sleep(_LOCK_LOOK)
            await self._begin()
            async with asyncio.TaskGroup() as group:
                for run in self._runs:
                    group.create_task(_forever(run))
        finally:
            lock.close()

    async def _begin(self) -> None:
        """Sort what waits by how it is handed over, which the configuration may have changed."""
        while True:
            try:
                await self._flusher.commit(Entry((), writes=handed_over(self._handed_over)))
            except LogDown:
                await asyncio.sleep(1.0)
            else:
                return

    async def _forget(self) -> None:
        while True:
            before = instant(clock.now() - _REMEMBERED)
            try:
                await self._flusher.commit(Entry(rows=(), writes=forgotten(before)))
            except LogDown:
                await asyncio.sleep(1.0)
                continue
            await asyncio.sleep(_FORGET_EVERY)

    async def close(self) -> None:
        """Close what was opened."""
        await self._tables.close()
        await self._incoming.close()
        self._store.close()


async def _forever(run: Callable[[], Awaitable[None]]) -> None:
    await run()


class Bus(Protocol):
    """A transport with a link of its own that must be kept."""

    async def run(self) -> None:
        """Keep the link."""

    async def __call__(self, one: Subscription, address: str, request: Request) -> Response:
        """Carry a message; see `outgoing.Transport`."""
        ...


class _Lock:
    """A lock that the kernel takes back when its process ends."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)

    def taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self._file)


def _bus() -> Callable[..., Bus]:
    """Give the transport over NATS, which is an extra of the installation."""
    try:
        module = importlib.import_module("tongban.node.events.jetstream")
    except ModuleNotFoundError as lacking:
        raise ConfigInvalid(
            f"ConfigInvalid: events.nats: {lacking.name} is not installed; "
            "install tongban[nats], or take events.nats out"
        ) from None
    found: Callable[..., Bus] = module.Bus
    return found
