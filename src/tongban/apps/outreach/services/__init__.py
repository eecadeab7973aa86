"""Verbs of outreach: run a policy for a month over everybody it is for, nobody applying (免申即享).

Sources are read between transactions, a batch of people at a time; what a batch comes to (orders,
findings, events) is saved in one. A run that was cut short is simply run again: a person who has an
order for the month gets no second one, and is not looked up again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction

from tongban.apps.exchange import queries as catalogue
from tongban.apps.exchange import services as exchange
from tongban.apps.items import queries as items
from tongban.apps.items.domain import Policy
from tongban.apps.outreach import domain, events, queries
from tongban.apps.outreach.models import Run
from tongban.apps.outreach.services.batches import look_up
from tongban.apps.outreach.services.ground import Ground, PolicyIncomplete, run_draft, start
from tongban.apps.outreach.services.saving import save
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.facts import Words
from tongban.kernel.suites import suite

__all__ = ["SYSTEM", "Asked", "NotAllowed", "PolicyIncomplete", "Progress", "identify", "run"]

SYSTEM = Subject("outreach", "outreach", "system")
_PEOPLE_AT_ONCE = 1000

Progress = Callable[[int, int], None]  # people walked, payments ordered


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody a department is asked about: the identity number and the question."""

    number: str
    question: Words


class NotAllowed(PermissionError):
    """The subject may not run this policy."""


def run(
    slug: str,
    *,
    period: str = "",
    subject: Subject = SYSTEM,
    batch: int = _PEOPLE_AT_ONCE,
    progress: Progress = lambda _walked, _ordered: None,
) -> str:
    """Run a policy for a month (``YYYY-MM``, empty: this one); give the number of the run.

    Everybody of the policy's register is judged from the sources; each eligible person gets one
    payment order a month, whatever is unknown is kept as a question. Raises `NotAllowed`,
    `PolicyIncomplete`, `domain.PeriodInvalid`, `items.NotPublished`, `catalogue.NoCatalogue`,
    `exchange.InsideTransaction`.
    """
    policy = items.policy(slug)
    _allow(subject, policy)
    today = clock.today()
    month = domain.read_period(period or f"{today:%Y-%m}", today)
    ground = start(policy, month, subject)
    walked = ordered = calls = 0
    problem = ""
    try:
        for numbers, said in _walk(policy, ground.run, ground.actor, batch):
            found = look_up(ground, numbers, walked)
            found.drafts.insert(0, said)
            ordered += save(ground, found)
            walked += len(numbers)
            calls += found.calls + 1
            progress(walked, ordered)
    except exchange.StoreUnavailable as error:
        problem = str(error)
    _finish(ground, walked, calls, problem)
    return ground.run


def identify(number: str, department: str, *, subject: Subject = SYSTEM) -> tuple[Asked, ...]:
    """Tell a department whom its questions of a run are about (核实名单).

    A run keeps no numbers, so the register is walked again; the chain of the run keeps who looked.
    Raises `queries.NoSuchRun`, `NotAllowed`, `exchange.StoreUnavailable`.
    """
    row = queries.load(number)
    policy = items.policy(row.month.policy, row.version)
    _allow(subject, policy)
    open_ = {finding.person: finding for finding in queries.questions(number, department)}
    salt, by = row.month.salt, suite(row.month.suite)
    asked: list[Asked] = []
    drafts: list[Draft] = []
    for numbers, said in _walk(policy, number, subject.name, _PEOPLE_AT_ONCE):
        drafts.append(said)
        for person in filter(None, numbers):
            found = open_.pop(domain.person_reference(salt, person, by), None)
            if found is not None:
                asked.append(Asked(person, Words(found.said_zh, found.said_en)))
    told: dict[str, object] = {"department": department, "people": len(asked)}
    with transaction.atomic():
        trail.append(
            [*drafts, run_draft(number, subject.name, policy, events.IDENTIFIED, told)],
        )
    return tuple(asked)


def _allow(subject: Subject, policy: Policy) -> None:
    region = catalogue.departments()[policy.department].region
    place = {"department": policy.department, "region": region}
    ruling = judge(subject, "outreach.run", place)
    if not ruling.allowed:
        refuse(subject, "outreach.run", place, ruling)
        raise NotAllowed(f"NotAllowed: {ruling.en}")


def _walk(
    policy: Policy, run: str, actor: str, batch: int
) -> Iterator[tuple[list[str | None], Draft]]:
    """Give the numbers of everybody in the policy's register, a batch at a time."""
    key = catalogue.resources()[policy.population].key[0]
    for supplied in exchange.supply(
        policy.population,
        [key],
        role=policy.role,
        item=policy.slug,
        case=run,
        actor=actor,
        batch=batch,
    ):
        numbers = (record[f"{policy.role}.{key}"] for record in supplied.records)
        yield [number if isinstance(number, str) else None for number in numbers], supplied.call


def _finish(ground: Ground, walked: int, calls: int, problem: str) -> None:
    with transaction.atomic():
        row = Run.objects.select_for_update().get(pk=ground.run)
        row.finished, row.calls, row.problem = clock.now(), calls, problem
        row.save(update_fields=["finished", "calls", "problem"])
        data: dict[str, object] = {"walked": walked, "calls": calls}
        trail.tell(ground.draft(events.FINISHED, data, problem))
