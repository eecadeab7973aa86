"""The relay: at least once, in order, past a poison event, and never past an open transaction."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from testkit.clock import Clock
from testkit.servers import Fresh
from tongban.infra.trail import models, queries, relay, services
from tongban.kernel.events import Draft, Event


def told(chain: str, what: str = "moved", **data: int) -> Event:
    draft = Draft(type=f"tongban.cases.{what}.v1", chain=chain, actor="a", data=data)
    with transaction.atomic():
        return services.tell(draft)


class Reader:
    """A subscriber that writes what it saw into the database, and fails where it is told to."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.poison: set[str] = set()

    def __call__(self, event: Event) -> None:
        name = f"{event.chain}:{event.seq}"
        ContentType.objects.create(app_label=name, model="seen")
        if name in self.poison:
            raise LookupError(f"cannot read {name}")
        self.seen.append(name)

    def kept(self) -> list[str]:
        rows = ContentType.objects.filter(model="seen").order_by("pk")
        return list(rows.values_list("app_label", flat=True))


@pytest.fixture
def reader(caplog: pytest.LogCaptureFixture) -> Iterator[Reader]:
    caplog.set_level(logging.CRITICAL, logger="tongban.infra.trail.relay")
    before = dict(relay._consumers)
    relay._consumers.clear()
    one = Reader()
    relay.subscribe("reader", "tongban.cases.*", one, tries=3, backoff=timedelta(minutes=1))
    yield one
    relay._consumers.clear()
    relay._consumers.update(before)


def test_each_event_that_matches_is_told_once_in_order(
    fresh_database: Fresh, reader: Reader
) -> None:
    for number in range(250):
        told(f"c{number % 3}")
    with transaction.atomic():
        services.tell(Draft(type="tongban.other.thing.v1", chain="c0", actor="a", data={}))
    assert relay.drain() == 251
    assert reader.seen == [f"c{n % 3}:{n // 3 + 1}" for n in range(250)] == reader.kept()
    assert relay.drain() == 0
    told("c0")
    assert relay.drain() == 1
    assert reader.seen[-1] == "c0:86"


def test_a_new_subscriber_hears_the_whole_story(fresh_sqlite: Fresh, reader: Reader) -> None:
    told("c1")
    relay.drain()
    late: list[str] = []
    relay.subscribe("late", ["tongban.cases.moved.v1"], lambda event: late.append(event.id))
    relay.drain()
    assert len(late) == len(reader.seen) == 1


def test_one_name_is_one_subscriber(reader: Reader) -> None:
    relay.subscribe("reader", "tongban.cases.*", reader)
    with pytest.raises(relay.AlreadySubscribed, match="reader"):
        relay.subscribe("reader", "*", Reader())
    relay.unsubscribe("reader")
    relay.subscribe("reader", "*", Reader())


def test_a_poison_event_waits_with_its_chain_while_others_go_on(
    fresh_database: Fresh, reader: Reader, clock: Clock
) -> None:
    reader.poison = {"bad:2"}
    for chain in ("bad", "good", "bad", "bad", "good"):
        told(chain)
    relay.drain()
    assert reader.seen == ["bad:1", "good:1", "good:2"] == reader.kept()
    told("bad")
    clock.move(seconds=59)
    relay.drain()
    assert reader.seen[3:] == []
    assert models.Parked.objects.get(event__seq=2).attempts == 1
    clock.move(seconds=1)
    relay.drain()
    assert models.Parked.objects.get(event__seq=2).attempts == 2
    reader.poison = set()
    clock.move(minutes=2)
    relay.drain()
    assert reader.seen[3:] == ["bad:2", "bad:3", "bad:4"]
    assert not models.Parked.objects.exists()


def _dead(reader: Reader, clock: Clock) -> relay.Dead:
    reader.poison = {"bad:1"}
    told("bad")
    told("bad")
    for _ in range(5):
        relay.drain()
        clock.move(hours=1)
    [dead] = relay.dead_letters()
    return dead


def test_after_its_tries_an_event_is_a_dead_letter_until_requeued(
    fresh_database: Fresh, reader: Reader, clock: Clock
) -> None:
    dead = _dead(reader, clock)
    assert (dead.consumer, dead.chain, dead.attempts, dead.behind) == ("reader", "bad", 3, 1)
    assert dead.error == "LookupError: cannot read bad:1"
    reader.poison = set()
    relay.requeue(dead.parked_id, actor="operator:1")
    relay.drain()
    assert reader.seen == ["bad:1", "bad:2"]
    [told] = queries.history("relay:reader")
    assert (told.type, told.actor) == ("tongban.trail.delivery_requeued.v1", "operator:1")
    with pytest.raises(relay.NotParked):
        relay.requeue(dead.parked_id, actor="operator:1")


def test_a_dead_letter_given_up_lets_its_chain_go_on_and_says_so(
    fresh_database: Fresh, reader: Reader, clock: Clock
) -> None:
    dead = _dead(reader, clock)
    relay.discard(dead.parked_id, actor="operator:1", reason="重复通知")
    relay.drain()
    assert reader.seen == ["bad:2"]
    [discarded] = queries.history("relay:reader")
    assert discarded.data == {"event": dead.event_id, "error": dead.error}
    with pytest.raises(relay.NotParked):
        relay.discard(dead.parked_id, actor="operator:1", reason="again")


def test_a_relay_that_dies_within_a_round_tells_it_again_and_keeps_each_write_once(
    fresh_database: Fresh, reader: Reader
) -> None:
    class Killed(BaseException):
        pass

    def killed_at_third(event: Event) -> None:
        reader(event)
        if event.seq == 3 and len(reader.seen) == 3:
            raise Killed

    relay.unsubscribe("reader")
    relay.subscribe("reader", "*", killed_at_third)
    for _ in range(4):
        told("c")
    with pytest.raises(Killed):
        relay.drain()
    assert reader.kept() == []
    relay.drain()
    assert reader.kept() == ["c:1", "c:2", "c:3", "c:4"]


def _elsewhere(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.postgres
def test_an_event_of_a_longer_transaction_is_not_skipped(
    fresh_postgres: Fresh, reader: Reader
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            services.tell(Draft(type="tongban.cases.slow.v1", chain="slow", actor="a", data={}))
            begun.set()
            go_on.wait(20)

    thread = _elsewhere(slow)
    assert begun.wait(20)
    told("fast")
    relay.drain()
    assert reader.seen == [], "the fast one is later and must wait, or the slow one is lost"
    go_on.set()
    thread.join()
    relay.drain()
    assert reader.seen == ["slow:1", "fast:1"]


@pytest.mark.postgres
def test_a_chain_stays_in_order_when_the_older_transaction_writes_last(
    fresh_postgres: Fresh, reader: Reader
) -> None:
    """The follower has the lower transaction number, and is still told second."""
    begun, go_on = threading.Event(), threading.Event()

    def older() -> None:
        with transaction.atomic():
            ContentType.objects.create(app_label="older", model="x")
            begun.set()
            go_on.wait(20)
            services.tell(Draft(type="tongban.cases.second.v1", chain="c", actor="a", data={}))

    thread = _elsewhere(older)
    assert begun.wait(20)
    told("c")
    go_on.set()
    thread.join()
    relay.drain()
    assert reader.seen == ["c:1", "c:2"]


@pytest.mark.postgres
def test_two_relays_at_once_serve_a_consumer_one_after_the_other(
    fresh_postgres: Fresh, reader: Reader
) -> None:
    for _ in range(50):
        told("c")
    threads = [_elsewhere(lambda: relay.drain() and None) for _ in range(3)]
    for thread in threads:
        thread.join()
    relay.drain()
    assert reader.kept() == [f"c:{n}" for n in range(1, 51)]


@pytest.mark.postgres
def test_a_server_whose_numbers_turned_back_is_refused_by_name(
    fresh_postgres: Fresh, reader: Reader
) -> None:
    """As after restoring a dump into a new server."""
    told("c")
    relay.drain()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trail_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE trail_event SET after_tx = after_tx + 1000000")
    with pytest.raises(relay.NumbersTurnedBack, match="pg_resetwal"):
        relay.drain()
