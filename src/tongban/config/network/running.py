"""The network while it runs: its processes, its commands, and questions to it over HTTP."""

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tongban.config import servers
from tongban.config.keeper import Keeper, Process
from tongban.kernel.events import canonical

from .plan import CONTROL, PLATFORM, Place, Plan

_TONGBAN = (sys.executable, "-c", "from tongban.cli import main; main()")
_PATIENCE = 90.0
_PAUSE = 0.05


class NetworkFailed(RuntimeError):
    """A part of the network does not do what it must; the text names it and its log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: status, JSON (None where there was none) and seconds."""

    status: int
    told: Any
    seconds: float

    @property
    def code(self) -> str:
        """The code of a refusal, as the protocol names it; empty for none."""
        kind = self.told.get("type", "") if isinstance(self.told, Mapping) else ""
        return str(kind).removeprefix("tongban:") if self.status >= http.client.BAD_REQUEST else ""


class Network:
    """One planned network and its processes; ``nats`` is the address of NATS, or empty."""

    def __init__(self, plan: Plan, keeper: Keeper, database: str, nats: str) -> None:
        self.plan = plan
        self.nats = nats
        self.database = database
        self._keeper = keeper
        self._processes: dict[str, Process] = {}
        platform = plan.nodes[PLATFORM]
        self.settings = {
            "TONGBAN_HOME": str(plan.control),
            "TONGBAN_SUITE": plan.suite,
            "TONGBAN_PACKS": "",
            "TONGBAN_NODE": f"http://127.0.0.1:{platform.inner}",
            "TONGBAN_NODE_TOKEN": str(platform.token),
            "TONGBAN_EVIDENCE_ORIGIN": "anhe.example/log",
            "TONGBAN_EVIDENCE_POLICY": str(plan.policy),
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
            **({"TONGBAN_DATABASE": database} if database else {}),
        }
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("TONGBAN_", "DJANGO_"))}
        self._environment = kept | self.settings

    # --- processes and commands -------------------------------------------------------------------

    def run(self, *command: str) -> str:
        """Run one command of the control plane to its end; give what it printed."""
        done = self.tried(*command)
        if done.returncode:
            raise NetworkFailed(f"tongban {' '.join(command)}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def tried(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end, whatever comes of it."""
        return subprocess.run(  # noqa: S603 - ourselves
            (*_TONGBAN, *command),
            env=self._environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def start_control(self) -> None:
        """Start the control plane with its worker; it is ready when it listens."""
        process = self._start(CONTROL, "serve", "--port", str(self.plan.port))
        servers.wait_for(self.plan.port, process, _PATIENCE)

    def start_witnesses(self, *names: str) -> Iterator[str]:
        """Start witnesses of the evidence log side by side; give the name of each."""
        for name in names:
            config = self.plan.folder / name / "witness.toml"
            self._start(name, "witness", "run", "--config", str(config))
        for name in names:
            servers.wait_for(self.plan.witnesses[name], self._processes[name], _PATIENCE)
            yield name

    def start_nodes(self, *names: str) -> Iterator[str]:
        """Start nodes side by side; give the name of each once it has its snapshot."""
        for name in names:
            self._start(name, "node", "run", "--config", str(self.plan.nodes[name].config))
        for name in names:
            process = self._processes[name]
            servers.wait_for(self.plan.nodes[name].inner, process, _PATIENCE)
            self.until(
                lambda name=name: self.status(name)["control"]["serial"],  # type: ignore[misc]
                lambda name=name: f"{name} has no snapshot; see its log",  # type: ignore[misc]
            )
            yield name

    def _start(self, name: str, *command: str) -> Process:
        log = self.plan.folder / name / "log"
        process = self._keeper.start(name, (*_TONGBAN, *command), log, env=self._environment)
        self._processes[name] = process
        return process

    def stop(self, name: str) -> None:
        """Stop one process."""
        self._keeper.end(self._processes.pop(name))

    def until(
        self,
        done: Callable[[], Any],
        otherwise: Callable[[], str],
        patience: float = _PATIENCE,
        pause: float = _PAUSE,
    ) -> None:
        """Wait until something holds; raise NetworkFailed with what ``otherwise`` tells."""
        until = time.monotonic() + patience
        while not done():
            if time.monotonic() > until:
                raise NetworkFailed(otherwise())
            time.sleep(pause)

    # --- questions --------------------------------------------------------------------------------

    def ask(
        self,
        port: int,
        method: str,
        path: str,
        body: Mapping[str, Any] | Sequence[Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one HTTP request on loopback; raise NetworkFailed where nobody answers."""
        began = time.monotonic()
        sent = canonical(body) if body is not None else None
        fields = {"content-type": "application/json", **(headers or {})}
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)) as link:
                link.request(method, path, sent, fields)
                answer = link.getresponse()
                read = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NetworkFailed(f"nobody answers at port {port} ({error!r})") from error
        told = json.loads(read) if read[:1] in (b"{", b"[") else None
        return Answer(answer.status, told, time.monotonic() - began)

    def status(self, name: str) -> Mapping[str, Any]:
        """Ask a node how it stands."""
        found: Mapping[str, Any] = self.ask(self.plan.nodes[name].inner, "GET", "/status").told
        return found

    def call(self, service: str, body: Mapping[str, Any], purpose: str, **more: str) -> Answer:
        """Make one `find` at the platform's node, as the platform's own system does."""
        platform = self.plan.nodes[PLATFORM]
        headers = {
            **platform.bearer(),
            "x-road-id": uuid.uuid4().hex,
            "tb-purpose": purpose,
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        return self.ask(platform.inner, "POST", f"/r1/{service}/find", body, headers)

    def verify(self, place: Place) -> dict[str, Any]:
        """Check a node's log by its files: ``tongban exchange verify``, with all that it takes."""
        done = self.tried(
            *("exchange", "verify", "--json"),
            *("--log", str(place.state / "log.sqlite3")),
            *("--checkpoints", str(place.folder / "checkpoints")),
            *("--snapshot", str(place.state / "snapshot.json")),
        )
        if not done.stdout.startswith("{"):
            raise NetworkFailed(f"{place.id}: {done.stderr.strip()[-2000:]}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found
