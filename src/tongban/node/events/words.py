"""Words of the asynchronous half: changes, what a subscriber is told of them, and the settings.

Pure. A change is told as a CloudEvent (CloudEvents 1.0, JSON, structured mode); its subject is a
keyed digest of the record key, never the key.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from tongban.kernel.events import canonical, instant
from tongban.kernel.suites import Suite
from tongban.kernel.wire.words import Caller, Identifier, Plain, WireRefused
from tongban.node.store.events import FIRST_STATE, Subscription

Kind = Literal["created", "corrected", "recalled"]
KINDS: frozenset[str] = frozenset({"created", "corrected", "recalled"})
CLOUD_EVENT = "application/cloudevents+json"
_TYPE = "tongban.exchange.record.{}.v1"
_SUBJECT_BYTES = 16
_LONGEST_ID = 128
_MOST_CHANGES = 1000


def malformed(zh: str, en: str) -> WireRefused:
    """Refuse what is not of the protocol."""
    return WireRefused("malformed", f"请求格式有误：{zh}", f"the request is malformed: {en}")


def not_found() -> WireRefused:
    """Refuse what is not there, or is not the asker's."""
    return WireRefused("not_found", "没有此项", "there is no such thing of yours")


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one record at its source (变更): ``id`` is unique at the service.

    ``record`` holds what the source gave of the record, key and row filters included where it knows
    them; empty: the record is to be asked for. ``catch_up``: it is no news but the state at the
    beginning of a subscription.
    """

    id: str
    kind: Kind
    key: Mapping[str, Plain]
    time: str
    record: Mapping[str, Plain]
    catch_up: bool = False

    def write(self) -> bytes:
        """Write it for the store."""
        return canonical(
            {
                "id": self.id,
                "kind": self.kind,
                "key": self.key,
                "time": self.time,
                "record": self.record,
                "catch_up": self.catch_up,
            }
        )

    @classmethod
    def read(cls, kept: bytes) -> "Change":
        """Read what `write` wrote."""
        return cls(**json.loads(kept))


def read_changes(told: Any, key: tuple[str, ...], now: datetime) -> list[Change]:
    """Read the list that a source hands in; raise `WireRefused` (malformed).

    Each: ``{"id", "kind", "key": {attr: value}, "time": instant, "record": {…}}``; time and record
    may be left out. ``key`` names the attributes of the service's record key.
    """
    if not isinstance(told, list) or not 0 < len(told) <= _MOST_CHANGES:
        raise malformed(
            f"须为 1 至 {_MOST_CHANGES} 条变更的列表", f"a list of 1 to {_MOST_CHANGES} changes"
        )
    return [_change(one, at, key, now) for at, one in enumerate(told)]


def _change(told: Any, at: int, key: tuple[str, ...], now: datetime) -> Change:
    def wrong(what: str) -> WireRefused:
        return malformed(f"第 {at + 1} 条变更：{what}", f"change {at + 1}: {what}")

    if not isinstance(told, dict) or not told.keys() <= {"id", "kind", "key", "time", "record"}:
        raise wrong("write id, kind, key, time and record")
    name, kind, keys = told.get("id"), told.get("kind"), told.get("key")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID or not name.isprintable():
        raise wrong(f"id is a text of 1 to {_LONGEST_ID} characters")
    if name.startswith(FIRST_STATE):
        raise wrong(f"an id does not begin with {FIRST_STATE}")
    if kind not in KINDS:
        raise wrong("kind is created, corrected or recalled")
    record = told.get("record") or {}
    if not isinstance(keys, dict) or set(keys) != set(key):
        raise wrong(f"key has exactly {', '.join(key)}")
    if not isinstance(record, dict) or not all(map(_plain, (*keys.values(), *record.values()))):
        raise wrong("values are text, whole numbers, true, false or null")
    try:
        moment = instant(_instant(told["time"])) if told.get("time") else instant(now)
    except (TypeError, ValueError):
        raise wrong("time is an instant with its zone (ISO 8601)") from None
    return Change(name, kind, keys, moment, {**record, **keys} if record else {})


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no zone")
    return found


def _plain(value: Any) -> bool:
    return (
        value is None or type(value) in {str, bool} or (type(value) is int and abs(value) < 2**53)
    )


@lru_cache(maxsize=4096)
def identifier(text: str) -> Identifier:
    """Read an identifier that was checked when it came in."""
    return Identifier.parse(text)


def caller_of(one: Subscription, call: str) -> Caller:
    """Give who asks by a subscription, and why: it is judged as if they asked now."""
    return Caller(identifier(one.client), call, one.purposes, one.consent, one.issue)


def mark(by: Suite, secret: bytes, key: Mapping[str, Plain]) -> str:
    """Give the mark of a record key on this node's log, 32 hex digits.

    A key of one attribute has the mark that calls have, so that one search finds both.
    """
    told = ";".join(f"{name}={value}" for name, value in sorted(key.items()))
    return by.mac(secret, told.encode())[:_SUBJECT_BYTES].hex()


def outward(by: Suite, secret: bytes, subscription: str, subject: str) -> str:
    """Give the subject that one subscriber sees: two of them cannot lay theirs side by side."""
    return by.mac(secret, f"{subscription}\n{subject}".encode())[:_SUBJECT_BYTES].hex()


def cloud_event(
    one: Subscription,
    change: Change,
    subject: str,
    record: Mapping[str, Plain] | None,
    seq: int,
    *,
    left: bool = False,
) -> bytes:
    """Write a change as a subscriber gets it; ``record`` is what may leave (None: nothing).

    ``seq`` grows within a subscription, so that a system knows a message that came late.
    ``left``: the record is there still, but no longer among those that this subscriber may read.
    """
    kind = "recalled" if left else change.kind
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": change.id,
        "source": f"/r1/{one.service}/subscriptions/{one.id}",
        "type": _TYPE.format(kind),
        "subject": subject,
        "time": change.time,
        "datacontenttype": "application/json",
        "data": None if record is None else dict(record),
        # the extension "sequence" of CloudEvents: texts that sort
        "sequence": f"{seq:019d}",
        "tbsubscription": one.id,
        "tbcatchup": change.catch_up,
    }
    return canonical(told)


@dataclass(frozen=True, slots=True)
class Told:
    """A CloudEvent as it came in."""

    id: str
    subscription: str
    subject: str
    kind: Kind
    record: Mapping[str, Plain] | None


def read_cloud_event(body: bytes) -> Told:
    """Read what `cloud_event` wrote; raise `WireRefused` (malformed)."""
    try:
        told = json.loads(body)
        names = ("specversion", "id", "subject", "tbsubscription", "type", "source")
        texts = {name: told[name] for name in names}
        data = told["data"]
        kind = next(k for k in KINDS if texts["type"] == _TYPE.format(k))
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        raise malformed("不是本协议的事件", "no event of this protocol") from None
    fits = all(isinstance(t, str) and 0 < len(t) <= 512 for t in texts.values())
    plain = data is None or (isinstance(data, dict) and all(map(_plain, data.values())))
    if not fits or not plain or texts["specversion"] != "1.0":
        raise malformed("不是本协议的事件", "no event of this protocol")
    if not str(texts["source"]).endswith(f"/subscriptions/{texts['tbsubscription']}"):
        raise malformed("来源与订阅不符", "its source is not that of its subscription")
    return Told(texts["id"], texts["tbsubscription"], texts["subject"], kind, data)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class HandOver:
    """Where a system of the node's own takes its events; None of these: it pulls them."""

    url: str
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of deliveries and tasks; times in seconds.

    ``in_flight`` events go out together, ``of_one`` at most of one subscription; a failed one rests
    ``rest`` × 2ⁿ up to ``longest_rest`` and is a dead letter after ``tries``. A task lives for
    ``task_life`` and ``tasks`` of one client may wait.
    """

    in_flight: int = 256
    of_one: int = 128
    tries: int = 12
    rest: float = 0.5
    longest_rest: float = 300.0
    answer_within: float = 10.0
    task_life: float = 86_400.0
    tasks: int = 1_000
    tasks_at_once: int = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """The table ``events`` of a node's configuration."""

    bounds: Bounds = field(default_factory=Bounds)
    nats: tuple[str, ...] = ()
    nats_token_file: Path | None = None
    hand_over: Mapping[str, HandOver] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
