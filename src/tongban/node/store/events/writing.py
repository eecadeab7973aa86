"""The statements that an `Entry` carries, so that what changes is committed with its row."""

from collections.abc import Iterable, Sequence

from tongban.node.store.events.words import Item, NewChange, Subscription, Task
from tongban.node.store.words import Write

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
