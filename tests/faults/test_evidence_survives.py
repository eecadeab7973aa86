"""Leaves under faults: killed processes, a full disk, a clock set back; none lost, none twice."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from testkit.servers import Fresh
from tongban.apps.evidence import auditing, services
from tongban.apps.evidence.models import Leaf
from tongban.infra.trail import models as trail

KILLS = 12 if os.environ.get("CI") == "true" else 6
#: Tells events without end, and makes leaves of them, as two kinds of process do side by side.
PROGRAM = dedent(
    """
    import sys
    import django
    django.setup()
    from django.db import DatabaseError, transaction
    from tongban.apps.evidence import services
    from tongban.infra.trail import services as trail
    from tongban.kernel.events import Draft

    what, limit = sys.argv[1], int(sys.argv[2])
    if limit:
        from django.db import connection
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            pages = cursor.fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages + limit}")
    print("ready", flush=True)
    number = 0
    while number < 4000:
        number += 1
        try:
            if what == "tell":
                with transaction.atomic():
                    trail.append([
                        Draft(type="tongban.faults.written.v1", chain=f"chain:{part}", actor="w",
                              data={"number": number}) for part in range(20)
                    ])
            elif services.gather():
                services.checkpoint()
                print("gathered", flush=True)
        except trail.ChainMoved:
            pass
        except (DatabaseError, trail.TrailFull) as error:
            print("full", error, flush=True)
            break
    """
)


def start(
    fresh: Fresh, home: Path, what: str, limit: int = 0, **environment: str
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, what, str(limit)],
        env={**fresh.environment(home), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def home(tmp_path: Path, settings) -> Path:
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()
    return tmp_path / "home"


def assert_every_event_has_one_leaf() -> int:
    services.gather()
    found = auditing.audit()
    assert found.difference is None
    assert found.waiting == 0
    assert found.leaves == found.events == trail.Event.objects.count()
    assert Leaf.objects.values("event_id").distinct().count() == found.leaves
    return found.leaves


@pytest.mark.slow
def test_killed_relays_and_writers_lose_no_leaf_and_write_none_twice(
    fresh_database: Fresh, home: Path
) -> None:
    instants = random.Random(20261125)  # noqa: S311 - a seed, so that a failure comes back
    for _ in range(KILLS // 2):
        running = [start(fresh_database, home, what) for what in ("tell", "gather", "gather")]
        try:
            for one in running:
                assert one.stdout is not None
                assert one.stdout.readline() == "ready\n"
            gathering = running[1].stdout
            assert gathering is not None
            gathering.readline()
            for one in running:
                time.sleep(instants.random() * 0.3)
                os.kill(one.pid, signal.SIGKILL)
        finally:
            for one in running:
                one.kill()
                one.communicate()
        assert assert_every_event_has_one_leaf() > 0


def test_a_full_database_makes_no_half_leaf_and_goes_on_with_room(
    fresh_sqlite: Fresh, home: Path
) -> None:
    teller = start(fresh_sqlite, home, "tell", 600)
    told, _ = teller.communicate(timeout=120)
    assert "full TrailFull" in told
    events = trail.Event.objects.count()
    assert events > 500
    gatherer = start(fresh_sqlite, home, "gather", 3)
    told, _ = gatherer.communicate(timeout=120)
    assert "database or disk is full" in told
    assert Leaf.objects.count() < events
    assert assert_every_event_has_one_leaf() == events


def test_a_clock_set_back_changes_no_place(fresh_sqlite: Fresh, home: Path, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    for setting in ("+PT0S", "-PT2H", "+PT3H"):
        clock.write_text(setting)
        for what in ("tell", "gather"):
            code = PROGRAM.replace("4000", "3")
            subprocess.run(
                [sys.executable, "-c", code, what, "0"],
                env={**fresh_sqlite.environment(home), "TONGBAN_CLOCK": str(clock)},
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=60,
            )
    assert assert_every_event_has_one_leaf() == 180
    told = list(Leaf.objects.order_by("id").values_list("event_id", flat=True))
    want = list(trail.Event.objects.order_by("position").values_list("id", flat=True))
    assert told == want
