"""The data plan (数据计划): facts needed − facts that the owners can supply = facts to ask.

Works by forward chaining over what each item may read under its own grants: a resource can be
called once its keys are known for a role. Then it looks for the smallest set of questions that
makes every reachable need known. It never lets one item use another item's grant, and it never
asks for a fact that a source, an earlier item or a count from a date gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from tongban.kernel.facts import Vocabulary
from tongban.kernel.feel import Condition
from tongban.kernel.forms.search import Rule, Rules, Search, best, relevant
from tongban.kernel.forms.trace import Trace
from tongban.kernel.forms.words import (
    Branch,
    Call,
    ConsentLine,
    DataPlan,
    Field,
    FieldSpec,
    Grant,
    Ground,
    ItemNeeds,
    LegalBasis,
    Material,
    Resource,
    Unmet,
    Use,
)


class BranchUnknown(ValueError):
    """A branch waits for an item that is not in the life event, or for itself."""


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
    bound = [Rule((source,), fact, "bound") for fact, source in sorted(binds.items())]
    rules = {
        item: relevant(
            [*bound, *_rules(vocabulary, roles, resources, _own(item, permits))],
            needs[item] | proofs[item],
        )
        for item in needs
    }
    search = Search(rules, {item: given | produced[item].keys() for item in needs}, needs)
    forms = _forms(ordered, vocabulary, given)
    asked = search.fewest(frozenset(forms), _keys(rules, vocabulary, ordered, given))

    traces = {
        item: Trace(
            best(rules[item], search.start[item] | asked), given, asked, produced[item]
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
) -> list[Rule]:
    found: list[Rule] = []
    for role in sorted(roles):
        kind = vocabulary.roles[role].kind
        found += [
            Rule((f"{role}.{attribute.derive.of}",), f"{role}.{name}", "derived")
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
                Rule(keys, f"{role}.{name}", "fetched", role, resource, grant)
                for name in sorted(supplied)
            ]
    return found


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
    rules: Mapping[str, Rules],
    vocabulary: Vocabulary,
    branches: Sequence[Branch],
    given: AbstractSet[str],
) -> frozenset[str]:
    """Give the keys of sources that could be asked: not what an item of this event makes."""
    made = _made(branches, {branch.needs.item for branch in branches})
    keys = {p for found in rules.values() for r in found if r.resource for p in r.premises}
    return frozenset(k for k in keys - made - given if vocabulary.fact(k).derive is None)


_Purpose = tuple[str, Ground, LegalBasis]


def _rounds(traces: Mapping[str, Trace]) -> tuple[tuple[Call, ...], ...]:
    merged: dict[tuple[int, str, str, tuple[str, ...]], dict[_Purpose, list[Rule]]] = {}
    for item, trace in traces.items():
        for rule in trace.fetched():
            if rule.resource and rule.grant:
                after = tuple(sorted(trace.after[rule.fact]))
                place = (trace.depth[rule.fact], rule.resource.slug, rule.role, after)
                purpose = (item, rule.grant.basis, rule.grant.legal_basis)
                merged.setdefault(place, {}).setdefault(purpose, []).append(rule)
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
                    Use(item, tuple(rule.fact for rule in found), basis, law)
                    for (item, basis, law), found in uses.items()
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
    traces: Mapping[str, Trace],
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


def _consent(traces: Mapping[str, Trace]) -> tuple[ConsentLine, ...]:
    lines: dict[tuple[str, str], list[tuple[str, Rule, Grant]]] = {}
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
    traces: Mapping[str, Trace],
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
