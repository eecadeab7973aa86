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

    A fact without a value is left out.
    """
    facts = {n: k.value for n, k in case.facts.items() if k.status == "value"}
    for target, source in ground.life_event.binds.items():
        if target not in facts and source in facts:
            facts[target] = facts[source]
    return derive(ground.vocabulary, facts, case.reference)


def view(branch: Branch, ground: Ground, facts: Mapping[str, Value]) -> dict[str, Value]:
    """Give what this branch may see: the facts its definition declares, and its own results."""
    wanted = ground.definitions[branch.item].wanted
    return {**{n: facts[n] for n in wanted if n in facts}, **branch.results}


def marking_of(branch: Branch, ground: Ground) -> nets.Marking:
    """Give the marking of a branch that is being processed."""
    return nets.decode(ground.definitions[branch.item].net, bytes.fromhex(branch.marking))


def offered(branch: Branch, ground: Ground) -> tuple[nets.Step, ...]:
    """Give the steps that the flow offers now; none outside processing."""
    if branch.stage is not Stage.PROCESSING:
        return ()
    return nets.enabled(ground.definitions[branch.item].net, marking_of(branch, ground))


def unverified(case: Case, names: frozenset[str]) -> tuple[str, ...]:
    """List those facts whose source could not confirm them when they were to be read again."""
    return tuple(sorted(n for n in names if (k := case.facts.get(n)) is not None and k.unverified))


def stale(case: Case, branch: Branch, ground: Ground) -> frozenset[str]:
    """Give the source facts of a branch that were read too long ago to decide on."""
    return frozenset(
        name
        for name in ground.definitions[branch.item].wanted
        if (k := case.facts.get(name)) is not None
        and k.origin == "source"
        and k.status == "value"
        and not k.unverified
        and ground.now - datetime.fromisoformat(k.as_of) > FRESH
    )
