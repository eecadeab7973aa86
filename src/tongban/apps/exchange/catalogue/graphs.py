"""Reads a catalogue document that came from outside: JSON-LD, Turtle or RDF/XML.

Nothing is fetched: a remote context, a document type or an entity is refused. Pages in our own form
are read as plain JSON, which is nine times as fast as a graph and gives the same records.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rdflib import RDF, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DCAT
from rdflib.plugins.parsers.jsonld import to_rdf
from rdflib.term import Node as Term

from tongban.apps.exchange.domain.dcat import CONTEXT, NAMESPACE, Node
from tongban.kernel.xml import XmlRefused, read_xml

_DEEPEST = 40
_PREFIXES = {
    name: place["@id"] if isinstance(place, dict) else place for name, place in CONTEXT.items()
}
_KINDS = {
    "application/ld+json": "json-ld",
    "application/json": "json-ld",
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "application/rdf+xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
}
_ENDINGS = {
    ".jsonld": "json-ld",
    ".json": "json-ld",
    ".ttl": "turtle",
    ".rdf": "xml",
    ".xml": "xml",
}


class DocumentRefused(ValueError):
    """A catalogue that cannot be read safely, or at all; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """The datasets of one document, and the instance that says it wrote it (or nothing)."""

    datasets: Sequence[Node]
    instance: str


def kind_of(media_type: str, name: str) -> str:
    """Give the form of a document by its media type, else by the ending of its name."""
    plain = media_type.partition(";")[0].strip().lower()
    found = _KINDS.get(plain) or next((k for e, k in _ENDINGS.items() if name.endswith(e)), "")
    if not found:
        raise DocumentRefused(
            f"DocumentRefused: {plain or name!r} is no form of a catalogue; use JSON-LD (.jsonld), "
            "Turtle (.ttl) or RDF/XML (.rdf)"
        )
    return found


def parse(data: bytes, kind: str) -> Document:
    """Read a document of this kind; raises `DocumentRefused`."""
    if kind == "json-ld":
        return _json(data)
    if kind == "xml":
        try:
            read_xml(data, "catalogue")  # no document type, no entity
        except XmlRefused as error:
            raise DocumentRefused(f"DocumentRefused: {error}") from error
    return _graph(data, kind)


def _json(data: bytes) -> Document:
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DocumentRefused(f"DocumentRefused: not JSON ({error})") from error
    _local(raw, 0)
    if isinstance(raw, dict) and raw.get("@context") == CONTEXT:
        listed = raw.get("dcat:dataset", [])
        listed = listed if isinstance(listed, list) else [listed]
        if all(isinstance(one, dict) for one in listed):
            instance = raw.get("tb:instance", "")
            return Document([_Plain(one) for one in listed], str(instance))
    return _graph(raw, "json-ld")


def _local(raw: Any, depth: int) -> None:
    """Refuse a context that would have to be fetched, wherever it stands."""
    if depth > _DEEPEST:
        raise DocumentRefused("DocumentRefused: nested too deep")
    if isinstance(raw, list):
        for part in raw:
            _local(part, depth + 1)
    elif isinstance(raw, dict):
        context = raw.get("@context")
        parts = context if isinstance(context, list) else [context]
        if "@import" in raw or any(isinstance(part, str) for part in parts):
            raise DocumentRefused(
                "DocumentRefused: a remote JSON-LD context; ask for the document with its context "
                "written out (expanded), or as Turtle"
            )
        for part in raw.values():
            _local(part, depth + 1)


def _graph(data: Any, kind: str) -> Document:
    graph = Graph()
    try:
        if kind == "json-ld":
            to_rdf(data, graph)
        else:
            graph.parse(data=data, format=kind)
    except Exception as error:
        raise DocumentRefused(f"DocumentRefused: not {kind} ({str(error)[:200]})") from error
    subjects = sorted(
        subject for subject in graph.subjects(RDF.type, DCAT.Dataset) if isinstance(subject, URIRef)
    )
    found = sorted(str(value) for value in graph.objects(None, URIRef(f"{NAMESPACE}instance")))
    return Document([_Subject(graph, subject) for subject in subjects], found[0] if found else "")


@dataclass(frozen=True, slots=True)
class _Value:
    """A literal in a list."""

    value: str

    @property
    def id(self) -> str:
        return ""

    def texts(self, name: str) -> Sequence[tuple[str, str]]:
        return [(self.value, "")] if name == "@value" else []

    def nodes(self, name: str) -> Sequence[Node]:  # noqa: ARG002 - a literal leads nowhere
        return []


@dataclass(frozen=True, slots=True)
class _Plain:
    """A subject in our own JSON-LD."""

    raw: dict[str, Any]

    @property
    def id(self) -> str:
        found = self.raw.get("@id", "")
        return found if isinstance(found, str) else ""

    def _values(self, name: str) -> list[Any]:
        found = self.raw.get(name, [])
        return found if isinstance(found, list) else [found]

    def texts(self, name: str) -> Sequence[tuple[str, str]]:
        return [text for value in self._values(name) for text in _text(value)]

    def nodes(self, name: str) -> Sequence[Node]:
        return [node for value in self._values(name) for node in _nodes(value)]


def _text(value: Any) -> Iterator[tuple[str, str]]:
    lang = ""
    if isinstance(value, dict):
        value, lang = value.get("@value"), str(value.get("@language", ""))
    if isinstance(value, bool):
        yield str(value).lower(), ""
    elif isinstance(value, (str, int)):
        yield str(value), lang


def _nodes(value: Any) -> Iterator[Node]:
    if not isinstance(value, dict):
        return
    if "@list" not in value:
        yield _Plain(value)
        return
    for part in value["@list"] if isinstance(value["@list"], list) else []:
        if isinstance(part, dict):
            yield _Plain(part)
        else:
            yield from (_Value(text) for text, _ in _text(part))


@dataclass(frozen=True, slots=True)
class _Subject:
    """A subject of a parsed graph."""

    graph: Graph
    term: Term

    @property
    def id(self) -> str:
        return str(self.term) if isinstance(self.term, URIRef) else ""

    def _objects(self, name: str) -> list[Term]:
        prefix, _, local = name.partition(":")
        return list(self.graph.objects(self.term, URIRef(_PREFIXES[prefix] + local)))

    def texts(self, name: str) -> Sequence[tuple[str, str]]:
        return [
            (str(term), term.language or "")
            for term in self._objects(name)
            if isinstance(term, Literal)
        ]

    def nodes(self, name: str) -> Sequence[Node]:
        found: list[Node] = []
        for term in self._objects(name):
            if (term, RDF.first, None) in self.graph:
                found += [self._node(part) for part in Collection(self.graph, term)]
            elif not isinstance(term, Literal):
                found.append(_Subject(self.graph, term))
        return found

    def _node(self, term: Term) -> Node:
        return _Value(str(term)) if isinstance(term, Literal) else _Subject(self.graph, term)
