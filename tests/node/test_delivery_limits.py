"""Deliveries between real nodes are bounded, watched and counted as calls are."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit.nodes import CLIENT, ITEM, POPULATION, Network, canonical, person
from testkit.systems import System, taking

pytestmark = pytest.mark.slow  # what is bounded by time takes its time


@pytest.fixture
def system() -> Iterator[System]:
    with taking() as found:
        yield found


@pytest.fixture
def started(tmp_path: Path, system: System) -> Iterator[Callable[[str], Network]]:
    """Give what starts the bureau's and the police's node with these limits at the police."""
    network = Network(tmp_path)

    def start(limits: str) -> Network:
        for node in network.nodes:
            network.add(node, "\n[events.bounds]\nrest = 0.1\nlongest_rest = 1.0\n")
        network.add(network.police, limits)
        place = f'[[events.hand_over]]\nclient = "{CLIENT}"\nurl = "{system.url}"\n'
        network.add(network.bureau, place)
        network.start(network.police, network.bureau)
        return network

    try:
        yield start
    finally:
        network.stop()


def subscribe(network: Network, *people: int) -> None:
    body: dict[str, Any] = {"fields": ["name"], "delivery": "callback"}
    if people:
        body["keys"] = [{"id_number": person(number)} for number in people]
    path = f"/r1/{POPULATION}/subscriptions"
    assert network.bureau.send("POST", path, canonical(body), ITEM).status == 200


def change(number: int, *, whole: bool = True) -> dict[str, Any]:
    record = {"name": "王", "birth_date": "1990-01-01", "married": True}
    told = {"id": f"e{number}", "kind": "corrected", "key": {"id_number": person(number)}}
    return {**told, "record": record} if whole else told


def hand_in(network: Network, *changes: dict[str, Any]) -> None:
    answer = network.police.send("POST", "/events/population", canonical(list(changes)))
    assert answer.status == 202, answer


def metrics(network: Network) -> dict[str, float]:
    """Read the police's /metrics."""
    url = f"http://127.0.0.1:{network.police.inner}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


def deliveries(network: Network, outcome: str) -> float:
    name = f'tongban_deliveries_total{{outcome="{outcome}",service="{POPULATION}"}}'
    return metrics(network).get(name, 0.0)


def test_events_beyond_the_rate_wait_and_none_is_lost(
    started: Callable[[str], Network], system: System
) -> None:
    network = started("\n[limits.deliveries]\nper_second = 10\nburst = 5\n")
    subscribe(network)
    began = time.monotonic()
    hand_in(network, *(change(number) for number in range(25)))
    system.wait(25)
    took = time.monotonic() - began
    assert 1.9 <= took < 15, "five at once, twenty more at ten a second"
    assert len({event["id"] for event in system.events}) == 25
    assert deliveries(network, "delivered") == 25
    assert deliveries(network, "limited") > 0
    # calls have a bucket of their own
    assert network.find(1).status == 200


def test_a_rate_of_its_own_holds_for_deliveries_too(
    started: Callable[[str], Network], system: System
) -> None:
    network = started(
        f'\n[[limits.rates]]\nclient = "{CLIENT}"\nservice = "{POPULATION}"\n'
        f'purpose = "{ITEM}"\nper_second = 2\nburst = 1\n'
    )
    subscribe(network)
    hand_in(network, *(change(number) for number in range(4)))
    began = time.monotonic()
    system.wait(4)
    assert time.monotonic() - began > 0.9


def test_a_subscription_to_many_people_raises_the_alarm_and_one_to_all_does_not(
    started: Callable[[str], Network], system: System
) -> None:
    network = started("\n[[limits.watches]]\nwindow = 3600\nmost = 5\n")
    subscribe(network)
    hand_in(network, *(change(number) for number in range(9)))
    system.wait(9)
    assert [row for row in network.police.rows() if row["kind"] == "alarm"] == []
    subscribe(network, *range(9))
    hand_in(network, *({**change(number), "id": f"f{number}"} for number in range(9)))
    system.wait(27)
    alarms = [row for row in network.police.rows() if row["kind"] == "alarm"]
    assert [(row["code"], row["records"], row["client"]) for row in alarms] == [
        ("harvest", 6, CLIENT)
    ]
    place = f'client="{CLIENT}",purpose="{ITEM}",service="{POPULATION}"'
    assert metrics(network)[f"tongban_harvest_alarms_total{{{place}}}"] == 1


def test_what_deliveries_ask_of_the_source_and_how_they_end_is_counted(
    started: Callable[[str], Network], system: System
) -> None:
    network = started("")
    subscribe(network)
    hand_in(network, change(1, whole=False))
    system.wait(1)
    good = f'tongban_calls_total{{outcome="good",service="{POPULATION}"}}'
    assert metrics(network)[good] == 1
    network.bureau.stop()
    hand_in(network, change(2))
    until = time.monotonic() + 20
    while not deliveries(network, "silent"):
        assert time.monotonic() < until
        time.sleep(0.1)
    network.start(network.bureau)
    system.wait(2)
    assert deliveries(network, "delivered") == 2
    status = network.police.send("GET", "/status").body
    assert status["services"][POPULATION]["last_good"]
