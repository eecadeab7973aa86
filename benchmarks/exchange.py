"""The exchange: calls a processor-second at a provider's node, signed, judged and logged.

One process serves, another one loads it over 32 kept connections; what counts is the processor time
that the serving process used (user and system, all its threads), so that the client's cost and a
shared machine's waiting stay out. The peers of the same run: a bare Starlette and aiohttp proxy
before the same interface, and the same node without its log, without signatures.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks._exchange_load import LINKS
from benchmarks.common import Row

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE / "tests"))

from testkit.nodes import (  # noqa: E402 - the network of the tests is the one that is measured
    CLIENT,
    ITEM,
    POPULATION,
    Network,
    Node,
    person,
)
from tongban.config.servers import free_port  # noqa: E402
from tongban.kernel.suites import suite  # noqa: E402
from tongban.kernel.wire.judging import judge, project  # noqa: E402
from tongban.kernel.wire.snapshot import read_snapshot  # noqa: E402
from tongban.kernel.wire.words import Caller, Found, Identifier, Question  # noqa: E402

CHUNKS = 4
#: Calls a second: Shanghai's yearly mean, a province's peak, a nation's peak (numbers.md).
WANTED = (139, 3_704, 56_400)
TARGETS = {"std": 1_200.0, "gm": 450.0}
LIMITS = "\n[limits]\nper_second = 1000000\nburst = 1000000\n"
DESCRIBED = {
    "openapi": "3.1.0",
    "info": {"title": "people", "version": "1"},
    "paths": {
        "/people/{id}": {
            "get": {
                "operationId": "person",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {
                    "200": {
                        "description": "one",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["id_number", "name"],
                                    "properties": {
                                        "id_number": {"type": "string"},
                                        "name": {"type": "string"},
                                    },
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}
OVER_HTTP = """
[providers.population]
kind = "http"
base = "{base}"
allow_private = true
description = "people.json"
connections = 64
key = ["id_number"]
guard = {{ at_once = 64 }}
fields = {{ id_number = "id_number", name = "name", birth_date = "birth_date", \
region = "district", mobile = "phone", married = "married" }}
[providers.population.operations.find]
operation = "person"
path = {{ id_number = "id" }}
"""


@contextmanager
def served(kind: str, config: Path, *more: str) -> Iterator[tuple[int, int]]:
    """Serve one of `_exchange_serve`'s kinds; give the process's id and port."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._exchange_serve", kind, str(config), str(port), *more],
        cwd=HERE,
    )
    try:
        Node.wait_for(port, process, path="/people/x" if kind == "upstream" else "/")
        yield process.pid, port
    finally:
        process.kill()
        process.wait()


@contextmanager
def running(node: Node) -> Iterator[tuple[int, int]]:
    """Run the node as it is run in operation."""
    node.start()
    try:
        assert node.process is not None
        yield node.process.pid, node.outer
    finally:
        node.stop()


def loaded(network: Network, pid: int, port: int) -> dict[str, float]:
    """Load a process; see `_exchange_load`."""
    network.publish()
    task = {
        "port": port,
        "pids": [pid],
        "chunks": CHUNKS,
        "path": f"/r1/{POPULATION}/find",
        "fields": ["name"],
        "key": "id_number",
        "value": "P{:08d}",
        "client": CLIENT,
        "purpose": ITEM,
        "keyid": network.bureau.keyid,
        "secret": network.bureau.secret().hex(),
    }
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks._exchange_load"],
        input=json.dumps(task).encode(),
        stdout=subprocess.PIPE,
        cwd=HERE,
        check=True,
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


def micros(count: int, work: object) -> float:
    """Give the processor time of one of so many repetitions, in microseconds."""
    assert callable(work)
    began = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - began) / count * 1e6


def by_itself(network: Network, name: str) -> dict[str, float]:
    """Measure what the core does by itself: verify, sign, judge."""
    by = suite(name)
    signer = by.signer(network.bureau.secret())
    message = bytes(600)
    signature = signer.sign(message)
    verifier = by.verifier(signer.public)
    document = json.loads((network.folder / "snapshot.json").read_bytes())["document"]
    snapshot, now = read_snapshot(document), datetime.now(UTC)  # noqa: TID251 - a measurement
    caller = Caller(Identifier.parse(CLIENT), "c", (ITEM,))
    service = Identifier.parse(POPULATION)
    question = Question("find", ("name",), ({"id_number": person(1)},))
    found = Found([{"id_number": person(1), "name": "wang"}])

    def judged() -> None:
        project(judge(caller, service, question, snapshot, None, now), found)

    return {
        "verify": micros(1_000, lambda: verifier.verify(message, signature)),
        "sign": micros(1_000, lambda: signer.sign(message)),
        "judge": micros(1_000, judged),
    }


def run() -> list[Row]:
    """Measure both suites."""
    rows: list[Row] = []
    for name in ("std", "gm"):
        with tempfile.TemporaryDirectory() as folder:
            rows += _measured(Network(Path(folder), name), name)
    return rows


def _measured(network: Network, name: str) -> list[Row]:
    police = network.police
    network.add(police, LIMITS)
    with running(police) as place:
        table = loaded(network, *place)
    less = {}
    for kind in ("unlogged", "unsigned", "constant", "http"):
        with served(kind, police.config) as place:
            less[kind] = loaded(network, *place)["per_cpu"]
    text = police.config.read_text(encoding="utf-8")
    with served("upstream", police.config) as (_, port):
        base = f"http://127.0.0.1:{port}"
        (police.folder / "people.json").write_text(json.dumps(DESCRIBED), encoding="utf-8")
        begin, end = text.index("[providers.population]\nkind"), text.index("\n[limits]")
        police.config.write_text(
            text[:begin] + OVER_HTTP.format(base=base) + text[end:], encoding="utf-8"
        )
        with running(police) as place:
            over = loaded(network, *place)
        with served("bare", police.config, base) as place:
            bare = loaded(network, *place)["per_cpu"]
    split = _split(network, name, table["per_cpu"], less)
    print(f"{name}: microseconds of a call: {_told(split)}", flush=True)
    return _rows(name, table, over, less, bare, split)


def _split(network: Network, name: str, whole: float, less: dict[str, float]) -> dict[str, float]:
    """Say where the processor time of a call goes, in microseconds; the rest is the core's own."""
    own = by_itself(network, name)
    total = 1e6 / whole
    parts = {
        "HTTP": 1e6 / less["http"],
        **own,
        "provider": max(0.0, total - 1e6 / less["constant"]),
        "log": max(0.0, total - 1e6 / less["unlogged"]),
    }
    return {"whole": total, **parts, "rest": total - sum(parts.values())}


def _told(split: dict[str, float]) -> str:
    return ", ".join(f"{part} {value:.0f}" for part, value in split.items())


def _rows(
    name: str,
    table: dict[str, float],
    over: dict[str, float],
    less: dict[str, float],
    bare: float,
    split: dict[str, float],
) -> list[Row]:
    per = "calls/cpu-s"
    ours, http = table["per_cpu"], over["per_cpu"]
    full = f"{name}: calls signed and logged"
    rows = [
        Row(f"{full}, SQLite provider", ours, TARGETS[name], "own target", per, "more"),
        Row(f"{full}, HTTP provider", http, TARGETS[name], "own target", per, "more"),
        Row(f"{full}, HTTP provider", http, bare, "bare Starlette + aiohttp proxy", per, "more"),
        Row(f"{full}, SQLite provider", ours, less["unlogged"], "same without log", per, "more"),
        Row(
            f"{full}, SQLite provider", ours, less["unsigned"], "same without signature", per,
            "more", f"µs of a call: {_told(split)}",
        ),
        Row(
            f"{name}: p99 at half load", table["half_p99"] * 1e3, 100.0, "own target", "ms", "less",
            f"p50 {table['half_p50'] * 1e3:.1f} ms, {LINKS} connections, full load "
            f"{table['per_second']:.0f}/s on this machine",
        ),
    ]  # fmt: skip
    rows += [
        Row(
            f"{name}: cores for {wanted:,} calls/s", wanted / ours, wanted / bare,
            "bare proxy", "cores", "less", "at the providers' nodes",
        )
        for wanted in WANTED
    ]  # fmt: skip
    return rows
