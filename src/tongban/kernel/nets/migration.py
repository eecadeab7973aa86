"""Move an open case to a new version of its flow, or refuse.

Tokens move by the id of the step, gateway, end or sequence flow they lie in; a flow whose id
changed is known by what it connects. The case moves only if from there it can still finish,
cleanly, whatever happens. It never guesses a successor: the caller names it in `renamed`.
"""

from collections.abc import Mapping

from tongban.kernel.nets.errors import MarkingInvalid, MigrationRefused
from tongban.kernel.nets.flow import Arc, Node
from tongban.kernel.nets.game import Marking
from tongban.kernel.nets.net import Net, Place, bits_of
from tongban.kernel.nets.proof import MOST_STATES, explore, reduce, system
from tongban.kernel.nets.story import tell

_SAME: Mapping[str, str] = {}


def migrate(old: Net, new: Net, marking: Marking, renamed: Mapping[str, str] = _SAME) -> Marking:
    """Give the marking of the case in the new net; settle it next.

    `renamed` maps element ids of the old flow to those of the new (inside a called flow
    `call/element`). A timer that fired stays fired; timers that are new to a step at work are
    armed; timers that are gone are forgotten.

    Errors: `MigrationRefused` where a token has no place or the end is no longer reachable.
    """
    if marking.net != old.key:
        raise MarkingInvalid(f"the marking belongs to another version than {old.source}")
    move = _Move(old, new, renamed)
    bits = 0
    for bit in bits_of(marking.bits):
        place = old.places[bit.bit_length() - 1]
        if place.kind in {"armed", "spent"}:
            continue  # they follow the step they sit on
        target = move.target(place, marking.bits)
        if bits & target:
            raise move.refuse(place, "meets another part of the same case there")
        bits |= target
    _check_end(new, bits)
    return Marking(new.key, bits)


class _Move:
    """Finds for each place of the old net that of the new."""

    def __init__(self, old: Net, new: Net, renamed: Mapping[str, str]) -> None:
        self.old = old
        self.new = new
        self.renamed = renamed
        self.old_bits = _index(old)
        self.new_bits = _index(new)

    def name(self, key: str) -> str:
        """Give the new id of an element; each part of a path may be renamed by itself."""
        if key in self.renamed:
            return self.renamed[key]
        head, slash, last = key.rpartition("/")
        if not slash:
            return key
        here = self.renamed.get(last, last) if "/" not in self.renamed.get(last, "") else last
        return f"{self.name(head)}/{here}"

    def target(self, place: Place, tokens: int) -> int:
        if place.kind == "flow":
            return self.flow(place)
        if place.kind == "start":
            prefix = self.name(place.id).rpartition("/")[0]
            for (kind, key), bit in self.new_bits.items():
                if kind == "start" and key.rpartition("/")[0] == prefix:
                    return bit
        at = self.new_bits.get((place.kind, self.name(place.id)))
        if at is None:
            raise self.refuse(place, "which the new version does not have; name its successor")
        if place.kind == "at":
            return at | self.timers(place, tokens)
        return at

    def flow(self, place: Place) -> int:
        by_id = self.new_bits.get(("flow", self.name(place.id)))
        if by_id is not None:
            return by_id
        arc, prefix = _arc(self.old, place.id)
        ends = (self.name(prefix + arc.source), self.name(prefix + arc.target))
        found = []
        for (kind, key), bit in self.new_bits.items():
            if kind == "flow":
                other, under = _arc(self.new, key)
                if (under + other.source, under + other.target) == ends:
                    found.append(bit)
        if len(found) != 1:
            raise self.refuse(place, "which the new version reaches another way; name its flow")
        return found[0]

    def timers(self, place: Place, tokens: int) -> int:
        """Arm the timers of a step at work, but for those that have fired."""
        was, now = _node(self.old, place.id), _node(self.new, self.name(place.id))
        if _role(was) != _role(now):
            raise self.refuse(place, f"which has become {now.label}; name its successor")
        prefix = self.name(place.id).rpartition("/")[0]
        fired = {
            self.name(old.id)
            for bit in bits_of(tokens)
            if (old := self.old.places[bit.bit_length() - 1]).kind == "spent"
        }
        bits = 0
        for (kind, key), bit in self.new_bits.items():
            waits = self.new.places[bit.bit_length() - 1].node == self.name(place.id)
            if waits and key.rpartition("/")[0] == prefix and kind in {"armed", "spent"}:
                bits |= bit if (kind == "spent") == (key in fired) else 0
        return bits

    def refuse(self, place: Place, why: str) -> MigrationRefused:
        node = _node(self.old, place.node)
        return MigrationRefused(
            f"the case stands at {node.label} ({self.old.source}:{node.line}), {why}, or leave "
            f"the case on its version (to {self.new.source})"
        )


def _check_end(net: Net, bits: int) -> None:
    """Refuse unless the case finishes cleanly from here, in the flow and in each it is calling."""
    first = bits & net.own
    fault, states = explore(reduce(system(net, first)), MOST_STATES, liveness=False)
    if states > MOST_STATES:
        raise MigrationRefused(f"{net.source} is too large to prove the case from where it stands")
    if fault is not None:
        shown, _ = explore(system(net, first), MOST_STATES, liveness=False)
        fault = shown or fault
        reason = tell(net, fault.kind, fault.marking, ())
        raise MigrationRefused(
            f"from where the case stands its end cannot be reached in every way: {reason}; leave "
            "the case on its version"
        )
    shift = net.own.bit_length()
    for inner in net.called.values():
        running = bits >> shift & ((1 << len(inner.places)) - 1)
        if running:
            _check_end(inner, running)
        shift += len(inner.places)


def _index(net: Net) -> dict[tuple[str, str], int]:
    return {(place.kind, place.id): 1 << at for at, place in enumerate(net.places)}


def _role(node: Node) -> tuple[bool, str]:
    """Tell gateways from steps, and what a call calls."""
    return node.kind in {"exclusive", "inclusive", "parallel"}, node.calls


def _node(net: Net, path: str) -> Node:
    *calls, last = path.split("/")
    for call in calls:
        net = net.called[call]
    return net.flow.nodes[last]


def _arc(net: Net, path: str) -> tuple[Arc, str]:
    *calls, last = path.split("/")
    for call in calls:
        net = net.called[call]
    return net.flow.arcs[last], "".join(f"{call}/" for call in calls)
