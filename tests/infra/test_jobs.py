"""Background work: queued with the caller, tried again, never lost, one of many."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult

from testkit.clock import Clock
from testkit.servers import Fresh
from tongban.infra import clock as port
from tongban.infra.jobs import services as jobs
from tongban.infra.trail import queries as trail

done: list[str] = []
broken: set[str] = set()


def note(text: str) -> None:
    if text in broken:
        raise ConnectionError(f"{text} is down")
    assert not connection.in_atomic_block
    done.append(text)


def sweep() -> None:
    done.append("sweep")


@pytest.fixture(autouse=True)
def _jobs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.CRITICAL, logger="tongban.infra.jobs.services")
    before = dict(jobs._jobs)
    jobs._jobs.clear()
    done.clear()
    broken.clear()
    jobs.job("note", retries=2, backoff=timedelta(minutes=1))(note)
    yield
    jobs._jobs.clear()
    jobs._jobs.update(before)


def test_a_job_is_queued_with_its_caller_or_not_at_all(fresh_database: Fresh) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"), transaction.atomic():
        _queue_and_fail()
    with transaction.atomic():
        jobs.enqueue("note", {"text": "kept"})
    assert jobs.run_until_idle() == 1
    assert done == ["kept"]
    assert jobs.run_until_idle() == 0


def _queue_and_fail() -> None:
    jobs.enqueue("note", {"text": "lost"})
    raise RuntimeError("changed my mind")


def test_jobs_run_first_come_first_served_and_not_before_their_time(
    fresh_database: Fresh, clock: Clock
) -> None:
    jobs.enqueue("note", {"text": "later"}, run_after=port.now() + timedelta(hours=1))
    for number in range(5):
        clock.move(seconds=1)
        jobs.enqueue("note", {"text": str(number)})
    jobs.run_until_idle()
    assert done == ["0", "1", "2", "3", "4"]
    assert jobs.waiting() == 1
    clock.move(hours=1)
    jobs.run_until_idle()
    assert done[5:] == ["later"]


def test_a_failed_job_is_tried_again_ever_later_and_then_kept_as_dead(
    fresh_database: Fresh, clock: Clock
) -> None:
    broken.add("tax")
    jobs.enqueue("note", {"text": "tax"})
    jobs.enqueue("note", {"text": "hukou"})
    assert jobs.run_until_idle() == 2
    assert done == ["hukou"]
    clock.move(seconds=59)
    assert jobs.run_until_idle() == 0
    clock.move(seconds=1)
    assert jobs.run_until_idle() == 1
    clock.move(seconds=119)
    assert jobs.run_until_idle() == 0
    clock.move(seconds=1)
    assert jobs.run_until_idle() == 1
    clock.move(days=9)
    assert jobs.run_until_idle() == 0
    [dead] = jobs.dead_letters()
    assert (dead.name, dead.args, dead.attempts) == ("note", {"text": "tax"}, 3)
    assert dead.error == "ConnectionError: tax is down"
    broken.clear()
    jobs.requeue(dead.job_id, actor="operator:1")
    assert jobs.run_until_idle() == 1
    assert done == ["hukou", "tax"]
    with pytest.raises(jobs.NotDead):
        jobs.requeue(dead.job_id, actor="operator:1")
    [told] = trail.history(f"job:{dead.job_id}")
    assert (told.type, told.actor) == ("tongban.jobs.requeued.v1", "operator:1")


def test_a_job_nobody_declares_is_refused_and_one_left_over_is_dead(fresh_sqlite: Fresh) -> None:
    with pytest.raises(jobs.JobUnknown, match=r"tasks\.py, known: note"):
        jobs.enqueue("nothing", {})
    jobs.enqueue("note", {"text": "x"})
    jobs._jobs.clear()
    jobs.run_until_idle()
    [dead] = jobs.dead_letters()
    assert dead.error.startswith("JobUnknown")


def test_one_name_is_one_job() -> None:
    jobs.job("note")(note)
    with pytest.raises(jobs.JobTwice, match="note"):
        jobs.job("note")(sweep)


def test_a_periodic_job_runs_once_in_each_period_and_does_not_drift(
    fresh_database: Fresh, clock: Clock
) -> None:
    jobs.periodic("sweep", every=timedelta(hours=1))(sweep)
    for minutes in (0, 59, 2, 58, 1, 300, 0):
        clock.move(minutes=minutes)
        jobs.run_until_idle()
    # at 0:00, 1:01, 2:00, and once for the night that was missed
    assert done == ["sweep"] * 4
    clock.move(hours=1)
    jobs.run_until_idle()
    assert len(done) == 5


def _elsewhere(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_of_many_workers_one_takes_a_job_and_one_queues_a_periodic_one(
    fresh_database: Fresh,
) -> None:
    jobs.periodic("sweep", every=timedelta(hours=1))(sweep)
    for number in range(30):
        jobs.enqueue("note", {"text": str(number)})
    stop = threading.Event()
    workers = [_elsewhere(lambda: jobs.worker(stop, poll=0.02)) for _ in range(3)]
    until = time.monotonic() + 30
    while jobs.waiting() and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    for thread in workers:
        thread.join()
    assert sorted(done) == sorted([*(str(n) for n in range(30)), "sweep"])


def test_idle_chores_are_done_until_they_have_nothing_left(fresh_sqlite: Fresh) -> None:
    left = [3, 2, 1]

    def chore() -> int:
        if left:
            jobs.enqueue("note", {"text": str(left.pop())})
            return 1
        return 0

    assert jobs.run_until_idle([chore]) == 3
    assert done == ["1", "2", "3"]


PROGRAM = dedent(
    """
    import sys, time
    import django
    django.setup()
    from django.contrib.contenttypes.models import ContentType
    from tongban.infra.jobs import services as jobs

    jobs._jobs.clear()

    @jobs.job("slow", retries=3)
    def slow(seconds):
        ContentType.objects.create(app_label="begun", model=str(time.monotonic_ns()))
        time.sleep(seconds)
        ContentType.objects.create(app_label="ended", model=str(time.monotonic_ns()))

    jobs.worker(poll=0.05)
    print("left in order")
    """
)


@contextmanager
def _worker(fresh: Fresh, home: Path) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=fresh.environment(home),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _count(label: str) -> int:
    return ContentType.objects.filter(app_label=label).count()


def _wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_worker_killed_half_way_loses_no_job(fresh_database: Fresh, tmp_path: Path) -> None:
    jobs.job("slow", retries=3, backoff=timedelta(0))(note)
    jobs.enqueue("slow", {"seconds": 60})
    with _worker(fresh_database, tmp_path) as worker:
        _wait_for(lambda: _count("begun") == 1)
        # another worker sees that it lives, and leaves the job alone
        assert jobs.run_until_idle() == 0
        os.kill(worker.pid, signal.SIGKILL)
    jobs._jobs.clear()
    jobs.job("slow", retries=3, backoff=timedelta(0))(lambda seconds: done.append("again"))
    _wait_for(lambda: jobs.run_until_idle() == 1)
    assert done == ["again"]
    assert not DBTaskResult.objects.exists()


@pytest.mark.slow
def test_a_worker_told_to_stop_finishes_the_job_at_hand(
    fresh_database: Fresh, tmp_path: Path
) -> None:
    jobs.job("slow")(note)
    jobs.enqueue("slow", {"seconds": 0.5})
    with _worker(fresh_database, tmp_path) as worker:
        _wait_for(lambda: _count("begun") == 1)
        jobs.enqueue("slow", {"seconds": 0.5})
        worker.terminate()
        told, _ = worker.communicate(timeout=20)
    assert told.strip() == "left in order"
    assert worker.returncode == 0
    assert (_count("begun"), _count("ended"), jobs.waiting()) == (1, 1, 1)
