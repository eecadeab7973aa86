"""The pre-check (预检): what the rules would say to the answers so far, before anyone applies.

Nothing is submitted and no department is called: what only a department knows stays unknown, and
is named with who supplies it. A table that cannot be settled names the facts that would settle it;
unknown is never no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tongban.apps.items.domain import Definition, LifeEvent
from tongban.kernel import feel, tables
from tongban.kernel.facts import Value, Vocabulary, Words, derive
from tongban.kernel.forms import Origin

Verdict = Literal["yes", "no", "unknown", "not-applicable"]
_OUTCOMES: Mapping[Value, Verdict] = {"grant": "yes", "refuse": "no"}


@dataclass(frozen=True, slots=True)
class Reason:
    """A row of a table that fired, in words."""

    table: str
    rule: str
    text: Words


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fact that would settle it, and who supplies it.

    ``origin`` is asked (the applicant), fetched (``by`` is the department), produced (``by`` is an
    earlier item) or given (known once signed in).
    """

    fact: str
    label: Words
    origin: Origin
    by: str


@dataclass(frozen=True, slots=True)
class Precheck:
    """What the rules say of one item; ``person`` where they hand it to people.

    ``materials`` are the codes of the documents that these answers would have one upload.
    """

    item: str
    answer: Verdict
    reasons: tuple[Reason, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    person: bool = False
    materials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """What a pre-check stands on: the life event, its items, the words and the day."""

    life_event: LifeEvent
    definitions: Mapping[str, Definition]
    vocabulary: Vocabulary
    today: date

    @property
    def askable(self) -> frozenset[str]:
        """The facts that may be answered: all that any item looks at, and the dates behind them."""
        named = {name for _, name in self.life_event.plan.origin}
        named |= {f"{self.life_event.applicant}.id_number", *self.life_event.binds.values()}
        facts = [self.vocabulary.fact(name) for name in named]
        dates = {f"{fact.role}.{fact.derive.of}" for fact in facts if fact.derive}
        return frozenset(dates | {fact.name for fact in facts if fact.derive is None})

    def known(self, answers: Mapping[str, Value]) -> dict[str, Value]:
        """Give the answers with what is bound to them and counted from them."""
        facts = {name: value for name, value in answers.items() if value is not None}
        for target, source in self.life_event.binds.items():
            if source in facts:
                facts.setdefault(target, facts[source])
        return derive(self.vocabulary, facts, self.today)


def precheck(basis: Basis, answers: Mapping[str, Value]) -> tuple[Precheck, ...]:
    """Judge every item of a life event by the answers so far, in the order of its branches."""
    facts = basis.known(answers)
    return tuple(_judge(basis, branch.item, facts) for branch in basis.life_event.branches)


def _judge(basis: Basis, item: str, facts: Mapping[str, Value]) -> Precheck:
    condition = basis.life_event.when.get(item)
    if condition is not None and feel.judge(condition, facts).value is False:
        return Precheck(item, "not-applicable")
    definition = basis.definitions[item]
    seen = {name: facts[name] for name in definition.wanted if name in facts}
    papers = _papers(basis, definition, seen)
    answer: Verdict = "yes"
    reasons: list[Reason] = []
    missing: list[str] = []
    person = False
    for rule in definition.rules.values():
        if all(output.name != "outcome" for output in rule.table.outputs):
            continue
        decision = rule.decide(seen)
        if decision.status == "unknown":
            missing += decision.missing
            answer = "unknown" if answer == "yes" else answer
            continue
        outcome = decision.outputs[0].get("outcome") if decision.outputs else None
        reasons += _reasons(basis, rule.table, decision)
        said = _OUTCOMES.get(outcome, "unknown")
        person = person or said == "unknown"
        if said == "no" or (said == "unknown" and answer == "yes"):
            answer = said
    if answer == "no":  # what would settle the rest changes nothing any more
        missing = []
    wanted = tuple(_wanted(basis, item, fact) for fact in dict.fromkeys(missing))
    return Precheck(item, answer, tuple(reasons), wanted, person, papers)


def _papers(basis: Basis, definition: Definition, facts: Mapping[str, Value]) -> tuple[str, ...]:
    return tuple(
        material.spec.code
        for material in basis.life_event.plan.materials
        if material.item == definition.slug
        and material.status == "asked"
        and material.spec.necessity == "required"
        and (material.spec.when is None or feel.judge(material.spec.when, facts).value is True)
    )


def _reasons(basis: Basis, table: tables.DecisionTable, decision: tables.Decision) -> list[Reason]:
    zh, en = (
        tables.reasons(table, decision, lang, basis.life_event.labels(lang))
        for lang in ("zh", "en")
    )
    return [Reason(table.id, row, Words(a, b)) for (row, a), (_, b) in zip(zh, en, strict=True)]


def _wanted(basis: Basis, item: str, name: str) -> Wanted:
    """Say who supplies a fact; of a counted one, the date that it is counted from."""
    fact = basis.vocabulary.fact(name)
    if fact.derive is not None:
        fact = basis.vocabulary.fact(f"{fact.role}.{fact.derive.of}")
    origin = basis.life_event.plan.origin.get((item, fact.name), "unmet")
    if origin == "bound":
        source = basis.life_event.binds[fact.name]
        origin = basis.life_event.plan.origin.get((item, source), "given")
    return Wanted(fact.name, fact.title, origin, _by(basis, item, fact.name, origin))


def _by(basis: Basis, item: str, name: str, origin: Origin) -> str:
    if origin == "produced":
        earlier = (b.item for b in basis.life_event.branches)
        return next((one for one in earlier if name in basis.definitions[one].needs.produces), "")
    for call in basis.life_event.plan.calls:
        if any(use.item == item and name in use.facts for use in call.uses):
            return call.department
    return ""
