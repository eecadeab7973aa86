"""A city to look at: an installation with its states, served by granian, and people who sign in.

It is made and served by processes of their own; whoever drives a browser touches no table.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from testkit.banks import RunningBank
from testkit.outside import PROVIDERS, bank_of, be_own_provider
from testkit.phones import Phone
from testkit.sites import Browser, Site, site

START = "2026-11-23T09:00:00+08:00"  # a Monday; the clock of the city stands still
DATABASE = "city.sqlite3"
TESTS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Person:
    """Somebody with an account; ``secret`` is that of the authenticator app, empty without one."""

    login: str
    password: str
    secret: str

    def code(self) -> str:
        """Give the code that the app shows now."""
        return Phone(self.secret).at(datetime.fromisoformat(START))


@dataclass(frozen=True)
class Home:
    """Where the installation keeps everything; ``url`` of its database, empty: a file in it."""

    folder: Path
    url: str = ""

    def environment(self, home: Path) -> dict[str, str]:
        """Give the environment of a process of this installation."""
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
            "TONGBAN_HOME": str(home),
            "TONGBAN_DATABASE": self.url or f"sqlite:///{home / DATABASE}",
            "TONGBAN_CLOCK": str(home / "clock"),
            "TONGBAN_LOGIN_PROVIDERS": str(home / PROVIDERS),
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
        }


@dataclass(frozen=True)
class City:
    """A served city: its ``origin``, numbers for addresses, and people by role."""

    home: Path
    site: Site
    numbers: Mapping[str, str]
    people: Mapping[str, Person]
    _sessions: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Where it is, without a slash at the end."""
        return self.site.origin

    def address(self, path: str) -> str:
        """Give the whole address of a path, with the city's numbers filled in."""
        return self.origin + path.format_map(self.numbers)

    def bank(self) -> AbstractContextManager[RunningBank]:
        """Run the bank at which its fees are paid, until the block ends."""
        return bank_of(self.home, self.site.environment)

    def session(self, role: str) -> str:
        """Give the session of somebody of this role, who signs in once by the pages."""
        if role not in self._sessions:
            browser = self.sign_in(role)
            self._sessions[role] = browser.session.cookies["sessionid"]
        return self._sessions[role]

    def freeze(self, instant: str) -> None:
        """Let the clock of the city stand at another instant (with zone)."""
        clock = Path(self.site.environment["TONGBAN_CLOCK"])
        fresh = clock.with_suffix(".new")
        fresh.write_text(instant, encoding="ascii")
        fresh.replace(clock)

    def births(self, count: int) -> None:
        """Let the first family apply for so many more births, by a process of its own."""
        subprocess.run(
            [sys.executable, "-m", "testkit._births", str(count)],
            env=dict(self.site.environment),
            check=True,
        )

    def sign_in(self, role: str) -> Browser:
        """Sign somebody in by the pages, as a person does, with the code where there is an app."""
        person, browser = self.people[role], Browser()
        browser.open(f"{self.origin}/sign-in")
        browser.send(username=person.login, password=person.password)
        if person.secret:
            browser.send(code=person.code())
        assert "/sign-in" not in browser.url, browser.text()
        return browser


@dataclass(frozen=True)
class Made:
    """A city that lies ready in a folder, and is copied for each that is served."""

    folder: Path
    numbers: Mapping[str, str]
    people: Mapping[str, Person]


def make(folder: Path, url: str = "") -> Made:
    """Make a city in this folder, or in the database at ``url``, in a process of its own."""
    (folder / "clock").write_text(START, encoding="ascii")
    made = subprocess.run(
        [sys.executable, "-m", "testkit._city"],
        env=Home(folder, url).environment(folder),
        check=True,
        stdout=subprocess.PIPE,
    )
    told = json.loads(made.stdout)
    people = {role: Person(**one) for role, one in told["people"].items()}
    # no provider yet: `served` makes the city its own
    (folder / PROVIDERS).write_text("[]", encoding="utf-8")
    return Made(folder, told["numbers"], people)


def crowded(made: Made, url: str, count: int, *more: str) -> Made:
    """Add so many cases to a city, in a process of its own."""
    people = {role: {"login": one.login} for role, one in made.people.items()}
    done = subprocess.run(
        [sys.executable, "-m", "testkit._crowd", str(count), *more],
        env=Home(made.folder, url).environment(made.folder),
        input=json.dumps({"numbers": dict(made.numbers), "people": people}).encode(),
        check=True,
        stdout=subprocess.PIPE,
    )
    return Made(made.folder, {**made.numbers, **json.loads(done.stdout)}, made.people)


@contextmanager
def served(made: Made, folder: Path, **environment: str) -> Iterator[City]:
    """Serve a copy of the city, which lies in ``folder`` (not there yet), until the block ends."""
    shutil.copytree(made.folder, folder)
    with site(Home(folder), folder, **environment) as running:
        be_own_provider(folder, folder / DATABASE, running.origin, made.numbers["own"])
        yield City(folder, running, made.numbers, made.people)
