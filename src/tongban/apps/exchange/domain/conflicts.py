"""Several sources for one fact (一数多源): the lead department wins, a disagreement is told.

What is told names the fact and the sources, never a value: only digests under a salt that nobody
keeps, by which one sees who agreed with whom.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongban.apps.exchange.domain.words import Answer, Catalogue
from tongban.kernel.events import canonical
from tongban.kernel.facts import Value, to_json
from tongban.kernel.forms import Call, Use
from tongban.kernel.suites import Suite


@dataclass(frozen=True, slots=True)
class Claim:
    """What one source says of a fact; ``lead``: it is the source of truth for it (数源部门)."""

    answer: Answer
    department: str
    resource: str
    lead: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer that counts, and every claim where they do not all say the same (else none)."""

    answer: Answer
    disagreed: tuple[Claim, ...]


def settle(claims: Sequence[Claim]) -> Settled:
    """Let the lead department win; without one, or where it is silent, the first that has a value.

    A source without a value does not disagree: what is missing is not "no".
    """
    if not claims:
        raise ValueError("nobody said anything of the fact; give at least one claim")
    said = [claim for claim in claims if claim.answer.status == "value"]
    if not said:
        return Settled(claims[0].answer, ())
    winner = min(said, key=lambda claim: not claim.lead)
    alike = all(claim.answer.value == winner.answer.value for claim in said)
    return Settled(winner.answer, () if alike else tuple(said))


def others(
    call: Call, facts: Iterable[str], known: Mapping[str, Value], catalogue: Catalogue
) -> tuple[Call, ...]:
    """Give the calls that ask other sources for the same facts, each for the items that may.

    Only sources whose keys are known, and only uses whose item has a grant there on that ground.
    """
    wanted = set(facts)
    found = []
    for slug, contract in sorted(catalogue.contracts.items()):
        resource = contract.resource
        role = catalogue.vocabulary.roles.get(call.role)
        keys = tuple(f"{call.role}.{key}" for key in resource.key)
        if slug == call.resource or role is None or resource.kind != role.kind:
            continue
        if not all(key in known for key in keys):
            continue
        uses = []
        for use in call.uses:
            mine = tuple(
                fact
                for fact in use.facts
                if fact in wanted
                and use.basis in catalogue.permits.get((use.item, slug, fact.partition(".")[2]), ())
            )
            if mine:
                uses.append(Use(use.item, mine, use.basis, use.legal_basis))
        if uses:
            found.append(Call(slug, resource.department, call.role, keys, tuple(uses)))
    return tuple(found)


def told(fact: str, disagreed: Sequence[Claim], salt: bytes, by: Suite) -> dict[str, Any]:
    """Write a disagreement for the trail: the fact, who counts, and a salted digest a source."""
    winner = min(disagreed, key=lambda claim: not claim.lead)
    return {
        "fact": fact,
        "counts": {"department": winner.department, "resource": winner.resource},
        "sources": [
            {
                "department": claim.department,
                "resource": claim.resource,
                "lead": claim.lead,
                "digest": by.digest(salt + canonical(to_json(claim.answer.value))).hex(),
            }
            for claim in disagreed
        ],
    }
