"""Registered purposes (用途), and what the grants of a region pack make of them.

A purpose is an item on one basis: its code is the item, with ``.consent`` where the person must
agree. It says the most that may ever be read for it; a grant opens no more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tongban.apps.exchange.domain.governance import Governance

CONSENT = ".consent"


@dataclass(frozen=True, slots=True)
class Registered:
    """A purpose as a pack defines it."""

    code: str
    item: str
    basis: str
    legal_basis: str
    fields: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant as a pack defines it; two of the same content are one."""

    client: str
    service: str
    fields: tuple[str, ...]
    purpose: str
    basis: str
    legal_basis: str
    rows: tuple[tuple[str, tuple[Any, ...]], ...]
    bulk: bool
    calls: int
    records: int


def code(item: str, basis: str) -> str:
    """Give the code of a purpose.

    >>> code("household-registration", "consent")
    'household-registration.consent'
    """
    return item + CONSENT if basis == "consent" else item


def law_text(raw: Mapping[str, str]) -> str:
    """Write a legal basis as one text."""
    return f"{raw['title']} {raw.get('article', '')}".strip()


def from_pack(
    grants: Iterable[Mapping[str, Any]],
    resources: Mapping[str, Mapping[str, Any]],
    rules: Governance,
) -> tuple[dict[str, Registered], frozenset[Granted]]:
    """Give purposes by code and the grants of merged pack data, all to the platform itself."""
    laws: dict[str, dict[str, None]] = {}
    most: dict[str, dict[str, set[str]]] = {}
    made: set[Granted] = set()
    about: dict[str, tuple[str, str]] = {}
    for raw in grants:
        resource = resources[raw["resource"]]
        service = str(rules.service(resource["department"], raw["resource"]))
        name = code(raw["item"], raw["basis"])
        law = law_text(raw["legal_basis"])
        about[name] = (raw["item"], raw["basis"])
        laws.setdefault(name, {})[law] = None
        most.setdefault(name, {}).setdefault(service, set()).update(raw["attributes"])
        quota = raw.get("quota", {})
        made.add(
            Granted(
                str(rules.platform),
                service,
                tuple(sorted(raw["attributes"])),
                name,
                raw["basis"],
                law,
                tuple((k, tuple(v)) for k, v in sorted(raw.get("rows", {}).items())),
                raw.get("bulk", False),
                quota.get("calls", 0),
                quota.get("records", 0),
            )
        )
    registered = {
        name: Registered(
            name,
            *about[name],
            "；".join(laws[name]),
            {service: tuple(sorted(fields)) for service, fields in sorted(most[name].items())},
        )
        for name in sorted(most)
    }
    return registered, frozenset(made)
