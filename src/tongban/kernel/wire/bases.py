"""The signature base of RFC 9421, section 2.5: the exact text that is signed for a message.

Knows the components that the exchange and the RFC's own examples (B.2) use. Refuses the rest by
name: trailers, re-serialised (``sf``) and wrapped (``bs``) fields, and query parameters that would
have to be decoded.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tongban.kernel.wire.structured import (
    InnerList,
    Item,
    StructuredInvalid,
    parse_dictionary,
    write_member,
)
from tongban.kernel.wire.words import Headers, Request, Response

_UNCODED = re.compile(r"[A-Za-z0-9*._-]*", re.ASCII)


class BaseImpossible(ValueError):
    """A component is not in the message, is not known here, or would forge a line of the base."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the components of one message are taken from; ``status`` is 0 for a request.

    ``fields`` maps lower-case names to values, repeated ones joined by comma (section 2.1).
    """

    method: str
    path: str
    query: str
    status: int
    fields: Mapping[str, str]


Take = Callable[[Parts], str]


def parts(message: Request | Response) -> Parts:
    """Take a message apart, whatever its headers are."""
    fields = _joined(message.headers)
    if isinstance(message, Response):
        return Parts("", "", "", message.status, fields)
    return Parts(message.method, message.path, message.query, 0, fields)


def _joined(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]}, {value.strip()}" if name in found else value.strip()
    return found


def signature_base(
    components: str, parameters: str, message: Parts, request: Parts | None = None
) -> str:
    """Write the base of ``message``; ``request`` is the one that a response answers (``;req``).

    ``components`` is the inner list as written, ``parameters`` what follows it. Raise
    BaseImpossible.

    >>> asked = Parts("POST", "/r1", "", 0, {"content-type": "application/json"})
    >>> print(signature_base('("@method" "@query")', ";created=1", asked))
    "@method": POST
    "@query": ?
    "@signature-params": ("@method" "@query");created=1
    """
    lines = []
    for begin, take, of_request in _plan(components):
        source = request if of_request else message
        if source is None:
            raise BaseImpossible("BaseImpossible: ;req where no request is answered")
        lines.append(begin + take(source))
    lines.append(f'"@signature-params": {components}{parameters}')
    base = "\n".join(lines)
    # a line feed inside a value would read as a component of its own (section 7.5.7)
    if base.count("\n") != len(lines) - 1 or "\r" in base or not base.isascii():
        raise BaseImpossible("BaseImpossible: a value has line ends or is not ASCII")
    return base


@lru_cache(maxsize=256)
def _plan(components: str) -> tuple[tuple[str, Take, bool], ...]:
    try:
        listed = parse_dictionary(f"base={components}")["base"]
    except StructuredInvalid as wrong:
        raise BaseImpossible(f"BaseImpossible: {wrong}") from None
    if not isinstance(listed, InnerList) or write_member(listed) != components:
        raise BaseImpossible("BaseImpossible: the components are no exact inner list")
    plan = tuple(_step(item) for item in listed.items)
    if len({begin for begin, _, _ in plan}) != len(plan):
        raise BaseImpossible("BaseImpossible: a component is covered twice")
    return plan


def _step(item: Item) -> tuple[str, Take, bool]:
    name, modes = item.value, dict(item.parameters)
    of_request = modes.pop("req", False)
    if not isinstance(name, str) or name != name.lower() or type(of_request) is not bool:
        raise BaseImpossible(f"BaseImpossible: {write_member(item)} names no component")
    wanted = modes.pop("name" if name == "@query-param" else "key", None)
    if modes or not (wanted is None or isinstance(wanted, str)):
        raise BaseImpossible(f"BaseImpossible: {write_member(item)} is not known here")
    return f"{write_member(item)}: ", _taker(name, wanted), of_request


def _taker(name: str, wanted: str | None) -> Take:
    if not name.startswith("@"):
        if wanted is None:
            return lambda message: _field(message, name)
        return lambda message: _member(_field(message, name), wanted)
    if name == "@query-param" and wanted is not None:
        return lambda message: _query_parameter(message.query, wanted)
    if name not in _DERIVED or wanted is not None:
        raise BaseImpossible(f"BaseImpossible: component {name} is not known here")
    return _DERIVED[name]


#: Derived components, section 2.2.
_DERIVED: Mapping[str, Take] = {
    "@method": lambda message: message.method,
    "@authority": lambda message: _field(message, "host").lower(),
    "@path": lambda message: message.path or "/",
    "@query": lambda message: "?" + message.query,
    "@status": lambda message: str(message.status),
}


def _field(message: Parts, name: str) -> str:
    try:
        return message.fields[name]
    except KeyError:
        raise BaseImpossible(f"BaseImpossible: the message has no {name}") from None


def _member(value: str, key: str) -> str:
    try:
        return write_member(parse_dictionary(value)[key])
    except (StructuredInvalid, KeyError):
        raise BaseImpossible(f"BaseImpossible: no member {key} in {value[:60]!r}") from None


def _query_parameter(query: str, name: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&")]
    values = [value for given, _, value in pairs if given == name]
    if len(values) != 1 or not all(
        _UNCODED.fullmatch(part) for given, _, value in pairs for part in (given, value)
    ):
        raise BaseImpossible(f"BaseImpossible: query parameter {name}: not once, or encoded")
    return values[0]
