"""Play the token game: what is offered, what a fired step leads to, how a case has ended.

A case is a marking plus its events, and the marking is a pure fold of them. Nothing here reads a
clock or does the work of a step; the caller fires a timer when it is due and a message when it has
come. A condition that cannot be judged waits and names the facts that would settle it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tongban.kernel.feel import Facts, FeelError, Verdict, judge
from tongban.kernel.nets.errors import FlowNotSound, MarkingInvalid, NoBranch, NotEnabled
from tongban.kernel.nets.net import Branch, Choice, Net, Step, Transition, bits_of, posted


@dataclass(frozen=True, slots=True)
class Marking:
    """Where the tokens of one case lie: bit `i` of `bits` is place `i` of the net named `net`."""

    net: bytes
    bits: int


@dataclass(frozen=True, slots=True)
class Passed:
    """A gateway that chose, with the flows taken; or a call that returned, with its ends."""

    node: str
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """A marking in which no gateway can go on without an answer to one of `waiting` (facts)."""

    marking: Marking
    waiting: frozenset[str] = frozenset()
    passed: tuple[Passed, ...] = ()


def encode(marking: Marking) -> bytes:
    """Write a marking: 4 bytes that name the net, then the tokens, lowest place first.

    >>> encode(Marking(b"net1", 0b101))
    b'net1\\x05'
    """
    return marking.net + marking.bits.to_bytes((marking.bits.bit_length() + 7) // 8, "little")


def decode(net: Net, data: bytes) -> Marking:
    """Read a marking of this net. Errors: `MarkingInvalid` if it is another net's."""
    marking = Marking(bytes(data[:4]), int.from_bytes(data[4:], "little"))
    _check(net, marking)
    if encode(marking) != data:
        raise MarkingInvalid("the marking is not in its shortest form; it was not written here")
    return marking


def start(net: Net) -> Marking:
    """Give the marking of a case that has just begun; settle it next."""
    return Marking(net.key, net.start)


def settle(net: Net, marking: Marking, facts: Facts) -> Settled:
    """Let everything happen that needs nobody: merges, splits, gateways whose condition is known.

    Errors: `NoBranch` if a gateway has no way out; `FlowNotSound` if a step would be started
    twice (never in a proved net).
    """
    _check(net, marking)
    return _settle(net, marking.bits, marking.bits, facts)


def enabled(net: Net, marking: Marking) -> tuple[Step, ...]:
    """Give the steps offered now, in file order; timers are due facts that the caller watches."""
    _check(net, marking)
    bits = marking.bits
    return tuple([step for place, step in net.offers if bits & place])


def fire(net: Net, marking: Marking, step_id: str, facts: Facts) -> Settled:
    """Complete one offered step (or let one timer fall due), then settle.

    Errors: `NotEnabled` if the step is not offered; those of `settle`.
    """
    _check(net, marking)
    bits = marking.bits
    for transition in net.firings.get(step_id, ()):
        if bits & transition.pre == transition.pre:
            after = _apply(net, transition, bits)
            # News for one branch may answer what another waits for.
            return _settle(net, after, transition.post | after & net.asking, facts)
    known = net.steps.get(step_id)
    if known is None:
        raise NotEnabled(f"{net.source} has no step {step_id!r}; see steps(net)")
    raise NotEnabled(
        f'step "{known.name or known.id}" is not offered now; see enabled(net, marking) '
        f"({net.source}:{known.line})"
    )


def outcome(net: Net, marking: Marking) -> tuple[str, ...] | None:
    """Give the end events reached, in file order, when all tokens lie in them; else None."""
    _check(net, marking)
    bits = marking.bits
    if bits & ~net.done or not bits:
        return None
    return tuple(end for end, place in net.end_bits.items() if bits & place)


def fold(net: Net, fired: Iterable[tuple[str | None, Facts]]) -> Marking:
    """Replay a case from its events: `(step, facts then)`, or `(None, facts)` for news of facts.

    The first event is usually `(None, facts of the submission)`: it settles the start.
    """
    marking = start(net)
    for step, facts in fired:
        settled = settle(net, marking, facts) if step is None else fire(net, marking, step, facts)
        marking = settled.marking
    return marking


def _check(net: Net, marking: Marking) -> None:
    if marking.net != net.key or marking.bits >> len(net.places):
        raise MarkingInvalid(
            f"the marking belongs to another version than {net.source}; load the flow it was "
            "begun with, or migrate it"
        )


def _apply(net: Net, transition: Transition, bits: int) -> int:
    left = bits & ~(transition.pre | transition.clear)
    twice = left & transition.post
    if twice:
        place = net.places[twice.bit_length() - 1]
        node = net.flow.nodes.get(place.node)
        label, line = (node.label, node.line) if node else (place.node, 0)
        raise FlowNotSound(
            f"{label} would be started twice; prove the flow before a case runs on it "
            f"({net.source}:{line})",
            kind="twice",
            node=place.node,
            line=line,
        )
    return left | transition.post


def _settle(net: Net, bits: int, todo: int, facts: Facts) -> Settled:
    waiting: set[str] = set()
    passed: list[Passed] = []
    moves = 0
    while True:
        while todo:
            low = todo & -todo
            todo ^= low
            move = _silent(net, bits, low, facts, waiting, passed)
            if move is not None:
                bits = _apply(net, move, bits)
                todo |= move.post
                moves += 1
                if moves > len(net.transitions):
                    raise NoBranch(
                        f"gateways send the case round for ever on these facts; put a step into "
                        f"the loop ({net.source}:1)"
                    )
        for back in net.returns:
            if bits & back.pre == back.pre and not bits & back.absent:
                ends = tuple(net.places[b.bit_length() - 1].id for b in bits_of(bits & back.clear))
                passed.append(Passed(back.node, ends))
                bits = _apply(net, back, bits)
                todo = back.post
                break
        else:
            return Settled(Marking(net.key, bits), frozenset(waiting), tuple(passed))


def _silent(
    net: Net, bits: int, low: int, facts: Facts, waiting: set[str], passed: list[Passed]
) -> Transition | None:
    """Give what happens by itself to the token on one place, if anything."""
    if not bits & low:
        return None
    choice = net.choosing.get(low)
    if choice is None:
        for move in net.moves.get(low, ()):
            if bits & move.pre == move.pre:
                return move
        return None
    taken = _choose(choice, facts, waiting)
    if not taken:
        return None
    passed.append(Passed(choice.node, tuple(branch.flow for branch in taken)))
    return _taken(choice, taken)


def _taken(choice: Choice, taken: tuple[Branch, ...]) -> Transition:
    everyone = (*choice.branches, choice.default) if choice.default else choice.branches
    return Transition(choice.node, step=False, pre=choice.at, post=posted(taken, everyone))


def _choose(choice: Choice, facts: Facts, waiting: set[str]) -> tuple[Branch, ...]:
    """Give the branches to take; none while a condition that matters is unknown."""
    taken: list[Branch] = []
    missing: set[str] = set()
    for branch in choice.branches:
        verdict = _verdict(choice, branch, facts)
        if verdict.value is None:
            missing |= verdict.missing
        elif verdict.value:
            taken.append(branch)
            if not choice.several:
                break
    if missing:
        waiting |= missing
        return ()
    if taken:
        return tuple(taken)
    if choice.default is None:
        raise NoBranch(
            f"{choice.label} has no branch for these facts and no default; draw one "
            f"({choice.where})"
        )
    return (choice.default,)


def _verdict(choice: Choice, branch: Branch, facts: Facts) -> Verdict:
    if branch.condition is None:
        raise NoBranch(
            f"{choice.label} has no condition on {branch.flow}; write one or make it the default "
            f"({choice.where})"
        )
    try:
        return judge(branch.condition, facts)
    except FeelError as error:
        raise NoBranch(
            f"{choice.label} cannot judge {branch.flow}: {error} ({choice.where})"
        ) from error
