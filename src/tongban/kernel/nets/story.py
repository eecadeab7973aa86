"""Tell why a flow is not sound in its author's terms: which step, which line, and the way there.

It only words what `proof` found; it decides nothing.
"""

from collections.abc import Collection, Sequence

from tongban.kernel.nets.errors import FlowNotSound
from tongban.kernel.nets.flow import Node
from tongban.kernel.nets.net import Net, bits_of

_LONGEST_WAY = 12


def tell(net: Net, kind: str, marking: int, path: Sequence[int]) -> FlowNotSound:
    """Word a fault; `marking` holds the tokens that show it, `path` the transitions before it."""
    way = _way(net, path)
    waiting = _waiting(net, marking & ~net.done) or _waiting(net, marking)
    node = waiting[0]
    where = net.flow.where(node.line)
    others = "".join(f", {other.label}" for other in waiting[1:3])
    after = f"; the way there: {' → '.join(way)}" if way else ""
    if kind == "twice":
        message = (
            f"{node.label} can be {'started' if node.label[:4] == 'step' else 'reached'} twice: "
            "bring the branches that lead to it together in a parallel gateway, or let only one "
            f"of them run{after} ({where})"
        )
    elif kind == "left-over":
        ends = " and ".join(end.label for end in _waiting(net, marking & net.done))
        message = (
            f"{ends} can be reached while work is left over at {node.label}{others}: nothing can "
            f"bring it to its end{after} ({where})"
        )
    elif node.kind in {"parallel", "inclusive"}:
        message = (
            f"the case can get stuck at {node.label}: it waits for all {_entering(net, node)} "
            "flows that enter it, and not all of them come; join alternatives with an exclusive "
            f"gateway{after} ({where})"
        )
    else:
        message = (
            f"the case can get stuck at {node.label}{others}: from there no end can be reached; "
            f"draw a way out{after} ({where})"
        )
    return FlowNotSound(message, kind=kind, node=node.id, line=node.line, path=way)


def tell_dead(net: Net, dead: Collection[str]) -> FlowNotSound:
    """Word that these elements never happen; the one that nothing leads to is blamed."""
    nodes = [node for node in net.flow.nodes.values() if node.id in dead]
    lonely = [n for n in nodes if not net.flow.incoming(n.id) and n.tag != "boundaryEvent"]
    node = (lonely or nodes)[0]
    return FlowNotSound(
        f"{node.label} can never be reached; connect it or remove it ({net.flow.where(node.line)})",
        kind="dead",
        node=node.id,
        line=node.line,
    )


def _entering(net: Net, node: Node) -> int:
    return len(net.flow.incoming(node.id))


def _waiting(net: Net, marking: int) -> list[Node]:
    """Give the elements the tokens lie in or lead to, in file order, each once."""
    ids = {net.places[bit.bit_length() - 1].node for bit in bits_of(marking)}
    return [node for node in net.flow.nodes.values() if node.id in ids]


def _way(net: Net, path: Sequence[int]) -> tuple[str, ...]:
    """Give the steps and the choices of a path; a long one keeps its two ends."""
    way: list[str] = []
    for index in path:
        transition = net.transitions[index]
        node = net.flow.nodes[transition.node]
        name = node.name or node.id
        if transition.flow:
            targets = [net.flow.arcs[arc] for arc in transition.flow.split(" + ")]
            taken = [net.flow.nodes[arc.target] for arc in targets]
            way.append(f"{name} ({' + '.join(n.name or n.id for n in taken)})")
        elif transition.step or transition.absent:
            way.append(name)
    if len(way) > _LONGEST_WAY:
        half = _LONGEST_WAY // 2
        way = [*way[:half], "…", *way[-half:]]
    return tuple(way)
