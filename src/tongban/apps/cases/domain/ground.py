"""What a case stands on while it is moved, and what each branch may see of its facts.

A branch sees the facts that its own item declares and nothing else, whatever other branches of
the same submission have fetched (最小必要). Missing stays missing: it never becomes false.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from tongban.apps.items.domain import Definition, LifeEvent
from tongban.kernel import nets
from tongban.kernel.facts import Vocabulary, derive
from tongban.kernel.feel import Value
from tongban.kernel.workdays import Calendar

from .state import Branch, Case, Stage

# A value from a source may be used for a decision this long after it was read; an older one is
# read again first (决定前复核).
FRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class Ground:
    """Frozen definitions by item, the vocabulary, the calendar and the instant of this turn."""

    life_event: LifeEvent
    definitions: Mapping[str, Definition]
    vocabulary: Vocabulary
    calendar: Calendar
    now: datetime

    @cached_property
    def today(self) -> date:
        """The day of this turn in the region's own time."""
        return self.now.date()


def all_facts(case: Case, ground: Ground) -> dict[str, Value]:
    """Give every fact with a value: held, bound to another fact, or derived at the reference date.

    A fact without a value is left out. What a register says of a bound fact goes before what
    somebody typed for it.
    """
    facts = {n: k.value for n, k in case.facts.items() if k.status == "value"}
    for target, source in ground.life_event.binds.items():
        if source in facts and (target not in facts or case.facts[target].origin == "applicant"):
            facts[target] = facts[source]
    return derive(ground.vocabulary, facts, case.reference)


def view(branch: Branch, ground: Ground, facts: Mapping[str, Value]) -> dict[str, Value]:
    """Give what this branch may see: what its definition declares or produces, and its results."""
    definition = ground.definitions[branch.item]
    seen = definition.wanted.union(definition.produces)
    return {**{n: facts[n] for n in seen if n in facts}, **branch.results}


def marking_of(branch: Branch, ground: Ground) -> nets.Marking:
    """Give the marking of a branch that is being processed."""
    return nets.decode(ground.definitions[branch.item].net, bytes.fromhex(branch.marking))


def department_of(branch: Branch, ground: Ground) -> str:
    """Give the department that handles a branch: the item's own, or where it was moved to."""
    return branch.department or ground.definitions[branch.item].department


def offered(branch: Branch, ground: Ground) -> tuple[nets.Step, ...]:
    """Give the steps that the flow offers now; none outside processing."""
    if branch.stage is not Stage.PROCESSING:
        return ()
    return nets.enabled(ground.definitions[branch.item].net, marking_of(branch, ground))


def behind(names: frozenset[str], ground: Ground) -> frozenset[str]:
    """Give what these facts rest on: the dates they are counted from, what they are bound to."""
    found = set(names)
    for name in names:
        role, _, attribute = name.partition(".")
        played = ground.vocabulary.roles.get(role)
        shape = ground.vocabulary.kinds[played.kind].get(attribute) if played else None
        if shape is not None and shape.derive is not None:
            found.add(f"{role}.{shape.derive.of}")
    binds = ground.life_event.binds
    return frozenset(found | {binds[name] for name in found & binds.keys()})


def unverified(
    case: Case, branch: Branch, ground: Ground, names: frozenset[str]
) -> tuple[str, ...]:
    """List those facts that no source confirms: it could not, or may no longer be asked.

    Where the item wants people to look at them, also those that the applicant doubts.
    """
    hands_over = ground.definitions[branch.item].desk.doubted == "hand-over"
    doubted = case.doubts.keys() if hands_over else frozenset()
    aged = _aged(case, names, ground) - stale(case, branch, ground)
    return tuple(
        sorted(
            name
            for name in behind(names, ground)
            if name in aged
            or name in doubted
            or ((k := case.facts.get(name)) is not None and k.unverified)
        )
    )


def stale(case: Case, branch: Branch, ground: Ground) -> frozenset[str]:
    """Give the source facts of a branch that were read too long ago to decide on.

    Only those that the plan in force lets this item read again.
    """
    origin = ground.life_event.plan.origin
    wanted = ground.definitions[branch.item].wanted
    return frozenset(
        name for name in _aged(case, wanted, ground) if origin.get((branch.item, name)) == "fetched"
    )


def _aged(case: Case, names: frozenset[str], ground: Ground) -> frozenset[str]:
    return frozenset(
        name
        for name in behind(names, ground)
        if (k := case.facts.get(name)) is not None
        and k.origin == "source"
        and k.status == "value"
        and not k.unverified
        and ground.now - datetime.fromisoformat(k.as_of) > FRESH
    )
