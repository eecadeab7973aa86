"""A compiled flow: places as bits of one number, transitions as masks over them.

Plain records; `compiling` makes them, `game` plays them and `proof` proves them. Nothing here is
copied per case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tongban.kernel.feel import Condition
from tongban.kernel.nets.flow import Flow, Timer


@dataclass(frozen=True, slots=True)
class Step:
    """Work that is offered: what somebody, a rule, a service, a message or a clock must do.

    `id` is the element's id, behind `call/` for a step of a called flow. `kind` is "user",
    "manual", "service", "rule", "task", "message" or "timer". `message` names what is waited for.
    """

    id: str
    name: str
    kind: str
    line: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    timer: Timer | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """An end event: `attributes` holds for instance the outcome."""

    id: str
    name: str
    line: int
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token can lie.

    `kind` is "flow" (on a sequence flow), "at" (in an element that is at work or waits), "armed"
    or "spent" (a timer), "start" or "end". `id` is the sequence flow or element; `node` the
    element the token is in or on its way to.
    """

    kind: str
    id: str
    node: str


@dataclass(frozen=True, slots=True)
class Transition:
    """Take the tokens of `pre`, put those of `post` (masks over the places).

    `node` is the element it belongs to, `step` whether somebody must fire it, `flow` the branch
    that a gateway takes by it. `absent` are places that must be empty, `clear` places it empties:
    both name places of a called flow only, and `inner` says that it belongs to one.
    """

    node: str
    step: bool
    pre: int
    post: int
    flow: str = ""
    absent: int = 0
    clear: int = 0
    inner: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """One way out of a choice: `post` if taken, `skip` if an inclusive gateway passes it by."""

    flow: str
    condition: Condition | None
    post: int
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """A data gateway: branches in file order, without the default, which is apart."""

    node: str
    label: str
    where: str
    several: bool
    at: int
    branches: tuple[Branch, ...]
    default: Branch | None


@dataclass(frozen=True, slots=True)
class Net:
    """A compiled flow. `key` names this very net in every marking of it.

    `steps` and `ends` stand in file order, those of called flows after the caller's own; `own` is
    the mask of the places that are not of a called flow, `done` that of the own end places.
    """

    id: str
    name: str
    source: str
    flow: Flow
    key: bytes
    places: tuple[Place, ...]
    transitions: tuple[Transition, ...]
    choices: tuple[Choice, ...]
    start: int
    done: int
    own: int
    steps: Mapping[str, Step]
    ends: Mapping[str, End]
    end_bits: Mapping[str, int]
    called: Mapping[str, "Net"]
    # What the token game looks up, so that a case step neither searches nor copies.
    offers: tuple[tuple[int, Step], ...]
    firings: Mapping[str, tuple[Transition, ...]]
    moves: Mapping[int, tuple[Transition, ...]]
    choosing: Mapping[int, Choice]
    asking: int
    returns: tuple[Transition, ...]


def steps(net: Net) -> tuple[Step, ...]:
    """Give every step of the net in file order, those of called flows after the caller's own."""
    return tuple(net.steps.values())


def posted(taken: Sequence[Branch], everyone: Sequence[Branch]) -> int:
    """Give the tokens a choice puts: on the branches taken, and at the join for the others."""
    post = 0
    for branch in everyone:
        post |= branch.post if branch in taken else branch.skip
    return post


def bits_of(mask: int) -> list[int]:
    """Give the single bits of a mask, lowest first.

    >>> bits_of(0b1010)
    [2, 8]
    """
    found = []
    while mask:
        low = mask & -mask
        found.append(low)
        mask ^= low
    return found
