"""The trail under faults: killed writers, a full disk, a clock set back."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import IO

import pytest
from django.db import transaction

from testkit.servers import Fresh
from tongban.infra.trail import models, queries, services
from tongban.kernel.events import Draft

KILLS = 50 if os.environ.get("CI") == "true" else 10
#: Appends small batches without end to two chains; says each event's id once its commit returned.
WRITER = dedent(
    """
    import sys
    import django
    django.setup()
    from django.db import OperationalError, transaction
    from tongban.infra.trail import services
    from tongban.kernel.events import Draft

    limit = int(sys.argv[1])
    if limit:
        from django.db import connection
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            pages = cursor.fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages + limit}")
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        drafts = [
            Draft(
                type="tongban.faults.written.v1",
                chain=f"chain:{part % 2}",
                actor="writer",
                data={"number": number, "part": part, "text": "文" * 200},
            )
            for part in range(4)
        ]
        try:
            with transaction.atomic():
                events = services.append(drafts)
        except services.ChainMoved:
            continue
        except services.TrailFull as full:
            print("full", full, flush=True)
            break
        except OperationalError as full:
            print("full at commit:", full, flush=True)
            break
        print(*(event.id for event in events), flush=True)
    """
)


def _writer(
    fresh: Fresh, home: Path, limit: int = 0, out: int | IO[bytes] = subprocess.PIPE
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(limit)], env=fresh.environment(home), stdout=out
    )


def _wait_for_more(said: Path) -> None:
    """Wait until the writers have acknowledged a few transactions more."""
    enough = said.stat().st_size + 600
    until = time.monotonic() + 60
    while said.stat().st_size < enough:
        assert time.monotonic() < until, "the writers do not write"
        time.sleep(0.01)


@pytest.mark.slow
def test_killed_writers_lose_nothing_they_acknowledged_and_leave_nothing_half(
    fresh_database: Fresh, tmp_path: Path
) -> None:
    """Two processes append at once; each is killed at a random instant, and others go on."""
    instants = random.Random(20261123)  # noqa: S311 - a seed, so that a failure comes back
    said = tmp_path / "said"
    kills = KILLS * 3 // 5 if fresh_database.vendor == "sqlite" else KILLS * 2 // 5
    with said.open("ab") as out:
        for _ in range(kills // 2):
            pair = [_writer(fresh_database, tmp_path, out=out) for _ in range(2)]
            try:
                _wait_for_more(said)
                for writer in pair:
                    time.sleep(instants.random() * 0.1)
                    os.kill(writer.pid, signal.SIGKILL)
            finally:
                for writer in pair:
                    writer.kill()
                    writer.wait()
    assert queries.verify() is None
    # the last word of a killed writer may be cut off within an id, which is 36 long
    words = set(said.read_text().replace("ready", "").split())
    acknowledged = {word for word in words if len(word) == 36}
    kept = {str(found) for found in models.Event.objects.values_list("id", flat=True)}
    assert len(acknowledged) > kills
    assert acknowledged <= kept
    assert models.Payload.objects.count() == len(kept)
    # each transaction told four events, so whole transactions are kept and nothing else
    assert len(kept) % 4 == 0


def _write_until_full(environment: dict[str, str], limit: int) -> tuple[set[str], str]:
    """Give the ids that were acknowledged, and the writer's last word."""
    said = subprocess.run(
        [sys.executable, "-c", WRITER, str(limit)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.splitlines()
    assert said[0] == "ready"
    return {word for line in said[1:-1] for word in line.split()}, said[-1]


def _assert_whole(acknowledged: set[str]) -> None:
    kept = {str(found) for found in models.Event.objects.values_list("id", flat=True)}
    assert acknowledged == kept
    assert len(kept) > 4
    assert models.Payload.objects.count() == len(kept)
    assert queries.verify() is None


def test_a_full_database_is_named_and_nothing_is_half_written(
    fresh_sqlite: Fresh, tmp_path: Path
) -> None:
    acknowledged, last = _write_until_full(fresh_sqlite.environment(tmp_path), 40)
    assert last.startswith("full TrailFull: the database takes no more rows")
    _assert_whole(acknowledged)


def test_a_disk_that_fills_at_the_commit_keeps_nothing_half_and_the_trail_goes_on(
    fresh_sqlite: Fresh, tmp_path: Path, small_disk: Path
) -> None:
    """The write-ahead log has no room for the commit; with room again the chain goes on."""
    kept_at = Path(fresh_sqlite.url.removeprefix("sqlite:///"))
    full = Fresh(f"sqlite:///{small_disk / 'trail.sqlite3'}", "sqlite")
    shutil.copyfile(kept_at, small_disk / "trail.sqlite3")
    acknowledged, last = _write_until_full(full.environment(tmp_path), 0)
    assert last == "full at commit: database or disk is full"
    for part in ("", "-wal"):
        shutil.copyfile(small_disk / f"trail.sqlite3{part}", f"{kept_at}{part}")
    _assert_whole(acknowledged)
    with transaction.atomic():
        services.tell(
            Draft(type="tongban.faults.again.v1", chain="chain:0", actor="writer", data={})
        )
    assert queries.verify() is None


def test_a_clock_set_back_between_processes_leaves_times_in_order(
    fresh_sqlite: Fresh, tmp_path: Path
) -> None:
    clock = tmp_path / "clock"
    for setting in ("+PT0S", "-PT2H", "+PT3H"):
        clock.write_text(setting)
        subprocess.run(
            [sys.executable, "-c", WRITER.replace("while True", "while number < 3"), "0"],
            env={**fresh_sqlite.environment(tmp_path), "TONGBAN_CLOCK": str(clock)},
            stdout=subprocess.DEVNULL,
            timeout=60,
            check=True,
        )
    for name in ("chain:0", "chain:1"):
        times = [event.recorded for event in queries.history(name)]
        assert len(times) == 18
        assert times == sorted(times)
    assert queries.verify() is None
