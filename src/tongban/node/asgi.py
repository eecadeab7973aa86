"""HTTP as the node speaks it: what uvicorn parsed becomes a `Request`, a `Response` becomes bytes.

Strict before anything is read: bounded headers and bodies, a path as it stood on the wire, a
request that must be complete in time. Nothing is decoded, joined or repaired.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tongban.kernel.wire.words import Headers, Request, Response, WireRefused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: An origin-form target of visible ASCII; a fragment never stands on the wire (RFC 9112, 3.2.1).
_TARGET = re.compile(rb"/[!-\"$-~]*")
#: What is addressed like a call and is none: the subscriptions of a service.
_BESIDE = re.compile(rb"/r1(?:/[^/]+){5}/subscriptions(?:/.*)?")
_MOST_HEADERS = 64
_PATIENCE = 15.0  # seconds for a request to be complete, its body included


def bounded(most_header_bytes: int) -> type[HttpToolsProtocol]:
    """Give uvicorn's protocol with bounds: size and number of headers, and time."""

    class Bounded(HttpToolsProtocol):
        _late: asyncio.TimerHandle | None = None
        _size = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._late = self.loop.call_later(_PATIENCE, transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self._in_time()
            super().connection_lost(exc)

        def _in_time(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._size = 0
            if self._late is None:
                self._late = self.loop.call_later(_PATIENCE, self.transport.close)

        def on_url(self, url: bytes) -> None:
            super().on_url(url)
            self._count(len(url))

        def on_header(self, name: bytes, value: bytes) -> None:
            self._count(len(name) + len(value))
            super().on_header(name, value)

        def _count(self, more: int) -> None:
            self._size += more
            # what is raised in a callback of the parser becomes 400, and the connection closes
            if self._size > most_header_bytes or len(self.headers) >= _MOST_HEADERS:
                raise httptools.HttpParserError("the head of the request is too large")

        def on_headers_complete(self) -> None:
            if not _TARGET.fullmatch(self.url):
                raise httptools.HttpParserInvalidURLError("not an origin-form target")
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._in_time()
            super().on_message_complete()

    return Bounded


def is_call(scope: Scope) -> bool:
    """Say whether a request is for the calls' own handler, by its path as it stands."""
    path = scope["raw_path"] if scope["type"] == "http" else b""
    return path.startswith(b"/r1/") and not _BESIDE.fullmatch(path)


def too_large(most: int) -> WireRefused:
    """Refuse a body that is larger than what is read."""
    return WireRefused("too_large", f"正文过大，至多 {most} 字节", f"send at most {most} bytes")


def head(scope: Scope) -> Headers:
    """Give the headers in order, names in lower case, values without space round them."""
    return tuple(
        [(n.decode("latin-1"), v.decode("latin-1").strip(" \t")) for n, v in scope["headers"]]
    )


async def read_request(scope: Scope, receive: Receive, most: int) -> Request:
    """Read a request whole; raise `WireRefused` (too_large) before reading too much."""
    headers = head(scope)
    for name, value in headers:
        if name == "content-length" and int(value) > most:
            raise too_large(most)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body"):
            if size > most:
                raise too_large(most)
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise ConnectionResetError
    if len(body) > most:
        raise too_large(most)
    return Request(
        scope["method"],
        scope["raw_path"].decode("ascii"),
        scope["query_string"].decode("ascii"),
        headers,
        body,
    )


async def send_response(send: Send, response: Response, *, close: bool = False) -> None:
    """Send an answer."""
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in response.headers]
    headers.append((b"content-length", b"%d" % len(response.body)))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
