"""Match every inclusive split with its join, branch by branch.

An inclusive join has no meaning of its own: it waits for the branches that its split took. So it
is read only where the drawing says which split that is, and refused everywhere else.
"""

from collections.abc import Mapping

from tongban.kernel.nets.errors import BpmnRefused
from tongban.kernel.nets.flow import Flow, Node

MOST_BRANCHES = 8
"""Branches of one inclusive split: each set of them is a way of its own through the proof."""


def match_pairs(flow: Flow) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Give `{split: (join, {flow leaving the split: flow entering the join})}`.

    Errors: `BpmnRefused` for a split or a join without partner, or with too many branches.
    """
    gateways = [node for node in flow.nodes.values() if node.kind == "inclusive"]
    splits = [node for node in gateways if len(flow.outgoing(node.id)) > 1]
    joins = [node for node in gateways if len(flow.incoming(node.id)) > 1]
    pairs: dict[str, tuple[str, Mapping[str, str]]] = {}
    free = [node for node in joins if node not in splits]
    for split in splits:
        if split in joins:
            raise _refuse(flow, split, "both splits and joins; draw two gateways")
        if len(flow.outgoing(split.id)) > MOST_BRANCHES:
            raise _refuse(flow, split, f"has more than {MOST_BRANCHES} branches; nest them")
        for join in free:
            branches = _branches(flow, split, join)
            if branches is not None:
                pairs[split.id] = (join.id, branches)
                free.remove(join)
                break
        else:
            raise _refuse(
                flow,
                split,
                "has no join: bring each of its branches, and nothing else, into one inclusive "
                "gateway",
            )
    for join in free:
        raise _refuse(flow, join, "joins no inclusive split; use an exclusive or parallel gateway")
    return pairs


def _branches(flow: Flow, split: Node, join: Node) -> Mapping[str, str] | None:
    """Follow each branch up to the join; None unless each enters it by one flow of its own."""
    entries: dict[str, str] = {}
    claimed: dict[str, str] = {}
    for first in flow.outgoing(split.id):
        region, found = _walk(flow, first.id, join.id)
        if len(found) != 1 or split.id in region:
            return None
        entries[first.id] = found.pop()
        for node in region:
            if claimed.setdefault(node, first.id) != first.id and flow.nodes[node].kind != "end":
                return None
    entering = [arc.id for arc in flow.incoming(join.id)]
    if sorted(entries.values()) != sorted(entering):
        return None
    for node, first_id in claimed.items():
        for arc in flow.incoming(node):
            alone = arc.id == first_id or claimed.get(arc.source) == first_id
            if not alone and flow.nodes[node].kind != "end":
                return None
    return entries


def _walk(flow: Flow, first: str, join: str) -> tuple[set[str], set[str]]:
    """Give the elements a branch can reach before the join, and the flows by which it enters."""
    region: set[str] = set()
    found: set[str] = set()
    todo = [flow.arcs[first]]
    while todo:
        arc = todo.pop()
        if arc.target == join:
            found.add(arc.id)
            continue
        if arc.target in region:
            continue
        reached = [arc.target, *(timer.id for timer in flow.boundary(arc.target))]
        region.update(reached)
        todo.extend(out for node in reached for out in flow.outgoing(node))
    return region, found


def _refuse(flow: Flow, node: Node, why: str) -> BpmnRefused:
    said = f'{node.tag} "{node.name}" {node.id}: {why} ({flow.where(node.line)})'
    return BpmnRefused(said, element=node.id, line=node.line)
