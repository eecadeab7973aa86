"""The interface of a login plug-in (登录插件): send a browser away, read what it comes back with.

A plug-in proves who somebody is at its provider and nothing else; whose account that is, and how
far the provider is believed, is decided by `accounts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class LoginRefused(PermissionError):
    """The provider did not vouch for anybody, or what came back does not hold together."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what to keep in its session until it returns."""

    address: str
    keep: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a provider vouches for: ``subject`` is its own name for somebody, unique at ``issuer``.

    ``level`` is the level of assurance it claims (0: none that we know); ``id_number`` is empty
    where the provider does not give one.
    """

    issuer: str
    subject: str
    level: int = 0
    name: str = ""
    id_number: str = ""


class LoginProvider(Protocol):
    """What a plug-in is: a class that is made with the options of its provider."""

    def __init__(self, options: Mapping[str, str]) -> None:
        """Take the options; raise ValueError where one is missing."""

    def begin(self, back: str) -> Begun:
        """Begin a sign-in that returns to the address ``back``; raise `LoginRefused`."""

    def finish(self, keep: Mapping[str, str], query: Mapping[str, str], back: str) -> Assertion:
        """Read what the browser came back with; raise `LoginRefused`."""
