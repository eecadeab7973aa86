"""What the asynchronous half of a node keeps in its store: subscriptions, queues, tasks (异步表).

The tables stand in the file of the log, and what changes them travels in an `Entry`: a delivery and
its row on the log are one transaction. Bodies come in and go out sealed; nothing here sees what is
in them.
"""

from tongban.node.store.events.reading import EventStore
from tongban.node.store.events.words import (
    FIRST_STATE,
    Head,
    Item,
    NewChange,
    Side,
    Subscription,
    Task,
)
from tongban.node.store.events.writing import (
    changed,
    ended,
    forgotten,
    handed_over,
    read_up_to,
    received,
    requeued,
    settled,
    subscribed,
    taken,
    task_asked,
    task_ended,
    task_gone,
    task_taken,
    tasks_outlived,
    tried,
    walked,
)

__all__ = [
    "FIRST_STATE",
    "EventStore",
    "Head",
    "Item",
    "NewChange",
    "Side",
    "Subscription",
    "Task",
    "changed",
    "ended",
    "forgotten",
    "handed_over",
    "read_up_to",
    "received",
    "requeued",
    "settled",
    "subscribed",
    "taken",
    "task_asked",
    "task_ended",
    "task_gone",
    "task_taken",
    "tasks_outlived",
    "tried",
    "walked",
]
