"""Reads the setting of a clock (ISO 8601): a frozen instant, or a shift of the present one.

Asks no clock itself. Time is a port (`infra.clock`, `node.clock`), and both understand one text.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SHIFT = re.compile(
    r"([+-])P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII
)
Setting = datetime | timedelta


class ClockUnreadable(ValueError):
    """The text holds neither an instant with zone nor an offset."""


def parse_setting(text: str) -> Setting:
    """Read a frozen instant or a shift; raise ClockUnreadable.

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
