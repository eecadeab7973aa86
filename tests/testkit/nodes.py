"""A small network of real nodes for tests and benchmarks: keys, a signed snapshot, processes.

The control plane is a key that this module holds; snapshot and revocations reach the nodes as
signed files. Departments' stores are SQLite files made here. Everything lies in one folder.
"""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tongban.config.servers import free_ports
from tongban.kernel.events import canonical, instant
from tongban.kernel.suites import Verifier, suite
from tongban.kernel.wire.documents import key_id, seal_document, write_token
from tongban.kernel.wire.signatures import sign_request
from tongban.kernel.wire.words import Request
from tongban.node import clock
from tongban.node.making import NewNode, make_node
from tongban.node.store import read_only

INSTANCE = "CN-330100"
BUREAU = "11330100MB1A23019Q"
POLICE = "1133010000250101XW"
HEALTH = "11330100002501028W"
CLIENT = f"{INSTANCE}/GOV/{BUREAU}/tongban"
POPULATION = f"{INSTANCE}/GOV/{POLICE}/data/population"
BIRTHS = f"{INSTANCE}/GOV/{HEALTH}/data/births"
OPENED = f"{INSTANCE}/GOV/{HEALTH}/data/hospitals"
ITEM, AGREED, OTHER = "registration", "registration.consent", "inspection"
PEOPLE = 1_000
POPULATION_FIELDS = {
    "id_number": "string",
    "name": "string",
    "birth_date": "date",
    "region": "string",
    "mobile": "string",
    "married": "boolean",
}
BIRTHS_FIELDS = {"number": "string", "id_number": "string", "weight": "number"}
_SECRET = bytes(range(32))


@dataclass(frozen=True)
class PublicKey:
    """A public key as documents are opened by."""

    suite: str
    verifier: Verifier


def control_key(name: str = "std", secret: bytes = _SECRET) -> dict[str, str]:
    """Give id, suite and public key of the network's control plane."""
    by = suite(name)
    public = by.signer(secret).public
    return {"id": key_id(BUREAU, by, public), "suite": name, "public": public.hex()}


def signed(document: Mapping[str, Any], name: str = "std", secret: bytes = _SECRET) -> bytes:
    """Sign a document as the control plane."""
    key = control_key(name, secret)
    signer = suite(name).signer(secret)
    return canonical(seal_document(document, key["id"], signer, name))


def grant(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Give a statutory grant of name, birth date and marriage of the population, for ever."""
    return {
        "id": f"g{number}",
        "client": CLIENT,
        "service": POPULATION,
        "fields": ["name", "birth_date", "married"],
        "purpose": ITEM,
        "basis": "statutory",
        "from": "2026-01-01T00:00:00Z",
        "until": "2099-01-01T00:00:00Z",
        **changed,
    }


def by_consent(number: int = 9, **changed: Any) -> dict[str, Any]:
    """Give a grant of the mobile number that needs the person's consent."""
    return grant(number, basis="consent", purpose=AGREED, fields=["mobile"], **changed)


GRANTS: tuple[dict[str, Any], ...] = (
    grant(1, bulk=True),
    by_consent(2),
    grant(3, service=BIRTHS, fields=["weight"]),
)


def _service(name: str, fields: Mapping[str, str], key: str, sharing: str) -> dict[str, Any]:
    return {
        "id": name,
        "resource": name.rpartition("/")[2],
        "key": [key],
        "fields": dict(fields),
        "sharing": sharing,
        "masks": {},
        "cycle": "realtime",
    }


def _purpose(code: str, basis: str) -> dict[str, Any]:
    most = {POPULATION: sorted(POPULATION_FIELDS), BIRTHS: sorted(BIRTHS_FIELDS)}
    law = "户口登记条例 第七条"
    return {"code": code, "item": ITEM, "basis": basis, "legal_basis": law, "fields": most}


def snapshot_document(
    nodes: Sequence[Mapping[str, Any]],
    grants: Sequence[Mapping[str, Any]] = GRANTS,
    **changed: Any,
) -> dict[str, Any]:
    """Give the document of a snapshot; ``nodes`` are cards as `make_node` writes them."""
    owner = {member: card["id"] for card in nodes for member in card["members"]}

    def member(number: str, *subsystems: str) -> dict[str, Any]:
        return {
            "instance": INSTANCE,
            "class": "GOV",
            "member": number,
            "name": {"zh": "某局", "en": "a bureau"},
            "subsystems": list(subsystems),
            "node": owner.get(number, ""),
        }

    return {
        "format": "tongban-snapshot/1",
        "instance": INSTANCE,
        "serial": 1,
        "issued": instant(clock.now()),
        "limits": {"snapshot_age": 86_400, "feed_age": 60},
        "members": [
            member(BUREAU, "tongban", "data"),
            member(POLICE, "data", "tongban"),
            member(HEALTH, "data", "tongban"),
        ],
        "nodes": [{"id": card["id"], "address": card["address"]} for card in nodes],
        "keys": [
            {
                "id": key_id(card["members"][0], suite(key["suite"]), bytes.fromhex(key["public"])),
                "member": card["members"][0],
                "from": "2026-01-01T00:00:00Z",
                "until": "2099-01-01T00:00:00Z",
                **key,
            }
            for card in nodes
            for key in card["keys"]
        ],
        "services": [
            _service(POPULATION, POPULATION_FIELDS, "id_number", "conditional"),
            _service(BIRTHS, BIRTHS_FIELDS, "number", "conditional"),
            _service(OPENED, {"code": "string", "name": "string"}, "code", "unconditional"),
        ],
        "purposes": [
            _purpose(ITEM, "statutory"),
            _purpose(AGREED, "consent"),
            _purpose(OTHER, "statutory"),
        ],
        "grants": [dict(one) for one in grants],
        **changed,
    }


def feed_document(entries: Sequence[Mapping[str, Any]] = (), **changed: Any) -> dict[str, Any]:
    """Give the document of a whole feed of revocations."""
    return {
        "format": "tongban-revocations/1",
        "instance": INSTANCE,
        "issued": instant(clock.now()),
        "after": 0,
        "upto": len(entries),
        "snapshot": 1,
        "entries": [dict(one) for one in entries],
        **changed,
    }


def consent_token(
    number: str = "c1", issue: str = "case-1", name: str = "std", **changed: Any
) -> str:
    """Give the token of a consent to read the mobile number for one case."""
    document = {
        "format": "tongban-consent/1",
        "id": number,
        "issue": issue,
        "client": CLIENT,
        "lines": [{"service": POPULATION, "fields": ["mobile"], "purposes": [AGREED]}],
        "until": "2099-01-01T00:00:00Z",
        **changed,
    }
    return write_token(json.loads(signed(document, name)))


def person(number: int) -> str:
    """Give the number that stands for a person in the sample stores."""
    return f"P{number:08d}"


def fill_population(path: Path, people: int = PEOPLE) -> None:
    """Make the police's store."""
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        store.execute(
            "CREATE TABLE people (id_no TEXT PRIMARY KEY, full_name TEXT, born TEXT, district TEXT,"
            " phone TEXT, married INTEGER)"
        )
        store.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)",
            (
                (
                    person(n),
                    f"王{n}",
                    f"19{n % 100:02d}-01-02",
                    "330106" if n % 2 else "330113",
                    f"138{n:08d}",
                    n % 3 == 0,
                )
                for n in range(people)
            ),
        )


def fill_health(path: Path, births: int = PEOPLE) -> None:
    """Make the health commission's store."""
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE births (no TEXT PRIMARY KEY, id_no TEXT, grams INTEGER)")
        store.execute("CREATE TABLE hospitals (code TEXT PRIMARY KEY, name TEXT)")
        store.executemany(
            "INSERT INTO births VALUES (?, ?, ?)",
            ((f"B{n}", person(n), 3_000 + n % 900) for n in range(births)),
        )
        store.execute("INSERT INTO hospitals VALUES ('H1', '市妇产科医院')")


POPULATION_PROVIDER = """
[providers.population]
kind = "sqlite"
file = "police.sqlite"
table = "people"
key = ["id_number"]
fields = { id_number = "id_no", name = "full_name", birth_date = "born", region = "district", \
mobile = "phone", married = "married" }
"""
HEALTH_PROVIDERS = """
[providers.births]
kind = "sqlite"
file = "health.sqlite"
table = "births"
key = ["number"]
fields = { number = "no", id_number = "id_no", weight = "grams" }

[providers.hospitals]
kind = "sqlite"
file = "health.sqlite"
table = "hospitals"
key = ["code"]
fields = { code = "code", name = "name" }
"""


@dataclass
class Answer:
    """What the inner listener answered."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return str(self.body.get("type", "")).removeprefix("tongban:")


class Node:
    """One node of the network: its folder, its ports, its process."""

    def __init__(self, folder: Path, member: str, name: str, suite_name: str) -> None:
        self.folder = folder
        self.name = name
        self.member = member
        self.outer, self.inner = free_ports(2)
        self.tls = False
        self.process: subprocess.Popen[bytes] | None = None
        made = make_node(
            folder,
            NewNode(
                name,
                INSTANCE,
                (member,),
                suite_name,
                outer=f"127.0.0.1:{self.outer}",
                inner=f"127.0.0.1:{self.inner}",
            ),
        )
        self.keyid = made.keyid
        self.card: dict[str, Any] = json.loads(made.card.read_bytes())
        self.token = (folder / "tokens" / "tongban.token").read_text(encoding="ascii").strip()

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "node.toml"

    @property
    def store(self) -> Path:
        """The file of the log."""
        return self.folder / "state" / "log.sqlite3"

    def secret(self) -> bytes:
        """The signing key."""
        return bytes.fromhex((self.folder / "keys" / "signing.key").read_text(encoding="ascii"))

    def start(self, **environment: str) -> None:
        """Start it as a process group of its own and wait until it answers."""
        log = (self.folder / "lines.jsonl").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from tongban.cli import main; main()",
                "node",
                "run",
                "--config",
                str(self.config),
            ],
            stdout=log,
            stderr=log,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        log.close()
        try:
            for port, tls in ((self.outer, self.tls), (self.inner, False)):
                self.wait_for(port, self.process, tls=tls)
        except AssertionError as fallen:
            raise AssertionError(f"{self.name}: {fallen}: {self.lines()[-3000:]}") from None

    @staticmethod
    def wait_for(
        port: int, process: "subprocess.Popen[bytes]", path: str = "/health", *, tls: bool = False
    ) -> None:
        """Wait until something speaks HTTP at the port, over TLS with whatever certificate."""
        anything = ssl._create_unverified_context()  # noqa: S323 - it only waits
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                link = (
                    http.client.HTTPSConnection("127.0.0.1", port, timeout=2, context=anything)
                    if tls
                    else http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                )
                link.request("GET", path)
                link.getresponse().read()
                link.close()
                return
            time.sleep(0.05)
        raise AssertionError("it did not start")

    def lines(self) -> str:
        """Give what it wrote on standard error."""
        return (self.folder / "lines.jsonl").read_text(encoding="utf-8")

    def kill(self) -> None:
        """Kill every process of the node (SIGKILL)."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> int:
        """Stop it gently and give the exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            code = self.process.wait(30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None
        return code

    def call(
        self,
        service: str,
        operation: str,
        body: Mapping[str, Any],
        *,
        purpose: str = ITEM,
        timeout: float = 30,
        **headers: str,
    ) -> Answer:
        """Make one call through the inner listener, as a system of the node's own."""
        return self.send(
            "POST", f"/r1/{service}/{operation}", canonical(body), purpose, timeout, headers
        )

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        purpose: str = ITEM,
        timeout: float = 30,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request to the inner listener."""
        link = http.client.HTTPConnection("127.0.0.1", self.inner, timeout=timeout)
        told = {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "tb-purpose": purpose,
            "x-road-id": uuid.uuid4().hex,
            **{name.replace("_", "-"): value for name, value in (headers or {}).items()},
        }
        try:
            link.request(method, path, body or None, told)
            answer = link.getresponse()
            read = answer.read()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            try:
                told_body = json.loads(read)
            except ValueError:
                told_body = {"text": read.decode("utf-8", "replace")}
            return Answer(answer.status, told_body, fields)
        finally:
            link.close()

    def rows(self) -> list[dict[str, Any]]:
        """Read its log."""
        return [json.loads(kept.text) for kept in read_only(self.store)]

    def signed(
        self, service: str, operation: str, body: Mapping[str, Any], purpose: str = ITEM
    ) -> Request:
        """Sign a request as this node would, to be sent to another one by `post`."""
        headers = (
            ("content-type", "application/json"),
            ("x-road-client", f"{INSTANCE}/GOV/{self.member}/tongban"),
            ("x-road-id", uuid.uuid4().hex),
            ("tb-purpose", purpose),
        )
        plain = Request("POST", f"/r1/{service}/{operation}", "", headers, canonical(body))
        signer = suite(self.keyid.split("/")[1]).signer(self.secret())
        nonce = secrets.token_urlsafe(16)
        return sign_request(plain, self.keyid, signer, clock.now(), nonce)

    def post(self, request: Request) -> Answer:
        """Send a request to the outer listener as it stands."""
        link = http.client.HTTPConnection("127.0.0.1", self.outer, timeout=30)
        try:
            link.putrequest(request.method, request.path, skip_accept_encoding=True)
            for name, value in (*request.headers, ("content-length", str(len(request.body)))):
                link.putheader(name, value)
            link.endheaders(request.body)
            answer = link.getresponse()
            read = answer.read()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, json.loads(read), fields)
        finally:
            link.close()

    def raw(self, sent: bytes) -> int:
        """Send bytes to the outer listener; give the status of the answer (0: it hung up)."""
        with socket.create_connection(("127.0.0.1", self.outer), timeout=30) as link:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                link.sendall(sent)
            try:
                told = link.recv(64)
            except ConnectionResetError:
                return 0
        return int(told[9:12]) if told else 0


class Network:
    """The data bureau (consumer), the police and the health commission (providers).

    Use it so: ``network = Network(tmp_path, "std")``, ``network.start()``, then
    ``network.bureau.call(POPULATION, "find", {…})``; ``network.stop()`` at the end.
    """

    def __init__(self, folder: Path, suite_name: str = "std") -> None:
        self.folder = folder
        self.suite = suite_name
        self.serial = 0
        self.limits = {"snapshot_age": 86_400, "feed_age": 86_400}
        self.grants: list[dict[str, Any]] = [dict(one) for one in GRANTS]
        self.entries: list[dict[str, Any]] = []
        self.bureau = Node(folder / "bureau", BUREAU, "bureau", suite_name)
        self.police = Node(folder / "police", POLICE, "police", suite_name)
        self.health = Node(folder / "health", HEALTH, "health", suite_name)
        self.nodes = (self.bureau, self.police, self.health)
        fill_population(self.police.folder / "police.sqlite")
        fill_health(self.health.folder / "health.sqlite")
        for node in self.nodes:
            text = node.config.read_text(encoding="utf-8")
            node.config.write_text(self._configured(text), encoding="utf-8")
        self.add(self.police, POPULATION_PROVIDER)
        self.add(self.health, HEALTH_PROVIDERS)
        self.publish()

    def _configured(self, text: str) -> str:
        url = next(line for line in text.splitlines() if line.startswith("url = "))
        key = control_key(self.suite)
        source = (
            f'snapshot_file = "{self.folder}/snapshot.json"\n'
            f'revocations_file = "{self.folder}/revocations.json"'
        )
        pinned = "\n[[control.keys]]\n" + "".join(f'{n} = "{v}"\n' for n, v in key.items())
        return text.replace(url, source).replace("every = 1.0 ", "every = 0.2 ") + pinned

    def add(self, node: Node, text: str) -> None:
        """Add to the end of a node's configuration."""
        with node.config.open("a", encoding="utf-8") as file:
            file.write(text)

    def change(self, node: Node, old: str, new: str) -> None:
        """Change a line of a node's configuration."""
        text = node.config.read_text(encoding="utf-8")
        assert old in text, old
        node.config.write_text(text.replace(old, new), encoding="utf-8")

    def _write(self, name: str, content: bytes) -> None:
        draft = self.folder / f".{name}"
        draft.write_bytes(content)
        draft.replace(self.folder / name)

    def publish(self, *, issued: datetime | None = None, fed: datetime | None = None) -> None:
        """Publish the snapshot and the feed as they stand; ``issued``, ``fed``: as of then."""
        self.serial += 1
        now = clock.now()
        snapshot = snapshot_document(
            [node.card for node in self.nodes],
            self.grants,
            serial=self.serial,
            issued=instant(issued or now),
            limits=self.limits,
        )
        feed = feed_document(self.entries, issued=instant(fed or now), snapshot=self.serial)
        self._write("revocations.json", signed(feed, self.suite))
        self._write("snapshot.json", signed(snapshot, self.suite))

    def revoke(self, kind: str, name: str) -> None:
        """Put an entry into the feed and publish it."""
        until = instant(clock.now() + timedelta(days=365))
        self.entries.append(
            {"seq": len(self.entries) + 1, "kind": kind, "id": name, "until": until}
        )
        self.publish()

    def start(self, *nodes: Node, **environment: str) -> None:
        """Start the nodes (none named: all)."""
        for node in nodes or self.nodes:
            node.start(**environment)

    def stop(self) -> None:
        """Stop whatever runs."""
        for node in self.nodes:
            node.stop()

    def find(self, number: int = 1, **more: str) -> Answer:
        """Ask the police for the name of a person, from the bureau."""
        body = {"fields": ["name"], "key": {"id_number": person(number)}}
        return self.bureau.call(POPULATION, "find", body, **more)


@contextlib.contextmanager
def running(folder: Path, suite_name: str = "std") -> Iterator[Network]:
    """Give a network that runs, and stop it at the end."""
    network = Network(folder, suite_name)
    try:
        network.start()
        yield network
    finally:
        network.stop()
