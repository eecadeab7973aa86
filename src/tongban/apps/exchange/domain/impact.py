"""Privacy impact of a service item (个人信息保护影响评估): what is read, why, and what is too much.

Pure: what an item uses comes in as facts with the parts that use them. A granted attribute that
no part of the item leads to is a finding that blocks publication (个人信息保护法 第六、五十五条).
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from tongban.apps.exchange.domain.purposes import code
from tongban.apps.exchange.domain.words import Catalogue
from tongban.kernel.facts import Vocabulary
from tongban.kernel.forms import DataPlan, Grant, Origin

#: What of an item needs a fact; ``key`` finds another record, ``count`` is counted from.
Part = Literal["rule", "form", "material", "result", "key", "count"]
Uses = Mapping[str, frozenset[Part]]


@dataclass(frozen=True, slots=True)
class Line:
    """One fact that an item reads from a source: class, source, basis, purpose, and who needs it.

    ``level`` is the data level L1 … L4 and ``years`` how long the fact is kept with the case.
    """

    fact: str
    level: str
    department: str
    resource: str
    basis: str
    legal_basis: str
    purpose: str
    years: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class TooMuch:
    """An attribute that is granted to an item and that nothing of the item needs."""

    item: str
    resource: str
    attribute: str
    basis: str


@dataclass(frozen=True, slots=True)
class Impact:
    """The assessment of one item: what is read, what is asked, what is granted beyond need."""

    item: str
    read: tuple[Line, ...]
    asked: tuple[str, ...]
    too_much: tuple[TooMuch, ...]


def needed(
    uses: Uses,
    grants: Iterable[Grant],
    catalogue: Catalogue,
    binds: Mapping[str, str],
) -> dict[str, frozenset[Part]]:
    """Give every fact that an item needs, with what leads to it.

    Beyond what its parts use: the date that an age is counted from, the fact that another is bound
    to, and the keys of records that hold something needed.
    """
    own = list(grants)
    found: dict[str, set[Part]] = {fact: set(parts) for fact, parts in uses.items()}
    waiting = list(found)
    while waiting:
        fact = waiting.pop()
        for before, part in _before(fact, own, catalogue, binds):
            held = found.setdefault(before, set())
            more: set[Part] = {part} if part else set(found[fact])
            if not more <= held:
                held |= more
                waiting.append(before)
    return {fact: frozenset(parts) for fact, parts in found.items()}


def _before(
    fact: str, grants: Sequence[Grant], catalogue: Catalogue, binds: Mapping[str, str]
) -> Iterable[tuple[str, Part | None]]:
    role, _, attribute = fact.partition(".")
    if fact in binds:
        yield binds[fact], None
    shape = catalogue.vocabulary.roles.get(role)
    if shape is None:
        return
    kind = catalogue.vocabulary.kinds.get(shape.kind, {})
    if attribute in kind and (derive := kind[attribute].derive) is not None:
        yield f"{role}.{derive.of}", "count"
    for grant in grants:
        resource = catalogue.contracts[grant.resource].resource
        if resource.kind == shape.kind and attribute in grant.attributes:
            for key in resource.key:
                yield f"{role}.{key}", "key"


def too_much(
    item: str, facts: AbstractSet[str], grants: Iterable[Grant], catalogue: Catalogue
) -> tuple[TooMuch, ...]:
    """Give what is granted to an item and is none of these facts for any role of its kind."""
    wanted: dict[str, set[str]] = {}
    for fact in facts:
        role, _, attribute = fact.partition(".")
        shape = catalogue.vocabulary.roles.get(role)
        if shape is not None:
            wanted.setdefault(shape.kind, set()).add(attribute)
    return tuple(
        TooMuch(item, grant.resource, attribute, grant.basis)
        for grant in grants
        if grant.item == item
        for attribute in sorted(grant.attributes)
        if attribute not in wanted.get(catalogue.contracts[grant.resource].resource.kind, ())
    )


def privacy_impact(
    item: str, plan: DataPlan, uses: Uses, catalogue: Catalogue, binds: Mapping[str, str]
) -> Impact:
    """Assess one item of a data plan."""
    grants = [grant for grant in catalogue.grants if grant.item == item]
    facts = needed(uses, grants, catalogue, binds)
    lines = []
    for call in plan.calls:
        for use in call.uses:
            if use.item != item:
                continue
            law = f"{use.legal_basis.title} {use.legal_basis.article}".strip()
            lines += [
                Line(
                    fact,
                    level(fact, call.resource, catalogue),
                    call.department,
                    call.resource,
                    use.basis,
                    law,
                    code(item, use.basis),
                    catalogue.governance.case_years,
                    tuple(sorted(facts.get(fact, ()))),
                )
                for fact in use.facts
            ]
    asked: set[Origin] = {"asked"}
    return Impact(
        item,
        tuple(sorted(set(lines), key=lambda line: (line.department, line.resource, line.fact))),
        tuple(sorted(f for (i, f), how in plan.origin.items() if i == item and how in asked)),
        too_much(item, facts.keys(), grants, catalogue),
    )


def level(fact: str, resource: str, catalogue: Catalogue) -> str:
    """Give the data level of a fact as this resource holds it: the contract's, else its own."""
    attribute = fact.partition(".")[2]
    return catalogue.contracts[resource].levels.get(attribute) or _own_level(
        fact, catalogue.vocabulary
    )


def _own_level(fact: str, vocabulary: Vocabulary) -> str:
    role, _, attribute = fact.partition(".")
    return vocabulary.kinds[vocabulary.roles[role].kind][attribute].level
