"""Verbs of cases: submit, advance, answer, decide, correct, suspend, extend, urge, withdraw.

Every verb loads the case, decides by the pure engine, and saves state and trail in one
transaction. Sources are called between transactions, never inside one. A writer that comes second
is told so (`CaseMoved`) and nothing of his is half-saved.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import IntegrityError, transaction

from tongban.apps.exchange import services as exchange
from tongban.apps.items import queries as items
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.calendar import load_calendar
from tongban.infra.packs import find_packs
from tongban.infra.trail import services as trail
from tongban.infra.trail.services import ChainMoved
from tongban.kernel import forms
from tongban.kernel.events import Draft
from tongban.kernel.facts import FactInvalid, parse_value
from tongban.kernel.feel import Value
from tongban.kernel.workdays import Calendar

from . import events as say
from . import verbs
from .domain import engine, human, sources
from .domain.fold import Said, apply
from .domain.ground import Ground, all_facts
from .domain.state import (
    Case,
    Json,
    Known,
    Stage,
    decode,
    encode,
    write_value,
    write_values,
)
from .errors import CaseMoved, CaseRefused, CaseUnknown, NotAllowed, SubmissionInvalid
from .models import BranchRow, Document
from .models import Case as Row

TRIES = 8
LEASE = timedelta(seconds=30)  # after a crash another worker takes the case up again
MOST_BYTES = 2 * 1024 * 1024
# the post that a step names → what its holder must be allowed to do
POSTS = {"clerk": "case.accept", "reviewer": "case.review", "approver": "case.decide"}
_MEDIA = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n", "image/jpeg": b"\xff\xd8\xff"}
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Upload:
    """A material that the applicant uploads (上传材料)."""

    material: str
    filename: str
    media_type: str
    content: str  # base64


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person sends once (一次申请)."""

    life_event: str
    answers: Mapping[str, Json]
    consent: bool = False
    seen: Mapping[str, Json] = field(default_factory=dict)
    items: Sequence[str] = ()
    uploads: Sequence[Upload] = ()


def _allow(subject: Subject, action: str, resource: Mapping[str, str]) -> None:
    ruling = judge(subject, action, resource)
    if not ruling.allowed:
        raise NotAllowed(ruling.zh, ruling.en)


@cache
def calendar() -> Calendar:
    """Give the official calendar of the installed region packs, read once a process."""
    return load_calendar(*find_packs(settings.PACKS))


def ground_of(
    life_event: str, version: int, chosen: Mapping[str, int], days: Calendar | None = None
) -> Ground:
    """Gather the frozen definitions that a case stands on."""
    return Ground(
        life_event=items.life_event(life_event, version),
        definitions={slug: items.item(slug, v) for slug, v in chosen.items()},
        vocabulary=items.vocabulary(),
        calendar=days or calendar(),
        now=clock.now(),
    )


def ground_for(case: Case, days: Calendar | None = None) -> Ground:
    """Gather what this case stands on: the versions it was submitted under."""
    chosen = {b.item: b.version for b in case.branches.values()}
    return ground_of(case.life_event, case.version, chosen, days)


def load(number: str) -> Case:
    """Give the state of a case; raises ``Row.DoesNotExist``."""
    return decode(Row.objects.values_list("state", flat=True).get(number=number))


def drafts_of(case: Case, ground: Ground, said: Sequence[Said]) -> list[Draft]:
    """Put the case's own envelope round what was said."""
    out = []
    for event in said:
        definition = ground.definitions.get(event.item)
        out.append(
            Draft(
                type=event.type,
                chain=case.number,
                occurred=event.at,
                data=event.data,
                actor=event.actor,
                organisation=event.organisation or (definition.department if definition else ""),
                on_behalf_of=case.applicant,
                authority=event.authority,
                item=event.item,
                item_version=str(definition.version) if definition else "",
                step=event.step,
                reason=event.reason,
            )
        )
    return out


def _rows(case: Case, ground: Ground) -> list[BranchRow]:
    posts: dict[str, str] = {}
    for task in engine.tasks(case, ground):
        posts.setdefault(task.item, task.post)
    return [
        BranchRow(
            case_id=case.number,
            item=b.item,
            version=b.version,
            department=ground.definitions[b.item].department,
            stage=b.stage.value,
            post=posts.get(b.item, "clerk" if b.stage is Stage.GATHERING and b.attempts else ""),
            due=human.due(b, ground),
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
    moved = Row.objects.filter(number=after.number, sequence=before.sequence).update(
        state=encode(after), sequence=after.sequence, ended=after.ended, wake_at=wake
    )
    if not moved:
        raise CaseMoved(after.number)
    changed = [
        row
        for row in _rows(after, ground)
        if every or after.branches[row.item] is not before.branches.get(row.item)
    ]
    if changed:
        BranchRow.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["case", "item"],
            update_fields=["stage", "post", "due", "version"],
        )
    trail.append(drafts)


def _upload(number: str, upload: Upload) -> Document:
    """Check a file by its first bytes and size, and keep it by its digest."""
    try:
        content = base64.b64decode(upload.content, validate=True)
    except ValueError:
        raise SubmissionInvalid({upload.material: ("文件内容不是base64", "not base64")}) from None
    begins = _MEDIA.get(upload.media_type)
    if begins is None or not content.startswith(begins):
        raise SubmissionInvalid(
            {upload.material: ("请上传PDF、PNG或JPEG文件", "send a PDF, PNG or JPEG file")}
        )
    if len(content) > MOST_BYTES:
        raise SubmissionInvalid({upload.material: ("文件不得超过2 MB", "send at most 2 MB")})
    return Document(
        case_id=number,
        material=upload.material,
        filename=upload.filename,
        media_type=upload.media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        received=clock.now(),
    )


def _answers(written: Mapping[str, Json], askable: frozenset[str] | None) -> dict[str, Value]:
    """Read answers strictly; collect every error before refusing."""
    vocabulary = items.vocabulary()
    values: dict[str, Value] = {}
    wrong: dict[str, tuple[str, str]] = {}
    for name, raw in written.items():
        if askable is not None and name not in askable:
            wrong[name] = ("此项无需填写", "this is not asked; leave it out")
            continue
        try:
            value = parse_value(vocabulary.fact(name), raw)
        except FactInvalid as error:
            wrong[name] = (error.zh, error.en)
            continue
        if value is not None:
            values[name] = value
    if wrong:
        raise SubmissionInvalid(wrong)
    return values


def askable(plan: forms.DataPlan) -> frozenset[str]:
    """Give the facts a person may be asked: the form, and what may be asked if a source fails."""
    return frozenset(f.fact.name for f in (*plan.ask, *plan.fallback))


def submit(subject: Subject, submission: Submission) -> str:
    """Take a submission, tell the trail, and take the case as far as it goes at once.

    Returns the case number. Raises `SubmissionInvalid` with one sentence a field, `NotAllowed`,
    or ``items.queries.NotPublished``.
    """
    _allow(subject, "case.submit", {"applicant": subject.person_id})
    event = items.life_event(submission.life_event)
    chosen = {
        b.item: b.version
        for b in event.branches
        if not submission.items or b.item in submission.items
    }
    if unknown := sorted(set(submission.items) - {b.item for b in event.branches}):
        raise SubmissionInvalid(dict.fromkeys(unknown, ("没有此事项", "no such item")))
    ground = ground_of(event.slug, event.version, chosen)
    answers = _answers(submission.answers, askable(event.plan))
    if event.plan.consent and not submission.consent:
        raise SubmissionInvalid(
            {"consent": ("请先同意调取所列数据", "agree to the listed data being fetched first")}
        )
    now = ground.now
    number = f"{now:%Y%m%d}-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))
    documents = [_upload(number, u) for u in submission.uploads]
    given = {f"{event.applicant}.id_number": parties.id_number(subject.person_id)}
    data: dict[str, Json] = {
        "life_event": event.slug,
        "version": event.version,
        "applicant": subject.person_id,
        "submitted": now.isoformat(),
        "reference": ground.today.isoformat(),
        "given": given,
        "answers": write_values(answers),
        "seen": {
            n: write_value(parse_value(items.vocabulary().fact(n), v))
            for n, v in submission.seen.items()
        },
        "consent": submission.consent,
        "materials": {d.material: d.sha256 for d in documents},
        "branches": [
            {
                "item": b.item,
                "version": chosen[b.item],
                "after": [a for a in b.after if a in chosen],
            }
            for b in event.branches
            if b.item in chosen
        ],
    }
    said = Said(say.SUBMITTED, now, data, actor=subject.user_id)
    case = apply(None, number, said)
    with transaction.atomic():
        Row.objects.create(
            number=number,
            life_event=event.slug,
            version=event.version,
            applicant=subject.person_id,
            submitted=now,
            state=encode(case),
            sequence=case.sequence,
            wake_at=now + LEASE,
        )
        Document.objects.bulk_create(documents)
        BranchRow.objects.bulk_create(_rows(case, ground))
        trail.append(drafts_of(case, ground, [said]))
    advance(number)
    return number


def _turn(number: str, deciding: str = "") -> tuple[Case, Case, Ground, list[Draft]]:
    """Load a case and fetch until no call is due; give it before and after, with its drafts.

    A key that one source gives opens the next source (mother → marriage → father), so this goes
    round until nothing more is wanted; nothing is asked twice in one turn. No transaction is open
    meanwhile.
    """
    before = case = load(number)
    ground = ground_for(case)
    drafts: list[Draft] = []
    tried: set[str] = set()
    while calls := sources.wants(case, ground, deciding, tried):
        found: dict[str, Known] = {}
        facts = all_facts(case, ground)
        for call in calls:
            fetched = exchange.fetch(
                call.facts,
                about={key: facts[key] for key in call.keys},
                purpose=exchange.Purpose(
                    life_event=case.life_event, call=call, consent=case.consent
                ),
                case=case.number,
                actor="system",
            )
            drafts.extend(fetched.calls)
            found |= {name: _known(call, a, ground) for name, a in fetched.answers.items()}
        tried |= found.keys()
        said = sources.received(case, found, len(calls), ground)
        drafts += drafts_of(case, ground, said)
        for event in said:
            case = engine.tell(case, event)
    return before, case, ground, drafts


def _known(call: forms.Call, answer: exchange.Answer, ground: Ground) -> Known:
    """Keep an answer with its source."""
    return Known(
        value=answer.value,
        status=answer.status,
        origin="source",
        department=call.department,
        resource=call.resource,
        as_of=ground.now.isoformat(),
        reason=answer.reason,
    )


def _finish(before: Case, case: Case, ground: Ground, drafts: list[Draft]) -> Case:
    """Advance inside the open transaction, and save what came of it."""
    turn = verbs.Turn(ground, [])
    after, said = engine.advance(case, ground, turn.perform)
    save(before, after, ground, [*drafts, *drafts_of(after, ground, said), *turn.drafts])
    return after


def advance(number: str) -> Case:
    """Take a case as far as it goes: fetch outside, decide and save inside one transaction.

    Safe to call at any time by any number of workers: who comes second starts again from what the
    first one saved.
    """
    for attempt in range(TRIES):
        before, case, ground, drafts = _turn(number)
        try:
            with transaction.atomic():
                after = _finish(before, case, ground, drafts)
        except (CaseMoved, IntegrityError, ChainMoved):
            if attempt == TRIES - 1:
                raise
            continue
        if not sources.wants(after, ground):
            return after
    return load(number)


def _act(
    subject: Subject,
    number: str,
    action: str,
    item: str,
    act: Callable[[Case, Ground], Sequence[Said]],
    *,
    documents: Sequence[Document] = (),
    deciding: str = "",
) -> Case:
    """Let a person do something: judge, re-read stale sources, act, advance, save, once.

    Whoever comes second is refused with `CaseMoved`; his act is never tried again behind his back.
    """
    allowed(subject, number, action, item)
    before, case, ground, drafts = _turn(number, deciding)
    if deciding and case.branches[deciding].stage is not before.branches[deciding].stage:
        with transaction.atomic():
            _finish(before, case, ground, drafts)
        raise CaseRefused(
            "来源数据已变化，已请申请人确认，请稍后再办",
            "a source has changed; the applicant was asked to confirm: decide after that",
        )
    said = act(case, ground)
    for event in said:
        case = engine.tell(case, event)
    drafts += drafts_of(case, ground, said)
    try:
        with transaction.atomic():
            Document.objects.bulk_create(documents)
            _finish(before, case, ground, drafts)
    except (ChainMoved, IntegrityError) as clash:
        # who comes second may fail at a licence or payment that the first one has made
        if load(number).sequence == before.sequence:
            raise
        raise CaseMoved(number) from clash
    return advance(number)


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
            "department": department,
            "region": parties.department_region(department),
        }
        ruling = judge(subject, action, resource)
        if ruling.allowed:
            return row
        if judge(subject, "case.read", resource).allowed:
            denied = ruling
    if denied is None:
        raise CaseUnknown(number)
    raise NotAllowed(denied.zh, denied.en)


def answer(
    subject: Subject,
    number: str,
    answers: Mapping[str, Json],
    uploads: Sequence[Upload] = (),
) -> Case:
    """Answer a correction or confirm a changed value (提交补正、确认)."""
    values = _answers(answers, None)
    documents = [_upload(number, u) for u in uploads]
    materials = {d.material: d.sha256 for d in documents}

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (human.answer(case, ground, values, materials, actor=subject.user_id),)

    return _act(subject, number, "case.correct", "", act, documents=documents)


def accept(subject: Subject, number: str, item: str, *, accept: bool, reason: str = "") -> Case:
    """Accept or refuse acceptance after looking at the documents (受理)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (
            human.accept(case, ground, item, accept=accept, actor=subject.user_id, reason=reason),
        )

    return _act(subject, number, "case.accept", item, act)


def ask_correction(
    subject: Subject, number: str, item: str, asked: Sequence[tuple[str, str]]
) -> Case:
    """Ask the applicant for correction, once and completely (一次性告知补正)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (human.ask_correction(case, ground, item, asked, actor=subject.user_id),)

    return _act(subject, number, "case.ask", item, act)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decides at a step: outputs such as ``outcome``, and why."""

    outputs: Mapping[str, Json]
    reason: str
    accept_unverified: bool = False


def decide(subject: Subject, number: str, item: str, step: str, verdict: Verdict) -> Case:
    """Decide a step by a person (审批); stale sources are read again first."""
    allowed(subject, number, "case.read", item)
    case = load(number)
    if item not in case.branches:
        raise CaseRefused(f"本办件没有事项{item}", f"this case has no item {item}")
    task = human.task_of(case, ground_for(case), item, step)
    department = items.item(item, case.branches[item].version).department
    organisation = parties.department_code(department)
    if not any(p.department == department and p.role == task.post for p in subject.posts):
        raise NotAllowed(f"此步骤由岗位“{task.post}”办理", f"this step is for the post {task.post}")

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        outputs = human.read_outputs(case, ground, item, step, verdict.outputs)
        return (
            human.decide(
                case,
                ground,
                item,
                step,
                outputs,
                actor=subject.user_id,
                organisation=organisation,
                reason=verdict.reason,
                accept_unverified=verdict.accept_unverified,
            ),
        )

    return _act(subject, number, POSTS[task.post], item, act, deciding=item)


def withdraw(subject: Subject, number: str, chosen: Sequence[str], reason: str = "") -> Case:
    """Withdraw what is still open (撤回申请)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return human.withdraw(case, ground, chosen, actor=subject.user_id, reason=reason)

    return _act(subject, number, "case.withdraw", "", act)


def suspend(subject: Subject, number: str, item: str, kind: str, reason: str) -> Case:
    """Begin a special procedure (特别程序); the decision clock stops."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (human.suspend(case, ground, item, kind=kind, reason=reason, actor=subject.user_id),)

    return _act(subject, number, "case.review", item, act)


def resume(subject: Subject, number: str, item: str) -> Case:
    """End the special procedure; the clock runs again."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (human.resume(case, ground, item, actor=subject.user_id),)

    return _act(subject, number, "case.review", item, act)


def extend(subject: Subject, number: str, item: str, days: int, reason: str) -> Case:
    """Extend the clock once, by an approver (延长办理期限)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (
            human.extend(case, ground, item, days=days, approver=subject.user_id, reason=reason),
        )

    return _act(subject, number, "case.decide", item, act)


def urge(subject: Subject, number: str, item: str) -> Case:
    """Urge a branch on (催办)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (human.urge(case, ground, item, actor=subject.user_id),)

    return _act(subject, number, "case.correct", item, act)


def wake(most: int = 100) -> int:
    """Take up the cases whose time has come: retries, timers, legal terms, cut-short work.

    Returns how many were advanced. A case that fails keeps its place in the queue for a later try,
    so that one broken case never stops the others.
    """
    now = clock.now()
    due = list(
        Row.objects.filter(wake_at__lte=now)
        .order_by("wake_at")
        .values_list("number", flat=True)[:most]
    )
    for number in due:
        # a lease: if this worker dies here, another one comes back to the case
        Row.objects.filter(number=number, wake_at__lte=now).update(wake_at=now + LEASE)
        advance(number)
    return len(due)
