"""Merges region packs to one catalogue and judges what its names refer to.

Documents in, plain data and problems out. A later pack overrides by slug; grants add up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tongban.apps.exchange.domain import Catalogue, attribute, build, registry
from tongban.infra.packs import Document, Pack, PackInvalid, Place, Problem
from tongban.kernel.codes import USCC
from tongban.kernel.facts import FactInvalid, Role, Vocabulary, Words, parse_value

Plain = dict[str, Any]
_LIMITS = {
    "string": {"pattern", "minLength", "maxLength", "enum"},
    "number": {"minimum", "maximum", "enum"},
    "boolean": set[str](),
    "date": set[str](),
}
_NAME = Words("某", "some")


def documents(packs: Iterable[Pack], kind: str) -> Iterator[Document]:
    """Give the documents of one kind of file in the order of the packs."""
    for pack in packs:
        yield from pack.documents.get(kind, ())


def merge(packs: Sequence[Pack]) -> Plain:
    """Give the catalogue of all packs together as plain JSON data."""
    kinds: Plain = {}
    libraries: Plain = {}
    roles: Plain = {}
    for document in documents(packs, "facts"):
        for kind, shape in document.data.get("kinds", {}).items():
            kinds.setdefault(kind, {}).update(shape["attributes"])
            if "library" in shape:
                libraries[kind] = shape["library"]
        roles.update(document.data.get("roles", {}))
    departments: Plain = {}
    for document in documents(packs, "departments"):
        departments.update(document.data["departments"])
    resources = {d.data["slug"]: d.data for d in documents(packs, "resource")}
    grants = [g for d in documents(packs, "grants") for g in d.data["grants"]]
    governance: Plain = {"days": {}, "refusals": {}}
    for document in documents(packs, "exchange"):
        for name, value in document.data.items():
            if name in {"days", "refusals"}:
                governance[name].update(value)
            elif name != "schema":
                governance[name] = value
    return {
        "kinds": kinds,
        "libraries": libraries,
        "roles": roles,
        "departments": departments,
        "resources": resources,
        "grants": grants,
        "governance": governance,
    }


def load_catalogue(packs: Sequence[Pack]) -> Catalogue:
    """Give the catalogue of these packs without publishing it; raises `PackInvalid`."""
    data = merge(packs)
    if found := list(problems(packs, data)):
        raise PackInvalid(found)
    return build(data, 0)


def problems(packs: Sequence[Pack], data: Mapping[str, Any]) -> Iterator[Problem]:
    """Give everything in facts, departments, contracts and grants that refers to nothing."""
    for document in documents(packs, "facts"):
        yield from _facts(document, data)
    for document in documents(packs, "departments"):
        for key, raw in document.data["departments"].items():
            if wrong := USCC.validate(raw["uscc"]):
                place = ("departments", key, "uscc")
                yield document.problem(place, "code-wrong", code=raw["uscc"], why=str(wrong))
    for document in documents(packs, "resource"):
        yield from _resource(document, data)
    for document in documents(packs, "exchange"):
        operator = document.data.get("operator")
        if operator and operator not in data["departments"]:
            yield document.problem(("operator",), "no-department", name=operator)
    seen: dict[tuple[str, str, str, str], str] = {}
    for document in documents(packs, "grants"):
        yield from _grants(document, data, seen)


def _facts(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    for role, raw in document.data.get("roles", {}).items():
        if raw["kind"] not in data["kinds"]:
            yield document.problem(
                ("roles", role, "kind"),
                "no-kind-of",
                name=raw["kind"],
                known=", ".join(data["kinds"]),
            )
    for kind, shape in document.data.get("kinds", {}).items():
        for name, raw in shape["attributes"].items():
            place = ("kinds", kind, "attributes", name)
            yield from _attribute_problems(document, place, raw, data["kinds"][kind])


def _attribute_problems(
    document: Document, place: Place, raw: Mapping[str, Any], kind: Mapping[str, Any]
) -> Iterator[Problem]:
    name = place[-1]
    if derive := raw.get("derive"):
        source = kind.get(derive["of"], {})
        if source.get("type") != "date" or raw["type"] != "number":
            yield document.problem((*place, "derive"), "fact-derive", name=name)
    if raw.get("code") and raw["type"] != "string":
        yield document.problem((*place, "code"), "fact-code", name=name)
    if extra := set(raw.get("schema", ())) - _LIMITS[raw["type"]]:
        yield document.problem(
            (*place, "schema"), "fact-limits", names=", ".join(sorted(extra)), type=raw["type"]
        )
    shape = Vocabulary({"k": {"a": attribute({**raw, "options": ()})}}, {"r": Role("k", _NAME)})
    for index, option in enumerate(raw.get("options", ())):
        try:
            parse_value(shape.fact("r.a"), option["value"])
        except FactInvalid as wrong:
            yield document.problem(
                (*place, "options", index),
                "fact-option",
                value=option["value"],
                name=name,
                zh=wrong.zh,
                en=wrong.en,
            )


def _resource(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    raw = document.data
    if raw["department"] not in data["departments"]:
        yield document.problem(("department",), "no-department", name=raw["department"])
    kind = data["kinds"].get(raw["kind"])
    if kind is None:
        yield document.problem(("kind",), "no-kind", name=raw["kind"])
        return
    for name in raw["fields"]:
        if name not in kind or kind[name].get("derive"):
            yield document.problem(("fields", name), "field-absent", kind=raw["kind"], name=name)
    for part in ("key", "lead"):
        for index, name in enumerate(raw.get(part, ())):
            if name not in raw["fields"]:
                yield document.problem((part, index), "field-named", part=part, name=name)
    if not set(raw["fields"]) - set(raw["key"]):
        yield document.problem(("fields",), "field-none")
    yield from _record(document, data)


def _record(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Give what the catalogue would refuse in a contract whose names all refer to something."""
    raw = document.data
    lead = raw.get("lead_department", raw["department"])
    if lead not in data["departments"]:
        yield document.problem(("lead_department",), "no-department", name=lead)
    named = set(raw["fields"]) <= data["kinds"][raw["kind"]].keys()
    if not named or not {lead, raw["department"]} <= data["departments"].keys():
        return
    names = list(raw["fields"])
    for fault in registry.faults(registry.of_contract(raw, data)):
        first, *rest = fault.place.split(".")
        place: Place = (first, *rest)
        if first == "items" and rest:
            place = ("fields", names[int(rest[0])], *rest[1:])
        elif first in {"department", "lead"}:
            continue  # told of departments.yaml already
        yield document.problem(place, "contract-fault", place=fault.place, zh=fault.zh, en=fault.en)


def _grants(
    document: Document, data: Mapping[str, Any], seen: dict[tuple[str, str, str, str], str]
) -> Iterator[Problem]:
    for index, raw in enumerate(document.data["grants"]):
        resource = data["resources"].get(raw["resource"])
        place: Place = ("grants", index)
        if resource is None:
            yield document.problem((*place, "resource"), "no-resource", name=raw["resource"])
            continue
        if resource["sharing"] == "none":
            yield document.problem(place, "grant-unshared", resource=raw["resource"])
        for name in raw.get("rows", {}):
            if name not in resource["fields"]:
                yield document.problem(
                    (*place, "rows", name),
                    "grant-filter",
                    resource=raw["resource"],
                    name=name,
                )
        if raw.get("bulk") and raw["basis"] == "consent":
            yield document.problem((*place, "bulk"), "grant-bulk")
        for position, name in enumerate(raw["attributes"]):
            here = (*place, "attributes", position)
            if name not in resource["fields"]:
                yield document.problem(here, "grant-field", resource=raw["resource"], name=name)
            permit = (raw["item"], raw["resource"], name, raw["basis"])
            if permit in seen:
                yield document.problem(
                    here,
                    "grant-twice",
                    item=raw["item"],
                    resource=raw["resource"],
                    name=name,
                    where=seen[permit],
                )
            seen[permit] = f"{document.file}:{document.line(*here)}"
