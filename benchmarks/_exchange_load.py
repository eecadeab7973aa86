"""The load of the exchange's benchmark, in a process of its own: signed calls over kept links.

Signs beforehand, sends over plain sockets (its own cost must not hide the node's), reads the
serving process's processor time from /proc, and prints one JSON object.
"""

import asyncio
import json
import os
import secrets
import statistics
import sys
import time
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any

from tongban.kernel.events import canonical
from tongban.kernel.suites import Signer, suite
from tongban.kernel.wire.signatures import sign_request
from tongban.kernel.wire.words import Request
from tongban.node import clock

LINKS = 32
CHUNK = 800  # requests signed at once: they are good for a minute
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Give user and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@lru_cache(maxsize=4)
def _signer(keyid: str, secret: str) -> Signer:
    return suite(keyid.split("/")[1]).signer(bytes.fromhex(secret))


def written(task: dict[str, Any], number: int) -> bytes:
    """Write one request as it stands on the wire, signed where the task says so."""
    body = canonical(
        {"fields": task["fields"], "key": {task["key"]: task["value"].format(number % 1000)}}
    )
    headers: tuple[tuple[str, str], ...] = (
        ("content-type", "application/json"),
        ("x-road-client", task["client"]),
        ("x-road-id", uuid.uuid4().hex),
        ("tb-purpose", task["purpose"]),
    )
    request = Request("POST", task["path"], "", headers, body)
    if task["keyid"]:
        signer = _signer(task["keyid"], task["secret"])
        nonce = secrets.token_urlsafe(16)
        request = sign_request(request, task["keyid"], signer, clock.now(), nonce)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    lines = f"POST {request.path} HTTP/1.1\r\nhost: node\r\ncontent-length: {len(body)}\r\n"
    return (lines + head + "\r\n").encode() + body


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.lower().index(b"content-length:") + 15
    await reader.readexactly(int(head[at : head.index(b"\r", at)]))
    return int(head[9:12])


async def _link(
    port: int, waiting: list[bytes], told: list[tuple[int, float]], pause: float
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    due = time.perf_counter() + pause * secrets.randbelow(1000) / 1000
    while True:
        if pause:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if not waiting:
            break
        # from when it was due: a queue that grows must show (coordinated omission)
        began = due if pause else time.perf_counter()
        due += pause
        writer.write(waiting.pop())
        status = await _answer(reader)
        told.append((status, time.perf_counter() - began))
    writer.close()


async def _load(task: dict[str, Any], requests: list[bytes], rate: float) -> dict[str, float]:
    told: list[tuple[int, float]] = []
    pause = LINKS / rate if rate else 0.0
    pids = task["pids"]
    before, began = sum(map(cpu_seconds, pids)), time.perf_counter()
    await asyncio.gather(*(_link(task["port"], requests, told, pause) for _ in range(LINKS)))
    spent, took = sum(map(cpu_seconds, pids)) - before, time.perf_counter() - began
    bad = [status for status, _ in told if status != 200]
    if bad:
        raise SystemExit(f"{len(bad)} of {len(told)} calls were refused: {bad[:5]}")
    times = sorted(seconds for _, seconds in told)
    return {
        "per_cpu": len(told) / spent if spent else 0.0,
        "per_second": len(told) / took,
        "p50": statistics.median(times),
        "p99": times[int(len(times) * 0.99)],
    }


def main() -> None:
    """Read a task on standard input, load the node, print what was found."""
    task = json.load(sys.stdin)

    def load(calls: int, rate: float) -> dict[str, float]:
        return asyncio.run(_load(task, [written(task, n) for n in range(calls)], rate))

    load(200, 0.0)
    runs = [load(CHUNK, 0.0) for _ in range(task["chunks"])]
    best = max(runs, key=lambda run: run["per_cpu"])
    rate = statistics.median(run["per_second"] for run in runs) / 2
    half = load(CHUNK, rate)
    json.dump({**best, "half_p50": half["p50"], "half_p99": half["p99"]}, sys.stdout)


if __name__ == "__main__":
    main()
