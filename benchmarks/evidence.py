"""The evidence log: durable appends and proofs a second beside pymerkle, and a bundle's check.

SQLite with synchronous=FULL in a folder of its own, one process; leaves, tiles and the relay's
position are written together. pymerkle 7 keeps its tree in memory, writes nothing, and runs in an
environment of its own because it is GPL.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django

from benchmarks.common import Row
from benchmarks.peers import ask_peer, peer_python

ROOT = Path(__file__).parents[1]
EVENTS = 65_536
BATCH = 8_192  # as the relay reads
PROOFS = 4_000
CHECKS = 40
TARGET_APPENDS, TARGET_PROOFS, TARGET_CHECK = 60_000.0, 25_000.0, 50.0


def run() -> list[Row]:
    """Measure in a process of its own, on a fresh installation."""
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            "TONGBAN_HOME": home,
            "TONGBAN_DATABASE": f"sqlite:///{home}/evidence.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]),
        }
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.evidence"],
            env=env,
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
        )
    found = json.loads(told.stdout)
    python = peer_python("pymerkle", ["pymerkle==7.0.0"])
    peer = ask_peer(python, "pymerkle_tree.py", {"entries": EVENTS, "proofs": PROOFS // 4})
    name = "pymerkle, in memory"
    batches = f"{EVENTS} events, batches of {BATCH}"
    proofs = f"tree of {EVENTS}, scattered places"
    return [
        Row(
            "leaves appended, durable",
            found["append"],
            TARGET_APPENDS,
            "own target",
            "1/s",
            "more",
            batches,
        ),
        Row(
            "leaves appended, durable",
            found["append"],
            peer["append"],
            name,
            "1/s",
            "more",
            batches,
        ),
        Row("inclusion proofs", found["prove"], TARGET_PROOFS, "own target", "1/s", "more", proofs),
        Row("inclusion proofs", found["prove"], peer["prove"], name, "1/s", "more", proofs),
        Row(
            "inclusion proofs, tiles first read from SQLite",
            found["prove_cold"],
            peer["prove"],
            name,
            "1/s",
            "more",
            proofs,
        ),
        Row(
            "consistency proofs",
            found["consist"],
            TARGET_PROOFS,
            "own target of inclusion",
            "1/s",
            "more",
            proofs,
        ),
        Row(
            "a bundle checked, std",
            found["check_std"],
            TARGET_CHECK,
            "own target",
            "ms",
            "less",
            "40 events, 3 witnesses, 1 document",
        ),
        Row(
            "a bundle checked, gm",
            found["check_gm"],
            TARGET_CHECK,
            "own target",
            "ms",
            "less",
            "the same; SM2 in plain Python",
        ),
    ]


def _rate(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def measure() -> dict[str, float]:
    """Give the rates, and the milliseconds of a check."""
    # the models load once Django is set up, and that needs this process's own environment
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from testkit.bundles import make  # noqa: PLC0415
    from tongban.apps.evidence import log, services, verify  # noqa: PLC0415
    from tongban.infra.trail import services as trail  # noqa: PLC0415
    from tongban.kernel.events import Draft  # noqa: PLC0415
    from tongban.kernel.tlog.tiles import Tiles  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    for start in range(0, EVENTS, 2048):
        with transaction.atomic():
            trail.append(
                [
                    Draft(
                        type="tongban.benchmark.told.v1",
                        chain=f"chain:{n // 8}",
                        actor="x",
                        data={"n": n},
                    )
                    for n in range(start, start + 2048)
                ]
            )
    found = {"append": _rate(EVENTS, services.gather)}
    tiles = Tiles(log.read_tile, log.log_suite().digest)
    tree = log.tree(EVENTS - 77, tiles)
    tree.root()
    places = [n * 7919 % tree.size for n in range(PROOFS)]
    found["prove_cold"] = _rate(PROOFS, lambda: [tree.inclusion(place) for place in places])
    found["prove"] = _rate(PROOFS, lambda: [tree.inclusion(place) for place in places])
    found["consist"] = _rate(PROOFS, lambda: [tree.consistency(place + 1) for place in places])
    for by in ("std", "gm"):
        files = make(by, count=40, others=EVENTS // 64).files
        found[f"check_{by}"] = 1000 / _rate(
            CHECKS,
            lambda files=files: [verify.check(files) for _ in range(CHECKS)],  # type: ignore[misc]
        )
    return found


if __name__ == "__main__":
    django.setup()
    json.dump(measure(), sys.stdout)
