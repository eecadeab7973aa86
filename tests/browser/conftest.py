"""The browser, the city it looks at, and the thread in which its tests run."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from browser.visits import Chromium, Visit, visit
from testkit import chromium as installed
from testkit.city import City, Made, make, served


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run tests that ask for the browser in its thread."""
    browser = pyfuncitem.funcargs.get("chromium")
    if browser is None:
        return None
    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    browser.do(lambda: pyfuncitem.obj(**given))
    return True


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Start Debian's Chromium, once a session."""
    found = installed.program()
    if found is None:
        pytest.skip("no Chromium on this machine: make test-browser says what is missing")
    browser = Chromium(found)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="session")
def city(_made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Serve a city with its states, once a session: to look at, not to change."""
    with served(_made, tmp_path_factory.mktemp("served") / "city") as running, running.bank():
        yield running


@pytest.fixture(scope="session")
def lived_in(_made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Serve a copy of the city that scenarios change, each for people of its own."""
    with served(_made, tmp_path_factory.mktemp("lived-in") / "city") as running:
        yield running


@pytest.fixture
def own_city(_made: Made, tmp_path: Path) -> Iterator[City]:
    """Serve a copy of the city for this test alone, which may change it."""
    with served(_made, tmp_path / "city") as running:
        yield running


@pytest.fixture
def visiting(chromium: Chromium, city: City) -> Callable[..., AbstractContextManager[Visit]]:
    """Give what opens a window on the city: ``with visiting(setting, role) as seen``."""
    return partial(visit, chromium.browser, city)


@pytest.fixture
def plainly(chromium: Chromium, lived_in: City) -> Callable[..., AbstractContextManager[Visit]]:
    """Give what opens a window with script off on the city that scenarios change."""
    return partial(visit, chromium.browser, lived_in, script=False)


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Mark `browser` whatever asks for one."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
