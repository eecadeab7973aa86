"""Saves what a batch comes to: orders, findings and events, in one transaction."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from tongban.apps.cases import payments
from tongban.apps.outreach import domain, events
from tongban.apps.outreach.domain import Outcome, Person
from tongban.apps.outreach.models import Finding, Month
from tongban.apps.outreach.services.batches import Batch, before, reference_of
from tongban.apps.outreach.services.ground import Ground
from tongban.infra import clock
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft, canonical
from tongban.kernel.suites import suite


def save(ground: Ground, batch: Batch) -> int:
    """Save what a batch comes to in one transaction; give how many orders it made."""
    outcomes = batch.outcomes
    owed = {reference_of(ground, p): p for p, o in outcomes.items() if o.status == "granted"}
    with transaction.atomic():
        # two runs of one month at a time: the second waits here and then sees the first's orders
        Month.objects.select_for_update().get(pk=ground.month)
        now = clock.now()
        orders = [_order(ground, batch.people[p], outcomes[p], r, now) for r, p in owed.items()]
        made = payments.order_payments(orders)
        for reference in owed.keys() - made:
            person = owed[reference]
            outcomes[person] = before(outcomes[person].amount_fen)
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


def _order(
    ground: Ground, person: Person, outcome: Outcome, reference: str, now: datetime
) -> payments.Order:
    return payments.Order(
        reference=reference,
        payee=str(person.facts[ground.key]),
        account=str(person.facts[ground.policy.payment.account]),
        amount_fen=outcome.amount_fen or 0,
        department=ground.policy.department,
        ordered=now,
    )


def _finding(ground: Ground, reference: str, person: Person, outcome: Outcome) -> Finding:
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


def _unnumbered(ground: Ground, name: str) -> Finding:
    outcome = domain.no_number(ground.sources.resources[ground.policy.population])
    finding = _finding(ground, name, Person({ground.key: name}), outcome)
    finding.shown = name
    return finding


def _decided(ground: Ground, batch: Batch, findings: Sequence[Finding]) -> Draft:
    """Tell how a batch was judged; the digest binds every finding, those without money too."""
    lines: list[object] = [
        [f.person, f.status, f.rules, f.amount_fen, f.facts, f.cause] for f in findings
    ]
    data: dict[str, object] = {
        "people": dict(Counter(f.status for f in findings)),
        "findings_digest": suite(settings.SUITE).digest(canonical(lines)).hex(),
        "unavailable": sorted(batch.silent),
    }
    return ground.draft(events.BATCH_DECIDED, data)


def _ordered(ground: Ground, outcome: Outcome, reference: str) -> Draft:
    data: dict[str, object] = {
        "reference": reference,
        "amount_fen": outcome.amount_fen,
        "rules": list(outcome.rules),
    }
    return ground.draft(events.PAYMENT_ORDERED, data, outcome.reason.zh)
