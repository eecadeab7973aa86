"""The one place that asks what time it is; everything else is told.

``TONGBAN_CLOCK`` may name a file that freezes or shifts the time of every process that has the
variable, so that a test or a rehearsal moves a whole installation at once. It is never set in
operation: a shifted clock is a lie on every document.
"""

import os
from datetime import date, datetime

from tongban.kernel.clocks import SHANGHAI, ClockUnreadable, Setting, parse_setting

__all__ = ["SHANGHAI", "ClockUnreadable", "now", "parse_setting", "today"]

_read: dict[str, tuple[tuple[int, int, int], Setting]] = {}


def _setting(path: str) -> Setting:
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
