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
                yield document.problem(place, str(wrong), "correct the code")
    for document in documents(packs, "resource"):
        yield from _resource(document, data)
    for document in documents(packs, "exchange"):
        operator = document.data.get("operator")
        if operator and operator not in data["departments"]:
            yield document.problem(
                ("operator",), f"no department {operator}", "add it to departments.yaml"
            )
    seen: dict[tuple[str, str, str, str], str] = {}
    for document in documents(packs, "grants"):
        yield from _grants(document, data, seen)


def _facts(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    for role, raw in document.data.get("roles", {}).items():
        if raw["kind"] not in data["kinds"]:
            yield document.problem(
                ("roles", role, "kind"),
                f"no kind {raw['kind']}",
                f"use one of {', '.join(data['kinds'])}",
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
            yield document.problem(
                (*place, "derive"),
                f"{name} is not counted from a date",
                "derive a number from an attribute of type date",
            )
    if raw.get("code") and raw["type"] != "string":
        yield document.problem((*place, "code"), f"{name} has a code", "make it a string")
    if extra := set(raw.get("schema", ())) - _LIMITS[raw["type"]]:
        yield document.problem(
            (*place, "schema"),
            f"{', '.join(sorted(extra))} limits no {raw['type']}",
            "remove it or change the type",
        )
    shape = Vocabulary({"k": {"a": attribute({**raw, "options": ()})}}, {"r": Role("k", _NAME)})
    for index, option in enumerate(raw.get("options", ())):
        try:
            parse_value(shape.fact("r.a"), option["value"])
        except FactInvalid as wrong:
            yield document.problem(
                (*place, "options", index), f"the option {option['value']!r} of {name}", wrong.en
            )


def _resource(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    raw = document.data
    if raw["department"] not in data["departments"]:
        yield document.problem(
            ("department",), f"no department {raw['department']}", "add it to departments.yaml"
        )
    kind = data["kinds"].get(raw["kind"])
    if kind is None:
        yield document.problem(("kind",), f"no kind {raw['kind']}", "add it to facts.yaml")
        return
    for name in raw["fields"]:
        if name not in kind or kind[name].get("derive"):
            yield document.problem(
                ("fields", name),
                f"{raw['kind']} has no attribute {name} that a record could hold",
                "add it to facts.yaml, without derive",
            )
    for part in ("key", "lead"):
        for index, name in enumerate(raw.get(part, ())):
            if name not in raw["fields"]:
                yield document.problem(
                    (part, index), f"{part} names {name}, which is no field", "add it to fields"
                )
    if not set(raw["fields"]) - set(raw["key"]):
        yield document.problem(("fields",), "the resource holds only its key", "add a field")
    yield from _record(document, data)


def _record(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Give what the catalogue would refuse in a contract whose names all refer to something."""
    raw = document.data
    lead = raw.get("lead_department", raw["department"])
    if lead not in data["departments"]:
        yield document.problem(
            ("lead_department",), f"no department {lead}", "add it to departments.yaml"
        )
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
        yield document.problem(place, f"{fault.place} {fault.en}", "correct the contract")


def _grants(
    document: Document, data: Mapping[str, Any], seen: dict[tuple[str, str, str, str], str]
) -> Iterator[Problem]:
    for index, raw in enumerate(document.data["grants"]):
        resource = data["resources"].get(raw["resource"])
        place: Place = ("grants", index)
        if resource is None:
            yield document.problem(
                (*place, "resource"), f"no resource {raw['resource']}", "add it to contracts"
            )
            continue
        if resource["sharing"] == "none":
            yield document.problem(
                place, f"{raw['resource']} is not shared", "ask its department, or remove the grant"
            )
        for name in raw.get("rows", {}):
            if name not in resource["fields"]:
                yield document.problem(
                    (*place, "rows", name),
                    f"{raw['resource']} has no field {name} to filter by",
                    "correct the attribute",
                )
        if raw.get("bulk") and raw["basis"] == "consent":
            yield document.problem(
                (*place, "bulk"), "consent opens no whole register", "remove bulk, or cite the law"
            )
        for position, name in enumerate(raw["attributes"]):
            here = (*place, "attributes", position)
            if name not in resource["fields"]:
                yield document.problem(
                    here, f"{raw['resource']} has no field {name}", "correct the attribute"
                )
            permit = (raw["item"], raw["resource"], name, raw["basis"])
            if permit in seen:
                yield document.problem(
                    here,
                    f"{raw['item']} may read {name} of {raw['resource']} already: {seen[permit]}",
                    "grant it once",
                )
            seen[permit] = f"{document.file}:{document.line(*here)}"
