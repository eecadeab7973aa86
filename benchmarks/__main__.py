"""Run the benchmarks, print a table of ratios, and write results/latest.{json,md}."""

import importlib
import json
import os
import platform
import sys
import traceback
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.common import Row

HERE = Path(__file__).parent
RESULTS = HERE / "results"
VERSIONS = ("django", "duckdb", "sqlglot", "lxml", "cryptography")


def modules() -> list[str]:
    """Every file beside this one that has a ``run``."""
    found = (path for path in HERE.glob("*.py") if not path.name.startswith("_"))
    return sorted(path.stem for path in found if "\ndef run()" in path.read_text())


def machine() -> dict[str, str]:
    """Say where the figures were taken: processor, cores, system, versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: version(name) for name in VERSIONS},
    }


def table(rows: list[Row]) -> str:
    """Write rows as a Markdown table; the ratio is how many times better than the peer."""
    head = "| what | ours | peer | | better | ratio | note |\n|---|--:|--:|---|---|--:|---|\n"
    return head + "".join(
        f"| {r.what} | {r.ours:.4g} {r.unit} | {r.peer:.4g} {r.unit} | {r.peer_name} "
        f"| {r.better} | {r.ratio:.2f}× | {r.note} |\n"
        for r in rows
    )


def main(only: list[str]) -> int:
    """Run what was asked for, keep the other results, tell failures apart."""
    known = modules()
    if unknown := sorted(set(only) - set(known)):
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    latest = RESULTS / "latest.json"
    results = json.loads(latest.read_text())["results"] if latest.exists() else {}
    failed = []
    for name in only or known:
        print(f"\n## {name}", flush=True)
        try:
            rows = importlib.import_module(f"benchmarks.{name}").run()
        except Exception:  # noqa: BLE001 - one failure must not lose the others' figures
            traceback.print_exc()
            failed.append(name)
            continue
        print(table(rows), flush=True)
        when = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - the date of the run
        results[name] = {"when": when, "machine": machine(), "rows": [asdict(row) for row in rows]}
    RESULTS.mkdir(exist_ok=True)
    latest.write_text(json.dumps({"results": results}, ensure_ascii=False, indent=1) + "\n")
    (RESULTS / "latest.md").write_text(_markdown(results))
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _markdown(results: dict[str, dict[str, object]]) -> str:
    text = "# Measured\nRatio: how many times better than the peer of the same run.\n"
    for name, result in sorted(results.items()):
        where = ", ".join(f"{k} {v}" for k, v in dict(result["machine"]).items())  # type: ignore[call-overload]
        rows = [Row(**row) for row in result["rows"]]  # type: ignore[attr-defined]
        text += f"\n## {name}\n{result['when']}; {where}\n\n{table(rows)}"
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
