"""Forward chaining and the hunt for the fewest questions; `planning` sets it to work.

A rule says that a fact becomes known from others. The search is exact: it never settles for a form
that a smaller one could replace, and refuses a tangle that it could not search through.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, combinations, islice

from tongban.kernel.forms.words import Grant, Origin, Resource

_MOST_TRIED = 20_000  # sets of questions; beyond this the search is refused


class PlanTooTangled(ValueError):
    """So many sources need each other's facts that no smallest form can be computed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When ``premises`` are known, ``fact`` is known too."""

    premises: tuple[str, ...]
    fact: str
    how: Origin
    role: str = ""
    resource: Resource | None = None
    grant: Grant | None = None

    def rank(self) -> tuple[int, str, str]:
        """Sort the better source first: a binding, a count, the lead department, the others."""
        if self.resource is None or self.grant is None:
            return (0 if self.how == "bound" else 1, self.premises[0], "")
        attribute = self.fact.partition(".")[2]
        lead = 2 if attribute in self.resource.lead else 3
        law = self.grant.legal_basis
        return (lead, self.resource.slug, f"{self.grant.basis}{law.title}{law.article}")


Rules = tuple[Rule, ...]


def relevant(rules: Sequence[Rule], needs: AbstractSet[str]) -> Rules:
    """Keep the rules that can matter for ``needs``, the better source first."""
    wanted_facts = set(needs)
    size = -1
    while size != len(wanted_facts):
        size = len(wanted_facts)
        wanted_facts |= {p for rule in rules if rule.fact in wanted_facts for p in rule.premises}
    return tuple(
        sorted(
            (rule for rule in rules if rule.fact in wanted_facts),
            key=lambda rule: (rule.fact, rule.rank()),
        )
    )


def close(rules: Rules, known: AbstractSet[str]) -> set[str]:
    """Give everything that becomes known from ``known``."""
    closed = set(known)
    size = -1
    while size != len(closed):
        size = len(closed)
        for rule in rules:
            if rule.fact not in closed and closed.issuperset(rule.premises):
                closed.add(rule.fact)
    return closed


def best(rules: Rules, known: AbstractSet[str]) -> Rules:
    """Drop the worse of two sources of a fact wherever everything stays reachable without it."""
    full = close(rules, known)
    kept = tuple(rule for rule in rules if rule.fact in full and rule.fact not in known)
    for rule in reversed(kept):
        others = tuple(other for other in kept if other is not rule)
        if any(other.fact == rule.fact for other in others) and close(others, known) == full:
            kept = others
    return kept


@dataclass(frozen=True, slots=True)
class Search:
    """The hunt for the fewest questions, over all items at once."""

    rules: Mapping[str, Rules]
    start: Mapping[str, AbstractSet[str]]
    needs: Mapping[str, AbstractSet[str]]

    def known(self, asked: AbstractSet[str]) -> dict[str, set[str]]:
        return {item: close(self.rules[item], self.start[item] | asked) for item in self.rules}

    def fewest(self, listed: frozenset[str], keys: frozenset[str]) -> frozenset[str]:
        """Give the smallest set of facts to ask that makes all reachable needs known.

        Facts ``listed`` in a form come before ``keys`` that no form lists.
        """
        everything = listed | keys
        reach = self.known(everything)
        targets = {item: self.needs[item] & reach[item] for item in self.rules}

        def enough(asked: AbstractSet[str]) -> bool:
            known = self.known(asked)
            return all(targets[item] <= known[item] for item in targets)

        must = frozenset(fact for fact in everything if not enough(everything - {fact}))
        if enough(must):
            return must
        kept = self._undominated(must, sorted(everything - must, key=lambda f: (f in listed, f)))
        left = must.union(kept)
        must |= {fact for fact in kept if not enough(left - {fact})}
        free = [fact for fact in kept if fact not in must]
        sets = chain.from_iterable(combinations(free, size) for size in range(len(free) + 1))
        tried = (must | set(extra) for extra in islice(sets, _MOST_TRIED))
        chosen = next(filter(enough, tried), None)
        if chosen is None:
            raise PlanTooTangled(
                f"{len(free)} facts could each be asked instead of others ({', '.join(free)}); "
                "list fewer of them in forms, or grant a source that needs no further key"
            )
        return _prefer_listed(chosen, listed, enough)

    def _undominated(self, must: frozenset[str], free: Sequence[str]) -> list[str]:
        """Drop a question whose answer follows, for every item, from another one's answer."""
        reach = {fact: self.known(must | {fact}) for fact in free}
        kept = list(free)
        for fact in free:
            if any(
                other != fact and all(fact in known for known in reach[other].values())
                for other in kept
            ):
                kept.remove(fact)
        return sorted(kept)


def _prefer_listed(
    asked: frozenset[str], listed: frozenset[str], enough: Callable[[AbstractSet[str]], bool]
) -> frozenset[str]:
    for key in sorted(asked - listed):
        for fact in sorted(listed - asked):
            if enough((asked - {key}) | {fact}):
                asked = (asked - {key}) | {fact}
                break
    return asked
