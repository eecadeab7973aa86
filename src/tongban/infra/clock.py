"""The one place that asks what time it is; everything else is told.

``TONGBAN_CLOCK`` may name a file that freezes or shifts the time of every process that has the
variable, so that a test or a rehearsal moves a whole installation at once. It is never set in
operation: a shifted clock is a lie on every document.
"""

import os
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SHIFT = re.compile(
    r"([+-])P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII
)
_Setting = datetime | timedelta
_read: dict[str, tuple[tuple[int, int, int], _Setting]] = {}


class ClockUnreadable(ValueError):
    """The file named by TONGBAN_CLOCK holds neither an instant with zone nor an offset."""


def parse_setting(text: str) -> datetime | timedelta:
    """Read a frozen instant or a shift (ISO 8601).

    >>> parse_setting("+PT2H30M")
    datetime.timedelta(seconds=9000)
    >>> parse_setting("2026-11-23T09:00:00+08:00").isoformat()
    '2026-11-23T09:00:00+08:00'
    """
    text = text.strip()
    if (found := _SHIFT.fullmatch(text)) and len(text) > 2:
        sign, days, hours, minutes, seconds = found.groups(default="0")
        shift = timedelta(
            days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds)
        )
        return -shift if sign == "-" else shift
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ClockUnreadable(
            f"ClockUnreadable: {text!r} is neither an instant with zone "
            "(2026-11-23T09:00:00+08:00) nor an offset (+PT2H); correct the file of TONGBAN_CLOCK"
        )
    return instant.astimezone(SHANGHAI)


def _setting(path: str) -> _Setting:
    found = os.stat(path)  # noqa: PTH116 - called for every event; a Path costs more than the read
    version = (found.st_mtime_ns, found.st_size, found.st_ino)
    held = _read.get(path)
    if held is None or held[0] != version:
        with open(path, encoding="ascii") as file:  # noqa: PTH123
            held = _read[path] = (version, parse_setting(file.read()))
    return held[1]


def now() -> datetime:
    """Give the present instant, in Asia/Shanghai."""
    present = datetime.now(SHANGHAI)  # noqa: TID251 - this is the port
    if path := os.environ.get("TONGBAN_CLOCK"):
        setting = _setting(path)
        return setting if isinstance(setting, datetime) else present + setting
    return present


def today() -> date:
    """Give the present day in Asia/Shanghai."""
    return now().date()
