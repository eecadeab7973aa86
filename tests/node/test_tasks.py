"""Calls that are answered later: durable, asked until there is an answer, and gone in time."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.nodes import POPULATION, Answer, Network, person
from tongban.kernel.suites import SealBroken, suite
from tongban.node.events.ground import Sealing
from tongban.node.events.tasks import wants_later

BODY = {"fields": ["name"], "key": {"id_number": person(1)}}


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Give three nodes that are not started yet, with short rests."""
    made = Network(tmp_path)
    made.add(made.bureau, "\n[events.bounds]\nrest = 0.1\nlongest_rest = 0.5\ntasks = 5\n")
    try:
        yield made
    finally:
        made.stop()


def later(network: Network, **body: Any) -> Answer:
    """Make a call that is to be answered later."""
    return network.bureau.call(POPULATION, "find", {**BODY, **body}, prefer="respond-async")


def ended(network: Network, place: str, seconds: float = 20) -> dict[str, Any]:
    """Wait for the end of a task."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = network.bureau.send("GET", place)
        assert answer.status == 200, answer
        if answer.body["state"] != "waiting":
            return dict(answer.body)
        time.sleep(0.05)
    raise AssertionError(f"{place} did not end")


def rows(network: Network, kind: str) -> list[dict[str, Any]]:
    """Read rows of the police's log."""
    store = network.police.store
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as log:
        sql = "SELECT text FROM log WHERE kind = ? ORDER BY seq"
        return [json.loads(text) for (text,) in log.execute(sql, (kind,))]


def test_a_call_is_accepted_at_once_and_its_answer_fetched_later(network: Network) -> None:
    network.start(network.bureau, network.police)
    accepted = later(network)
    assert accepted.status == 202
    assert accepted.headers["preference-applied"] == "respond-async"
    place = accepted.headers["location"]
    told = ended(network, place)
    assert (told["state"], told["status"]) == ("done", 200)
    assert told["answer"] == {"records": [{"name": "王1"}]}
    assert network.bureau.send("GET", place).body == told, "fetching takes nothing away"
    assert told["call"] == accepted.body["call"]
    assert [row["call"] for row in rows(network, "request")] == [told["call"]]
    assert network.bureau.send("DELETE", place).status == 200
    assert network.bureau.send("GET", place).status == 404


def test_a_refusal_is_an_answer_too_and_a_malformed_call_is_refused_at_once(
    network: Network,
) -> None:
    network.start(network.bureau, network.police)
    told = ended(network, later(network, fields=["region"]).headers["location"])
    assert (told["state"], told["status"]) == ("refused", 403)
    assert told["answer"]["type"] == "tongban:not_granted"
    assert later(network, where="x").code == "malformed"
    assert network.bureau.send("GET", "/tasks/0").status == 404


def test_a_task_outlasts_the_provider_and_the_node_and_is_asked_no_more_than_twice(
    network: Network,
) -> None:
    network.start(network.bureau)
    places = [later(network).headers["location"] for _ in range(5)]
    assert later(network).code == "limited", "only so many of one client wait"
    network.bureau.kill()
    network.bureau.start()
    time.sleep(0.5)
    assert {network.bureau.send("GET", p).body["state"] for p in places} == {"waiting"}
    network.police.start()
    for place in places:
        assert ended(network, place)["answer"] == {"records": [{"name": "王1"}]}
    assert len(rows(network, "request")) == 5, "the provider was asked once for each"


def test_a_node_killed_between_acceptance_and_answer_loses_nothing(network: Network) -> None:
    network.start(network.bureau, network.police)
    for _ in range(3):
        place = later(network).headers["location"]
        network.bureau.kill()
        network.bureau.start()
        assert ended(network, place)["answer"] == {"records": [{"name": "王1"}]}
    calls = [row["call"] for row in rows(network, "request")]
    assert all(calls.count(call) <= 2 for call in calls)


def test_question_and_answer_lie_sealed(network: Network) -> None:
    network.start(network.bureau, network.police)
    place = later(network).headers["location"]
    ended(network, place)
    with contextlib.closing(sqlite3.connect(network.bureau.store)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = network.bureau.store.read_bytes()
    assert place.rpartition("/")[2].encode() in kept
    assert person(1).encode() not in kept
    assert "王1".encode() not in kept


def test_a_task_is_its_own_clients_alone_and_ends_with_its_time(network: Network) -> None:
    network.change(network.bureau, "tasks = 5", "tasks = 5\ntask_life = 2.0")
    network.start()
    place = later(network).headers["location"]
    assert network.health.send("GET", place).status == 404
    link = network.bureau.send("GET", place, headers={"authorization": "Bearer no"})
    assert link.status == 401
    ended(network, place)
    time.sleep(2.1)
    assert network.bureau.send("GET", place).status == 404


@pytest.mark.parametrize(
    ("value", "later"),
    [
        ("respond-async", True),
        ("Respond-Async, wait=10", True),
        ("wait=10,respond-async", True),
        ("respond-async;x=1", True),
        ("return=minimal", False),
        ("not-respond-async", False),
        ("respond-asynchronously", False),
    ],
)
def test_the_preference_is_read_as_rfc_7240_writes_it(value: str, *, later: bool) -> None:
    assert wants_later((("prefer", value),)) is later


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_what_is_sealed_opens_in_its_own_context_alone(
    plain: bytes, context: str, other: str
) -> None:
    for name in ("std", "gm"):
        sealing = Sealing(suite(name), bytes(range(32)))
        context, other = (text.encode(errors="replace").decode() for text in (context, other))
        sealed = sealing.seal(plain, context)
        assert sealing.open(sealed, context) == plain
        if context != other:
            with pytest.raises(SealBroken):
                sealing.open(sealed, other)
