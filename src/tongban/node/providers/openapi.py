"""Reads an OpenAPI description (3.0 or 3.1) and holds answers to it (接口描述).

Looks at nothing but the one document: a reference that leads outside it is refused. What an answer
breaks is told as a JSON pointer with list positions and unknown names left out, never as a value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4, DRAFT202012

_HERE = "urn:tongban:description"
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_MOST_HOPS = 16


class DescriptionInvalid(ValueError):
    """The description does not read, or does not say what is looked for in it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a description: its id, method, path template and how it answers with 200."""

    id: str
    method: str
    path: str
    parameters: frozenset[tuple[str, str]]  # (in, name)
    validator: Validator


@dataclass(frozen=True, slots=True)
class Description:
    """A description with the operations that bear an id, and the names that its schemas know."""

    version: str
    operations: Mapping[str, Operation]
    names: frozenset[str]

    def operation(self, operation_id: str) -> Operation:
        """Give an operation by its id; raise DescriptionInvalid."""
        try:
            return self.operations[operation_id]
        except KeyError:
            raise DescriptionInvalid(
                f"DescriptionInvalid: no operation {operation_id!r} that answers 200 in JSON; "
                f"there are {', '.join(sorted(self.operations)) or 'none'}"
            ) from None


def load(path: Path) -> Description:
    """Read a description from a file, JSON or YAML; raise DescriptionInvalid."""
    try:
        document = _named(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as wrong:
        raise DescriptionInvalid(
            f"DescriptionInvalid: {path.name} does not read ({type(wrong).__name__})"
        ) from wrong
    return read(document)


def read(document: Any) -> Description:
    """Read a description; raise DescriptionInvalid."""
    version = str(document.get("openapi", "")) if isinstance(document, dict) else ""
    if not version.startswith(("3.0", "3.1")):
        raise DescriptionInvalid("DescriptionInvalid: it is no OpenAPI 3.0 or 3.1; convert it")
    _refuse_outside(document)
    old = version.startswith("3.0")
    if old:
        document = _nullable(document)
    specification = DRAFT4 if old else DRAFT202012
    registry: Registry[Any] = Registry().with_resource(
        _HERE, specification.create_resource(document)
    )
    kind = jsonschema.Draft4Validator if old else jsonschema.Draft202012Validator
    inlining = _Inlining(document, siblings=not old)
    operations = {}
    for path, item in _mapping(document.get("paths")).items():
        for method, raw in _mapping(_followed(document, item)).items():
            if method not in _METHODS or not isinstance(raw, dict) or "operationId" not in raw:
                continue
            place = _answer_schema(document, path, method)
            if place is None:
                continue
            operation = Operation(
                str(raw["operationId"]),
                method.upper(),
                str(path),
                frozenset(_parameters(document, item, raw)),
                kind(inlining.at(place), registry=registry),
            )
            operations[operation.id] = operation
    return Description(version, operations, frozenset(_names(document)))


def drift(description: Description, operation: Operation, answer: Any) -> str | None:
    """Give the JSON pointer of the first thing that does not fit, or None.

    Positions become ``*`` and names that no schema knows ``?``.
    """
    try:
        error = next(operation.validator.iter_errors(answer), None)
    except (Unresolvable, RecursionError) as wrong:
        raise DescriptionInvalid(
            f"DescriptionInvalid: {type(wrong).__name__} in a schema"
        ) from None
    if error is None:
        return None
    shown = (
        "*" if isinstance(step, int) else _escaped(step) if step in description.names else "?"
        for step in error.absolute_path
    )
    return "".join(f"/{step}" for step in shown)


def _named(value: Any) -> Any:
    """Make every name a text: YAML reads the status 200 as a number."""
    if isinstance(value, dict):
        return {str(name): _named(one) for name, one in value.items()}
    return [_named(one) for one in value] if isinstance(value, list) else value


def steps(pointer: str) -> tuple[str, ...]:
    """Read a JSON pointer (RFC 6901).

    >>> steps("/data/a~1b")
    ('data', 'a/b')
    """
    return tuple(s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _written(place: tuple[str, ...]) -> str:
    return "".join(
        "/" + _escaped(s).replace("%", "%25").replace("{", "%7B").replace("}", "%7D") for s in place
    )


def _walk(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _refuse_outside(document: Any) -> None:
    for one in _walk(document):
        reference = one.get("$ref") if isinstance(one, dict) else None
        if isinstance(reference, str) and not _leads_inside(document, reference):
            raise DescriptionInvalid(
                f"DescriptionInvalid: {reference[:80]!r} leads nowhere in this file; put it there"
            )


def _leads_inside(document: Any, reference: str) -> bool:
    if not reference.startswith("#/"):
        return False
    value = document
    for step in steps(reference[1:]):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return False
    return True


def _names(document: Any) -> Iterator[str]:
    for one in _walk(document):
        if isinstance(one, dict) and isinstance(one.get("properties"), dict):
            yield from map(str, one["properties"])


def _nullable(value: Any) -> Any:
    """Say ``nullable`` of OpenAPI 3.0 in the words of JSON Schema."""
    if isinstance(value, list):
        return [_nullable(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: _nullable(one) for name, one in value.items()}
    if value.get("nullable") is not True:
        return made
    if "$ref" in made or not isinstance(made.get("type"), str):
        return {"anyOf": [{"type": "null"}, {k: v for k, v in made.items() if k != "nullable"}]}
    made["type"] = [made["type"], "null"]
    if isinstance(made.get("enum"), list):
        made["enum"] = [*made["enum"], None]
    return made


def _place(document: Any, value: Any, place: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """Follow references inside the document; give what is there and where it stands."""
    for _ in range(_MOST_HOPS):
        if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
            return value, place
        place = tuple(
            s.replace("~1", "/").replace("~0", "~")
            for s in value["$ref"].lstrip("#").split("/")[1:]
        )
        value = document
        for step in place:
            value = _mapping(value).get(step)
    raise DescriptionInvalid("DescriptionInvalid: a reference leads round in a circle")


def _followed(document: Any, value: Any) -> Any:
    return _place(document, value, ())[0]


class _Inlining:
    """Puts what is referred to in the place of its reference, once and for all.

    Following references is most of what a check of a small answer would cost. A schema that refers
    to itself keeps that reference, which the registry follows. ``siblings``: what stands beside a
    reference counts too (3.1), or does not (3.0).
    """

    def __init__(self, document: Any, *, siblings: bool) -> None:
        self._document = document
        self._siblings = siblings
        self._made: dict[tuple[str, ...], Any] = {}
        self._under_way: set[tuple[str, ...]] = set()

    def at(self, place: tuple[str, ...]) -> Any:
        """Give the schema that stands at a place of the document."""
        if place in self._made:
            return self._made[place]
        if place in self._under_way:
            return {"$ref": f"{_HERE}#{_written(place)}"}
        self._under_way.add(place)
        value = self._document
        for step in place:
            value = value[int(step) if isinstance(value, list) else step]
        made = self._made[place] = self._inlined(value)
        self._under_way.discard(place)
        return made

    def _inlined(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._inlined(one) for one in value]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return {name: self._inlined(one) for name, one in value.items()}
        referred = self.at(steps(reference.removeprefix("#")))
        beside = {n: self._inlined(v) for n, v in value.items() if n != "$ref"}
        return {"allOf": [referred, beside]} if beside and self._siblings else referred


def _parameters(document: Any, item: Any, raw: Any) -> Iterator[tuple[str, str]]:
    for one in [*_followed(document, item).get("parameters", ()), *raw.get("parameters", ())]:
        found = _mapping(_followed(document, one))
        yield str(found.get("in")), str(found.get("name"))


def _answer_schema(document: Any, path: str, method: str) -> tuple[str, ...] | None:
    """Give where the schema of a good answer in JSON stands, or None where there is none."""
    item, at = _place(document, document["paths"][path], ("paths", path))
    responses = _mapping(item[method].get("responses"))
    for status in ("200", "2XX", "default"):
        if status not in responses:
            continue
        where = (*at, method, "responses", status)
        response, where = _place(document, responses[status], where)
        for media, content in _mapping(_mapping(response).get("content")).items():
            if (
                str(media).partition(";")[0].strip().endswith(("/json", "+json"))
                and "schema" in content
            ):
                return (*where, "content", str(media), "schema")
    return None
