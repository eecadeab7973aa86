"""Instances in a chain: cards are pinned, requests go to the owner, decisions come back."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import build_opener

import pytest
import yaml
from django.test import Client

from testkit.office import Office
from tongban.apps.exchange import grants, levels, network, queries, requests
from tongban.apps.exchange.domain.levels import DocumentUnfit, read_request
from tongban.apps.exchange.domain.requests import Action
from tongban.apps.exchange.models import GrantRequest, Instance
from tongban.config.servers import free_port, free_ports
from tongban.infra import clock as port
from tongban.infra.packs import shipped_packs
from tongban.kernel.codes import USCC
from tongban.kernel.events import canonical
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id, open_document, seal_document
from tongban.node.making import NewNode, make_node

COUNTY, CITY = "CN-330106", "CN-330100"
PATIENCE = 60.0
STRANGER = str(USCC.make("1", "1", "330106", "MB1A9001"))


# --- what is taken from another instance, and what is not


def signer(number: int = 5) -> Any:
    return suite("std").signer(bytes([number]) * 32)


def asked(**changed: Any) -> dict[str, Any]:
    return {
        "format": "tongban-request/1",
        "origin": COUNTY,
        "number": "330106-20261123-ABCDEFGH",
        "client": f"{COUNTY}/GOV/{STRANGER}/relief",
        "service": str(queries.catalogue().governance.service("civil-affairs", "marriages")),
        "fields": ["marital_status"],
        "item": "housing-support",
        "purpose": "housing-support",
        "basis": "statutory",
        "legal_basis": "社会救助暂行办法",
        "reason": "核定",
        "rows": {},
        "bulk": False,
        "calls": 0,
        "records": 0,
        "flow_back": False,
        "valid_until": None,
        "withdrawn": False,
        "at": "2026-11-23T01:00:00.000000Z",
        **changed,
    }


def sealed(document: dict[str, Any], number: int = 5) -> bytes:
    by = signer(number)
    key = key_id(STRANGER, suite("std"), by.public)
    return canonical(seal_document(document, key, by, "std"))


@pytest.fixture
def county(office: Office) -> Instance:
    """Let the sample city know a county by its pinned key and card."""
    public = signer().public
    row = levels.add_instance(
        COUNTY,
        "child",
        "http://127.0.0.1:9",
        {"id": key_id(STRANGER, suite("std"), public), "suite": "std", "public": public.hex()},
    )
    member = {
        "instance": COUNTY,
        "class": "GOV",
        "member": STRANGER,
        "name": {"zh": "县", "en": "county"},
        "subsystems": ["data"],
        "node": "",
    }
    row.card = {"instance": COUNTY, "members": [member]}
    row.issued = port.now()
    row.save()
    return row


def post(body: bytes) -> Any:
    return Client().post("/exchange/v1/requests", body, content_type="application/json")


def decision(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content.decode()
    own = network.control_key()
    key = network.PublicKey(own.suite, suite(own.suite).verifier(own.public))
    return open_document(answer.content, lambda _: key)


def test_a_request_of_another_instance_is_reviewed_and_granted_here(
    office: Office, county: Instance
) -> None:
    first = decision(post(sealed(asked())))
    assert (first["state"], first["grant"]) == ("submitted", "")
    assert decision(post(sealed(asked())))["state"] == "submitted"
    number = GrantRequest.objects.get().number
    reviewer = office.official("data-bureau", "reviewer")
    decider = office.official("civil-affairs", "approver")
    requests.act(reviewer, number, Action.TAKE)
    requests.act(reviewer, number, Action.FORWARD)
    requests.act(decider, number, Action.GRANT)
    granted = decision(post(sealed(asked())))
    assert (granted["state"], granted["ended"]) == ("granted", False)
    told = network.snapshot_now()["document"]
    assert [g["id"] for g in told["grants"] if g["client"].startswith(COUNTY)] == [granted["grant"]]
    member = next(m for m in told["members"] if m["member"] == STRANGER)
    assert member["subsystems"] == ["data", "relief"]
    grants.end(granted["grant"], "test", "业务终止")
    assert decision(post(sealed(asked())))["ended"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "CN-330000"},
        {"client": f"CN-330000/GOV/{STRANGER}/relief"},
        {"client": f"{COUNTY}/GOV/11330100MB1A23019Q/relief"},
        {"service": f"CN-330000/GOV/{STRANGER}/data/marriages"},
        {"number": "330100-20261123-ABCDEFGH"},
        {"fields": ["blood_type"]},
        {"basis": "because"},
        {"bulk": 1},
        {"rows": []},
        {"calls": -1},
        {"reason": ""},
    ],
)
def test_what_an_instance_may_not_say_is_refused(county: Instance, change: Any) -> None:
    answer = post(sealed(asked(**change)))
    assert (answer.status_code, answer.json()["type"]) == (400, "tongban:malformed")
    assert GrantRequest.objects.count() == 0


def test_a_key_that_is_not_pinned_says_nothing(county: Instance) -> None:
    answer = post(sealed(asked(), number=6))
    assert (answer.status_code, answer.json()["type"]) == (401, "tongban:signature")
    assert post(b"[]").status_code == 401
    with pytest.raises(DocumentUnfit):
        read_request({}, COUNTY, CITY)


def test_a_withdrawal_there_is_a_withdrawal_here(county: Instance) -> None:
    post(sealed(asked()))
    assert decision(post(sealed(asked(withdrawn=True))))["state"] == "withdrawn"


def test_an_instance_is_not_its_own_neighbour_and_needs_a_key(office: Office) -> None:
    public = signer().public.hex()
    good = {"id": f"{STRANGER}/std/0123456789abcdef", "suite": "std", "public": public}
    for name, relation, key in (
        (CITY, "child", good),
        ("CN-33", "child", good),
        (COUNTY, "cousin", good),
        (COUNTY, "child", {**good, "public": "00"}),
        (COUNTY, "child", {**good, "suite": "none"}),
    ):
        with pytest.raises(levels.InstanceInvalid):
            levels.add_instance(name, relation, "http://127.0.0.1:9", key)


def test_a_neighbour_that_is_down_stops_nobody(county: Instance) -> None:
    assert levels.synchronise() == 0
    county.refresh_from_db()
    assert county.outcome
    assert county.card["members"]


# --- real processes


# a process that runs commands as they come, so that each need not load everything anew
COMMANDS = """
import json, sys
from click.testing import CliRunner
from tongban.cli import main
for line in sys.stdin:
    done = CliRunner().invoke(main, json.loads(line))
    print(json.dumps({"code": done.exit_code, "output": done.output}), flush=True)
"""


@dataclass
class Platform:
    """One instance: its own home, database, packs and server process."""

    folder: Path
    instance: str
    port: int
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    commands: "subprocess.Popen[str] | None" = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "TONGBAN_HOME": str(self.folder / "home"),
            "TONGBAN_DATABASE": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "TONGBAN_PACKS": str(self.folder / "packs"),
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
        }

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command in this instance's own process of commands."""
        if self.commands is None:
            self.commands = subprocess.Popen(
                [sys.executable, "-c", COMMANDS],
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self.commands.stdin
        assert self.commands.stdout
        self.commands.stdin.write(json.dumps(words) + "\n")
        self.commands.stdin.flush()
        done = json.loads(self.commands.stdout.readline())
        assert done["code"] == code, done["output"]
        return str(done["output"])

    def exchange(self, *words: str, code: int = 0) -> str:
        return self.run("exchange", *words, code=code)

    def prepare(self) -> None:
        """Write a pack that makes this an instance of its own, with departments of its own."""
        pack = self.folder / "packs" / "level"
        pack.mkdir(parents=True)
        region = self.instance.removeprefix("CN-")
        head = {"schema": "tongban/pack/1", "slug": "level", "name": {"zh": "级", "en": "level"}}
        text = (shipped_packs() / "sample" / "departments.yaml").read_text("utf-8")
        departments = yaml.safe_load(text)
        for place, key in enumerate(sorted(departments["departments"])):
            one = departments["departments"][key]
            one["uscc"] = str(USCC.make("1", "1", region, f"MB1C{place:04d}"))
            one["region"] = region
        files = {
            "pack.yaml": {**head, "region": region, "extends": ["sample"]},
            "departments.yaml": departments,
            "exchange.yaml": {"schema": "tongban/exchange/1", "instance": self.instance},
        }
        for name, told in files.items():
            written = yaml.safe_dump(told, allow_unicode=True, sort_keys=False)
            (pack / name).write_text(written, encoding="utf-8")
        self.run("setup")

    def start(self) -> None:
        command = [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--log-level", "error"),
            *("--host", "127.0.0.1", "--port", str(self.port), "tongban.config.wsgi:application"),
        ]
        self.processes.append(subprocess.Popen(command, env=self.environment()))
        end = time.monotonic() + PATIENCE
        while True:
            try:
                with build_opener().open(f"{self.address}/exchange/v1/card", timeout=5):
                    return
            except OSError:
                assert time.monotonic() < end, "the server did not start"
                time.sleep(0.2)

    def meet(self, other: "Platform", relation: str) -> None:
        key = self.folder / f"{other.instance}.json"
        key.write_text(other.exchange("node", "control-key", "--json"), encoding="utf-8")
        self.exchange(
            *("instance", "add", other.instance, "--relation", relation),
            *("--address", other.address, "--key", str(key)),
        )


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[list[Platform]]:
    """Start county, city and province, each knowing its neighbours."""
    found = [Platform(tmp_path / name, name, free_port()) for name in (COUNTY, CITY, "CN-330000")]
    try:
        for platform in found:
            platform.folder.mkdir()
            platform.prepare()
            platform.start()
        for below, above in ((0, 1), (1, 2)):
            found[below].meet(found[above], "parent")
            found[above].meet(found[below], "child")
        yield found
    finally:
        for platform in found:
            for process in (*platform.processes, platform.commands):
                if process is not None:
                    process.terminate()
                    process.communicate(timeout=PATIENCE)
        shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.slow
def test_a_county_asks_the_city_for_what_it_delivered_upward(chain: list[Platform]) -> None:
    county, city, province = chain
    for platform in (county, city, province):
        platform.exchange("instance", "sync")
    listed = city.exchange("instance", "list")
    assert "CN-330106  child" in listed
    assert "CN-330000  parent" in listed
    assert listed.count("card of") == 2

    with build_opener().open(f"{city.address}/exchange/v1/card", timeout=10) as answer:
        card = json.loads(answer.read())["document"]
    service = next(s["id"] for s in card["services"] if s["resource"] == "population")
    request = county.exchange(
        *("request", service, "--field", "name", "--field", "hukou_status"),
        *("--item", "grid-register", "--law", "政务数据共享条例", "--reason", "数据回流"),
        *("--department", "police", "--system", "grid", "--flow-back", "--bulk"),
        *("--where", "hukou_region=330106", "--as", "police.clerk"),
    )
    number = request.split()[0]
    county.exchange("review", number, "--as", "data.reviewer")
    county.exchange("grant", number, "--as", "police.approver", code=1)  # the owner decides
    county.exchange("instance", "sync")
    assert "waits for review" in city.exchange("requests", "--as", "data.reviewer")
    city.exchange("review", number, "--as", "data.reviewer")
    city.exchange("grant", number, "--as", "police.approver")
    assert f"{number}  population" in city.exchange("requests", "--as", "police.approver")

    county.exchange("instance", "sync")
    granted = county.exchange("grants", "--client", "/grid")
    assert granted.startswith(f"{CITY}:g")
    assert "flow-back" in granted
    ref = granted.split()[0].partition(":")[2]
    there = city.exchange("grants", "--client", "/grid")
    assert there.startswith(f"{ref}  {COUNTY}/")

    city.exchange("end", ref, "--reason", "业务终止", "--as", "police.approver")
    county.exchange("instance", "sync")
    assert county.exchange("grants", "--client", "/grid") == ""
    # a province that nobody asked knows the city, and nothing of the county's grants
    assert province.exchange("grants", "--client", "/grid") == ""


# --- flow-back: from the request at the county to the correction that arrives there


class Speaker:
    """A node that speaks for the police of one platform."""

    def __init__(self, platform: Platform, system: str) -> None:
        self.folder = platform.folder / "node"
        self.outer, self.inner = free_ports(2)
        text = (platform.folder / "packs" / "level" / "departments.yaml").read_text("utf-8")
        member = yaml.safe_load(text)["departments"]["police"]["uscc"]
        listening = {"outer": f"127.0.0.1:{self.outer}", "inner": f"127.0.0.1:{self.inner}"}
        made = make_node(
            self.folder,
            NewNode(
                f"police-{platform.instance[3:]}",
                platform.instance,
                (member,),
                control=platform.address,
                systems=(system,),
                **listening,
            ),
        )
        self.token = (self.folder / "tokens" / f"{system}.token").read_text("ascii").strip()
        with made.config.open("a", encoding="utf-8") as file:
            file.write("\n" + platform.exchange("node", "control-key"))
        card = json.loads(made.card.read_bytes())
        platform.exchange("node", "add", card["id"], "--card", str(made.card))
        self.log = (self.folder / "lines").open("ab")
        self._platform = platform

    def start(self) -> None:
        words = [*("node", "run", "--config"), str(self.folder / "node.toml")]
        command = [sys.executable, "-c", "from tongban.cli import main; main()", *words]
        self._platform.processes.append(subprocess.Popen(command, stdout=self.log, stderr=self.log))
        self.log.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask its inner listener; None while it does not answer."""
        link = HTTPConnection("127.0.0.1", self.inner, timeout=20)
        try:
            told = canonical(body) if body is not None else None
            link.request(method, path, told, {"Authorization": f"Bearer {self.token}"})
            answer = link.getresponse()
            read = answer.read()
            return json.loads(read) if answer.status < 300 else None
        except OSError:
            return None
        finally:
            link.close()


def wait_for(found: Callable[[], Any], what: str) -> Any:
    """Give what is found at last."""
    end = time.monotonic() + PATIENCE
    while not (got := found()):
        assert time.monotonic() < end, what
        time.sleep(0.2)
    return got


@pytest.mark.slow
def test_what_a_county_delivered_flows_back_with_its_corrections(chain: list[Platform]) -> None:
    county, city, _ = chain
    city.run("sample", "--people", "200")
    above, below = Speaker(city, "registry"), Speaker(county, "grid")
    contract = yaml.safe_load((shipped_packs() / "sample/contracts/population.yaml").read_text())
    columns = {name: one["column"] for name, one in contract["fields"].items()}
    store = city.folder / "home" / "departments" / "police.sqlite"
    fields = ", ".join(f'{name} = "{column}"' for name, column in columns.items())
    with (above.folder / "node.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'\n[providers.population]\nkind = "sqlite"\nfile = "{store}"\n'
            f'table = "{contract["store"]["table"]}"\nkey = ["id_number"]\n'
            f"fields = {{ {fields} }}\n"
        )
    above.start()
    below.start()
    for platform in (city, county):
        platform.exchange("instance", "sync")
    with closing(sqlite3.connect(store)) as register:
        where = f"FROM RKJBXX WHERE {columns['hukou_region']} = '330106'"
        delivered = {row[0] for row in register.execute(f"SELECT GMSFHM {where}")}
    assert delivered

    with build_opener().open(f"{city.address}/exchange/v1/card", timeout=10) as answer:
        card = json.loads(answer.read())["document"]
    service = next(s["id"] for s in card["services"] if s["resource"] == "population")
    number = county.exchange(
        *("request", service, "--field", "name", "--field", "hukou_status"),
        *("--item", "grid-register", "--law", "政务数据共享条例", "--reason", "数据回流"),
        *("--department", "police", "--system", "grid", "--flow-back", "--bulk"),
        *("--where", "hukou_region=330106", "--as", "police.clerk"),
    ).split()[0]
    county.exchange("review", number, "--as", "data.reviewer")
    county.exchange("instance", "sync")
    city.exchange("review", number, "--as", "data.reviewer")
    city.exchange("grant", number, "--as", "police.approver")
    county.exchange("instance", "sync")

    def subscribed() -> Any:
        told = below.ask("GET", "/subscriptions")
        return told and [one for one in told["subscriptions"] if not one["ended"]]

    (one,) = wait_for(subscribed, "nobody subscribed")
    place = f"/subscriptions/{one['id']}/events"

    def arrived() -> Any:
        events = below.ask("GET", f"{place}?limit=500")["events"]
        return events if len(events) == len(delivered) else None

    told = wait_for(arrived, "the records did not come")
    assert {event["event"]["data"]["id_number"] for event in told} == delivered
    below.ask("POST", place, {"upto": told[-1]["seq"]})

    someone = min(delivered)
    corrected = {"name": "更正", "hukou_status": "normal", "hukou_region": "330106"}
    change = {"id": "c1", "kind": "corrected", "key": {"id_number": someone}, "record": corrected}
    assert above.ask("POST", "/events/population", [change]) == {"taken": 1}
    news = wait_for(lambda: below.ask("GET", place)["events"], "the correction did not come")
    assert [event["event"]["data"] for event in news] == [
        {"id_number": someone, "name": "更正", "hukou_status": "normal"}
    ]

    ref = county.exchange("grants", "--client", "/grid").split()[0].partition(":")[2]
    city.exchange("end", ref, "--reason", "业务终止", "--as", "police.approver")
    county.exchange("instance", "sync")
    wait_for(lambda: not subscribed(), "it outlived its grant")
