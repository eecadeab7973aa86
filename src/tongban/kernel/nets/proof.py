"""Prove a net sound: it can always finish, finishes cleanly, starts no step twice, has no dead one.

Conditions are left out of the proof: any branch may be taken, so what is proved holds whatever the
facts say. The net is reduced before it is explored, by three rules only, each of which keeps the
verdict exactly; the counter-example is then searched in the net as drawn.
Source: van der Aalst (1998); reductions after Murata, "Petri nets" (1989), restricted so that a
second token stays visible.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tongban.kernel.nets.errors import FlowNotSound, FlowTooLarge
from tongban.kernel.nets.net import Net, bits_of
from tongban.kernel.nets.story import tell, tell_dead

MOST_STATES = 200_000
"""States a proof may meet. The largest sound flow tried so far needs some thousands."""
MOST_STATES_TOLD = 20_000
"""States the search for a counter-example may meet in the net as drawn."""


@dataclass(frozen=True, slots=True)
class Move:
    """A transition of the net under proof; `of` are the transitions as drawn, in order."""

    pre: int
    post: int
    of: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class System:
    """What is explored: moves, the first marking, and the end places."""

    moves: tuple[Move, ...]
    first: int
    done: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a system is not sound, and the moves that lead there from the first marking.

    `kind` as in `FlowNotSound`; `marking` is where it shows; `moves` index the system's moves.
    For "dead" they are the moves that never happen.
    """

    kind: str
    marking: int
    moves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """The net is sound. `states` were explored out of a net reduced to `places`, `moves`."""

    net: bytes
    states: int
    places: int
    moves: int


def prove(net: Net, cap: int = MOST_STATES) -> Proof:
    """Prove the net and every flow it calls.

    Errors: `FlowNotSound` with step, file:line and the way there; `FlowTooLarge` beyond `cap`
    states.
    """
    for inner in {inner.key: inner for inner in net.called.values()}.values():
        prove(inner, cap)
    drawn = system(net)
    reduced = reduce(drawn)
    fault, states = explore(reduced, cap)
    if fault is not None:
        raise told(net, drawn, reduced, fault)
    if states > cap:
        raise FlowTooLarge(
            f"the proof of flow {net.name!r} met more than {cap} states; cut parallel parts out "
            f"into flows of their own and call them ({net.source}:1)"
        )
    idle = set(net.flow.nodes) - {t.node for t in net.transitions}
    if idle:
        raise tell_dead(net, idle)
    places = 0
    for move in reduced.moves:
        places |= move.pre | move.post
    return Proof(net.key, states, places.bit_count(), len(reduced.moves))


def told(net: Net, drawn: System, reduced: System, fault: Fault) -> FlowNotSound:
    """Tell a fault of the reduced net by the shortest way to it in the net as drawn.

    Where that way is beyond the bound, the way in the reduced net is told: its moves are the same
    steps in the same order, only fewer of them.
    """
    shown, _ = explore(drawn, MOST_STATES_TOLD)
    if shown is None:
        drawn, shown = reduced, fault
    moves = drawn.moves
    if shown.kind == "dead":
        dead = {index for at in shown.moves for index in moves[at].of}
        live = {
            net.transitions[index].node
            for at, move in enumerate(moves)
            if at not in shown.moves
            for index in move.of
        }
        return tell_dead(net, {net.transitions[index].node for index in dead} - live)
    path = tuple(index for at in shown.moves for index in moves[at].of)
    return tell(net, shown.kind, shown.marking, path)


def system(net: Net, first: int | None = None) -> System:
    """Give the net's own part as drawn, called flows being atoms, from `first` or the start."""
    moves = tuple(
        Move(t.pre & net.own, t.post & net.own, (index,))
        for index, t in enumerate(net.transitions)
        if not t.inner
    )
    return System(moves, net.start if first is None else first & net.own, net.done)


def explore(system: System, cap: int, *, liveness: bool = True) -> tuple[Fault | None, int]:
    """Walk every marking the system can reach and give the first fault, and the states met.

    A number of states above `cap` means that the walk was cut short.
    """
    moves = [(index, move.pre, move.post) for index, move in enumerate(system.moves)]
    came: dict[int, tuple[int, int]] = {system.first: (-1, 0)}
    before: dict[int, list[int]] = {}
    finished: list[int] = []
    stuck: int | None = None
    happened: set[int] = set()
    todo = deque([system.first])
    done = system.done
    while todo and len(came) <= cap:
        marking = todo.popleft()
        went = False
        for index, pre, post in moves:
            if marking & pre != pre:
                continue
            went = True
            left = marking & ~pre
            if left & post:
                return Fault("twice", left & post, (*_path(came, marking), index)), len(came)
            happened.add(index)
            after = left | post
            if after not in came:
                came[after] = (index, marking)
                todo.append(after)
            before.setdefault(after, []).append(marking)
        if not marking & ~done:
            finished.append(marking)
        elif not went and stuck is None:
            stuck = marking
    if stuck is not None:
        kind = "left-over" if stuck & done else "stuck"
        return Fault(kind, stuck, _path(came, stuck)), len(came)
    if len(came) > cap:
        return None, len(came)
    lost = _cannot_finish(came, before, finished)
    if lost is not None:
        return Fault("stuck", lost, _path(came, lost)), len(came)
    dead = tuple(index for index, _, _ in moves if index not in happened)
    if liveness and dead:
        return Fault("dead", 0, dead), len(came)
    return None, len(came)


def reduce(system: System) -> System:
    """Make the system smaller without changing its verdict.

    (a) t: {p} → {q} where p is consumed by t alone and nothing produces both: rename p to q.
    (b) a place with one producer and one consumer, whose pre-set is that place and whose post-set
    is not empty: fuse the two. (c) drop all but one of places with the same producers and
    consumers. Nothing else: more daring rules call unsound nets sound.
    """
    moves = list(system.moves)
    first, done = system.first, system.done
    changed = True
    while changed:
        changed = False
        for rule in (_rename, _fuse, _drop_twins):
            found = rule(moves, first, done)
            if found is not None:
                moves, first = found
                changed = True
                break
    return System(tuple(moves), first, done)


Smaller = tuple[list[Move], int]


def _rename(moves: Sequence[Move], first: int, done: int) -> Smaller | None:
    taken = Counter(bit for move in moves for bit in bits_of(move.pre))
    made = first
    for move in moves:
        made |= move.post
    for index, move in enumerate(moves):
        p, q = move.pre, move.post
        if p == q or p & (p - 1) or not q or q & (q - 1) or p & done:
            continue
        # A place that nothing fills must stay, or its dead transition would vanish with it.
        if taken[p] > 1 or not made & p or first & (p | q) == p | q:
            continue
        if any(other.post & (p | q) == p | q for other in moves):
            continue
        named = [
            Move(o.pre, o.post & ~p | q, (*o.of, *move.of)) if o.post & p else o
            for at, o in enumerate(moves)
            if at != index
        ]
        return named, (first & ~p | q if first & p else first)
    return None


def _fuse(moves: Sequence[Move], first: int, done: int) -> Smaller | None:
    producers: dict[int, list[int]] = {}
    consumers: dict[int, list[int]] = {}
    for index, move in enumerate(moves):
        for bit in bits_of(move.post):
            producers.setdefault(bit, []).append(index)
        for bit in bits_of(move.pre):
            consumers.setdefault(bit, []).append(index)
    for p, makers in producers.items():
        takers = consumers.get(p, [])
        if len(makers) != 1 or len(takers) != 1 or makers == takers or p & (first | done):
            continue
        maker, taker = moves[makers[0]], moves[takers[0]]
        if taker.pre != p or not taker.post or maker.post & taker.post:
            continue
        fused = Move(maker.pre, maker.post & ~p | taker.post, (*maker.of, *taker.of))
        kept = [m for at, m in enumerate(moves) if at not in (makers[0], takers[0])]
        return [*kept, fused], first
    return None


def _drop_twins(moves: Sequence[Move], first: int, done: int) -> Smaller | None:
    used = first
    for move in moves:
        used |= move.pre | move.post
    seen: set[object] = set()
    drop = 0
    for bit in bits_of(used):
        profile = (
            tuple(at for at, move in enumerate(moves) if move.post & bit),
            tuple(at for at, move in enumerate(moves) if move.pre & bit),
            bool(first & bit),
            bool(done & bit),
        )
        if profile in seen:
            drop |= bit
        seen.add(profile)
    if not drop:
        return None
    return [Move(m.pre & ~drop, m.post & ~drop, m.of) for m in moves], first & ~drop


def _cannot_finish(
    came: Mapping[int, object], before: Mapping[int, list[int]], finished: Iterable[int]
) -> int | None:
    """Give the first marking met from which no finished one can be reached."""
    can = set(finished)
    todo = list(can)
    while todo:
        for marking in before.get(todo.pop(), ()):
            if marking not in can:
                can.add(marking)
                todo.append(marking)
    return next((marking for marking in came if marking not in can), None)


def _path(came: Mapping[int, tuple[int, int]], marking: int) -> tuple[int, ...]:
    path: list[int] = []
    index, earlier = came[marking]
    while index >= 0:
        path.append(index)
        index, earlier = came[earlier]
    return tuple(reversed(path))
