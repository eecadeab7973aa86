"""What a service step of a flow can do: a small registry of verbs that write.

Each verb runs inside the transaction of the turn and gives back the events that say what it did,
the last of them firing its step. A flow may name only verbs that stand here; publication checks it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.db.models import Q

from tongban.apps.items.domain import GIVES, Assigner, Definition
from tongban.apps.licences import services as licences
from tongban.apps.parties import queries as parties
from tongban.infra.secrecy.fields import holding
from tongban.kernel import nets
from tongban.kernel.events import Draft, canonical
from tongban.kernel.facts import to_json
from tongban.kernel.feel import Value

from . import events as say
from . import payments
from .domain import acceptance, engine, flow
from .domain.fold import Said
from .domain.ground import Ground, all_facts
from .domain.state import Branch, Case, Json, Stage, write_value, write_values
from .models import Given, PaymentOrder

LICENCE_NUMBER = "licence.number"  # what an item produces by issuing its licence


class FlowIncomplete(RuntimeError):
    """A verb lacks a fact that its item should have made sure of; the turn is rolled back."""


class FactMissing(LookupError):
    """A verb lacks a fact that its item may see; it can be done when the applicant gives it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(slots=True)
class Turn:
    """What a verb works with; ``drafts`` collects what other apps want said on the trail."""

    ground: Ground
    drafts: list[Draft]

    def perform(
        self, case: Case, branch: Branch, step: nets.Step, seen: Mapping[str, Value]
    ) -> tuple[Said, ...]:
        """Carry out the verb of a service step; a plain task is only passed.

        A fact that a source never gave is asked of the applicant before the step is done. A branch
        whose result was given by another case for the same subject is refused instead.
        """
        verb = step.attributes.get("verb", "")
        if verb == "order-payment" and (paid := _paid_before(self.ground, branch, seen)):
            return (flow.ended(branch, Stage.REFUSED, "paid-before", self.ground, note=paid),)
        if verb in GIVES and (other := _given_by(self.ground, case, branch, seen)):
            why = flow.ended(branch, Stage.REFUSED, "duplicate", self.ground, note=other)
            return (why,)
        act = VERBS[verb] if verb else _pass
        try:
            return act(self, case, branch, step, seen)
        except FactMissing as missing:
            data = {"asked": [[missing.name, "missing"]]}
            return (Said(say.RECONFIRM_ASKED, self.ground.now, data, branch.item),)


Act = Callable[[Turn, Case, Branch, nets.Step, Mapping[str, Value]], tuple[Said, ...]]


def _given_by(ground: Ground, case: Case, branch: Branch, seen: Mapping[str, Value]) -> str:
    """Give the other case that gave this result already, or keep that this one does (一事一办).

    Nothing is kept while a fact that tells the subject is missing. Of two cases that meet here the
    database lets one go on, and the other waits to learn which: both mark the subject with the key
    that `turns.finish` holds.
    """
    once = ground.definitions[branch.item].once
    if not once or any(seen.get(name) is None for name in once):
        return ""
    subject = canonical({name: write_value(seen[name]) for name in once})
    same = holding(Given, "subject", subject.decode()) | Q(digest=sha256(subject).hexdigest())
    row, _ = Given.objects.filter(same).get_or_create(
        item=branch.item, defaults={"subject": subject.decode(), "case": case.number}
    )
    if row.digest:
        row.subject, row.digest = subject.decode(), None
        row.save()
    return "" if row.case == case.number else row.case


def _paid_before(ground: Ground, branch: Branch, seen: Mapping[str, Value]) -> str:
    """Give the reference of the policy's order that paid this person this month already."""
    payment = ground.definitions[branch.item].payment
    payee = seen.get(f"{payment.to}.id_number") if payment else None
    if payment is None or not payment.policy or payee is None:
        return ""
    reference = payments.reference(payment.policy, ground.today, str(payee))
    return reference if payments.ordered([reference]) else ""


def _step(
    turn: Turn,
    case: Case,
    branch: Branch,
    step: nets.Step,
    results: Mapping[str, Value],
    *,
    licence: str = "",
) -> Said:
    facts = all_facts(case, turn.ground)
    return flow.stepped(branch, turn.ground, facts, step.id, results, licence=licence)


def _pass(
    turn: Turn, case: Case, branch: Branch, step: nets.Step, _seen: Mapping[str, Value]
) -> tuple[Said, ...]:
    return (_step(turn, case, branch, step, {}),)


def _need(turn: Turn, name: str, facts: Mapping[str, Value], branch: Branch) -> Value:
    if facts.get(name) is None:
        if name in turn.ground.definitions[branch.item].wanted:
            raise FactMissing(name)
        raise FlowIncomplete(
            f"{branch.item} v{branch.version} needs {name}; declare it in the item"
        )
    return facts[name]


def _assign(
    turn: Turn, case: Case, branch: Branch, step: nets.Step, _seen: Mapping[str, Value]
) -> tuple[Said, ...]:
    """Assign the numbers the item produces (赋码), and give on what its own rules found."""
    facts = {**all_facts(case, turn.ground), **branch.results}
    given: dict[str, Json] = {}
    for name, how in turn.ground.definitions[branch.item].produces.items():
        if isinstance(how, str) and how != LICENCE_NUMBER:
            given[name] = write_value(_need(turn, how, facts, branch))
        elif isinstance(how, Assigner):
            arguments = {k: _need(turn, v, facts, branch) for k, v in how.arguments.items()}
            given[name] = licences.assign(how.assign, arguments, case=case.number, item=branch.item)
    said = Said(say.ASSIGNED, turn.ground.now, {"facts": given}, branch.item, step.id)
    after = engine.tell(case, said)
    return said, _step(turn, after, branch, step, {})


def _issue(
    turn: Turn, case: Case, branch: Branch, step: nets.Step, seen: Mapping[str, Value]
) -> tuple[Said, ...]:
    """Issue the licence that the item results in (制证), once."""
    definition = turn.ground.definitions[branch.item]
    kind = definition.licence_kind
    if kind is None:
        raise FlowIncomplete(f"{branch.item} v{branch.version} results in no licence")
    facts = all_facts(case, turn.ground)
    issued = licences.issue(
        kind=kind,
        department=definition.department,
        authority=parties.department_code(kind.authority),
        holder=acceptance.holder(kind, facts),
        keeper=case.applicant,
        rests_on=_grounds(case, branch, definition),
        content={name: to_json(seen.get(name)) for name in kind.content},
        case=case.number,
        item=branch.item,
        now=turn.ground.now,
    )
    turn.drafts.append(licences.issued_draft(issued, case.number, branch.item))
    given = write_values(_numbers(definition, issued.number))
    results = {f"{step.id}.number": issued.number}
    licence = f"{kind.slug}:{issued.identifier}"
    if not given:
        return (_step(turn, case, branch, step, results, licence=licence),)
    said = Said(say.ASSIGNED, turn.ground.now, {"facts": given}, branch.item, step.id)
    after = engine.tell(case, said)
    return said, _step(turn, after, branch, step, results, licence=licence)


def _grounds(case: Case, branch: Branch, definition: Definition) -> list[str]:
    """Give the licences that this one is granted on: of items before it, and held already."""
    before = (case.branches[name].licence for name in branch.after)
    kinds = {spec.waived_by_licence for spec in definition.needs.materials}
    held = [identifier for kind, identifier in case.licences.items() if kind in kinds]
    return [*(licence.partition(":")[2] for licence in before if licence), *held]


def _numbers(definition: Definition, number: str) -> dict[str, Value]:
    return {name: number for name, how in definition.produces.items() if how == LICENCE_NUMBER}


def _order_payment(
    turn: Turn, case: Case, branch: Branch, step: nets.Step, seen: Mapping[str, Value]
) -> tuple[Said, ...]:
    """Order the payment that the item results in (拨付), once."""
    definition = turn.ground.definitions[branch.item]
    payment = definition.payment
    if payment is None:
        raise FlowIncomplete(f"{branch.item} v{branch.version} results in no payment")
    facts = {**all_facts(case, turn.ground), **seen}
    amount = _need(turn, payment.amount, facts, branch)
    if not isinstance(amount, int) or amount <= 0:
        raise FlowIncomplete(f"{payment.amount} is {amount}; money is whole fen above nought")
    payee = str(_need(turn, f"{payment.to}.id_number", facts, branch))
    reference = f"{case.number}/{branch.item}"
    if payment.policy:
        reference = payments.reference(payment.policy, turn.ground.today, payee)
    PaymentOrder.objects.create(
        reference=reference,
        payee=payee,
        account=str(_need(turn, payment.into(facts), facts, branch)),
        amount_fen=amount,
        department=definition.department,
        ordered=turn.ground.now,
    )
    data = {"reference": reference, "amount_fen": amount}
    said = Said(say.PAYMENT_ORDERED, turn.ground.now, data, branch.item, step.id)
    after = engine.tell(case, said)
    return said, _step(turn, after, branch, step, {})


def _urge(
    turn: Turn, case: Case, branch: Branch, step: nets.Step, _seen: Mapping[str, Value]
) -> tuple[Said, ...]:
    """Remind those who have the work (催办)."""
    said = Said(say.URGED, turn.ground.now, {}, branch.item, step.id)
    after = engine.tell(case, said)
    return said, _step(turn, after, after.branches[branch.item], step, {})


VERBS: Mapping[str, Act] = {
    "assign-numbers": _assign,
    "issue-licence": _issue,
    "order-payment": _order_payment,
    "record-result": _pass,
    "urge": _urge,
}
