"""The decision clock: a budget and a ledger (办理时限).

The due date is always derived from the calendar, the budget, the suspensions and the extension,
and never stored. This module refuses any reason to stop the clock that the law does not name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from tongban.kernel.workdays.calendar import (
    Calendar,
    CalendarEnded,
    WorkdayError,
    add_workdays,
    workdays_between,
)

STATUTORY_DAYS: Final = 20
"""Working days to decide, from acceptance (行政许可法 art. 42)."""
EXTENSION_DAYS: Final = 10
"""Working days that may be added once, with approval (行政许可法 art. 42)."""

SPECIAL_PROCEDURES: Final[Mapping[str, tuple[str, str]]] = {
    "hearing": ("听证", "hearing"),
    "tender": ("招标", "tender"),
    "auction": ("拍卖", "auction"),
    "inspection": ("检验", "inspection"),
    "test": ("检测", "test"),
    "quarantine": ("检疫", "quarantine"),
    "appraisal": ("鉴定", "appraisal"),
    "expert-review": ("专家评审", "expert review"),
}
"""The only procedures that stop the decision clock (行政许可法 art. 45), in Chinese and English."""


class ClockRefused(WorkdayError):
    """The law does not let this clock do that now."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Working days to decide in: the statutory limit, and the promise if shorter (承诺时限).

    >>> Budget(20, promised=5).days, Budget().days
    (5, 20)
    """

    statutory: int = STATUTORY_DAYS
    promised: int | None = None

    def __post_init__(self) -> None:
        if self.statutory < 0 or (self.promised is not None and self.promised < 0):
            raise WorkdayError("budget: working days cannot be negative; correct the item")

    @property
    def days(self) -> int:
        """The shorter of both."""
        return self.statutory if self.promised is None else min(self.statutory, self.promised)


@dataclass(frozen=True, slots=True)
class Suspension:
    """A special procedure (特别程序) that stops the clock; `end` is None while it runs."""

    kind: str
    reason: str
    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """Days added once, with the approval of the office's head (延长期限)."""

    days: int
    reason: str
    approved_by: str
    approved_on: date


@dataclass(frozen=True, slots=True)
class Closed:
    """The day of the decision, and the due date and days left that it was judged by then.

    Both are None where nobody could know them: the calendar of that year was not announced.
    """

    on: date
    due: date | None
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """A decision clock (办理时限): budget, start, and all that moved it.

    How days are counted: the day of an event does not count, the days after it do. The clock
    counts the working days after `started`. A suspension takes out the working days after its
    `start`, up to and with its `end`: on its first day the clock still ran, on its last day it
    still stood. One that starts and ends on one day takes nothing; days under two suspensions are
    taken out once. The due date is the working day on which the budget is used up.

    >>> from tongban.kernel.workdays import Day
    >>> calendar = Calendar.of([Day(date(2026, 1, 1), "holiday")])
    >>> ledger = Ledger(date(2026, 3, 2), Budget(20, promised=5))
    >>> due(calendar, ledger).isoformat()
    '2026-03-09'
    >>> heard = suspend(ledger, "hearing", "邻居要求听证", date(2026, 3, 4))
    >>> due(calendar, heard) is None
    True
    >>> due(calendar, resume(heard, date(2026, 3, 10))).isoformat()
    '2026-03-13'
    """

    started: date
    budget: Budget = Budget()
    suspensions: tuple[Suspension, ...] = ()
    extension: Extension | None = None
    closed: Closed | None = None

    @property
    def suspended(self) -> Suspension | None:
        """The special procedure that runs now, if one does."""
        return next((s for s in self.suspensions if s.end is None), None)


def suspend(ledger: Ledger, kind: str, reason: str, on: date) -> Ledger:
    """Stop the clock for a special procedure; raises `ClockRefused` for any other reason."""
    _must_be_open(ledger, "suspension")
    if kind not in SPECIAL_PROCEDURES:
        raise ClockRefused(
            f"suspension: {kind!r} does not stop the clock; only these do:"
            f" {', '.join(SPECIAL_PROCEDURES)}"
        )
    if not reason.strip():
        raise ClockRefused("suspension: give the reason, the applicant must be told in writing")
    if (running := ledger.suspended) is not None:
        raise ClockRefused(f"suspension: {running.kind} runs since {running.start}; end it first")
    started = not_before("suspension", ledger.started, on)
    return replace(ledger, suspensions=(*ledger.suspensions, Suspension(kind, reason, started)))


def resume(ledger: Ledger, on: date) -> Ledger:
    """End the special procedure that runs; the clock counts again from the next day."""
    _must_be_open(ledger, "suspension")
    running = ledger.suspended
    if running is None:
        raise ClockRefused("suspension: none runs; nothing to end")
    ended = replace(running, end=not_before("suspension", running.start, on))
    return replace(
        ledger, suspensions=tuple(ended if s is running else s for s in ledger.suspensions)
    )


def extend(
    calendar: Calendar, ledger: Ledger, days: int, *, reason: str, approved_by: str, on: date
) -> Ledger:
    """Add up to ten working days, once, with approval, while there is time left.

    Raises `ClockRefused`. The applicant must be told the reason (行政许可法 art. 42).
    """
    _must_be_open(ledger, "extension")
    if ledger.extension is not None:
        raise ClockRefused(
            f"extension: was given on {ledger.extension.approved_on} and may be given only once;"
            " decide"
        )
    if not 1 <= days <= EXTENSION_DAYS:
        raise ClockRefused(f"extension: {days} days asked; 1 to {EXTENSION_DAYS} may be given")
    if not reason.strip() or not approved_by.strip():
        raise ClockRefused("extension: give the reason and who approved it")
    if overdue(calendar, ledger, not_before("extension", ledger.started, on)):
        raise ClockRefused("extension: the time is already over; decide")
    return replace(ledger, extension=Extension(days, reason, approved_by, on))


def close(calendar: Calendar, ledger: Ledger, on: date) -> Ledger:
    """Close the clock by the decision, and keep what it is judged by.

    A procedure that still runs ends on that day. A due date or a count past the calendar's end is
    kept as None: a decision never waits for the calendar.
    """
    _must_be_open(ledger, "decision")
    if ledger.suspended is not None:
        ledger = resume(ledger, on)
    left = remaining(calendar, ledger, not_before("decision", ledger.started, on))
    return replace(ledger, closed=Closed(on, due_if_known(calendar, ledger), left))


def not_before(what: str, earlier: date, on: date) -> date:
    """Give `on`, unless it lies before `earlier`: then raise `ClockRefused`."""
    if on < earlier:
        raise ClockRefused(f"{what}: {on} lies before {earlier}; correct the date")
    return on


def _must_be_open(ledger: Ledger, what: str) -> None:
    if ledger.closed is not None:
        raise ClockRefused(f"{what}: the clock closed on {ledger.closed.on}; nothing moves it now")


def _spans(ledger: Ledger, until: date) -> Iterable[tuple[date, date]]:
    """Give the suspended spans in order, overlaps merged, open ones cut at `until`."""
    reached = ledger.started
    for one in sorted(ledger.suspensions, key=lambda s: s.start):
        start, end = max(one.start, reached), min(one.end or until, until)
        if start < end:
            yield start, end
            reached = end


def allowed(calendar: Calendar, ledger: Ledger) -> int:
    """Give the working days that the clock has in all, with its extension."""
    days = ledger.budget.days + (ledger.extension.days if ledger.extension else 0)
    # an at-once promise made on a day off falls due on the next working day
    return 1 if days == 0 and not calendar.is_workday(ledger.started) else days


def due(calendar: Calendar, ledger: Ledger) -> date | None:
    """Give the last day to decide; None while a special procedure runs, for nobody knows it.

    Of a closed clock it is the date it was judged by, whatever was announced since. Raises
    `CalendarEnded` if the day lies past the announced years.
    """
    if ledger.closed is not None:
        return ledger.closed.due
    if ledger.suspended is not None:
        return None
    left, reached = allowed(calendar, ledger), ledger.started
    for start, end in _spans(ledger, calendar.last):
        running = workdays_between(calendar, reached, start)
        if left <= running:
            break
        left, reached = left - running, end
    return add_workdays(calendar, reached, left)


def due_if_known(calendar: Calendar, ledger: Ledger) -> date | None:
    """Give the due date; None too if it lies past the announced years."""
    try:
        return due(calendar, ledger)
    except CalendarEnded:
        return None


def remaining(calendar: Calendar, ledger: Ledger, today: date) -> int | None:
    """Count the working days left after `today`: nought on the due date, negative later.

    It stays nought over days off that follow the due date: ask `overdue`. A suspended clock keeps
    its count. Of a closed clock: what was left on its last day. None if a day to count lies past
    the announced years.
    """
    if ledger.closed is not None:
        return ledger.closed.remaining
    today = max(today, ledger.started)
    if ledger.suspended is not None:
        today = min(today, ledger.suspended.start)
    try:
        used = workdays_between(calendar, ledger.started, today)
        used -= sum(workdays_between(calendar, start, end) for start, end in _spans(ledger, today))
        return allowed(calendar, ledger) - used
    except CalendarEnded:
        return None


def overdue(calendar: Calendar, ledger: Ledger, today: date) -> bool:
    """Tell whether the due date has passed for certain; of a closed clock, whether it had.

    A due date that nobody can know yet, past the announced years, has not passed.
    """
    if ledger.closed is not None:
        return ledger.closed.due is not None and ledger.closed.due < ledger.closed.on
    left = remaining(calendar, ledger, today)
    if (left is not None and left != 0) or ledger.suspended is not None:
        return left is not None and left < 0
    last = due_if_known(calendar, ledger)
    return last is not None and last < today
