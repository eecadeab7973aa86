"""A whole office for scenarios: packs published, officials appointed, a sample city in its stores.

The template is made once a test process; every test gets its own copy of the database and of the
departments' stores, so that it may commit, break a department and move the clock. ``office`` stands
on SQLite, ``office_on_postgres`` on PostgreSQL, ``any_office`` on the one and then on the other.
"""

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from testkit.clock import Clock
from testkit.servers import Fresh, _Switch
from tongban.apps.cases import announcing, queries, services
from tongban.apps.cases.domain import engine
from tongban.apps.cases.domain.state import Branch, Case
from tongban.apps.exchange import transport
from tongban.apps.exchange.sample import MANIFEST
from tongban.apps.parties import queries as parties
from tongban.apps.parties import services as people
from tongban.config.setup import ensure_city, prepare
from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.calendar import load_calendar
from tongban.infra.packs import shipped_packs

PEOPLE = 400
NEWBORNS = 24
T = TypeVar("T")
START = "2026-11-23T09:00:00+08:00"  # a Monday


@dataclass
class Office:
    """The office a scenario plays in."""

    folder: Path
    url: str
    clock: Clock
    taken: dict[str, int] = field(default_factory=dict)

    @property
    def stores(self) -> Path:
        """The departments' stores."""
        return self.folder / "departments"

    def environment(self) -> dict[str, str]:
        """Give the environment of a process that works in this office."""
        fresh = Fresh(self.url, "sqlite").environment(self.folder)
        return fresh | {"TONGBAN_CLOCK": str(self.clock.path)}

    def cast(self, life_event: str, place: int = 0) -> Mapping[str, str]:
        """Give the known facts of somebody of the city; the first has nothing amiss."""
        manifest = json.loads((self.stores / MANIFEST).read_text(encoding="utf-8"))
        found: Mapping[str, str] = manifest["cast"][life_event][place]
        return found

    def answers(self, life_event: str) -> dict[str, Any]:
        """Give the answers of the demonstration, to change for a scenario."""
        path = shipped_packs() / "sample" / "demo.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))[life_event]
        return found

    def citizen(self, number: str) -> Subject:
        """Give the account of the person with this identity number."""
        user = people.register_person(f"demo-{number}", "市民", number)
        return parties.subject_of(user, COMMAND)

    def official(self, department: str, role: str) -> Subject:
        """Give the official who holds this post."""
        return parties.subject_of(parties.officials(department, role)[0], COMMAND)

    def appoint(self, department: str, role: str, login: str) -> Subject:
        """Give one more official who holds this post."""
        return parties.subject_of(people.appoint(login, login, department, role), COMMAND)

    def leave(self) -> None:
        """Let go of this thread's connection at its end."""
        connections["default"].close()

    def applicant(self, life_event: str, place: int = 0) -> Subject:
        """Give the account of somebody to whom this life event happens."""
        known = self.cast(life_event, place)
        return self.citizen(next(v for n, v in known.items() if n.endswith(".id_number")))

    def submit(self, life_event: str = "newborn", place: int = 0, **changed: Any) -> str:
        """Apply once, with the demonstration's answers and what is ``changed`` (a None drops)."""
        known = {n: v for n, v in self.cast(life_event, place).items() if "id_number" not in n}
        uploads = changed.pop("uploads", ())
        seen = changed.pop("seen", {})
        changes = {n.replace("__", "."): v for n, v in changed.items()}
        answers = {**self.answers(life_event), **known, **changes}
        answers = {n: v for n, v in answers.items() if v is not None}
        return services.submit(
            self.applicant(life_event, place),
            services.Submission(life_event, answers, consent=True, uploads=uploads, seen=seen),
        )

    def next_birth(self) -> None:
        """Let every mother's birth be another one: the same family may apply again."""
        born = self.taken["born"] = self.taken.get("born", 0) + 1
        day, order = divmod(born, 20)
        self.write(
            "health",
            "UPDATE CSYXXX SET CSSJ = ?, TC = ?, CSRQ = date(CSRQ, ?)",
            f"{born // 60:02d}:{born % 60:02d}",
            order + 1,
            "-1 day" if day and not order else "+0 day",
        )
        self.write("medical-insurance", "UPDATE FMJSXX SET JSDH = ? || rowid", f"JS{born}-")

    def case(self, number: str) -> Case:
        """Give the state of a case."""
        return services.load(number)

    def branch(self, number: str, item: str) -> Branch:
        """Give one branch of a case."""
        return self.case(number).branches[item]

    def tasks(self, number: str) -> list[engine.Task]:
        """List the work that waits for people."""
        loaded = queries.load(number)
        return list(engine.tasks(loaded.case, loaded.ground))

    def close(self, department: str) -> None:
        """Take a department's store away: it does not answer any more."""
        self._store(department).rename(self._store(department).with_suffix(".closed"))

    def open(self, department: str) -> None:
        """Give the department's store back."""
        self._store(department).with_suffix(".closed").rename(self._store(department))

    def write(self, department: str, sql: str, *values: object) -> None:
        """Let a department change its own records."""
        with closing(sqlite3.connect(self._store(department))) as store:
            store.execute(sql, values)
            store.commit()

    def _store(self, department: str) -> Path:
        return self.stores / f"{department}.sqlite"

    @contextmanager
    def writers_wait(self) -> Iterator[None]:
        """Let everybody read and nobody write meanwhile, so that writers meet at the end of it."""
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                yield
        else:
            with psycopg.connect(self.url) as connection:
                connection.execute("LOCK TABLE cases_case, fees_order IN EXCLUSIVE MODE")
                yield

    def at_once(self, *acts: Callable[[], T]) -> list[T | Exception]:
        """Do these in one thread each, all ready before the first may write; give what came."""
        with ThreadPoolExecutor(len(acts)) as threads:
            with self.writers_wait():
                running = [threads.submit(_alone, self, act) for act in acts]
                time.sleep(0.5)
                assert not any(r.done() for r in running)
            return [_outcome(r) for r in running]

    def announce(self, days: Sequence[tuple[str, str, str]]) -> int:
        """Bring a pack with (date, kind, name) of days into force; give how many clocks moved."""
        pack = self.folder / "packs" / "announced"
        pack.mkdir(parents=True, exist_ok=True)
        head = "schema: tongban/pack/1\nslug: announced\nname: {zh: 公告, en: notice}\n"
        (pack / "pack.yaml").write_text(
            f'{head}region: "330100"\nextends: [sample]\n', encoding="utf-8"
        )
        rows = [f"{day},{kind},{name},公告" for day, kind, name in days]
        (pack / "calendar.csv").write_text(
            "\n".join(["date,kind,name,source", *rows, ""]), encoding="utf-8"
        )
        settings.PACKS = [pack.parent]
        services.calendar.cache_clear()
        load_calendar.cache_clear()
        return announcing.announce(services.calendar())


def _alone(office: Office, act: Callable[[], T]) -> T:
    try:
        return act()
    finally:
        office.leave()


def _outcome(running: "Future[T]") -> T | Exception:
    try:
        return running.result()
    except Exception as error:  # noqa: BLE001 - what came of it is what the test asks
        return error


@pytest.fixture(scope="session")
def _office_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    folder = tmp_path_factory.mktemp("office")
    held = Clock(folder / "clock")
    held.freeze(START)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONGBAN_CLOCK", str(held.path))
        patch.setattr(settings, "DEPARTMENT_STORES", folder / "departments")
        with django_db_blocker.unblock(), _Switch(f"sqlite:///{folder / 'office.sqlite3'}"):
            prepare()
            ensure_city(PEOPLE, NEWBORNS)
            with connections["default"].cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


@pytest.fixture
def _stand(
    tmp_path: Path,
    clock: Clock,
    _office_template: Path,
    django_db_blocker: Any,
    settings: Any,
) -> Iterator[Callable[[str], Office]]:
    """Give what opens an office of this test's own on the database with this URL."""
    shutil.copytree(_office_template / "departments", tmp_path / "departments")
    settings.DEPARTMENT_STORES = tmp_path / "departments"
    settings.PACKS = []
    # a node of its own: its log must not remember the days that another test has moved to
    settings.HOME = tmp_path
    transport._made.cache_clear()
    parties.forget_departments()
    clock.freeze(START)
    with django_db_blocker.unblock(), ExitStack() as opened:

        def stand(url: str) -> Office:
            opened.enter_context(_Switch(url))
            return Office(tmp_path, url, clock)

        yield stand
    transport._made.cache_clear()
    services.calendar.cache_clear()
    load_calendar.cache_clear()


@pytest.fixture
def office(tmp_path: Path, _office_template: Path, _stand: Callable[[str], Office]) -> Office:
    """Give this test an office of its own."""
    shutil.copyfile(_office_template / "office.sqlite3", tmp_path / "office.sqlite3")
    return _stand(f"sqlite:///{tmp_path / 'office.sqlite3'}")


@pytest.fixture(scope="session")
def _postgres_office(
    _postgres_template: Callable[[], tuple[str, Callable[[], None]]],
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: Any,
) -> str:
    url, _ = _postgres_template()
    held = Clock(tmp_path_factory.mktemp("postgres-office") / "clock")
    held.freeze(START)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONGBAN_CLOCK", str(held.path))
        with django_db_blocker.unblock(), _Switch(url):
            prepare()
    return url


@pytest.fixture
def office_on_postgres(
    postgres_url: str, _postgres_office: str, _stand: Callable[[str], Office], tmp_path: Path
) -> Iterator[Office]:
    """Give this test an office of its own whose database is a PostgreSQL."""
    template = _postgres_office.rpartition("/")[2]
    name = f"office_{abs(hash(tmp_path))}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield _stand(f"{postgres_url.rpartition('/')[0]}/{name}")
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["office", pytest.param("office_on_postgres", marks=pytest.mark.postgres)])
def any_office(request: pytest.FixtureRequest) -> Office:
    """Run the test twice: in an office on SQLite and in one on PostgreSQL."""
    found: Office = request.getfixturevalue(request.param)
    return found
