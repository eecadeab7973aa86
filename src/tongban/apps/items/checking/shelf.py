"""Everything the packs hold, merged and read once: documents by slug, flows, decisions.

Collects what is wrong on the way and goes on, so that an author sees all of it at once.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tongban.apps.exchange import reading
from tongban.apps.exchange.domain import Catalogue, build
from tongban.apps.items.checking.cases import failing
from tongban.infra.packs import Document, Drawing, Pack, Place, Problem, problem
from tongban.kernel.facts import UnknownFact
from tongban.kernel.feel import Condition, FeelError, parse_condition
from tongban.kernel.nets import (
    BpmnRefused,
    Flow,
    FlowError,
    FlowNotSound,
    Net,
    compile_net,
    gaps,
    prove,
    read_bpmn,
)
from tongban.kernel.tables import DecisionTable, TableError, check, compile_table, read_dmn

_WHERE = re.compile(r" \((?P<file>[^()]*):(?P<line>\d+)\)$")


def told(error: TableError | FlowError, file: str, line: int = 1, node: str = "") -> Problem:
    """Turn an error of the kernel, whose text ends in (file:line), into a problem.

    ``node`` is what the author calls the element that is blamed.
    """
    text = str(error)
    if found := _WHERE.search(text):
        text, line = text[: found.start()], int(found["line"])
    text = text.removeprefix(f"{type(error).__name__}: ")
    message, _, mend = text.rpartition("; ")
    match error:
        case TableError():
            code = "table-refused"
        case BpmnRefused():
            code, node = "flow-refused", text.partition(": ")[0] if error.element else file
        case FlowNotSound():
            code = f"flow-{error.kind}"
        case _:
            code = "flow-large"
    return problem(
        file,
        line,
        code,
        node=node,
        kind=type(error).__name__,
        why=message or mend,
        mend=mend if message else "see docs/standards/region-packs.md",
    )


@dataclass(frozen=True, slots=True)
class DrawnFlow:
    """A flow with its file, the flows it calls, and its proved net."""

    drawing: Drawing
    flow: Flow
    net: Net
    called: Mapping[str, "DrawnFlow"]

    def flows(self) -> tuple[Flow, ...]:
        """Give this flow and every flow it calls."""
        return (self.flow, *(flow for inner in self.called.values() for flow in inner.flows()))

    def content(self) -> dict[str, Any]:
        """Give what is published of it."""
        return {
            "file": self.drawing.file,
            "text": self.drawing.content.decode(),
            "called": {name: inner.content() for name, inner in self.called.items()},
        }


@dataclass(frozen=True, slots=True)
class Ready:
    """A definition that may be published."""

    kind: str
    slug: str
    version: int
    content: Mapping[str, Any]
    document: Document


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision table with its file."""

    drawing: Drawing
    table: DecisionTable

    def content(self) -> dict[str, Any]:
        """Give what is published of it."""
        return {
            "file": self.drawing.file,
            "text": self.drawing.content.decode(),
            "decision": self.table.id,
        }


@dataclass(slots=True)
class Shelf:
    """The merged packs, and the problems found so far; ``broken``: there is no catalogue."""

    packs: Sequence[Pack]
    data: dict[str, Any] = field(init=False)
    catalogue: Catalogue = field(init=False)
    documents: Mapping[str, Mapping[str, Document]] = field(init=False)
    decisions: dict[str, Decided] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False
    _flows: dict[str, DrawnFlow | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = reading.merge(self.packs)
        self.problems.extend(reading.problems(self.packs, self.data))
        self.broken = bool(self.problems)
        if self.broken:
            return
        self.catalogue = build(self.data, 0)
        self.documents = {
            kind: {d.data["slug"]: d for d in reading.documents(self.packs, kind)}
            for kind in ("item", "life-event", "licence-kind", "policy", "guide")
        }
        for drawing in {n: d for pack in self.packs for n, d in pack.rules.items()}.values():
            self._read_rules(drawing)
        self._try_cases()

    def say(self, document: Document, place: Place, code: str, /, **arguments: str | int) -> None:
        """Note a problem at a place of a document."""
        self.problems.append(document.problem(place, code, **arguments))

    def known(self, fact: str, document: Document, place: Place) -> bool:
        """Say whether the vocabulary explains a fact; note it if not."""
        try:
            self.catalogue.vocabulary.fact(fact)
        except UnknownFact as unknown:
            message, _, mend = str(unknown).partition("; ")
            self.say(document, place, "no-fact", name=fact, why=message, mend=mend)
            return False
        return True

    def condition(self, text: str, document: Document, place: Place) -> Condition | None:
        """Read a condition over facts; note what is wrong with it."""
        try:
            read = parse_condition(text)
        except FeelError as wrong:
            self.say(
                document,
                place,
                "condition",
                text=wrong.text,
                column=wrong.column,
                why=str(wrong),
            )
            return None
        return read if all(self.known(n, document, place) for n in sorted(read.names)) else None

    def _read_rules(self, drawing: Drawing) -> None:
        try:
            tables = read_dmn(drawing.content, drawing.file)
            for table in tables:
                self._judge_table(drawing, table)
        except TableError as error:
            self.problems.append(told(error, drawing.file))

    def _judge_table(self, drawing: Drawing, table: DecisionTable) -> None:
        if table.id in self.decisions:
            first = self.decisions[table.id].drawing.file
            self.problems.append(
                problem(drawing.file, table.line, "table-twice", name=table.id, file=first)
            )
        self.decisions[table.id] = Decided(drawing, table)
        for finding in check(table):
            line = next((r.line for r in table.rules if r.id in finding.rules), table.line)
            zh, _, zh_mend = finding.zh.rstrip("。").rpartition("。")
            en, _, en_mend = finding.en.rstrip(".").rpartition("; ")
            self.problems.append(
                problem(
                    drawing.file,
                    line,
                    f"table-{finding.kind}",
                    zh=zh,
                    zh_mend=zh_mend,
                    en=en,
                    en_mend=en_mend,
                )
            )
        for rule in table.rules:
            if lacking := [c for c in ("zh", "en") if not rule.annotations.get(c)]:
                self.problems.append(
                    problem(
                        drawing.file,
                        rule.line,
                        "table-reasons",
                        rule=rule.id,
                        langs="、".join(lacking),
                        en_langs=" and ".join(lacking),
                    )
                )

    def _try_cases(self) -> None:
        tried = list(reading.documents(self.packs, "cases"))
        asked = {raw["decision"] for document in tried for raw in document.data["cases"]}
        tables = {
            name: compile_table(self.decisions[name].table)
            for name in asked & self.decisions.keys()
        }
        for document in tried:
            self.problems.extend(failing(document, tables))

    def face(self, name: str) -> Drawing | None:
        """Give the template of a face; that of the last pack that has one of this name."""
        return next((p.faces[name] for p in reversed(self.packs) if name in p.faces), None)

    def drawn(self, name: str) -> bool:
        """Say whether there is a file for this flow, sound or not."""
        return any(name in pack.flows for pack in self.packs)

    def flow(self, name: str, inside: tuple[str, ...] = ()) -> DrawnFlow | None:
        """Give a flow, read, gapless and proved; None after noting what is wrong with it."""
        if name not in self._flows:
            self._flows[name] = self._read_flow(name, inside)
        return self._flows[name]

    def _read_flow(self, name: str, inside: tuple[str, ...]) -> DrawnFlow | None:
        drawing = next(
            (pack.flows[name] for pack in reversed(self.packs) if name in pack.flows), None
        )
        if drawing is None:
            return None
        try:
            flow = read_bpmn(drawing.content, drawing.file)
            called = {}
            for node in flow.nodes.values():
                if not node.calls:
                    continue
                circle = node.calls in (*inside, name)
                inner = None if circle else self.flow(node.calls, (*inside, name))
                if inner is None:
                    self.problems.append(
                        problem(
                            drawing.file,
                            node.line,
                            "flow-circle" if circle else "flow-absent",
                            node=node.name or node.id,
                            label=node.label,
                            name=node.calls,
                        )
                    )
                    return None
                called[node.calls] = inner
            found = gaps(flow)
            self.problems.extend(
                problem(
                    drawing.file,
                    gap.line,
                    f"flow-gap-{gap.kind}",
                    node=flow.nodes[gap.node].name or gap.node,
                    why=gap.message,
                )
                for gap in found
            )
            net = compile_net(flow, {n: inner.net for n, inner in called.items()})
            prove(net)
        except FlowNotSound as error:
            blamed = flow.nodes.get(error.node)
            name = (blamed.name if blamed else "") or error.node
            self.problems.append(told(error, drawing.file, error.line, name))
            return None
        except FlowError as error:
            self.problems.append(told(error, drawing.file, getattr(error, "line", 1)))
            return None
        return None if found else DrawnFlow(drawing, flow, net, called)
