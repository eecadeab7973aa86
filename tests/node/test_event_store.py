"""The tables beside the log: queues in order, nothing twice, and one transaction with the log."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongban.kernel.wire.rows import RowDraft
from tongban.node.store import Entry, Store, Write
from tongban.node.store.events import (
    EventStore,
    NewChange,
    Subscription,
    changed,
    ended,
    received,
    requeued,
    settled,
    subscribed,
    tried,
)

AT = "2026-11-25T09:00:00.000000Z"


def subscription(side: str = "out", name: str = "s1") -> Subscription:
    """Give a subscription to everything of one service."""
    return Subscription(side, name, "client", "service", ("p",), ("f",), False, "callback", AT)  # type: ignore[arg-type]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Store, EventStore]]:
    """Give a fresh store with one subscription of each side."""
    store = Store.open(tmp_path / "log.sqlite3", "std")
    events = EventStore(store)
    for side in ("out", "in"):
        commit(store, *subscribed(subscription(side)))
    yield store, events
    events.close()
    store.close()


def commit(store: Store, *writes: Write) -> None:
    """Commit writes in an entry of their own."""
    store.commit([Entry(rows=(), writes=writes)])


def hand_in(store: Store, *events: tuple[str, str], batch: str) -> None:
    """Hand (event, subject) in for the one subscription."""
    new = [NewChange(event, subject, AT, b"sealed " + event.encode()) for event, subject in events]
    wanted = [("s1", subject, event) for event, subject in events]
    commit(store, *changed("service", batch, new, wanted))


Step = tuple[str, int, int]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["in", "settle", "fail", "die", "requeue"]),
            st.integers(0, 12),
            st.integers(0, 3),
        ),
        max_size=40,
    )
)
def test_a_queue_is_first_in_first_out_for_each_subject_and_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    store = Store.open(tmp_path_factory.mktemp("q") / "log.sqlite3", "std")
    events = EventStore(store)
    commit(store, *subscribed(subscription()))
    model: dict[str, list[str]] = defaultdict(list)
    dead: set[str] = set()
    known: set[str] = set()
    try:
        for number, (what, event, subject) in enumerate(steps):
            heads = events.heads("out", 0, 100)
            first = events.items([heads[subject % len(heads)].seq]) if heads else {}
            item = next(iter(first.values()), None)
            if what == "in":
                name, lane = f"e{event}", f"m{event % 4}"
                hand_in(store, (name, lane), batch=f"b{number}")
                if name not in known:
                    known.add(name)
                    model[lane].append(name)
            elif what == "requeue":
                commit(store, requeued([one.seq for _, one in events.dead()]))
                dead.clear()
            elif item is None:
                continue
            elif what == "settle":
                assert model[item.subject].pop(0) == item.event
                commit(store, *settled(item, told=True))
            else:
                commit(store, tried(item, "why", dead=what == "die"))
                if what == "die":
                    dead.add(item.event)
            found = events.items([head.seq for head in events.heads("out", 0, 100)])
            expected = {queue[0] for queue in model.values() if queue} - dead
            assert {one.event for one in found.values()} == expected
            waiting = events.waiting("out", "s1", 1000)
            lanes: dict[str, list[str]] = defaultdict(list)
            for one in waiting:
                lanes[one.subject].append(one.event)
                assert one.sealed == b"sealed " + one.event.encode()
            assert dict(lanes) == {lane: queue for lane, queue in model.items() if queue}
    finally:
        events.close()
        store.close()


def test_what_is_delivered_keeps_its_id_and_nothing_else(kept: tuple[Store, EventStore]) -> None:
    store, events = kept
    hand_in(store, ("e1", "m1"), batch="b1")
    (item,) = events.waiting("out", "s1", 10)
    commit(store, *settled(item, told=True))
    with sqlite3.connect(store.path) as db:
        assert db.execute("SELECT event, sealed FROM event_change").fetchall() == [("e1", None)]
    db.close()
    hand_in(store, ("e1", "m1"), batch="b2")
    assert events.waiting("out", "s1", 10) == []
    assert events.lanes("s1", ["m1", "m2"]) == {"m1"}


def test_an_ended_subscription_keeps_nothing_and_takes_nothing(
    kept: tuple[Store, EventStore],
) -> None:
    store, events = kept
    hand_in(store, ("e1", "m1"), ("e2", "m2"), batch="b1")
    commit(store, *ended(subscription(), "over"))
    hand_in(store, ("e3", "m1"), batch="b2")
    assert events.depth("out", "s1") == 0
    one = events.subscription("out", "s1")
    assert one is not None
    assert one.ended == "over"
    with sqlite3.connect(store.path) as db:
        assert (
            db.execute("SELECT COUNT(*) FROM event_change WHERE sealed NOTNULL").fetchone()[0] == 0
        )
    db.close()


def test_an_event_that_comes_in_twice_queues_once(kept: tuple[Store, EventStore]) -> None:
    store, events = kept
    one = subscription("in")
    for _ in range(2):
        commit(store, *received(one, "e1", "m1", AT, b"body", pulled=False))
    commit(store, *received(one, "e2", "m1", AT, b"body", pulled=False))
    first, second = events.waiting("in", "s1", 10)
    assert [head.seq for head in events.heads("in", 0, 10)] == [first.seq]
    commit(store, *settled(first, told=True))
    assert [head.seq for head in events.heads("in", 0, 10)] == [second.seq]
    commit(store, *received(one, "e1", "m1", AT, b"body", pulled=False))
    assert events.depth("in", "s1") == 1, "also long after it was handed over"


def test_a_row_and_what_changes_with_it_stand_or_fall_together(
    kept: tuple[Store, EventStore],
) -> None:
    store, events = kept
    row = RowDraft("provider", "delivery", "c1")
    bad = Write("INSERT INTO no_such_table VALUES (?)", ((1,),))
    good = changed("service", "b1", [NewChange("e1", "m1", AT, b"x")], [("s1", "m1", "e1")])
    with pytest.raises(sqlite3.Error):
        store.commit([Entry(rows=(row,), writes=(*good, bad))])
    assert store.size() == 0
    assert events.depth("out", "s1") == 0


def test_a_first_walk_gives_way_to_what_changed_meanwhile(kept: tuple[Store, EventStore]) -> None:
    store, events = kept
    newest = events.newest()
    hand_in(store, ("e1", "m1"), batch="b1")
    page = [NewChange(f"catch-up-s1-{m}", m, AT, b"old") for m in ("m1", "m2")]
    wanted = [("s1", new.subject, new.event) for new in page]
    commit(store, *changed("service", "b2", page, wanted, newest))
    assert [item.event for item in events.waiting("out", "s1", 10)] == ["e1", "catch-up-s1-m2"]
