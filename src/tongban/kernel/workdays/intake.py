"""The correction clock, which runs before acceptance (收件、补正、受理).

What is missing is asked for once, completely and in time, else the case counts as accepted on the
day of receipt. This module refuses a second asking.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Self

from tongban.kernel.workdays.calendar import Calendar
from tongban.kernel.workdays.ledger import Budget, ClockRefused, Ledger, not_before, overdue

CORRECTION_DAYS: Final = 5
"""Working days in which all that is missing must be asked for (行政许可法 art. 32 (4))."""


@dataclass(frozen=True, slots=True)
class Intake:
    """An application before acceptance (收件): when it came, and what was asked of it.

    `asked` is the day all missing material was asked for (一次性告知补正), `completed` the day it
    had all come, `accepted` the day the office accepted (受理).
    """

    received: date
    asked: date | None = None
    completed: date | None = None
    accepted: date | None = None

    def ask_correction(self, calendar: Calendar, on: date) -> Self:
        """Ask, once and completely, for what is missing; raises `ClockRefused`.

        >>> from tongban.kernel.workdays import Day
        >>> calendar = Calendar.of([Day(date(2026, 1, 1), "holiday")])
        >>> intake = Intake(date(2026, 3, 2)).ask_correction(calendar, date(2026, 3, 9))
        >>> intake.ask_correction(calendar, date(2026, 3, 9))
        Traceback (most recent call last):
        tongban.kernel.workdays.ledger.ClockRefused: correction: was asked on ...
        """
        if self.asked is not None:
            raise ClockRefused(
                f"correction: was asked on {self.asked} and may be asked only once, completely;"
                " accept, or decide on what is there"
            )
        if (since := self.acceptance(calendar, on)) is not None:
            raise ClockRefused(
                f"correction: the case counts as accepted since {since}; use a special procedure"
                " or decide"
            )
        return replace(self, asked=not_before("correction", self.received, on))

    def complete(self, on: date) -> Self:
        """Note that all that was asked for has come; raises `ClockRefused`."""
        if self.asked is None:
            raise ClockRefused("correction: nothing was asked for; accept the case")
        return replace(self, completed=not_before("correction", self.asked, on))

    def accept(self, calendar: Calendar, on: date) -> Self:
        """Accept; a case that already counts as accepted keeps its earlier day."""
        since = self.acceptance(calendar, on)
        return replace(self, accepted=since or not_before("acceptance", self.received, on))

    @property
    def clock(self) -> Ledger:
        """The clock in which a correction may be asked for: five working days from receipt."""
        return Ledger(self.received, Budget(CORRECTION_DAYS))

    def acceptance(self, calendar: Calendar, today: date) -> date | None:
        """Give the day from which the case counts as accepted, as seen on `today`, or None.

        That is the day the office accepted; or the day all that was asked for had come; or, when
        nothing was asked for within five working days, the day of receipt (逾期不告知的，自收到
        申请材料之日起即为受理, 行政许可法 art. 32 (4)).

        >>> from tongban.kernel.workdays import Day
        >>> calendar = Calendar.of([Day(date(2026, 1, 1), "holiday")])
        >>> intake = Intake(date(2026, 3, 2))
        >>> intake.acceptance(calendar, date(2026, 3, 9)) is None
        True
        >>> intake.acceptance(calendar, date(2026, 3, 10)).isoformat()
        '2026-03-02'
        """
        if self.accepted is not None:
            return self.accepted
        if self.asked is not None:
            return self.completed
        return self.received if overdue(calendar, self.clock, today) else None
