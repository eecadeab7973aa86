"""How a case moves: load, fetch between transactions, advance, save and tell in one transaction.

Sources are called while no transaction is open. A writer that comes second is told so
(`CaseMoved`) and nothing of his is half-saved; the engine's own work is then simply done again.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import IntegrityError, transaction

from tongban.apps.cases import verbs
from tongban.apps.cases.domain import clocks, engine, sources
from tongban.apps.cases.domain.fold import Said
from tongban.apps.cases.domain.ground import Ground, all_facts, department_of
from tongban.apps.cases.domain.state import Case, Known, Stage, decode, encode
from tongban.apps.cases.errors import CaseMoved, CaseUnknown, NotAllowed
from tongban.apps.cases.models import BranchRow
from tongban.apps.cases.models import Case as Row
from tongban.apps.exchange import consents
from tongban.apps.exchange import services as exchange
from tongban.apps.exchange.checking import cross_check
from tongban.apps.items import queries as items
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.calendar import load_calendar
from tongban.infra.jobs import services as jobs
from tongban.infra.once import one_look
from tongban.infra.packs import find_packs
from tongban.infra.secrecy.fields import sealed
from tongban.infra.secrecy.ring import held
from tongban.infra.trail import services as trail
from tongban.infra.trail.services import ChainMoved
from tongban.kernel import forms
from tongban.kernel.events import Draft
from tongban.kernel.workdays import Calendar

from . import charging

log = logging.getLogger(__name__)

TRIES = 8
LEASE = timedelta(seconds=30)  # after a crash another worker takes the case up again
TAKE_UP = "cases.take_up"  # the job that tries a failing case again, with patience


@cache
def calendar() -> Calendar:
    """Give the official calendar of the installed region packs, read once a process."""
    return load_calendar(*find_packs(settings.PACKS))


def ground_of(
    life_event: str, version: int, chosen: Mapping[str, int], days: Calendar | None = None
) -> Ground:
    """Gather the frozen definitions that a case stands on."""
    event, definitions, vocabulary = items.ground(life_event, version, chosen)
    return Ground(
        life_event=event,
        definitions=definitions,
        vocabulary=vocabulary,
        calendar=days or calendar(),
        now=clock.now(),
    )


def ground_for(case: Case, days: Calendar | None = None) -> Ground:
    """Gather what this case stands on: the versions it was submitted under."""
    chosen = {b.item: b.version for b in case.branches.values()}
    return ground_of(case.life_event, case.version, chosen, days)


def load(number: str) -> Case:
    """Give the state of a case; raises ``Row.DoesNotExist``."""
    return decode(Row.objects.only("state", "key").get(number=number).state)


def drafts_of(case: Case, ground: Ground, said: Sequence[Said]) -> list[Draft]:
    """Put the case's own envelope round what was said."""
    out = []
    for event in said:
        definition = ground.definitions.get(event.item)
        branch = case.branches.get(event.item)
        here = department_of(branch, ground) if branch else ""
        out.append(
            Draft(
                type=event.type,
                chain=case.number,
                occurred=event.at,
                data=event.data,
                actor=event.actor,
                organisation=event.organisation or here,
                on_behalf_of=case.applicant,
                authority=event.authority,
                item=event.item,
                item_version=str(definition.version) if definition else "",
                step=event.step,
                reason=event.reason,
            )
        )
    return out


def rows_of(case: Case, ground: Ground) -> list[BranchRow]:
    posts: dict[str, str] = {}
    for task in engine.tasks(case, ground):
        # what waits for approval is the approver's work, whoever did the task before
        branch = case.branches[task.item]
        post = "approver" if branch.move or branch.extension_asked else task.post
        posts.setdefault(task.item, post)
    return [
        BranchRow(
            case_id=case.number,
            item=b.item,
            version=b.version,
            department=department_of(b, ground),
            stage=b.stage.value,
            post=posts.get(b.item, "clerk" if b.stage is Stage.GATHERING and b.attempts else ""),
            due=clocks.due(b, ground),
            rank=clocks.term(b, ground) or date.max,
            claimed_by=b.claimed_by,
            claimed_until=datetime.fromisoformat(b.claimed_until) if b.claimed_until else None,
        )
        for b in case.branches.values()
    ]


def save(
    before: Case,
    after: Case,
    ground: Ground,
    drafts: Sequence[Draft],
    *,
    every: bool = False,
) -> None:
    """Save a case that moved, its queue rows and its events; refuse if another was faster.

    Only rows of branches that changed are written, or ``every`` one where due dates moved.
    """
    wake = None if after.ended else engine.wake_at(after, ground)
    if sources.wants(after, ground):
        wake = ground.now + LEASE  # more is to be fetched: by us at once, or by whoever comes
    moved = Row.objects.filter(number=after.number, sequence=before.sequence).update(
        **sealed(Row, after.number, state=encode(after)),
        sequence=after.sequence,
        ended=after.ended,
        wake_at=wake,
    )
    if not moved:
        raise CaseMoved(after.number)
    changed = [
        row
        for row in rows_of(after, ground)
        if every or after.branches[row.item] is not before.branches.get(row.item)
    ]
    if changed:
        BranchRow.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["case", "item"],
            update_fields=[
                *("stage", "department", "post", "due", "rank", "version"),
                *("claimed_by", "claimed_until"),
            ],
        )
    trail.append(drafts)


def prepared(number: str, deciding: str = "") -> tuple[Case, Case, Ground, list[Draft]]:
    """Load a case and fetch until no call is due; give it before and after, with its drafts.

    A key that one source gives opens the next source (mother → marriage → father), so this goes
    round until nothing more is wanted; nothing is asked twice in one turn. No transaction is open
    meanwhile.
    """
    before = case = load(number)
    ground = ground_for(case)
    fees = charging.heard(case, ground)
    drafts = drafts_of(case, ground, fees)
    for event in fees:
        case = engine.tell(case, event)
    tried: set[str] = set()
    while calls := sources.wants(case, ground, deciding, tried):
        found: dict[str, Known] = {}
        for answers, made in ask_all(calls, case, ground):
            drafts += made
            found |= answers
        tried |= found.keys()
        said = sources.received(case, found, len(calls), ground)
        drafts += drafts_of(case, ground, said)
        for event in said:
            case = engine.tell(case, event)
    return before, case, ground, drafts


def ask(
    call: forms.Call, case: Case, ground: Ground, *, actor: str = "system", patience: float = 0.0
) -> tuple[dict[str, Known], list[Draft]]:
    """Make one planned call, as `ask_all` does."""
    (made,) = ask_all([call], case, ground, actor=actor, patience=patience)
    return made


def ask_all(
    calls: Sequence[forms.Call],
    case: Case,
    ground: Ground,
    *,
    actor: str = "system",
    patience: float = 0.0,
) -> list[tuple[dict[str, Known], list[Draft]]]:
    """Make planned calls side by side, and those that check them; give what came of each.

    With each what is to be told of it. ``patience`` is as `exchange.fetch_all` takes it. No
    transaction may be open.
    """
    facts = all_facts(case, ground)
    consented = any(call.basis == "consent" for call in calls) and _consented(case)
    planned = [
        exchange.Planned(
            call.facts,
            {key: facts[key] for key in call.keys},
            exchange.Purpose(
                life_event=case.life_event,
                call=call,
                consent=call.basis == "consent" and consented,
            ),
        )
        for call in calls
    ]
    fetched = exchange.fetch_all(planned, case=case.number, actor=actor, patience=patience)
    came = []
    with one_look():
        for plan, one in zip(planned, fetched, strict=True):
            checked = cross_check(
                one.answers,
                about=facts,
                purpose=plan.purpose,
                case=case.number,
                actor=actor,
                patience=patience,
            )
            call = plan.purpose.call
            found = {name: _known(call, answer, ground) for name, answer in checked.answers.items()}
            came.append((found, [*one.calls, *checked.events]))
    return came


def _consented(case: Case) -> bool:
    """Say whether the applicant's consent stands now: it may be withdrawn, and given again."""
    return case.consent and (not case.consent_id or consents.in_force(case.number))


def _known(call: forms.Call, answer: exchange.Answer, ground: Ground) -> Known:
    """Keep an answer with its source, which may be another one than was asked first."""
    source = answer.source
    return Known(
        value=answer.value,
        status=answer.status,
        origin="source",
        department=source.department if source else call.department,
        resource=source.resource if source else call.resource,
        as_of=ground.now.isoformat(),
        reason=answer.reason,
    )


def finish(before: Case, case: Case, ground: Ground, drafts: list[Draft]) -> Case:
    """Advance inside the open transaction, and save what came of it."""
    held()  # what is given once is marked by the key that stays current until this is saved
    turn = verbs.Turn(ground, [])
    after, said = engine.advance(case, ground, turn.perform)
    charging.follow(before, after, ground)
    save(before, after, ground, [*drafts, *drafts_of(after, ground, said), *turn.drafts])
    return after


@contextmanager
def calls_kept(drafts: Sequence[Draft]) -> Iterator[None]:
    """Keep the calls that were made on the trail, also where nothing else of the turn is kept."""
    try:
        yield
    except Exception:
        made = [draft for draft in drafts if draft.type == exchange.CALLED]
        for _ in range(TRIES):
            try:
                with transaction.atomic():
                    trail.append(made)
            except ChainMoved:
                continue
            break
        raise


def advance(number: str) -> Case:
    """Take a case as far as it goes: fetch outside, decide and save inside one transaction.

    Safe to call at any time by any number of workers: who comes second starts again from what the
    first one saved.
    """
    for attempt in range(TRIES):
        before, case, ground, drafts = prepared(number)
        try:
            with calls_kept(drafts), transaction.atomic():
                after = finish(before, case, ground, drafts)
        except (CaseMoved, IntegrityError, ChainMoved):
            if attempt == TRIES - 1:
                raise
            continue
        if not sources.wants(after, ground):
            return after
    return load(number)


def allowed(subject: Subject, number: str, action: str, item: str = "") -> Row:
    """Judge whether the subject may do this to the case, or to one item of it.

    Raises `NotAllowed`, and `CaseUnknown` also where the subject may not even see the case.
    """
    row = Row.objects.filter(number=number).first()
    if row is None:
        raise CaseUnknown(number)
    rows = BranchRow.objects.filter(case=row)
    rows = rows.filter(item=item) if item else rows
    denied = None
    for department in sorted(set(rows.values_list("department", flat=True))) or [""]:
        resource = {
            "applicant": row.applicant,
            "agent": row.state.get("agent", ""),
            "company": row.state.get("on_behalf_of", ""),
            "life_event": row.life_event,
            "department": department,
            "region": parties.department_region(department),
        }
        ruling = judge(subject, action, resource)
        if ruling.allowed:
            return row
        if judge(subject, "case.read", resource).allowed:
            denied = ruling
    about = {"case": number, "item": item}
    if denied is None:
        refuse(subject, action, about, ruling, step_up=False)
        raise CaseUnknown(number)
    refuse(subject, action, about, denied)
    raise NotAllowed(denied.zh, denied.en)


def wake(most: int = 100) -> int:
    """Take up the cases whose time has come: retries, timers, legal terms, cut-short work.

    Returns how many were taken up. One that fails never stops the others: it becomes a job of its
    own, tried again with patience and in the end a dead letter that an operator sees.
    """
    now = clock.now()
    due = list(
        Row.objects.filter(wake_at__lte=now)
        .order_by("wake_at")
        .values_list("number", flat=True)[:most]
    )
    for number in due:
        # a lease: if this worker dies here, another one comes back to the case
        if Row.objects.filter(number=number, wake_at__lte=now).update(wake_at=now + LEASE):
            carry_on(number)
    return len(due)


def carry_on(number: str) -> Case:
    """Advance a case whose last change is saved: that stands, whatever comes of the next turn."""
    try:
        return advance(number)
    except Exception:
        log.exception("case %s could not be taken up; it is tried again as a job", number)
        with transaction.atomic():
            jobs.enqueue(TAKE_UP, {"number": number}, run_after=clock.now() + LEASE)
            Row.objects.filter(number=number).update(wake_at=None)
        return load(number)
