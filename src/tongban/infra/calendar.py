"""Reads the official calendar of the region packs into `tongban.kernel.workdays`, once a process.

A later pack's rows replace those of the same date (a region's own day off). Nothing is fetched
here: next year's notice comes with the pack.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from tongban.kernel.workdays import Calendar, CalendarBroken, Day

FILE = "calendar.csv"
_HEADER = ["date", "kind", "name", "source"]
_KINDS: dict[str, Literal["holiday", "workday"]] = {"holiday": "holiday", "workday": "workday"}


@cache
def load_calendar(*packs: Path) -> Calendar:
    """Read the calendars of the packs, in order; a pack without one adds nothing.

    Raises `CalendarBroken`, naming file and line.
    """
    paths = [pack / FILE for pack in packs]
    return Calendar.of(day for path in paths if path.exists() for day in _days(path))


def _days(path: Path) -> Iterator[Day]:
    try:
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise CalendarBroken(f"{path}: cannot be read ({error}); restore the pack") from error
    if next(rows, None) != _HEADER:
        raise CalendarBroken(f"{path}:1: the header must be {','.join(_HEADER)}")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(_HEADER):
            raise CalendarBroken(f"{path}:{line}: needs {len(_HEADER)} columns, has {len(row)}")
        text, kind, name, source = row
        if kind not in _KINDS:
            raise CalendarBroken(f"{path}:{line}: the kind is holiday or workday, not {kind!r}")
        try:
            yield Day(date.fromisoformat(text), _KINDS[kind], name, source)
        except ValueError:
            raise CalendarBroken(f"{path}:{line}: {text!r} is no date; write 2026-10-01") from None
