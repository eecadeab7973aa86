"""Flow-back between real nodes: a grant that says so brings records and corrections by itself."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit.nodes import ITEM, POPULATION, Network, canonical, fill_population, grant, person
from testkit.systems import System, taking

FILTER = {"region": ["330113"]}
FIELDS = ["birth_date", "name"]


def flow_back(number: int = 5, **changed: Any) -> dict[str, Any]:
    """Give the grant of a county's own records, which its node is to subscribe to."""
    return grant(
        number, **{"bulk": True, "filter": FILTER, "fields": FIELDS, "subscribe": True, **changed}
    )


@pytest.fixture
def system() -> Iterator[System]:
    with taking() as found:
        yield found


@pytest.fixture
def network(tmp_path: Path, system: System) -> Iterator[Network]:
    """Give a network whose nodes do not run yet; the bureau's system takes its events."""
    made = Network(tmp_path)
    made.grants = (flow_back(),)
    made.publish()
    (made.police.folder / "police.sqlite").unlink()
    fill_population(made.police.folder / "police.sqlite", 20)
    for node in made.nodes:
        made.add(node, "\n[events.bounds]\nrest = 0.1\n")
    place = f'[[events.hand_over]]\nclient = "{grant()["client"]}"\nurl = "{system.url}"\n'
    made.add(made.bureau, place)
    try:
        yield made
    finally:
        made.stop()


def subscriptions(network: Network) -> list[dict[str, Any]]:
    """Give the subscriptions of the bureau's system, as it is told of them."""
    answer = network.bureau.send("GET", "/subscriptions")
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.body["subscriptions"]
    return found


def living(network: Network) -> list[dict[str, Any]]:
    return [one for one in subscriptions(network) if not one["ended"]]


def until(true: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.05)


def correct(network: Network, number: int, who: int, **record: Any) -> None:
    """Let the police correct a record."""
    told = {"name": f"正{number}", "birth_date": "1990-01-01", "region": "330113", **record}
    change = {"id": f"e{number}", "kind": "corrected", "key": {"id_number": person(who)}}
    answer = network.police.send(
        "POST", "/events/population", canonical([{**change, "record": told}])
    )
    assert answer.status == 202, answer


def people(system: System) -> set[str]:
    return {event["data"]["id_number"] for event in system.events if event["data"]}


def test_a_county_gets_its_own_records_and_their_corrections_without_a_hand(
    network: Network, system: System
) -> None:
    network.start()
    own = {person(n) for n in range(0, 20, 2)}
    until(lambda: people(system) == own)
    (one,) = living(network)
    assert one["fields"] == ["birth_date", "id_number", "name"]
    assert not one["keyed"]
    correct(network, 1, who=2)
    correct(network, 2, who=3, region="330106")  # another county's
    correct(network, 3, who=4)
    until(lambda: {"e1", "e3"} <= {event["id"] for event in system.events})
    told = {event["id"]: event for event in system.events}
    assert told["e1"]["data"] == {
        "id_number": person(2),
        "name": "正1",
        "birth_date": "1990-01-01",
    }
    assert "e2" not in told
    # a record that moves away is told once, without its data
    correct(network, 4, who=2, region="330106")
    until(lambda: "e4" in {event["id"] for event in system.events})
    (left,) = (event for event in system.events if event["id"] == "e4")
    assert (left["data"], left["type"].split(".")[3]) == (None, "recalled")


def test_it_is_made_once_whatever_falls_meanwhile(network: Network) -> None:
    network.start()
    until(lambda: living(network))
    first = living(network)
    network.bureau.kill()
    network.police.kill()
    network.bureau.start()
    time.sleep(1.5)
    network.police.start()
    time.sleep(1.5)
    assert living(network) == first


def test_it_waits_for_an_owner_who_is_away(network: Network) -> None:
    network.start(network.bureau)
    time.sleep(2)
    assert subscriptions(network) == []
    network.start(network.police)
    until(lambda: living(network))


def test_one_whose_making_was_never_heard_of_here_is_replaced(network: Network) -> None:
    network.start()
    until(lambda: living(network))
    (first,) = living(network)
    network.bureau.stop()
    with contextlib.closing(sqlite3.connect(network.bureau.store)) as store, store:
        store.execute("DELETE FROM event_subscription")
    network.bureau.start()
    until(lambda: living(network))
    (second,) = living(network)
    assert second["id"] != first["id"]
    there = sqlite3.connect(f"file:{network.police.store}?mode=ro", uri=True)
    with contextlib.closing(there) as store:
        sql = "SELECT id FROM event_subscription WHERE side = 'out' AND ended = ''"
        assert [row[0] for row in store.execute(sql)] == [second["id"]]


def test_it_ends_with_its_grant_and_begins_with_the_next(network: Network) -> None:
    network.start()
    until(lambda: living(network))
    network.revoke("grant", "g5")
    until(lambda: not living(network))
    time.sleep(1.5)
    assert len(subscriptions(network)) == 1
    network.grants = (flow_back(6),)
    network.publish()
    until(lambda: living(network))


def test_what_its_system_ended_stays_ended(network: Network) -> None:
    network.start()
    until(lambda: living(network))
    (one,) = living(network)
    answer = network.bureau.send("DELETE", f"/subscriptions/{one['id']}", purpose=ITEM)
    assert answer.status == 200, answer
    time.sleep(1.5)
    assert living(network) == []


def test_no_node_subscribes_for_others_or_where_no_grant_says_so(network: Network) -> None:
    network.grants = (
        flow_back(5, subscribe=False),
        flow_back(6, client=grant()["client"].replace("/tongban", "/other")),
        flow_back(7, bulk=False),
    )
    network.publish()
    network.start(network.police, network.health, network.bureau)
    until(lambda: "flow-back waits" in network.bureau.lines())
    time.sleep(1)
    assert subscriptions(network) == []
    assert "flow-back waits" not in network.health.lines()
    waits = [line for line in network.bureau.lines().splitlines() if "flow-back waits" in line]
    assert {json.loads(line)["detail"] for line in waits} == {"not_granted"}
    assert POPULATION in waits[0]
