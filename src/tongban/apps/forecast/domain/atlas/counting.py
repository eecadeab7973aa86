"""What the trail of cases counts to 办件汇总: on heads of events and the ends of branches."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Ended:
    """An item of a case that was decided."""

    case: str
    item: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts and medians; None where there is nothing to take one of.

    ``per_case`` is how often a case was submitted, on average. ``unaided`` and ``aided`` are median
    seconds from submission to the end, of what no person and of what a person handled; ``calls``
    and ``failed`` are within the window.
    """

    per_case: float | None
    ended: int
    unaided: float | None
    aided: float | None
    calls: int
    failed: int
    days: int


def count(
    submitted: Iterable[tuple[str, datetime]],
    handled: frozenset[tuple[str, str]],
    ended: Iterable[Ended],
    calls: Iterable[tuple[datetime, bool]],
    now: datetime,
) -> Counted:
    """Count. ``handled`` are (case, item) that a person took; a call is (when, whether answered).

    The window is as long as there are calls in it, at most thirty days.
    """
    began: dict[str, datetime] = {}
    submissions = 0
    for case, at in submitted:
        submissions += 1
        began.setdefault(case, at)
    aided: list[float] = []
    unaided: list[float] = []
    total = 0
    for one in ended:
        total += 1
        if (begun := began.get(one.case)) is not None:
            (aided if (one.case, one.item) in handled else unaided).append(
                (one.at - begun).total_seconds()
            )
    recent = [(at, well) for at, well in calls if now - WINDOW < at <= now]
    first = min((at for at, _ in recent), default=now)
    return Counted(
        per_case=submissions / len(began) if began else None,
        ended=total,
        unaided=median(unaided) if unaided else None,
        aided=median(aided) if aided else None,
        calls=len(recent),
        failed=sum(not well for _, well in recent),
        days=max(1, -(-(now - first) // timedelta(days=1))),
    )
