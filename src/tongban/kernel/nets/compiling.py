"""Compile a flow into a workflow net.

A place per sequence flow, a place per step at work, an own end place per end event; a timer that
does not interrupt goes `armed → spent` once per activation; inclusive branches that are not taken
leave their token before the join. A called flow stands in the caller's places by prefix, so a case
is one marking, and is an atom in the caller's proof.
Source: van der Aalst, "The application of Petri nets to workflow management" (1998).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product

from tongban.kernel.nets.errors import BpmnRefused
from tongban.kernel.nets.flow import Arc, Flow, Node
from tongban.kernel.nets.net import (
    Branch,
    Choice,
    End,
    Net,
    Place,
    Step,
    Transition,
    bits_of,
    posted,
)

MOST_PLACES = 10_000
"""Places a net may have with all that it calls: calls within calls would multiply them."""

_NOTHING: Mapping[str, Net] = {}


def compile_net(flow: Flow, called: Mapping[str, Net] = _NOTHING) -> Net:
    """Compile a flow; `called` gives the nets of the flows it calls by their process id.

    Errors: `BpmnRefused` where a call activity names a flow that is not among `called`, or where
    the flows called are too many.
    """
    return _Compiler(flow, called).net()


class _Compiler:
    """Builds one net; places are numbered as they are first named."""

    def __init__(self, flow: Flow, called: Mapping[str, Net]) -> None:
        self.flow = flow
        self.called = called
        self.places: list[Place] = []
        self.bits: dict[tuple[str, str], int] = {}
        self.transitions: list[Transition] = []
        self.choices: list[Choice] = []
        self.offers: list[tuple[int, Step]] = []
        self.ends: dict[str, End] = {}
        self.end_bits: dict[str, int] = {}
        self.calls: list[tuple[Node, Net]] = []
        self.joins = {join: split for split, (join, _) in flow.pairs.items()}

    def net(self) -> Net:
        flow = self.flow
        for arc in flow.arcs.values():
            self.place("flow", arc.id, arc.target)
        for node in flow.nodes.values():
            self.element(node)
        own = (1 << len(self.places)) - 1
        done = sum(self.end_bits.values())
        start = next(self.bits["start", n.id] for n in flow.nodes.values() if n.kind == "start")
        for node, inner in self.calls:
            self.call(node, inner)
        return _finish(self, start, own, done)

    def place(self, kind: str, key: str, node: str) -> int:
        bit = self.bits.get((kind, key))
        if bit is None:
            bit = 1 << len(self.places)
            self.bits[kind, key] = bit
            self.places.append(Place(kind, key, node))
        return bit

    def add(self, node: Node, pre: int, post: int, *, step: bool = False, flow: str = "") -> None:
        self.transitions.append(Transition(node.id, step, pre, post, flow))

    def into(self, node: Node) -> list[int]:
        return [self.bits["flow", arc.id] for arc in self.flow.incoming(node.id)]

    def out(self, node: Node) -> int:
        return sum(self.bits["flow", arc.id] for arc in self.flow.outgoing(node.id))

    def element(self, node: Node) -> None:
        """Give one element its places and transitions."""
        arcs = self.flow.outgoing(node.id)
        if node.kind == "start":
            self.add(node, self.place("start", node.id, node.id), self.out(node))
        elif node.kind == "end":
            self.end(node)
        elif node.kind == "parallel" or node.id in self.joins:
            pre = sum(self.into(node))
            # Without a flow that enters it, the gateway waits on a place nobody fills: it is dead.
            self.add(node, pre or self.place("at", node.id, node.id), self.out(node))
        elif node.kind in {"exclusive", "inclusive"} and len(arcs) > 1:
            self.choice(node, arcs)
        elif node.kind in {"exclusive", "inclusive"}:
            for pre in self.into(node) or [self.place("at", node.id, node.id)]:
                self.add(node, pre, self.out(node))
        elif node.tag == "boundaryEvent":
            pass  # compiled with the step it sits on
        else:
            self.step(node)

    def end(self, node: Node) -> None:
        at = self.place("end", node.id, node.id)
        self.ends[node.id] = End(node.id, node.name, node.line, node.attributes)
        self.end_bits[node.id] = at
        for pre in self.into(node):
            self.add(node, pre, at)

    def choice(self, node: Node, arcs: Sequence[Arc]) -> None:
        at = self.place("at", node.id, node.id)
        for pre in self.into(node):
            self.add(node, pre, at)
        several = node.kind == "inclusive"
        _, enters = self.flow.pairs.get(node.id, ("", {}))
        branches = {
            arc.id: Branch(
                arc.id,
                arc.condition,
                self.bits["flow", arc.id],
                self.bits["flow", enters[arc.id]] if several else 0,
            )
            for arc in arcs
        }
        default = branches.pop(node.default, None)
        ways = tuple(branches.values())
        self.choices.append(
            Choice(node.id, node.label, self.flow.where(node.line), several, at, ways, default)
        )
        everyone = (*ways, default) if default else ways
        taken: list[tuple[Branch, ...]] = [(branch,) for branch in everyone]
        if several:
            taken += [some for n in range(2, len(ways) + 1) for some in combinations(ways, n)]
        for some in taken:
            self.add(node, at, posted(some, everyone), flow=" + ".join(b.flow for b in some))

    def step(self, node: Node) -> None:
        """Give a step its place at work, its timers and, for a call, its beginning and return."""
        at = self.place("at", node.id, node.id)
        timers = self.flow.boundary(node.id)
        patient = [t for t in timers if t.timer and not t.timer.interrupting]
        armed = [self.place("armed", t.id, node.id) for t in patient]
        spent = [self.place("spent", t.id, node.id) for t in patient]
        for pre in self.into(node):
            self.add(node, pre, at | sum(armed))
        if node.kind == "call":
            self.calls.append((node, self.inner(node)))
        else:
            self.offers.append((at, _step(node)))
        for states in product(*zip(armed, spent, strict=True)):
            self.add(node, at | sum(states), self.out(node), step=node.kind != "call")
            for timer in timers:
                if timer.timer and timer.timer.interrupting:
                    self.add(timer, at | sum(states), self.out(timer), step=True)
        for timer, before, after in zip(patient, armed, spent, strict=True):
            self.add(timer, before, after | self.out(timer), step=True)
        for timer in timers:
            before = self.bits.get(("armed", timer.id), at)
            self.offers.append((before, _step(timer)))

    def inner(self, node: Node) -> Net:
        inner = self.called.get(node.calls)
        if inner is None:
            where = self.flow.where(node.line)
            raise BpmnRefused(
                f'callActivity "{node.name}" {node.id}: calls {node.calls!r}, which is not among '
                f"the flows given; add that flow or correct calledElement ({where})",
                element=node.id,
                line=node.line,
            )
        return inner

    def call(self, node: Node, inner: Net) -> None:
        """Splice a called net in: its places come behind ours, under the call's id."""
        shift = len(self.places)
        if shift + len(inner.places) > MOST_PLACES:
            raise BpmnRefused(
                f'callActivity "{node.name}" {node.id}: with what it calls the flow has more than '
                f"{MOST_PLACES} places; call fewer flows ({self.flow.where(node.line)})",
                element=node.id,
                line=node.line,
            )
        prefix = f"{node.id}/"
        for place in inner.places:
            self.place(place.kind, prefix + place.id, prefix + place.node)
        everything = ((1 << len(inner.places)) - 1) << shift
        running = everything & ~(inner.done << shift)
        at = self.bits["at", node.id]
        for index, transition in enumerate(self.transitions):
            if transition.inner or not transition.pre & at:
                if transition.post & at and not transition.inner:
                    begun = transition.post | inner.start << shift
                    self.transitions[index] = replace(transition, post=begun)
                continue
            # Leaving the call: by its end when nothing runs in it, or by a timer at any time.
            absent = 0 if transition.step else running
            self.transitions[index] = replace(transition, absent=absent, clear=everything)
        for transition in inner.transitions:
            self.transitions.append(_shifted(transition, prefix, shift))
        for choice in inner.choices:
            self.choices.append(_shifted_choice(choice, prefix, shift))
        for bit, step in inner.offers:
            self.offers.append((bit << shift, replace(step, id=prefix + step.id)))


def _step(node: Node) -> Step:
    return Step(node.id, node.name, node.kind, node.line, node.attributes, node.timer, node.message)


def _shifted(transition: Transition, prefix: str, shift: int) -> Transition:
    return replace(
        transition,
        node=prefix + transition.node,
        pre=transition.pre << shift,
        post=transition.post << shift,
        absent=transition.absent << shift,
        clear=transition.clear << shift,
        inner=True,
    )


def _shifted_choice(choice: Choice, prefix: str, shift: int) -> Choice:
    def moved(branch: Branch) -> Branch:
        return replace(branch, post=branch.post << shift, skip=branch.skip << shift)

    return replace(
        choice,
        node=prefix + choice.node,
        at=choice.at << shift,
        branches=tuple(map(moved, choice.branches)),
        default=moved(choice.default) if choice.default else None,
    )


def _finish(made: _Compiler, start: int, own: int, done: int) -> Net:
    """Order the offers and index the transitions for the token game."""
    offers = sorted(made.offers, key=lambda offer: (not offer[0] & own, offer[1].line))
    chosen = {choice.at for choice in made.choices}
    firings: dict[str, list[Transition]] = {}
    moves: dict[int, list[Transition]] = {}
    returns: list[Transition] = []
    for transition in made.transitions:
        if transition.step:
            firings.setdefault(transition.node, []).append(transition)
        elif transition.absent:
            returns.append(transition)
        elif transition.pre not in chosen:
            for bit in bits_of(transition.pre):
                moves.setdefault(bit, []).append(transition)
    written = repr((made.places, [(t.node, t.pre, t.post) for t in made.transitions]))
    return Net(
        id=made.flow.id,
        name=made.flow.name,
        source=made.flow.source,
        flow=made.flow,
        key=hashlib.blake2b(written.encode(), digest_size=4).digest(),
        places=tuple(made.places),
        transitions=tuple(made.transitions),
        choices=tuple(made.choices),
        start=start,
        done=done,
        own=own,
        steps={step.id: step for _, step in offers},
        ends=made.ends,
        end_bits=made.end_bits,
        called={node.id: inner for node, inner in made.calls},
        offers=tuple(offers),
        firings={node: tuple(variants) for node, variants in firings.items()},
        moves={bit: tuple(found) for bit, found in moves.items()},
        choosing={choice.at: choice for choice in made.choices},
        asking=sum(chosen),
        returns=tuple(reversed(returns)),
    )
