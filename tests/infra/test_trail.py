"""The trail on both databases: what is told stays told, and a change is seen."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from testkit.clock import Clock
from testkit.servers import Fresh
from tongban.infra import clock as port
from tongban.infra.trail import models, queries, services
from tongban.kernel.events import Draft, EventInvalid, PayloadErased


def draft(chain: str = "case:1", **told: Any) -> Draft:
    told.setdefault("data", {"事项": "户口登记", "fen": 100})
    return Draft(type="tongban.cases.branch_decided.v1", chain=chain, actor="post:7", **told)


def told(*drafts: Draft) -> None:
    with transaction.atomic():
        services.append(drafts)


def test_what_is_told_is_read_back_whole_and_verifies(fresh_database: Fresh) -> None:
    when = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    with transaction.atomic():
        first, other, second = services.append(
            [
                draft(
                    organisation="hukou",
                    on_behalf_of="person:9",
                    authority="户口登记条例 第七条",
                    item="birth-registration",
                    item_version="1",
                    step="decide",
                    lifecycle="start",
                    occurred=when,
                    reason="rule 3",
                    data={"名": "王䶮·㛃", "rows": [1, 2, None, True]},
                ),
                draft("case:2"),
                draft(corrects="", data={}),
            ]
        )
    assert queries.history("case:1") == (first, second)
    assert queries.history("case:2") == (other,)
    assert first.occurred == when
    assert first.data == {"名": "王䶮·㛃", "rows": [1, 2, None, True]}
    assert (second.seq, second.previous) == (2, first.hash)
    assert queries.verify() is None
    assert queries.event(first.id) == first
    assert queries.head("case:1") == 2
    assert queries.head("case:none") == 0
    assert queries.history("case:1", after=1) == (second,)
    assert [e.id for e in queries.recent(limit=2)] == [second.id, other.id]


def test_an_event_outside_a_transaction_is_refused(fresh_sqlite: Fresh) -> None:
    with pytest.raises(services.NotInTransaction, match="atomic"):
        services.tell(draft())


def test_a_rolled_back_verb_has_told_nothing(fresh_database: Fresh) -> None:
    with pytest.raises(EventInvalid, match="integer fen"):
        told(draft(), draft(data={"yuan": 1.5}))
    assert queries.history("case:1") == ()
    assert not models.Payload.objects.exists()


@pytest.mark.parametrize("table", ["trail_event", "trail_payload", "trail_erasure"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {t} SET {c} = {c}",
        "DELETE FROM {t}",
        "TRUNCATE {t} CASCADE",
        "REPLACE INTO {t} SELECT * FROM {t}",
    ],
)
def test_the_database_itself_refuses_to_change_the_story(
    fresh_database: Fresh, table: str, statement: str
) -> None:
    word = statement.split(maxsplit=1)[0]
    if (word == "TRUNCATE") == (connection.vendor == "sqlite") and word in {"TRUNCATE", "REPLACE"}:
        return  # TRUNCATE is PostgreSQL's word, REPLACE is SQLite's
    with transaction.atomic():
        kept, gone = services.append([draft(), draft()])
    services.erase(gone.id, authority="个人信息保护法 第四十七条", actor="dpo", reason="withdrawn")
    column = "actor" if table != "trail_payload" else "data"
    with (
        pytest.raises(DatabaseError, match=f"append-only: {word} refused"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(t=table, c=column))
    assert queries.history("case:1")[0] == kept
    assert queries.verify() is None


@pytest.mark.postgres
def test_a_session_that_plays_the_replica_is_refused_too(fresh_postgres: Fresh) -> None:
    told(draft())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("DELETE FROM trail_event")


def test_erasure_takes_the_data_and_leaves_the_chain_whole(fresh_database: Fresh) -> None:
    with transaction.atomic():
        first, second = services.append([draft(), draft()])
    by_law = "个人信息保护法 第四十七条"
    erasure = services.erase(first.id, authority=by_law, actor="dpo:1", reason="撤回同意")
    left, kept = queries.history("case:1")
    assert left.erased
    assert left.hash == first.hash
    with pytest.raises(PayloadErased, match=first.id):
        _ = left.data
    assert kept == second
    assert queries.verify() is None
    assert erasure.corrects == first.id
    assert erasure.authority == by_law
    assert queries.history(services.ERASURES) == (erasure,)
    with pytest.raises(services.NothingToErase):
        services.erase(first.id, authority=by_law, actor="dpo:1", reason="again")
    with pytest.raises(ValueError, match="legal basis"):
        services.erase(second.id, authority="", actor="dpo:1", reason="x")


def _without_guard(statement: str) -> None:
    """Do what an attacker with the database in hand does: drop the guard, then change."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            for table in ("trail_event", "trail_payload"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("attack", "seq", "why"),
    [
        ("UPDATE trail_event SET actor = 'post:8' WHERE chain='case:1' AND seq=2", 2, "envelope"),
        ("UPDATE trail_payload SET data = '{}'", 1, "data was changed"),
        ("DELETE FROM trail_event WHERE chain='case:1' AND seq=2", 3, "event 2 .* is missing"),
        ("DELETE FROM trail_payload", 1, "without an erasure"),
        ("UPDATE trail_event SET suite = 'rot13' WHERE seq=3", 3, "rot13"),
    ],
)
def test_a_forger_who_drops_the_guard_is_named_by_the_chain(
    fresh_database: Fresh, attack: str, seq: int, why: str
) -> None:
    told(draft(), draft(), draft())
    _without_guard(attack)
    broken = queries.verify("case:1")
    assert broken is not None
    assert (broken.chain, broken.seq) == ("case:1", seq)
    assert re.search(why, broken.why)
    assert queries.verify() == broken


def test_whoever_saw_an_older_chain_is_told_that_it_moved(fresh_database: Fresh) -> None:
    with transaction.atomic():
        services.tell(draft(), after=0)
        services.tell(draft(), after=1)
    with pytest.raises(services.ChainMoved, match="stands at 2, not at 1"), transaction.atomic():
        services.tell(draft(), after=1)
    assert queries.head("case:1") == 2


def _in_thread(work: Callable[[], None]) -> "threading.Thread":
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_of_two_writers_at_once_one_wins_and_the_other_is_named(fresh_database: Fresh) -> None:
    """Both read the same head; only one may follow it."""
    ready = threading.Barrier(2, timeout=20)
    won: list[str] = []

    def write(who: str) -> None:
        seen = queries.head("case:1")
        ready.wait()
        try:
            with transaction.atomic():
                services.tell(draft(reason=who), after=seen)
            won.append(who)
        except services.ChainMoved:
            won.append("moved")

    for thread in [_in_thread(lambda who=who: write(who)) for who in ("甲", "乙")]:  # type: ignore[misc]
        thread.join()
    assert won.count("moved") == 1
    assert queries.head("case:1") == 1
    assert queries.verify() is None


@pytest.mark.postgres
def test_a_race_without_asking_for_the_head_collides_by_name(fresh_postgres: Fresh) -> None:
    read, written = threading.Event(), threading.Event()
    seen: list[str] = []

    def late() -> None:
        with transaction.atomic():
            read.wait(20)
            try:
                services.tell(draft())
            except services.ChainMoved as moved:
                seen.append(str(moved))
                transaction.set_rollback(True)
        written.set()

    thread = _in_thread(late)
    with transaction.atomic():
        services.tell(draft())
        read.set()
        assert not written.wait(0.5), "the second writer must wait for the first"
    thread.join()
    assert len(seen) == 1
    assert queries.head("case:1") == 1


def test_a_clock_set_back_does_not_turn_the_story_round(
    fresh_database: Fresh, clock: Clock
) -> None:
    told(draft())
    clock.move(hours=-1)
    told(draft())
    clock.move(hours=3)
    told(draft())
    first, second, third = queries.history("case:1")
    assert first.recorded == second.recorded == third.recorded - timedelta(hours=2)
    assert queries.verify() is None
    assert third.recorded == port.now()
