"""Writes records as DCAT-AP 3 in JSON-LD and reads them back, ours without loss.

What DCAT-AP has no word for stands under our own prefix ``tb`` (`NAMESPACE`). Reading takes a
`Node`, a view of one subject, so that plain JSON and a parsed graph are read by the same code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from tongban.apps.exchange.domain import records, registry
from tongban.apps.exchange.domain.records import Entry, Organisation, Registered
from tongban.kernel.facts import Words

NAMESPACE = "urn:tongban:dcat:1:"
CONTEXT: Mapping[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "tb": {"@id": NAMESPACE, "@prefix": True},
}
_EU = "http://publications.europa.eu/resource/authority"
_FREQUENCIES: Mapping[str, str] = {
    "real-time": "UPDATE_CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "half-yearly": "ANNUAL_2",
    "yearly": "ANNUAL",
    "irregular": "IRREG",
}
_CYCLES = {name: cycle for cycle, name in _FREQUENCIES.items()}
_RIGHTS: Mapping[str, str] = {
    "unconditional": "PUBLIC",
    "conditional": "RESTRICTED",
    "none": "NON_PUBLIC",
}
#: Fields of a record that are plain texts, and what they are called.
_PLAIN: Mapping[str, str] = {
    "code": "tb:code",
    "format": "tb:format",
    "kind": "tb:kind",
    "sharing": "tb:sharing",
    "mode": "tb:sharingMode",
    "open": "tb:openAttribute",
    "update_cycle": "tb:updateCycle",
    "source_item": "tb:sourceItem",
    "classification": "tb:classification",
    "base_library": "tb:baseLibrary",
    "region": "tb:region",
}
_CLASSES = ("tb:section", "tb:list", "tb:detail")  # 项、目、细目
_NAMED = "urn:tongban:"
_LONGEST = 2000
_FARTHEST = 16  # instances a record may have come through


class Node(Protocol):
    """One subject of a graph, by the compact names of `CONTEXT`."""

    @property
    def id(self) -> str:
        """Its IRI; empty where it has none."""

    def texts(self, name: str) -> Sequence[tuple[str, str]]:
        """Give the literals of a property, each with its language or nothing."""

    def nodes(self, name: str) -> "Sequence[Node]":
        """Give the subjects that a property leads to, a list in its order."""


class RecordUnread(ValueError):
    """A record of another catalogue that cannot be taken in; the message says why."""


@dataclass(frozen=True, slots=True)
class Read:
    """A record as another catalogue tells it; ``path`` begins with who owns it."""

    entry: Entry
    iri: str
    origin: str
    origin_id: str
    path: tuple[str, ...]
    state: str


def dataset(held: Registered, instance: str) -> dict[str, Any]:
    """Give one resource as a ``dcat:Dataset``; ``instance`` is who hands it on.

    IRIs are names that stay the same wherever the record is read. A resource of ours says how it
    is reached; so does a harvested one that said so.
    """
    entry, origin = held.entry, held.origin
    lead = entry.lead or entry.department
    node: dict[str, Any] = {
        "@id": origin.iri,
        "@type": "dcat:Dataset",
        "dct:identifier": entry.code or origin.id,
        "dct:title": _literals(entry.name),
        "dct:description": _literals(entry.abstract if entry.abstract.zh else entry.name),
        "dct:publisher": _agent(entry.department, origin.iri),
        "dct:creator": _agent(lead, origin.iri),
        "dct:modified": _typed(held.modified.astimezone(UTC).isoformat(), "dateTime"),
        "dct:accrualPeriodicity": {
            "@id": f"{_EU}/frequency/{_FREQUENCIES[entry.update_cycle]}",
            "@type": "dct:Frequency",
        },
        "dct:accessRights": {
            "@id": f"{_EU}/access-right/{_RIGHTS[entry.sharing]}",
            "@type": "dct:RightsStatement",
        },
        "tb:slug": origin.id if _named(origin.iri) else "",
        "tb:origin": origin.instance,
        "tb:path": {"@list": [*(origin.path or ()), instance]},
        "tb:state": held.state,
        "tb:version": held.version,
        "tb:abstract": _literals(entry.abstract),
        "tb:sharingCondition": _literals(entry.condition),
        "tb:related": list(entry.related),
        "tb:item": [_item(origin.iri, place, item) for place, item in enumerate(entry.items)],
    }
    values = records.plain(entry)
    node |= {name: values[field] for field, name in _PLAIN.items()}
    node |= dict(zip(_CLASSES, entry.classes, strict=False))
    node |= {f"tb:{_camel(name)}": value for name, value in entry.quality.items()}
    if entry.published_on:
        node["dct:issued"] = _typed(entry.published_on.isoformat(), "date")
    if entry.region:
        node["dct:spatial"] = {
            "@id": f"urn:tongban:division:{entry.region}",
            "@type": "dct:Location",
        }
    if entry.base_library:
        node["dcat:theme"] = {
            "@id": f"urn:tongban:library:{entry.base_library}",
            "@type": "skos:Concept",
            "skos:prefLabel": _literals(records.LIBRARIES[entry.base_library]),
        }
    if entry.classes:
        node["dcat:keyword"] = [{"@value": name, "@language": "zh"} for name in entry.classes]
    if entry.sharing != "none" and _named(origin.iri):
        node["dcat:distribution"] = _distribution(held)
    return {name: value for name, value in node.items() if value not in ("", [], None)}


def catalogue(instance: str, name: Words, operator: Organisation) -> dict[str, Any]:
    """Give the head of a catalogue, without its datasets."""
    told = Words(f"{name.zh}政务信息资源目录", f"government data resources, {name.en}")
    return {
        "@context": dict(CONTEXT),
        "@id": f"urn:tongban:{instance}:catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _literals(told),
        "dct:description": _literals(told),
        "dct:publisher": _agent(operator, ""),
        "tb:instance": instance,
    }


def iri(instance: str, slug: str) -> str:
    """Give the name under which a resource is known everywhere, whatever its address.

    >>> iri("CN-330100", "births")
    'urn:tongban:CN-330100:births'
    """
    return f"{_NAMED}{instance}:{slug}"


def _named(name: str) -> bool:
    return name.startswith(_NAMED)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return "quality" + "".join(part.capitalize() for part in (first, *rest))


def _literals(text: Words) -> list[dict[str, str]]:
    pairs = (("zh", text.zh), ("en", text.en))
    return [{"@value": value, "@language": lang} for lang, value in pairs if value]


def _typed(value: str, kind: str) -> dict[str, str]:
    return {"@value": value, "@type": f"xsd:{kind}"}


def _agent(who: Organisation, dataset_iri: str) -> dict[str, Any]:
    name = who.uscc or f"of:{dataset_iri}"
    agent = {
        "@id": f"urn:tongban:organisation:{name}",
        "@type": "foaf:Agent",
        "foaf:name": _literals(who.name),
        "dct:identifier": who.uscc,
    }
    return {key: value for key, value in agent.items() if value}


def _item(iri: str, place: int, item: records.Item) -> dict[str, Any]:
    node: dict[str, Any] = {
        "@id": f"{iri}:item:{item.name}",
        "@type": "tb:DataItem",
        "tb:place": place,
        "tb:name": item.name,
        "rdfs:label": _literals(item.label),
        "tb:dataType": item.type,
        "tb:classification": item.classification,
        "tb:mask": item.mask,
        "tb:key": item.key,
        "tb:lead": item.lead,
    }
    return {name: value for name, value in node.items() if value != ""}


def _distribution(held: Registered) -> dict[str, Any]:
    entry, origin = held.entry, held.origin
    service = f"{origin.instance}/GOV/{entry.department.uscc}/data/{origin.id}"
    return {
        "@id": f"{origin.iri}:distribution",
        "@type": "dcat:Distribution",
        "dct:title": _literals(records.MODES[entry.mode]),
        "dcat:accessURL": {"@id": f"urn:tongban:service:{service}", "@type": "rdfs:Resource"},
    }


def read(node: Node, source: str) -> Read:
    """Read one dataset; ``source`` names the catalogue it was found in, where it says no origin.

    Raises `RecordUnread`. A record in our own terms must hold up to `registry.read`.
    """
    if not node.id or not node.id.isascii() or len(node.id) > 500:
        raise RecordUnread("RecordUnread: a dataset without an IRI of at most 500 characters")
    return _own(node) if _one(node, "tb:slug") else _foreign(node, source)


def _own(node: Node) -> Read:
    raw: dict[str, Any] = {field: _one(node, name) for field, name in _PLAIN.items()}
    items = sorted(node.nodes("tb:item"), key=lambda item: int(_one(item, "tb:place") or 0))
    quality = {name: _one(node, f"tb:{_camel(name)}") for name in records.QUALITY}
    raw |= {
        "slug": _one(node, "tb:slug"),
        "name": _pair(node, "dct:title"),
        "abstract": _given(node, "tb:abstract"),
        "condition": _given(node, "tb:sharingCondition"),
        "classes": [name for place in _CLASSES if (name := _one(node, place))],
        "related": sorted(value for value, _ in node.texts("tb:related")),
        "published_on": _one(node, "dct:issued")[:10],
        "quality": {name: _whole(value) for name, value in quality.items() if value},
        "department": _who(node, "dct:publisher"),
        "lead": _who(node, "dct:creator"),
        "items": [
            {
                "name": _one(item, "tb:name"),
                "label": _pair(item, "rdfs:label"),
                "type": _one(item, "tb:dataType"),
                "classification": _one(item, "tb:classification"),
                "mask": _one(item, "tb:mask"),
                "key": _one(item, "tb:key") == "true",
                "lead": _one(item, "tb:lead") == "true",
            }
            for item in items
        ],
    }
    try:
        entry = registry.read(raw)
    except registry.EntryInvalid as wrong:
        raise RecordUnread(f"RecordUnread: {node.id}: {wrong}") from wrong
    if node.id != iri(_one(node, "tb:origin"), entry.slug):
        raise RecordUnread(f"RecordUnread: {node.id} is not the name of what it describes")
    return _read(node, entry, "", entry.slug)


def _read(node: Node, entry: Entry, source: str, number: str) -> Read:
    origin, state = _one(node, "tb:origin") or source, _one(node, "tb:state") or "published"
    path = tuple(value for part in node.nodes("tb:path") for value, _ in part.texts("@value"))
    if not origin or max(map(len, (origin, *path))) > 200 or len(path) > _FARTHEST:
        raise RecordUnread(f"RecordUnread: {node.id}: no origin, or a path beyond all bounds")
    if state not in {"published", "withdrawn"}:
        raise RecordUnread(f"RecordUnread: {node.id}: the state {state!r}")
    return Read(entry, node.id, origin, number, path or (origin,), state)


def _foreign(node: Node, source: str) -> Read:
    """Read any catalogue's dataset: what DCAT says of it, with nothing assumed but its sharing."""
    title = _pair(node, "dct:title")
    if _named(node.id):
        raise RecordUnread(f"RecordUnread: {node.id} is a name of Tongban without its record")
    if not title["zh"]:
        raise RecordUnread(f"RecordUnread: {node.id}: a dataset without a title")
    publisher = next(iter(node.nodes("dct:publisher")), None)
    name = _pair(publisher, "foaf:name") if publisher else {"zh": "", "en": ""}
    rights = _last(node, "dct:accessRights")
    sharing = {right: kind for kind, right in _RIGHTS.items()}.get(rights, "conditional")
    issued = _instant(_one(node, "dct:issued"))
    entry = Entry(
        slug="foreign",
        code=_one(node, "dct:identifier")[:60],
        name=_cut(title, 200),
        department=Organisation("", "", _cut(name, 200)),
        region="",
        items=(),
        sharing=sharing,
        abstract=_cut(_pair(node, "dct:description"), _LONGEST),
        classes=tuple(word[:100] for word, _ in sorted(node.texts("dcat:keyword"))[:3]),
        update_cycle=_CYCLES.get(_last(node, "dct:accrualPeriodicity"), "irregular"),
        published_on=issued.date() if issued else None,
        open="unconditional" if sharing == "unconditional" else "none",
        classification="L1" if sharing == "unconditional" else "L2",
    )
    return _read(node, entry, source, node.id)


def local(found: Read, slug: str) -> Entry:
    """Give the entry as this registry keeps it: under its own slug, without local departments."""
    entry = found.entry
    return replace(
        entry,
        slug=slug,
        department=replace(entry.department, key=""),
        lead=replace(entry.lead, key="") if entry.lead else None,
    )


def _one(node: Node, name: str) -> str:
    return min((value for value, _ in node.texts(name)), default="")


def _last(node: Node, name: str) -> str:
    """Give the last part of the IRI that a property leads to: the code in an authority table."""
    target = next(iter(node.nodes(name)), None)
    return target.id.rpartition("/")[2] if target else ""


def _pair(node: Node, name: str) -> dict[str, str]:
    """Give a text in Chinese and English; another language serves where there is no Chinese."""
    by_language: dict[str, str] = {}
    for value, lang in sorted(node.texts(name), reverse=True):
        by_language[lang.split("-")[0].lower()] = value
    english = by_language.get("en", "")
    chinese = by_language.get("zh") or by_language.get("") or english
    return {"zh": chinese or next(iter(by_language.values()), ""), "en": english}


def _given(node: Node, name: str) -> dict[str, str] | None:
    pair = _pair(node, name)
    return pair if any(pair.values()) else None


def _cut(pair: Mapping[str, str], most: int) -> Words:
    clean = ["".join(c for c in pair[lang] if c.isprintable())[:most] for lang in ("zh", "en")]
    return Words(*clean)


def _who(node: Node, name: str) -> dict[str, Any] | None:
    agent = next(iter(node.nodes(name)), None)
    if agent is None:
        return None
    return {"key": "-", "uscc": _one(agent, "dct:identifier"), "name": _pair(agent, "foaf:name")}


def _whole(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _instant(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def datasets(nodes: Iterable[Node], source: str) -> tuple[list[Read], list[str]]:
    """Read many; give the records and, for those that cannot be taken in, why not."""
    good: list[Read] = []
    bad: list[str] = []
    for node in nodes:
        try:
            good.append(read(node, source))
        except (RecordUnread, ValueError) as wrong:
            bad.append(str(wrong)[:500])
    return good, bad
