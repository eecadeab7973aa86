"""What the asynchronous half of a node keeps in its store: subscriptions, queues, tasks (异步表).

The tables stand in the file of the log, and what changes them travels in an `Entry`: a delivery and
its row on the log are one transaction. Reading has a connection of its own. Bodies come in and go
out sealed; this module never sees what is in them.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tongban.node.store.store import Store
from tongban.node.store.words import Write

Side = Literal["out", "in"]

_TABLES = (
    """CREATE TABLE IF NOT EXISTS event_subscription (
        side TEXT, id TEXT, client TEXT NOT NULL, service TEXT NOT NULL, terms TEXT NOT NULL,
        since TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '', catch_up TEXT,
        PRIMARY KEY (side, id)) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS event_subscription_service
        ON event_subscription (side, service, ended)""",
    """CREATE TABLE IF NOT EXISTS event_key (
        subscription TEXT, subject TEXT, PRIMARY KEY (subscription, subject)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS event_change (
        id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, event TEXT NOT NULL,
        batch TEXT NOT NULL, subject TEXT NOT NULL, at TEXT NOT NULL, sealed BLOB,
        UNIQUE (service, event))""",
    "CREATE INDEX IF NOT EXISTS event_change_subject ON event_change (service, subject, id)",
    """CREATE TABLE IF NOT EXISTS event_lane (
        id INTEGER PRIMARY KEY, side TEXT NOT NULL, subscription TEXT NOT NULL,
        subject TEXT NOT NULL, known INTEGER NOT NULL DEFAULT 0,
        UNIQUE (side, subscription, subject))""",
    """CREATE TABLE IF NOT EXISTS event_item (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, side TEXT NOT NULL, subscription TEXT NOT NULL,
        lane INTEGER NOT NULL, change INTEGER, sealed BLOB, head INTEGER NOT NULL,
        dead INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
        fault TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX IF NOT EXISTS event_item_lane ON event_item (lane, seq)",
    "CREATE INDEX IF NOT EXISTS event_item_change ON event_item (change)",
    "CREATE INDEX IF NOT EXISTS event_item_of ON event_item (side, subscription, seq)",
    """CREATE INDEX IF NOT EXISTS event_item_head ON event_item (side, seq)
        WHERE head = 1 AND dead = 0""",
    """CREATE TABLE IF NOT EXISTS event_seen (
        subscription TEXT, event TEXT, at TEXT NOT NULL, PRIMARY KEY (subscription, event)
        ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS event_seen_at ON event_seen (at)",
    "CREATE TABLE IF NOT EXISTS event_place (service TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS task (
        id TEXT PRIMARY KEY, client TEXT NOT NULL, call TEXT NOT NULL, state TEXT NOT NULL,
        asked INTEGER NOT NULL DEFAULT 0, until TEXT NOT NULL, request BLOB, answer BLOB
        ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS task_state ON task (state, id)",
)
#: Ids of events that are no news begin so; no source may name its own like that.
FIRST_STATE = "catch-up-"
#: An item is the first of its lane where nothing else waits in it.
_QUEUED = """
    INSERT INTO event_item (side, subscription, lane, change, head)
    SELECT 'out', ?1, l.id, c.id, NOT EXISTS (SELECT 1 FROM event_item WHERE lane = l.id)
    FROM event_change c
    JOIN event_lane l ON l.side = 'out' AND l.subscription = ?1 AND l.subject = ?2
    JOIN event_subscription s ON s.side = 'out' AND s.id = ?1 AND s.ended = ''
    WHERE c.service = ?4 AND c.event = ?3 AND c.batch = ?5"""
#: ?5 is 0 where a system pulls its events: then nothing moves them on.
_TAKEN_IN = """
    INSERT INTO event_item (side, subscription, lane, sealed, head)
    SELECT 'in', ?1, l.id, ?3, ?5 AND NOT EXISTS (SELECT 1 FROM event_item WHERE lane = l.id)
    FROM event_lane l
    WHERE l.side = 'in' AND l.subscription = ?1 AND l.subject = ?2
    AND NOT EXISTS (SELECT 1 FROM event_seen WHERE subscription = ?1 AND event = ?4)"""
#: A record of a first walk is left out where a change beyond ?7 tells more.
_FRESHER = """ WHERE NOT EXISTS (
    SELECT 1 FROM event_change WHERE service = ?1 AND subject = ?4 AND id > ?7
    AND event NOT GLOB 'catch-up-*')"""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription (订阅) as both nodes keep it.

    ``side`` is out at the node that delivers and in at the one that receives; ``keyed``: it is for
    some record keys only. ``delivery`` is callback or jetstream; ``catch_up`` is where the first
    walk stands (None: done or not wanted; empty: at its beginning); ``ended`` is why it ended
    (empty: it lives).
    """

    side: Side
    id: str
    client: str
    service: str
    purposes: tuple[str, ...]
    fields: tuple[str, ...]
    keyed: bool
    delivery: str
    since: str
    issue: str = ""
    consent: str = field(default="", repr=False)
    ended: str = ""
    catch_up: str | None = None

    def terms(self) -> str:
        """Write what has no column of its own."""
        return json.dumps(
            {
                "purposes": self.purposes,
                "fields": self.fields,
                "keyed": self.keyed,
                "delivery": self.delivery,
                "issue": self.issue,
                "consent": self.consent,
            }
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One event on its way: ``lane`` is the queue of one subject of one subscription.

    ``known``: something of this subject was delivered before. ``event`` is the id of a change, and
    empty at the receiving side, whose sealed body says it.
    """

    seq: int
    subscription: str
    lane: int
    subject: str
    known: bool
    tries: int
    fault: str
    event: str
    change: int | None
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The first event of a lane, by number alone."""

    seq: int
    lane: int
    subscription: str


@dataclass(frozen=True, slots=True)
class Task:
    """A call to be made later (异步任务); ``answer`` is sealed and empty until there is one."""

    id: str
    client: str
    call: str
    state: str
    asked: int
    until: str
    request: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change to keep: its id at the source, the mark of its key, its sealed content."""

    event: str
    subject: str
    at: str
    sealed: bytes


class EventStore:
    """Reads the tables, and writes what would change them; see `Store` for the log itself."""

    def __init__(self, store: Store) -> None:
        """Make the tables where they are not there yet; raise sqlite3.Error."""
        with store.transaction() as db:
            for statement in _TABLES:
                db.execute(statement)
        self._lock = threading.Lock()
        self._db = _reader(store.path)

    def close(self) -> None:
        """Close the reading connection."""
        with self._lock:
            self._db.close()

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # Subscriptions

    def subscriptions(
        self, side: Side, *, service: str = "", client: str = "", living: bool = False
    ) -> list[Subscription]:
        """Give subscriptions of one side, oldest first."""
        where = "side = ?"
        values: list[str] = [side]
        for name, value in (("service", service), ("client", client)):
            if value:
                where += f" AND {name} = ?"
                values.append(value)
        if living:
            where += " AND ended = ''"
        sql = f"{_SUBSCRIPTION} WHERE {where} ORDER BY since, id"
        return [_subscription(row) for row in self._all(sql, values)]

    def subscription(self, side: Side, name: str) -> Subscription | None:
        """Give one subscription."""
        found = self._all(f"{_SUBSCRIPTION} WHERE side = ? AND id = ?", (side, name))
        return _subscription(found[0]) if found else None

    def keyed(self, service: str, subjects: Iterable[str]) -> set[tuple[str, str]]:
        """Give (subscription, subject) of the living keyed subscriptions that want these."""
        found: set[tuple[str, str]] = set()
        wanted = list(subjects)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            sql = _KEYED + _listed(part)
            found.update((str(a), str(b)) for a, b in self._all(sql, (service, *part)))
        return found

    def lanes(self, subscription: str, subjects: Iterable[str]) -> set[str]:
        """Give which of these subjects a subscriber was told something of."""
        found: set[str] = set()
        wanted = list(subjects)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            sql = _KNOWN + _listed(part)
            found.update(str(row[0]) for row in self._all(sql, (subscription, *part)))
        return found

    # Queues

    def heads(self, side: Side, after: int, limit: int) -> list[Head]:
        """Give the first event of each lane that may go, by number, beyond ``after``."""
        sql = (
            "SELECT seq, lane, subscription FROM event_item"
            " WHERE side = ? AND head = 1 AND dead = 0 AND seq > ? ORDER BY seq LIMIT ?"
        )
        return [Head(*row) for row in self._all(sql, (side, after, limit))]

    def items(self, numbers: Sequence[int]) -> dict[int, Item]:
        """Give events whole, by their number."""
        if not numbers:
            return {}
        found = self._all(f"{_ITEM} WHERE i.seq IN {_listed(numbers)}", numbers)
        return {row[0]: _item(row) for row in found}

    def waiting(self, side: Side, subscription: str, limit: int) -> list[Item]:
        """Give the events of a subscription in their order."""
        sql = f"{_ITEM} WHERE i.side = ? AND i.subscription = ? ORDER BY i.seq LIMIT ?"
        return [_item(row) for row in self._all(sql, (side, subscription, limit))]

    def dead(self, limit: int = 1000) -> list[tuple[Side, Item]]:
        """Give the dead letters (死信) of both sides."""
        sides = self._all(
            "SELECT seq, side FROM event_item WHERE dead = 1 ORDER BY seq LIMIT ?", (limit,)
        )
        found = self.items([seq for seq, _ in sides])
        return [(side, found[seq]) for seq, side in sides if seq in found]

    def depth(self, side: Side, subscription: str) -> int:
        """Give how many events of a subscription wait."""
        sql = "SELECT COUNT(*) FROM event_item WHERE side = ? AND subscription = ?"
        return int(self._all(sql, (side, subscription))[0][0])

    def newest(self) -> int:
        """Give the number of the newest change."""
        return int(self._all("SELECT COALESCE(MAX(id), 0) FROM event_change")[0][0])

    def place(self, service: str) -> str | None:
        """Give how far the changes of a table were read."""
        found = self._all("SELECT place FROM event_place WHERE service = ?", (service,))
        return found[0][0] if found else None

    # Tasks

    def task(self, name: str) -> Task | None:
        """Give one task."""
        found = self._all(f"{_TASK} WHERE id = ?", (name,))
        return Task(*found[0]) if found else None

    def open_tasks(self, limit: int) -> list[Task]:
        """Give tasks that have no answer yet."""
        sql = f"{_TASK} WHERE state = 'waiting' ORDER BY id LIMIT ?"
        return [Task(*row) for row in self._all(sql, (limit,))]

    def task_count(self, client: str) -> int:
        """Give how many tasks of a client have no answer yet."""
        sql = "SELECT COUNT(*) FROM task WHERE state = 'waiting' AND client = ?"
        return int(self._all(sql, (client,))[0][0])

    def calls(self, numbers: Iterable[str]) -> list[str]:
        """Give the texts of the log's answer rows of these calls."""
        wanted, found = list(numbers), []
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            sql = _CALLED + _listed(part)
            found += [str(row[0]) for row in self._all(sql, part)]
        return found


_SUBSCRIPTION = (
    "SELECT side, id, client, service, terms, since, ended, catch_up FROM event_subscription"
)
_ITEM = (
    "SELECT i.seq, i.subscription, i.lane, l.subject, l.known, i.tries, i.fault,"
    " COALESCE(c.event, ''), i.change, COALESCE(c.sealed, i.sealed, x'')"
    " FROM event_item i JOIN event_lane l ON l.id = i.lane LEFT JOIN event_change c"
    " ON c.id = i.change"
)
_TASK = (
    "SELECT id, client, call, state, asked, until, COALESCE(request, x''), COALESCE(answer, x'')"
    " FROM task"
)


_KEYED = (
    "SELECT k.subscription, k.subject FROM event_key k JOIN event_subscription s"
    " ON s.side = 'out' AND s.id = k.subscription AND s.ended = '' AND s.service = ?"
    " WHERE k.subject IN "
)
_KNOWN = (
    "SELECT subject FROM event_lane WHERE side = 'out' AND subscription = ? AND known = 1"
    " AND subject IN "
)
_CALLED = "SELECT text FROM log WHERE kind = 'answer' AND call IN "


def _listed(values: Sequence[Any]) -> str:
    return f"({', '.join('?' * len(values))})"


def _subscription(row: tuple[Any, ...]) -> Subscription:
    side, name, client, service, terms, since, ended, catch_up = row
    told = json.loads(terms)
    return Subscription(
        side,
        name,
        client,
        service,
        tuple(told["purposes"]),
        tuple(told["fields"]),
        told["keyed"],
        told["delivery"],
        since,
        told["issue"],
        told["consent"],
        ended,
        catch_up,
    )


def _item(row: tuple[Any, ...]) -> Item:
    seq, subscription, lane, subject, known, *rest = row
    return Item(seq, subscription, lane, subject, bool(known), *rest)


def _reader(path: Path) -> sqlite3.Connection:
    uri = path.resolve().as_uri() + "?mode=ro"
    db = sqlite3.connect(uri, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA query_only = ON")
    return db


# What an `Entry` carries


def subscribed(one: Subscription, subjects: Iterable[str] = ()) -> tuple[Write, ...]:
    """Keep a new subscription with the marks of its record keys."""
    return (
        Write(
            "INSERT OR IGNORE INTO event_subscription VALUES (?, ?, ?, ?, ?, ?, '', ?)",
            (
                (
                    one.side,
                    one.id,
                    one.client,
                    one.service,
                    one.terms(),
                    one.since,
                    one.catch_up,
                ),
            ),
        ),
        Write(
            "INSERT OR IGNORE INTO event_key VALUES (?, ?)",
            tuple((one.id, subject) for subject in subjects),
        ),
    )


def ended(one: Subscription, why: str) -> tuple[Write, ...]:
    """End a subscription and drop what queues for it."""
    here = ((one.side, one.id),)
    return (
        Write(
            "UPDATE event_subscription SET ended = ?, catch_up = NULL"
            " WHERE side = ? AND id = ? AND ended = ''",
            ((why, one.side, one.id),),
        ),
        Write(
            "UPDATE event_change SET sealed = NULL WHERE id IN (SELECT change FROM event_item"
            " WHERE side = ?1 AND subscription = ?2) AND NOT EXISTS (SELECT 1 FROM event_item i"
            " WHERE i.change = event_change.id AND (i.side, i.subscription) != (?1, ?2))",
            here,
        ),
        Write("DELETE FROM event_item WHERE side = ? AND subscription = ?", here),
        Write("DELETE FROM event_lane WHERE side = ? AND subscription = ?", here),
        Write("DELETE FROM event_key WHERE subscription = ?", ((one.id,),)),
        Write("DELETE FROM event_seen WHERE subscription = ?", ((one.id,),)),
    )


def changed(
    service: str,
    batch: str,
    changes: Sequence[NewChange],
    wanted: Sequence[tuple[str, str, str]],
    newest: int | None = None,
) -> tuple[Write, ...]:
    """Keep changes and queue them; one that is known already queues nothing.

    ``wanted`` is (subscription, subject, event); ``batch`` is a text never used before. ``newest``
    is for a first walk: a record is left out where a change beyond that number tells more.
    """
    fresher = "" if newest is None else _FRESHER
    kept = tuple((service, c.event, batch, c.subject, c.at, c.sealed) for c in changes)
    return (
        Write(
            "INSERT OR IGNORE INTO event_change (service, event, batch, subject, at, sealed)"
            f" SELECT ?1, ?2, ?3, ?4, ?5, ?6{fresher}",
            kept if newest is None else tuple((*one, newest) for one in kept),
        ),
        Write(
            "INSERT OR IGNORE INTO event_lane (side, subscription, subject) VALUES ('out', ?, ?)",
            tuple((name, subject) for name, subject, _ in wanted),
        ),
        Write(
            _QUEUED,
            tuple((name, subject, event, service, batch) for name, subject, event in wanted),
        ),
        # what nobody wants keeps its id alone, so that it is known when it comes again
        Write(
            "UPDATE event_change SET sealed = NULL WHERE service = ? AND batch = ?"
            " AND NOT EXISTS (SELECT 1 FROM event_item WHERE change = event_change.id)",
            ((service, batch),),
        ),
    )


def walked(name: str, catch_up: str | None) -> Write:
    """Note how far the first walk of a subscription is."""
    sql = "UPDATE event_subscription SET catch_up = ? WHERE side = 'out' AND id = ? AND ended = ''"
    return Write(sql, ((catch_up, name),))


def read_up_to(service: str, place: str) -> Write:
    """Note how far the changes of a table were read."""
    sql = "INSERT INTO event_place VALUES (?1, ?2) ON CONFLICT (service) DO UPDATE SET place = ?2"
    return Write(sql, ((service, place),))


def received(
    one: Subscription, event: str, subject: str, at: str, sealed: bytes, *, pulled: bool
) -> tuple[Write, ...]:
    """Queue what came in for the node's own system; the same event again queues nothing.

    ``pulled``: the system fetches it, so nothing moves it on.
    """
    return (
        Write(
            "INSERT OR IGNORE INTO event_lane (side, subscription, subject) VALUES ('in', ?, ?)",
            ((one.id, subject),),
        ),
        Write(
            _TAKEN_IN,
            ((one.id, subject, sealed, event, int(not pulled)),),
        ),
        Write("INSERT OR IGNORE INTO event_seen VALUES (?, ?, ?)", ((one.id, event, at),)),
    )


def settled(item: Item, *, told: bool) -> tuple[Write, ...]:
    """Take an event out of its queue; the next of its lane may go. ``told``: it was delivered."""
    made = [
        Write("DELETE FROM event_item WHERE seq = ?", ((item.seq,),)),
        Write(
            "UPDATE event_item SET head = 1"
            " WHERE seq = (SELECT MIN(seq) FROM event_item WHERE lane = ?)",
            ((item.lane,),),
        ),
    ]
    if item.change is not None:
        made.append(
            Write(
                "UPDATE event_change SET sealed = NULL WHERE id = ?1"
                " AND NOT EXISTS (SELECT 1 FROM event_item WHERE change = ?1)",
                ((item.change,),),
            )
        )
    if told and not item.known:
        made.append(Write("UPDATE event_lane SET known = 1 WHERE id = ?", ((item.lane,),)))
    return tuple(made)


def tried(item: Item, fault: str, *, dead: bool) -> Write:
    """Count a try that failed; ``dead``: it was the last one."""
    sql = "UPDATE event_item SET tries = tries + 1, fault = ?, dead = ? WHERE seq = ?"
    return Write(sql, ((fault, int(dead), item.seq),))


def requeued(numbers: Iterable[int]) -> Write:
    """Let dead letters go again."""
    sql = "UPDATE event_item SET dead = 0, tries = 0 WHERE seq = ? AND dead = 1"
    return Write(sql, tuple((n,) for n in numbers))


def taken(one: Subscription, upto: int) -> tuple[Write, ...]:
    """Take what a system has pulled out of the queue, up to a number."""
    return (
        Write(
            "DELETE FROM event_item WHERE side = 'in' AND subscription = ? AND seq <= ?",
            ((one.id, upto),),
        ),
    )


def handed_over(clients: Iterable[str]) -> tuple[Write, ...]:
    """Let what waits move on to the systems that are sent their events; others pull theirs."""
    return (
        Write("UPDATE event_item SET head = 0 WHERE side = 'in' AND head = 1", ((),)),
        Write(
            "UPDATE event_item SET head = 1 WHERE side = 'in' AND subscription IN"
            " (SELECT id FROM event_subscription WHERE side = 'in' AND client = ?)"
            " AND seq = (SELECT MIN(i.seq) FROM event_item i WHERE i.lane = event_item.lane)",
            tuple((client,) for client in clients),
        ),
    )


def forgotten(before: str) -> tuple[Write, ...]:
    """Forget ids of events, tasks included, that are older than anybody will send again."""
    return (
        Write("DELETE FROM event_change WHERE sealed IS NULL AND at < ?", ((before,),)),
        Write("DELETE FROM event_seen WHERE at < ?", ((before,),)),
    )


def task_taken(one: Task) -> Write:
    """Keep a task."""
    sql = "INSERT INTO task VALUES (?, ?, ?, 'waiting', 0, ?, ?, NULL)"
    return Write(sql, ((one.id, one.client, one.call, one.until, one.request),))


def task_asked(name: str) -> Write:
    """Count that a task is being asked now."""
    return Write("UPDATE task SET asked = asked + 1 WHERE id = ?", ((name,),))


def task_ended(name: str, state: str, answer: bytes) -> Write:
    """Keep the answer of a task; its request is no longer needed."""
    sql = "UPDATE task SET state = ?, answer = ?, request = NULL WHERE id = ? AND state = 'waiting'"
    return Write(sql, ((state, answer, name),))


def task_gone(name: str) -> Write:
    """Remove a task."""
    return Write("DELETE FROM task WHERE id = ?", ((name,),))


def tasks_outlived(now: str) -> Write:
    """Remove the tasks whose time is over."""
    return Write("DELETE FROM task WHERE until <= ?", ((now,),))
