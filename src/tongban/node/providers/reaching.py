"""Judges the addresses that a name resolves to, and lets a connection go only to those judged.

Refused unless allowed: private, loopback and shared addresses. Refused always: link-local,
multicast, reserved and unspecified ones, and any of these wrapped in an IPv6 form. One bad address
refuses the whole name, and the connection is made to what was judged, so that a name cannot mean
another host a moment later (DNS rebinding).
"""

import asyncio
import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(OSError):
    """A name leads to an address that this provider may not reach."""


def unwrapped(address: Address) -> list[Address]:
    """Give the address and every IPv4 address that it carries inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    inner: list[Address] = [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner += address.teredo
    if address in _NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return inner


def may_reach(text: str, *, allow_private: bool) -> bool:
    """Tell whether an address may be connected to.

    >>> may_reach("203.0.114.9", allow_private=False)
    True
    >>> may_reach("::ffff:10.0.0.1", allow_private=False)
    False
    >>> may_reach("169.254.169.254", allow_private=True)
    False
    """
    try:
        outer = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_one(address, allow_private=allow_private) for address in unwrapped(outer))


def _one(address: Address, *, allow_private: bool) -> bool:
    if address.is_loopback:
        return allow_private
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return allow_private
    if address.is_global:
        return True
    return allow_private and not (address.is_reserved and address.version == 4)


class JudgedResolver(AbstractResolver):
    """Resolves by the system, and raises `AddressRefused` unless every address may be reached."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the addresses of a name; raise AddressRefused or OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family
        )
        for _, _, _, _, place in found:
            if not may_reach(str(place[0]), allow_private=self._allow_private):
                raise AddressRefused(f"{host} leads to an address that is not allowed")
        return [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, place in found
        ]

    async def close(self) -> None:
        """Nothing is held."""
