"""The clocks of a branch (办理期限): what they count, their stops, and their one extension. Pure.

Days and dates are those of `kernel.workdays`. Nothing of a clock is stored but what people did.
"""

from datetime import date

from tongban.apps.cases import events as say
from tongban.apps.cases.errors import CaseRefused
from tongban.kernel import workdays

from .fold import Said
from .ground import Ground
from .guards import lawful, open_branch, other_hand
from .handling import hands_off
from .state import Branch, Case, Stage


def clock(branch: Branch, ground: Ground) -> workdays.Ledger | None:
    """Give the decision clock (承诺时限) of an accepted branch: budget, stops and extension."""
    if branch.accepted is None:
        return None
    definition = ground.definitions[branch.item]
    ledger = workdays.Ledger(
        started=branch.accepted,
        budget=workdays.Budget(definition.statutory_days, definition.promised_days),
        suspensions=branch.suspensions,
        extension=branch.extension,
    )
    ended = branch.charged or branch.decided  # waiting for a fee is not the office's time
    if ended is None:
        return ledger
    return workdays.close(ground.calendar, ledger, ended)


def due(branch: Branch, ground: Ground) -> date | None:
    """Give the promised day, derived and never stored.

    None before acceptance, while the clock is stopped, and past the announced calendar.
    """
    ledger = clock(branch, ground)
    if ledger is None:
        return None
    try:
        return workdays.due(ground.calendar, ledger)
    except workdays.CalendarEnded:
        return None


def term(branch: Branch, ground: Ground) -> date | None:
    """Give the day that a desk works towards: of acceptance before it, of the decision after."""
    ledger = desk_clock(branch, ground)
    if ledger is None:
        return None
    try:
        return workdays.due(ground.calendar, ledger)
    except workdays.CalendarEnded:
        return None


def desk_clock(branch: Branch, ground: Ground) -> workdays.Ledger | None:
    """Give the clock that a desk works against: five days to accept, then that of the decision."""
    if branch.stage is Stage.EXAMINING:
        since = branch.completed if branch.asked else branch.received
        if since is None:
            return None
        return workdays.Ledger(since, workdays.Budget(workdays.CORRECTION_DAYS))
    return clock(branch, ground)


def _ledger(branch: Branch, ground: Ground) -> workdays.Ledger:
    ledger = clock(branch, ground)
    if ledger is None:
        raise CaseRefused("尚未受理", "the item is not accepted yet")
    return ledger


def suspend(case: Case, ground: Ground, item: str, *, kind: str, reason: str, actor: str) -> Said:
    """Begin a special procedure (特别程序): the only stop of the decision clock (art. 45)."""
    branch = open_branch(case, item, Stage.PROCESSING)
    ledger = _ledger(branch, ground)
    lawful("不能启动特别程序", lambda: workdays.suspend(ledger, kind, reason, ground.today))
    data = {"kind": kind, "reason": reason, "start": ground.today.isoformat()}
    authority = "行政许可法 第四十五条"
    return Said(
        say.SUSPENDED, ground.now, data, item, actor=actor, authority=authority, reason=reason
    )


def resume(case: Case, ground: Ground, item: str, *, actor: str) -> Said:
    """End the special procedure; the clock runs again."""
    branch = open_branch(case, item, Stage.PROCESSING)
    ledger = _ledger(branch, ground)
    lawful("没有进行中的特别程序", lambda: workdays.resume(ledger, ground.today))
    return Said(say.RESUMED, ground.now, {"end": ground.today.isoformat()}, item, actor=actor)


def ask_extension(
    case: Case, ground: Ground, item: str, *, days: int, actor: str, reason: str
) -> Said:
    """Ask for more time (申请延长办理期限): what could not be given is refused at once."""
    branch = open_branch(case, item, Stage.PROCESSING)
    hands_off(branch, ground, actor)
    if branch.extension_asked:
        raise CaseRefused("延长申请正在等待批准", "more time waits for approval already")
    _longer(branch, ground, days, reason, actor)
    data = {"days": days, "reason": reason}
    return Said(say.EXTENSION_ASKED, ground.now, data, item, actor=actor, reason=reason)


def settle_extension(
    case: Case, ground: Ground, item: str, *, agreed: bool, reason: str, approver: str
) -> Said:
    """Extend the clock once (延长办理期限), or not: ten working days at most, approved (art. 42).

    Who asked for it does not approve it. The applicant is told why it was asked for.
    """
    branch = open_branch(case, item, Stage.PROCESSING)
    if not branch.extension_asked:
        raise CaseRefused("没有待批准的延长", "no more time was asked for")
    days, why, by = branch.extension_asked
    other_hand(by, approver)
    if not agreed:
        return Said(say.EXTENSION_REFUSED, ground.now, {}, item, actor=approver, reason=reason)
    _longer(branch, ground, days, why, approver)
    data = {"days": days, "reason": why, "on": ground.today.isoformat()}
    authority = "行政许可法 第四十二条"
    return Said(
        say.EXTENDED, ground.now, data, item, actor=approver, authority=authority, reason=why
    )


def _longer(branch: Branch, ground: Ground, days: int, reason: str, by: str) -> None:
    ledger = _ledger(branch, ground)
    lawful(
        "不能延长办理期限",
        lambda: workdays.extend(
            ground.calendar, ledger, days, reason=reason, approved_by=by, on=ground.today
        ),
    )
