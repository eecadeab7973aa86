"""Read the BPMN 2.0 subset of Tongban from a file into a `Flow`.

It reads what it can prove and refuses the rest by name, with the line and the mend: above all
script tasks, since a flow drawn in a browser must never carry code. Diagrams, lanes, data objects
and notes are passed over: they do nothing. Source: OMG BPMN 2.0.2 (formal/2013-12-09).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

from lxml import etree

from tongban.kernel.feel import Condition, FeelError, parse_condition
from tongban.kernel.nets.errors import BpmnRefused
from tongban.kernel.nets.flow import STEP_KINDS, Arc, Flow, Node, Timer, read_duration
from tongban.kernel.nets.pairs import match_pairs
from tongban.kernel.nets.subset import DECLARED, GATEWAYS, INSIDE, MENDS, SILENT
from tongban.kernel.xml import XmlRefused, read_xml

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
TONGBAN = "urn:tongban:bpmn:1"
MOST_ELEMENTS = 1_000
"""Elements of one flow. The largest seen in the field has some hundred."""
MOST_TIMERS = 6
"""Non-interrupting timers a step may have: each doubles the ways in which the step can end."""

_ID = re.compile(r"[^\s/]+")


def read_bpmn(xml: bytes, source: str) -> Flow:
    """Read one process. `source` is the file name that errors name.

    Errors: `BpmnRefused` with element, id, `file:line` and the mend.

    >>> read_bpmn(b"<!DOCTYPE x><x/>", "x")
    Traceback (most recent call last):
    tongban.kernel.nets.errors.BpmnRefused: a document type is not allowed; delete the DOCTYPE (x:1)
    """
    try:
        root = read_xml(xml, source)
    except XmlRefused as error:
        raise BpmnRefused(str(error), line=error.line) from error
    return _Reader(source).definitions(root)


class _Reader:
    """One pass over one file; holds what has been met so far."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.messages: dict[str, str] = {}
        self.ids: dict[str, int] = {}

    def refuse(self, element: etree._Element, why: str) -> BpmnRefused:
        name, key = element.get("name") or "", element.get("id") or ""
        called = " ".join(part for part in (f'"{_oneline(name)}"' if name else "", key) if part)
        what = f"{_tag(element)} {called}".strip()
        line = _line(element)
        return BpmnRefused(f"{what}: {why} ({self.source}:{line})", element=key, line=line)

    def outside(self, element: etree._Element) -> BpmnRefused:
        tag = _tag(element)
        if tag == "subProcess" and element.get("triggeredByEvent") == "true":
            tag = "eventSubProcess"
        mend = MENDS.get(tag, "remove it")
        return self.refuse(element, f"is outside the subset that can be proved; {mend}")

    def definitions(self, root: etree._Element) -> Flow:
        if root.tag != f"{{{BPMN}}}definitions":
            raise self.refuse(root, "is not BPMN 2.0; export the flow as BPMN 2.0 XML")
        processes = []
        for child in _own(root):
            tag = _tag(child)
            if tag == "message":
                self.messages[child.get("id") or ""] = child.get("name") or ""
            if tag == "process":
                processes.append(child)
            elif tag == "collaboration":
                self.collaboration(child)
            elif tag not in DECLARED and not tag.endswith("EventDefinition"):
                raise self.outside(child)
        if not processes:
            raise self.refuse(root, "holds no process; draw one")
        for extra in processes[1:]:
            raise self.refuse(extra, "is a second process; keep one process a file")
        return self.process(processes[0])

    def collaboration(self, element: etree._Element) -> None:
        pools = 0
        for child in _own(element):
            tag = _tag(child)
            pools += tag == "participant"
            if tag == "messageFlow" or pools > 1:
                raise self.refuse(child, "several parties cannot be proved; keep one pool")

    def process(self, element: etree._Element) -> Flow:
        nodes: dict[str, Node] = {}
        arcs: dict[str, Arc] = {}
        elements: dict[str, etree._Element] = {}
        name = _oneline(element.get("name") or "")
        key = self.identify(element)
        for child in _own(element):
            tag = _tag(child)
            if tag in SILENT:
                continue
            if tag == "sequenceFlow":
                arc = self.arc(child)
                arcs[arc.id] = arc
                elements[arc.id] = child
                continue
            node = self.node(child)
            nodes[node.id] = node
            elements[node.id] = child
        if len(nodes) > MOST_ELEMENTS:
            raise self.refuse(
                element,
                f"has more than {MOST_ELEMENTS} elements; cut parts out into flows of their own "
                "and call them",
            )
        flow = Flow(key, name or key, self.source, nodes, arcs)
        self.check_shape(element, flow, elements)
        return replace(flow, pairs=match_pairs(flow))

    def identify(self, element: etree._Element) -> str:
        key = element.get("id") or ""
        if not _ID.fullmatch(key):
            raise self.refuse(element, "needs an id without blanks and slashes")
        if key in self.ids:
            raise self.refuse(element, f"its id is taken by line {self.ids[key]}; give it another")
        self.ids[key] = _line(element)
        return key

    def arc(self, element: etree._Element) -> Arc:
        key = self.identify(element)
        condition: Condition | None = None
        text = ""
        for child in _own(element):
            tag = _tag(child)
            if tag == "conditionExpression":
                text = " ".join((child.text or "").split())
                language = (child.get("language") or "FEEL").upper()
                if "FEEL" not in language:
                    raise self.refuse(element, f"its condition is in {language}; write S-FEEL")
                if len(child):
                    raise self.refuse(element, "its condition holds elements; write S-FEEL text")
                condition = self.condition(element, text) if text else None
            elif tag not in INSIDE:
                raise self.outside(child)
        return Arc(
            key,
            _oneline(element.get("name") or ""),
            element.get("sourceRef") or "",
            element.get("targetRef") or "",
            _line(element),
            condition,
            text,
        )

    def condition(self, element: etree._Element, text: str) -> Condition:
        try:
            return parse_condition(text)
        except FeelError as error:
            raise self.refuse(element, f"its condition {text!r} is not S-FEEL: {error}") from error

    def node(self, element: etree._Element) -> Node:
        tag = _tag(element)
        if tag in STEP_KINDS:
            return self.activity(element, tag)
        if tag in GATEWAYS:
            self.only(element, frozenset())
            return self.make(element, tag, GATEWAYS[tag], default=element.get("default") or "")
        if tag == "startEvent":
            for child in _own(element):
                if _tag(child).endswith(("EventDefinition", "EventDefinitionRef")):
                    raise self.refuse(
                        element, f"waits for a {_tag(child)}; a case starts when somebody applies"
                    )
            self.only(element, frozenset())
            return self.make(element, tag, "start")
        if tag == "endEvent":
            self.only(element, frozenset())
            return self.make(element, tag, "end")
        if tag in {"intermediateCatchEvent", "boundaryEvent"}:
            return self.event(element, tag)
        raise self.outside(element)

    def activity(self, element: etree._Element, tag: str) -> Node:
        self.only(element, frozenset())
        if element.get("isForCompensation") == "true":
            raise self.refuse(element, "compensates; draw the way back as steps")
        for counted in ("startQuantity", "completionQuantity"):
            if element.get(counted, "1") != "1":
                raise self.refuse(element, f"{counted} must be 1; delete it")
        if element.get("default"):
            raise self.refuse(element, "chooses a branch; put an exclusive gateway after it")
        calls = ""
        if tag == "callActivity":
            calls = (element.get("calledElement") or "").rpartition(":")[2]
            if not calls:
                raise self.refuse(element, "calls nothing; set calledElement to the flow's id")
        message = self.message(element) if tag == "receiveTask" else ""
        return self.make(element, tag, STEP_KINDS[tag], calls=calls, message=message)

    def message(self, element: etree._Element) -> str:
        key = (element.get("messageRef") or "").rpartition(":")[2]
        return self.messages.get(key, "") or key

    def event(self, element: etree._Element, tag: str) -> Node:
        what = [child for child in _own(element) if _tag(child).endswith("EventDefinition")]
        self.only(element, frozenset(map(_tag, what)))
        boundary = tag == "boundaryEvent"
        allowed = {"timerEventDefinition"} | (set() if boundary else {"messageEventDefinition"})
        for definition in what:
            if _tag(definition) not in allowed:
                raise self.refuse(
                    element, f"{_tag(definition)} is outside the subset; use a timer or a message"
                )
        if len(what) != 1 or element.get("parallelMultiple") == "true":
            raise self.refuse(element, "needs exactly one event definition")
        if _tag(what[0]) == "messageEventDefinition":
            return self.make(element, tag, "message", message=self.message(what[0]))
        host = (element.get("attachedToRef") or "").rpartition(":")[2]
        if boundary and not host:
            raise self.refuse(element, "sits on no step; set attachedToRef")
        interrupting = element.get("cancelActivity", "true") == "true"
        timer = self.timer(element, what[0], host, interrupting=interrupting)
        return self.make(element, tag, "timer", timer=timer)

    def timer(
        self, event: etree._Element, definition: etree._Element, host: str, *, interrupting: bool
    ) -> Timer:
        days = event.get(f"{{{TONGBAN}}}workdays", definition.get(f"{{{TONGBAN}}}workdays"))
        span: timedelta | None = None
        for child in _own(definition):
            text = (child.text or "").strip()
            if _tag(child) == "timeDuration":
                span = read_duration(text)
                if span is None:
                    raise self.refuse(
                        event, f"{text!r} is not an ISO duration in weeks to seconds, as P5D"
                    )
            elif _tag(child) in {"timeDate", "timeCycle"}:
                raise self.refuse(event, f"{_tag(child)} is outside the subset; use timeDuration")
        if (days is None) == (span is None):
            raise self.refuse(event, "needs one of timeDuration and tongban:workdays")
        if days is None:
            return Timer("duration", span, None, host, interrupting)
        if not (days.isascii() and days.isdigit() and 0 < int(days) < 10_000):
            raise self.refuse(event, f"tongban:workdays {days!r} is not a number of days above 0")
        return Timer("workdays", None, int(days), host, interrupting)

    def only(self, element: etree._Element, more: frozenset[str]) -> None:
        """Refuse children that would change what the element does."""
        for child in _own(element):
            tag = _tag(child)
            if tag not in INSIDE and tag not in more:
                mend = MENDS.get(tag, "remove it")
                raise self.refuse(element, f"{tag} is outside the subset; {mend}")

    def make(
        self,
        element: etree._Element,
        tag: str,
        kind: str,
        *,
        default: str = "",
        timer: Timer | None = None,
        message: str = "",
        calls: str = "",
    ) -> Node:
        return Node(
            self.identify(element),
            _oneline(element.get("name") or ""),
            tag,
            kind,
            _line(element),
            _attributes(element),
            default,
            timer,
            message,
            calls,
        )

    def check_shape(
        self, process: etree._Element, flow: Flow, elements: Mapping[str, etree._Element]
    ) -> None:
        starts = [node for node in flow.nodes.values() if node.kind == "start"]
        if not starts:
            raise self.refuse(process, "has no start event; draw one")
        for extra in starts[1:]:
            raise self.refuse(elements[extra.id], "is a second start; keep one")
        if not any(node.kind == "end" for node in flow.nodes.values()):
            raise self.refuse(process, "has no end event; draw one")
        for arc in flow.arcs.values():
            self.check_arc(flow, arc, elements[arc.id])
        for node in flow.nodes.values():
            self.check_node(flow, node, elements[node.id])

    def check_arc(self, flow: Flow, arc: Arc, element: etree._Element) -> None:
        for end in (arc.source, arc.target):
            if end not in flow.nodes:
                raise self.refuse(element, f"{end!r} is not an element of this flow; connect it")
        source, target = flow.nodes[arc.source], flow.nodes[arc.target]
        if source.kind == "end":
            raise self.refuse(element, "leaves an end event; remove it")
        if target.kind == "start" or target.tag == "boundaryEvent":
            raise self.refuse(element, f"enters {target.label}; remove it")
        if arc.condition is not None and source.default == arc.id:
            raise self.refuse(element, "is the default and has a condition; delete one of the two")
        if arc.condition is not None and not _decides(flow, source):
            raise self.refuse(
                element, "has a condition but leaves no choice; put an exclusive gateway before it"
            )

    def check_node(self, flow: Flow, node: Node, element: etree._Element) -> None:
        out = flow.outgoing(node.id)
        if node.kind != "end" and not out:
            raise self.refuse(element, "leads nowhere; connect it to a step or an end event")
        if node.default and node.default not in {arc.id for arc in out}:
            raise self.refuse(element, f"its default {node.default!r} does not leave it")
        if node.timer is not None and node.timer.attached_to:
            host = flow.nodes.get(node.timer.attached_to)
            if host is None or host.kind not in STEP_KINDS.values() or host.tag.endswith("Event"):
                raise self.refuse(element, f"sits on {node.timer.attached_to!r}, which is no step")
        patient = [t for t in flow.boundary(node.id) if t.timer and not t.timer.interrupting]
        if len(patient) > MOST_TIMERS:
            raise self.refuse(element, f"has more than {MOST_TIMERS} timers that do not interrupt")


def _decides(flow: Flow, node: Node) -> bool:
    return node.kind in {"exclusive", "inclusive"} and len(flow.outgoing(node.id)) > 1


def _own(element: etree._Element) -> list[etree._Element]:
    """Give the children in BPMN's own namespace; others carry drawings and vendors' notes."""
    return [child for child in element if str(child.tag).startswith(f"{{{BPMN}}}")]


def _line(element: etree._Element) -> int:
    return cast("int", element.sourceline)


def _tag(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _oneline(text: str) -> str:
    return " ".join(text.split())


def _attributes(element: etree._Element) -> dict[str, str]:
    prefix = f"{{{TONGBAN}}}"
    return {
        str(name).removeprefix(prefix): str(value)
        for name, value in element.attrib.items()
        if str(name).startswith(prefix)
    }
