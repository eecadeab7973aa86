"""From where a call comes: the address behind our own proxies, and whether it is an office's.

Nobody is believed about its own address: a header counts only as far as proxies we named wrote it.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

Address = IPv4Address | IPv6Address


def _parse(text: str) -> Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _within(address: Address, networks: Sequence[str]) -> bool:
    return any(address in ip_network(network) for network in networks)


def client_address(remote: str, forwarded: str, proxies: Sequence[str]) -> str:
    """Give the address a call comes from; empty where it cannot be told.

    ``remote`` is the peer of the socket, ``forwarded`` the header X-Forwarded-For, ``proxies`` the
    networks of our own proxies. Read from the right: the first that is no proxy of ours is it.

    >>> client_address("10.0.0.2", "1.2.3.4, 203.0.113.7", ["10.0.0.0/8"])
    '203.0.113.7'
    >>> client_address("203.0.113.9", "10.0.0.5", ["10.0.0.0/8"])
    '203.0.113.9'
    >>> client_address("10.0.0.2", "nonsense", ["10.0.0.0/8"])
    ''
    """
    at: Address | None = None
    for hop in (remote, *reversed(forwarded.split(",") if forwarded else [])):
        at = _parse(hop)
        if at is None or not _within(at, proxies):
            break
    return "" if at is None else str(at)


def network_of(address: str, offices: Sequence[str]) -> Literal["inside", "outside", "unknown"]:
    """Tell whether an address is inside the offices' networks; unknown where none are named.

    >>> network_of("10.2.3.4", ["10.2.0.0/16"]), network_of("10.3.3.4", ["10.2.0.0/16"])
    ('inside', 'outside')
    >>> network_of("10.2.3.4", []), network_of("", ["10.2.0.0/16"])
    ('unknown', 'outside')
    """
    if not offices:
        return "unknown"
    at = _parse(address)
    return "inside" if at is not None and _within(at, offices) else "outside"
