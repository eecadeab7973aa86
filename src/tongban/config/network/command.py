"""``tongban demo-network``: the newborn through a network of real processes on loopback.

A control plane, the platform's own node and a node each for health, police and medical insurance,
with their own keys, stores and logs; a court, a notary and an auditor who witness what is told.
PostgreSQL and NATS where they can be started. Every process ends with this one.
"""

import contextlib
import fcntl
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tongban.config import servers
from tongban.config.keeper import Keeper
from tongban.kernel.facts import Words
from tongban.kernel.suites import SUITES

from . import acts, making, story
from .plan import Plan, draw
from .running import Network, NetworkFailed

ADDRESSES = "network.env"
Say = Callable[[str, str], None]
_PLAIN = {
    "psycopg": Words(
        "数据库用 SQLite：未装 PostgreSQL 驱动（pip install 'tongban[postgres]'）",
        "SQLite: there is no driver of PostgreSQL (pip install 'tongban[postgres]')",
    ),
    "postgres": Words(
        "数据库用 SQLite：本机无 PostgreSQL 14 以上可启动",
        "SQLite: no PostgreSQL 14 or newer can be started here",
    ),
    "nats": Words(
        "事件用 HTTP 回调：未装 NATS 客户端（pip install 'tongban[nats]'）",
        "events by HTTP callback: there is no client of NATS (pip install 'tongban[nats]')",
    ),
    "nats-server": Words(
        "事件用 HTTP 回调：本机无 nats-server 2.10 以上",
        "events by HTTP callback: no nats-server 2.10 or newer here",
    ),
}


@contextmanager
def _own(folder: Path) -> Iterator[None]:
    """Hold the folder, and empty it; refuse one with something else, or in use."""
    if folder.exists() and any(folder.iterdir()) and not (folder / ADDRESSES).exists():
        raise NetworkFailed(f"{folder} holds something else; name another one with --folder")
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / ADDRESSES
    with mark.open("a", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NetworkFailed(
                f"a network runs in {folder}; end it, or name another one with --folder"
            ) from None
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path != mark:
                path.unlink()
        yield


def _database(opened: ExitStack, say: Say) -> str:
    """Start PostgreSQL where that can be done; give its URL, or nothing: then it is SQLite."""
    if not making.has_driver():
        say(_PLAIN["psycopg"].zh, _PLAIN["psycopg"].en)
        return ""
    try:
        url = opened.enter_context(servers.postgres())
    except (servers.ServerFailed, subprocess.CalledProcessError, OSError) as error:
        click.echo(f"PostgreSQL: {error}", err=True)
        url = None
    if url is None:
        say(_PLAIN["postgres"].zh, _PLAIN["postgres"].en)
        return ""
    say(f"PostgreSQL 已启动（{url}）", f"PostgreSQL runs ({url})")
    return url


def _messages(opened: ExitStack, folder: Path, say: Say) -> str:
    """Start NATS where that can be done; give its URL, or nothing: then events go by callback."""
    if find_spec("nats") is None:
        say(_PLAIN["nats"].zh, _PLAIN["nats"].en)
        return ""
    server = opened.enter_context(servers.nats(folder / "nats"))
    if server is None:
        say(_PLAIN["nats-server"].zh, _PLAIN["nats-server"].en)
        return ""
    say(f"NATS JetStream 已启动（{server.url}）", f"NATS JetStream runs ({server.url})")
    return server.url


@contextmanager
def running(plan: Plan, say: Say) -> Iterator[tuple[Network, dict[str, str]]]:
    """Bring a planned network up, and down again; give it, and what each node's records lie in."""
    with ExitStack() as opened:
        opened.enter_context(_own(plan.folder))
        plan.control.mkdir()
        database = _database(opened, say)
        nats = _messages(opened, plan.folder, say)
        network = Network(plan, opened.enter_context(Keeper()), database, nats)
        say(f"正在建样例城市（{plan.people} 人）……", f"making a city of {plan.people} people …")
        making.make_city(network)
        say("正在建节点、登记节点……", "making the nodes and registering them …")
        lie_in = making.make_nodes(network)
        making.make_witnesses(network)
        for name in network.start_witnesses(*plan.witnesses):
            address = f"http://127.0.0.1:{plan.witnesses[name]}"
            say(f"见证人 {name} 就绪 {address}", f"witness {name} is ready {address}")
        say("正在启动管理平面……", "starting the control plane …")
        network.start_control()
        say(f"管理平面 {plan.control_url}", f"control plane {plan.control_url}")
        for name in network.start_nodes(*plan.nodes):
            address = f"http://127.0.0.1:{plan.nodes[name].outer}"
            say(f"节点 {name} 就绪 {address}", f"node {name} is ready {address}")
        yield network, {name: lie_in.get(name, "SQLite") for name in plan.nodes}


def demonstrate(network: Network, lang: str, say: Say) -> dict[str, Any]:
    """Try on a running network what it promises; give the report."""
    first, second, *_ = acts.mothers(network)
    say("新生儿一件事经网络办理……", "the newborn goes through the network …")
    applied = acts.newborn(network, lang)
    answered = acts.answered(network, applied["case"])
    say(f"停 {acts.STOPPED} 节点，另一位母亲办理……", f"{acts.STOPPED} stops, another applies …")
    gap = acts.outage(network, second, lang)
    back = time.monotonic()
    say("更正一条出生记录……", "a birth record is corrected …")
    corrected = acts.corrected(network, first)
    say("本人撤回同意……", "the mother withdraws her consent …")
    withdrawn = acts.withdrawn(network, applied["case"], first)
    say("等待中断的办件自动续办……", "waiting for the case that was cut short to go on …")
    by_rule = {b["item"] for b in applied["branches"] if b["decided_by"] == "rule"}
    resumed = acts.resumed(network, gap["case"], second, by_rule, back)
    say(
        "为该件出具存证包并离线核验……",
        "packing the evidence of the case, and checking it offline …",
    )
    evidence = acts.evidence(network, applied["case"])
    say("核验各节点日志……", "verifying the nodes' logs …")
    return {
        "applied": applied,
        "answered": answered,
        "outage": gap,
        "resumed": resumed,
        "corrected": corrected,
        "withdrawn": withdrawn,
        "evidence": evidence,
        "logs": acts.verified(network),
    }


@click.command("demo-network")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a story.")
@click.option("--suite", type=click.Choice(sorted(SUITES)), default="std", show_default=True)
@click.option(
    "--people", default=2_000, show_default=True, type=click.IntRange(100), help="Of the city."
)
@click.option("--keep", is_flag=True, help="Leave it running until Ctrl-C, with commands to try.")
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
    began = time.monotonic()

    def say(zh: str, en: str) -> None:
        text = zh if lang == "zh" else en
        click.echo(f"[{time.monotonic() - began:5.1f} s] {text}", err=as_json)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _interrupted)
    plan = draw(folder.resolve(), suite, people)
    try:
        with running(plan, say) as (network, stores):
            report = {
                "suite": suite,
                "people": people,
                "control": "PostgreSQL" if network.database else "SQLite",
                "messages": "JetStream" if network.nats else "callback",
                "stores": stores,
                **demonstrate(network, lang, say),
                "seconds": round(time.monotonic() - began, 1),
            }
            if as_json:
                click.echo(json.dumps(report, ensure_ascii=False, indent=2))
            else:
                click.echo("\n".join(["", *story.tell(report, lang)]))
            if keep:
                _keep(network, lang)
    except (NetworkFailed, servers.ServerFailed) as error:
        raise click.ClickException(str(error)) from error
    if any(log["broken"] for log in report["logs"].values()) or not report["evidence"]["holds"]:
        raise SystemExit(1)


def _keep(network: Network, lang: str) -> None:
    """Write where everything is, say what to try, and wait to be ended."""
    plan = network.plan
    mother, *_ = acts.mothers(network)
    addresses = plan.folder / ADDRESSES
    more = {
        "MOTHER": mother,
        "CLIENT": str(plan.catalogue.governance.platform),
        **{name.upper(): str(plan.service(name)) for name in ("births", "population")},
    }
    making.write_addresses(network, addresses, **more)
    police = plan.nodes["police"].folder
    for line in ("", *story.to_try(str(addresses), str(police), lang)):
        click.echo(line)
    with contextlib.suppress(SystemExit):
        signal.pause()


def _interrupted(*_: object) -> None:
    raise SystemExit(130)
