"""How a submission comes in (提交): judged, read strictly, kept with its uploads, and set going."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tongban.apps.cases import events as say
from tongban.apps.cases import first_pages
from tongban.apps.cases.domain import sources
from tongban.apps.cases.domain.engine import tell
from tongban.apps.cases.domain.fold import Said, apply
from tongban.apps.cases.domain.ground import Ground
from tongban.apps.cases.domain.state import Json, Known, encode, write_value, write_values
from tongban.apps.cases.errors import NotAllowed, SubmissionInvalid
from tongban.apps.cases.models import (
    ApplicationDraft,
    BranchRow,
    Document,
    DraftDocument,
    Prefill,
)
from tongban.apps.cases.models import Case as Row
from tongban.apps.exchange import consents
from tongban.apps.items import queries as items
from tongban.apps.parties import delegating
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.secrecy.fields import sealed
from tongban.infra.trail import services as trail
from tongban.kernel.facts import parse_value

from .doubting import Doubted, doubts_at_once
from .holding import of_applicant, stand_in
from .papers import Paper, Upload, documents_of, read_paper, see_paper
from .reading import askable, read_answers
from .turns import LEASE, carry_on, drafts_of, ground_of, rows_of

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_WITHDRAWN = {
    "consent": (
        "您的同意已撤回或者已到期，请重新同意",
        "your consent was withdrawn or has ended; agree again",
    )
}


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person sends once (一次申请); ``doubts`` are prefilled facts that are not right."""

    life_event: str
    answers: Mapping[str, Json]
    consent: bool = False
    seen: Mapping[str, Json] = field(default_factory=dict)
    items: Sequence[str] = ()
    uploads: Sequence[Upload] = ()
    doubts: Mapping[str, Doubted] = field(default_factory=dict)


def allow(subject: Subject, action: str, resource: Mapping[str, str]) -> None:
    ruling = judge(subject, action, resource)
    if not ruling.allowed:
        refuse(subject, action, resource, ruling)
        raise NotAllowed(ruling.zh, ruling.en)


@dataclass(frozen=True, slots=True)
class Sent:
    """The draft (草稿) that a submission empties in the same transaction, as it was read.

    ``case`` is the number that was kept for its case, where facts were read ahead; ``facts`` are
    those that are fresh, by ``calls`` calls. ``agreed``: it relies on the consent given then.
    """

    number: str
    version: int
    case: str = ""
    agreed: bool = False
    facts: Mapping[str, Known] = field(default_factory=dict)
    calls: int = 0


class AlreadySent(Exception):
    """The draft was sent, saved or dropped meanwhile; nothing was submitted."""


def about(subject: Subject, life_event: str) -> dict[str, str]:
    """Give what an application would be about, for the judge of permissions.

    Whoever acts for a person is about that person's own matters, and goes on with its draft.
    """
    return {
        "applicant": subject.person_id,
        "life_event": life_event,
        "company": company_of(subject),
    }


def company_of(subject: Subject) -> str:
    """Give the credit code of the company that a subject acts for; empty for a person."""
    behalf = subject.behalf
    return behalf.principal if behalf is not None and behalf.kind == "company" else ""


def may_apply(subject: Subject, life_event: str) -> None:
    """Raise `NotAllowed` where this subject may not apply for this."""
    allow(subject, "case.submit", about(subject, life_event))
    behalf = subject.behalf
    if behalf is None or behalf.kind != "company":
        return
    if items.guide(life_event).audience == "person":
        raise NotAllowed(
            "此事项由个人申请，请先切换为本人", "people apply for this, not companies: be yourself"
        )


def submit(subject: Subject, submission: Submission) -> str:
    """Take a submission, tell the trail, and take the case as far as it goes at once.

    Returns the case number: what was submitted stands, even if going on fails for now.
    Raises `SubmissionInvalid` with one sentence a field, `NotAllowed`, or
    ``items.queries.NotPublished``.
    """
    may_apply(subject, submission.life_event)  # before anything is looked at for anybody
    papers = [read_paper(upload) for upload in submission.uploads]
    return send(subject, submission, [see_paper(paper) for paper in papers])


def send(
    subject: Subject, submission: Submission, papers: Sequence[Paper], sent: Sent | None = None
) -> str:
    """Submit with these papers; a draft that is ``sent`` is emptied by it, once.

    Raises as `submit`, and `AlreadySent`.
    """
    behalf = subject.behalf
    may_apply(subject, submission.life_event)
    event = items.life_event(submission.life_event)
    chosen = {
        b.item: b.version
        for b in event.branches
        if not submission.items or b.item in submission.items
    }
    if unknown := sorted(set(submission.items) - {b.item for b in event.branches}):
        raise SubmissionInvalid(dict.fromkeys(unknown, ("没有此事项", "no such item")))
    ground = ground_of(event.slug, event.version, chosen)
    answers = read_answers(submission.answers, askable(event.plan), ground.vocabulary)
    if event.plan.consent and not submission.consent:
        raise SubmissionInvalid(
            {"consent": ("请先同意调取所列数据", "agree to the listed data being fetched first")}
        )
    now = ground.now
    number = (sent.case if sent is not None else "") or new_number(now)
    documents = documents_of(number, papers)
    given = of_applicant(subject, event)
    held = stand_in(subject, ground, chosen, {**answers, **given})
    data: dict[str, Json] = {
        "life_event": event.slug,
        "version": event.version,
        "applicant": subject.person_id,
        "submitted": now.isoformat(),
        "reference": ground.today.isoformat(),
        "given": given,
        "answers": write_values(answers),
        "seen": {
            n: write_value(parse_value(ground.vocabulary.fact(n), v))
            for n, v in submission.seen.items()
        },
        "consent": submission.consent,
        "materials": {d.material: d.digest for d in documents},
        **({"licences": held} if held else {}),
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
    if behalf is not None:
        data["agent"] = subject.user_id
        data["on_behalf_of"] = behalf.principal
        data["delegation"] = behalf.delegation
        if behalf.kind == "assisted":
            data["counter"] = delegating.basis_of(behalf.delegation)
    with transaction.atomic():
        if sent is not None:
            _empty(sent, number)
        if any(line.basis == "consent" for line in event.plan.consent):
            data["consent_id"] = consents.standing(number)
            if not data["consent_id"] and sent is not None and sent.agreed:
                raise SubmissionInvalid(_WITHDRAWN)
            if not data["consent_id"]:
                given_now = consents.give_consent(number, event.slug, subject, event.plan, chosen)
                data["consent_id"] = given_now.number
        said = [Said(say.SUBMITTED, now, data, actor=subject.user_id)]
        case = apply(None, number, said[0])
        if sent is not None and sent.facts:
            said += sources.received(case, _wanted(sent.facts, ground), sent.calls, ground)
        for event_ in said[1:]:
            case = tell(case, event_)
        doubts = doubts_at_once(case, ground, submission.doubts, case.seen, actor=subject.user_id)
        for doubt in doubts:
            case = tell(case, doubt)
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
        first_pages.ask(number, documents)
        BranchRow.objects.bulk_create(rows_of(case, ground))
        trail.append(drafts_of(case, ground, [*said, *doubts]))
    carry_on(number)
    return number


def new_number(now: datetime) -> str:
    """Draw the number of a case (办件编号): the day, and ten signs that nobody can guess."""
    return f"{now:%Y%m%d}-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))


def _wanted(facts: Mapping[str, Known], ground: Ground) -> dict[str, Known]:
    """Leave out what no item that was applied for may see (最小必要)."""
    wanted = frozenset().union(*(one.wanted for one in ground.definitions.values()))
    return {name: known for name, known in facts.items() if name in wanted}


def _empty(sent: Sent, case: str) -> None:
    """Let a draft name its case and hold nothing more; whoever comes second finds it so."""
    standing = ApplicationDraft.objects.filter(number=sent.number, version=sent.version, case="")
    if not standing.update(case=case, **sealed(ApplicationDraft, sent.number, answers={})):
        raise AlreadySent(sent.number)
    DraftDocument.objects.filter(draft_id=sent.number).delete()
    Prefill.objects.filter(draft_id=sent.number).delete()
