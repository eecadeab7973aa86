"""The official calendar and arithmetic in working days (工作日).

Weekends are off, except where the State Council's yearly notice says otherwise. This module
refuses to compute past the last announced year.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Self


class WorkdayError(ValueError):
    """A calendar or a clock cannot do what is asked; the message says what to do."""


class CalendarEnded(WorkdayError):
    """The day lies outside the years that have been announced."""


class CalendarBroken(WorkdayError):
    """A row of the calendar cannot be used."""


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """One announced day: off (holiday 放假) or worked though a weekend (workday 调休上班)."""

    day: date
    kind: Literal["holiday", "workday"]
    name: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The official calendar: whole years, weekends off, with the announced exceptions.

    >>> calendar = Calendar.of([
    ...     Day(date(2025, 1, 1), "holiday", "元旦"),
    ...     Day(date(2025, 9, 28), "workday", "国庆节"),
    ...     *(Day(date(2025, 10, d), "holiday", "国庆节") for d in range(1, 9)),
    ... ])
    >>> calendar.is_workday(date(2025, 9, 28)), calendar.is_workday(date(2025, 10, 8))
    (True, False)
    >>> add_workdays(calendar, date(2025, 9, 26), 5).isoformat()
    '2025-10-10'
    >>> add_workdays(calendar, date(2025, 12, 30), 2)
    Traceback (most recent call last):
    tongban.kernel.workdays.calendar.CalendarEnded: calendar: announced for 2025-01-01 to ...
    """

    first: date
    last: date
    named: Mapping[date, Day] = field(repr=False)
    ordinals: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, days: Iterable[Day]) -> Self:
        """Build it from announced days; a later row for the same date replaces an earlier one.

        The calendar covers every year that has a row, and those must follow one another: a year
        without any row has not been announced.
        """
        named = {day.day: day for day in days}
        years = sorted({day.year for day in named})
        if not years:
            raise CalendarBroken("calendar: it has no day; give at least one announced year")
        if missing := sorted(set(range(years[0], years[-1])) - set(years)):
            raise CalendarBroken(f"calendar: {missing[0]} has no day; add its notice")
        first, last = date(years[0], 1, 1), date(years[-1], 12, 31)
        off = {day.toordinal() for day, found in named.items() if found.kind == "holiday"}
        on = {day.toordinal() for day, found in named.items() if found.kind == "workday"}
        ordinals = tuple(
            number
            for number in range(first.toordinal(), last.toordinal() + 1)
            # ordinal 1 was a Monday
            if number in on or (number not in off and (number - 1) % 7 < 5)
        )
        return cls(first, last, named, ordinals)

    def is_workday(self, day: date) -> bool:
        """Tell whether offices work on `day`; raises `CalendarEnded` outside the years."""
        self.must_cover(day)
        place = bisect_right(self.ordinals, day.toordinal())
        return place > 0 and self.ordinals[place - 1] == day.toordinal()

    def must_cover(self, day: date) -> None:
        """Raise `CalendarEnded` unless `day` lies in an announced year."""
        if not self.first <= day <= self.last:
            raise CalendarEnded(
                f"calendar: announced for {self.first} to {self.last} only; {day} needs the"
                f" notice of its year in calendar.csv"
            )


def add_workdays(calendar: Calendar, start: date, days: int) -> date:
    """Give the `days`-th working day after `start`; the day of the event is not counted.

    Nought days end on `start`, or on the next working day if it is a day off (民法典 arts 201,
    203). Raises `CalendarEnded`.
    """
    if days < 0:
        raise WorkdayError(f"working days: cannot add {days}; give nought or more")
    calendar.must_cover(start)
    if days == 0:
        if calendar.is_workday(start):
            return start
        days = 1
    place = bisect_right(calendar.ordinals, start.toordinal()) + days - 1
    if place >= len(calendar.ordinals):
        raise CalendarEnded(
            f"calendar: announced for {calendar.first} to {calendar.last} only; {days} working days"
            f" after {start} end later; add the next year's notice to calendar.csv"
        )
    return date.fromordinal(calendar.ordinals[place])


def workdays_between(calendar: Calendar, start: date, end: date) -> int:
    """Count the working days after `start` up to and with `end`; negative if `end` is earlier.

    Nought from a day to itself, for which no calendar is needed. Raises `CalendarEnded`.
    """
    if start == end:
        return 0
    calendar.must_cover(start)
    calendar.must_cover(end)
    return bisect_right(calendar.ordinals, end.toordinal()) - bisect_right(
        calendar.ordinals, start.toordinal()
    )
