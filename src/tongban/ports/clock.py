"""The shifted clock, shared by the control plane, the nodes and the witnesses.

``TONGBAN_CLOCK`` may name a file that freezes or shifts the time of every process that has the
variable, so that a test or a rehearsal moves a whole installation at once. It is never set in
operation: a shifted clock is a lie on every document.
"""

import os
from datetime import datetime

from tongban.kernel.clocks import Setting, parse_setting

_read: dict[str, tuple[tuple[int, int, int], Setting]] = {}


def shifted(present: datetime) -> datetime:
    """Give the instant that counts when it is ``present`` (with zone); raises ClockUnreadable."""
    path = os.environ.get("TONGBAN_CLOCK")
    if not path:
        return present
    setting = _setting(path)
    if isinstance(setting, datetime):
        return setting.astimezone(present.tzinfo)
    return present + setting


def _setting(path: str) -> Setting:
    found = os.stat(path)  # noqa: PTH116 - called for every event; a Path costs more than the read
    version = (found.st_mtime_ns, found.st_size, found.st_ino)
    held = _read.get(path)
    if held is None or held[0] != version:
        with open(path, encoding="ascii") as file:  # noqa: PTH123
            held = _read[path] = (version, parse_setting(file.read()))
    return held[1]
