"""Verbs of background work 后台任务: declare a job, enqueue it, run what is ready.

A job is queued in the caller's transaction and vanishes with it. It runs outside any transaction,
at least once: a worker killed half-way is noticed and its job tried again, so a job does its work
idempotently. What failed for good is kept as a dead letter until someone requeues it.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from uuid import UUID, uuid4

from django.db import transaction
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from tongban.infra import clock
from tongban.infra.jobs import models
from tongban.infra.jobs.alive import alive, is_dead
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

log = logging.getLogger(__name__)
_LONGEST_WAIT = timedelta(hours=6)
_LOOK_FOR_THE_DEAD_EVERY = 10.0
Chore = Callable[[], int]
Row: TypeAlias = DBTaskResult[Any, Any]
Work = TypeVar("Work", bound=Callable[..., None])


class JobUnknown(LookupError):
    """No job bears this name."""


class JobTwice(ValueError):
    """Two jobs bear one name."""


class NotDead(LookupError):
    """No such dead letter."""


class WorkerDied(RuntimeError):
    """Each worker that took this job ended before it was done."""


@dataclass(frozen=True, slots=True)
class Job:
    """A declared job; before try n it waits ``backoff`` × 2^(n-2)."""

    name: str
    work: Callable[..., None]
    retries: int
    backoff: timedelta
    every: timedelta | None = None


_jobs: dict[str, Job] = {}


def _enter(entry: Job) -> None:
    held = _jobs.get(entry.name)
    if held is not None and held.work.__qualname__ != entry.work.__qualname__:
        raise JobTwice(f"JobTwice: {entry.name!r} is declared already; choose another name")
    _jobs[entry.name] = entry


def job(
    name: str, *, retries: int = 5, backoff: timedelta = timedelta(seconds=5)
) -> Callable[[Work], Work]:
    """Declare the function a job; its arguments are JSON, by name. Raise JobTwice."""

    def declare(work: Work) -> Work:
        _enter(Job(name, work, retries, backoff))
        return work

    return declare


def periodic(
    name: str, *, every: timedelta, retries: int = 2, backoff: timedelta = timedelta(seconds=30)
) -> Callable[[Work], Work]:
    """Declare the function, without arguments, a job that is queued once in each ``every``.

    However many workers there are, one queues it; runs missed while none was up are not made up
    for. Raise JobTwice.
    """

    def declare(work: Work) -> Work:
        _enter(Job(name, work, retries, backoff, every))
        return work

    return declare


@task()
def run(name: str, args: dict[str, Any]) -> None:
    """Run a declared job (the one task that django-tasks knows). Raise JobUnknown."""
    _job(name).work(**args)


def _job(name: str) -> Job:
    try:
        return _jobs[name]
    except KeyError:
        raise JobUnknown(
            f"JobUnknown: {name!r}; declare it with @job in an app's tasks.py, "
            f"known: {', '.join(sorted(_jobs)) or 'none'}"
        ) from None


def enqueue(name: str, args: Mapping[str, Any], *, run_after: datetime | None = None) -> str:
    """Queue a job in the caller's transaction; give its id. Raise JobUnknown.

    ``args`` are JSON; ``run_after`` an instant with zone, before which it does not start.
    """
    _job(name)
    queued = run.using(run_after=run_after or clock.now()).enqueue(name=name, args=dict(args))
    return str(queued.id)


def _claim(worker: str) -> Row | None:
    ready = DBTaskResult.objects.filter(
        status=TaskResultStatus.READY, run_after__lte=clock.now(), task_path=run.module_path
    )
    if not ready.exists():
        return None
    with transaction.atomic():
        row = ready.select_for_update(skip_locked=True).first()
        if row is not None:
            row.status = TaskResultStatus.RUNNING
            row.started_at = clock.now()
            row.worker_ids = [*row.worker_ids, worker]
            row.save(update_fields=["status", "started_at", "worker_ids"])
    return row


def _run_one(worker: str) -> bool:
    row = _claim(worker)
    if row is None:
        return False
    told = row.args_kwargs["kwargs"]
    try:
        run.call(**told)
    except Exception as error:
        log.exception("job %s %s failed", told["name"], row.id)
        _failed(row, error)
    else:
        # what a job did is told on the trail; a row a run would only make the queue slow
        row.delete()
    return True


def _failed(row: Row, error: Exception) -> None:
    declared = _jobs.get(row.args_kwargs["kwargs"]["name"])
    tried = len(row.worker_ids)
    row.exception_class_path = f"{type(error).__module__}.{type(error).__qualname__}"
    row.traceback = str(error)
    if declared is None or tried > declared.retries:
        row.status = TaskResultStatus.FAILED
        row.finished_at = clock.now()
    else:
        row.status = TaskResultStatus.READY
        row.run_after = clock.now() + min(declared.backoff * 2 ** (tried - 1), _LONGEST_WAIT)
    row.save()


def _bury(own: str) -> None:
    """Queue again what dead workers left running."""
    for row in DBTaskResult.objects.filter(
        status=TaskResultStatus.RUNNING, task_path=run.module_path
    ):
        if row.worker_ids[-1] == own or not is_dead(row.worker_ids[-1]):
            continue
        with transaction.atomic():
            left = DBTaskResult.objects.select_for_update().get(pk=row.pk)
            # another worker may have been here first
            if (left.status, left.worker_ids) == (TaskResultStatus.RUNNING, row.worker_ids):
                _failed(left, WorkerDied("the worker ended before the job was done"))


def _tick() -> None:
    """Queue the periodic jobs that are due."""
    now = clock.now()
    for entry in [entry for entry in _jobs.values() if entry.every is not None]:
        due, _ = models.Due.objects.get_or_create(name=entry.name, defaults={"at": now})
        if due.at > now:
            continue
        every = entry.every or timedelta()
        with transaction.atomic():
            # whoever changes the row queues the job; the others find it changed
            same = models.Due.objects.filter(name=entry.name, at=due.at)
            if same.update(at=now + every - (now - due.at) % every):
                enqueue(entry.name, {})


def run_until_idle(chores: Sequence[Chore] = ()) -> int:
    """Run what is ready now, and the chores, until nothing is left; give how many jobs ran.

    A chore gives how much it did (the relay's ``deliver``, say). Jobs that wait for a later instant
    are left waiting.
    """
    own = str(uuid4())
    ran = 0
    with alive(own):
        _bury(own)
        _tick()
        while True:
            moved = sum([chore() for chore in chores])
            while _run_one(own):
                ran += 1
                moved += 1
            if not moved:
                return ran


def worker(
    stop: threading.Event | None = None, *, chores: Sequence[Chore] = (), poll: float = 0.5
) -> None:
    """Run jobs, periodic jobs and chores until told to stop; look every ``poll`` seconds.

    Without ``stop`` (main thread only) SIGTERM and SIGINT tell it: the job at hand is finished, no
    other begun.
    """
    if stop is None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_, told=stop: told.set())
    own = str(uuid4())
    looked = float("-inf")
    with alive(own):
        while not stop.is_set():
            if time.monotonic() - looked > _LOOK_FOR_THE_DEAD_EVERY:
                _bury(own)
                looked = time.monotonic()
            _tick()
            moved = sum([chore() for chore in chores])
            if not _run_one(own) and not moved:
                stop.wait(poll)


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that failed for good."""

    job_id: str
    name: str
    args: Mapping[str, Any]
    attempts: int
    error: str


def dead_letters() -> tuple[DeadJob, ...]:
    """Give the jobs that failed for good 死信, oldest first."""
    failed = DBTaskResult.objects.failed().filter(task_path=run.module_path)
    return tuple(
        DeadJob(
            str(row.id),
            row.args_kwargs["kwargs"]["name"],
            row.args_kwargs["kwargs"]["args"],
            len(row.worker_ids),
            f"{row.exception_class_path.rpartition('.')[2]}: {row.traceback}",
        )
        for row in failed.order_by("finished_at")
    )


def requeue(job_id: str, *, actor: str) -> None:
    """Let a dead letter be tried again from the first try; tell who said so. Raise NotDead."""
    with transaction.atomic():
        failed = DBTaskResult.objects.failed().filter(pk=UUID(job_id))
        if not failed.update(
            status=TaskResultStatus.READY, worker_ids=[], run_after=clock.now(), finished_at=None
        ):
            raise NotDead(f"NotDead: no dead job {job_id}; see the list of dead letters")
        tell(Draft(type="tongban.jobs.requeued.v1", chain=f"job:{job_id}", actor=actor, data={}))


def waiting() -> int:
    """Give how many jobs wait, now or for a later instant."""
    ready = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    return ready.filter(task_path=run.module_path).count()
