"""Asks other nodes over HTTP: a pool of connections for each, bounded in number and time.

A node that is slow or down holds its own pool and nobody else's. What comes back is bytes that
nobody trusts yet; redirects are not followed, and nothing is asked twice.
"""

import asyncio
import ssl

import aiohttp

from tongban.kernel.wire.words import Request, Response
from tongban.node.config import Config

_FAULTS = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class PeerSilent(ConnectionError):
    """The other node gave no answer that can be read; the text is for the node's own log."""


class Peers:
    """The other nodes, by address. Belongs to one event loop."""

    def __init__(self, config: Config) -> None:
        self._bounds = config.bounds
        self._peers = config.peers
        ca = config.peers.ca
        self._trust: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca) if ca else True
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    def _session(self, address: str) -> aiohttp.ClientSession:
        found = self._sessions.get(address)
        if found is None:
            peers = self._peers
            found = self._sessions[address] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=peers.at_once, ssl=self._trust, keepalive_timeout=30
                ),
                timeout=aiohttp.ClientTimeout(
                    total=peers.timeout, sock_connect=peers.connect, connect=peers.timeout
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=self._bounds.headers,
                max_field_size=self._bounds.headers,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return found

    async def send(self, address: str, request: Request) -> Response:
        """Send a signed request to the node at this address; raise PeerSilent."""
        url = address.rstrip("/") + request.path + (f"?{request.query}" if request.query else "")
        try:
            async with self._session(address).request(
                request.method,
                url,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
            ) as answer:
                body = await self._body(answer)
                headers = tuple(
                    (name.decode("latin-1").lower(), value.decode("latin-1").strip())
                    for name, value in answer.raw_headers
                )
                return Response(answer.status, headers, body)
        except _FAULTS as wrong:
            raise PeerSilent(f"{address}: {type(wrong).__name__}") from wrong

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        most = self._bounds.answer
        if (answer.content_length or 0) > most:
            raise ValueError("too large")
        parts, size = [], 0
        async for part in answer.content.iter_any():
            size += len(part)
            if size > most:
                raise ValueError("too large")
            parts.append(part)
        return b"".join(parts)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(session.close() for session in self._sessions.values()))
