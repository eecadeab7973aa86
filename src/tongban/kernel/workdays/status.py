"""How a clock stands, in words and as a light, and what a new calendar does to open clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tongban.kernel.workdays.calendar import Calendar, Day
from tongban.kernel.workdays.ledger import (
    SPECIAL_PROCEDURES,
    Ledger,
    allowed,
    due_if_known,
    overdue,
    remaining,
)


@dataclass(frozen=True, slots=True)
class Status:
    """How a clock stands: a light (红黄绿灯), the days left, the due date, and both in words.

    Days and date are None where they wait for a year's calendar; nothing is guessed.
    """

    light: Literal["green", "amber", "red"]
    remaining: int | None
    due: date | None
    zh: str
    en: str


def status(calendar: Calendar, ledger: Ledger, today: date) -> Status:
    """Tell how the clock stands on `today`: amber for the last fifth of the days, red overdue.

    >>> from tongban.kernel.workdays import Budget
    >>> calendar = Calendar.of([Day(date(2026, 1, 1), "holiday")])
    >>> ledger = Ledger(date(2026, 3, 2), Budget(20, promised=5))
    >>> status(calendar, ledger, date(2026, 3, 6)).zh
    '剩余1个工作日，2026-03-09到期'
    >>> status(calendar, ledger, date(2026, 3, 11)).en
    'overdue by 2 working days, was due on 2026-03-09'
    """
    left = remaining(calendar, ledger, today)
    day = due_if_known(calendar, ledger)
    light: Literal["green", "amber", "red"] = "green"
    late = overdue(calendar, ledger, today)
    if late:
        light = "red"
    elif ledger.closed is None and left is not None and left * 5 <= allowed(calendar, ledger):
        light = "amber"
    zh, en = _words(ledger, left, day, late=late)
    return Status(light, left, day, zh, en)


def _words(ledger: Ledger, left: int | None, day: date | None, *, late: bool) -> tuple[str, str]:
    days = "" if left is None else f"{abs(left)} working day{'' if abs(left) == 1 else 's'}"
    zh, en = ("", "") if left is None else (f"，剩余{left}个工作日", f", {days} left")
    if late:
        zh, en = _late(left, days)
    if ledger.closed is not None:
        on = ledger.closed.on
        if late:
            return f"{on}办结，{zh}，应于{day}办结", f"decided on {on}, late{en}"
        if left is None:
            return f"{on}办结", f"decided on {on}"
        return f"{on}按时办结{zh}", f"decided on {on} in time{en}"
    if late:
        was = (f"，应于{day}办结", f", was due on {day}") if day else ("", "")
        return f"{zh}{was[0]}", f"overdue{en}{was[1]}"
    if (running := ledger.suspended) is not None:
        kind = SPECIAL_PROCEDURES[running.kind]
        return (
            f"{kind[0]}期间停止计算，自{running.start}{zh}",
            f"stopped for a special procedure ({kind[1]}) since {running.start}{en}",
        )
    return _running(left, days, day)


def _late(left: int | None, days: str) -> tuple[str, str]:
    if left is None:
        return "已超期", ""
    return (f"超期{-left}个工作日", f" by {days}") if left < 0 else ("已超期", " by days off only")


def _running(left: int | None, days: str, day: date | None) -> tuple[str, str]:
    if left is None:
        return "到期日待本年度放假通知公布", "the due date waits for this year's calendar"
    if day is None:
        return (
            f"剩余{left}个工作日，到期日待下一年度放假通知公布",
            f"{days} left, the due date waits for next year's calendar",
        )
    return f"剩余{left}个工作日，{day}到期", f"{days} left, due on {day}"


@dataclass(frozen=True, slots=True)
class Move:
    """An open clock whose due date a new calendar moved, with the reason to record."""

    clock: str
    before: date | None
    after: date | None
    zh: str
    en: str


def moved(old: Calendar, new: Calendar, ledgers: Mapping[str, Ledger]) -> tuple[Move, ...]:
    """Tell which open clocks a newly announced calendar moves; closed ones never move.

    `ledgers` is keyed by whatever names the clock. A clock whose due date was unknown because the
    old calendar had ended is told too. The reason names the changed days up to the later date.

    >>> from tongban.kernel.workdays import Budget
    >>> old = Calendar.of([Day(date(2015, 1, 1), "holiday", "元旦")])
    >>> new = Calendar.of([*old.named.values(), Day(date(2015, 9, 3), "holiday", "抗战胜利纪念日")])
    >>> move, = moved(old, new, {"case-1": Ledger(date(2015, 9, 1), Budget(20, promised=5))})
    >>> move.before.isoformat(), move.after.isoformat(), move.zh
    ('2015-09-08', '2015-09-09', '日历调整：2015-09-03（抗战胜利纪念日）改为放假')
    """
    changed = _changed(old, new)
    result = []
    for clock, ledger in ledgers.items():
        if ledger.closed is not None or ledger.suspended is not None:
            continue
        before, after = due_if_known(old, ledger), due_if_known(new, ledger)
        if before == after:
            continue
        until = max(day for day in (before, after) if day is not None)
        # the first day itself matters only to an at-once promise
        since = ledger.started - timedelta(ledger.budget.days == 0)
        named = [d for d in changed if since < d.day <= until and old.first <= d.day <= old.last]
        result.append(Move(clock, before, after, *_reason(named)))
    return tuple(result)


def _changed(old: Calendar, new: Calendar) -> list[Day]:
    """Give the days that are worked in one calendar and not in the other, as they are now."""
    result = []
    for number in sorted(set(old.ordinals) ^ set(new.ordinals)):
        day = date.fromordinal(number)
        kind: Literal["holiday", "workday"] = "holiday"
        if new.first <= day <= new.last and new.is_workday(day):
            kind = "workday"
        found = new.named.get(day)
        result.append(Day(day, kind, found.name if found else "", found.source if found else ""))
    return result


def _reason(days: list[Day]) -> tuple[str, str]:
    if not days:
        return "日历公布：新年度放假安排已公布", "calendar announced: the next year is now known"
    zh = "、".join(
        f"{d.day}{f'（{d.name}）' if d.name else ''}改为{'放假' if d.kind == 'holiday' else '上班'}"
        for d in days
    )
    en = ", ".join(
        f"{d.day} is now a {'day off' if d.kind == 'holiday' else 'working day'}" for d in days
    )
    return f"日历调整：{zh}", f"calendar changed: {en}"
