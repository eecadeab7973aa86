"""Make random flows as BPMN files: block-structured ones are sound by construction.

Deterministic by seed. `swapped` turns one exclusive gateway into a parallel one or back, which
breaks most flows: between them they try the reader, the proof and the token game.
"""

import random
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:tongban="urn:tongban:bpmn:1" targetNamespace="urn:tongban:flows">\n'
)
STEPS = ("task", "manualTask", "userTask", "serviceTask", "businessRuleTask")


@dataclass
class Drawing:
    """A flow being drawn: elements, sequence flows, and the facts its gateways ask for."""

    elements: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    flows: list[tuple[str, str, str, str]] = field(default_factory=list)
    facts: dict[str, int] = field(default_factory=dict)
    plain_loops: bool = False

    def element(self, tag: str, key: str | None = None, **attributes: str) -> str:
        key = key or f"{tag[0]}{len(self.elements)}"
        self.elements[key] = (tag, attributes)
        return key

    def flow(self, source: str, target: str, condition: str = "") -> str:
        key = f"f{len(self.flows)}"
        self.flows.append((key, source, target, condition))
        return key

    def bpmn(self, process: str = "drawn") -> bytes:
        lines = [HEAD, f'<process id="{process}" name="随机" isExecutable="true">\n']
        for key, (tag, attributes) in self.elements.items():
            given = dict(attributes)
            body = given.pop("body", "")
            written = "".join(f" {name}={quoteattr(value)}" for name, value in given.items())
            lines.append(f'<{tag} id="{key}" name="{key}"{written}>{body}</{tag}>\n')
        for key, source, target, condition in self.flows:
            text = condition.replace("<", "&lt;")
            inner = f"<conditionExpression>{text}</conditionExpression>" if text else ""
            ends = f'sourceRef="{source}" targetRef="{target}"'
            lines.append(f'<sequenceFlow id="{key}" {ends}>{inner}</sequenceFlow>\n')
        return "".join([*lines, "</process>\n</definitions>\n"]).encode()


def draw(seed: int, size: int = 6, *, plain_loops: bool = False) -> Drawing:
    """Draw a sound flow with about `size` steps; plain loops hold no parallel branches."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    drawing = Drawing(plain_loops=plain_loops)
    begin = drawing.element("startEvent", "begin")
    first, last = _block(drawing, rng, size, looped=False)
    drawing.flow(begin, first)
    finish = drawing.element("endEvent", "finish")
    drawing.flow(last, finish)
    return drawing


def swap(drawing: Drawing, seed: int) -> bool:
    """Turn one gateway into its opposite; False if the flow has none."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    other = {"exclusiveGateway": "parallelGateway", "parallelGateway": "exclusiveGateway"}
    gateways = [key for key, (tag, _) in drawing.elements.items() if tag in other]
    if not gateways:
        return False
    key = rng.choice(gateways)
    tag, attributes = drawing.elements[key]
    attributes.pop("default", None)
    drawing.elements[key] = (other[tag], attributes)
    drawing.flows = [
        (flow, source, target, "" if source == key else condition)
        for flow, source, target, condition in drawing.flows
    ]
    return True


def _block(drawing: Drawing, rng: random.Random, size: int, *, looped: bool) -> tuple[str, str]:
    """Draw a part with one way in and one way out; give its first and last element."""
    if size <= 1:
        return _step(drawing, rng, looped=looped)
    kinds = ["sequence", "sequence", "exclusive", "loop", "parallel", "inclusive"]
    kind = rng.choice(kinds[:4] if looped and drawing.plain_loops else kinds)
    if kind == "loop":
        return _loop(drawing, rng, size)
    if kind == "sequence":
        left = rng.randint(1, size - 1)
        first, middle = _block(drawing, rng, left, looped=looped)
        second, last = _block(drawing, rng, size - left, looped=looped)
        drawing.flow(middle, second)
        return first, last
    parts = [
        _block(drawing, rng, max(1, size // 2), looped=looped)
        for _ in range(2 if size < 4 or rng.random() < 0.7 else 3)
    ]
    return _split(drawing, rng, kind, parts)


def _split(
    drawing: Drawing, rng: random.Random, kind: str, parts: list[tuple[str, str]]
) -> tuple[str, str]:
    # An implicit split or merge is drawn as a plain task with several flows.
    opens = "task" if kind == "parallel" and rng.random() < 0.3 else f"{kind}Gateway"
    closes = "task" if kind == "exclusive" and rng.random() < 0.3 else f"{kind}Gateway"
    split, join = drawing.element(opens), drawing.element(closes)
    fact = f"g{len(drawing.elements)}"
    out = []
    for number, (first, last) in enumerate(parts):
        default = number == len(parts) - 1
        test = f"{fact} &lt; {number + 1}" if kind == "exclusive" else f"{fact} != {number}"
        condition = "" if default or kind == "parallel" else test.replace("&lt;", "<")
        out.append(drawing.flow(split, first, condition))
        drawing.flow(last, join)
    if kind == "inclusive" and rng.random() < 0.3:
        drawing.flow(split, join, f"{fact} = 7")
    if kind != "parallel":
        drawing.facts[fact] = len(parts)
        drawing.elements[split][1]["default"] = out[-1]
    return split, join


def _loop(drawing: Drawing, rng: random.Random, size: int) -> tuple[str, str]:
    again = drawing.element("exclusiveGateway")
    first, last = _block(drawing, rng, size - 1, looped=True)
    enough = drawing.element("exclusiveGateway")
    fact = f"g{len(drawing.elements)}"
    drawing.facts[fact] = 2
    drawing.flow(again, first)
    drawing.flow(last, enough)
    drawing.flow(enough, again, f"{fact} = 1")
    after = drawing.element("manualTask")
    drawing.elements[enough][1]["default"] = drawing.flow(enough, after)
    return again, after


def _step(drawing: Drawing, rng: random.Random, *, looped: bool) -> tuple[str, str]:
    chance = rng.random()
    if chance < 0.1:
        body = "<timerEventDefinition><timeDuration>P5D</timeDuration></timerEventDefinition>"
        event = drawing.element("intermediateCatchEvent", body=body)
        return event, event
    step = drawing.element(rng.choice(STEPS))
    body = "<timerEventDefinition><timeDuration>P5D</timeDuration></timerEventDefinition>"
    if chance < 0.2:
        late = drawing.element("boundaryEvent", attachedToRef=step, body=body)
        join = drawing.element("exclusiveGateway")
        drawing.flow(step, join)
        drawing.flow(late, join)
        return step, join
    if chance < 0.35 and not looped:
        # In a loop the reminder's own end could be reached twice, which is not sound.
        late = drawing.element(
            "boundaryEvent", attachedToRef=step, cancelActivity="false", body=body
        )
        remind = drawing.element("serviceTask")
        drawing.flow(late, remind)
        drawing.flow(remind, drawing.element("endEvent"))
    return step, step


def tangle(seed: int) -> Drawing:
    """Draw an unstructured flow, sound only by luck: any gateway may lead anywhere."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    drawing = Drawing()
    begin = drawing.element("startEvent", "begin")
    inner = [
        drawing.element(rng.choice(["task", "task", "exclusiveGateway", "parallelGateway"]))
        for _ in range(rng.randint(2, 7))
    ]
    ends = [drawing.element("endEvent") for _ in range(rng.randint(1, 2))]
    drawing.flow(begin, inner[0])
    for element in inner:
        for target in rng.sample([*inner[1:], *ends], rng.choice([1, 1, 1, 2])):
            drawing.flow(element, target)
    if rng.random() < 0.3:
        timer = "<timerEventDefinition><timeDuration>P5D</timeDuration></timerEventDefinition>"
        hosts = [key for key in inner if drawing.elements[key][0] == "task"]
        if hosts:
            late = drawing.element(
                "boundaryEvent",
                attachedToRef=rng.choice(hosts),
                cancelActivity=rng.choice(["true", "false"]),
                body=timer,
            )
            drawing.flow(late, rng.choice([*inner[1:], *ends]))
    return drawing
