"""The proof: sound flows pass, others are told in their author's terms, and reducing is exact."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.flows import Drawing, draw, swap, tangle
from tongban.kernel.nets import (
    BpmnRefused,
    FlowNotSound,
    FlowTooLarge,
    Net,
    compile_net,
    prove,
    read_bpmn,
)
from tongban.kernel.nets.proof import Move, System, explore, reduce, system

FLOWS = Path(__file__).parent / "flows"


def net_of(path: Path) -> Net:
    return compile_net(read_bpmn(path.read_bytes(), path.name))


@pytest.mark.parametrize("path", sorted(FLOWS.glob("unsound/*.bpmn")), ids=lambda path: path.stem)
def test_a_fault_is_told_by_kind_step_and_line(path: Path) -> None:
    lines = path.read_text().splitlines()
    kind, said = lines[1].removeprefix("<!--").removesuffix("-->").strip().split(": ", 1)
    blamed = next(at for at, line in enumerate(lines, 1) if "<!-- here -->" in line)
    with pytest.raises(FlowNotSound) as fault:
        prove(net_of(path))
    assert (fault.value.kind, fault.value.line) == (kind, blamed)
    assert said in str(fault.value)
    assert str(fault.value).endswith(f"({path.name}:{blamed})")


def test_the_shipped_examples_are_sound() -> None:
    review = net_of(FLOWS / "review.bpmn")
    for path in FLOWS.glob("*.bpmn"):
        flow = read_bpmn(path.read_bytes(), path.name)
        net = compile_net(flow, {"review": review})
        assert prove(net).net == net.key


def test_seven_items_with_reminders_are_proved_at_once() -> None:
    begun = time.process_time()
    proof = prove(net_of(FLOWS / "seven.bpmn"))
    assert proof.states < 20_000
    assert time.process_time() - begun < 5  # 0.2 s; unreduced it would be millions of states


def test_a_flow_beyond_the_cap_is_refused_not_believed() -> None:
    with pytest.raises(FlowTooLarge, match=r"cut parallel parts out.*\(seven.bpmn:1\)"):
        prove(net_of(FLOWS / "seven.bpmn"), cap=1_000)


def test_an_unsound_called_flow_is_found_through_its_caller() -> None:
    path = FLOWS / "calling.bpmn"
    broken = net_of(FLOWS / "unsound" / "dead-step.bpmn")
    net = compile_net(read_bpmn(path.read_bytes(), path.name), {"review": broken})
    with pytest.raises(FlowNotSound, match=r"\(dead-step\.bpmn:\d+\)"):
        prove(net)


@given(st.integers(0, 100_000), st.integers(1, 8))
def test_flows_built_of_blocks_are_sound(seed: int, size: int) -> None:
    prove(compile_net(read_bpmn(draw(seed, size).bpmn(), "drawn.bpmn")))


def verdicts(drawing: Drawing) -> tuple[bool, bool] | None:
    """Whether the net as drawn and the reduced one are sound; None if refused or too large."""
    try:
        net = compile_net(read_bpmn(drawing.bpmn(), "drawn.bpmn"))
    except BpmnRefused:
        return None
    drawn = system(net)
    full, states = explore(drawn, 50_000)
    if states > 50_000:
        return None
    short, _ = explore(reduce(drawn), 50_000)
    return full is None, short is None


@pytest.mark.slow
def test_the_reduced_verdict_is_the_full_verdict_on_a_thousand_flows() -> None:
    sound, broken, seed = 0, 0, 0
    while sound + broken < 1_000:
        drawing = draw(seed, 2 + seed % 8)
        swapped = broken < sound and swap(drawing, seed)
        seed += 1
        found = verdicts(drawing)
        if found is None:
            continue
        full, reduced = found
        assert full == reduced, f"seed {seed - 1}"
        assert full or swapped, f"seed {seed - 1} is built of blocks"
        broken += swapped
        sound += not swapped
    assert broken == sound == 500


@given(st.integers(0, 1_000_000))
def test_the_reduced_verdict_is_the_full_verdict_on_tangles(seed: int) -> None:
    found = verdicts(tangle(seed))
    assert found is None or found[0] == found[1]


@given(st.integers(0, 20_000))
def test_the_way_told_leads_to_the_fault(seed: int) -> None:
    """Replaying the counter-example in the net as drawn ends where it says."""
    drawing = draw(seed, 5)
    swap(drawing, seed)
    drawn = system(compile_net(read_bpmn(drawing.bpmn(), "drawn.bpmn")))
    fault, _ = explore(drawn, 50_000)
    if fault is None or fault.kind == "dead":
        return
    marking = drawn.first
    for at, index in enumerate(fault.moves):
        move = drawn.moves[index]
        assert marking & move.pre == move.pre
        left = marking & ~move.pre
        last = at == len(fault.moves) - 1
        assert bool(left & move.post) == (last and fault.kind == "twice")
        marking = left | move.post
    if fault.kind != "twice":
        assert marking == fault.marking
        assert marking & ~drawn.done


def any_net(rng: random.Random) -> System:
    """Draw any small net at all, its tokens anywhere; nothing leaves an end place."""
    places = rng.randint(2, 7)
    inner = rng.randint(1, places - 1)

    def some(among: int, least: int) -> int:
        chosen = rng.sample(range(among), rng.randint(least, min(2, among)))
        return sum(1 << place for place in chosen)

    drawn = {(some(inner, 1), some(places, 0)) for _ in range(rng.randint(1, 7))}
    moves = tuple(Move(pre, post, (at,)) for at, (pre, post) in enumerate(sorted(drawn)))
    return System(moves, some(places, 1), (1 << places) - (1 << inner))


@given(st.integers(0, 10**9), st.booleans())
def test_the_three_rules_keep_the_verdict_of_any_net(seed: int, liveness: bool) -> None:
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    for _ in range(150):
        net = any_net(rng)
        full, _ = explore(net, 1_000, liveness=liveness)
        short, _ = explore(reduce(net), 1_000, liveness=liveness)
        assert (full is None) == (short is None), net


@pytest.mark.parametrize(
    ("net", "kind"),
    [
        # a, b, p, end: p is filled again before anything takes it away into nothing
        (
            System(
                (
                    Move(0b0001, 0b0110, (0,)),
                    Move(0b0010, 0b0001, (1,)),
                    Move(0b0100, 0b0000, (2,)),
                    Move(0b0001, 0b1000, (3,)),
                ),
                0b0001,
                0b1000,
            ),
            "twice",
        ),
        # start, end, x: what is left in x looks like a twin of the end
        (System((Move(0b001, 0b110, (0,)),), 0b001, 0b010), "left-over"),
    ],
    ids=["emptied-into-nothing", "twin-of-an-end"],
)
def test_no_rule_hides_a_token_that_is_too_many(net: System, kind: str) -> None:
    fault, _ = explore(net, 1_000)
    short, _ = explore(reduce(net), 1_000)
    assert fault is not None
    assert short is not None
    assert (fault.kind, short.kind) == (kind, kind)
