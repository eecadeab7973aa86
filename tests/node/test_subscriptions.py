"""Subscriptions between real nodes: over HTTP and over a real JetStream, judged at delivery."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit.nats import Nats, nats
from testkit.nodes import (
    AGREED,
    CLIENT,
    INSTANCE,
    POLICE,
    POPULATION,
    Answer,
    Network,
    Node,
    canonical,
    consent_token,
    grant,
    person,
)
from testkit.systems import System, taking
from tongban.kernel.suites import suite
from tongban.kernel.wire.rows import Checker, verify_rows
from tongban.node.store import read_only

WAYS = ("callback", "jetstream")
RECORD = {"birth_date": "1990-01-01", "married": True, "region": "330113", "mobile": "13800000000"}


def change(number: int, who: int = 1, kind: str = "corrected", **record: Any) -> dict[str, Any]:
    """Give a change of a person's record as the police hand it in."""
    return {
        "id": f"e{number}",
        "kind": kind,
        "key": {"id_number": person(who)},
        "record": {**RECORD, "name": f"名{number}", **record},
    }


@pytest.fixture
def system() -> Iterator[System]:
    """Give the data bureau's own system."""
    with taking() as found:
        yield found


def settle(network: Network, system: System | None, nats: Nats | None, **bounds: Any) -> Network:
    """Configure the events of a network."""
    bus = f'nats = ["{nats.url}"]' if nats else ""
    told = {"rest": 0.1, "longest_rest": 2.0, **bounds}
    lines = "".join(f"{name} = {value}\n" for name, value in told.items())
    for node in network.nodes:
        network.add(node, f"\n[events]\n{bus}\n[events.bounds]\n{lines}")
    if system is not None:
        place = f'[[events.hand_over]]\nclient = "{CLIENT}"\nurl = "{system.url}"\n'
        network.add(network.bureau, place)
    return network


@pytest.fixture
def network(tmp_path: Path, system: System, nats_server: Nats) -> Iterator[Network]:
    """Give three running nodes; the bureau's system takes its events."""
    made = settle(Network(tmp_path), system, nats_server)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Give a running network to tests that leave nothing behind in it.

    It is on no bus: its nodes bear the names of other tests' nodes.
    """
    made = settle(Network(tmp_path_factory.mktemp("quiet")), None, None)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def subscribe(network: Network, way: str = "callback", **more: Any) -> str:
    """Subscribe the data bureau to the population; give the id."""
    headers = more.pop("headers", {})
    purpose = more.pop("purpose", "registration")
    body = {"fields": ["name", "birth_date"], "delivery": way, **more}
    answer = network.bureau.send(
        "POST", f"/r1/{POPULATION}/subscriptions", canonical(body), purpose, headers=headers
    )
    assert answer.status == 200, answer
    return str(answer.body["id"])


def hand_in(node: Node, *changes: dict[str, Any]) -> Answer:
    """Hand changes in, as the police's own system."""
    return node.send("POST", "/events/population", canonical(list(changes)))


def queued(node: Node, side: str = "out") -> int:
    """Give how many events wait at a node."""
    with contextlib.closing(sqlite3.connect(f"file:{node.store}?mode=ro", uri=True)) as store:
        sql = "SELECT COUNT(*) FROM event_item WHERE side = ?"
        return int(store.execute(sql, (side,)).fetchone()[0])


def until(true: Any, seconds: float = 20) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.05)


def by_subject(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Give the ids of events by subject, each once, as they came first."""
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if event["id"] not in found[event["subject"]]:
            found[event["subject"]].append(event["id"])
    return found


def assert_in_order(events: list[dict[str, Any]]) -> None:
    """Hold that each subject's events came first in the order in which they were handed in."""
    for names in by_subject(events).values():
        numbers = [int(name[1:]) for name in names]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("way", WAYS)
def test_a_change_arrives_as_a_signed_event_with_exactly_the_granted_fields(
    network: Network, system: System, way: str
) -> None:
    name = subscribe(network, way)
    assert hand_in(network.police, change(1)).status == 202
    (event,) = system.wait(1)
    assert event["data"] == {"name": "名1", "birth_date": "1990-01-01"}
    assert event["specversion"] == "1.0"
    assert event["type"] == "tongban.exchange.record.corrected.v1"
    assert event["source"] == f"/r1/{POPULATION}/subscriptions/{name}"
    assert person(1) not in json.dumps(event), "the subject is a mark, never the number"
    assert system.headers[0]["content-type"] == "application/cloudevents+json"
    for node, side in ((network.police, "provider"), (network.bureau, "consumer")):
        until(
            lambda node=node: any(r["operation"] == "deliver" and r["status"] for r in rows(node))
        )
        told = [row for row in rows(node) if row["operation"] == "deliver"]
        assert [row["kind"] for row in told] == ["delivery", "answer"]
        assert {row["side"] for row in told} == {side}
        assert all(row["signature"] for row in told), "anyone can check both messages later"
        assert told[1]["status"] == 202
        assert told[1]["records"] == (1 if side == "provider" else 0)


def rows(node: Node) -> list[dict[str, Any]]:
    """Read a node's log."""
    with contextlib.closing(sqlite3.connect(f"file:{node.store}?mode=ro", uri=True)) as store:
        return [json.loads(text) for (text,) in store.execute("SELECT text FROM log ORDER BY seq")]


def test_the_logs_of_deliveries_verify_with_their_signatures(
    network: Network, system: System
) -> None:
    subscribe(network)
    hand_in(network.police, *(change(n, n) for n in range(5)))
    system.wait(5)
    until(lambda: queued(network.police) == 0)
    for checker in verified(network):
        assert checker.signatures >= 10


def verified(network: Network) -> Iterator[Checker]:
    """Check the logs of both ends with the public keys of the cards; every signature is checked."""
    by = suite(network.suite)
    keys = {
        node.keyid: by.verifier(bytes.fromhex(node.card["keys"][0]["public"]))
        for node in network.nodes
    }
    for node in (network.police, network.bureau):
        checker = Checker(by, key_of=keys.get)
        assert verify_rows(read_only(node.store), checker) is None
        assert checker.unchecked == 0
        yield checker


@pytest.mark.parametrize("way", WAYS)
def test_with_sm2_and_sm3_a_record_and_its_correction_arrive_in_order(
    tmp_path: Path, system: System, nats_server: Nats, way: str
) -> None:
    network = settle(Network(tmp_path, "gm"), system, nats_server)
    try:
        network.start()
        subscribe(network, way)
        made = change(1, kind="created", birth_date="1990-01-02")
        assert hand_in(network.police, made, change(2)).status == 202
        events = system.wait(2)
        until(lambda: queued(network.police) == queued(network.bureau, "in") == 0)
    finally:
        network.stop()
    assert [event["id"] for event in events] == ["e1", "e2"]
    assert [event["data"]["birth_date"] for event in events] == ["1990-01-02", "1990-01-01"]
    for node in (network.police, network.bureau):
        told = [row for row in rows(node) if row["operation"] == "deliver"]
        assert [row["kind"] for row in told] == ["delivery", "answer"] * 2
        for row in told:
            assert 'content-digest": sm3=:' in row["base"]
            assert f'keyid="{row["keyid"]}"' in row["base"]
            assert "/gm/" in row["keyid"]
    for checker in verified(network):
        assert checker.signatures == 6, "the subscription's two messages and two for each event"


def test_the_same_event_handed_in_twice_is_delivered_once(network: Network, system: System) -> None:
    subscribe(network)
    for _ in range(3):
        assert hand_in(network.police, change(1), change(2)).status == 202
    hand_in(network.police, change(3))
    system.wait(3)
    time.sleep(0.5)
    assert [event["id"] for event in system.events] == ["e1", "e2", "e3"]


def test_only_the_subscribed_keys_are_told(network: Network, system: System) -> None:
    subscribe(network, keys=[{"id_number": person(2)}, {"id_number": person(3)}])
    hand_in(network.police, *(change(n, n) for n in range(5)))
    system.wait(2)
    time.sleep(0.5)
    assert {event["id"] for event in system.events} == {"e2", "e3"}


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        ({"fields": ["mobile"]}, {}, "consent_missing"),
        ({"fields": ["region"]}, {}, "not_granted"),
        ({"fields": ["name"], "delivery": "pigeon"}, {}, "malformed"),
        ({"fields": ["name"], "where": {"region": "330113"}}, {}, "malformed"),
        ({"fields": ["name"], "keys": [{"region": "330113"}]}, {}, "malformed"),
        ({"fields": ["name"], "keys": [{"id_number": "1"}], "catch_up": True}, {}, "malformed"),
    ],
)
def test_a_subscription_is_judged_as_a_call(
    quiet: Network, body: dict[str, Any], headers: dict[str, str], code: str
) -> None:
    purpose = AGREED if "mobile" in body["fields"] else "registration"
    told = canonical({"delivery": "callback", **body})
    path = f"/r1/{POPULATION}/subscriptions"
    answer = quiet.bureau.send("POST", path, told, purpose, headers=headers)
    assert answer.code == code


def test_a_whole_register_needs_a_grant_for_bulk(tmp_path: Path, nats_server: Nats) -> None:
    network = settle(Network(tmp_path), None, nats_server)
    network.grants[0]["bulk"] = False
    network.publish()
    try:
        network.start(network.bureau, network.police)
        body = {"fields": ["name"], "delivery": "callback"}
        path = f"/r1/{POPULATION}/subscriptions"
        assert network.bureau.send("POST", path, canonical(body)).code == "not_granted"
        body["keys"] = [{"id_number": person(1)}]
        assert network.bureau.send("POST", path, canonical(body)).status == 200
    finally:
        network.stop()


def test_nobody_hands_in_changes_of_another_departments_register(quiet: Network) -> None:
    told = canonical([change(1)])
    assert quiet.bureau.send("POST", "/events/population", told).status == 404
    assert quiet.bureau.send("POST", f"/events/{POPULATION}", told).status == 404
    assert quiet.health.send("POST", f"/events/{POPULATION}", told).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": "catch-up-1"},
        {"kind": "deleted"},
        {"key": {"name": "x"}},
        {"record": {"name": ["x"]}},
        {"time": "yesterday"},
        {"more": 1},
    ],
)
def test_a_malformed_change_is_refused_whole(quiet: Network, wrong: dict[str, Any]) -> None:
    answer = hand_in(quiet.police, change(1), {**change(2), **wrong})
    assert answer.code == "malformed"
    assert queued(quiet.police) == 0


def test_subscriptions_are_listed_and_ended_at_both_nodes(network: Network, system: System) -> None:
    name = subscribe(network)
    listed = network.bureau.send("GET", "/subscriptions").body["subscriptions"]
    there = network.bureau.send("GET", f"/r1/{POPULATION}/subscriptions").body["subscriptions"]
    assert [one["id"] for one in listed] == [one["id"] for one in there] == [name]
    assert network.health.send("DELETE", f"/subscriptions/{name}").status == 404
    assert network.bureau.send("DELETE", f"/subscriptions/{name}").status == 200
    hand_in(network.police, change(1))
    time.sleep(1)
    assert system.events == []
    assert network.bureau.send("GET", "/subscriptions").body["subscriptions"][0]["ended"]
    there = network.bureau.send("GET", f"/r1/{POPULATION}/subscriptions").body["subscriptions"]
    assert there[0]["ended"] == "unsubscribed"


def test_events_are_pulled_in_order_and_acknowledged(tmp_path: Path, nats_server: Nats) -> None:
    network = settle(Network(tmp_path), None, nats_server)
    try:
        network.start(network.bureau, network.police)
        name = subscribe(network)
        hand_in(network.police, *(change(n, n % 3) for n in range(1, 8)))
        place = f"/subscriptions/{name}/events"
        until(lambda: len(network.bureau.send("GET", place).body["events"]) == 7)
        first = network.bureau.send("GET", f"{place}?limit=4").body["events"]
        assert len(first) == 4
        assert network.bureau.send("GET", f"{place}?limit=4").body["events"] == first
        told = canonical({"upto": first[-1]["seq"]})
        assert network.bureau.send("POST", place, told).status == 200
        rest = network.bureau.send("GET", place).body["events"]
        assert_in_order([one["event"] for one in first + rest])
        assert len({one["event"]["id"] for one in first + rest}) == 7
        assert network.health.process is None
        text = network.bureau.store.read_bytes()
        assert "名1".encode() not in text, "what waits lies sealed"
    finally:
        network.stop()


def test_a_refused_event_is_a_dead_letter_its_subject_waits_and_requeueing_lets_it_go(
    tmp_path: Path, system: System, nats_server: Nats
) -> None:
    network = settle(Network(tmp_path), system, nats_server, tries=3)
    system.answer = lambda event: 422 if event["id"] == "e1" else 204
    command = [sys.executable, "-c", "from tongban.cli import main; main()", "exchange", "events"]
    config = ["--config", str(network.bureau.config)]
    try:
        network.start(network.bureau, network.police)
        subscribe(network)
        hand_in(network.police, change(1, 1), change(2, 1), change(3, 2), change(4, 1))

        def dead() -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                [*command, "dead", *config], capture_output=True, text=True, check=False
            )

        until(lambda: dead().returncode == 1, 60)
        assert "3 tries, its system: status 422" in dead().stdout
        assert [event["id"] for event in system.events] == ["e3"], "others went on"
        assert queued(network.bureau, "in") == 3, "nothing was dropped"
        system.answer = lambda _: 204
        subprocess.run([*command, "requeue", *config], check=True, capture_output=True)
        system.wait(4)
        assert [event["id"] for event in system.events] == ["e3", "e1", "e2", "e4"]
        assert dead().returncode == 0
    finally:
        network.stop()


@pytest.mark.parametrize("way", WAYS)
def test_consent_withdrawn_while_ten_thousand_events_queue_none_comes_after_five_seconds(
    tmp_path: Path, system: System, nats_server: Nats, way: str
) -> None:
    network = settle(Network(tmp_path), system, nats_server, of_one=8)
    network.grants[1]["bulk"] = True
    network.publish()
    try:
        network.start(network.bureau, network.police)
        name = subscribe(
            network,
            way,
            fields=["mobile"],
            purpose=AGREED,
            headers={"tb-consent": consent_token("c7"), "x-road-issue": "case-1"},
        )
        system.answer = lambda _: 503  # the way is shut, so they queue
        for start in range(0, 10_000, 1000):
            told = [change(n, n % 700) for n in range(start, start + 1000)]
            assert hand_in(network.police, *told).status == 202
        system.answer = lambda _: 204
        system.wait(1, 30)
        network.revoke("consent", "c7")
        time.sleep(5)
        came = len(system.events)
        assert 0 < came < 10_000
        time.sleep(3)
        assert len(system.events) == came, "an event came more than five seconds after"
        for node, side in ((network.police, "out"), (network.bureau, "in")):
            until(lambda node=node, side=side: queued(node, side) == 0)
            ends = [row for row in rows(node) if row["operation"] == "end"]
            assert [row["code"] for row in ends] == ["consent_withdrawn"]
        dropped = sum(
            row["records"]
            for node in (network.police, network.bureau)
            for row in rows(node)
            if row["operation"] == "end"
        )
        assert came + dropped >= 10_000 - 16, "what was dropped is counted on the logs"
        listed = network.bureau.send("GET", "/subscriptions").body["subscriptions"]
        assert [one["ended"] for one in listed if one["id"] == name] == ["consent_withdrawn"]
    finally:
        network.stop()


def test_an_ended_grant_ends_an_idle_subscription(network: Network, system: System) -> None:
    subscribe(network)
    network.revoke("grant", "g1")

    def ended() -> bool:
        listed = network.bureau.send("GET", "/subscriptions").body["subscriptions"]
        return bool(listed[0]["ended"] == "not_granted")

    until(ended)
    hand_in(network.police, change(1))
    time.sleep(0.5)
    assert system.events == []


def test_a_stale_feed_lets_consent_based_events_wait_and_loses_none(
    tmp_path: Path, system: System, nats_server: Nats
) -> None:
    network = settle(Network(tmp_path), system, nats_server)
    network.grants[1]["bulk"] = True
    network.limits["feed_age"] = 4
    network.publish()
    try:
        network.start(network.bureau, network.police)
        network.publish()
        time.sleep(0.5)
        subscribe(
            network,
            fields=["mobile"],
            purpose=AGREED,
            headers={"tb-consent": consent_token("c8"), "x-road-issue": "case-1"},
        )
        time.sleep(4.5)
        hand_in(network.police, change(1))
        time.sleep(1.5)
        assert system.events == []
        network.publish()
        assert system.wait(1)[0]["data"] == {"mobile": RECORD["mobile"]}
    finally:
        network.stop()


def county(network: Network) -> dict[str, Any]:
    """Let the health node stand for a county that delivered region 330106 upward (回流)."""
    return grant(
        20,
        client=f"{INSTANCE}/GOV/{network.health.member}/tongban",
        bulk=True,
        filter={"region": ["330106"]},
        fields=["id_number", "name", "region"],
    )


def test_a_county_gets_back_its_own_records_and_their_corrections(
    tmp_path: Path, nats_server: Nats
) -> None:
    network = settle(Network(tmp_path), None, nats_server)
    network.grants.append(county(network))
    network.publish()
    home = network.health
    try:
        network.start(network.health, network.police)
        body = {"fields": ["id_number", "name"], "delivery": "callback", "catch_up": True}
        asked = home.send("POST", f"/r1/{POPULATION}/subscriptions", canonical(body))
        assert asked.status == 200, asked
        place = f"/subscriptions/{asked.body['id']}/events?limit=500"
        until(lambda: len(home.send("GET", place).body["events"]) == 500, 60)
        first = [one["event"] for one in home.send("GET", place).body["events"]]
        assert all(event["tbcatchup"] for event in first)
        own = {person(n) for n in range(1000) if n % 2}
        assert {event["data"]["id_number"] for event in first} == own
        last = home.send("GET", place).body["events"][-1]["seq"]
        home.send("POST", place.partition("?")[0], canonical({"upto": last}))

        # the city corrects one of the county's records, one of another county's,
        # and moves one away
        hand_in(
            network.police,
            change(1, 1, region="330106", name="改名"),
            change(2, 2, region="330113", name="别县"),
            change(3, 3, region="330113", name="迁出"),
        )
        until(lambda: len(home.send("GET", place).body["events"]) >= 2)
        time.sleep(0.5)
        told = [one["event"] for one in home.send("GET", place).body["events"]]
        assert [(event["id"], event["type"].split(".")[3]) for event in told] == [
            ("e1", "corrected"),
            ("e3", "recalled"),
        ]
        assert told[0]["data"] == {"id_number": person(1), "name": "改名"}
        assert told[1]["data"] is None, "where it went is not the county's to know"
        assert not any(event["tbcatchup"] for event in told)
    finally:
        network.stop()


CHANGES = """
[events.changes.population]
kind = "sqlite"
file = "police.sqlite"
table = "people_changes"
every = 0.1
fields = { seq = "seq", kind = "what", id_number = "id_no" }
"""


def test_changes_are_read_from_a_departments_change_table_and_the_records_asked_for(
    tmp_path: Path, system: System, nats_server: Nats
) -> None:
    network = settle(Network(tmp_path), system, nats_server)
    register = network.police.folder / "police.sqlite"
    with contextlib.closing(sqlite3.connect(register)) as store, store:
        store.execute(
            "CREATE TABLE people_changes (seq INTEGER PRIMARY KEY, what TEXT, id_no TEXT)"
        )
        store.execute(
            "CREATE TRIGGER corrected AFTER UPDATE ON people BEGIN INSERT INTO people_changes"
            " (what, id_no) VALUES ('corrected', NEW.id_no); END"
        )
    network.add(network.police, CHANGES)
    try:
        network.start(network.bureau, network.police)
        subscribe(network)

        def correct(who: int, name: str) -> None:
            with contextlib.closing(sqlite3.connect(register)) as store, store:
                told = (name, person(who))
                store.execute("UPDATE people SET full_name = ? WHERE id_no = ?", told)

        correct(1, "甲")
        assert system.wait(1)[0]["data"]["name"] == "甲"
        network.police.kill()
        correct(2, "乙")
        network.police.start()
        correct(3, "丙")
        names = [event["data"]["name"] for event in system.wait(3)]
        time.sleep(0.5)
        assert names == ["甲", "乙", "丙"], "nothing was read twice or left out"
        assert len(system.events) == 3
    finally:
        network.stop()


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_whichever_node_is_killed_events_arrive_in_order_and_none_is_lost(
    network: Network, system: System, way: str
) -> None:
    subscribe(network, way)
    number = 0
    for victim in (network.police, network.bureau, network.police, network.bureau):
        told = [change(n, n % 20) for n in range(number, number + 100)]
        assert hand_in(network.police, *told).status == 202
        number += 100
        time.sleep(0.3)
        victim.kill()
        time.sleep(0.3)
        victim.start()
    until(lambda: len({event["id"] for event in system.events}) == number, 180)
    assert_in_order(system.events)
    # the last event has arrived, its acknowledgement may still be on its way
    until(lambda: queued(network.police) == 0)
    until(lambda: queued(network.bureau, "in") == 0)


@pytest.mark.slow
def test_a_nats_server_that_is_killed_and_restarted_loses_nothing(
    tmp_path: Path, system: System, nats_server: Nats
) -> None:
    with nats(tmp_path / "nats") as own:
        assert own is not None
        network = settle(Network(tmp_path), system, own, answer_within=2.0)
        try:
            network.start(network.bureau, network.police)
            subscribe(network, "jetstream")
            hand_in(network.police, *(change(n, n % 20) for n in range(100)))
            system.wait(10)
            own.kill()
            hand_in(network.police, *(change(n, n % 20) for n in range(100, 150)))
            time.sleep(1)
            own.start()
            until(lambda: len({event["id"] for event in system.events}) == 150, 90)
            assert_in_order(system.events)
        finally:
            network.stop()


def test_a_receiving_system_that_falls_in_mid_delivery_gets_all_when_it_is_back(
    network: Network, system: System
) -> None:
    subscribe(network)
    hand_in(network.police, *(change(n, n % 10) for n in range(60)))
    system.wait(5)
    system.close()
    time.sleep(0.5)
    again = System(system.port)
    try:
        until(lambda: len({e["id"] for e in (*system.events, *again.events)}) == 60, 60)
        assert_in_order([*system.events, *again.events])
    finally:
        again.close()


def test_an_answer_that_nobody_signed_moves_nothing(tmp_path: Path, system: System) -> None:
    network = settle(Network(tmp_path), system, None, tries=2)
    try:
        network.start(network.bureau, network.police)
        subscribe(network)
        network.bureau.stop()
        # whoever sits at the subscriber's address now says 202, or refuses, and has no key
        forger = System(network.bureau.outer)
        forger.answer = lambda event: 202 if int(event["id"][1:]) % 2 else 400
        hand_in(network.police, *(change(n, n) for n in range(4)))
        until(lambda: len(forger.events) >= 4)
        forger.close()
        assert queued(network.police) == 4
        network.bureau.start()
        system.wait(4)
        assert {event["id"] for event in system.events} == {"e0", "e1", "e2", "e3"}
    finally:
        network.stop()


def test_two_workers_deliver_each_event_once(
    tmp_path: Path, system: System, nats_server: Nats
) -> None:
    network = settle(Network(tmp_path), system, nats_server)
    for node in (network.police, network.bureau):
        network.change(node, "workers = 1 ", "workers = 2 ")
    try:
        network.start(network.bureau, network.police)
        subscribe(network)
        for start in range(0, 100, 10):
            hand_in(network.police, *(change(n, n % 7) for n in range(start, start + 10)))
        system.wait(100)
        time.sleep(0.5)
        assert len(system.events) == 100
        assert_in_order(system.events)
    finally:
        network.stop()


def test_a_strangers_delivery_is_refused_and_leaves_nothing(quiet: Network) -> None:
    import http.client  # noqa: PLC0415

    link = http.client.HTTPConnection("127.0.0.1", quiet.bureau.outer, timeout=10)
    body = canonical({"specversion": "1.0"})
    link.request("POST", "/tongban/deliver", body, {"content-type": "application/cloudevents+json"})
    answer = link.getresponse()
    assert answer.status in {400, 401}
    link.close()
    assert queued(quiet.bureau, "in") == 0
    assert POLICE not in answer.read().decode()
