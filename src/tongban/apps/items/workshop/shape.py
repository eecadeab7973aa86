"""The form of a pack's file, laid out from its JSON schema, and the data that comes back from it.

One mechanism for every kind of file: what the schema knows is a question of its own, what it leaves
open (maps, alternatives) is a piece of YAML. Nothing is judged here but whether such a piece can be
read: an answer that does not fit is kept, and found by the checks of publication.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tongban.infra.packs import PackInvalid, Place, document_of, written

Kind = Literal["text", "long", "number", "choice", "flag", "lines", "yaml"]
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_LONG = frozenset({"text", "help", "summary", "source", "alone_source", "when"})
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Leaf:
    """One question: where its value stands, how it is asked, and the value as text."""

    place: Place
    kind: Kind
    text: str
    options: tuple[str, ...] = ()
    required: bool = False
    refers: str = ""

    @property
    def name(self) -> str:
        """The name of its field in a form."""
        return name_of(self.place)


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping: its questions, in the order of the schema."""

    place: Place
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of mappings, whose entries may be added, removed and moved."""

    place: Place
    entries: tuple[Section, ...]


Node = Leaf | Section | Rows


def name_of(place: Place) -> str:
    """Give the name of a place.

    >>> name_of(("form", 0, "fact"))
    'form/0/fact'
    """
    return "/".join(map(str, place))


def place_of(name: str) -> Place:
    """Give the place of a name.

    >>> place_of("form/0/fact")
    ('form', 0, 'fact')
    """
    return tuple(int(part) if part.isdecimal() else part for part in name.split("/"))


def laid_out(
    schema: Mapping[str, Any], defs: Mapping[str, Any], data: Any, place: Place = ()
) -> Section:
    """Lay out a mapping as questions; what is fixed by the schema is asked by none."""
    held = data if isinstance(data, dict) else {}
    wanted = frozenset(schema.get("required", ()))
    nodes = [
        node
        for key, inner in schema["properties"].items()
        for node in _node(
            inner, defs, held.get(key, _ABSENT), (*place, key), required=key in wanted
        )
    ]
    return Section(place, tuple(nodes))


def _node(
    schema: Mapping[str, Any], defs: Mapping[str, Any], value: Any, place: Place, *, required: bool
) -> Iterator[Node]:
    refers = str(schema.get("$ref", "")).rpartition("/")[2]
    shape = defs[refers] if refers else schema
    if "const" in shape:
        if isinstance(shape["const"], bool):
            yield Leaf(place, "flag", _plain(value), required=required)
    elif "enum" in shape and all(isinstance(one, str) for one in shape["enum"]):
        yield Leaf(place, "choice", _plain(value), tuple(shape["enum"]), required, refers)
    elif shape.get("type") == "string":
        kind: Kind = "long" if place[-1] in _LONG else "text"
        yield Leaf(place, kind, _plain(value), (), required, refers)
    elif shape.get("type") == "integer":
        yield Leaf(place, "number", _plain(value), (), required, refers)
    elif shape.get("type") == "boolean":
        yield Leaf(place, "flag", _plain(value), (), required, refers)
    elif shape.get("type") == "object" and "properties" in shape and _closed(shape):
        yield laid_out(shape, defs, value, place)
    elif shape.get("type") == "array":
        yield _listed(shape, defs, value, place, required=required)
    else:
        yield Leaf(place, "yaml", snippet(value), (), required)


def _closed(shape: Mapping[str, Any]) -> bool:
    return shape.get("additionalProperties") is False and "propertyNames" not in shape


def _listed(
    shape: Mapping[str, Any], defs: Mapping[str, Any], value: Any, place: Place, *, required: bool
) -> Node:
    items = shape["items"]
    refers = str(items.get("$ref", "")).rpartition("/")[2]
    items = defs[refers] if refers else items
    if items.get("type") == "object" and _closed(items):
        rows = value if isinstance(value, list) else []
        return Rows(
            place,
            tuple(laid_out(items, defs, row, (*place, n)) for n, row in enumerate(rows)),
        )
    plain = value is _ABSENT or (
        isinstance(value, list) and all(isinstance(one, str) and "\n" not in one for one in value)
    )
    if plain and (items.get("type") == "string" or "enum" in items):
        text = "" if value is _ABSENT else "\n".join(value)
        return Leaf(place, "lines", text, (), required, refers)
    return Leaf(place, "yaml", snippet(value), (), required)


def _plain(value: Any) -> str:
    if value is _ABSENT or value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def snippet(value: Any) -> str:
    """Write a value as a piece of YAML; empty where there is none.

    >>> snippet({"a": [1, "yes"]}), snippet(3), snippet("x: y")
    ('a: [1, "yes"]', '3', '"x: y"')
    """
    if value is _ABSENT:
        return ""
    if isinstance(value, dict) and value:
        return written(value).strip()
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        lines = written({"x": value}).splitlines()[1:]
        return "\n".join(line[2:] for line in lines)
    return written({"x": value}).removeprefix("x: ").strip()


def _read(text: str) -> Any:
    """Read a piece of YAML; raises `PackInvalid`."""
    inner = "\n".join(f"  {line}" for line in text.splitlines())
    return document_of(f"x:\n{inner}\n".encode(), "").data["x"]


@dataclass(frozen=True, slots=True)
class Unread:
    """A piece of YAML that cannot be read: its field, and in which line of it."""

    name: str
    line: int


def gathered(
    node: Section, old: Any, texts: Mapping[str, str]
) -> tuple[dict[str, Any], list[Unread]]:
    """Give the data that the answers make, with what the form did not ask for kept from ``old``.

    A question without an answer, and a mapping without any, is left out. Keys keep their order.
    """
    wrong: list[Unread] = []
    made = _mapping(node, old, texts, wrong)
    return made, wrong


def _mapping(
    node: Section, old: Any, texts: Mapping[str, str], wrong: list[Unread]
) -> dict[str, Any]:
    held = old if isinstance(old, dict) else {}
    found = {
        str(inner.place[-1]): _value(inner, held.get(inner.place[-1], _ABSENT), texts, wrong)
        for inner in node.nodes
    }
    keys = [*held, *(key for key in found if key not in held)]
    made = {key: found.get(key, held.get(key, _ABSENT)) for key in keys}
    return {key: value for key, value in made.items() if value is not _ABSENT}


def _value(node: Node, old: Any, texts: Mapping[str, str], wrong: list[Unread]) -> Any:
    if isinstance(node, Section):
        made = _mapping(node, old, texts, wrong)
        return made if made or old == {} else _ABSENT
    if isinstance(node, Rows):
        held = old if isinstance(old, list) else []
        rows = [
            _mapping(one, held[n] if n < len(held) else None, texts, wrong)
            for n, one in enumerate(node.entries)
        ]
        return rows if rows or isinstance(old, list) else _ABSENT
    text = texts.get(node.name, "").replace("\r\n", "\n").strip()
    if text == node.text.strip():
        return old  # what was not touched stays as it was written
    if not text:
        return _ABSENT
    return _leaf(node, old, text, wrong)


def _leaf(node: Leaf, old: Any, text: str, wrong: list[Unread]) -> Any:
    if node.kind == "number":
        return int(text) if _INTEGER.fullmatch(text) else text
    if node.kind == "flag":
        return {"true": True, "false": False}.get(text, text)
    if node.kind == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if node.kind == "yaml":
        try:
            return _read(text)
        except PackInvalid as error:
            wrong.append(Unread(node.name, max(1, error.problems[0].line - 1)))
            return old
    return text


def acted(data: Mapping[str, Any], act: str) -> dict[str, Any]:
    """Do an act upon a list: ``add:form``, ``remove:form/2``, ``up:form/2``, ``down:form/2``.

    What leads nowhere changes nothing.
    """
    verb, _, name = act.partition(":")
    place = place_of(name)
    if verb == "add":
        return dict(_replaced(data, place, lambda rows: [*rows, {}]))
    index = place[-1]
    if not isinstance(index, int):
        return dict(data)

    def moved(rows: Sequence[Any]) -> list[Any]:
        kept = list(rows)
        if not 0 <= index < len(kept):
            return kept
        one = kept.pop(index)
        if verb != "remove":
            kept.insert(max(0, index - 1) if verb == "up" else index + 1, one)
        return kept

    return dict(_replaced(data, place[:-1], moved))


def _replaced(data: Any, place: Place, change: Any) -> Any:
    if not place:
        return change(data if isinstance(data, list) else [])
    first, rest = place[0], place[1:]
    if isinstance(first, int):
        if not isinstance(data, list) or first >= len(data):
            return data
        return [_replaced(one, rest, change) if n == first else one for n, one in enumerate(data)]
    held = dict(data) if isinstance(data, dict) else {}
    return {**held, first: _replaced(held.get(first), rest, change)}


def leaves(node: Node) -> Iterator[Leaf]:
    """Give every question of a form."""
    if isinstance(node, Leaf):
        yield node
    else:
        for inner in node.nodes if isinstance(node, Section) else node.entries:
            yield from leaves(inner)
