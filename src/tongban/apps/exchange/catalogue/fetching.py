"""Gets a document from another server: bounded in size and time, no redirect, no private address.

The address is resolved once, every answer is judged, and the connection goes to what was judged, so
that a name cannot point elsewhere between look and call. Private networks are reached only where
the setting ``HARVEST_NETWORKS`` names them.
"""

import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from tongban.infra.outward import Link, OutwardRefused, parts_of, place_of

LARGEST = 64 * 1024 * 1024  # bytes of one document
PATIENCE = 20.0  # seconds until a server answers
LONGEST = 120.0  # seconds for one document
_ACCEPT = "application/ld+json, text/turtle;q=0.8, application/rdf+xml;q=0.7"


class FetchRefused(ValueError):
    """The address may not be fetched, or its answer is no document; the message says why."""


class Unreachable(ConnectionError):
    """The server does not answer, or not in time; try again later."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document with its media type and the address of the next page (or nothing)."""

    data: bytes
    media_type: str
    next: str


def fetch(url: str, *, networks: Sequence[str] = (), token: str = "") -> Fetched:
    """Get one document; raises `FetchRefused`, `Unreachable`.

    ``networks`` are private networks that may be reached (``10.2.0.0/16``); ``token`` goes into the
    header ``Authorization`` and is sent over plain HTTP only there.
    """
    parts, port, place, private = _judged(url, networks)
    if token and parts.scheme == "http" and not private:
        raise FetchRefused("FetchRefused: a token over plain HTTP; use https")
    link = Link(parts, port, place, PATIENCE)
    headers = {"Accept": _ACCEPT, "User-Agent": "tongban-harvest/1", "Host": parts.netloc}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        until = time.monotonic() + LONGEST
        link.request(
            "GET", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", None, headers
        )
        answer = link.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise FetchRefused(_said(answer.status, url))
        data = _body(answer, until)
        return Fetched(data, answer.getheader("Content-Type", ""), _next(answer, url))
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"Unreachable: {parts.netloc} does not answer ({error})") from error
    finally:
        link.close()


def _judged(url: str, networks: Sequence[str]) -> tuple[SplitResult, int, str, bool]:
    """Give the parts of an address, its port, where to connect, and whether that is private."""
    try:
        parts = parts_of(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        place, private = place_of(host, port, networks)
    except OutwardRefused as refused:
        mend = "; name its network in TONGBAN_HARVEST_NETWORKS to allow it"
        raise FetchRefused(
            f"FetchRefused: {refused}{mend if 'private' in str(refused) else ''}"
        ) from refused
    except OSError as error:
        raise Unreachable(f"Unreachable: {host} has no address ({error})") from error
    return parts, port, place, private


def _said(status: int, url: str) -> str:
    if 300 <= status < 400:
        return f"FetchRefused: {url} leads elsewhere ({status}); give the final address"
    if status in {401, 403}:
        return f"FetchRefused: {url} wants a token of its instance ({status})"
    return f"FetchRefused: {url} answers {status}"


def _body(answer: http.client.HTTPResponse, until: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read1(1 << 16):
        size += len(piece)
        pieces.append(piece)
        if size > LARGEST:
            raise FetchRefused(f"FetchRefused: the document has more than {LARGEST} bytes")
        if time.monotonic() > until:
            raise Unreachable(f"Unreachable: the document took more than {LONGEST:.0f} s")
    return b"".join(pieces)


def _next(answer: http.client.HTTPResponse, url: str) -> str:
    """Give the next page (RFC 8288, ``rel="next"``), which must be on the same server."""
    for link in answer.getheader("Link", "").split(","):
        target, _, rest = link.strip().partition(">")
        if target.startswith("<") and 'rel="next"' in rest:
            found = urljoin(url, target[1:])
            if urlsplit(found)[:2] != urlsplit(url)[:2]:
                raise FetchRefused(f"FetchRefused: the next page {found} is on another server")
            return found
    return ""
