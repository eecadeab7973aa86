"""The data plan (数据计划): facts needed − facts that the owners can supply = facts to ask.

Works by forward chaining over what each item may read under its own grants: a resource can be
called once its keys are known for a role. Then it looks for the smallest set of questions that
makes every reachable need known. It never lets one item use another item's grant, and it never
asks for a fact that a source, an earlier item or a count from a date gives.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations

from tongban.kernel.facts import Vocabulary
from tongban.kernel.feel import Condition
from tongban.kernel.forms.words import (
    Branch,
    Call,
    ConsentLine,
    DataPlan,
    Field,
    FieldSpec,
    Grant,
    ItemNeeds,
    LegalBasis,
    Material,
    Origin,
    Resource,
    Unmet,
    Use,
)

_ASKED: Origin = "asked"
_PRODUCED: Origin = "produced"
_GIVEN: Origin = "given"
_WIDEST = 24  # free choices among questions; beyond this the search is refused


class PlanTooTangled(ValueError):  # noqa: N818
    """So many sources need each other's facts that no smallest form can be computed."""


class BranchUnknown(ValueError):  # noqa: N818
    """A branch waits for an item that is not in the life event, or for itself."""


@dataclass(frozen=True, slots=True)
class _Rule:
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


_Rules = tuple[_Rule, ...]


def wanted(branch: Branch) -> frozenset[str]:
    """Give every fact a branch needs: of its rules, its form and all its conditions."""
    needs = branch.needs
    conditions: Iterable[Condition | None] = (
        branch.when,
        *(spec.when for spec in needs.fields),
        *(spec.when for spec in needs.materials),
    )
    named = {name for condition in conditions if condition for name in condition.names}
    return needs.facts | {spec.fact for spec in needs.fields} | named


def plan(
    branches: Sequence[Branch],
    vocabulary: Vocabulary,
    resources: Mapping[str, Resource],
    grants: Iterable[Grant],
    *,
    given: AbstractSet[str] = frozenset(),
    binds: Mapping[str, str] | None = None,
    held: AbstractSet[str] = frozenset(),
) -> DataPlan:
    """Compute the data plan of one item or of a whole life event.

    ``given`` are facts known from the login, ``binds`` maps a fact to the fact it is taken from,
    ``held`` are licence kinds of which the holder has a valid one. A fact is asked if an item's
    form lists it, or if it is the key to a source that saves more questions than it costs or
    supplies what cannot be asked; what remains is ``unmet``.
    Raises `BranchUnknown`, `tongban.kernel.facts.UnknownFact` and `PlanTooTangled`.
    """
    ordered = sorted(branches, key=lambda branch: branch.needs.item)
    earlier = _ancestors(ordered)
    permits = tuple(grants)
    binds = binds or {}
    produced = {
        item: {fact: sorted(_makers(fact, ordered) & before) for fact in _made(ordered, before)}
        for item, before in earlier.items()
    }
    needs = {branch.needs.item: wanted(branch) for branch in ordered}
    proofs = {
        branch.needs.item: frozenset().union(*(m.waived_by_facts for m in branch.needs.materials))
        for branch in ordered
    }
    named = set(given) | set(binds) | set(binds.values())
    named = named.union(*needs.values(), *proofs.values(), *produced.values())
    roles = {vocabulary.fact(name).role for name in sorted(named)}
    bound = [_Rule((source,), fact, "bound") for fact, source in sorted(binds.items())]
    rules = {
        item: _relevant(
            [*bound, *_rules(vocabulary, roles, resources, _own(item, permits))],
            needs[item] | proofs[item],
        )
        for item in needs
    }
    search = _Search(rules, {item: given | produced[item].keys() for item in needs}, needs)
    forms = _forms(ordered, vocabulary, given)
    asked = search.fewest(frozenset(forms), _keys(rules, vocabulary, ordered, given))

    traces = {
        item: _Trace(
            _best(rules[item], search.start[item] | asked), given, asked, produced[item]
        ).follow(needs[item], proofs[item])
        for item in needs
    }
    return DataPlan(
        rounds=_rounds(traces),
        ask=tuple(
            _field(fact, vocabulary, forms, [i for i in traces if fact in traces[i].used])
            for fact in sorted(asked)
        ),
        fallback=tuple(
            _field(fact, vocabulary, forms, [])
            for fact in sorted(forms.keys() - asked)
            if any(traces[i].origin[fact] in {"fetched", "bound"} for i, _ in forms[fact])
        ),
        materials=_materials(ordered, traces, earlier, held),
        consent=_consent(traces),
        unmet=_unmet(traces, needs, vocabulary, resources, ordered),
        origin={(item, fact): how for item, t in traces.items() for fact, how in t.origin.items()},
    )


def _ancestors(branches: Sequence[Branch]) -> dict[str, frozenset[str]]:
    direct = {branch.needs.item: branch.after for branch in branches}
    found: dict[str, frozenset[str]] = {}
    for item, after in direct.items():
        seen: set[str] = set()
        waiting = list(after)
        while waiting:
            before = waiting.pop()
            if before not in direct:
                raise BranchUnknown(
                    f"{item} comes after {before}, which is no branch of this life event; "
                    "add the branch or remove it from after"
                )
            if before == item:
                raise BranchUnknown(f"{item} waits for itself; remove the circle from after")
            if before not in seen:
                seen.add(before)
                waiting.extend(direct[before])
        found[item] = frozenset(seen)
    return found


def _made(branches: Sequence[Branch], items: AbstractSet[str]) -> set[str]:
    return {fact for b in branches if b.needs.item in items for fact in b.needs.produces}


def _makers(fact: str, branches: Sequence[Branch]) -> set[str]:
    return {branch.needs.item for branch in branches if fact in branch.needs.produces}


def _own(item: str, grants: Iterable[Grant]) -> list[Grant]:
    return [grant for grant in grants if grant.item == item]


def _rules(
    vocabulary: Vocabulary,
    roles: AbstractSet[str],
    resources: Mapping[str, Resource],
    grants: Iterable[Grant],
) -> list[_Rule]:
    found: list[_Rule] = []
    for role in sorted(roles):
        kind = vocabulary.roles[role].kind
        found += [
            _Rule((f"{role}.{attribute.derive.of}",), f"{role}.{name}", "derived")
            for name, attribute in sorted(vocabulary.kinds.get(kind, {}).items())
            if attribute.derive
        ]
        for grant in grants:
            resource = resources.get(grant.resource)
            if resource is None or resource.kind != kind:
                continue
            keys = tuple(f"{role}.{key}" for key in resource.key)
            supplied = (grant.attributes & resource.attributes) - set(resource.key)
            found += [
                _Rule(keys, f"{role}.{name}", "fetched", role, resource, grant)
                for name in sorted(supplied)
            ]
    return found


def _relevant(rules: Sequence[_Rule], needs: AbstractSet[str]) -> _Rules:
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


def _close(rules: _Rules, known: AbstractSet[str]) -> set[str]:
    """Give everything that becomes known from ``known``."""
    closed = set(known)
    size = -1
    while size != len(closed):
        size = len(closed)
        for rule in rules:
            if rule.fact not in closed and closed.issuperset(rule.premises):
                closed.add(rule.fact)
    return closed


def _best(rules: _Rules, known: AbstractSet[str]) -> _Rules:
    """Drop the worse of two sources of a fact wherever everything stays reachable without it."""
    full = _close(rules, known)
    kept = tuple(rule for rule in rules if rule.fact in full and rule.fact not in known)
    for rule in reversed(kept):
        others = tuple(other for other in kept if other is not rule)
        if any(other.fact == rule.fact for other in others) and _close(others, known) == full:
            kept = others
    return kept


@dataclass(frozen=True, slots=True)
class _Search:
    """The hunt for the fewest questions, over all items at once."""

    rules: Mapping[str, _Rules]
    start: Mapping[str, AbstractSet[str]]
    needs: Mapping[str, AbstractSet[str]]

    def known(self, asked: AbstractSet[str]) -> dict[str, set[str]]:
        return {item: _close(self.rules[item], self.start[item] | asked) for item in self.rules}

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
        free = self._undominated(must, sorted(everything - must, key=lambda f: (f in listed, f)))
        if len(free) > _WIDEST:
            raise PlanTooTangled(
                f"{len(free)} facts could each be asked instead of others ({', '.join(free)}); "
                "list fewer of them in forms, or grant a source that needs no further key"
            )
        chosen = next(
            must | set(extra)
            for size in range(1, len(free) + 1)
            for extra in combinations(free, size)
            if enough(must | set(extra))
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


def _forms(
    branches: Sequence[Branch], vocabulary: Vocabulary, given: AbstractSet[str]
) -> dict[str, list[tuple[str, FieldSpec]]]:
    """Give the facts that may be asked, each with the items whose forms list it."""
    forms: dict[str, list[tuple[str, FieldSpec]]] = {}
    for branch in branches:
        for spec in branch.needs.fields:
            if spec.fact not in given and vocabulary.fact(spec.fact).derive is None:
                forms.setdefault(spec.fact, []).append((branch.needs.item, spec))
    return forms


def _keys(
    rules: Mapping[str, _Rules],
    vocabulary: Vocabulary,
    branches: Sequence[Branch],
    given: AbstractSet[str],
) -> frozenset[str]:
    """Give the keys of sources that could be asked: not what an item of this event makes."""
    made = _made(branches, {branch.needs.item for branch in branches})
    keys = {p for found in rules.values() for r in found if r.resource for p in r.premises}
    return frozenset(k for k in keys - made - given if vocabulary.fact(k).derive is None)


class _Trace:
    """Where each fact of one item comes from, followed back from its needs."""

    def __init__(
        self,
        rules: _Rules,
        given: AbstractSet[str],
        asked: AbstractSet[str],
        produced: Mapping[str, Sequence[str]],
    ) -> None:
        self.origin: dict[str, Origin] = {}
        self.used: set[str] = set()
        self.source: dict[str, _Rule] = {}
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

    def _settle(self, rules: _Rules) -> None:
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

    def follow(self, needs: AbstractSet[str], proofs: AbstractSet[str]) -> "_Trace":
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

    def fetched(self) -> list[_Rule]:
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


def _rounds(traces: Mapping[str, _Trace]) -> tuple[tuple[Call, ...], ...]:
    merged: dict[tuple[int, str, str, tuple[str, ...]], dict[tuple[str, Grant], list[_Rule]]] = {}
    for item, trace in traces.items():
        for rule in trace.fetched():
            if rule.resource and rule.grant:
                after = tuple(sorted(trace.after[rule.fact]))
                place = (trace.depth[rule.fact], rule.resource.slug, rule.role, after)
                merged.setdefault(place, {}).setdefault((item, rule.grant), []).append(rule)
    rounds: dict[int, list[Call]] = {}
    for (depth, slug, role, after), uses in sorted(merged.items(), key=lambda pair: pair[0]):
        first = next(iter(uses.values()))[0]
        rounds.setdefault(depth, []).append(
            Call(
                slug,
                first.resource.department if first.resource else "",
                role,
                first.premises,
                tuple(
                    Use(item, tuple(r.fact for r in found), grant.basis, grant.legal_basis)
                    for (item, grant), found in uses.items()
                ),
                after,
            )
        )
    return tuple(tuple(rounds[depth]) for depth in sorted(rounds))


def _field(
    name: str,
    vocabulary: Vocabulary,
    forms: Mapping[str, list[tuple[str, FieldSpec]]],
    users: Sequence[str],
) -> Field:
    listed = forms.get(name, [])
    specs = [spec for _, spec in listed]
    conditions = [spec.when for spec in specs if spec.when]
    return Field(
        vocabulary.fact(name),
        next((spec.help for spec in specs if spec.help), None),
        tuple(dict.fromkeys(conditions)) if len(conditions) == len(specs) else (),
        any(spec.required for spec in specs) or not specs,
        tuple(sorted({*users, *(item for item, _ in listed)})),
    )


def _materials(
    branches: Sequence[Branch],
    traces: Mapping[str, _Trace],
    earlier: Mapping[str, frozenset[str]],
    held: AbstractSet[str],
) -> tuple[Material, ...]:
    licences = {branch.needs.licence: branch.needs.item for branch in branches}
    asked: dict[str, str] = {}
    found = []
    for branch in branches:
        item = branch.needs.item
        for spec in branch.needs.materials:
            licence = spec.waived_by_licence
            behind = [traces[item].departments(fact) for fact in sorted(spec.waived_by_facts)]
            known = [departments for departments in behind if departments is not None]
            if spec.waived_by_facts and len(known) == len(behind):
                by = tuple(sorted(set().union(*known)))
                found.append(Material(item, spec, "waived", by))
            elif licence and licences.get(licence) in earlier[item]:
                found.append(Material(item, spec, "waived", (licences[licence],)))
            elif licence and licence in held:
                found.append(Material(item, spec, "waived", (licence,)))
            elif spec.code in asked:
                found.append(Material(item, spec, "shared", (asked[spec.code],)))
            else:
                asked[spec.code] = item
                found.append(Material(item, spec, "asked"))
    return tuple(found)


def _consent(traces: Mapping[str, _Trace]) -> tuple[ConsentLine, ...]:
    lines: dict[tuple[str, str], list[tuple[str, _Rule, Grant]]] = {}
    for item, trace in traces.items():
        for rule in trace.fetched():
            if rule.resource and rule.grant:
                place = (rule.resource.department, rule.grant.basis)
                lines.setdefault(place, []).append((item, rule, rule.grant))
    return tuple(
        ConsentLine(
            department,
            found[0][2].basis,
            tuple(sorted({rule.fact for _, rule, _ in found})),
            tuple(sorted({item for item, _, _ in found})),
            tuple(sorted({g.legal_basis for _, _, g in found}, key=_by_title)),
        )
        for (department, _), found in sorted(lines.items())
    )


def _by_title(basis: LegalBasis) -> tuple[str, str]:
    return basis.title, basis.article


def _unmet(
    traces: Mapping[str, _Trace],
    needs: Mapping[str, AbstractSet[str]],
    vocabulary: Vocabulary,
    resources: Mapping[str, Resource],
    branches: Sequence[Branch],
) -> tuple[Unmet, ...]:
    found = []
    for item, trace in traces.items():
        for fact in sorted(needs[item]):
            if trace.origin[fact] != "unmet":
                continue
            shape = vocabulary.fact(fact)
            owners = [
                slug
                for slug, resource in sorted(resources.items())
                if resource.kind == shape.kind and shape.attribute in resource.attributes
            ]
            makers = sorted(_makers(fact, branches) - {item})
            mends = [f"list {fact} in the form of {item}"]
            if owners:
                mends.append(f"grant {item} one of the resources {', '.join(owners)}")
            if makers:
                mends.append(f"put {item} after {', '.join(makers)}")
            found.append(Unmet(item, fact, ", or ".join(mends)))
    return tuple(found)


def alone(needs: ItemNeeds) -> tuple[Branch, ...]:
    """Give the branches of an item that is applied for by itself."""
    return (Branch(needs),)
