"""A real sample bank for tests: a process with its own folder, key, store and port."""

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from testkit.clock import Clock
from tongban.apps.fees.plugins.samplebank import merchant_key
from tongban.config.keeper import Keeper, Process
from tongban.config.servers import free_port, wait_for
from tongban.kernel.suites import suite
from tongban.samplebank.config import Merchant, admit, make_bank, read_config

_TONGBAN = (sys.executable, "-c", "from tongban.cli import main; main()")
NAME = "sample-bank"


@dataclass
class RunningBank:
    """A bank: its folder and port; may be killed, started again, and told to err."""

    folder: Path
    port: int
    keeper: Keeper
    process: Process | None = None
    environment: dict[str, str] = field(default_factory=dict)
    told: list[bytes] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "bank.toml"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def entry(self) -> dict[str, Any]:
        """What the platform is told of it."""
        made = read_config(self.config)
        return {
            "name": NAME,
            "plugin": "sample-bank",
            "accounts": "tax",
            "departments": ["*"],
            "address": self.url,
            "merchant": "tongban",
            "key": f"{made.suite}:{made.signer.public.hex()}",
        }

    def start(self) -> None:
        command = [*_TONGBAN, "bank", "run", "--config", str(self.config)]
        self.process = self.keeper.start(
            "bank", command, self.folder / "log", env={**os.environ, **self.environment}
        )
        wait_for(self.port, self.process)

    def kill(self) -> None:
        assert self.process is not None
        self.keeper.end(self.process, gently=False)

    def tells(self, count: int, patience: float = 20.0) -> list[bytes]:
        """Wait until it has told so often by itself; give what it told."""
        end = time.monotonic() + patience
        while len(self.told) < count and time.monotonic() < end:
            time.sleep(0.05)
        assert len(self.told) == count, self.told
        return self.told

    def err(self, kind: str) -> None:
        """Let it make this fault at the next occasion."""
        subprocess.run([*_TONGBAN, "bank", "fault", kind, "--config", self.config], check=True)

    def choose(self, address: str, choice: str = "confirm") -> tuple[int, str]:
        """Do as a payer does on the page; give the status, and where the answer leads."""
        status, page = self.read(address)
        assert status == 200
        assert re.search(rf'name="choice" value="{choice}"', page), page
        return self.post(address, f"choice={choice}".encode())

    def read(self, address: str) -> tuple[int, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request("GET", urlsplit(address).path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def post(self, address: str, body: bytes) -> tuple[int, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request("POST", urlsplit(address).path, body)
            answer = link.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Location", "")
        finally:
            link.close()


class _Kept(BaseHTTPRequestHandler):
    """Keeps what is posted to it, and takes it."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def ear() -> Iterator[tuple[str, list[bytes]]]:
    """Listen where a bank tells of payments: give the address, and what came."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Kept)
    bodies: list[bytes] = []
    server.bodies = bodies  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/told", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def open_bank(folder: Path, keeper: Keeper, notify: str = "") -> RunningBank:
    """Make a bank that knows this installation, and start it."""
    port = free_port()
    make_bank(folder, NAME, "std", f"127.0.0.1:{port}")
    own = merchant_key()
    verifier = suite(own.suite).verifier(own.public)
    admit(folder / "bank.toml", Merchant("tongban", own.suite, own.public, verifier, notify))
    bank = RunningBank(folder, port, keeper)
    bank.start()
    return bank


def set_up(path: Path, entry: dict[str, Any]) -> None:
    """Write the file that names the banks."""
    lines = [
        f"{name} = {value!r}".replace("'", '"')
        if not isinstance(value, list)
        else f'{name} = ["*"]'
        for name, value in entry.items()
    ]
    path.write_text("[[providers]]\n" + "\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def bank(clock: Clock, tmp_path: Path, settings: Any) -> Iterator[RunningBank]:
    """Give a bank that runs on the test's clock, at which the fees of its office are paid.

    What it tells by itself is kept in ``told``, for the test to hand over.
    """
    settings.HOME = tmp_path  # as an office's
    settings.FEES = tmp_path / "fees.toml"
    with Keeper() as keeper, ear() as (address, bodies):
        opened = open_bank(tmp_path / "bank", keeper, address)
        opened.told = bodies
        set_up(settings.FEES, opened.entry)
        yield opened
