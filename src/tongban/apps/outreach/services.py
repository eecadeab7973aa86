"""Verbs of outreach: run a policy for a month over everybody it is for, nobody applying (免申即享).

Sources are read between transactions, a batch of people at a time; what a batch comes to (orders,
findings, events) is saved in one. A run that was cut short is simply run again: a person who has an
order for the month gets no second one, and is not looked up again.
"""

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tongban.apps.cases import payments
from tongban.apps.exchange import queries as catalogue
from tongban.apps.exchange import services as exchange
from tongban.apps.items import queries as items
from tongban.apps.items.domain import Policy
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft, canonical
from tongban.kernel.facts import Value, Words
from tongban.kernel.forms import Call, Grant, ItemNeeds, alone, plan

from . import domain, events
from .domain import Entitlement, Outcome, Period, Person, Sources
from .models import Finding, Month, Run

SYSTEM = Subject("outreach", "outreach", "system")
_PEOPLE_AT_ONCE = 1000
_ORDERED_BEFORE = Words("本月已下达拨付指令。", "The payment of this month was ordered before.")

Progress = Callable[[int, int], None]  # people walked, payments ordered


class NotAllowed(PermissionError):  # noqa: N818
    """The subject may not run this policy."""


class PolicyIncomplete(ValueError):  # noqa: N818
    """The policy needs a fact that no register gives it without consent; mend its grants."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a run stands on: the policy, the calls before and after a grant, the month."""

    policy: Policy
    period: Period
    salt: bytes
    month: int
    run: str
    actor: str
    key: str
    name: str
    rounds: tuple[Call, ...]
    account: tuple[Call, ...]
    sources: Sources
    entitlement: Entitlement

    def draft(self, type_: str, data: dict[str, object], reason: str = "") -> Draft:
        """Begin an event of this run."""
        laws = (f"{law.title} {law.article}".strip() for law in self.policy.legal_basis)
        return Draft(
            type=type_,
            chain=self.run,
            actor=self.actor,
            organisation=self.policy.department,
            authority="；".join(laws),
            item=self.policy.slug,
            item_version=str(self.policy.version),
            reason=reason,
            data=data,
        )


@dataclass(slots=True)
class _Batch:
    """People of one transaction by reference, what follows for each, and what was said on it."""

    people: dict[str, Person] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    unnumbered: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)  # registers that did not answer
    calls: int = 0


def run(
    slug: str,
    *,
    period: str = "",
    subject: Subject = SYSTEM,
    progress: Progress = lambda _walked, _ordered: None,
) -> str:
    """Run a policy for a month (``YYYY-MM``, empty: this one); give the number of the run.

    Everybody of the policy's register is judged from the sources; each eligible person gets one
    payment order a month, whatever is unknown is kept as a question. Raises `NotAllowed`,
    `PolicyIncomplete`, `domain.PeriodInvalid`, `items.NotPublished`, `catalogue.NoCatalogue`,
    `exchange.InsideTransaction`.
    """
    policy = items.policy(slug)
    ruling = judge(subject, "outreach.run", _resource(policy))
    if not ruling.allowed:
        raise NotAllowed(f"NotAllowed: {ruling.en}")
    today = clock.today()
    month = domain.read_period(period or f"{today:%Y-%m}", today)
    ground = _start(policy, month, subject)
    walked = ordered = calls = 0
    problem = ""
    try:
        for numbers, said in _walk(ground):
            batch = _look_up(ground, numbers, walked)
            batch.drafts.insert(0, said)
            ordered += _save(ground, batch)
            walked += len(numbers)
            calls += batch.calls + 1
            progress(walked, ordered)
    except exchange.StoreUnavailable as error:
        problem = str(error)
    _finish(ground, walked, calls, problem)
    return ground.run


def _resource(policy: Policy) -> dict[str, str]:
    region = catalogue.departments()[policy.department].region
    return {"department": policy.department, "region": region}


def _start(policy: Policy, period: Period, subject: Subject) -> _Ground:
    resources = catalogue.resources()
    key = f"{policy.role}.{resources[policy.population].key[0]}"
    name = f"{policy.role}.name"
    shown = [name] if any("name" in grant.attributes for grant in _lawful(policy)) else []
    rounds = _calls(policy, [*policy.rule.needs, *shown], key)
    account = _calls(policy, [policy.payment.account], key)
    vocabulary = catalogue.vocabulary()
    sources = Sources(vocabulary, resources, (*rounds, *account))
    now = clock.now()
    with transaction.atomic():
        month, _ = Month.objects.get_or_create(
            policy=policy.slug, period=period.key, defaults={"salt": os.urandom(32)}
        )
        ground = _Ground(
            policy=policy,
            period=period,
            salt=bytes(month.salt),
            month=month.pk,
            run=f"{policy.slug}-{period.key}-{secrets.token_hex(4)}",
            actor=subject.name,
            key=key,
            name=name,
            rounds=rounds,
            account=account,
            sources=sources,
            entitlement=Entitlement(
                policy.rule,
                policy.department,
                policy.payment.amount.rpartition(".")[2],
                policy.payment.account,
                sources,
                domain.counted(vocabulary, policy.rule.needs),
            ),
        )
        Run.objects.create(
            number=ground.run,
            month=month,
            version=policy.version,
            actor=subject.name,
            started=now,
        )
        data = {"period": period.key, "ages_on": period.day.isoformat()}
        trail.tell(ground.draft(events.STARTED, {**data, "population": policy.population}))
    return ground


def _calls(policy: Policy, facts: Iterable[str], key: str) -> tuple[Call, ...]:
    """Give the calls that fetch these facts, each after those that give its keys."""
    found = plan(
        alone(ItemNeeds(policy.slug, facts=frozenset(facts))),
        catalogue.vocabulary(),
        catalogue.resources(),
        _lawful(policy),
        given={key},
    )
    if found.unmet:
        missing = ", ".join(f"{unmet.fact} ({unmet.mend})" for unmet in found.unmet)
        raise PolicyIncomplete(f"PolicyIncomplete: {policy.slug} lacks {missing}")
    return found.calls


def _lawful(policy: Policy) -> list[Grant]:
    """Give the grants of the policy that need no consent: nobody applies, so nobody consents."""
    grants = catalogue.grants()
    return [g for g in grants if g.item == policy.slug and g.basis == "statutory"]


def _walk(ground: _Ground) -> Iterator[tuple[list[str | None], Draft]]:
    """Give the numbers of everybody in the policy's register, a batch at a time."""
    for supplied in exchange.supply(
        ground.policy.population,
        [ground.key.partition(".")[2]],
        role=ground.policy.role,
        item=ground.policy.slug,
        case=ground.run,
        actor=ground.actor,
        batch=_PEOPLE_AT_ONCE,
    ):
        numbers = (record[ground.key] for record in supplied.records)
        yield [number if isinstance(number, str) else None for number in numbers], supplied.call


def _look_up(ground: _Ground, numbers: Sequence[str | None], walked: int) -> _Batch:
    """Fetch what the rule needs of everybody, and the account of those whom it grants."""
    batch = _Batch()
    for place, number in enumerate(numbers, walked + 1):
        if number is None:
            batch.unnumbered.append(f"record {place}")
        else:
            person = domain.person_reference(ground.salt, number)
            batch.people[person] = Person({ground.key: number})
    # a person whom the register holds twice was judged with the first record of the two
    for person in _found(ground, list(batch.people)):
        del batch.people[person]
    _judge(ground, batch)
    return batch


def _judge(ground: _Ground, batch: _Batch) -> None:
    """Say what follows for everybody of a batch, by the facts that their sources give."""
    references = {person: _reference(ground, person) for person in batch.people}
    before = payments.ordered(list(references.values()))
    fresh: dict[str, Person] = {}
    for person, reference in references.items():
        if reference in before:
            batch.outcomes[person] = _before(before[reference])
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


def _found(ground: _Ground, people: Sequence[str]) -> list[str]:
    rows = Finding.objects.filter(run_id=ground.run, person__in=people)
    return list(rows.values_list("person", flat=True))


def _reference(ground: _Ground, person: str) -> str:
    return domain.order_reference(ground.policy.slug, ground.period.key, person)


def _gather(ground: _Ground, batch: _Batch, call: Call, people: Sequence[Person]) -> None:
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


def _save(ground: _Ground, batch: _Batch) -> int:
    """Save what a batch comes to in one transaction; give how many orders it made."""
    outcomes = batch.outcomes
    owed = {_reference(ground, p): p for p, o in outcomes.items() if o.status == "granted"}
    with transaction.atomic():
        # two runs of one month at a time: the second waits here and then sees the first's orders
        Month.objects.select_for_update().get(pk=ground.month)
        now = clock.now()
        orders = [_order(ground, batch.people[p], outcomes[p], r, now) for r, p in owed.items()]
        made = payments.order_payments(orders)
        for reference in owed.keys() - made:
            person = owed[reference]
            outcomes[person] = _before(outcomes[person].amount_fen)
        findings = [
            *(_finding(ground, p, batch.people[p], outcome) for p, outcome in outcomes.items()),
            *(_unnumbered(ground, name) for name in batch.unnumbered),
        ]
        Finding.objects.bulk_create(findings, batch_size=500)
        trail.append(
            [
                *batch.drafts,
                _decided(ground, batch, findings),
                *(_ordered(ground, outcomes[p], r) for r, p in owed.items() if r in made),
            ]
        )
    return len(made)


def _before(amount: int | None) -> Outcome:
    return Outcome("ordered-before", reason=_ORDERED_BEFORE, amount_fen=amount)


def _order(
    ground: _Ground, person: Person, outcome: Outcome, reference: str, now: datetime
) -> payments.Order:
    return payments.Order(
        reference=reference,
        payee=str(person.facts[ground.key]),
        account=str(person.facts[ground.policy.payment.account]),
        amount_fen=outcome.amount_fen or 0,
        department=ground.policy.department,
        ordered=now,
    )


def _finding(ground: _Ground, reference: str, person: Person, outcome: Outcome) -> Finding:
    number = str(person.facts[ground.key])
    said = outcome.said
    return Finding(
        run_id=ground.run,
        person=reference,
        shown=domain.shown(person.facts.get(ground.name), number),
        status=outcome.status,
        cause=outcome.cause,
        rules=" ".join(outcome.rules),
        amount_fen=outcome.amount_fen,
        facts=" ".join(dict.fromkeys(f for q in outcome.questions for f in q.facts)),
        departments=" ".join(dict.fromkeys(q.department for q in outcome.questions)),
        said_zh=said.zh,
        said_en=said.en,
    )


def _unnumbered(ground: _Ground, name: str) -> Finding:
    outcome = domain.no_number(ground.sources.resources[ground.policy.population])
    finding = _finding(ground, name, Person({ground.key: name}), outcome)
    finding.shown = name
    return finding


def _decided(ground: _Ground, batch: _Batch, findings: Sequence[Finding]) -> Draft:
    """Tell how a batch was judged; the digest binds every finding, those without money too."""
    lines: list[object] = [
        [f.person, f.status, f.rules, f.amount_fen, f.facts, f.cause] for f in findings
    ]
    data: dict[str, object] = {
        "people": dict(Counter(f.status for f in findings)),
        "findings_sha256": hashlib.sha256(canonical(lines)).hexdigest(),
        "unavailable": sorted(batch.silent),
    }
    return ground.draft(events.BATCH_DECIDED, data)


def _ordered(ground: _Ground, outcome: Outcome, reference: str) -> Draft:
    data: dict[str, object] = {
        "reference": reference,
        "amount_fen": outcome.amount_fen,
        "rules": list(outcome.rules),
    }
    return ground.draft(events.PAYMENT_ORDERED, data, outcome.reason.zh)


def _finish(ground: _Ground, walked: int, calls: int, problem: str) -> None:
    with transaction.atomic():
        row = Run.objects.select_for_update().get(pk=ground.run)
        row.finished, row.calls, row.problem = clock.now(), calls, problem
        row.save(update_fields=["finished", "calls", "problem"])
        data: dict[str, object] = {"walked": walked, "calls": calls}
        trail.tell(ground.draft(events.FINISHED, data, problem))
