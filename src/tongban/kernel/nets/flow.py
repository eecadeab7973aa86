"""A flow as its author drew it: elements and sequence flows, each with its line in the file.

These are plain records; `bpmn` fills them from a file and `net` compiles them. They hold no state
of any case.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tongban.kernel.feel import Condition

_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(?P<weeks>\d{1,4})W|(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,7})S)?)?)"
)

STEP_KINDS = {
    "task": "task",
    "manualTask": "manual",
    "userTask": "user",
    "serviceTask": "service",
    "businessRuleTask": "rule",
    "receiveTask": "message",
    "callActivity": "call",
}
"""Activities of the subset and the kind of work each is."""


def read_duration(text: str) -> timedelta | None:
    """Read an ISO 8601 duration of weeks, days, hours, minutes, seconds; None if it is not one.

    Months and years are left out: their length depends on when they begin.

    >>> read_duration("P5D"), read_duration("PT1H30M"), read_duration("P1M")
    (datetime.timedelta(days=5), datetime.timedelta(seconds=5400), None)
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    return timedelta(**{unit: int(amount or 0) for unit, amount in match.groupdict().items()})


@dataclass(frozen=True, slots=True)
class Timer:
    """When a timer event falls due after its activation.

    `kind` is "duration" (calendar time, `duration` set) or "workdays" (official working days,
    `workdays` set). `attached_to` is the id of the step a boundary timer sits on, else "".
    """

    kind: str
    duration: timedelta | None = None
    workdays: int | None = None
    attached_to: str = ""
    interrupting: bool = True


@dataclass(frozen=True, slots=True)
class Node:
    """One element: `tag` is its BPMN name, `kind` what it does in the net.

    Kinds: "start", "end", a step kind, "timer" (caught or on a boundary), "exclusive",
    "parallel", "inclusive". `attributes` are its `tongban:` attributes by local name.
    """

    id: str
    name: str
    tag: str
    kind: str
    line: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    timer: Timer | None = None
    message: str = ""
    calls: str = ""

    @property
    def label(self) -> str:
        """Name it as its author would: `step "核发"`, `gateway "合"`, `end "已办结"`."""
        word = {"start": "start", "end": "end", "timer": "timer"}.get(self.kind)
        if word is None:
            gateway = self.kind in {"exclusive", "parallel", "inclusive"}
            word = f"{self.kind} gateway" if gateway else "step"
        return f'{word} "{self.name or self.id}"'


@dataclass(frozen=True, slots=True)
class Arc:
    """One sequence flow from `source` to `target` (element ids)."""

    id: str
    name: str
    source: str
    target: str
    line: int
    condition: Condition | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A process read from the file `source`; nodes and arcs stand in file order.

    `pairs` gives for each inclusive split its join and, per outgoing flow, the flow by which that
    branch enters the join.
    """

    id: str
    name: str
    source: str
    nodes: Mapping[str, Node]
    arcs: Mapping[str, Arc]
    pairs: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def outgoing(self, node: str) -> tuple[Arc, ...]:
        """Give the flows that leave an element, in file order."""
        return tuple(arc for arc in self.arcs.values() if arc.source == node)

    def incoming(self, node: str) -> tuple[Arc, ...]:
        """Give the flows that enter an element, in file order."""
        return tuple(arc for arc in self.arcs.values() if arc.target == node)

    def boundary(self, node: str) -> tuple[Node, ...]:
        """Give the timers that sit on a step, in file order."""
        return tuple(
            timer
            for timer in self.nodes.values()
            if timer.timer is not None and timer.timer.attached_to == node
        )

    def where(self, line: int) -> str:
        """Give the place in the file, `newborn.bpmn:42`."""
        return f"{self.source}:{line}"
