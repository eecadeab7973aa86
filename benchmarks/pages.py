"""Pages as an old telephone on a village line meets them: weight, requests, first text; and p95.

Last, how many steps an elder takes from the first page to the receipt of the old-age allowance.

150 kbit/s, 600 ms there and back, a processor six times slower (Chromium's own emulation); every
page is opened by a browser that has seen nothing before. The peer of the same run is the API's
page, which script builds in the browser (Swagger UI), served by the same installation; server time
has its target as peer. Pages are those of the tests' list; one that is not there is left out.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from benchmarks.common import Row

HERE = Path(__file__).parent
WANTED = ("home", "guide", "form", "timeline")
PEER = "/api/docs"
PEER_NAME = "Swagger UI, built by script"
KBITS, ROUND_TRIP, SLOWER = 150, 600, 6
BUDGET = 50.0  # kB a page of a citizen may weigh, compressed, with all that it needs
SERVER = 200.0  # ms
STEPS = 5.0
ROUNDS, ASKED = 3, 200
_FIRST_TEXT = """() => new Promise((tell) => new PerformanceObserver((list) => {
  const first = list.getEntriesByName('first-contentful-paint')[0];
  if (first) tell(first.startTime);
}).observe({ type: 'paint', buffered: true }))"""


@dataclass(frozen=True)
class Met:
    """What a browser met: bytes on the line in kB, requests, and seconds until the first text."""

    kilobytes: float
    requests: int
    first_text: float


def run() -> list[Row]:
    """Measure every wanted page that there is, beside the peer."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tongban.config.settings"
    # the tests' list and browser, which are no packages of the installation
    from browser.pages import BY_NAME  # noqa: PLC0415

    rows = []
    for missing in (name for name in WANTED if name not in BY_NAME):
        print(f"no page {missing} on the list yet: left out")
    with _city() as (city, browser):
        peer = _met(city, browser, PEER, "", rounds=1)  # it takes minutes
        for name in (name for name in WANTED if name in BY_NAME):
            shown = BY_NAME[name]
            met = _met(city, browser, shown.path, shown.role)
            slow = f"{KBITS} kbit/s, {ROUND_TRIP} ms, CPU÷{SLOWER}"
            rows += [
                Row(f"{name}: weight", met.kilobytes, peer.kilobytes, PEER_NAME, "kB", "less"),
                Row(f"{name}: weight", met.kilobytes, BUDGET, "own budget", "kB", "less"),
                Row(f"{name}: requests", met.requests, peer.requests, PEER_NAME, "", "less"),
                Row(
                    f"{name}: first text",
                    met.first_text,
                    peer.first_text,
                    PEER_NAME,
                    "s",
                    "less",
                    slow,
                ),
                Row(
                    f"{name}: server time, p95",
                    _p95(city, shown.path, shown.role),
                    SERVER,
                    "own target",
                    "ms",
                    "less",
                    "one after another, with the way over loopback",
                ),
            ]
        steps = float(browser.do(lambda: _steps(city, browser.browser)))
        what = "old-age allowance, elder mode: steps from home to receipt"
        rows.append(Row(what, steps, STEPS, "own target", "", "less", "pressed in a browser"))
    return rows


def _steps(city: Any, browser: Any) -> int:
    """Count what an elder on a telephone presses from the first page to the receipt."""
    from browser.matrix import Setting  # noqa: PLC0415
    from browser.people import Citizen  # noqa: PLC0415
    from browser.visits import visit  # noqa: PLC0415

    with visit(browser, city, Setting("elder", 390, "zh"), "elder") as seen:
        Citizen(seen).old_age_allowance()
        return int(seen.steps)


@contextmanager
def _city() -> Iterator[tuple[Any, Any]]:
    from browser.visits import Chromium  # noqa: PLC0415
    from testkit import chromium  # noqa: PLC0415
    from testkit.city import make, served  # noqa: PLC0415

    program = chromium.program()
    if program is None:
        raise RuntimeError("no Chromium: make test-browser says what is missing")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TONGBAN_HOME"] = folder
        made = Path(folder) / "made"
        made.mkdir()
        browser = Chromium(program)
        try:
            with served(make(made), Path(folder) / "served") as city:
                yield city, browser
        finally:
            browser.close()


def _met(city: Any, browser: Any, path: str, role: str, rounds: int = ROUNDS) -> Met:
    """Open a page as often as wanted, each time by a window that knows nothing; give the middle."""
    found = [browser.do(lambda: _open(city, browser.browser, path, role)) for _ in range(rounds)]
    return Met(
        statistics.median(one.kilobytes for one in found),
        int(statistics.median(one.requests for one in found)),
        statistics.median(one.first_text for one in found),
    )


def _open(city: Any, browser: Any, path: str, role: str) -> Met:
    from browser.matrix import Setting  # noqa: PLC0415
    from browser.visits import visit  # noqa: PLC0415

    with visit(browser, city, Setting("standard", 390, "zh"), role) as seen:
        line = seen.page.context.new_cdp_session(seen.page)
        sizes: list[float] = []
        line.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
        line.send("Network.enable")
        throughput = KBITS * 1000 / 8
        line.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": ROUND_TRIP,
                "downloadThroughput": throughput,
                "uploadThroughput": throughput,
            },
        )
        line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        seen.page.set_default_timeout(180_000)
        seen.page.goto(city.address(path), wait_until="networkidle")
        first: float = seen.page.evaluate(_FIRST_TEXT)  # may still be to come
        return Met(sum(sizes) / 1000, len(sizes), first / 1000)


def _p95(city: Any, path: str, role: str) -> float:
    """Give milliseconds within which 95 of 100 answers are there."""
    session = requests.Session()
    if role:
        session.cookies["sessionid"] = city.session(role)
    address, took = city.address(path), []
    for _ in range(ASKED):
        began = time.perf_counter()
        if not session.get(address, timeout=30).ok:
            raise RuntimeError(f"{address} did not answer well")
        took.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(took[10:], n=20)[-1]
