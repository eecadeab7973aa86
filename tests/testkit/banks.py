"""A real sample bank for tests: a process with its own folder, key, store and port."""

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

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
def bank(office: Any, tmp_path: Path, settings: Any) -> Iterator[RunningBank]:
    """Give a bank that runs, at which the fees of this test's office are paid."""
    settings.FEES = tmp_path / "fees.toml"
    with Keeper() as keeper:
        opened = open_bank(tmp_path / "bank", keeper)
        set_up(settings.FEES, opened.entry)
        yield opened
