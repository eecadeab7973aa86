"""Calls to addresses that somebody else wrote down: judged once, and the judged one is called.

A name is resolved once and every answer must be allowed, so that it cannot point elsewhere between
look and call. Private networks are reached only where a setting names them; no redirect is
followed, because nothing here follows any.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit


class OutwardRefused(ValueError):
    """The address may not be called; the message says why."""


def parts_of(url: str) -> SplitResult:
    """Read a plain http or https address; raises `OutwardRefused`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise OutwardRefused(f"{url!r} is no address ({error})") from error
    plain = url.isascii() and url.isprintable() and " " not in url
    web = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    if not (plain and web):
        raise OutwardRefused(f"{url!r} is no plain http or https address")
    return parts


def place_of(host: str, port: int, networks: Sequence[str]) -> tuple[str, bool]:
    """Give the address to connect to, and whether it is private; every address must be allowed.

    Raises `OutwardRefused`, and OSError where the name has no address.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    allowed = [ipaddress.ip_network(network) for network in networks]
    places = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for place in places:
        known = any(place in network for network in allowed)
        if not known and (not place.is_global or place.is_multicast):
            raise OutwardRefused(f"{host} is at the private address {place}")
    return str(places[0]), not places[0].is_global


class Link(http.client.HTTPConnection):
    """A connection to the address that was judged, whatever the name says by now."""

    def __init__(self, parts: SplitResult, port: int, place: str, patience: float) -> None:
        super().__init__(parts.hostname or "", port, timeout=patience)
        self._place = place
        self._secure = parts.scheme == "https"

    def connect(self) -> None:
        """Open the socket, with TLS for the name that was asked for."""
        self.sock = socket.create_connection((self._place, self.port), self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
