"""What every test may ask for: outside test data, hypothesis profiles and the mark `whole`."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django
from hypothesis import settings

pytest_plugins = [
    "testkit.clock",
    "testkit.banks",
    "testkit.disks",
    "testkit.gateways",
    "testkit.nats",
    "testkit.packs",
    "testkit.papers",
    "testkit.servers",
    "testkit.witnesses",
]

settings.register_profile("ci", max_examples=120, deadline=None, print_blob=True)
settings.register_profile("dev", max_examples=60, deadline=None)
settings.register_profile("quick", max_examples=10, deadline=None)
_FULL = os.environ.get("CI") == "true"
settings.load_profile("ci" if _FULL else "dev")

pytest.register_assert_rewrite("testkit.office")

# what is imported stays: walking through it again and again takes a tenth of a quick run
gc.set_threshold(100_000, 50, 100)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Bring in the office, which imports models, once Django is set up.

    Keys and the log of the node inside this process lie in a folder of this process alone.
    """
    config.pluginmanager.import_plugin("testkit.office")
    home = tempfile.mkdtemp(prefix="tongban-home-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    django.HOME = Path(home)
    # a test may have a home of its own; what seals the databases stays where it is
    django.MASTER = f"file:{home}"


# what a test must ask for to be one that runs more than the code it names
_WHOLE = frozenset({
    "any_office", "apart", "bank", "db", "fresh_database", "fresh_sqlite", "nats_server", "network",
    "office", "office_on_postgres", "quiet", "small_disk",
})  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark `whole` what runs an office, a database server or nodes, or injects faults.

    What is marked `full` is left to ``CI=true``, unless it is named on the command line.
    """
    for item in items:
        asks = _WHOLE.intersection(getattr(item, "fixturenames", ()))
        if asks or item.get_closest_marker("django_db") or "faults" in item.path.parts:
            item.add_marker("whole")
    if _FULL or any("::" in argument for argument in config.args):
        return
    left = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if not item.get_closest_marker("full")]


_BESIDE = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def test_data() -> Callable[[str], Path]:
    """Give the folder of outside test data with this name, or skip with a clear word."""

    def find(name: str) -> Path:
        root = Path(os.environ.get("TONGBAN_TEST_DATA", _BESIDE))
        folder = root / name
        if not folder.exists():
            pytest.skip(f"outside test data {name!r} is absent: set TONGBAN_TEST_DATA")
        return folder

    return find
