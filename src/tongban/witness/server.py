"""The witness as a process: C2SP tlog-witness over HTTP, and alarms where somebody looks.

Answers add-checkpoint, gives the last cosigned checkpoint of a log, says how it stands. Nothing is
cosigned that is not on the disk; what cannot be kept is refused with 503.
"""

import asyncio
import hashlib
import json
import logging
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tongban.kernel.tlog.witnessing import (
    LARGEST,
    SIZE_TYPE,
    Refused,
    RequestInvalid,
    read_request,
)
from tongban.witness import clock
from tongban.witness.config import Config
from tongban.witness.store import Alarm, Answer, Store, StoreGone

_CONNECTIONS = 128
_say = logging.getLogger("tongban.witness")


class Witness:
    """What answers; one in a process."""

    def __init__(self, config: Config) -> None:
        """Open the store; raise StoreInvalid, OSError."""
        self.config = config
        self.store = Store(config.store, config.key, config.signer)
        # by SHA-256 of the origin in hex, as tlog-witness names a log in a path
        self._by_hash = {hashlib.sha256(o.encode()).hexdigest(): o for o in config.logs}

    def app(self) -> Starlette:
        """Give the application of the listener."""
        return Starlette(
            routes=[
                Route("/add-checkpoint", self._add, methods=["POST"]),
                Route("/{hash:str}/checkpoint", self._checkpoint),
                Route("/alarms", self._alarms),
                Route("/status", self._status),
                Route("/health", self._health),
            ]
        )

    async def _add(self, request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return PlainTextResponse("too large\n", 413)
        try:
            asked = read_request(body)
        except RequestInvalid as wrong:
            return PlainTextResponse(f"{wrong}\n", 400)
        try:
            answer = await asyncio.to_thread(self.store.add, asked, self.config.logs, clock.now)
        except (sqlite3.Error, StoreGone) as down:
            _say.error("nothing is cosigned: %s", down)
            return PlainTextResponse("the witness cannot keep anything now; ask again\n", 503)
        if answer.alarm is not None:
            await asyncio.to_thread(self._alarm, answer.alarm)
        return _response(answer)

    def _alarm(self, alarm: Alarm) -> None:
        """Say what is in the store already, on the log of the process and in a file."""
        _say.critical("%s of %s: %s", alarm.kind, alarm.origin, alarm.why)
        try:
            _append(self.config.alarms, alarm)
        except OSError as wrong:
            _say.error("the file of alarms takes nothing: %s", wrong)

    async def _checkpoint(self, request: Request) -> Response:
        origin = self._by_hash.get(request.path_params["hash"])
        held = None if origin is None else await asyncio.to_thread(self.store.last, origin)
        if held is None:
            return PlainTextResponse("nothing was cosigned of such a log\n", 404)
        return PlainTextResponse(held)

    async def _alarms(self, request: Request) -> Response:  # noqa: ARG002 - a route
        found = await asyncio.to_thread(self.store.alarms)
        return JSONResponse([asdict(one) for one in found])

    async def _status(self, request: Request) -> Response:  # noqa: ARG002 - a route
        sizes = await asyncio.to_thread(self.store.sizes)
        alarms = await asyncio.to_thread(self.store.alarms)
        return JSONResponse(
            {
                "key": str(self.config.key),
                "logs": {
                    origin: {"size": size, "time": time}
                    for origin in self.config.logs
                    for size, time in [sizes.get(origin, (0, None))]
                },
                "alarms": len(alarms),
            }
        )

    async def _health(self, request: Request) -> Response:  # noqa: ARG002 - a route
        return PlainTextResponse("ok\n")


async def _body(request: Request) -> bytes | None:
    """Read a body; None where it is larger than a request can be."""
    parts: list[bytes] = []
    size = 0
    stream: AsyncIterator[bytes] = request.stream()
    async for part in stream:
        size += len(part)
        if size > LARGEST:
            return None
        parts.append(part)
    return b"".join(parts)


def _response(answer: Answer) -> Response:
    if answer.signature is not None:
        return PlainTextResponse(f"{answer.signature}\n")
    refused = answer.told
    if not isinstance(refused, Refused):
        raise TypeError("what was taken has a signature")
    if refused.status == 409:
        return Response(f"{answer.size}\n", 409, media_type=SIZE_TYPE)
    return PlainTextResponse(f"{refused.why}\n", refused.status)


def _append(path: Path, alarm: Alarm) -> None:
    line = json.dumps(asdict(alarm), ensure_ascii=False) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def serve(config: Config) -> None:
    """Run until it is stopped; raise StoreInvalid, OSError."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("tongban").setLevel(logging.INFO)
    witness = Witness(config)
    _say.info("%s listens on %s:%d", config.key, config.host, config.port)
    try:
        uvicorn.run(
            witness.app(),
            host=config.host,
            port=config.port,
            http="h11",  # bounds what is not a complete head of a request
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=30,
        )
    finally:
        witness.store.close()
