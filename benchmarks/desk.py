"""A page of the desk's queue with 100,000 cases waiting at one post, in milliseconds.

The peer is a page by OFFSET over the same rows, which also opens each row's case; the target is the
issue's 200 ms of server time.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import Row

CASES = 100_000
TARGET = 200.0


def run() -> list[Row]:
    """Measure in a process of its own, on a fresh installation with the sample city."""
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            "TONGBAN_HOME": home,
            "TONGBAN_DATABASE": f"sqlite:///{home}/desk.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
        }
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks._desk_queue", str(CASES)],
            env=env,
            cwd=Path(__file__).parents[1],
            check=True,
            stdout=subprocess.PIPE,
        )
    found = json.loads(told.stdout)
    note = f"20 of {CASES:,} waiting, SQLite, one process"
    return [
        Row("first page", found["first"], TARGET, "the issue's target", "ms", "less", note),
        Row("last page", found["last"], found["offset"], "OFFSET", "ms", "less", note),
        Row("last page, one item", found["item"], TARGET, "the issue's target", "ms", "less", note),
        Row("count of all", found["count"], TARGET, "the issue's target", "ms", "less", note),
    ]
