"""What is kept of subscriptions, of events on their way, and of tasks."""

import json
from dataclasses import dataclass, field
from typing import Literal

Side = Literal["out", "in"]
#: Ids of events that are no news begin so; no source may name its own like that.
FIRST_STATE = "catch-up-"


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
