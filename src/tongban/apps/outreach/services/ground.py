"""What a run stands on: the policy, the calls that its rule needs, the month and its secret."""

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction

from tongban.apps.exchange import queries as catalogue
from tongban.apps.items.domain import Policy
from tongban.apps.outreach import domain, events
from tongban.apps.outreach.domain import Entitlement, Period, Sources
from tongban.apps.outreach.models import Month, Run
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.forms import Call, Grant, ItemNeeds, alone, plan
from tongban.kernel.suites import Suite, suite


class PolicyIncomplete(ValueError):
    """The policy needs a fact that no register gives it without consent; mend its grants."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a run stands on: the policy, the calls before and after a grant, the month."""

    policy: Policy
    period: Period
    salt: bytes
    by: Suite
    month: int
    run: str
    actor: str
    key: str
    name: str
    rounds: tuple[Call, ...]
    account: tuple[Call, ...]
    sources: Sources
    entitlement: Entitlement

    def draft(self, type_: str, data: Mapping[str, object], reason: str = "") -> Draft:
        """Begin an event of this run."""
        return run_draft(self.run, self.actor, self.policy, type_, data, reason)


def run_draft(
    run: str, actor: str, policy: Policy, type_: str, data: Mapping[str, object], reason: str = ""
) -> Draft:
    """Begin an event on the chain of a run, under the laws of its policy."""
    laws = (f"{law.title} {law.article}".strip() for law in policy.legal_basis)
    return Draft(
        type=type_,
        chain=run,
        actor=actor,
        organisation=policy.department,
        authority="；".join(laws),
        item=policy.slug,
        item_version=str(policy.version),
        reason=reason,
        data=data,
    )


def _month(policy: str, period: str) -> Month:
    """Give the month of a policy; its secret is made with it."""
    month, _ = Month.objects.get_or_create(
        policy=policy,
        period=period,
        defaults={"salt": os.urandom(32), "suite": settings.SUITE},
    )
    return month


def reference_for(policy: str, day: date, payee: str) -> str:
    """Give the reference of what the policy pays a person in the month of ``day``.

    Inside a transaction the month is held until its end, as a run holds it while it saves.
    """
    held = Month.objects.select_for_update().get(pk=_month(policy, f"{day:%Y-%m}").pk)
    person = domain.person_reference(held.salt, payee, suite(held.suite))
    return domain.order_reference(policy, held.period, person)


def start(policy: Policy, period: Period, subject: Subject) -> Ground:
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
        month = _month(policy.slug, period.key)
        ground = Ground(
            policy=policy,
            period=period,
            salt=month.salt,
            by=suite(month.suite),
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
