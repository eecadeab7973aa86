"""The frozen state of a case and how it is written down.

A ``Case`` is only ever made by folding events (``events.apply``); the encoded form is a cache of
that fold. Facts keep where they came from, so that a value from a department can never be mistaken
for one that somebody typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from tongban.kernel.feel import Value
from tongban.kernel.workdays import Extension, Suspension

Json = Any


class Stage(StrEnum):
    """Where a branch (办件分支) stands."""

    WAITING = "waiting"  # 等待前序事项
    GATHERING = "gathering"  # 取数
    CORRECTION = "correction"  # 待补正
    EXAMINING = "examining"  # 待受理：有人工须看的材料
    PAYMENT = "payment"  # 待缴费
    PROCESSING = "processing"  # 办理中
    RECONFIRM = "reconfirm"  # 待确认：来源数据已变化
    GRANTED = "granted"  # 办结：准予
    REFUSED = "refused"  # 办结：不予
    WITHDRAWN = "withdrawn"  # 已撤回
    IMPOSSIBLE = "impossible"  # 前序未成，无法办理
    NOT_APPLICABLE = "not_applicable"  # 不适用


ENDED = frozenset(
    {Stage.GRANTED, Stage.REFUSED, Stage.WITHDRAWN, Stage.IMPOSSIBLE, Stage.NOT_APPLICABLE}
)
# A branch that was refused, withdrawn or became impossible stops what depends on it.
FAILED = frozenset({Stage.REFUSED, Stage.WITHDRAWN, Stage.IMPOSSIBLE})


@dataclass(frozen=True, slots=True)
class Known:
    """One fact as the case holds it, with its source (来源)."""

    value: Value
    status: Literal["value", "absent", "pending", "refused", "unavailable"]
    origin: Literal["source", "applicant", "login", "assigned"]
    department: str = ""
    resource: str = ""
    as_of: str = ""  # instant, ISO 8601
    reason: str = ""
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the applicant says of a source's value (更正请求): what it is, why, since when."""

    says: Value
    why: str
    at: str  # instant, ISO 8601


@dataclass(frozen=True, slots=True)
class Handed:
    """A rule step that people must settle, and why the rule could not."""

    post: str
    missing: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One service item inside a case."""

    item: str
    version: int
    after: tuple[str, ...] = ()
    when: str = ""
    stage: Stage = Stage.WAITING
    marking: str = ""  # hex of kernel.nets.encode
    received: date | None = None
    accepted: date | None = None
    deemed: bool = False
    decided: date | None = None
    asked_on: date | None = None
    completed: date | None = None  # the day all that was asked for had come
    asked: tuple[tuple[str, str], ...] = ()  # (fact or material, why)
    retry_at: str = ""  # instant, ISO 8601
    attempts: int = 0
    suspensions: tuple[Suspension, ...] = ()
    extension: Extension | None = None
    # more time that waits for approval: how many days, why, by whom
    extension_asked: tuple[int, str, str] | None = None
    timers: tuple[tuple[str, str], ...] = ()  # (step, armed at instant)
    done_by: tuple[tuple[str, str], ...] = ()  # (step, actor): separation of duties
    handed: tuple[tuple[str, Handed], ...] = ()  # (step, why)
    results: Mapping[str, Value] = field(default_factory=dict)
    outcome: str = ""
    decided_by: str = ""  # "rule" or "person"
    reasons: tuple[Mapping[str, str], ...] = ()
    licence: str = ""
    steps: int = 0
    urged: int = 0
    note: str = ""
    fee: Literal["", "asked", "paid"] = ""
    charged: date | None = None  # the day the decision was made and its fee asked
    claimed_by: str = ""  # user id of who has the task in hand, until
    claimed_until: str = ""  # instant, ISO 8601
    department: str = ""  # where it was moved to; empty: the item's own
    post: str = ""  # the post it was moved to, until a step is done there
    move: tuple[str, ...] = ()  # a move that waits for approval: department, post, by whom


@dataclass(frozen=True, slots=True)
class Case:
    """One submission (一次申请) for one life event (一件事)."""

    number: str
    life_event: str
    version: int
    applicant: str  # opaque id of the person
    on_behalf_of: str
    submitted: str  # instant, ISO 8601
    reference: date  # the day that ages and periods count to
    consent: bool = False
    agent: str = ""  # user id of who applied for the applicant; empty: the applicant itself
    consent_id: str = ""  # the receipt; cases of before receipts have none
    seen: Mapping[str, Value] = field(default_factory=dict)  # prefilled values that were shown
    facts: Mapping[str, Known] = field(default_factory=dict)
    materials: Mapping[str, str] = field(default_factory=dict)  # code → digest of the upload
    licences: Mapping[str, str] = field(default_factory=dict)  # kind → identifier, held already
    doubts: Mapping[str, Doubt] = field(default_factory=dict)  # fact → what is doubted of it
    branches: Mapping[str, Branch] = field(default_factory=dict)
    calls: int = 0
    sequence: int = 0  # events folded so far

    @property
    def ended(self) -> bool:
        """Say whether every branch has ended."""
        return all(b.stage in ENDED for b in self.branches.values())

    def with_branch(self, branch: Branch) -> "Case":
        """Give the case with this branch in place of the one of the same item."""
        return replace(self, branches={**self.branches, branch.item: branch})


def write_value(value: Value) -> Json:
    """Write a fact's value as JSON: a date and a decimal carry their type, nothing is a float.

    >>> write_value(date(2026, 11, 1)), write_value(Decimal("1.5")), write_value("甲")
    ({'date': '2026-11-01'}, {'decimal': '1.5'}, '甲')
    """
    if isinstance(value, datetime):
        raise TypeError("a fact is a date, not an instant: give value.date()")
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return value


def read_value(written: Json) -> Value:
    """Read what ``write_value`` wrote.

    >>> read_value({"date": "2026-11-01"})
    datetime.date(2026, 11, 1)
    """
    if isinstance(written, dict):
        if "date" in written:
            return date.fromisoformat(written["date"])
        return Decimal(written["decimal"])
    if written is None or isinstance(written, bool | int | str):
        return written
    raise TypeError(f"{written!r} is not a written fact")


def write_values(values: Mapping[str, Value]) -> dict[str, Json]:
    """Write several facts."""
    return {name: write_value(v) for name, v in values.items()}


def read_values(written: Mapping[str, Json]) -> dict[str, Value]:
    """Read several facts."""
    return {name: read_value(v) for name, v in written.items()}


def write_known(known: Known) -> Json:
    """Write a fact with its source; empty parts are left out."""
    out: dict[str, Json] = {"status": known.status, "origin": known.origin}
    if known.value is not None:
        out["value"] = write_value(known.value)
    for name in ("department", "resource", "as_of", "reason"):
        if text := getattr(known, name):
            out[name] = text
    if known.unverified:
        out["unverified"] = True
    return out


def read_known(written: Mapping[str, Json]) -> Known:
    """Read what ``write_known`` wrote."""
    return Known(**{**written, "value": read_value(written.get("value"))})


_DATES = frozenset({"received", "accepted", "decided", "asked_on", "completed", "charged"})


def _write_branch(branch: Branch) -> Json:
    out: dict[str, Json] = {}
    for name in Branch.__slots__:
        value = getattr(branch, name)
        if not value and name != "version":
            continue
        if name in _DATES:
            out[name] = value.isoformat()
        elif name == "suspensions":
            out[name] = [
                [s.kind, s.reason, s.start.isoformat(), s.end and s.end.isoformat()] for s in value
            ]
        elif name == "extension":
            out[name] = [
                value.days,
                value.reason,
                value.approved_by,
                value.approved_on.isoformat(),
            ]
        elif name == "handed":
            out[name] = [[step, h.post, list(h.missing), h.message] for step, h in value]
        elif name == "results":
            out[name] = write_values(value)
        else:
            out[name] = value
    return out


def _read_branch(out: Mapping[str, Json]) -> Branch:
    parts: dict[str, Json] = dict(out)
    for name in _DATES & parts.keys():
        parts[name] = date.fromisoformat(parts[name])
    if asked := parts.get("extension_asked"):
        days, reason, by = asked
        parts["extension_asked"] = (days, reason, by)
    for name in ("after", "reasons", "move"):
        parts[name] = tuple(parts.get(name, ()))
    for name in ("asked", "timers", "done_by"):
        parts[name] = tuple((a, b) for a, b in parts.get(name, ()))
    parts["stage"] = Stage(parts["stage"])
    parts["suspensions"] = tuple(
        Suspension(kind, reason, date.fromisoformat(a), date.fromisoformat(b) if b else None)
        for kind, reason, a, b in parts.get("suspensions", ())
    )
    if extension := parts.get("extension"):
        days, reason, approver, on = extension
        parts["extension"] = Extension(days, reason, approver, date.fromisoformat(on))
    parts["handed"] = tuple(
        (step, Handed(post, tuple(missing), message))
        for step, post, missing, message in parts.get("handed", ())
    )
    parts["results"] = read_values(parts.get("results", {}))
    return Branch(**parts)


def encode(case: Case) -> Json:
    """Write a whole case as JSON (a cache of the fold over its events)."""
    return {
        "number": case.number,
        "life_event": case.life_event,
        "version": case.version,
        "applicant": case.applicant,
        "on_behalf_of": case.on_behalf_of,
        "submitted": case.submitted,
        "reference": case.reference.isoformat(),
        "consent": case.consent,
        **({"agent": case.agent} if case.agent else {}),
        **({"consent_id": case.consent_id} if case.consent_id else {}),
        "seen": write_values(case.seen),
        "facts": {name: write_known(k) for name, k in case.facts.items()},
        "materials": dict(case.materials),
        **({"licences": dict(case.licences)} if case.licences else {}),
        **(
            {"doubts": {n: [write_value(d.says), d.why, d.at] for n, d in case.doubts.items()}}
            if case.doubts
            else {}
        ),
        "branches": [_write_branch(b) for b in case.branches.values()],
        "calls": case.calls,
        "sequence": case.sequence,
    }


def decode(written: Mapping[str, Json]) -> Case:
    """Read what ``encode`` wrote."""
    return Case(
        **{
            **written,
            "reference": date.fromisoformat(written["reference"]),
            "seen": read_values(written["seen"]),
            "facts": {name: read_known(k) for name, k in written["facts"].items()},
            "doubts": {
                name: Doubt(read_value(says), why, at)
                for name, (says, why, at) in written.get("doubts", {}).items()
            },
            "branches": {b["item"]: _read_branch(b) for b in written["branches"]},
        }
    )
