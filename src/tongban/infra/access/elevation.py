"""Time-limited elevation (临时提权): an administrator's or operator's role is raised for a while.

Without it such a role reads and changes nothing. Raising one needs two factors and a reason, lasts
an hour at most, ends by itself, and is told on the trail, where the auditor reads it.
"""

from datetime import timedelta

from django.db import transaction

from tongban.infra import clock
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

from .assurance import TWO, sentence
from .domain import RAISED, Ruling, Subject
from .models import Elevation, User
from .refusing import refuse

LONGEST = timedelta(hours=1)


class ElevationRefused(PermissionError):
    """The role is not one to raise, the reason is missing, or the time is too long."""


def elevate(subject: Subject, role: str, *, reason: str, minutes: int) -> Elevation:
    """Raise a role of the subject's own for some minutes; raise ElevationRefused, StepUpNeeded."""
    lasts = timedelta(minutes=minutes)
    if role not in RAISED or role not in {post.role for post in subject.posts}:
        raise ElevationRefused(f"ElevationRefused: you hold no post of {role!r} that is raised")
    if not reason.strip() or not timedelta(0) < lasts <= LONGEST:
        raise ElevationRefused("ElevationRefused: give a reason, and 1 to 60 minutes")
    if subject.context.level < TWO:
        zh, en = sentence(TWO)
        refuse(
            subject, "role.raise", {"role": role}, Ruling(allowed=False, zh=zh, en=en, needs=TWO)
        )
    now = clock.now()
    with transaction.atomic():
        row = Elevation.objects.create(
            user_id=int(subject.user_id), role=role, reason=reason, begins=now, ends=now + lasts
        )
        _tell("tongban.access.raised.v1", row, reason)
    return row


def lower(subject: Subject) -> None:
    """End the subject's elevations before their time."""
    now = clock.now()
    with transaction.atomic():
        for row in Elevation.objects.filter(user_id=int(subject.user_id), ends__gt=now):
            Elevation.objects.filter(pk=row.pk).update(ends=now)
            _tell("tongban.access.lowered.v1", row, "")


def raised(user: User) -> frozenset[str]:
    """Give the roles that the user may use to the full now."""
    now = clock.now()
    rows = Elevation.objects.filter(user=user, begins__lte=now, ends__gt=now)
    return frozenset(rows.values_list("role", flat=True))


def _tell(what: str, row: Elevation, reason: str) -> None:
    tell(
        Draft(
            type=what,
            chain=f"user:{row.user_id}",
            actor=str(row.user_id),
            reason=reason,
            data={"role": row.role, "until": row.ends.isoformat()},
        )
    )
