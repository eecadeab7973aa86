"""Real witnesses for tests: each a process with its own folder, key, store and port."""

import http.client
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tongban.config.keeper import Keeper, Process
from tongban.config.servers import free_port, wait_for
from tongban.kernel.tlog.notes import NoteKey, read_key
from tongban.witness.config import make_witness

_TONGBAN = (sys.executable, "-c", "from tongban.cli import main; main()")


@dataclass
class RunningWitness:
    """A witness: its folder, its key, where it listens; may be killed and started again."""

    name: str
    folder: Path
    key: NoteKey
    port: int
    keeper: Keeper
    environment: dict[str, str]
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [*_TONGBAN, "witness", "run", "--config", str(self.folder / "witness.toml")]
        self.process = self.keeper.start(
            self.name, command, self.folder / "log", env={**os.environ, **self.environment}
        )
        wait_for(self.port, self.process)

    def kill(self) -> None:
        assert self.process is not None
        self.keeper.end(self.process, gently=False)

    def ask(
        self, path: str, body: bytes | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request("GET" if body is None else "POST", path, body)
            answer = link.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            link.close()

    def json(self, path: str) -> Any:
        return json.loads(self.ask(path)[1])


StartWitness = Callable[..., RunningWitness]


@contextmanager
def witnesses(root: Path) -> Iterator[StartWitness]:
    """Give a function that makes and starts a witness who knows these logs."""
    with Keeper() as keeper:

        def start(
            name: str, *logs: str, suite: str = "std", folder: Path | None = None, **env: str
        ) -> RunningWitness:
            home, port = folder or root / name, free_port()
            made = make_witness(home, f"{name}.example/witness", suite, f"127.0.0.1:{port}", logs)
            one = RunningWitness(name, home, read_key(str(made.key)), port, keeper, env)
            one.start()
            return one

        yield start


@pytest.fixture
def start_witness(tmp_path: Path) -> Iterator[StartWitness]:
    """Give a function that makes and starts a witness who knows these logs."""
    with witnesses(tmp_path) as start:
        yield start
