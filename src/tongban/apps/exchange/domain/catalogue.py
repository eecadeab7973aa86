"""Builds a catalogue from the plain data that was published."""

from collections.abc import Iterable, Mapping
from typing import Any

from tongban.apps.exchange.domain.governance import governance
from tongban.apps.exchange.domain.words import Catalogue, Contract, Department, Post
from tongban.kernel.facts import Attribute, Derive, Option, Role, Vocabulary, Words
from tongban.kernel.forms import Grant, LegalBasis, Resource


def build(data: Mapping[str, Any], version: int) -> Catalogue:
    """Make the catalogue from merged data."""
    grants = tuple(_grant(raw) for raw in data["grants"])
    return Catalogue(
        version,
        vocabulary(data),
        {key: _department(key, raw) for key, raw in data["departments"].items()},
        {slug: _contract(raw) for slug, raw in data["resources"].items()},
        grants,
        permits_of(grants),
        governance(data),
    )


def permits_of(grants: Iterable[Grant]) -> dict[tuple[str, str, str], frozenset[str]]:
    """Give for (item, resource, attribute) the grounds on which these grants let it be read."""
    permits: dict[tuple[str, str, str], frozenset[str]] = {}
    for grant in grants:
        for attribute in grant.attributes:
            place = (grant.item, grant.resource, attribute)
            permits[place] = permits.get(place, frozenset()) | {grant.basis}
    return permits


def words(raw: Mapping[str, str]) -> Words:
    """Read a text in two languages."""
    return Words(raw["zh"], raw["en"])


def law(raw: Mapping[str, str]) -> LegalBasis:
    """Read a legal basis."""
    return LegalBasis(raw["title"], raw.get("article", ""))


def vocabulary(data: Mapping[str, Any]) -> Vocabulary:
    """Make the vocabulary from merged data."""
    return Vocabulary(
        {
            kind: {name: attribute(raw) for name, raw in attributes.items()}
            for kind, attributes in data["kinds"].items()
        },
        {role: Role(raw["kind"], words(raw["label"])) for role, raw in data["roles"].items()},
    )


def attribute(raw: Mapping[str, Any]) -> Attribute:
    """Read one attribute of a kind."""
    derive = raw.get("derive")
    return Attribute(
        raw["type"],
        words(raw["label"]),
        tuple(Option(o["value"], words(o["label"])) for o in raw.get("options", ())),
        raw.get("schema", {}),
        Derive(derive["function"], derive["of"]) if derive else None,
        raw.get("code", ""),
        raw.get("class", "L2"),
    )


def _department(key: str, raw: Mapping[str, Any]) -> Department:
    posts = tuple(Post(p["login"], p["name"], p["role"]) for p in raw.get("posts", ()))
    return Department(key, raw["uscc"], words(raw["name"]), raw["region"], posts)


def _contract(raw: Mapping[str, Any]) -> Contract:
    resource = Resource(
        raw["slug"],
        words(raw["name"]),
        raw["department"],
        raw["kind"],
        tuple(raw["key"]),
        frozenset(raw["fields"]),
        frozenset(raw.get("lead", ())),
    )
    columns = {name: field["column"] for name, field in raw["fields"].items()}
    return Contract(
        resource,
        raw["code"],
        raw["sharing"],
        raw["store"]["table"],
        columns,
        raw.get("update_cycle", ""),
        {name: field["mask"] for name, field in raw["fields"].items() if "mask" in field},
        {name: field["class"] for name, field in raw["fields"].items() if "class" in field},
        raw.get("cross_check", False),
    )


def _grant(raw: Mapping[str, Any]) -> Grant:
    return Grant(
        raw["item"],
        raw["resource"],
        frozenset(raw["attributes"]),
        raw["basis"],
        law(raw["legal_basis"]),
    )
