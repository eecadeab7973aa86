"""Where each fact of one item comes from, followed back from what the item needs.

Reads the rules that `search` left standing; decides nothing about what is asked.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from tongban.kernel.forms.search import Rule, Rules
from tongban.kernel.forms.words import Origin

_ASKED: Origin = "asked"
_PRODUCED: Origin = "produced"
_GIVEN: Origin = "given"


class Trace:
    """Where each fact of one item comes from, followed back from its needs."""

    def __init__(
        self,
        rules: Rules,
        given: AbstractSet[str],
        asked: AbstractSet[str],
        produced: Mapping[str, Sequence[str]],
    ) -> None:
        self.origin: dict[str, Origin] = {}
        self.used: set[str] = set()
        self.source: dict[str, Rule] = {}
        self.depth: dict[str, int] = {}
        self.after: dict[str, frozenset[str]] = {}
        self._leaves: dict[str, Origin] = {
            **dict.fromkeys(asked, _ASKED),
            **dict.fromkeys(produced, _PRODUCED),
            **dict.fromkeys(given, _GIVEN),
        }
        for fact, how in self._leaves.items():
            self.depth[fact] = 0
            self.after[fact] = frozenset(produced[fact] if how == "produced" else ())
        self._settle(rules)

    def _settle(self, rules: Rules) -> None:
        """Give each fact its one source: the best of those open in the first round that has any."""
        moved = True
        while moved:
            moved = False
            ready = [
                rule
                for rule in rules
                if rule.fact not in self.depth and all(p in self.depth for p in rule.premises)
            ]
            for rule in ready:
                if rule.fact in self.depth:
                    continue
                self.source[rule.fact] = rule
                self.depth[rule.fact] = max(self.depth[p] for p in rule.premises) + (
                    rule.resource is not None
                )
                self.after[rule.fact] = frozenset().union(*(self.after[p] for p in rule.premises))
                moved = True

    def follow(self, needs: AbstractSet[str], proofs: AbstractSet[str]) -> "Trace":
        """Mark what is used for ``needs``, and for those ``proofs`` that sources supply."""
        waiting = sorted(needs) + sorted(p for p in proofs if p in self.depth)
        while waiting:
            fact = waiting.pop()
            if fact in self.origin:
                continue
            rule = self.source.get(fact)
            self.origin[fact] = self._leaves.get(fact, rule.how if rule else "unmet")
            self.used.add(fact)
            if rule and fact not in self._leaves:
                waiting.extend(rule.premises)
        return self

    def fetched(self) -> list[Rule]:
        return [self.source[f] for f, how in sorted(self.origin.items()) if how == "fetched"]

    def departments(self, fact: str) -> set[str] | None:
        """Give the departments behind a fact; None where a person's word is behind it."""
        how = self.origin.get(fact, "unmet")
        if how in {"given", "produced"}:
            return set()
        if how in {"asked", "unmet"}:
            return None
        rule = self.source[fact]
        if rule.resource:
            return {rule.resource.department}
        return self.departments(rule.premises[0])
