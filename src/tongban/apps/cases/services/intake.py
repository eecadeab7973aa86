"""How a submission comes in (提交): judged, read strictly, kept with its uploads, and set going."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from tongban.apps.cases import events as say
from tongban.apps.cases.domain.fold import Said, apply
from tongban.apps.cases.domain.state import Json, encode, write_value, write_values
from tongban.apps.cases.errors import NotAllowed, SubmissionInvalid
from tongban.apps.cases.models import BranchRow, Document
from tongban.apps.cases.models import Case as Row
from tongban.apps.exchange import consents
from tongban.apps.items import queries as items
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.kernel import forms
from tongban.kernel.facts import Vocabulary, parse_value
from tongban.kernel.feel import Value
from tongban.kernel.suites import suite

from .holding import stand_in
from .turns import LEASE, carry_on, drafts_of, ground_of, rows_of

MOST_BYTES = 2 * 1024 * 1024
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
        refuse(subject, action, resource, ruling)
        raise NotAllowed(ruling.zh, ruling.en)


def keep(number: str, upload: Upload) -> Document:
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
    by = suite(settings.SUITE)
    return Document(
        case_id=number,
        material=upload.material,
        filename=upload.filename,
        media_type=upload.media_type,
        digest=f"{by.digest_name}:{by.digest(content).hex()}",
        content=content,
        received=clock.now(),
    )


def read_answers(
    written: Mapping[str, Json], askable: frozenset[str] | None, vocabulary: Vocabulary
) -> dict[str, Value]:
    """Read answers strictly; collect every error before refusing."""
    fact = vocabulary.fact
    asked = [fact(name) for name in (written if askable is None else askable)]
    values, mistakes = forms.read_answers(asked, written)
    if mistakes:
        raise SubmissionInvalid({wrong.fact: (wrong.zh, wrong.en) for wrong in mistakes})
    return values


def askable(plan: forms.DataPlan) -> frozenset[str]:
    """Give the facts a person may be asked: the form, and what may be asked if a source fails."""
    return frozenset(f.fact.name for f in (*plan.ask, *plan.fallback))


def submit(subject: Subject, submission: Submission) -> str:
    """Take a submission, tell the trail, and take the case as far as it goes at once.

    Returns the case number: what was submitted stands, even if going on fails for now.
    Raises `SubmissionInvalid` with one sentence a field, `NotAllowed`, or
    ``items.queries.NotPublished``.
    """
    behalf = subject.behalf
    about = {
        "applicant": subject.person_id,
        "life_event": submission.life_event,
        "company": behalf.principal if behalf is not None else "",
    }
    _allow(subject, "case.submit", about)
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
    number = f"{now:%Y%m%d}-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))
    documents = [keep(number, u) for u in submission.uploads]
    given = {f"{event.applicant}.id_number": parties.id_number(subject.person_id)}
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
    with transaction.atomic():
        if any(line.basis == "consent" for line in event.plan.consent):
            receipt = consents.give_consent(number, event.slug, subject, event.plan, chosen)
            data["consent_id"] = receipt.number
        said = Said(say.SUBMITTED, now, data, actor=subject.user_id)
        case = apply(None, number, said)
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
        BranchRow.objects.bulk_create(rows_of(case, ground))
        trail.append(drafts_of(case, ground, [said]))
    carry_on(number)
    return number
