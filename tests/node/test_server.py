"""Nodes as processes: calls over the wire, replays, silence, old news, full disks, hard ends."""

import asyncio
import concurrent.futures
import http.client
import http.server
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from testkit.nodes import (
    AGREED,
    BIRTHS,
    CLIENT,
    ITEM,
    OPENED,
    OTHER,
    POPULATION,
    Answer,
    Network,
    Node,
    consent_token,
    grant,
    person,
    running,
)
from tongban.config.servers import free_port
from tongban.kernel.suites import suite
from tongban.kernel.wire.rows import Checker, verify_rows
from tongban.node import clock
from tongban.node.store import read_only

FIND = {"fields": ["name"], "key": {"id_number": person(1)}}


@pytest.fixture(scope="module", params=["std", "gm"])
def network(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    """Give a network of each suite that runs for all tests of this module."""
    with running(tmp_path_factory.mktemp(request.param), request.param) as found:
        yield found


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Network]:
    """Give a network of a test's own, not started."""
    made = Network(tmp_path)
    yield made
    made.stop()


def until(what: Any, seconds: float = 10) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


def test_the_three_reads_go_through_two_nodes(network: Network) -> None:
    """Find one, find among some, walk all: granted fields alone, in their declared types."""
    assert network.find(7).body == {"records": [{"name": "王7"}]}
    keys = [{"id_number": person(n)} for n in (3, 4, 5_000)]
    among = network.bureau.call(POPULATION, "among", {"fields": ["name", "married"], "keys": keys})
    assert sorted(among.body["records"], key=str) == [
        {"married": False, "name": "王4"},
        {"married": True, "name": "王3"},
    ]
    names, after = [], None
    while True:
        body = {"fields": ["name"], "after": after, "limit": 300}
        page = network.bureau.call(POPULATION, "walk", body).body
        names += [record["name"] for record in page["records"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(names) == sorted(f"王{n}" for n in range(1_000))
    weight = network.bureau.call(BIRTHS, "find", {"fields": ["weight"], "key": {"number": "B2"}})
    assert weight.body == {"records": [{"weight": 3_002}]}


def test_a_get_asks_as_x_road_clients_are_used_to(network: Network) -> None:
    """Key and fields in the query; what a value needs is percent-encoded."""
    answer = network.bureau.send("GET", f"/r1/{POPULATION}?id_number={person(9)}&fields=name")
    assert answer.body == {"records": [{"name": "王9"}]}


def test_both_nodes_have_both_rows_of_a_call(network: Network) -> None:
    """The same call number, the same two signatures, at the asking and at the answering node."""
    call = network.find(11).headers["x-road-id"]
    asked, served = (
        [row for row in node.rows() if row["call"] == call]
        for node in (network.bureau, network.police)
    )
    assert (
        [row["kind"] for row in asked] == [row["kind"] for row in served] == ["request", "answer"]
    )
    for one, other in zip(asked, served, strict=True):
        assert one["signature"] == other["signature"] != ""
        assert one["base"] == other["base"]


def test_the_logs_of_all_nodes_verify(network: Network) -> None:
    """Chain, hashes and every signature, by the public keys alone."""
    network.find(12)
    network.find(12, purpose=OTHER)
    keys = verifiers(network)
    for node in (network.bureau, network.police):
        checker = Checker(suite(network.suite), key_of=keys.get)
        assert verify_rows(read_only(node.store), checker) is None
        assert checker.signatures >= 2
        assert checker.unchecked == 0


def test_consent_goes_with_the_call(network: Network) -> None:
    """Its field is given with the token, and not without or for another case."""
    token = consent_token(name=network.suite)
    body = {"fields": ["mobile"], "key": {"id_number": person(1)}}

    def ask(**headers: str) -> Answer:
        return network.bureau.call(POPULATION, "find", body, purpose=AGREED, **headers)

    given = ask(tb_consent=token, x_road_issue="case-1")
    assert given.body == {"records": [{"mobile": "13800000001"}]}
    assert ask(x_road_issue="case-1").code == "consent_missing"
    assert ask(tb_consent=token, x_road_issue="case-2").code == "consent_unfit"


def test_a_withdrawn_consent_ends_on_every_node(apart: Network) -> None:
    """As soon as the feed is read; statutory calls go on."""
    apart.start()
    body = {"fields": ["mobile"], "key": {"id_number": person(1)}}

    def code() -> str:
        headers = {"tb_consent": consent_token(), "x_road_issue": "case-1"}
        return apart.bureau.call(POPULATION, "find", body, purpose=AGREED, **headers).code

    assert code() == ""
    apart.revoke("consent", "c1")
    until(lambda: code() == "consent_withdrawn", 5)
    assert apart.find().status == 200


def test_an_old_feed_stops_consent_and_an_old_snapshot_conditional_services(
    apart: Network,
) -> None:
    """Unconditional services go on in both cases."""
    now = clock.now()
    apart.limits = {"snapshot_age": 3_600, "feed_age": 60}
    apart.publish(issued=now, fed=now - timedelta(seconds=61))
    apart.start()
    mobile = {"fields": ["mobile"], "key": {"id_number": person(1)}}
    headers = {"tb_consent": consent_token(), "x_road_issue": "case-1"}
    opened = {"fields": ["name"], "key": {"code": "H1"}}
    told = apart.bureau.call(POPULATION, "find", mobile, purpose=AGREED, **headers)
    assert told.code == "feed_old"
    assert apart.find().status == 200
    apart.stop()
    for node in apart.nodes:
        assert node.process is None
    apart.publish(issued=now - timedelta(seconds=3_601))
    apart.start()
    assert apart.find().code == "snapshot_old"
    assert apart.bureau.call(OPENED, "find", opened).status == 200


def test_a_system_without_a_token_is_nobody(network: Network) -> None:
    """No token, a wrong one, another scheme; and a token speaks for its own system alone."""
    path = f"/r1/{POPULATION}/find"
    body = json.dumps(FIND).encode()
    for value in ("", "Bearer", "Bearer wrong", f"Basic {network.bureau.token}"):
        told = network.bureau.send("POST", path, body, headers={"authorization": value})
        assert (told.status, told.code) == (401, "signature")
    other = network.bureau.send("POST", path, body, headers={"x-road-client": f"{CLIENT}x"})
    assert other.code == "malformed"


@pytest.mark.parametrize(
    "path",
    [
        f"/r1/{POPULATION}%2Ffind",
        f"/r1/{POPULATION}%5Cfind",
        f"/r1/{POPULATION}/../population/find",
        f"/r1/./{POPULATION}/find",
        f"/r1//{POPULATION}/find",
        f"/r1/{POPULATION}/find/",
        f"/r1/{POPULATION}/find?sort=name",
        f"/r1/{POPULATION}/find#x",
        f"http://elsewhere/r1/{POPULATION}/find",
        "/r1/\x7f",
        "/r1/居民",
    ],
)
def test_a_path_that_two_readers_could_take_differently_is_refused(
    network: Network, path: str
) -> None:
    """Before anything is asked, and on the raw bytes."""
    before = len(network.police.rows())
    body = json.dumps(FIND).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    assert network.police.raw(head.encode() + body) == 400
    assert len(network.police.rows()) == before


def test_a_doubled_header_is_refused(network: Network) -> None:
    """Whichever of the two is right."""
    request = network.bureau.signed(POPULATION, "find", FIND)
    head = f"POST {request.path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(request.body)}\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    twice = f"x-road-client: {CLIENT}\r\n\r\n"
    assert network.police.raw((head + lines + twice).encode() + request.body) == 400


def test_what_is_too_large_is_refused_before_it_is_read(network: Network) -> None:
    """A body by its stated or its real size, and a head."""
    path = f"POST /r1/{POPULATION}/find HTTP/1.1\r\nhost: x\r\n"
    assert network.police.raw(f"{path}content-length: 99999999\r\n\r\n".encode()) == 413
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    chunked = f"{path}transfer-encoding: chunked\r\n\r\n".encode() + chunk * 40
    assert network.police.raw(chunked) in {413, 0}
    assert network.police.raw(path.encode() + b"a: " + b"x" * 40_000 + b"\r\n\r\n") == 400
    assert network.police.raw(path.encode() + b"a: b\r\n" * 100 + b"\r\n") == 400
    assert network.find().status == 200


def test_refusals_look_alike_on_the_wire(network: Network) -> None:
    """Unknown service, ungranted field, unknown purpose: the same bytes but for the call's own."""

    def refusal(service: str, field: str, purpose: str) -> tuple[int, str, list[str]]:
        body = {"fields": [field], "key": {"id_number": person(1)}}
        told = network.police.post(network.bureau.signed(service, "find", body, purpose))
        text = json.dumps({**told.body, "call": ""}, sort_keys=True)
        return told.status, text, sorted(told.headers)

    nowhere = POPULATION.replace("population", "nowhere")
    told = [
        refusal(nowhere, "name", ITEM),
        refusal(BIRTHS, "name", ITEM),
        refusal(POPULATION, "region", ITEM),
        refusal(POPULATION, "nothing", ITEM),
        refusal(POPULATION, "name", "unheard-of"),
    ]
    assert told[0][0] == 403
    assert all(one == told[0] for one in told)


def test_a_replayed_request_is_answered_once(network: Network) -> None:
    """The second time by 401, signed, and on the log."""
    request = network.bureau.signed(POPULATION, "find", FIND)
    first, second = network.police.post(request), network.police.post(request)
    assert (first.status, second.status, second.code) == (200, 401, "replayed")
    assert "signature" in second.headers


def test_a_nonce_is_taken_once_by_two_workers_and_after_a_hard_end(apart: Network) -> None:
    """Whichever worker gets it, and whatever happened to the process meanwhile."""
    apart.change(apart.police, "workers = 1 ", "workers = 2 ")
    apart.start(apart.police)
    for _ in range(5):
        request = apart.bureau.signed(POPULATION, "find", FIND)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            told = list(pool.map(lambda _, r=request: apart.police.post(r).status, range(16)))
        assert sorted(told) == [200, *[401] * 15]
    apart.police.kill()
    apart.start(apart.police)
    assert apart.police.post(request).code == "replayed"


def test_a_fallen_worker_is_started_anew_and_a_gentle_stop_is_clean(apart: Network) -> None:
    """The parent sees to its workers."""
    apart.change(apart.police, "workers = 1 ", "workers = 2 ")
    apart.start(apart.police)
    assert apart.police.process is not None
    parent = apart.police.process.pid
    told = Path(f"/proc/{parent}/task/{parent}/children")

    def children() -> list[int]:
        return [int(pid) for pid in told.read_text().split()]

    fallen = children()[0]
    os.kill(fallen, 9)
    until(lambda: len(children()) == 2 and fallen not in children())
    assert apart.police.post(apart.bureau.signed(POPULATION, "find", FIND)).status == 200
    assert apart.police.stop() == 0


def test_workers_end_when_their_parent_was_killed(apart: Network) -> None:
    """Nobody holds the port of a node that is gone."""
    apart.change(apart.police, "workers = 1 ", "workers = 2 ")
    apart.start(apart.police)
    process = apart.police.process
    assert process is not None
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(process.pid, 9)
    process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


class Between(http.server.BaseHTTPRequestHandler):
    """Stands between two nodes and gives the first answer to every later request."""

    kept: tuple[int, list[tuple[str, str]], bytes] | None = None
    port = 0

    def do_POST(self) -> None:
        """Pass the request on, or give the kept answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if type(self).kept is None:
            link = http.client.HTTPConnection("127.0.0.1", self.port)
            link.request("POST", self.path, body, dict(self.headers))
            answer = link.getresponse()
            type(self).kept = (answer.status, answer.getheaders(), answer.read())
            link.close()
        assert type(self).kept is not None
        status, headers, told = type(self).kept
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_genuine_answer_to_another_request_is_refused(apart: Network) -> None:
    """Someone on the way keeps an answer and gives it again; the asking node sees it."""
    port = free_port()
    Between.port, Between.kept = apart.police.outer, None
    apart.police.card["address"] = f"http://127.0.0.1:{port}"
    apart.publish()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Between)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        apart.start(apart.bureau, apart.police)
        assert apart.find(1).body == {"records": [{"name": "王1"}]}
        told = apart.find(2)
        assert (told.status, told.code) == (502, "bad_answer")
        assert "王1" not in str(told.body)
    finally:
        server.shutdown()
        server.server_close()


def test_an_owner_that_is_down_is_unavailable_and_on_the_log(apart: Network) -> None:
    """The client hears one clear word; the signed request stands on its own node's log."""
    apart.start(apart.bureau)
    told = apart.find()
    assert (told.status, told.code) == (503, "unavailable")
    asked, answered = apart.bureau.rows()
    assert asked["signature"]
    assert (answered["code"], answered["signature"]) == ("unavailable", "")


def test_a_source_that_is_gone_is_unavailable_and_no_more(apart: Network) -> None:
    """What is wrong with it is for the provider's own lines."""
    (apart.police.folder / "police.sqlite").unlink()
    apart.start(apart.bureau, apart.police)
    told = apart.find()
    assert (told.status, told.code) == (503, "unavailable")
    assert "sqlite" not in str(told.body)
    until(lambda: '"unavailable"' in apart.police.lines())


def test_no_person_is_named_in_log_lines_or_on_the_log(network: Network) -> None:
    """Numbers and names stay in the department's store and in the client's hands."""
    network.find(123)
    network.find(123, purpose=OTHER)
    network.bureau.send("GET", f"/r1/{POPULATION}?id_number={person(123)}&fields=name&sort=x")
    for node in network.nodes:
        assert person(123) not in node.lines()
        assert person(123) not in json.dumps(node.rows())


def test_a_quota_is_exact(apart: Network) -> None:
    """Five calls a day, and the sixth is refused, also when all come at once at two workers."""
    apart.grants = [grant(1, quota={"calls": 5})]
    apart.publish()
    apart.change(apart.police, "workers = 1 ", "workers = 2 ")
    apart.start(apart.bureau, apart.police)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        told = list(pool.map(lambda n: apart.find(n).status, range(12)))
    assert sorted(told) == [*[200] * 5, *[429] * 7]


def test_a_client_that_asks_too_fast_is_limited(apart: Network) -> None:
    """By its own bucket."""
    apart.add(apart.police, "\n[limits]\nper_second = 0.1\nburst = 3\n")
    apart.start(apart.bureau, apart.police)
    assert [apart.find(n).status for n in range(5)] == [200, 200, 200, 429, 429]


def test_harvesting_raises_an_alarm_on_the_log_and_on_the_metrics(apart: Network) -> None:
    """Ten people in an hour, where ten is too many."""
    watch = "\n[[limits.watches]]\nwindow = 3600.0\nmost = 10\nleast = 1\n"
    apart.add(apart.police, watch)
    apart.start(apart.bureau, apart.police)
    assert {apart.find(n).status for n in range(12)} == {200}
    alarms = [row for row in apart.police.rows() if row["kind"] == "alarm"]
    assert [(row["code"], row["records"], row["client"]) for row in alarms] == [
        ("harvest", 11, CLIENT)
    ]
    assert "tongban_harvest_alarms_total" in inner(apart.police, "/metrics")


def inner(node: Node, path: str) -> str:
    """Get a page of the inner listener."""
    link = http.client.HTTPConnection("127.0.0.1", node.inner, timeout=10)
    link.request("GET", path)
    answer = link.getresponse()
    text = answer.read().decode()
    link.close()
    assert answer.status == 200, text
    return text


def test_status_and_metrics_tell_how_a_node_does(network: Network) -> None:
    """Ages, rows, breakers, calls; and the command says the same in words."""
    network.find()
    status = json.loads(inner(network.police, "/status"))
    assert status["node"] == "police"
    assert status["control"]["serial"] == network.serial
    assert status["providers"] == {POPULATION: "closed"}
    assert int(status["services"][POPULATION]["windows"][0]["calls"]) >= 1
    shown = inner(network.police, "/metrics")
    assert f'tongban_calls_total{{outcome="good",service="{POPULATION}"}}' in shown
    told = tongban("node", "status", "--config", str(network.police.config))
    assert told.returncode == 0
    assert f"snapshot {network.serial}" in told.stdout


def tongban(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command."""
    start = "from tongban.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", start, *arguments], capture_output=True, text=True, check=False
    )


def test_an_engineer_makes_a_call_from_the_command_line(network: Network) -> None:
    """Through the node by a token, and by the node's own key."""
    ask = ["exchange", "call", POPULATION, "--purpose", ITEM, "--field", "name"]
    ask += ["--key", f"id_number={person(5)}"]
    token = network.bureau.folder / "tokens" / "tongban.token"
    place = f"127.0.0.1:{network.bureau.inner}"
    through = tongban(*ask, "--node", place, "--token-file", str(token))
    assert through.returncode == 0, through.stderr
    assert "王5" in through.stdout
    before = len(network.bureau.rows())
    directly = tongban(*ask, "--config", str(network.bureau.config), "--client", CLIENT)
    assert directly.returncode == 0, directly.stderr
    assert "王5" in directly.stdout
    assert "signature holds" in directly.stderr
    assert len(network.bureau.rows()) == before + 2
    refused = tongban(*ask, "--field", "region", "--node", place, "--token-file", str(token))
    assert refused.returncode == 1
    assert "not_granted" in refused.stdout


def test_a_full_disk_is_503_at_once_and_mends_by_itself(apart: Network) -> None:
    """No answer leaves unlogged, nobody waits, and it goes on once there is room."""
    apart.start(apart.bureau, apart.police)
    assert apart.find().status == 200
    assert apart.police.process is not None
    pid = apart.police.process.pid
    wal = apart.police.store.with_name(apart.police.store.name + "-wal")
    room = wal.stat().st_size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    before = len(apart.police.rows())
    began = time.monotonic()
    told = [apart.police.post(apart.bureau.signed(POPULATION, "find", FIND)) for _ in range(5)]
    assert time.monotonic() - began < 5
    assert {(one.status, one.code) for one in told} == {(503, "log_down")}
    assert all("signature" not in one.headers for one in told)
    assert apart.find().code == "unavailable"
    assert len(apart.police.rows()) == before
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    until(lambda: apart.find().status == 200)


SLOW = """
[providers.births]
kind = "http"
base = "{base}"
allow_private = true
description = "births.json"
connections = 512
key = ["number"]
guard = {{ timeout = 9.0, at_once = 512, waiting = 600, patience = 9.0 }}
fields = {{ number = "number", weight = "weight" }}
[providers.births.operations.find]
operation = "birth"
path = {{ number = "number" }}
"""
BIRTH = {
    "type": "object",
    "required": ["number", "weight"],
    "properties": {"number": {"type": "string"}, "weight": {"type": "integer"}},
}
DESCRIBED = {
    "openapi": "3.1.0",
    "info": {"title": "births", "version": "1"},
    "paths": {
        "/births/{number}": {
            "get": {
                "operationId": "birth",
                "parameters": [
                    {"name": "number", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {
                    "200": {
                        "description": "one",
                        "content": {"application/json": {"schema": BIRTH}},
                    }
                },
            }
        }
    },
}


class SlowSource(http.server.ThreadingHTTPServer):
    """A department's HTTP interface that takes its time."""

    daemon_threads = True
    request_queue_size = 1024
    latency = 5.0


class SlowHandler(http.server.BaseHTTPRequestHandler):
    """Answers one birth, late."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        assert isinstance(self.server, SlowSource)
        time.sleep(self.server.latency)
        told = json.dumps({"number": self.path.rpartition("/")[2], "weight": 3_000}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def slow(apart: Network) -> Iterator[SlowSource]:
    """Give a slow source that the health commission's births come from."""
    source = SlowSource(("127.0.0.1", 0), SlowHandler)
    threading.Thread(target=source.serve_forever, args=(0.02,), daemon=True).start()
    node = apart.health
    text = node.config.read_text(encoding="utf-8")
    begin, rest = text.index("[providers.births]\nkind"), text.index("[providers.hospitals]")
    base = f"http://127.0.0.1:{source.server_address[1]}"
    node.config.write_text(text[:begin] + SLOW.format(base=base) + "\n" + text[rest:])
    (node.folder / "births.json").write_text(json.dumps(DESCRIBED), encoding="utf-8")
    yield source
    source.shutdown()
    source.server_close()


BIRTH_FIND = {"fields": ["weight"], "key": {"number": "B2"}}


def test_a_gentle_stop_ends_calls_under_way(apart: Network, slow: SlowSource) -> None:
    """What was asked before the stop is answered."""
    slow.latency = 1.5
    apart.start(apart.bureau, apart.health)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(apart.bureau.call, BIRTHS, "find", BIRTH_FIND)
        time.sleep(0.7)
        assert apart.health.stop() == 0
        assert waiting.result().body == {"records": [{"weight": 3_000}]}


async def _waited(node: Node, request: Any, times: list[float] | None = None) -> int:
    """Send one signed request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.outer)
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    head = f"POST {request.path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(request.body)}\r\n"
    began = time.perf_counter()
    writer.write(f"{head}{lines}\r\n".encode() + request.body)
    told = await reader.readline()
    if times is not None:
        times.append(time.perf_counter() - began)
    writer.close()
    return int(told[9:12])


@pytest.mark.slow
def test_a_slow_source_leaves_other_services_alone(apart: Network, slow: SlowSource) -> None:
    """Five hundred calls wait five seconds each; another service's p99 stays within twice quiet."""
    opened = {"fields": ["name"], "key": {"code": "H1"}}
    apart.add(apart.health, "\n[limits]\nper_second = 100000\nburst = 100000\n")
    apart.start(apart.health)

    async def p99() -> float:
        times: list[float] = []
        for _ in range(100):
            request = apart.bureau.signed(OPENED, "find", opened)
            assert await _waited(apart.health, request, times) == 200
            await asyncio.sleep(0.005)
        return sorted(times)[98]

    async def measured() -> tuple[float, float, list[int]]:
        await p99()
        quiet = await p99()
        requests = [apart.bureau.signed(BIRTHS, "find", BIRTH_FIND) for _ in range(500)]
        waiting = [asyncio.create_task(_waited(apart.health, one)) for one in requests]
        await asyncio.sleep(1.5)  # all of them are taken up, and wait
        assert not any(task.done() for task in waiting)
        busy = min(await p99(), await p99())  # what else the machine does comes and goes
        return quiet, busy, list(await asyncio.gather(*waiting))

    quiet, busy, told = asyncio.run(measured())
    # on a machine that is busy with more than this some come too late, and are told so
    assert set(told) <= {200, 503, 504}
    assert told.count(200) >= 100
    # a few milliseconds are the machine's, not the node's
    assert busy <= max(2 * quiet, 0.025)


HARD_ENDS = 50 if os.environ.get("CI") == "true" else 10


@pytest.mark.slow
def test_every_answer_a_client_holds_is_on_both_logs_after_hard_ends(apart: Network) -> None:
    """The provider's and the consumer's node are killed in turn under load, ten times (CI: 50)."""
    apart.add(apart.police, "\n[limits]\nper_second = 100000\nburst = 100000\n")
    apart.start(apart.bureau, apart.police)
    held: list[str] = []
    going = threading.Event()
    going.set()

    def client(first: int) -> None:
        number = first
        while going.is_set():
            number += 1
            try:
                told = apart.find(number % 1_000)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if told.status == 200:
                held.append(told.headers["x-road-id"])

    clients = [threading.Thread(target=client, args=(n * 100,)) for n in range(6)]
    for one in clients:
        one.start()
    try:
        for turn in range(HARD_ENDS):
            before = len(held)
            until(lambda b=before: len(held) > b + 5, 30)
            node = (apart.police, apart.bureau)[turn % 2]
            node.kill()
            node.start()
    finally:
        going.clear()
        for one in clients:
            one.join()
    assert len(held) > 5 * HARD_ENDS
    for node in (apart.bureau, apart.police):
        node.stop()
        kept: dict[str, set[str]] = {}
        for row in node.rows():
            kept.setdefault(row["call"], set()).add(row["kind"])
        lacking = [call for call in held if kept.get(call, set()) != {"request", "answer"}]
        assert not lacking
        checker = Checker(suite("std"), key_of=verifiers(apart).get)
        assert verify_rows(read_only(node.store), checker) is None


def verifiers(network: Network) -> dict[str, Any]:
    """Give the public keys of the network's nodes."""
    return {
        node.keyid: suite(network.suite).verifier(bytes.fromhex(node.card["keys"][0]["public"]))
        for node in network.nodes
    }
