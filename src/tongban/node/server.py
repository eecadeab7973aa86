"""The node as processes: two listeners on one loop, and as many workers on one store as wanted.

The parent opens the sockets, starts workers, starts a fallen one anew and stops them gently; a
worker whose parent is gone stops by itself. Nothing is served before the configuration, the keys
and the store were found good.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import ssl
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
import uvloop
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tongban.kernel.events import canonical
from tongban.node import lines
from tongban.node.asgi import App, bounded
from tongban.node.config import Config, ConfigInvalid, Listen, read_secret
from tongban.node.control import Control
from tongban.node.core import Asked as Call
from tongban.node.core import Node, Outcome
from tongban.node.events import Events
from tongban.node.flusher import Flusher
from tongban.node.handing import Handing
from tongban.node.inner import Clients, Inner
from tongban.node.measures import Measures
from tongban.node.metrics import CONTENT_TYPE
from tongban.node.outer import Outer
from tongban.node.peers import Peers
from tongban.node.sources import Sources
from tongban.node.store import Store

GRACE = 10.0  # seconds that calls under way have to end
_REST = 1.0  # seconds before a fallen worker is started anew
_BACKLOG = 2048
_FRESH = 60.0  # seconds between two looks at when the sources last changed
_COLLECT = (20_000, 20, 50)
_say = logging.getLogger("tongban.node.server")


class _Server(uvicorn.Server):
    """Uvicorn's server without its hand on the signals of the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the worker."""
        yield


def uvicorn_server(app: App, listen: Listen, config: Config) -> uvicorn.Server:
    """Give the server of one listener: bounded, silent, and without a hand on signals."""
    return _Server(
        uvicorn.Config(
            app,
            loop="none",
            http=bounded(config.bounds.headers),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=config.bounds.connections,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=int(GRACE),
            ssl_certfile=listen.certificate,
            ssl_keyfile=listen.key,
            ssl_version=ssl.PROTOCOL_TLS_SERVER,
        )
    )


def check_tls(config: Config) -> None:
    """Load every file of TLS once, before anything listens; raise ConfigInvalid."""
    for key, listen in (("outer", config.outer), ("inner", config.inner)):
        if listen.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            try:
                context.load_cert_chain(listen.certificate, listen.key)
            except OSError as wrong:  # ssl.SSLError is one
                raise ConfigInvalid(
                    f"ConfigInvalid: {key}.certificate, {key}.key: {wrong}; "
                    "name a certificate in PEM and the key that belongs to it"
                ) from None
    if config.peers.ca is not None:
        try:
            ssl.create_default_context(cafile=config.peers.ca)
        except OSError as wrong:
            raise ConfigInvalid(
                f"ConfigInvalid: peers.ca: {wrong}; name a file of certificates in PEM"
            ) from None


@dataclass(frozen=True, slots=True)
class Sockets:
    """The two listening sockets, opened once and shared by the workers."""

    outer: socket.socket
    inner: socket.socket


def listening(listen: Listen, key: str) -> socket.socket:
    """Open a listening socket; raise ConfigInvalid, which names the table ``key``."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((listen.host, listen.port))
        made.listen(_BACKLOG)
    except OSError as wrong:
        raise ConfigInvalid(
            f"ConfigInvalid: {key}.listen: {listen.host}:{listen.port}: {wrong.strerror}; "
            "choose another port, or end what listens there"
        ) from None
    made.setblocking(False)  # noqa: FBT003 - the call's face
    return made


class Worker:
    """One process of the node: everything it holds, from the log to the listeners."""

    def __init__(self, config: Config, number: int) -> None:
        """Build it all; raise what is wrong with configuration, keys, providers or store."""
        identity = config.identity()
        primary = number == 0
        self.config = config
        self.number = number
        self.fallen = False
        self.control = Control(config, identity, primary=primary)
        self.control.load()
        wrapping = read_secret(config.keys.records, "keys.records")
        self.store = Store.open(config.store, identity.suite.name, wrapping)
        self.flusher = Flusher(self.store)
        self.sources = Sources(config.settings())
        self.node = Node(identity, self.control.view, config.settings())
        self.peers = Peers(config)
        self.measures = Measures(config, str(number), self.control.view)
        self.handing = Handing(config, identity, self.store, self.control, self.measures.shown)
        clients, most = Clients(config.clients), config.bounds.body
        self.events = Events(
            config,
            self.node,
            self.control.view,
            self.store,
            self.flusher,
            self.sources,
            self.peers,
            clients,
            self.measures,
            self._ask,
        )
        self.outer = Outer(
            self.node,
            self.flusher,
            self.sources,
            self.measures,
            most,
            [Route("/health", self._health), *self.events.outer()],
        )
        self.inner = Inner(
            self.node, self.flusher, self.peers, clients, most, self._routes(), self.events
        )

    async def _ask(self, asked: Call) -> Outcome:
        return await self.inner.asked(asked)

    def _routes(self) -> list[BaseRoute]:
        return [
            Route("/health", self._health),
            Route("/status", self._status),
            Route("/metrics", self._metrics),
            *self.events.inner(),
        ]

    async def _health(self, request: Asked) -> Response:  # noqa: ARG002 - a route
        return Response(b"ok\n", media_type="text/plain")

    async def _status(self, request: Asked) -> Response:  # noqa: ARG002 - a route
        return Response(canonical(self.status()), media_type="application/json")

    async def _metrics(self, request: Asked) -> Response:  # noqa: ARG002 - a route
        control, log = self.control.status(), self.handing.status()
        gauges = {
            name: (told, float(value))
            for name, told, value in (
                ("snapshot_age_seconds", "Age of the snapshot of grants.", control["snapshot_age"]),
                ("feed_age_seconds", "Age of the feed of revocations.", control["feed_age"]),
                ("log_rows", "Rows of the log.", log["rows"]),
            )
            if value is not None
        }
        text = self.measures.openmetrics(self.sources.phases(), gauges)
        return Response(text, media_type=CONTENT_TYPE)

    def status(self) -> dict[str, Any]:
        """Say how this worker stands."""
        return {
            "node": self.config.id,
            "worker": self.number,
            "workers": self.config.workers,
            "control": self.control.status(),
            "log": self.handing.status(),
            "providers": self.sources.phases(),
            "events": self.events.status(),
            "services": self.measures.shown(),
        }

    async def run(self, sockets: Sockets, stop: asyncio.Event) -> int:
        """Serve until told to stop; calls under way are ended first. Give the exit code."""
        servers = [
            uvicorn_server(self.outer, self.config.outer, self.config),
            uvicorn_server(self.inner, self.config.inner, self.config),
        ]
        serving = [
            asyncio.create_task(server.serve(sockets=[place]))
            for server, place in zip(servers, (sockets.outer, sockets.inner), strict=True)
        ]
        tasks = [
            asyncio.create_task(self._supervised("control", self.control.run())),
            asyncio.create_task(self._supervised("measures", self.measures.run())),
            asyncio.create_task(self._supervised("events", self.events.run())),
            asyncio.create_task(self._supervised("freshness", self._freshness())),
        ]
        if self.number == 0:
            tasks.append(asyncio.create_task(self._supervised("handing", self.handing.run())))
        # what was built stays: the collector need not walk it again for each few hundred calls
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        _say.info("serving", extra={"worker": self.number})
        await stop.wait()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*serving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.close()
        _say.info("stopped", extra={"worker": self.number})
        return 1 if self.fallen else 0

    async def _freshness(self) -> None:
        # one worker asks the sources; what answers told is known to the worker that got them
        while True:
            for service, changed in (await self.sources.changed(ask=self.number == 0)).items():
                self.measures.learn(service, changed)
            await asyncio.sleep(_FRESH)

    async def _supervised(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 - whatever it is, it must not go unseen
            # a worker without its link or its hand would look well and age: let it start anew
            _say.exception("%s fell", name)
            self.fallen = True
            os.kill(os.getpid(), signal.SIGTERM)

    async def close(self) -> None:
        """Close what was opened."""
        await self.events.close()
        await self.peers.close()
        await self.sources.close()
        await self.control.close()
        await self.flusher.close()
        self.measures.close()
        self.store.close()


async def _work(config: Config, number: int, sockets: Sockets, parent: int | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if parent is not None:
        # the other end closes when the parent is gone, however it went
        loop.add_reader(parent, stop.set)
    return await Worker(config, number).run(sockets, stop)


def _worker(config: Config, number: int, sockets: Sockets, parent: int | None) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_work(config, number, sockets, parent))


def serve(config: Config) -> int:
    """Run the node until it is told to stop (SIGTERM, SIGINT); give the exit code."""
    lines.begin()
    check_tls(config)
    sockets = Sockets(listening(config.outer, "outer"), listening(config.inner, "inner"))
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if config.workers == 1:
        return _worker(config, 0, sockets, None)
    # what is wrong with it is told once, here, and not by every worker for ever
    config.identity()
    Sources(config.settings())
    return _Parent(config, sockets).run()


class _Parent:
    """Keeps as many workers as are wanted."""

    def __init__(self, config: Config, sockets: Sockets) -> None:
        self._config = config
        self._sockets = sockets
        self._numbers: dict[int, int] = {}
        self._stopping = False
        self._alive, self._ours = os.pipe()
        os.set_inheritable(self._alive, True)  # noqa: FBT003 - the call's face

    def run(self) -> int:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        for number in range(self._config.workers):
            self._start(number)
        code = 0
        while self._numbers:
            pid, status = os.wait()
            if pid not in self._numbers:
                continue
            number = self._numbers.pop(pid)
            if self._stopping:
                continue
            code = os.waitstatus_to_exitcode(status)
            _say.error("fell", extra={"worker": number, "detail": f"exit {code}"})
            time.sleep(_REST)
            if not self._stopping:
                self._start(number)
        return 0 if self._stopping else code

    def _start(self, number: int) -> None:
        pid = os.fork()
        if pid:
            self._numbers[pid] = number
            return
        code = 1
        try:
            os.close(self._ours)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            code = _worker(self._config, number, self._sockets, self._alive)
        except Exception:  # noqa: BLE001 - the end of a forked process
            _say.exception("worker fell")
        finally:
            os._exit(code)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        for pid in self._numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
