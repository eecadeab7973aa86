"""Judges one service item and makes its content: everything its flow, tables and result refer to.

An item that passes has no step without a verb or post that exists, no condition on an unknown
fact, and states every fact that any of its parts will look at.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tongban.apps.items.checking.shelf import Decided, DrawnFlow, Shelf
from tongban.apps.items.domain import ASSIGNERS, GIVES, LICENCE_NUMBER, OUTCOMES, POSTS, VERBS
from tongban.infra.packs import Document, Place
from tongban.kernel.codes import USCC, CodeError, ItemCode
from tongban.kernel.nets import Flow
from tongban.kernel.nets.flow import Node

_ACCEPT = "accept"  # a rule that no step needs to name: it judges acceptance
_WRITES = {"issue-licence": "licence", "order-payment": "payment"}
_RESULTS = {"licence": "证照", "payment": "支付"}
_TYPES = {"integer": "number"}


@dataclass(slots=True)
class ItemCheck:
    """The check of one item; `content` gives what is to be published, if nothing is wrong."""

    shelf: Shelf
    document: Document
    facts: set[str] = field(default_factory=set)
    rules: dict[str, Decided] = field(default_factory=dict)
    flow: DrawnFlow | None = None

    @property
    def raw(self) -> Mapping[str, Any]:
        """The item as its file says it."""
        data: Mapping[str, Any] = self.document.data
        return data

    def content(self) -> dict[str, Any]:
        """Check everything; give the content to publish (complete only if no problem was noted)."""
        raw = self.raw
        code = self._implementation_code()
        self.flow = self.shelf.flow(raw["flow"])
        self._rules()
        if not self.shelf.drawn(raw["flow"]):
            self._say(("flow",), "no-flow", name=raw["flow"])
        if self.flow:
            for flow in self.flow.flows():
                self._steps(flow)
            self._verbs(self.flow)
        self._form()
        self._materials()
        self._fee()
        own = self._produces()
        self.facts |= (self._result() | self._once()) - own
        counted = self._counted_from()
        licence = self.shelf.documents["licence-kind"].get(raw["result"].get("licence", ""))
        return {
            "data": dict(raw),
            "facts": sorted(self.facts),
            "counted_from": sorted(counted),
            "implementation_code": code,
            "flow": self.flow.content() if self.flow else {},
            "rules": {alias: rule.content() for alias, rule in self.rules.items()},
            "licence_kind": licence.data if licence else None,
        }

    def _say(self, place: Place, code: str, /, **arguments: str | int) -> None:
        self.shelf.say(self.document, place, code, **arguments)

    def _known(self, fact: str, place: Place) -> bool:
        return self.shelf.known(fact, self.document, place)

    def _implementation_code(self) -> str:
        raw = self.raw
        department = self.shelf.catalogue.departments.get(raw["department"])
        if department is None:
            self._say(("department",), "no-department", name=raw["department"])
            return ""
        try:
            return str(ItemCode.make(USCC.parse(department.uscc), raw["level"], raw["base_code"]))
        except CodeError as wrong:
            self._say(("base_code",), "item-code", code=str(raw["base_code"]), why=str(wrong))
            return ""

    def _rules(self) -> None:
        for alias, decision in self.raw.get("rules", {}).items():
            place = ("rules", alias)
            rule = self.shelf.decisions.get(decision)
            if rule is None:
                self._say(place, "no-decision", name=decision)
                continue
            self.rules[alias] = rule
            if not rule.table.single and not rule.table.aggregator:
                self._say(
                    place,
                    "rule-several",
                    name=decision,
                    policy=rule.table.hit_policy,
                )
        results = self._results()
        for alias, rule in self.rules.items():
            for column in rule.table.inputs:
                name = column.name
                if name in results or not self._known(name, ("rules", alias)):
                    continue
                self._typed(name, _TYPES.get(column.type, column.type), alias)
                if name in rule.table.needs:
                    self.facts.add(name)

    def _typed(self, fact: str, expected: str, alias: str) -> None:
        found = self.shelf.catalogue.vocabulary.fact(fact).type
        if expected not in {found, "any"}:
            self._say(
                ("rules", alias),
                "rule-type",
                table=self.rules[alias].table.id,
                fact=fact,
                read=expected,
                type=found,
            )

    def _results(self) -> frozenset[str]:
        """Give the names of results that steps of the flow leave for later ones."""
        names = {
            f"{alias}.{output.name}"
            for alias, rule in self.rules.items()
            for output in rule.table.outputs
        }
        for flow in self.flow.flows() if self.flow else ():
            for node in flow.nodes.values():
                if node.kind in {"user", "manual"}:
                    names.add(f"{node.id}.outcome")
                elif node.attributes.get("verb") == "issue-licence":
                    names.add(f"{node.id}.number")
        return frozenset(names)

    def _steps(self, flow: Flow) -> None:
        results = self._results()
        for arc in flow.arcs.values():
            for name in sorted((arc.condition.names if arc.condition else frozenset()) - results):
                if self._known(name, ("flow",)):
                    self.facts.add(name)
        for node in flow.nodes.values():
            for code, name, known in self._faults(flow, node):
                self._say(
                    ("flow",),
                    code,
                    node=node.name or node.id,
                    label=node.label,
                    where=flow.where(node.line),
                    name=name,
                    known=", ".join(sorted(known)),
                )

    def _faults(self, flow: Flow, node: Node) -> Iterator[tuple[str, str, Collection[str]]]:
        """Give what a step names that is not there: code, name, and what it may name."""
        post = node.attributes.get("post", "reviewer")
        if post not in POSTS:
            yield "step-post", post, POSTS
        match node.kind:
            case "rule":
                alias = node.attributes.get("rule", "")
                if alias not in self.rules:
                    yield "step-rule", alias, ()
            case "service":
                verb = node.attributes.get("verb", "")
                if verb not in VERBS:
                    yield "step-verb", verb, VERBS
            case "user" | "manual":
                other = node.attributes.get("not-by", "")
                if other and getattr(flow.nodes.get(other), "kind", "") not in {"user", "manual"}:
                    yield "step-not-by", other, ()
            case "end":
                outcome = node.attributes.get("outcome", "")
                aside = not outcome and node.id not in _main_way(flow)
                if outcome not in OUTCOMES and not aside:
                    yield "step-outcome", outcome, OUTCOMES

    def _verbs(self, drawn: DrawnFlow) -> None:
        """Hold what the flow does against what the item promises."""
        nodes = [node for flow in drawn.flows() for node in flow.nodes.values()]
        verbs = {node.attributes.get("verb", "") for node in nodes if node.kind == "service"}
        for verb, result in _WRITES.items():
            if (verb in verbs) != (result in self.raw["result"]):
                self._say(
                    ("result",),
                    "result-beside" if verb in verbs else "result-lacking",
                    result=result,
                    zh_result=_RESULTS[result],
                    flow=self.raw["flow"],
                    verb=verb,
                )
        assigns = any(how != LICENCE_NUMBER for how in self.raw.get("produces", {}).values())
        if assigns and "assign-numbers" not in verbs:
            self._say(("produces",), "numbers-unassigned")
        used = {node.attributes.get("rule", "") for node in nodes if node.kind == "rule"}
        for alias in sorted(self.rules.keys() - used - {_ACCEPT}):
            self._say(("rules", alias), "rule-unused", name=alias)

    def _form(self) -> None:
        seen: set[str] = set()
        for index, spec in enumerate(self.raw.get("form", ())):
            place = ("form", index, "fact")
            if spec["fact"] in seen:
                self._say(place, "form-twice", fact=spec["fact"])
            seen.add(spec["fact"])
            if (
                self._known(spec["fact"], place)
                and self.shelf.catalogue.vocabulary.fact(spec["fact"]).derive
            ):
                self._say(place, "form-counted", fact=spec["fact"])
            if "when" in spec:
                self.shelf.condition(spec["when"], self.document, ("form", index, "when"))

    def _materials(self) -> None:
        seen: set[str] = set()
        for index, spec in enumerate(self.raw.get("materials", ())):
            place = ("materials", index)
            if spec["code"] in seen:
                self._say(place, "material-twice", code=spec["code"])
            seen.add(spec["code"])
            if "when" in spec:
                self.shelf.condition(spec["when"], self.document, (*place, "when"))
            waived = spec.get("waived_by") or {}
            for fact in waived.get("facts", ()):
                self._known(fact, (*place, "waived_by", "facts"))
            if waived.get("licence"):
                self._licence(waived["licence"], (*place, "waived_by", "licence"))

    def _fee(self) -> None:
        """Hold the fee against the rules and the flow: every row that names it names whole fen."""
        fee = self.raw.get("fee")
        if fee is None:
            return
        receiver = fee.get("receiver", self.raw["department"])
        if receiver not in self.shelf.catalogue.departments:
            self._say(("fee", "receiver"), "no-department", name=receiver)
        if "waived" in fee:
            read = self.shelf.condition(fee["waived"], self.document, ("fee", "waived"))
            self.facts |= read.names if read else frozenset()
        if isinstance(fee["amount"], str):
            self._fee_by_rule(fee["amount"], fee["when"])
        if fee["when"] == "delivery" and self.flow and not self._gives(self.flow):
            self._say(("fee", "when"), "fee-result")

    def _fee_by_rule(self, amount: str, when: str) -> None:
        place = ("fee", "amount")
        alias, _, column = amount.partition(".")
        table = self.rules[alias].table if alias in self.rules else None
        names = [output.name for output in table.outputs] if table else []
        if table is None or column not in names:
            self._say(place, "fee-rule", amount=amount)
            return
        if when == "acceptance":
            self._say(place, "fee-early")
        at = names.index(column)
        given = [rule.outputs[at] for rule in table.rules]
        if table.default is not None:
            given.append(table.default[at])
        for fen in given:
            if type(fen) is not int or fen < 0:
                self._say(place, "fee-fen", amount=amount, value=repr(fen))

    def _gives(self, drawn: DrawnFlow) -> bool:
        nodes = [node for flow in drawn.flows() for node in flow.nodes.values()]
        return any(node.attributes.get("verb") in GIVES for node in nodes)

    def _licence(self, slug: str, place: Place) -> Mapping[str, Any] | None:
        found = self.shelf.documents["licence-kind"].get(slug)
        if found is None:
            self._say(place, "no-licence", name=slug)
            return None
        data: Mapping[str, Any] = found.data
        return data

    def _produces(self) -> set[str]:
        own = set(self.raw.get("produces", {}))
        for fact, how in self.raw.get("produces", {}).items():
            place = ("produces", fact)
            self._known(fact, place)
            if how == LICENCE_NUMBER:
                if "licence" not in self.raw["result"]:
                    self._say(place, "produces-licence")
                continue
            if isinstance(how, str):
                self._source(how, place)
                continue
            takes = ASSIGNERS.get(how["assign"])
            given = how.keys() - {"assign"}
            if takes is None:
                self._say(
                    place, "produces-assigner", name=how["assign"], known=", ".join(ASSIGNERS)
                )
            elif given != takes:
                self._say(
                    place, "produces-takes", name=how["assign"], takes=", ".join(sorted(takes))
                )
            for name in sorted(given):
                self._source(how[name], (*place, name))
        return own

    def _source(self, name: str, place: Place) -> None:
        if name not in self._results() and self._known(name, place):
            self.facts.add(name)

    def _result(self) -> set[str]:
        result = self.raw["result"]
        found: set[str] = set()
        if "licence" in result:
            kind = self._licence(result["licence"], ("result", "licence"))
            content = kind["content"] if kind else ()
            found |= {fact for fact in content if self._known(fact, ("result", "licence"))}
        if "payment" in result:
            found |= self._payment(result["payment"])
        return found

    def _payment(self, payment: Mapping[str, Any]) -> set[str]:
        place = ("result", "payment")
        to = payment.get("to", "")
        if to not in self.shelf.catalogue.vocabulary.roles:
            self._say((*place, "to"), "no-payee", name=str(to))
            return set()
        if payment["amount"] not in self._results():
            self._source(payment["amount"], (*place, "amount"))
        found = {f"{to}.id_number", payment.get("account", f"{to}.bank_account")}
        if other := payment.get("instead"):
            found.add(other["account"])
            read = self.shelf.condition(other["when"], self.document, (*place, "instead", "when"))
            found |= read.names if read else set()
        if "policy" in payment and payment["policy"] not in self.shelf.documents["policy"]:
            self._say((*place, "policy"), "no-policy", name=payment["policy"])
        return {fact for fact in found if self._known(fact, place)}

    def _once(self) -> set[str]:
        return {fact for fact in self.raw.get("once", ()) if self._known(fact, ("once",))}

    def _counted_from(self) -> set[str]:
        vocabulary = self.shelf.catalogue.vocabulary
        counted = set()
        for name in self.facts:
            fact = vocabulary.fact(name)
            if fact.derive:
                counted.add(f"{fact.role}.{fact.derive.of}")
        return counted


def _main_way(flow: Flow) -> set[str]:
    """Give the elements that a case passes itself, not only what a timer beside it sets off."""
    waiting = [node.id for node in flow.nodes.values() if node.kind == "start"]
    seen: set[str] = set()
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        waiting += [arc.target for arc in flow.outgoing(here)]
        waiting += [t.id for t in flow.boundary(here) if t.timer and t.timer.interrupting]
    return seen
