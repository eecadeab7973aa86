"""How workers know of each other's death: a lock that ends with its holder, however it ends.

PostgreSQL: an advisory lock of the session. SQLite: a locked file beside the database file. No
heartbeat and no timeout, so that a long job is not taken for a dead one.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.db import connection


def _folder() -> Path | None:
    """Give where SQLite's lock files lie; None for a database in memory, which has one process."""
    name = str(connection.settings_dict["NAME"])
    if name.startswith("file:") or name == ":memory:":
        return None
    return Path(name).parent / "workers"


def _number(worker: str) -> int:
    return int.from_bytes(UUID(worker).bytes[:8], signed=True)


def _ask(question: str, worker: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, [_number(worker)])
        return bool(cursor.fetchone()[0])


@contextmanager
def alive(worker: str) -> Iterator[None]:
    """Be known as alive under this id (a UUID) while the block runs."""
    if connection.vendor == "postgresql":
        _ask("SELECT pg_advisory_lock(%s) IS NULL", worker)
        try:
            yield
        finally:
            _ask("SELECT pg_advisory_unlock(%s)", worker)
        return
    folder = _folder()
    if folder is None:
        yield
        return
    folder.mkdir(exist_ok=True)
    path = folder / worker
    held = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(held)


def is_dead(worker: str) -> bool:
    """Tell whether the worker of this id, not our own, has ended."""
    if connection.vendor == "postgresql":
        free = _ask("SELECT pg_try_advisory_lock(%s)", worker)
        if free:
            _ask("SELECT pg_advisory_unlock(%s)", worker)
        return free
    folder = _folder()
    if folder is None:
        return False
    try:
        asked = os.open(folder / worker, os.O_WRONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(asked, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        (folder / worker).unlink(missing_ok=True)
        return True
    finally:
        os.close(asked)
