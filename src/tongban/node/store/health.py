"""Keeps the workers' health in a small SQLite file of its own, so that it never delays the log.

Each worker replaces its own row; what a worker that has gone had counted is folded into one row, so
that no counter ever falls. A file that does not work costs numbers, never an answer.
"""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from tongban.node.health import Pulse, merged

_GONE = "gone"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS health (
  worker TEXT PRIMARY KEY, at REAL NOT NULL, pulses TEXT NOT NULL
) STRICT
"""


class HealthStore:
    """The table ``health``; raises sqlite3.Error where the file does not work."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=1.0, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")  # numbers, not evidence
        self._connection.execute(_SCHEMA)

    def save(self, worker: str, pulses: Mapping[str, Pulse], now: float) -> None:
        """Replace the row of a worker (any name but ``gone``)."""
        self._put(worker, pulses, now)

    def load(self) -> dict[str, Pulse]:
        """Give the sum over all workers, by service."""
        rows = self._connection.execute("SELECT pulses FROM health").fetchall()
        return merged(_read(text) for (text,) in rows)

    def fold(self, before: float) -> int:
        """Fold the rows of workers not heard of since ``before`` into one; say how many."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            rows = self._connection.execute(
                "SELECT worker, at, pulses FROM health WHERE at < ? AND worker <> ?",
                (before, _GONE),
            ).fetchall()
            if rows:
                held = self._connection.execute(
                    "SELECT pulses FROM health WHERE worker = ?", (_GONE,)
                ).fetchall()
                whole = merged(
                    _read(text) for text in [*(t for (t,) in held), *(r[2] for r in rows)]
                )
                self._put(_GONE, whole, max(row[1] for row in rows))
                self._connection.executemany(
                    "DELETE FROM health WHERE worker = ?", [(row[0],) for row in rows]
                )
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return len(rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _put(self, worker: str, pulses: Mapping[str, Pulse], now: float) -> None:
        text = json.dumps({service: pulse.to_json() for service, pulse in pulses.items()})
        self._connection.execute(
            "INSERT OR REPLACE INTO health (worker, at, pulses) VALUES (?, ?, ?)",
            (worker, now, text),
        )


def _read(text: str) -> dict[str, Pulse]:
    return {service: Pulse.from_json(raw) for service, raw in json.loads(text).items()}
