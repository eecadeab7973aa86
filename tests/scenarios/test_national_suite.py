"""A whole city in the national suite, while the other suite is taken out of every process."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
#: Read by Python as it starts, in every process of the test: who reaches for suite std falls.
WITHOUT_STD = """
from tongban.kernel.suites import std

def _refused(self, *_):
    raise AssertionError("suite std is used in an instance of suite gm")

for _name in ("digest", "mac", "signer", "verifier", "cipher"):
    setattr(std.Standard, _name, _refused)
"""
TONGBAN = [sys.executable, "-c", "from tongban.cli import main; main()"]


@pytest.fixture(scope="module")
def without_std(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the environment of processes that have no suite std, in a home of their own."""
    folder = tmp_path_factory.mktemp("national")
    (folder / "sitecustomize.py").write_text(WITHOUT_STD)
    home = folder / "home"
    home.mkdir()
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("TONGBAN_", "DJANGO_"))}
    paths = [str(folder), *filter(None, [clean.get("PYTHONPATH")])]
    return {
        **clean,
        "PYTHONPATH": os.pathsep.join(paths),
        "TONGBAN_HOME": str(home),
        "TONGBAN_SUITE": "gm",
    }


def run(environment: dict[str, str], *words: str, fails: bool = False) -> str:
    done = subprocess.run(
        [*TONGBAN, *words],
        env=environment,
        cwd=environment["TONGBAN_HOME"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout + (done.stderr if fails else "")


def rows(environment: dict[str, str], statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(Path(environment["TONGBAN_HOME"]) / "tongban.sqlite3")) as opened:
        return list(opened.execute(statement))


def test_the_processes_of_this_test_have_no_suite_std(without_std: dict[str, str]) -> None:
    """The trap is sharp: the same command in suite std falls into it."""
    home = Path(without_std["TONGBAN_HOME"]).parent / "std"
    home.mkdir()
    other = {**without_std, "TONGBAN_HOME": str(home), "TONGBAN_SUITE": "std"}
    told = subprocess.run([*TONGBAN, "setup"], env=other, capture_output=True, check=False)
    assert b"suite std is used in an instance of suite gm" in told.stderr


def test_a_life_event_a_policy_and_a_change_of_key_run_in_the_national_suite_alone(
    without_std: dict[str, str],
) -> None:
    told = json.loads(run(without_std, "demo", "--json", "--people", "400"))
    assert told["chain_ok"] is True
    assert {branch["state"] for branch in told["branches"]} == {"granted"}
    run(without_std, "outreach", "run", "old-age-allowance")
    assert "every chain holds" in run(without_std, "trail", "verify")
    run(without_std, "keys", "rotate", "--grace", "0")
    assert "every chain holds" in run(without_std, "trail", "verify")
    assert {name for (name,) in rows(without_std, "SELECT DISTINCT suite FROM trail_event")} == {
        "gm"
    }
    assert rows(without_std, "SELECT number, suite FROM secrecy_key") == [(2, "gm")]
    assert rows(without_std, "SELECT DISTINCT suite FROM outreach_month") == [("gm",)]
    for column in ("state FROM cases_case", "name FROM parties_person", "data FROM trail_payload"):
        found = rows(without_std, f"SELECT {column}")
        assert found
        assert all(value.startswith("gm.2.") for (value,) in found)
    keys = {path.name for path in (Path(without_std["TONGBAN_HOME"]) / "keys").glob("*.*")}
    seals = {name for name in keys if name.startswith("seal-")}
    # what seals a PDF is of no suite: its readers know no SM2
    assert {name.rpartition(".")[2] for name in seals} == {"gm", "p256"}
    # the root of licences is mixed before use: it belongs to no suite
    assert keys - seals == {
        "control.gm",
        "evidence.gm",
        "licences-root.seed",
        "licences.gm",
        "master-1.gm",
    }
    receipts = rows(without_std, "SELECT receipt FROM exchange_consent")
    assert receipts
    for (receipt,) in receipts:
        assert json.loads(receipt)["suite"] == "gm"
        assert re.fullmatch(r"\w{18}/gm/[0-9a-f]{16}", json.loads(receipt)["key"])


@pytest.mark.full
def test_a_network_of_nodes_runs_in_the_national_suite_alone(without_std: dict[str, str]) -> None:
    folder = Path(without_std["TONGBAN_HOME"]).parent / "network"
    environment = {n: v for n, v in without_std.items() if n != "TONGBAN_SUITE"}
    words = ["--people", "400", "--folder", str(folder), "--suite", "gm", "--json"]
    told = json.loads(run(environment, "demo-network", *words))
    assert told["suite"] == "gm"
