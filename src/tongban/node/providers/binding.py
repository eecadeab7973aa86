"""Binds the three questions of a node to operations of an interface, by a small table.

``[providers.<service>.operations.find]`` says: ``operation`` (an operationId); where each key goes
(``path``, ``query`` or ``body``: attribute → name); for several keys ``keys`` (``query:name`` or
``body:name``); where ``fields``, ``cursor`` and ``limit`` go (``query:name`` or ``body:name``);
where the ``records`` and the ``next`` cursor stand in the answer (JSON pointers; the whole answer
by default); which statuses mean that there is no record (``absent``); and ``safe`` where a method
other than GET changes nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tongban.kernel.wire.words import Plain, Question
from tongban.node.providers import openapi
from tongban.node.providers.base import ProviderFailed, Setting, Wrong

_OPERATIONS = ("find", "among", "walk")
_PLACES = ("keys", "fields", "cursor", "limit")
_TABLES = ("path", "query", "body")
_KNOWN = frozenset({"operation", "records", "next", "absent", "safe", *_PLACES, *_TABLES})
_TEMPLATE = re.compile(r"\{([^{}/]+)\}")
_WHERE = re.compile(r"(query|body):([\w.\-\[\]]+)")
_POINTER = re.compile(r"(/[^/]*)*")


@dataclass(frozen=True, slots=True)
class Binding:
    """One question bound to one operation."""

    operation: openapi.Operation
    sources: Mapping[str, tuple[str, str]]  # attribute → (path|query|body, name)
    places: Mapping[str, tuple[str, str]]  # keys, fields, cursor, limit → (query|body, name)
    records_text: str
    next_text: str
    absent: frozenset[int]
    safe: bool

    @property
    def records(self) -> tuple[str, ...]:
        """Where the records stand in the answer."""
        return openapi.steps(self.records_text)

    @property
    def next(self) -> tuple[str, ...]:
        """Where the next cursor stands in the answer."""
        return openapi.steps(self.next_text)

    def request(
        self, base: str, question: Question, after: Plain, key: tuple[str, ...]
    ) -> tuple[str, dict[str, Any] | None]:
        """Give the address and the body of the request."""
        parts: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "body": {}}
        if question.operation == "find":
            for attribute, (where, name) in self.sources.items():
                parts[where][name] = question.keys[0][attribute]
        elif question.operation == "among":
            self._put(parts, "keys", _listed(question, key))
        else:
            self._put(parts, "cursor", after)
            self._put(parts, "limit", question.limit)
        self._put(parts, "fields", list(question.fields))
        path = _TEMPLATE.sub(lambda found: _segment(parts["path"][found[1]]), self.operation.path)
        query = urlencode({n: _text(v) for n, v in parts["query"].items()}, quote_via=quote)
        body = parts["body"] or None
        return f"{base}{path}{'?' if query else ''}{query}", body

    def _put(self, parts: dict[str, dict[str, Any]], what: str, value: Any) -> None:
        if what in self.places and value is not None:
            where, name = self.places[what]
            parts[where][name] = value


def _listed(question: Question, key: tuple[str, ...]) -> list[Any]:
    if len(key) == 1:
        return [one[key[0]] for one in question.keys]
    return [dict(one) for one in question.keys]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _segment(value: Any) -> str:
    """Write a key as one segment of a path; one that could climb or vanish has no record."""
    text = _text(value)
    if text in {"", ".", ".."}:
        raise ProviderFailed("bad_answer", "a key cannot stand in a path")
    return quote(text, safe="")


def read_bindings(setting: Setting, description: openapi.Description) -> dict[str, Binding]:
    """Read the table ``operations`` that `check_bindings` finds nothing in."""
    made = {}
    for name, raw in setting.options["operations"].items():
        places = {p: _WHERE.fullmatch(str(raw[p])) for p in _PLACES if p in raw}
        made[name] = Binding(
            description.operation(str(raw["operation"])),
            {a: (w, str(n)) for w in _TABLES for a, n in raw.get(w, {}).items()},
            {p: (found[1], found[2]) for p, found in places.items() if found},
            str(raw.get("records", "")),
            str(raw.get("next", "")),
            frozenset(raw.get("absent", ())),
            bool(raw.get("safe", False)),
        )
    return made


def check_bindings(setting: Setting) -> list[Wrong]:
    """Say what is wrong with the description and the table ``operations``."""
    try:
        description = openapi.load(setting.path("description"))
    except openapi.DescriptionInvalid as wrong:
        return [Wrong("description", str(wrong), "give a whole OpenAPI 3.0 or 3.1 description")]
    operations = setting.options.get("operations")
    if not isinstance(operations, Mapping) or "find" not in operations:
        return [Wrong("operations", "no find", "bind find to an operationId of the description")]
    faults = []
    for name, raw in operations.items():
        option = f"operations.{name}"
        if name not in _OPERATIONS:
            faults.append(Wrong(option, "no such question", "bind find, among or walk"))
        elif not isinstance(raw, Mapping):
            faults.append(Wrong(option, "no table", "write what it is bound to"))
        else:
            faults += _check_one(option, name, raw, setting, description)
    return faults


def _check_one(
    option: str,
    question: str,
    raw: Mapping[str, Any],
    setting: Setting,
    description: openapi.Description,
) -> Iterator[Wrong]:
    yield from _check_words(option, raw)
    tables = [raw.get(where, {}) for where in _TABLES]
    if not all(isinstance(table, Mapping) for table in tables):
        yield Wrong(option, "path, query or body is no table", "write {attribute = 'name'}")
        return
    bound = [attribute for table in tables for attribute in table]
    if question == "find" and sorted(bound) != sorted(setting.key):
        yield Wrong(option, "the keys have not each one place", "place each key once, nothing else")
    needed = {"among": ["keys"], "walk": ["cursor", "next"]}.get(question, [])
    for name in needed:
        if name not in raw:
            yield Wrong(f"{option}.{name}", "missing", f"say where {name} stands")
    try:
        operation = description.operation(str(raw.get("operation")))
    except openapi.DescriptionInvalid as wrong:
        yield Wrong(f"{option}.operation", str(wrong), "take one of its operationIds")
        return
    yield from _check_fit(option, raw, operation)


def _check_words(option: str, raw: Mapping[str, Any]) -> Iterator[Wrong]:
    known = ", ".join(sorted(_KNOWN))
    for name in raw.keys() - _KNOWN:
        yield Wrong(f"{option}.{name}", "no such option", f"take one of {known}")
    for name in (n for n in _PLACES if n in raw):
        if not _WHERE.fullmatch(str(raw[name])):
            yield Wrong(f"{option}.{name}", "no place", "write query:name or body:name")
    for name in (n for n in ("records", "next") if n in raw):
        if not _POINTER.fullmatch(str(raw[name])):
            yield Wrong(f"{option}.{name}", "no JSON pointer", "write /data/items, say")
    absent = raw.get("absent", [])
    if not isinstance(absent, list) or not all(a in {204, 404, 410} for a in absent):
        yield Wrong(f"{option}.absent", "not understood", "list some of 204, 404, 410")


def _check_fit(
    option: str, raw: Mapping[str, Any], operation: openapi.Operation
) -> Iterator[Wrong]:
    holes = set(_TEMPLATE.findall(operation.path))
    if holes != set(map(str, raw.get("path", {}).values())):
        yield Wrong(f"{option}.path", f"{operation.path} needs {sorted(holes)}", "fill each once")
    asked = {str(name) for name in raw.get("query", {}).values()}
    for found in (_WHERE.fullmatch(str(raw.get(place, ""))) for place in _PLACES):
        if found is not None and found[1] == "query":
            asked.add(found[2])
    declared = {name for where, name in operation.parameters if where == "query"}
    for name in sorted(asked - declared):
        yield Wrong(option, f"the description has no query parameter {name!r}", "correct one")
