"""Drafts of a subject: given to whoever may apply for it, and to nobody else."""

from tongban.apps.cases.errors import DraftUnknown
from tongban.apps.cases.models import ApplicationDraft
from tongban.infra.access.domain import Subject

from .intake import about, allow


def own_draft(subject: Subject, number: str, *, lock: bool = False) -> ApplicationDraft:
    """Give a draft of this subject; raises `DraftUnknown` for any other."""
    rows = ApplicationDraft.objects.filter(number=number, person=subject.person_id)
    row = (rows.select_for_update() if lock else rows).first()
    if row is None or row.company != about(subject, row.life_event)["company"]:
        raise DraftUnknown(number)
    allow(subject, "case.submit", about(subject, row.life_event))
    return row


def open_draft(subject: Subject, number: str) -> ApplicationDraft:
    """Give a draft of this subject that was not sent, locked; raises `DraftUnknown`."""
    row = own_draft(subject, number, lock=True)
    if row.case:
        raise DraftUnknown(number)
    return row
