"""What is one's own: cases, drafts, and what was read for them."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from tongban.apps.cases import services
from tongban.apps.cases.domain import drafts
from tongban.apps.cases.domain.state import Json, Stage
from tongban.apps.cases.models import ApplicationDraft, BranchRow, PrefillLook
from tongban.apps.cases.models import Case as Row
from tongban.apps.items import queries as items
from tongban.infra.access.domain import EVERYTHING, Subject


def cases_of(subject: Subject) -> QuerySet[Row]:
    """Give the applicant's own cases, newest first; to an agent those it acts in."""
    rows = Row.objects.filter(applicant=subject.person_id).order_by("-submitted", "-pk")
    behalf = subject.behalf
    if behalf is None:
        return rows
    if EVERYTHING not in behalf.events:
        rows = rows.filter(life_event__in=behalf.events)
    if behalf.kind == "company":
        ours = [row.number for row in rows if row.state.get("on_behalf_of") == behalf.principal]
        rows = rows.filter(number__in=ours)
    return rows


def page_of(subject: Subject, *, before: str = "", size: int) -> list[Row]:
    """Give at most so many of one's cases, newest first; those before the one with that number."""
    rows = cases_of(subject)
    at = rows.filter(number=before).only("submitted").first() if before else None
    if at is not None:
        rows = rows.filter(Q(submitted__lt=at.submitted) | Q(submitted=at.submitted, pk__lt=at.pk))
    return list(rows[:size])


@dataclass(frozen=True, slots=True)
class Asking:
    """One's own case that waits for its applicant (待补正、待确认)."""

    number: str
    life_event: str
    version: int
    item: str
    item_version: int


def asking(subject: Subject) -> list[Asking]:
    """List the items of one's own cases that wait for a correction or a confirmation."""
    stages = (Stage.CORRECTION.value, Stage.RECONFIRM.value)
    own = cases_of(subject).values_list("number", flat=True)
    rows = BranchRow.objects.filter(case__in=own, stage__in=stages).select_related("case")
    return [
        Asking(r.case_id, r.case.life_event, r.case.version, r.item, r.version)
        for r in rows.order_by("pk")
    ]


def draft(subject: Subject, number: str) -> dict[str, Json]:
    """Show a draft (草稿): its answers, what is amiss with them, its files, until when it is kept.

    ``gone`` are answers to what the newest version of the life event does not ask any more. Raises
    ``errors.DraftUnknown``.
    """
    row = services.own_draft(subject, number)
    event = items.life_event(row.life_event)
    answers = drafts.answers(drafts.read(row.answers))
    asked = services.askable(event.plan)
    known = items.vocabulary()
    facts = [known.fact(name) for name in sorted(asked & answers.keys())]
    _, mistakes = services.read_typed(facts, {fact.name: answers[fact.name] for fact in facts})
    return {
        "number": row.number,
        "life_event": row.life_event,
        "version": row.version,
        "saved": row.saved,
        "ends": row.ends,
        "case": row.case,
        "answers": answers,
        "mistakes": {wrong.fact: {"zh": wrong.zh, "en": wrong.en} for wrong in mistakes},
        "gone": sorted(answers.keys() - asked),
        "documents": [
            {
                "material": document.material,
                "filename": document.filename,
                "media_type": document.media_type,
                "digest": document.digest,
                "bytes": len(document.content),
            }
            for document in row.documents.order_by("material")
        ],
    }


def draft_of(subject: Subject, life_event: str) -> str:
    """Give the number of the subject's standing draft for a life event; empty where none is."""
    for row in drafts_of(subject):
        if row.life_event == life_event:
            return str(row.number)
    return ""


def drafts_of(subject: Subject) -> list[ApplicationDraft]:
    """Give the subject's standing drafts, the latest first; to an agent those it may send."""
    behalf = subject.behalf
    company = services.company_of(subject)
    rows = ApplicationDraft.objects.filter(person=subject.person_id, company=company, case="")
    found = list(rows.order_by("-saved", "number"))
    if behalf is None or EVERYTHING in behalf.events:
        return found
    return [row for row in found if row.life_event in behalf.events]


def sent_of(subject: Subject) -> frozenset[str]:
    """Give the numbers of the subject's cases: a draft's number is not among them before it is."""
    return frozenset(cases_of(subject).values_list("number", flat=True))


def read_ahead_of(subject: Subject) -> list[str]:
    """Give the numbers under which facts were read for the subject's drafts, the latest first."""
    rows = PrefillLook.objects.filter(person=subject.person_id).order_by("-begun")
    return list(rows.values_list("case", flat=True))
