"""A soak of the exchange: a million calls through two nodes with the full policy on.

Not part of ``make bench``: ``make soak`` (or ``SOAK_CALLS=100000 make soak``). A client asks its
own node over kept connections; both nodes sign, verify, judge and log. Counts every answer that is
not the right one, watches the memory of both nodes, verifies both logs at the end, and writes
results/soak.md. The national gateway's error rate, 0.03 %, is the limit.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE / "tests"))

from benchmarks.__main__ import machine  # noqa: E402
from testkit.nodes import ITEM, POPULATION, Network, Node, person  # noqa: E402
from tongban.kernel.events import canonical  # noqa: E402
from tongban.node.verify import verify  # noqa: E402

LINKS = 16
LIMIT = 0.0003
TOLD_EVERY = 10_000
PEOPLE = 1_000
_LIMITS = "\n[limits]\nper_second = 1000000\nburst = 1000000\n"


@dataclass
class Soaked:
    """What came of it: answers by kind, seconds each, megabytes of each node over time."""

    calls: int
    kinds: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    memory: list[tuple[int, float, float]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def errors(self) -> float:
        """The share of calls that were not answered rightly."""
        return 1 - self.kinds["right"] / self.calls


def megabytes(node: Node) -> float:
    """Give the resident memory of a node's process."""
    assert node.process is not None
    for line in Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def _ask(
    session: aiohttp.ClientSession, url: str, token: str, soaked: Soaked, numbers: list[int]
) -> None:
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "tb-purpose": ITEM,
    }
    while numbers:
        number = numbers.pop()
        who = number % PEOPLE
        body = canonical({"fields": ["name"], "key": {"id_number": person(who)}})
        began = time.perf_counter()
        try:
            async with session.post(url, data=body, headers=headers) as answer:
                told = await answer.read()
                right = answer.status == 200 and json.loads(told) == {
                    "records": [{"name": f"王{who}"}]
                }
                soaked.kinds["right" if right else f"status {answer.status}"] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            soaked.kinds[type(error).__name__] += 1
        soaked.latencies.append(time.perf_counter() - began)


async def soak(consumer: Node, provider: Node, calls: int) -> Soaked:
    """Make the calls; give what came of them."""
    soaked = Soaked(calls)
    url = f"http://127.0.0.1:{consumer.inner}/r1/{POPULATION}/find"
    began = time.perf_counter()
    timeout = aiohttp.ClientTimeout(total=30)
    connector = aiohttp.TCPConnector(limit=LINKS)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        for start in range(0, calls, TOLD_EVERY):
            numbers = list(range(start, min(start + TOLD_EVERY, calls)))
            some = [_ask(session, url, consumer.token, soaked, numbers) for _ in range(LINKS)]
            await asyncio.gather(*some)
            done = min(start + TOLD_EVERY, calls)
            soaked.memory.append((done, megabytes(consumer), megabytes(provider)))
            rate = done / (time.perf_counter() - began)
            print(
                f"\r{done:,} calls, {rate:,.0f}/s, {done - soaked.kinds['right']} wrong",
                end="",
                flush=True,
            )
    soaked.seconds = time.perf_counter() - began
    print()
    return soaked


def report(soaked: Soaked, verified: dict[str, str]) -> str:
    """Write what was found as Markdown."""
    ordered = sorted(soaked.latencies)
    cuts = [f"{1000 * ordered[int(share * len(ordered))]:.1f}" for share in (0.5, 0.95, 0.99)]
    first, last = soaked.memory[0], soaked.memory[-1]
    where = ", ".join(f"{name} {value}" for name, value in machine().items())
    others = ", ".join(f"{k} {n}" for k, n in soaked.kinds.items() if k != "right") or "none"
    verdict = "within" if soaked.errors <= LIMIT else "OVER"
    return (
        f"# Soak\n{datetime.now(UTC).isoformat(timespec='seconds')}; {where}\n\n"  # noqa: TID251
        f"| what | measured |\n|---|--:|\n"
        f"| calls, client → own node → owner's node → store and back | {soaked.calls:,} |\n"
        f"| seconds | {soaked.seconds:,.0f} |\n"
        f"| calls a second, {LINKS} connections, both nodes and the client on this machine "
        f"| {soaked.calls / soaked.seconds:,.0f} |\n"
        f"| not answered rightly | {100 * soaked.errors:.4f} % ({others}); {verdict} the limit of "
        f"{100 * LIMIT:.2f} % |\n"
        f"| p50 / p95 / p99, ms | {' / '.join(cuts)} |\n"
        f"| memory of the consumer's node, MB, after {first[0]:,} and at the end "
        f"| {first[1]:.0f} → {last[1]:.0f} |\n"
        f"| memory of the provider's node, MB | {first[2]:.0f} → {last[2]:.0f} |\n"
        + "".join(f"| log of {name} | {told} |\n" for name, told in verified.items())
        + "\n`make soak` takes it; `SOAK_CALLS` sets the number of calls.\n"
    )


def main(calls: int) -> int:
    """Soak, verify, write; exit code 1 beyond the limit."""
    with tempfile.TemporaryDirectory() as folder:
        network = Network(Path(folder), "std")
        network.add(network.police, _LIMITS)
        network.start()
        try:
            soaked = asyncio.run(soak(network.bureau, network.police, calls))
        finally:
            network.stop()
        verified = {}
        for name, node in (("consumer", network.bureau), ("provider", network.police)):
            found = verify(node.store, snapshots=[network.folder / "snapshot.json"])
            verified[name] = (
                f"{found.rows:,} rows, {found.signatures:,} signatures hold"
                if not found.broken
                else f"BROKEN at {found.broken_row}: {found.broken}"
            )
        text = report(soaked, verified)
    print(text)
    (HERE / "benchmarks" / "results" / "soak.md").write_text(text, encoding="utf-8")
    broken = any("BROKEN" in told for told in verified.values())
    return 1 if broken or soaked.errors > LIMIT else 0


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SOAK_CALLS", "1000000")
    sys.exit(main(int(given)))
