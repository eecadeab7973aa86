"""Along random walks SpiffWorkflow offers the same steps as our nets: another maker's reading."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from testkit.flows import draw
from testkit.spiff import Spiff
from tongban.kernel.feel import Condition, Value
from tongban.kernel.nets import (
    Flow,
    Net,
    compile_net,
    enabled,
    fire,
    outcome,
    read_bpmn,
    settle,
    start,
)
from tongban.kernel.nets.gaps import sides

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((ROOT / "tests/kernel/flows").glob("*.bpmn"))
PACKS = sorted(ROOT.glob("regions/*/flows/*.bpmn"))


def walk(net: Net, files: Sequence[bytes], conditions: Sequence[Condition], seed: int) -> int:
    """Walk one case to its end in both; give the number of steps."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    facts = some_facts(conditions, rng)
    spiff = Spiff(net.id, files, facts)
    marking = settle(net, start(net), facts).marking
    for count in range(80):
        offered = sorted(step.id for step in enabled(net, marking))
        assert spiff.enabled() == offered, f"{net.source}, seed {seed}, step {count}"
        assert spiff.done == (outcome(net, marking) is not None)
        if not offered:
            return count
        step, facts = rng.choice(offered), some_facts(conditions, rng)
        marking = fire(net, marking, step, facts).marking
        spiff.fire(step, facts)
    return 80


def some_facts(conditions: Sequence[Condition], rng: random.Random) -> Mapping[str, Value]:
    values = sides(conditions)
    assert values is not None, "a condition of the flow is no plain comparison"
    return {name: rng.choice(options) for name, options in values.items()}


def conditions_of(flows: Sequence[Flow]) -> list[Condition]:
    arcs = [arc for flow in flows for arc in flow.arcs.values()]
    return [arc.condition for arc in arcs if arc.condition is not None]


def with_called(path: Path, beside: Sequence[Path]) -> tuple[Net, list[bytes], list[Condition]]:
    """Read a flow and the flows it calls from the files beside it."""
    files, flows, nets = [], [], {}
    by_id = {read_bpmn(p.read_bytes(), p.name).id: p for p in beside}

    def load(at: Path) -> Net:
        flow = read_bpmn(at.read_bytes(), at.name)
        if flow.id not in nets:
            calls = {node.calls for node in flow.nodes.values() if node.calls}
            nets[flow.id] = compile_net(flow, {call: load(by_id[call]) for call in calls})
            files.append(at.read_bytes())
            flows.append(flow)
        return nets[flow.id]

    return load(path), files, conditions_of(flows)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_the_examples_offer_the_same_steps(path: Path) -> None:
    net, files, conditions = with_called(path, OURS)
    assert sum(walk(net, files, conditions, seed) for seed in range(12)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("path", PACKS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_the_packs_flows_offer_the_same_steps(path: Path) -> None:
    net, files, conditions = with_called(path, [p for p in PACKS if p.parent == path.parent])
    assert sum(walk(net, files, conditions, seed) for seed in range(8)) > 0


@pytest.mark.slow
def test_two_hundred_drawn_flows_offer_the_same_steps() -> None:
    steps = 0
    for seed in range(200):
        # SpiffWorkflow 3.2 lets a join pass too early when a loop brings it a second time.
        drawing = draw(seed, 2 + seed % 6, plain_loops=True)
        file = drawing.bpmn()
        flow = read_bpmn(file, f"drawn-{seed}.bpmn")
        steps += walk(compile_net(flow), [file], conditions_of([flow]), seed)
    assert steps > 500
