"""Value: unit costs of ten million events, rates of return and Monte Carlo paths a second.

The peers: the same counting in Polars (without the checks of times and stages), and
numpy-financial's irr called path by path, as its users do. Each in its own process.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np

from benchmarks.common import Row, best_of
from benchmarks.peers import ask_peer, peer_python
from tongban.apps.value import counting, parameters, samples
from tongban.apps.value.building import of_costs
from tongban.apps.value.domain import appraisal, chance
from tongban.apps.value.loading import project
from tongban.infra.reports.model import plain

BRANCHES = 720_000  # fourteen events each: ten million
PATHS = 100_000
PEER_PATHS = 2_000
FRAMES = ["polars>=1.20,<2"]
FINANCIAL = ["numpy-financial>=1.0,<2", "numpy>=2,<3"]


def run() -> list[Row]:
    """Measure each side in a process of its own, so that its memory is its own."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        paths = samples.write(folder, 1000)
        events = folder / "large.parquet"
        samples.events(events, BRANCHES)
        ours = json.loads(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.value", str(paths["ledger"]), str(events)],
                cwd=Path(__file__).parents[1],
                check=True,
                stdout=subprocess.PIPE,
            ).stdout
        )
        frames = peer_python("value-frames", FRAMES)
        polars = ask_peer(frames, "value_polars.py", {"events": str(events), "within": 30})
        lines, _ = project(paths["project"])
    assert polars["effective"] == ours["effective"]
    found, terms = appraisal.project(lines), parameters.load().terms
    drawn = _paths(found, terms, PATHS)
    seconds = best_of(3, lambda: chance.irr_paths(drawn))
    whole = best_of(3, lambda: chance.simulate(found, terms, PATHS))
    financial = peer_python("value-financial", FINANCIAL)
    peer = ask_peer(financial, "value_financial.py", drawn[:PEER_PATHS].tolist())
    gap = np.abs(np.array(peer["rates"]) - chance.irr_paths(drawn[:PEER_PATHS])).max()
    events_said = f"{BRANCHES * 14 / 1e6:.1f} M events, {os.cpu_count()} cores"
    same = f"peer on {PEER_PATHS} paths, scaled; greatest difference {gap:.0e}"
    return [
        Row("events to unit costs", ours["seconds"], polars["seconds"], "Polars, counting alone",
            "s", "less", events_said),
        Row("memory of it", ours["megabytes"], polars["megabytes"], "Polars, counting alone", "MB",
            "less", events_said),
        Row("rates of return", PATHS / seconds, PEER_PATHS / peer["seconds"], "numpy-financial irr",
            "1/s", "more", same),
        Row("Monte Carlo paths, all of it", PATHS / whole, PEER_PATHS / peer["seconds"],
            "numpy-financial irr alone", "1/s", "more", "draws, flows, NPV, IRR, percentiles"),
    ]  # fmt: skip


def _paths(found: appraisal.Project, terms: appraisal.Terms, paths: int) -> chance.Floats:
    drawn = chance.draws(terms, paths, chance.SEED)
    sums = {kind: np.array(found.sums[kind], dtype=np.float64) for kind in appraisal.KINDS}
    return (
        drawn["direct"][:, None] * sums["direct"]
        - drawn["outlay"][:, None] * sums["outlay"]
        - drawn["running"][:, None] * sums["running"]
    )


def measure(ledger: Path, events: Path) -> dict[str, float]:
    """Cost these events; give the seconds and the greatest memory of this process."""
    known = parameters.load()
    began = time.perf_counter()
    of_costs(ledger, events, known, date(2026, 1, 1), trail=plain("generated"))
    seconds = time.perf_counter() - began
    counted = counting.count(events, known.within)
    return {
        "seconds": seconds,
        "megabytes": getrusage(RUSAGE_SELF).ru_maxrss / 1024,
        "effective": sum(c.effective for c in counted.counts),
    }


if __name__ == "__main__":
    json.dump(measure(Path(sys.argv[1]), Path(sys.argv[2])), sys.stdout)
