"""The trail: events appended durably, verified, and carried to a subscriber, a second.

SQLite with synchronous=FULL in a folder of its own, one process. The peers of the same run: bare
rows of the same width in the same kind of file, without chain, digest or order of any kind (the
price of evidence), and Django's bulk_create of the same sealed events.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import django

from benchmarks.common import Row

BATCH = 500
EVENTS = 10_000
SINGLE = 400
ROUNDS = 3  # the best counts: the machine is shared
TARGET = 15_000.0


def run() -> list[Row]:
    """Measure in a process of its own, on a fresh installation."""
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            "TONGBAN_HOME": home,
            "TONGBAN_DATABASE": f"sqlite:///{home}/trail.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
        }
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.trail"],
            env=env,
            cwd=Path(__file__).parents[1],
            check=True,
            stdout=subprocess.PIPE,
        )
    found = json.loads(told.stdout)

    def row(what: str, ours: str, peer: float, peer_name: str, note: str = "") -> Row:
        return Row(what, found[ours], peer, peer_name, "1/s", "more", note)

    batches = f"batches of {BATCH}, durable"
    return [
        row("events appended", "append", TARGET, "own target", batches),
        row("events appended", "append", found["bulk"], "Django bulk_create", batches),
        row("events appended", "append", found["bare"], "bare rows, no chain", batches),
        row("events appended one by one", "single", found["bare_single"], "bare rows, no chain"),
        row("events verified", "verify", found["append"], "appending them"),
        row("events relayed", "relay", found["append"], "appending them", "one idle subscriber"),
    ]


def _rate(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def _bare(path: Path, rows: Sequence[tuple[object, ...]], batch: int) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        columns = ", ".join(f"c{number}" for number in range(len(rows[0])))
        database.execute(f"CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, {columns})")
        insert = f"INSERT INTO bare ({columns}) VALUES ({', '.join('?' * len(rows[0]))})"

        def write() -> None:
            for start in range(0, len(rows), batch):
                database.execute("BEGIN IMMEDIATE")
                database.executemany(insert, rows[start : start + batch])
                database.execute("COMMIT")

        return _rate(len(rows), write)


def measure() -> dict[str, float]:
    """Give the rates, in events or rows a second."""
    # the models load once Django is set up, and that needs this process's own environment
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from tongban.infra.trail import models, queries, relay, services  # noqa: PLC0415
    from tongban.kernel.events import Draft  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    drafts = [
        Draft(
            type="tongban.cases.branch_decided.v1",
            chain=f"case:{number // 14}",
            actor="post:7",
            organisation="hukou",
            authority="户口登记条例 第七条",
            item="birth-registration",
            item_version="1",
            step="decide",
            reason="rule 3",
            data={"outcome": "granted", "rows": ["r1"], "fen": 12, "name": "王小明"},
        )
        for number in range(EVENTS)
    ]

    def append(batch: int, count: int) -> None:
        for start in range(0, count, batch):
            with transaction.atomic():
                services.append(drafts[start : start + batch])

    def bulk(events: Sequence[object], after: object) -> None:
        del after
        names = [name for name in services._COLUMNS if name != "after_tx"]  # noqa: SLF001
        models.Event.objects.bulk_create(
            [models.Event(after_tx=0, **{n: getattr(e, n) for n in names}) for e in events]
        )
        models.Payload.objects.bulk_create(
            [
                models.Payload(event_id=e.id, salt=b"", data=models.told(e.salt, e.payload))  # type: ignore[attr-defined]
                for e in events
            ]
        )

    found = {"append": max(_rate(EVENTS, lambda: append(BATCH, EVENTS)) for _ in range(ROUNDS))}
    found["single"] = _rate(SINGLE, lambda: append(1, SINGLE))
    total = ROUNDS * EVENTS + SINGLE
    found["verify"] = _rate(total, queries.verify)
    relay.subscribe("benchmark", "*", str)
    found["relay"] = _rate(total, relay.drain)

    rows = [
        (*(getattr(event, name) for name in services._PLAIN), event.salt, event.payload)  # noqa: SLF001
        for event in queries.recent(limit=EVENTS)
    ]
    home = Path(os.environ["TONGBAN_HOME"])
    found["bare"] = _bare(home / "bare.sqlite3", rows, BATCH)
    found["bare_single"] = _bare(home / "bare.sqlite3", rows[:SINGLE], 1)
    ours, services._insert = services._insert, bulk  # type: ignore[assignment]  # noqa: SLF001
    try:
        found["bulk"] = max(_rate(EVENTS, lambda: append(BATCH, EVENTS)) for _ in range(2))
    finally:
        services._insert = ours  # noqa: SLF001
    return found


if __name__ == "__main__":
    django.setup()
    json.dump(measure(), sys.stdout)
