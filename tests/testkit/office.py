"""A whole office for scenarios: packs published, officials appointed, a sample city in its stores.

The template is made once a test process; every test gets its own copy of the database and of the
departments' stores, so that it may commit, break a department and move the clock.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from testkit.clock import Clock
from testkit.servers import Fresh, _Switch
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain import engine
from tongban.apps.cases.domain.state import Branch, Case
from tongban.apps.exchange.sample import MANIFEST
from tongban.apps.parties import queries as parties
from tongban.apps.parties import services as people
from tongban.config.setup import ensure_city, prepare
from tongban.infra.access.domain import Subject
from tongban.infra.packs import shipped_packs

PEOPLE = 400
NEWBORNS = 24
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
        return parties.subject_of(people.register_person(f"demo-{number}", "市民", number))

    def official(self, department: str, role: str) -> Subject:
        """Give the official who holds this post."""
        return parties.subject_of(parties.officials(department, role)[0])

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

    def _store(self, department: str) -> Path:
        return self.stores / f"{department}.sqlite"


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
def office(
    tmp_path: Path,
    clock: Clock,
    _office_template: Path,
    django_db_blocker: Any,
    settings: Any,
) -> Iterator[Office]:
    """Give this test an office of its own."""
    shutil.copyfile(_office_template / "office.sqlite3", tmp_path / "office.sqlite3")
    shutil.copytree(_office_template / "departments", tmp_path / "departments")
    settings.DEPARTMENT_STORES = tmp_path / "departments"
    url = f"sqlite:///{tmp_path / 'office.sqlite3'}"
    clock.freeze(START)
    with django_db_blocker.unblock(), _Switch(url):
        yield Office(tmp_path, url, clock)
