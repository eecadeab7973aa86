"""``tongban demo-network``: the newborn through a network of real processes on loopback.

A control plane, the platform's own node and a node each for health, police and medical insurance,
with their own keys, stores and logs. What is told was measured in this run. Every process ends with
this one; ``--keep`` waits until it is interrupted.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tongban.apps.exchange.domain import Catalogue, build
from tongban.apps.exchange.reading import merge
from tongban.config import servers
from tongban.infra.packs import find_packs, read_packs
from tongban.kernel.events import canonical, instant
from tongban.kernel.suites import SUITES
from tongban.node import clock
from tongban.node.making import NewNode, make_node

DEPARTMENTS = ("health", "police", "medical-insurance")
PLATFORM = "platform"
MANIFEST = "network.json"
_TONGBAN = (sys.executable, "-c", "from tongban.cli import main; main()")
_PATIENCE = 60.0
_WITHIN = 5.0  # seconds in which a withdrawal reaches every node


@dataclass
class Process:
    """One process of the network with its log."""

    name: str
    log: Path
    running: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """End it gently, and surely."""
        if self.running.poll() is None:
            self.running.terminate()
        try:
            self.running.wait(25)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()


@dataclass
class Node:
    """A node of the network: where it lies, where it listens, for whom it speaks."""

    id: str
    folder: Path
    members: tuple[str, ...]
    departments: tuple[str, ...]
    outer: int = field(default_factory=servers.free_port)
    inner: int = field(default_factory=servers.free_port)

    @property
    def token(self) -> str:
        """The token of the first member's own system."""
        return (self.folder / "tokens" / "tongban.token").read_text(encoding="ascii").strip()


class NetworkFailed(RuntimeError):
    """A part of the network did not come up; the text names its log."""


class Network:
    """The whole network in one folder."""

    def __init__(self, folder: Path, suite: str, people: int) -> None:
        self.folder = folder
        self.suite = suite
        self.people = people
        self.port = servers.free_port()
        self.catalogue: Catalogue = build(merge(read_packs(find_packs())), 0)
        self.environment = {
            **os.environ,
            "TONGBAN_HOME": str(folder / "control"),
            "TONGBAN_SUITE": suite,
            "TONGBAN_PACKS": "",
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
        }
        self.processes: dict[str, Process] = {}
        self.nodes = self._planned()
        self.backing: dict[str, str] = {}
        self.nats: str | None = None

    def _planned(self) -> dict[str, Node]:
        rules = self.catalogue.governance
        others = [d for d in rules.members if d not in (*DEPARTMENTS, rules.operator)]
        planned = {
            PLATFORM: Node(
                PLATFORM,
                self.folder / PLATFORM,
                (rules.operator_code, *(rules.members[d] for d in others)),
                (rules.operator, *others),
            )
        }
        for name in DEPARTMENTS:
            planned[name] = Node(name, self.folder / name, (rules.members[name],), (name,))
        return planned

    # --- making it --------------------------------------------------------------------------------

    def run(self, *command: str, **more: str) -> str:
        """Run one command of the control plane; give what it printed."""
        done = subprocess.run(  # noqa: S603 - ourselves
            (*_TONGBAN, *command),
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NetworkFailed(f"tongban {' '.join(command)}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def make(self, postgres: str | None, nats: str | None) -> None:
        """Make the control plane, the city, the departments' stores and the nodes."""
        self.nats = nats
        if postgres is not None:
            self.environment["TONGBAN_DATABASE"] = postgres
        self.backing["control"] = "PostgreSQL" if postgres else "SQLite"
        self.run("setup")
        self.run("sample", "--people", str(self.people))
        pinned = self.run("exchange", "node", "control-key")
        for node in self.nodes.values():
            self._make_node(node, pinned, postgres)

    def _make_node(self, node: Node, pinned: str, postgres: str | None) -> None:
        made = make_node(
            node.folder,
            NewNode(
                node.id,
                self.catalogue.governance.instance,
                node.members,
                self.suite,
                outer=f"127.0.0.1:{node.outer}",
                inner=f"127.0.0.1:{node.inner}",
                control=f"http://127.0.0.1:{self.port}",
            ),
        )
        providers: list[str] = []
        for department in node.departments:
            source = self.folder / "control" / "departments" / f"{department}.sqlite"
            if not source.exists():
                continue
            store = node.folder / "stores" / source.name
            store.parent.mkdir(exist_ok=True)
            shutil.move(source, store)
            in_postgres = postgres is not None and department == "police"
            self.backing[department] = "PostgreSQL" if in_postgres else "SQLite"
            if in_postgres and postgres is not None:
                _copy_to_postgres(store, postgres)
                store.unlink()
            providers += self._providers(department, store, postgres if in_postgres else None)
        with made.config.open("a", encoding="utf-8") as config:
            config.write("\n" + pinned + "\n" + "\n".join(providers))
            if self.nats is not None:
                config.write(f'\n[events]\nnats = ["{self.nats}"]\n')
        card, subjects = str(made.card), str(node.folder / "keys" / "subjects.key")
        self.run("exchange", "node", "add", node.id, "--card", card, "--subject-key", subjects)

    def _providers(self, department: str, store: Path, postgres: str | None) -> Iterator[str]:
        rules = self.catalogue.governance
        for slug, contract in sorted(self.catalogue.contracts.items()):
            if contract.resource.department != department or contract.sharing == "none":
                continue
            where = (
                f'kind = "postgresql"\ndsn = "{_department_url(postgres)}"'
                if postgres
                else f'kind = "sqlite"\nfile = "stores/{store.name}"'
            )
            fields = ", ".join(f'{name} = "{column}"' for name, column in contract.columns.items())
            keys = ", ".join(f'"{name}"' for name in contract.resource.key)
            yield (
                f'[providers.{slug}]\nservice = "{rules.service(department, slug)}"\n{where}\n'
                f'table = "{contract.table}"\nkey = [{keys}]\nfields = {{ {fields} }}\n'
            )

    # --- running it -------------------------------------------------------------------------------

    def start(self, name: str, *command: str) -> None:
        """Start one process in a group of its own, with its log beside its data."""
        home = self.folder / ("control" if name == "control" else name)
        log = home / "log"
        with log.open("ab") as out:
            running = subprocess.Popen(  # noqa: S603 - ourselves
                (*_TONGBAN, *command),
                env=self.environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=servers.die_with_parent,  # noqa: PLW1509 - one system call
            )
        self.processes[name] = Process(name, log, running)

    def start_control(self) -> None:
        """Start the control plane with its worker, and wait until it listens."""
        self.start("control", "serve", "--port", str(self.port))
        process = self.processes["control"]
        servers.wait_for(self.port, process.running, process.log, _PATIENCE)

    def start_node(self, name: str) -> None:
        """Start a node, and wait until it has its snapshot."""
        node = self.nodes[name]
        self.start(name, "node", "run", "--config", str(node.folder / "node.toml"))
        process = self.processes[name]
        servers.wait_for(node.inner, process.running, process.log, _PATIENCE)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if self.status(name)["control"]["serial"] is not None:
                return
            time.sleep(0.1)
        raise NetworkFailed(f"{name} has no snapshot; see {process.log}")

    def stop(self, name: str) -> None:
        """Stop one process."""
        self.processes.pop(name).stop()

    def close(self) -> None:
        """Stop every process, the control plane last."""
        for name in [*(n for n in self.processes if n != "control"), "control"]:
            if name in self.processes:
                self.stop(name)

    # --- asking it --------------------------------------------------------------------------------

    def ask(
        self,
        port: int,
        method: str,
        path: str,
        body: Mapping[str, Any] | Sequence[Any] | None = None,
        **headers: str,
    ) -> tuple[int, Any]:
        """Make one HTTP request on loopback; give status and JSON."""
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)) as link:
            sent = canonical(body) if body is not None else None
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            link.request(method, path, sent, {"content-type": "application/json", **names})
            answer = link.getresponse()
            told = answer.read()
        return answer.status, json.loads(told) if told[:1] in b"{[" and told else None

    def status(self, name: str) -> dict[str, Any]:
        """Ask a node how it stands."""
        found: dict[str, Any] = self.ask(self.nodes[name].inner, "GET", "/status")[1]
        return found

    def call(self, resource: str, key: Mapping[str, str], field_: str, purpose: str) -> int:
        """Make one call as an engineer of the platform; give its HTTP status."""
        contract = self.catalogue.contracts[resource]
        service = self.catalogue.governance.service(contract.resource.department, resource)
        platform = self.nodes[PLATFORM]
        return self.ask(
            platform.inner,
            "POST",
            f"/r1/{service}/find",
            {"fields": [field_], "key": dict(key)},
            authorization=f"Bearer {platform.token}",
            x_road_id=uuid.uuid4().hex,
            tb_purpose=purpose,
        )[0]

    def platform_environment(self) -> dict[str, str]:
        """Give what makes the control plane's calls go through the platform's own node."""
        platform = self.nodes[PLATFORM]
        return {
            "TONGBAN_NODE": f"http://127.0.0.1:{platform.inner}",
            "TONGBAN_NODE_TOKEN": str(platform.folder / "tokens" / "tongban.token"),
        }

    def logs(self) -> dict[str, dict[str, Any]]:
        """Verify every node's log by its file, its checkpoints and the snapshot's keys."""
        found = {}
        for name, node in self.nodes.items():
            state = node.folder / "state"
            told = subprocess.run(  # noqa: S603 - ourselves
                [
                    *(*_TONGBAN, "exchange", "verify", "--json"),
                    *("--log", str(state / "log.sqlite3")),
                    *("--snapshot", str(state / "snapshot.json")),
                ],
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if not told.stdout.startswith("{"):
                raise NetworkFailed(f"{name}: {told.stderr.strip()}")
            found[name] = json.loads(told.stdout)
        return found


def _department_url(url: str) -> str:
    """Give the URL of the police's own database on the server at ``url``."""
    return f"{url.rpartition('/')[0]}/police"


def _psycopg() -> Any:
    """Give the driver, which is an extra; None where it is not installed."""
    return import_module("psycopg") if find_spec("psycopg") else None


def _copy_to_postgres(store: Path, url: str) -> None:
    """Copy a department's SQLite tables into PostgreSQL, as that department might have them."""
    driver = _psycopg()
    with driver.connect(url, autocommit=True) as server:
        server.execute("CREATE DATABASE police")
    url = _department_url(url)
    with closing(sqlite3.connect(store)) as source, driver.connect(url) as target:
        named = source.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in named:
            columns = source.execute(f'PRAGMA table_info("{table}")').fetchall()
            kinds = {"INTEGER": "bigint", "REAL": "double precision"}
            made = ", ".join(f'"{c[1]}" {kinds.get(c[2].upper(), "text")}' for c in columns)
            target.execute(f'CREATE TABLE "{table}" ({made})')
            marks = ", ".join(["%s"] * len(columns))
            with target.cursor() as cursor:
                cursor.executemany(
                    f'INSERT INTO "{table}" VALUES ({marks})',  # noqa: S608 - names of our own store
                    source.execute(f'SELECT * FROM "{table}"'),  # noqa: S608 - as above
                )
            target.execute(f'CREATE INDEX ON "{table}" ("{columns[0][1]}")')


@contextmanager
def running(folder: Path, suite: str, people: int, say: Any) -> Iterator[Network]:
    """Bring the network up, and down again whatever happens."""
    _clear(folder)
    with ExitStack() as opened:
        postgres = None
        if _psycopg() is not None:
            postgres = opened.enter_context(servers.postgres())
        nats = None
        if find_spec("nats") is not None:
            nats = opened.enter_context(servers.nats(folder / "nats"))
        network = Network(folder, suite, people)
        opened.callback(network.close)
        say("数据库 database", "PostgreSQL" if postgres else "SQLite")
        say("消息 messages", "NATS JetStream" if nats else "HTTP")
        network.make(postgres, nats)
        network.start_control()
        say("管理平面 control plane", f"http://127.0.0.1:{network.port}")
        network.environment |= network.platform_environment()
        for name, node in network.nodes.items():
            network.start_node(name)
            say(f"节点 node {name}", f"http://127.0.0.1:{node.outer}")
        yield network


def _clear(folder: Path) -> None:
    """Make the folder anew; refuse one that holds anything else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise NetworkFailed(f"{folder} holds something else; name another one with --folder")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "control").mkdir(parents=True)
    (folder / MANIFEST).write_text("{}", encoding="utf-8")


def _withdraw(network: Network, applicant: str) -> dict[str, Any]:
    """Withdraw the applicant's consent; say after how many seconds every node knew."""
    token = network.run("token", "issue", f"demo-{applicant}").strip()
    own = {"authorization": f"Bearer {token}"}
    _, given = network.ask(network.port, "GET", "/api/consents", **own)
    before = {name: network.status(name)["control"]["feed_upto"] for name in network.nodes}
    began = time.monotonic()
    place = f"/api/consents/{given[0]['number']}/withdraw"
    status, _ = network.ask(network.port, "POST", place, {}, **own)
    waiting = set(network.nodes)
    while waiting and time.monotonic() - began < 2 * _WITHIN:
        for name in list(waiting):
            if network.status(name)["control"]["feed_upto"] > before[name]:
                waiting.discard(name)
        time.sleep(0.05)
    seconds = round(time.monotonic() - began, 2)
    return {"status": status, "seconds": seconds, "late": sorted(waiting)}


def _subscribe(network: Network, mother: str) -> dict[str, Any]:
    """Subscribe to a birth record, let its owner correct it, and wait for the event."""
    rules, platform, owner = (
        network.catalogue.governance,
        network.nodes[PLATFORM],
        network.nodes["health"],
    )
    own = {"authorization": f"Bearer {platform.token}"}
    key, delivery = _key(network, "births", mother), "jetstream" if network.nats else "callback"
    status, kept = network.ask(
        platform.inner,
        "POST",
        f"/r1/{rules.service('health', 'births')}/subscriptions",
        {"fields": ["birth_date"], "keys": [key], "delivery": delivery},
        tb_purpose="household-registration",
        x_road_id=uuid.uuid4().hex,
        **own,
    )
    if status >= http.client.BAD_REQUEST:
        raise NetworkFailed(f"subscribing gave {status}: {kept}")
    change = {
        "id": uuid.uuid4().hex,
        "kind": "corrected",
        "key": key,
        "time": instant(clock.now()),
    }
    began = time.monotonic()
    told = {"authorization": f"Bearer {owner.token}"}
    network.ask(owner.inner, "POST", "/events/births", [change], **told)
    while time.monotonic() - began < _PATIENCE:
        _, waiting = network.ask(
            platform.inner, "GET", f"/subscriptions/{kept['id']}/events", **own
        )
        if events := waiting["events"]:
            seconds = round(time.monotonic() - began, 2)
            return {"delivery": delivery, "seconds": seconds, "type": events[0]["event"]["type"]}
        time.sleep(0.05)
    raise NetworkFailed(f"no event came within {_PATIENCE} s")


def demonstrate(network: Network, lang: str) -> dict[str, Any]:
    """Run the newborn through the network and try what it promises; give the report."""
    applied = json.loads(network.run("demo", "--json", "--lang", lang))
    manifest = network.folder / "control" / "departments" / "city.json"
    cast = json.loads(manifest.read_text(encoding="utf-8"))["cast"]["newborn"]
    mother = cast[0]["mother.id_number"]
    key, item = {"id_number": mother}, "household-registration"
    both = {"births": "birth_date", "population": "name"}
    up = {
        name: network.call(name, _key(network, name, mother), f, item) for name, f in both.items()
    }
    subscribed = _subscribe(network, mother)
    withdrawn = _withdraw(network, mother)
    statutory = network.call("population", key, "name", item)
    network.stop("police")
    down = {
        name: network.call(name, _key(network, name, mother), f, item) for name, f in both.items()
    }
    network.start_node("police")
    back = network.call("population", key, "name", item)
    return {
        "applied": applied,
        "suite": network.suite,
        "backing": network.backing,
        "up": up,
        "subscribed": subscribed,
        "withdrawn": withdrawn,
        "statutory_after": statutory,
        "police_down": down,
        "police_back": back,
        "logs": network.logs(),
    }


def _key(network: Network, resource: str, mother: str) -> dict[str, str]:
    (name,) = network.catalogue.contracts[resource].resource.key
    return {name: mother}


def _tell(report: Mapping[str, Any], lang: str) -> Iterator[str]:
    zh = lang == "zh"
    applied = report["applied"]
    yield ""
    yield (
        f"一、{applied['name']}：问 {applied['fields_asked']} 项，"
        f"经网络调取 {applied['fields_fetched']} 项，"
        f"{applied['calls']} 次签名调用，用时 {applied['automatic_s']} 秒"
        if zh
        else f"1  {applied['name']}: {applied['fields_asked']} asked, {applied['fields_fetched']} "
        f"fetched over the network by {applied['calls']} signed calls, {applied['automatic_s']} s"
    )
    for branch in applied["branches"]:
        yield f"   ✓ {branch['name']}"
    yield ("二、各节点日志" if zh else "2  The nodes' logs") + f" ({report['suite']})"
    for name, log in report["logs"].items():
        verdict = ("成立" if zh else "stands") if not log["broken"] else f"✗ {log['broken']}"
        backing = report["backing"].get(name, "")
        yield (
            f"   {name}: {log['rows']} 行，{log['signatures']} 个签名有效，{verdict}；{backing}"
            if zh
            else f"   {name}: {log['rows']} rows, {log['signatures']} signatures hold, {verdict} "
            f"{backing}"
        )
    gone = report["withdrawn"]
    yield (
        f"三、本人撤回同意：{gone['seconds']} 秒内各节点均已收到；"
        f"依法调用照常（{report['statutory_after']}）"
        if zh
        else f"3  Consent withdrawn: every node knew within {gone['seconds']} s; statutory calls "
        f"go on ({report['statutory_after']})"
    )
    event = report["subscribed"]
    yield (
        f"四、订阅：出生记录更正，{event['seconds']} 秒送达（{event['delivery']}，{event['type']}）"
        if zh
        else f"4  Subscribed: a corrected birth record came within {event['seconds']} s "
        f"({event['delivery']}, {event['type']})"
    )
    down = report["police_down"]
    yield (
        f"五、公安节点停机：人口 {down['population']}，出生 {down['births']}（其余照常）；"
        f"恢复后 {report['police_back']}"
        if zh
        else f"5  Police node stopped: population {down['population']}, births {down['births']} "
        f"(the rest goes on); back again: {report['police_back']}"
    )


@click.command("demo-network")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a story.")
@click.option("--suite", type=click.Choice(sorted(SUITES)), default="std", show_default=True)
@click.option("--people", default=2_000, show_default=True, help="Size of the sample city.")
@click.option("--keep", is_flag=True, help="Leave it running until Ctrl-C, with addresses to try.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/network"),
    show_default=True,
    help="Where everything lies.",
)
def demo_network(
    lang: str, suite: str, people: int, folder: Path, *, as_json: bool, keep: bool
) -> None:
    """Run the newborn through a network of real processes: control plane and four nodes."""

    def say(what: str, where: str) -> None:
        click.echo(f"{what}: {where}", err=as_json)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)
    try:
        with running(folder.resolve(), suite, people, say) as network:
            report = demonstrate(network, lang)
            if as_json:
                click.echo(json.dumps(report, ensure_ascii=False, indent=2))
            else:
                click.echo("\n".join(_tell(report, lang)))
            if keep:
                _wait(network)
    except (NetworkFailed, servers.ServerFailed, subprocess.CalledProcessError) as error:
        raise click.ClickException(str(error)) from error


def _wait(network: Network) -> None:
    platform = network.nodes[PLATFORM]
    click.echo(f"\n页面 pages  http://127.0.0.1:{network.port}/")
    for name, node in network.nodes.items():
        click.echo(f"tongban node status --config {node.folder / 'node.toml'}   # {name}")
    service = network.catalogue.governance.service("health", "births")
    click.echo(
        f"tongban exchange call {service} --purpose household-registration --field birth_date "
        f"--key mother_id_number=… --node 127.0.0.1:{platform.inner} "
        f"--token-file {platform.folder / 'tokens' / 'tongban.token'}"
    )
    click.echo("Ctrl-C 结束 / ends it")
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        signal.pause()


def _interrupted(*_: object) -> None:
    raise SystemExit(130)
