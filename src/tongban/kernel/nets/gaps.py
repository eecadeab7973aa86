"""Find the gateways at which a case could be left without a branch, or go round for ever.

A gateway that asks for data needs a default flow, or conditions of which one always holds. That is
proved by trying every side of every literal in them; conditions that compare facts with each
other, or reckon, are not tried: there a default is asked for.
"""

import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from math import ceil, floor, prod

from tongban.kernel.feel import Condition, Value, judge, middle
from tongban.kernel.feel.tree import Both, Compare, Either, Literal, Name, Not, Tree
from tongban.kernel.nets.flow import Flow, Node

Kind: typing.TypeAlias = typing.Literal["bare", "default", "branch", "loop"]
MOST_TRIED = 10_000
"""Combinations of values that are tried for one gateway."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A gateway at which a case may stay; `example` are facts for which no branch holds.

    `kind` tells why: "bare" (a flow without condition), "default" (cannot be proved without one),
    "branch" (no branch for the example), "loop" (gateways alone lead round).
    """

    node: str
    line: int
    message: str
    kind: Kind
    example: Mapping[str, Value] = field(default_factory=dict)


def gaps(flow: Flow) -> tuple[Gap, ...]:
    """Give the gaps of a flow in file order; a flow with any must not be published."""
    found = []
    for node in flow.nodes.values():
        out = flow.outgoing(node.id)
        if node.kind not in {"exclusive", "inclusive"} or len(out) < 2:
            continue
        conditions = [arc.condition for arc in out if arc.id != node.default]
        known = [condition for condition in conditions if condition is not None]
        if len(known) < len(conditions):
            bare = next(a for a in out if a.id != node.default and a.condition is None)
            target = flow.nodes[bare.target].label
            why = f"has no condition on its flow to {target}; write one"
            found.append(_gap(flow, node, "bare", why))
        elif not node.default:
            found.extend(_without_default(flow, node, known))
    idle = _idle_loop(flow)
    if idle is not None:
        why = "can send a case round for ever; put a step into the loop"
        found.append(_gap(flow, idle, "loop", why))
    return tuple(found)


def _idle_loop(flow: Flow) -> Node | None:
    """Give a gateway from which gateways alone lead back to it."""
    gateways = {n.id for n in flow.nodes.values() if n.kind in {"exclusive", "inclusive"}}
    onward = {g: {arc.target for arc in flow.outgoing(g)} & gateways for g in gateways}
    # Take away what leads to no other gateway until only loops are left.
    while done := {g for g, targets in onward.items() if not targets}:
        onward = {g: targets - done for g, targets in onward.items() if g not in done}
    return next((node for node in flow.nodes.values() if node.id in onward), None)


def _without_default(flow: Flow, node: Node, conditions: Sequence[Condition]) -> Iterable[Gap]:
    values = sides(conditions)
    if values is None:
        why = "needs a default flow: its conditions are not plain comparisons"
        yield _gap(flow, node, "default", why)
        return
    for choice in product(*values.values()):
        facts = dict(zip(values, choice, strict=True))
        if not any(judge(condition, facts).value for condition in conditions):
            told = ", ".join(f"{name} = {value!s}" for name, value in facts.items())
            why = f"has no branch for {told}; draw a default flow"
            yield _gap(flow, node, "branch", why, facts)
            return


def _gap(
    flow: Flow, node: Node, kind: Kind, why: str, example: Mapping[str, Value] | None = None
) -> Gap:
    message = f"{node.label} {why} ({flow.where(node.line)})"
    return Gap(node.id, node.line, message, kind, example or {})


def sides(conditions: Iterable[Condition]) -> dict[str, list[Value]] | None:
    """Give for each fact a value on every side of every literal; None if that proves nothing."""
    literals: dict[str, list[Value]] = {}
    ordered: set[str] = set()
    if not all(_collect(condition.tree, literals, ordered) for condition in conditions):
        return None
    values: dict[str, list[Value]] = {}
    for name, constants in sorted(literals.items()):
        around = _around(constants, ordered=name in ordered)
        if around is None:
            return None
        values[name] = around
    return values if prod(map(len, values.values())) <= MOST_TRIED else None


def _collect(tree: Tree, literals: dict[str, list[Value]], ordered: set[str]) -> bool:
    """Gather the literals each fact is compared with; False where something else is met."""
    match tree:
        case Both(parts) | Either(parts):
            return all(_collect(part, literals, ordered) for part in parts)
        case Not(part):
            return _collect(part, literals, ordered)
        case Compare(operator, Name(name), Literal(value)) | Compare(
            operator, Literal(value), Name(name)
        ):
            literals.setdefault(name, []).append(value)
            if operator not in {"=", "!="}:
                ordered.add(name)
            return True
        case Name(name):
            yes = True
            literals.setdefault(name, []).append(yes)
            return True
        case Literal():
            return True
        case _:
            return False


def _around(constants: list[Value], *, ordered: bool) -> list[Value] | None:
    kinds = {type(value) for value in constants}
    if kinds == {bool}:
        return [True, False]
    if kinds == {str} and not ordered:
        texts = sorted({str(value) for value in constants})
        return [*texts, "".join(texts) + "…"]
    if kinds <= {int, Decimal}:
        numbers = sorted({Decimal(str(value)) for value in constants})
        middles = [middle(low, high) for low, high in pairwise(numbers)]
        return [floor(numbers[0]) - 1, *numbers, *middles, ceil(numbers[-1]) + 1]
    if kinds == {date}:
        days = [value for value in constants if isinstance(value, date)]
        near = {day + timedelta(shift) for day in days if _inside(day) for shift in (-1, 0, 1)}
        return [*sorted(near)] if all(map(_inside, days)) else None
    return None


def _inside(day: date) -> bool:
    return not isinstance(day, datetime) and date.min < day < date.max
