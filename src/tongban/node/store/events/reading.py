"""Reads subscriptions, queues and tasks, over a connection of its own that can only read."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from tongban.node.store.events.schema import TABLES
from tongban.node.store.events.words import Head, Item, Side, Subscription, Task
from tongban.node.store.store import Store


class EventStore:
    """Reads the tables, and writes what would change them; see `Store` for the log itself."""

    def __init__(self, store: Store) -> None:
        """Make the tables where they are not there yet; raise sqlite3.Error."""
        with store.transaction() as db:
            for statement in TABLES:
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

    def first(self, lane: int) -> Item | None:
        """Give the first event of a lane if it may go."""
        found = self._all(f"{_ITEM} WHERE i.lane = ? ORDER BY i.seq LIMIT 1", (lane,))
        return _item(found[0]) if found else None

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

    def depths(self) -> dict[str, dict[str, int]]:
        """Give for each side how many events wait, and how many are dead letters."""
        sql = "SELECT side, COUNT(*), SUM(dead) FROM event_item GROUP BY side"
        return {side: {"waiting": count, "dead": dead} for side, count, dead in self._all(sql)}

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


@lru_cache(maxsize=4096)  # the same row is read for each of its events
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
