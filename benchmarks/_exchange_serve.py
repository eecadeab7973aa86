"""What the exchange's benchmark holds the node against, each served by a process of its own.

``bare``: Starlette and aiohttp passing the call on, nothing signed, judged or logged. ``http``: the
node's HTTP alone. ``unlogged``, ``unsigned``, ``constant``: the node without its log, without
signatures, with a provider that answers at once. The product has no such switches: they are put
together here, from its parts.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import Response as Answer
from starlette.routing import Route

from tongban.kernel.wire.snapshot import Key
from tongban.kernel.wire.words import Found, Response
from tongban.node.asgi import App, Receive, Scope, Send, read_request, send_response
from tongban.node.config import Config, Listen, read_config
from tongban.node.core import Accepted, Node, View
from tongban.node.outer import Outer
from tongban.node.server import Worker, listening, uvicorn_server
from tongban.node.store import Committed, Entry

FIXED = b'{"records":[{"name":"wang"}]}'


class Unlogged:
    """Takes every entry and keeps none."""

    async def commit(self, entry: Entry) -> Committed:
        """Say that it is kept."""
        del entry
        return Committed(1, 2)


class Unsigned:
    """Signs and believes everything."""

    public = b""

    def sign(self, message: bytes) -> bytes:
        """Give no signature."""
        del message
        return bytes(64)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Believe it."""
        del message, signature
        return True


@dataclass
class Constant:
    """Answers at once."""

    records: list[Mapping[str, Any]]

    async def ask(self, accepted: Accepted) -> Found:
        """Give the record with the key that was asked for."""
        return Found([{**one, **accepted.permit.question.keys[0]} for one in self.records])


def _believing(view: View | None) -> View | None:
    if view is None:
        return None
    keys: dict[str, Key] = {
        name: replace(key, verifier=Unsigned()) for name, key in view.snapshot.keys.items()
    }
    return replace(view, snapshot=replace(view.snapshot, keys=keys))


def node(config: Config, kind: str) -> tuple[App, Callable[[], Awaitable[None]]]:
    """Compose the node, less what the kind says."""
    worker = Worker(config, 0)
    held, flusher, sources = worker.node, worker.flusher, worker.sources
    if kind == "unsigned":
        view = _believing(worker.control.view())
        identity = replace(held.identity, signer=Unsigned())
        held = Node(identity, lambda: view, held.served)
    if kind == "unlogged":
        flusher = Unlogged()  # type: ignore[assignment]
    if kind == "constant":
        sources = Constant([{"name": "wang", "birth_date": "1990-01-02"}])  # type: ignore[assignment]
    outer = Outer(held, flusher, sources, worker.measures, config.bounds.body, [])
    return outer, worker.control.run


def http(config: Config) -> App:
    """Read a request as the node does and give a fixed answer of the usual size."""
    headers = tuple(
        (name, "x" * size)
        for name, size in (
            ("content-type", 16), ("x-road-id", 32), ("content-digest", 56),
            ("signature-input", 260), ("signature", 93),
        )
    )  # fmt: skip
    answer = Response(200, headers, FIXED)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await read_request(scope, receive, config.bounds.body)
            await send_response(send, answer)

    return app


def bare(upstream: str) -> App:
    """Pass each call on to the department's interface, as a proxy without any duty would."""
    sessions: list[aiohttp.ClientSession] = []

    async def passed(request: Asked) -> Answer:
        if not sessions:
            sessions.append(aiohttp.ClientSession())
        body = json.loads(await request.body())
        async with sessions[0].get(f"{upstream}/people/{body['key']['id_number']}") as answer:
            return Answer(await answer.read(), media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", passed, methods=["POST"])])


async def upstream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as a department's interface: one person."""
    del receive
    if scope["type"] == "http":
        number = scope["path"].rpartition("/")[2]
        body = json.dumps({"id_number": number, "name": "wang"}).encode()
        await send_response(send, Response(200, (("content-type", "application/json"),), body))


async def _serve(app: App, listen: Listen, config: Config, run: Any) -> None:
    server = uvicorn_server(app, listen, config)
    tasks = [asyncio.create_task(run())] if run else []
    await server.serve(sockets=[listening(listen, "outer")])
    for task in tasks:
        task.cancel()


def main() -> None:
    """``kind config port [upstream]``."""
    kind, path, port, *rest = sys.argv[1:]
    config = read_config(Path(path))
    listen = Listen("127.0.0.1", int(port))

    async def served() -> None:
        run = None
        if kind == "upstream":
            app: App = upstream
        elif kind == "bare":
            app = bare(rest[0])
        elif kind == "http":
            app = http(config)
        else:
            app, run = node(config, kind)
        await _serve(app, listen, config, run)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(served())


if __name__ == "__main__":
    main()
