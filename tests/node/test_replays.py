"""A replay is known before its source is asked; the store stays the judge of it."""

import concurrent.futures
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.nodes import POPULATION, Network, person
from tongban.kernel.wire.signatures import Claims
from tongban.node import replays
from tongban.node.replays import Replays

FIND = {"fields": ["name"], "key": {"id_number": person(1)}}


def claims(number: int, key: int = 0) -> Claims:
    return Claims(f"M/std/{key}", 0, 60, str(number), "", b"", "")


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.floats(0, 60)), max_size=60))
def test_whatever_may_still_be_replayed_is_known(asked: list[tuple[int, int, float]]) -> None:
    """A signature lives seventy seconds at most, skew included."""
    clock = Hands()
    seen = Replays(clock)
    last: dict[tuple[int, int], float] = {}
    for number, key, pause in asked:
        clock.now += pause
        first = seen.first(claims(number, key))
        before = last.get((number, key))
        if before is None:
            assert first
        elif clock.now - before <= 70:
            assert not first
        if first:
            last[number, key] = clock.now


def test_it_holds_two_generations_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "_MOST", 10)
    clock = Hands()
    seen = Replays(clock)
    for number in range(100):
        assert seen.first(claims(number))
        assert len(seen._new) + len(seen._old) <= 20
    assert not seen.first(claims(99))
    clock.now = 1_000
    assert seen.first(claims(99))
    assert seen._old == set()


def test_what_was_not_answered_may_come_again() -> None:
    seen = Replays(Hands())
    assert seen.first(claims(1))
    seen.forget(claims(1))
    assert seen.first(claims(1))


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = Network(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def test_a_replayed_request_asks_no_source_and_the_store_knows_it_after_a_fall(
    network: Network,
) -> None:
    network.start(network.police)

    def good() -> float:
        url = f"http://127.0.0.1:{network.police.inner}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        name = f'tongban_calls_total{{outcome="good",service="{POPULATION}"}}'
        return next(float(line.split()[-1]) for line in lines if line.startswith(name))

    request = network.bureau.signed(POPULATION, "find", FIND)
    assert network.police.post(request).status == 200
    assert good() == 1
    for _ in range(3):
        assert network.police.post(request).code == "replayed"
    assert good() == 1
    again = network.bureau.signed(POPULATION, "find", FIND)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: network.police.post(again).status, range(8)))
    assert sorted(told) == [200, *[401] * 7]
    assert good() == 2
    network.police.kill()
    network.police.start()
    assert network.police.post(request).code == "replayed"
    refused = [row for row in network.police.rows() if row.get("code") == "replayed"]
    assert len(refused) == 11
