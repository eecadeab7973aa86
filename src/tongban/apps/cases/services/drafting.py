"""Drafts (草稿): saved field by field from any device, sent once, told of before they go.

A save that meets another one on the same field is refused with both values; on other fields the two
are joined. Sending empties the draft in the transaction that makes the case, so that a second click
or a crash between finds the one case.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from tongban.apps.cases import events as say
from tongban.apps.cases.domain import drafts
from tongban.apps.cases.domain.state import Json
from tongban.apps.cases.errors import DraftMoved, DraftUnknown, SubmissionInvalid
from tongban.apps.cases.models import ApplicationDraft, DraftDocument
from tongban.apps.items import queries as items
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft

from . import prefilling
from .doubting import Doubted
from .intake import AlreadySent, Sent, Submission, about, allow, send
from .owned import open_draft, own_draft
from .papers import Paper, Upload, read_paper, see_paper
from .reading import askable

MOST_DOCUMENTS = 8
#: How long before its end a person is told of a draft.
NOTICE = timedelta(days=3)
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft as it was saved: name its version with the next save."""

    number: str
    version: int


def save_draft(
    subject: Subject, life_event: str, answers: Mapping[str, Json], *, version: int = 0
) -> Saved:
    """Save some answers of one's draft for a life event, made from what ``version`` showed.

    A None takes an answer back; 0 means that no draft was seen. Values are kept as typed and judged
    when the draft is sent. Raises `DraftMoved` with both values where another device answered the
    same field otherwise since, `SubmissionInvalid` for a field that nobody asks, `NotAllowed`,
    ``items.queries.NotPublished``.
    """
    allow(subject, "case.submit", about(subject, life_event))
    unknown = sorted(answers.keys() - askable(items.life_event(life_event).plan))
    if unknown:
        raise SubmissionInvalid(dict.fromkeys(unknown, ("没有此项", "nobody asks this")))
    for last in (False, True):
        try:
            with transaction.atomic():
                return _save(subject, life_event, answers, version)
        except IntegrityError:  # two devices began at once: the second joins the first
            if last:
                raise
    raise AssertionError


def _save(subject: Subject, life_event: str, answers: Mapping[str, Json], base: int) -> Saved:
    row = _standing(subject, life_event).select_for_update().first()
    if row is None:
        nothing: Json = {}
        row = ApplicationDraft(
            number=secrets.token_hex(10),
            person=subject.person_id,
            company=about(subject, life_event)["company"],
            life_event=life_event,
            answers=nothing,
            version=0,
        )
    held = drafts.read(row.answers)
    if clashes := drafts.clashes(held, base, answers):
        raise DraftMoved(row.version, clashes)
    row.answers = drafts.write(drafts.merged(held, answers, row.version + 1))
    _touch(row)
    row.save(force_insert=row.version == 1)
    return Saved(row.number, row.version)


def _standing(subject: Subject, life_event: str) -> QuerySet[ApplicationDraft]:
    return ApplicationDraft.objects.filter(
        person=subject.person_id,
        company=about(subject, life_event)["company"],
        life_event=life_event,
        case="",
    )


def _touch(row: ApplicationDraft) -> None:
    row.version += 1
    row.saved = clock.now()
    row.ends = row.saved + timedelta(days=settings.DRAFT_DAYS)
    row.told = None


def attach(subject: Subject, number: str, upload: Upload, *, replaces: str = "") -> Saved:
    """Put a file to a draft; ``replaces`` is the digest of the one that it takes the place of.

    It is looked at before anybody waits for the draft. Raises `DraftMoved` where another file is
    there by now, `SubmissionInvalid`, `DraftUnknown`.
    """
    paper = read_paper(upload)
    event = items.life_event(own_draft(subject, number).life_event)
    if paper.material not in {m.spec.code for m in event.plan.materials}:
        raise SubmissionInvalid({paper.material: ("没有此材料", "no such document is asked")})
    paper = see_paper(paper)
    with transaction.atomic():
        row = open_draft(subject, number)
        held = {document.material: document for document in row.documents.all()}
        there = held.get(paper.material)
        if (there.digest if there else "") != replaces:
            kept = there.filename if there else ""
            raise DraftMoved(row.version, {paper.material: drafts.Clash(kept, paper.filename)})
        if there is not None:
            there.delete()
        elif len(held) >= MOST_DOCUMENTS:
            raise SubmissionInvalid(
                {paper.material: (f"最多上传{MOST_DOCUMENTS}份", f"at most {MOST_DOCUMENTS} files")}
            )
        DraftDocument.objects.create(
            draft=row,
            material=paper.material,
            filename=paper.filename,
            media_type=paper.media_type,
            digest=paper.digest,
            content=paper.content,
            seen=paper.seen,
            received=clock.now(),
        )
        _touch(row)
        row.save()
        return Saved(row.number, row.version)


def detach(subject: Subject, number: str, material: str) -> Saved:
    """Take a file out of a draft again; raises `DraftUnknown`."""
    with transaction.atomic():
        row = open_draft(subject, number)
        row.documents.filter(material=material).delete()
        _touch(row)
        row.save()
        return Saved(row.number, row.version)


def drop_draft(subject: Subject, number: str) -> None:
    """Drop a draft with all it holds; raises `DraftUnknown`."""
    with transaction.atomic():
        row = open_draft(subject, number)
        prefilling.let_go(row, subject.user_id)
        row.delete()


def submit_draft(
    subject: Subject,
    number: str,
    *,
    version: int,
    consent: bool,
    seen: Mapping[str, Json] | None = None,
    chosen: Sequence[str] = (),
    doubts: Mapping[str, Doubted] | None = None,
) -> str:
    """Send a draft as it stood at ``version``; give the number of its one case, however often.

    An answer that the newest version of the life event does not ask any more is left out. What was
    read ahead and is fresh goes with it; where consent was given for that, ``consent`` need not say
    so again. Raises `DraftMoved`, `DraftUnknown`, and what ``submit`` raises.
    """
    row = own_draft(subject, number)
    if row.case:
        return str(row.case)
    if row.version != version:
        raise DraftMoved(row.version, {})
    asked = askable(items.life_event(row.life_event).plan)
    answers = {n: v for n, v in drafts.answers(drafts.read(row.answers)).items() if n in asked}
    papers = [
        Paper(d.material, d.filename, d.media_type, d.digest, d.content, d.seen)
        for d in row.documents.order_by("pk")
    ]
    ahead = prefilling.ahead(subject, row)
    submission = Submission(
        row.life_event,
        answers,
        consent=consent or ahead.agreed,
        seen={**ahead.seen, **(seen or {})},
        items=tuple(chosen),
        doubts={**ahead.doubts, **(doubts or {})},
    )
    sent = Sent(
        number,
        version,
        ahead.case,
        agreed=ahead.agreed and not consent,
        facts=ahead.facts,
        calls=ahead.calls,
    )
    try:
        return send(subject, submission, papers, sent)
    except AlreadySent:
        now = ApplicationDraft.objects.filter(number=number).first()
        if now is None:
            raise DraftUnknown(number) from None
        if not now.case:
            raise DraftMoved(now.version, {}) from None
        return str(now.case)


def end_drafts() -> int:
    """Tell people of drafts that end soon, and let go those whose end has come; give how many.

    Nobody's draft goes untold: where the telling was late, the end moves with it. What was sent
    leaves no word.
    """
    now = clock.now()
    moved = 0
    over = Q(ends__lte=now) | Q(ends__lte=now + NOTICE, told=None, case="")
    for row in ApplicationDraft.objects.filter(over).order_by("ends")[:_AT_ONCE]:
        due = row.told is not None or bool(row.case)
        with transaction.atomic():
            same = ApplicationDraft.objects.filter(number=row.number, ends=row.ends, told=row.told)
            if due:
                prefilling.let_go(row, "system")
                if not same.delete()[0]:
                    continue
                told = [] if row.case else [_news(row, say.DRAFT_ENDED)]
            else:
                ends = max(row.ends, now + NOTICE)
                if not same.update(told=now, ends=ends):
                    continue
                row.ends = ends
                told = [_news(row, say.DRAFT_ENDING)]
            trail.append(told)
        moved += 1
    return moved


def _news(row: ApplicationDraft, type_: str) -> Draft:
    return Draft(
        type=type_,
        chain=say.draft_chain(row.number),
        actor="system",
        on_behalf_of=row.person,
        data={"life_event": row.life_event, "ends": row.ends.date().isoformat()},
    )
