"""Sends requests exactly as written, malformed ones too, and reads what comes back.

A proper client refuses to send what a check must send, so the bytes are made here.
"""

import asyncio
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httptools

from tongban.kernel.wire.words import Headers, Response

_MOST = 1 << 20  # bytes of an answer
_PATIENCE = 5.0  # seconds


class Unreachable(ConnectionError):
    """The endpoint gave no HTTP answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with the time that it took, in microseconds."""

    response: Response
    micros: int

    @property
    def status(self) -> int:
        """The status."""
        return self.response.status

    def header(self, name: str) -> str:
        """Give a header by its lower-case name (empty: none)."""
        return next((v for n, v in self.response.headers if n == name), "")


class _Reading:
    """What httptools calls back."""

    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()
        self.whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1").strip()))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True


async def send(
    base: str,
    method: str,
    target: str,
    headers: Headers,
    body: bytes,
    *,
    declared: int | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answered:
    """Send one request on a connection of its own; raise Unreachable.

    ``target`` goes on the wire as UTF-8 and unchanged; ``declared`` states another Content-Length
    than that of ``body``.
    """
    place = urlsplit(base)
    secure = place.scheme == "https"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {place.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body) if declared is None else declared}", "Connection: close"]
    began = time.monotonic()
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(
                place.hostname,
                place.port or (443 if secure else 80),
                ssl=(tls or ssl.create_default_context()) if secure else None,
            )
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                return await _read(reader, began)
            finally:
                writer.close()
    except (OSError, TimeoutError, httptools.HttpParserError) as error:
        raise Unreachable(f"no HTTP answer ({type(error).__name__})") from error


async def _read(reader: asyncio.StreamReader, began: float) -> Answered:
    reading = _Reading()
    parser = httptools.HttpResponseParser(reading)
    while not reading.whole:
        data = await reader.read(65536)
        if not data:
            break
        parser.feed_data(data)
        if len(reading.body) > _MOST:
            raise OSError("the answer does not end")
    status = parser.get_status_code()
    if not status:
        raise OSError("the connection closed without an answer")
    micros = int((time.monotonic() - began) * 1e6)
    return Answered(Response(status, tuple(reading.headers), bytes(reading.body)), micros)
