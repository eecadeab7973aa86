"""Working days and the two legal clocks (工作日与法定期限).

A clock is a budget and a ledger: the due date is always derived from the official calendar, never
stored. Dates only; the hour plays no part. This package keeps no calendar: the caller passes one
in, as `tongban.infra.calendar` reads it.
"""

from tongban.kernel.workdays.calendar import (
    Calendar,
    CalendarBroken,
    CalendarEnded,
    Day,
    WorkdayError,
    add_workdays,
    workdays_between,
)
from tongban.kernel.workdays.intake import CORRECTION_DAYS, Intake
from tongban.kernel.workdays.ledger import (
    EXTENSION_DAYS,
    SPECIAL_PROCEDURES,
    STATUTORY_DAYS,
    Budget,
    ClockRefused,
    Closed,
    Extension,
    Ledger,
    Suspension,
    close,
    due,
    extend,
    overdue,
    remaining,
    resume,
    suspend,
)
from tongban.kernel.workdays.status import Move, Status, moved, status

__all__ = [
    "CORRECTION_DAYS",
    "EXTENSION_DAYS",
    "SPECIAL_PROCEDURES",
    "STATUTORY_DAYS",
    "Budget",
    "Calendar",
    "CalendarBroken",
    "CalendarEnded",
    "ClockRefused",
    "Closed",
    "Day",
    "Extension",
    "Intake",
    "Ledger",
    "Move",
    "Status",
    "Suspension",
    "WorkdayError",
    "add_workdays",
    "close",
    "due",
    "extend",
    "moved",
    "overdue",
    "remaining",
    "resume",
    "status",
    "suspend",
    "workdays_between",
]
