"""Who has a task in hand (认领、转办): claims that end by themselves, moves to other hands. Pure.

A claim keeps two officials from doing the same work; it gives nobody a right. Whoever takes a task
over says why, and the trail says so. A move to another department may wait for the approver.
"""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Final

from tongban.apps.cases import events as say
from tongban.apps.cases.errors import CaseRefused, SubmissionInvalid
from tongban.kernel.workdays import Calendar, CalendarEnded

from .fold import Said
from .ground import Ground, department_of
from .guards import other_hand
from .state import ENDED, Branch

OPENS: Final = time(9)
CLOSES: Final = time(17)


def office_hours(calendar: Calendar, since: datetime, hours: int) -> datetime:
    """Give the instant at which so many hours of office time are over, 9:00 to 17:00 on workdays.

    Past the announced calendar it is a day later: nobody knows which days are worked.
    """
    left = timedelta(hours=hours)
    day = since.date()
    try:
        while True:
            if calendar.is_workday(day):
                opens = datetime.combine(day, OPENS, since.tzinfo)
                closes = datetime.combine(day, CLOSES, since.tzinfo)
                begins = max(since, opens)
                if begins < closes and begins + left <= closes:
                    return begins + left
                left -= max(closes - begins, timedelta())
            day += timedelta(days=1)
    except CalendarEnded:
        return since + timedelta(days=1)


def holder(branch: Branch, now: datetime) -> str:
    """Give the user id of who has the task in hand now; empty where nobody has."""
    if branch.claimed_by and now < datetime.fromisoformat(branch.claimed_until):
        return branch.claimed_by
    return ""


def hands_off(branch: Branch, ground: Ground, actor: str) -> None:
    """Refuse an act on a task that somebody else has in hand."""
    if holder(branch, ground.now) not in {"", actor}:
        raise CaseRefused(
            "该任务已由他人认领，请先接手",
            "somebody else has claimed this task; take it over first",
        )


def claim(
    branch: Branch, ground: Ground, *, actor: str, hours: int, take_over: bool, reason: str
) -> Said:
    """Claim the task of a branch (认领); to take it over from somebody needs a reason (接手)."""
    held = holder(branch, ground.now)
    if held == actor:
        raise CaseRefused("您已认领该任务", "you have claimed this task already")
    if held and not take_over:
        hands_off(branch, ground, actor)
    if held and not reason.strip():
        raise SubmissionInvalid({"reason": ("请写明接手理由", "say why you take it over")})
    until = office_hours(ground.calendar, ground.now, hours)
    data = {"until": until.isoformat(), **({"from": held} if held else {})}
    return Said(say.CLAIMED, ground.now, data, branch.item, actor=actor, reason=reason)


def release(branch: Branch, ground: Ground, *, actor: str) -> Said:
    """Let go of a task that one has claimed (释放)."""
    if holder(branch, ground.now) != actor:
        raise CaseRefused("您没有认领该任务", "you have not claimed this task")
    return Said(say.RELEASED, ground.now, {}, branch.item, actor=actor)


def transfer(
    branch: Branch,
    ground: Ground,
    department: str,
    post: str,
    *,
    held: Collection[str],
    reason: str,
    actor: str,
) -> Said:
    """Move the work to another post or department (转办), or ask for it where the item says so.

    ``held`` are the posts that the work waits for now.
    """
    if branch.stage in ENDED:
        raise CaseRefused("该事项已办结", "the item has ended")
    hands_off(branch, ground, actor)
    if not reason.strip():
        raise SubmissionInvalid({"reason": ("请写明转办理由", "say why it is moved")})
    here = department_of(branch, ground)
    if department == here and post in held:
        raise CaseRefused("已在该岗位", "it is there already")
    if branch.move:
        raise CaseRefused("转办正在等待批准", "a move waits for approval already")
    data = {"department": department, "post": post, "from": here}
    wants = ground.definitions[branch.item].desk.transfer == "approval" and department != here
    kind = say.TRANSFER_ASKED if wants else say.TRANSFERRED
    return Said(kind, ground.now, data, branch.item, actor=actor, reason=reason)


def settle_transfer(
    branch: Branch, ground: Ground, *, agreed: bool, reason: str, actor: str
) -> Said:
    """Approve a move or not (批准转办); who asked for it does not."""
    if not branch.move:
        raise CaseRefused("没有待批准的转办", "no move waits for approval")
    department, post, by = branch.move
    other_hand(by, actor)
    if not agreed:
        return Said(say.TRANSFER_REFUSED, ground.now, {}, branch.item, actor=actor, reason=reason)
    data = {"department": department, "post": post, "from": department_of(branch, ground)}
    return Said(say.TRANSFERRED, ground.now, data, branch.item, actor=actor, reason=reason)
