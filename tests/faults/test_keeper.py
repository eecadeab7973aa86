"""Kept processes end with the one that keeps them, however that one ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tongban.config.keeper import Keeper

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER[2]}",
]
PARENT = """
import signal, sys, time
from pathlib import Path
from tongban.config.keeper import Keeper
# a shell starts what runs in the background deaf to this signal, and with it these tests
signal.signal(signal.SIGINT, signal.default_int_handler)
folder = Path(sys.argv[1])
with Keeper() as keeper:
    keeper.owns(folder / "temporary")
    first = keeper.start("first", [sys.executable, "-c", "import time; time.sleep(600)"],
                         folder / "log")
    gone = keeper.start("gone", ["true"], folder / "log")
    keeper.end(gone)
    print(first.running.pid, flush=True)
    if sys.argv[2] == "fall":
        raise RuntimeError("fell")
    time.sleep(600)
"""


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def ended(pid: int) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if not runs(pid):
            return True
        time.sleep(0.05)
    return False


def up(log: Path) -> None:
    until = time.monotonic() + 20
    while "up" not in log.read_text():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, "fall"])
def test_nothing_outlives_its_keeper(tmp_path: Path, how: "signal.Signals | str") -> None:
    (tmp_path / "temporary").mkdir()
    keeping = subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path, "fall" if how == "fall" else "wait"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert keeping.stdout is not None
    pid = int(keeping.stdout.readline())
    if isinstance(how, signal.Signals):
        assert runs(pid)
        # as a terminal does it: the whole group is hit, and the watch is in none of it
        os.killpg(keeping.pid, how)
    assert keeping.wait(20) != 0
    keeping.stdout.close()
    assert ended(pid)
    until = time.monotonic() + 10
    while (tmp_path / "temporary").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not (tmp_path / "temporary").exists()


def test_a_kept_process_ends_with_the_context(tmp_path: Path) -> None:
    with Keeper() as keeper:
        process = keeper.start("sleeper", SLEEPER, tmp_path / "log")
        up(process.log)
        assert process.running.poll() is None
    assert process.running.returncode == -signal.SIGTERM


def test_one_that_will_not_end_is_killed_with_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongban.config.keeper._PATIENCE", 0.3)
    with Keeper() as keeper:
        process = keeper.start("stubborn", STUBBORN, tmp_path / "log")
        up(process.log)
    assert process.running.returncode == -signal.SIGKILL


def test_a_keeper_keeps_in_its_context_only(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="with Keeper"):
        Keeper().start("early", ["true"], tmp_path / "log")
