"""What of an item needs which fact: its rules, form, materials and result, each by name."""

from collections.abc import Iterable

from tongban.apps.exchange.domain.impact import Part, Uses
from tongban.apps.items.domain.words import Assigner, Definition, Policy


def uses_of(definition: Definition) -> Uses:
    """Give every fact that an item states, with the parts of it that look at the fact.

    What only its flow asks at a gateway counts as a rule.
    """
    needs = definition.needs
    found: dict[str, set[Part]] = {}
    for spec in needs.fields:
        _add(found, "form", (spec.fact, *(spec.when.names if spec.when else ())))
    for material in needs.materials:
        names = material.when.names if material.when else ()
        _add(found, "material", (*names, *material.waived_by_facts))
    _add(found, "result", _of_result(definition))
    for rule in definition.rules.values():
        _add(found, "rule", rule.needs & needs.facts)
    _add(found, "rule", needs.facts - found.keys())
    return {fact: frozenset(parts) for fact, parts in found.items()}


def _of_result(definition: Definition) -> Iterable[str]:
    facts = {*definition.once, *definition.needs.produces}
    if definition.licence_kind is not None:
        facts.update(definition.licence_kind.content)
    if definition.payment is not None:
        facts |= definition.payment.facts
    for how in definition.produces.values():
        facts.update(how.arguments.values() if isinstance(how, Assigner) else (how,))
    return facts & (definition.needs.facts | frozenset(definition.once))


def _add(found: dict[str, set[Part]], part: Part, facts: Iterable[str]) -> None:
    for fact in facts:
        found.setdefault(fact, set()).add(part)


def uses_of_policy(policy: Policy) -> Uses:
    """Give every fact that a policy needs: of its rule, and of whom and where it pays.

    Whoever confirms a list sees each payee by name.
    """
    found: dict[str, set[Part]] = {}
    payee = (f"{policy.role}.id_number", f"{policy.role}.name")
    _add(found, "rule", policy.rule.needs)
    _add(found, "result", (policy.payment.account, *payee))
    return {fact: frozenset(parts) for fact, parts in found.items()}
