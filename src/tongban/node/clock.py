"""The one place of a node that asks what time it is; see `tongban.infra.clock` for the same port.

``TONGBAN_CLOCK`` may name a file that freezes or shifts the time of every process that has the
variable, for tests and rehearsals. It is never set in operation.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from tongban.kernel.clocks import Setting, parse_setting

_read: dict[str, tuple[tuple[int, int, int], Setting]] = {}


def now() -> datetime:
    """Give the present instant in UTC."""
    present = datetime.now(UTC)  # noqa: TID251 - this is the port
    if path := os.environ.get("TONGBAN_CLOCK"):
        setting = _setting(path)
        return setting.astimezone(UTC) if isinstance(setting, datetime) else present + setting
    return present


def _setting(path: str) -> Setting:
    found = os.stat(path)  # noqa: PTH116 - asked for every row; a Path costs more than the read
    version = (found.st_mtime_ns, found.st_size, found.st_ino)
    held = _read.get(path)
    if held is None or held[0] != version:
        text = Path(path).read_text(encoding="ascii")
        held = _read[path] = (version, parse_setting(text))
    return held[1]
