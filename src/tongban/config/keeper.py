"""Starts processes that end with this one, whatever ends it: an error, Ctrl-C, or `kill -9`.

A small process beside this one, the watch, is told of each and reads a pipe that only this one
writes. When the pipe closes, it ends what still runs and removes the folders that it was told of.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

_WATCH = (sys.executable, "-m", "tongban.config.keeper")
_PATIENCE = 25.0  # seconds that a process has to end by itself; more than `tongban serve` takes
_PAUSE = 0.05


@dataclass
class Process:
    """A kept process in a session of its own; ``gentle`` is the signal that asks it to end."""

    name: str
    log: Path
    running: "subprocess.Popen[bytes]"
    gentle: int

    def ask_to_end(self) -> None:
        """Ask it to end, and do not wait."""
        if self.running.poll() is None:
            self.running.send_signal(self.gentle)

    def end(self) -> None:
        """Ask it to end; end all of its group if it does not in time."""
        self.ask_to_end()
        try:
            self.running.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End all of its group at once (SIGKILL)."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()


class Keeper:
    """Keeps processes and temporary folders while its context is open; all end with it."""

    def __init__(self) -> None:
        self._kept: dict[int, Process] = {}
        self._watch: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Keeper":
        # in a session of its own: what is sent to our group is not meant for the watch
        self._watch = subprocess.Popen(  # noqa: S603 - this very module
            _WATCH, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            # the last one first: what was started early serves what was started late
            for process in reversed(list(self._kept.values())):
                self.end(process)
        finally:
            if self._watch is not None and self._watch.stdin is not None:
                # it ends by itself, after whatever an error above has left
                self._watch.stdin.close()
                self._watch.wait()

    def start(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        gentle: int = signal.SIGTERM,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> Process:
        """Start a command, its output at the end of ``log``; raise OSError."""
        pipe = self._pipe()
        with log.open("ab") as out:
            running = subprocess.Popen(  # noqa: S603 - our own commands and servers
                command, env=env, user=user, stdout=out, stderr=out, start_new_session=True
            )
        _say(pipe, f"+ {running.pid} {int(gentle)}")
        self._kept[running.pid] = Process(name, log, running, gentle)
        return self._kept[running.pid]

    def end(self, process: Process, *, gently: bool = True) -> None:
        """End one process, and forget it."""
        if gently:
            process.end()
        else:
            process.kill()
        _say(self._pipe(), f"- {process.running.pid}")
        self._kept.pop(process.running.pid, None)

    def owns(self, folder: Path) -> None:
        """Let the watch remove this folder if we come to a sudden end."""
        _say(self._pipe(), f"/ {folder}")

    def _pipe(self) -> IO[bytes]:
        if self._watch is None or self._watch.stdin is None:
            raise RuntimeError("a Keeper keeps in its context only; write: with Keeper() as keeper")
        return self._watch.stdin


def _say(pipe: IO[bytes], line: str) -> None:
    pipe.write(f"{line}\n".encode())
    pipe.flush()


def _watch(lines: Iterator[str]) -> None:
    """Read what is kept until the pipe closes; then end and remove what is left."""
    kept: dict[int, int] = {}
    folders: list[Path] = []
    for line in lines:
        mark, _, told = line.rstrip("\n").partition(" ")
        if mark == "+":
            number, _, signal_ = told.partition(" ")
            kept[int(number)] = int(signal_)
        elif mark == "-":
            kept.pop(int(told), None)
        else:
            folders.append(Path(told))
    for pid, gentle in kept.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, gentle)
    until = time.monotonic() + _PATIENCE
    while any(map(_runs, kept)) and time.monotonic() < until:
        time.sleep(_PAUSE)
    for pid in kept:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    """Say whether a process runs; one that ended and that nobody has asked after does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except ProcessLookupError:
        return False
    except OSError:  # no /proc here: then the first answer counts
        return True
    return not state.rpartition(")")[2].lstrip().startswith("Z")


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the end of the pipe ends a watch
    _watch(iter(sys.stdin))


if __name__ == "__main__":
    _main()
