"""The newborn life event end to end: seven branches, all data fetched, all rules, all saved.

One process gives the latency of a submission; two processes give the throughput. Taken on SQLite
with synchronous=FULL, and on PostgreSQL where one can be started. The peer is the limit that the
project sets itself; the 2026 report quotes two hours.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import Row
from benchmarks.nets import peer_steps
from tongban.config import servers

FAMILIES = 240
WORKER = Path(__file__).with_name("newborn_worker.py")


def _environment(home: Path, database: str) -> dict[str, str]:
    return {
        **os.environ,
        "TONGBAN_HOME": str(home),
        "TONGBAN_DATABASE": database,
        "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
    }


def _prepare(env: dict[str, str]) -> None:
    tongban = Path(sys.executable).with_name("tongban")
    subprocess.run([tongban, "setup"], env=env, check=True, capture_output=True)
    sample = [tongban, "sample", "--people", "20000", "--newborns", str(FAMILIES)]
    subprocess.run(sample, env=env, check=True, capture_output=True)


def _run(env: dict[str, str], parts: int) -> tuple[list[float], float, int]:
    """Let ``parts`` processes share the families; give all latencies, wall seconds and steps."""
    started = [
        subprocess.Popen(
            [sys.executable, WORKER, str(part), str(parts)],
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(parts)
    ]
    found = []
    for process in started:
        out, _ = process.communicate()
        if process.returncode:
            raise RuntimeError("a worker failed; see its error above")
        found.append(json.loads(out))
    latencies = [seconds for one in found for seconds in one["latencies"]]
    wall = max(one["ended"] for one in found) - min(one["began"] for one in found)
    return latencies, wall, sum(one["steps"] for one in found)


def _rows(name: str, env: dict[str, str]) -> list[Row]:
    _prepare(env)
    latencies, _, steps = _run(env, 1)
    cuts = statistics.quantiles(latencies, n=20)
    peer = peer_steps()
    note = "sources, rules, licences, transaction and trail on our side, none on the other's"
    return [
        Row(
            f"case step with everything, on {name}",
            sum(latencies) / steps,
            statistics.median(peer["seconds"]),
            f"SpiffWorkflow {peer['version']}",
            "s",
            "less",
            note,
        ),
        Row(f"newborn on {name}, p50", cuts[9], 1.0, "own limit", "s", "less", "one process"),
        Row(f"newborn on {name}, p95", cuts[18], 1.0, "own limit", "s", "less", "one process"),
    ]


def _throughput(name: str, env: dict[str, str]) -> Row:
    _prepare(env)
    latencies, wall, _ = _run(env, 2)
    rate = len(latencies) / wall
    note = f"{len(latencies)} families, two processes, durable commits"
    return Row(f"newborns a second on {name}", rate, 40.0, "own target", "1/s", "more", note)


def run() -> list[Row]:
    """Measure latency and throughput on the databases that can be had here."""
    rows = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        url = f"sqlite:///{one}/tongban.sqlite3"
        rows += _rows("SQLite", _environment(Path(one), url))
        url = f"sqlite:///{two}/tongban.sqlite3"
        rows.append(_throughput("SQLite", _environment(Path(two), url)))
    with servers.postgres() as url:
        if url is None:
            return rows
        for make in (_rows, lambda name, env: [_throughput(name, env)]):
            with tempfile.TemporaryDirectory() as home:
                rows += make("PostgreSQL", _environment(Path(home), url))
                _empty(url)
    return rows


def _empty(url: str) -> None:
    psql = ["psql", url, "-qc", "DROP SCHEMA public CASCADE; CREATE SCHEMA public"]
    subprocess.run(psql, check=True, capture_output=True)
