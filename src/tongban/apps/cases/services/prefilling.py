"""Reads what departments know before a draft is sent (预填), and takes doubts of it.

Nothing is read before the consent panel was agreed to. Every reading is bounded: a few a draft and
a day, for the items' own purposes, and never by a key that was typed. It waits for nobody: what a
request has no time for goes on as a job, and what did not come is asked for after sending. What
was read is sealed in a row of the draft, and goes when the draft goes or the consent is withdrawn.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tongban.apps.cases.domain import doubting, drafts, prefilling, sources
from tongban.apps.cases.domain.ground import FRESH, Ground
from tongban.apps.cases.domain.prefilling import Held
from tongban.apps.cases.domain.state import Case, Doubt, Json, Known
from tongban.apps.cases.errors import CaseRefused, DraftUnknown, NotAllowed, SubmissionInvalid
from tongban.apps.cases.models import ApplicationDraft, Prefill, PrefillLook
from tongban.apps.exchange import consents
from tongban.apps.items import queries as items
from tongban.apps.items.domain import LifeEvent
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access import limits
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.limits import Limit
from tongban.infra.jobs import services as jobs
from tongban.infra.secrecy.fields import sealed
from tongban.infra.trail import services as trail
from tongban.infra.trail.services import ChainMoved
from tongban.kernel.events import Draft
from tongban.kernel.facts import to_json
from tongban.kernel.feel import Value

from .doubting import Doubted, read_doubts
from .intake import about, new_number
from .owned import open_draft, own_draft
from .reading import read_typed
from .turns import TRIES, ask, calls_kept, ground_of

#: The job that goes on where a request had no time left.
READ_ON = "cases.read_on"
#: How long a page waits for what is read; then it goes on without.
WAIT = timedelta(seconds=15)
#: Readings of one person a day, whatever it drops and begins again.
READINGS = Limit("readings-ahead", 12, timedelta(days=1))
MOST_ROUNDS = 4  # readings of one draft
_MOST_CALLS = 40  # of one reading
_AGREE = {"consent": ("请先同意调取所列数据", "agree to the listed data being fetched first")}


class _Moved(Exception):
    """The draft was sent, dropped or read by somebody else meanwhile."""


@dataclass(frozen=True)
class Ahead:
    """What a submission takes from what was read ahead; of a draft without a reading nothing."""

    case: str = ""
    agreed: bool = False
    facts: Mapping[str, Known] = field(default_factory=dict)
    calls: int = 0
    seen: Mapping[str, Json] = field(default_factory=dict)
    doubts: Mapping[str, Doubted] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """A reading that stands: its row, what it holds, and the case that the draft would become."""

    row: Prefill
    held: Held
    case: Case
    ground: Ground

    @property
    def fresh(self) -> bool:
        """Say whether a case may begin with what was read."""
        return self.ground.now - self.row.read <= FRESH


def asks_consent(event: LifeEvent) -> bool:
    """Say whether anything in the plan needs the person's consent."""
    return any(line.basis == "consent" for line in event.plan.consent)


def standing(draft: ApplicationDraft, *, retry: bool = False) -> Standing | None:
    """Give the reading of a draft; None where none was agreed to, or that is over.

    A consent that was withdrawn or ended, and a panel that is another one by now, end it.
    ``retry``: sources that were silent are as if they had not been asked.
    """
    row = Prefill.objects.filter(draft_id=draft.number).first()
    event = items.life_event(draft.life_event)
    if row is None or draft.case or row.panel != prefilling.panel(event.plan):
        return None
    consent = consents.standing(row.case) if asks_consent(event) else ""
    if asks_consent(event) and not consent:
        return None
    held = prefilling.read(row.held)
    if retry:
        settled = {n: k for n, k in held.facts.items() if k.status not in sources.AGAIN}
        held = replace(held, facts=settled)
    ground = ground_of(event.slug, event.version, {b.item: b.version for b in event.branches})
    told = {
        "number": row.case,
        "applicant": draft.person,
        "given": {f"{event.applicant}.id_number": parties.id_number(draft.person)},
        "consent": True,
        "consent_id": consent,
    }
    return Standing(row, held, prefilling.stand_in(told, ground, typed(draft), held), ground)


def typed(draft: ApplicationDraft) -> dict[str, Value]:
    """Give the answers of a draft that can be read; what is amiss is left out."""
    facts = [one.fact for one in items.life_event(draft.life_event).plan.ask]
    given = drafts.answers(drafts.read(draft.answers))
    named = {fact.name for fact in facts}
    values, _ = read_typed(facts, {n: v for n, v in given.items() if n in named})
    return values


def may_see(subject: Subject, draft: ApplicationDraft) -> bool:
    """Say whether the subject may see what was read: who may only apply for somebody may not."""
    return judge(subject, "case.read", about(subject, draft.life_event)).allowed


# --- reading --------------------------------------------------------------------------------------


def read_ahead(subject: Subject, number: str, *, consent: bool) -> None:
    """Take the agreement to a draft's consent panel, and read what may be read before sending.

    While a reading is fresh a second click asks nobody anew; it goes on where the first was cut
    off. Raises `DraftUnknown`, `NotAllowed`, and `SubmissionInvalid` where a consent that is needed
    is not given.
    """
    own = own_draft(subject, number)
    event = items.life_event(own.life_event)
    if asks_consent(event) and not consent:
        raise SubmissionInvalid(_AGREE)
    with transaction.atomic():
        draft = open_draft(subject, number)
        before = standing(draft)
        fresh = before is not None and before.fresh
        row = before.row if before and fresh else _begin(draft, event, subject, before)
    if not row.done and clock.now() < row.until and settings.READ_AHEAD_SECONDS > 0:
        read_on(number, subject.user_id, settings.READ_AHEAD_SECONDS)


def _begin(
    draft: ApplicationDraft, event: LifeEvent, subject: Subject, before: Standing | None
) -> Prefill:
    now = clock.now()
    row = Prefill.objects.filter(draft_id=draft.number).first()
    if row is None:
        row = Prefill(draft=draft, case=new_number(now), rounds=0, sequence=0)
        row.held = prefilling.write(Held())
        PrefillLook.objects.create(
            case=row.case, person=draft.person, life_event=event.slug, begun=now
        )
    if before is None:  # nothing was agreed to that still stands
        consents.lapse(row.case, subject.user_id)
        if asks_consent(event):
            consents.give_consent(row.case, event.slug, subject, event.plan)
    may = row.rounds < MOST_ROUNDS and limits.allows(READINGS, draft.person)
    row.panel = prefilling.panel(event.plan)
    row.sequence += 1
    row.done = not may
    if may:
        row.rounds += 1
        row.read, row.until = now, now + WAIT
        row.held = prefilling.write(replace(prefilling.read(row.held), facts={}, calls=0))
        jobs.enqueue(
            READ_ON,
            {"number": draft.number, "actor": subject.user_id},
            run_after=now + timedelta(seconds=settings.READ_AHEAD_SECONDS),
        )
    elif before is None:
        row.read, row.until = now, now
        row.held = prefilling.write(Held())
    row.save()
    return row


def read_on(number: str, actor: str, seconds: float = 0.0) -> None:
    """Read for a draft until nothing more is wanted, or ``seconds`` are over (0: no end).

    Each answer is saved with the event of its call before the next one is asked for, so that a
    crash loses nothing that came. Safe to run at any time: what is done, sent or dropped stays so.
    """
    ends = time.monotonic() + seconds if seconds else None
    tried: set[str] = set()
    for _ in range(_MOST_CALLS):
        draft = ApplicationDraft.objects.filter(number=number, case="").first()
        now = standing(draft, retry=not tried) if draft is not None else None
        if now is None or now.row.done:
            return
        calls = sources.wants(now.case, now.ground, tried=tried)
        if not calls:
            Prefill.objects.filter(pk=number, sequence=now.row.sequence).update(done=True)
            return
        left = ends - time.monotonic() if ends is not None else 0.0
        if ends is not None and left <= 0:
            return
        found, told = ask(calls[0], now.case, now.ground, actor=actor, patience=left)
        try:
            _keep(now, found, told)
        except (_Moved, ChainMoved):
            continue  # somebody else saved; what is still wanted then is asked for again
        tried |= found.keys()


def _keep(now: Standing, found: Mapping[str, Known], told: list[Draft]) -> None:
    """Save what a call gave; what nobody wants any more is not kept, but that it was asked is."""
    held = replace(now.held, facts={**now.held.facts, **found}, calls=now.held.calls + 1)
    with calls_kept(told), transaction.atomic():
        _save(now, held)
        trail.append(told)


def _save(now: Standing, held: Held) -> None:
    written = sealed(Prefill, now.row.pk, held=prefilling.write(held))
    rows = Prefill.objects.filter(pk=now.row.pk, sequence=now.row.sequence)
    if not rows.update(**written, sequence=F("sequence") + 1):
        raise _Moved


# --- what becomes of it ---------------------------------------------------------------------------


def ahead(subject: Subject, draft: ApplicationDraft) -> Ahead:
    """Give what a submission of this draft takes along."""
    row = Prefill.objects.filter(draft_id=draft.number).first()
    if row is None:
        return Ahead()
    now = standing(draft)
    if now is None:
        return Ahead(row.case)
    seen = prefilling.seen(now.held) if may_see(subject, draft) else {}
    return Ahead(
        row.case,
        agreed=True,
        facts=prefilling.carried(now.held, now.ground.now),
        calls=now.held.calls,
        seen={name: to_json(value) for name, value in seen.items()},
        doubts={
            name: Doubted(to_json(doubt.says), doubt.why)
            for name, doubt in prefilling.standing_doubts(now.held).items()
        },
    )


def let_go(draft: ApplicationDraft, actor: str) -> None:
    """End what was consented to for a draft that goes unsent, in the transaction that drops it."""
    row = Prefill.objects.filter(draft_id=draft.number).first()
    if row is not None and not draft.case:
        consents.lapse(row.case, actor)


def forget(case: str) -> None:
    """Drop what was read for a draft whose consent was withdrawn; what is doubted goes too."""
    with transaction.atomic():
        row = Prefill.objects.select_for_update().filter(case=case).first()
        if row is not None and not consents.in_force(case):
            row.held = prefilling.write(Held())
            row.sequence += 1
            row.save()


# --- not right? -----------------------------------------------------------------------------------


def doubt_ahead(subject: Subject, number: str, fact: str, doubted: Doubted) -> None:
    """Doubt a fact that was read ahead; the owner is told when the draft is sent.

    Raises `SubmissionInvalid`, `CaseRefused`, `DraftUnknown`, `NotAllowed`.
    """
    says = read_doubts({fact: doubted})[fact]

    def change(now: Standing) -> Held:
        if fact not in prefilling.seen(now.held):
            raise SubmissionInvalid({fact: ("此项尚未读取", "this was not read")})
        doubting.doubt(now.case, now.ground, fact, says, why=doubted.why, actor=subject.user_id)
        said = Doubt(says, doubted.why, now.ground.now.isoformat())
        return replace(now.held, doubts={**now.held.doubts, fact: said})

    _change(subject, number, change)


def withdraw_doubt_ahead(subject: Subject, number: str, fact: str) -> None:
    """Take a doubt back; raises as `doubt_ahead`."""

    def change(now: Standing) -> Held:
        doubting.withdraw_doubt(now.case, now.ground, fact, actor=subject.user_id)
        left = {name: doubt for name, doubt in now.held.doubts.items() if name != fact}
        return replace(now.held, doubts=left)

    _change(subject, number, change)


def _change(subject: Subject, number: str, change: Callable[[Standing], Held]) -> None:
    draft = own_draft(subject, number)
    if draft.case:
        raise DraftUnknown(number)
    if not may_see(subject, draft):
        raise NotAllowed("委托不包括查看", "the delegation does not cover reading")
    for _ in range(TRIES):
        now = standing(draft)
        if now is None:
            raise CaseRefused("请先同意调取数据", "agree to the data being fetched first")
        held = change(now)
        try:
            with transaction.atomic():
                _save(now, held)
        except _Moved:  # an answer came in this very moment
            continue
        return
    raise CaseRefused("正在读取数据，请稍后再试", "data is being read; try again in a moment")
