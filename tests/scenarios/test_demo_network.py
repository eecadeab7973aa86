"""The network demonstration, run whole: real processes, real servers, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SUITES = ["std", "gm"] if os.environ.get("CI") == "true" else ["std"]
COMMAND = (sys.executable, "-c", "from tongban.cli import main; main()", "demo-network")


def belonging(folder: Path) -> list[int]:
    """Give the processes whose command line or environment names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            told = (path / "cmdline").read_bytes() + (path / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and int(path.name) != os.getpid():
            found.append(int(path.name))
    return found


def gone(folder: Path) -> bool:
    """Wait until nothing of the network runs any more."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        if not belonging(folder):
            return True
        time.sleep(0.2)
    return False


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("suite", SUITES)
def test_the_newborn_runs_through_the_network(tmp_path: Path, suite: str) -> None:
    folder = tmp_path / "net"
    done = subprocess.run(
        [*COMMAND, "--json", "--suite", suite, "--people", "400", "--folder", folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=570,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    applied = report["applied"]
    assert (applied["fields_asked"], applied["fields_fetched"]) == (6, 45)
    assert len(applied["branches"]) == 7
    assert applied["chain_ok"]
    assert report["suite"] == suite
    assert report["up"] == {"births": 200, "population": 200}
    # the police stop: what is theirs is unavailable, and the rest goes on
    assert report["police_down"] == {"births": 200, "population": 503}
    assert report["police_back"] == 200
    # a withdrawal is known everywhere within five seconds, and the law goes on
    assert report["withdrawn"]["status"] == 200
    assert report["withdrawn"]["late"] == []
    assert report["withdrawn"]["seconds"] < 5
    assert report["statutory_after"] == 200
    assert report["subscribed"]["type"] == "tongban.exchange.record.corrected.v1"
    for name, log in report["logs"].items():
        assert log["broken"] == "", name
        assert log["rows"] > 0, name
        assert log["signatures"] > 0, name
    assert gone(folder)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_killed_demonstration_leaves_no_node_running(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    process = subprocess.Popen(
        [*COMMAND, "--people", "100", "--folder", folder],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "health" in line:
            break
    assert belonging(folder)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert gone(folder)


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("keep me")
    done = subprocess.run(
        [*COMMAND, "--folder", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "holds something else" in done.stderr
    assert (tmp_path / "letter").read_text() == "keep me"
