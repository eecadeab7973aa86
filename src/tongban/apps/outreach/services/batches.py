"""Looks people up, a batch at a time, and says what follows for each. It saves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tongban.apps.cases import payments
from tongban.apps.exchange import services as exchange
from tongban.apps.outreach import domain
from tongban.apps.outreach.domain import Outcome, Person
from tongban.apps.outreach.models import Finding
from tongban.apps.outreach.services.ground import Ground
from tongban.kernel.events import Draft
from tongban.kernel.facts import Value, Words
from tongban.kernel.forms import Call

_ORDERED_BEFORE = Words("本月已下达拨付指令。", "The payment of this month was ordered before.")


@dataclass(slots=True)
class Batch:
    """People of one transaction by reference, what follows for each, and what was said on it."""

    people: dict[str, Person] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    unnumbered: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)  # registers that did not answer
    calls: int = 0


def look_up(ground: Ground, numbers: Sequence[str | None], walked: int) -> Batch:
    """Fetch what the rule needs of everybody, and the account of those whom it grants."""
    batch = Batch()
    for place, number in enumerate(numbers, walked + 1):
        if number is None:
            batch.unnumbered.append(f"record {place}")
        else:
            person = domain.person_reference(ground.salt, number, ground.by)
            batch.people[person] = Person({ground.key: number})
    # a person whom the register holds twice was judged with the first record of the two
    for person in _found(ground, list(batch.people)):
        del batch.people[person]
    _judge(ground, batch)
    return batch


def _judge(ground: Ground, batch: Batch) -> None:
    """Say what follows for everybody of a batch, by the facts that their sources give."""
    references = {person: reference_of(ground, person) for person in batch.people}
    paid = payments.ordered(list(references.values()))
    fresh: dict[str, Person] = {}
    for person, name in references.items():
        if name in paid:
            batch.outcomes[person] = before(paid[name])
        else:
            fresh[person] = batch.people[person]
    for call in ground.rounds:
        _gather(ground, batch, call, list(fresh.values()))
    entitled, day = ground.entitlement, ground.period.day
    batch.outcomes |= {name: entitled.judge(person, day) for name, person in fresh.items()}
    granted = {name: p for name, p in fresh.items() if batch.outcomes[name].status == "granted"}
    for call in ground.account:
        _gather(ground, batch, call, list(granted.values()))
    for name, owed in granted.items():
        batch.outcomes[name] = entitled.settle(batch.outcomes[name], owed)


def _found(ground: Ground, people: Sequence[str]) -> list[str]:
    rows = Finding.objects.filter(run_id=ground.run, person__in=people)
    return list(rows.values_list("person", flat=True))


def reference_of(ground: Ground, person: str) -> str:
    return domain.order_reference(ground.policy.slug, ground.period.key, person)


def _gather(ground: Ground, batch: Batch, call: Call, people: Sequence[Person]) -> None:
    """Ask one register about all these people at once; each learns what it says of them."""
    known = []
    for person in people:
        if all(person.facts.get(key) is not None for key in call.keys):
            known.append(person)
        elif any(person.gaps.get(key) == "unavailable" for key in call.keys):
            person.miss(call.facts)
        else:
            person.learn(call.facts, [])
    if not known:
        return
    batch.calls += 1
    names = [*call.keys, *call.facts]
    try:
        supplied = exchange.supply_for(
            [person.facts for person in known],
            call.resource,
            [name.partition(".")[2] for name in names],
            role=call.role,
            item=ground.policy.slug,
            case=ground.run,
            actor=ground.actor,
        )
    except exchange.StoreUnavailable:
        batch.silent.add(call.resource)
        for person in known:
            person.miss(call.facts)
        return
    batch.drafts.append(supplied.call)
    records: dict[tuple[Value, ...], list[Mapping[str, Value]]] = {}
    for record in supplied.records:
        records.setdefault(tuple(record[key] for key in call.keys), []).append(record)
    for person in known:
        place = tuple(person.facts[key] for key in call.keys)
        person.learn(call.facts, records.get(place, []))


def before(amount: int | None) -> Outcome:
    return Outcome("ordered-before", reason=_ORDERED_BEFORE, amount_fen=amount)
