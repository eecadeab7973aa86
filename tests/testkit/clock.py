"""A clock that a test holds, for its own process and for every process it starts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tongban.infra import clock as port


@dataclass
class Clock:
    """Writes the file of TONGBAN_CLOCK; frozen at ``start`` until told otherwise."""

    path: Path

    def _write(self, text: str) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text, encoding="ascii")
        fresh.replace(self.path)  # a reader sees the old time or the new one, never half

    def freeze(self, instant: datetime | str) -> None:
        """Stand still at this instant (with zone)."""
        self._write(instant if isinstance(instant, str) else instant.isoformat())

    def move(self, **by: float) -> None:
        """Move the frozen time on (or back) by days=, hours=, minutes=, seconds=."""
        self.freeze(port.now() + timedelta(**by))

    def shift(self, offset: str) -> None:
        """Run on, shifted by an ISO offset such as ``+PT2H`` or ``-PT1H``."""
        self._write(offset)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Freeze the time at Monday 2026-11-23 09:00 in Shanghai; the test moves it."""
    held = Clock(tmp_path / "clock")
    held.freeze("2026-11-23T09:00:00+08:00")
    monkeypatch.setenv("TONGBAN_CLOCK", str(held.path))
    return held
