"""Structured field values (RFC 9651), the part that signed messages need.

Reads and writes dictionaries of items and inner lists whose values are text, tokens, integers,
booleans and bytes. Refuses decimals, dates and display strings, and is stricter than the RFC where
leniency lets two readers disagree: a key or parameter written twice, unpadded base64, over-long
text.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: No field of the exchange is longer (characters).
LONGEST = 8192

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*", re.ASCII)
#: One value: text, bytes, integer, boolean, token (sections 4.2.4 to 4.2.8).
_BARE = re.compile(
    r'"((?:[ !#-\[\]-~]|\\["\\])*)"'
    r"|:([A-Za-z0-9+/]*={0,2}):"
    r"|(-?[0-9]{1,15})(?![0-9.])"
    r"|\?([01])"
    r"|([A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*)",
    re.ASCII,
)
_PARAMETER = re.compile(r"; *([a-z*][a-z0-9_.*-]*)(=?)", re.ASCII)
_SPACES = re.compile(" *")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_ESCAPED = re.compile(r"\\(.)")
_TEXT = re.compile(r"[ -~]*", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*", re.ASCII)
_LARGEST = 10**15 - 1


class StructuredInvalid(ValueError):
    """The text is no structured field of this subset, or the value cannot be written as one."""


@dataclass(frozen=True, slots=True)
class Token:
    """A short word without quotes (section 3.3.4)."""

    text: str


Bare = str | int | bool | bytes | Token
Parameters = Mapping[str, Bare]


@dataclass(frozen=True, slots=True)
class Item:
    """One value with its parameters, in the order in which they stand."""

    value: Bare
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class InnerList:
    """Items in round brackets, and the parameters of the whole."""

    items: tuple[Item, ...]
    parameters: Parameters


Member = Item | InnerList


def parse_dictionary(text: str) -> dict[str, Member]:
    """Read a dictionary (section 4.2.2), at least one member; raise StructuredInvalid.

    >>> parse_dictionary('tb=("@method" "digest";req);created=1')["tb"].parameters
    {'created': 1}
    """
    if len(text) > LONGEST:
        raise StructuredInvalid(f"StructuredInvalid: longer than {LONGEST} characters")
    at, end = _skip(text, 0), len(text.rstrip(" "))
    found: dict[str, Member] = {}
    while True:
        key = _KEY.match(text, at, end)
        if not key:
            raise _unfit(text, at, "a name in small letters")
        name, at = key[0], key.end()
        if name in found:
            raise StructuredInvalid(f"StructuredInvalid: {name} stands twice; write it once")
        member: Member
        if text[at : at + 1] != "=":
            parameters, at = _parameters(text, at, end)
            member = Item(True, parameters)  # noqa: FBT003  a bare key means ?1 (4.2.2)
        elif text[at + 1 : at + 2] == "(":
            member, at = _inner_list(text, at + 1, end)
        else:
            member, at = _item(text, at + 1, end)
        found[name] = member
        if at == end:
            return found
        comma = _COMMA.match(text, at, end)
        if not comma or comma.end() == end:
            raise _unfit(text, at, "a comma and one more member, or nothing")
        at = comma.end()


def parse_parameters(text: str) -> dict[str, Bare]:
    """Read parameters that stand alone (section 4.2.3.2); raise StructuredInvalid.

    >>> parse_parameters(';created=1;nonce="a"')
    {'created': 1, 'nonce': 'a'}
    """
    if len(text) > LONGEST:
        raise StructuredInvalid(f"StructuredInvalid: longer than {LONGEST} characters")
    found, at = _parameters(text, 0, len(text))
    if at != len(text):
        raise _unfit(text, at, "a parameter, or nothing")
    return found


def _unfit(text: str, at: int, wanted: str) -> StructuredInvalid:
    return StructuredInvalid(
        f"StructuredInvalid: {text[at : at + 20]!r} at character {at + 1}; write {wanted}"
    )


def _skip(text: str, at: int) -> int:
    spaces = _SPACES.match(text, at)
    return spaces.end() if spaces else at


def _bare(text: str, at: int, end: int) -> tuple[Bare, int]:
    found = _BARE.match(text, at, end)
    if not found:
        raise _unfit(text, at, "text, bytes, a whole number, a boolean or a token")
    kind, part = found.lastindex, found[found.lastindex or 0]
    after = found.end()
    if kind == 1:
        return _ESCAPED.sub(r"\1", part) if "\\" in part else part, after
    if kind == 2:
        return _bytes(part), after
    if kind == 3:
        return int(part), after
    if kind == 4:
        return part == "1", after
    return Token(part), after


def _bytes(part: str) -> bytes:
    # bits left over after the last byte, or missing padding, would let two texts mean one value
    try:
        read = b64decode(part, validate=True)
    except ValueError:
        raise StructuredInvalid("StructuredInvalid: bytes that are not base64") from None
    if b64encode(read).decode() != part:
        raise StructuredInvalid("StructuredInvalid: base64 with bits left over")
    return read


def _parameters(text: str, at: int, end: int) -> tuple[dict[str, Bare], int]:
    found: dict[str, Bare] = {}
    while named := _PARAMETER.match(text, at, end):
        name, given = named.groups()
        if name in found:
            raise StructuredInvalid(f"StructuredInvalid: {name} stands twice; write it once")
        if given:
            found[name], at = _bare(text, named.end(), end)
        else:
            found[name], at = True, named.end()
    return found, at


def _item(text: str, at: int, end: int) -> tuple[Item, int]:
    value, at = _bare(text, at, end)
    parameters, at = _parameters(text, at, end)
    return Item(value, parameters), at


def _inner_list(text: str, at: int, end: int) -> tuple[InnerList, int]:
    at, items = _skip(text, at + 1), []
    while text[at : at + 1] != ")":
        item, at = _item(text, at, end)
        items.append(item)
        if text[at : at + 1] not in {" ", ")"}:
            raise _unfit(text, at, "a space or the closing bracket")
        at = _skip(text, at)
    parameters, at = _parameters(text, at + 1, end)
    return InnerList(tuple(items), parameters), at


def write_dictionary(members: Mapping[str, Member]) -> str:
    """Write a dictionary in the one exact form (section 4.1.2); raise StructuredInvalid.

    >>> write_dictionary({"sha-256": Item(b"paper", {})})
    'sha-256=:cGFwZXI=:'
    """
    if not members:
        raise StructuredInvalid("StructuredInvalid: an empty dictionary is not written")
    return ", ".join(
        _key(name) + write_parameters(member.parameters)
        if isinstance(member, Item) and member.value is True
        else f"{_key(name)}={write_member(member)}"
        for name, member in members.items()
    )


def write_member(member: Member) -> str:
    """Write an item (section 4.1.3) or an inner list (4.1.1.1); raise StructuredInvalid."""
    if isinstance(member, Item):
        return _write_bare(member.value) + write_parameters(member.parameters)
    return f"({' '.join(map(write_member, member.items))}){write_parameters(member.parameters)}"


def write_parameters(parameters: Parameters) -> str:
    """Write parameters (section 4.1.1.2); raise StructuredInvalid."""
    return "".join(_write_parameters(parameters.items()))


def _write_parameters(parameters: Iterable[tuple[str, Bare]]) -> Iterable[str]:
    for name, value in parameters:
        yield f";{_key(name)}" if value is True else f";{_key(name)}={_write_bare(value)}"


def _key(name: str) -> str:
    if not _KEY.fullmatch(name):
        raise StructuredInvalid(f"StructuredInvalid: the name {name!r}; write small letters")
    return name


def _write_bare(value: Bare) -> str:
    if isinstance(value, str):
        if not _TEXT.fullmatch(value):
            raise StructuredInvalid("StructuredInvalid: text beyond printable ASCII")
        return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'
    if isinstance(value, bool):
        return "?1" if value else "?0"
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise StructuredInvalid("StructuredInvalid: a number of more than 15 digits")
        return str(value)
    if isinstance(value, bytes):
        return f":{b64encode(value).decode()}:"
    if not _TOKEN.fullmatch(value.text):
        raise StructuredInvalid(f"StructuredInvalid: {value.text!r} is no token")
    return value.text
