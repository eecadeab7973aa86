"""Who may use the workshop: publishers, for the drafts of their department.

What a publisher of a department may publish are the items of that department and what explains
them; the operator of the platform publishes everything.
"""

from collections.abc import Iterable
from typing import Any, overload

from django.db.models import Manager, QuerySet

from tongban.apps.exchange import queries as exchange
from tongban.apps.items.models import WorkshopDraft
from tongban.apps.items.workshop.errors import DraftUnknown, WorkshopDenied
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse

ROLE = "publisher"
DRAFT, PUBLISH = "item.draft", "item.publish"


def department_of(subject: Subject) -> str:
    """Give the department as whose publisher the subject drafts; raises `WorkshopDenied`."""
    mine = [post.department for post in subject.posts if post.role == ROLE]
    operator = exchange.catalogue().governance.operator
    chosen = operator if operator in mine else next(iter(mine), "")
    allow(subject, DRAFT, (chosen,))
    return chosen


def allow(subject: Subject, action: str, departments: Iterable[str]) -> None:
    """Let the subject do this for all of these departments, or for the operator.

    Raises `WorkshopDenied`, or `StepUpNeeded` where a stronger sign-in would do.
    """
    operator = exchange.catalogue().governance.operator
    held = {post.department for post in subject.posts if post.role == ROLE}
    asked = [operator] if operator in held else departments
    for department in asked:
        ruling = judge(subject, action, _about(department))
        if not ruling.allowed:
            refuse(subject, action, _about(department), ruling)
            raise WorkshopDenied(ruling.zh, ruling.en)


def _about(department: str) -> dict[str, str]:
    return {"department": department, "region": parties.department_region(department)}


@overload
def seen_by(subject: Subject, rows: QuerySet[WorkshopDraft]) -> QuerySet[WorkshopDraft]: ...
@overload
def seen_by(subject: Subject, rows: Manager[WorkshopDraft], number: str) -> WorkshopDraft: ...
def seen_by(subject: Subject, rows: Any, number: str | None = None) -> Any:
    """Narrow drafts to those of the subject's own departments, or give the one of a number.

    Raises `DraftUnknown` where there is none such.
    """
    own = {post.department for post in subject.posts if post.role == ROLE}
    mine = rows.filter(department__in=own)
    if number is None:
        return mine
    known = number.isascii() and number.isdecimal() and len(number) < 19
    row = mine.filter(pk=int(number)).first() if known else None
    if row is None:
        raise DraftUnknown
    return row
