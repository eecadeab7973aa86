"""A case on its flow: what is offered, what happens next, how it ends."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.flows import draw
from tongban.kernel.feel import Value
from tongban.kernel.nets import (
    FlowNotSound,
    Marking,
    MarkingInvalid,
    Net,
    NoBranch,
    NotEnabled,
    compile_net,
    decode,
    enabled,
    encode,
    fire,
    fold,
    gaps,
    outcome,
    read_bpmn,
    settle,
    start,
    steps,
)

FLOWS = Path(__file__).parent / "flows"


def net_of(name: str, **called: str) -> Net:
    path = FLOWS / f"{name}.bpmn"
    inner = {process: net_of(file) for process, file in called.items()}
    return compile_net(read_bpmn(path.read_bytes(), path.name), inner)


def offered(net: Net, marking: Marking) -> list[str]:
    return [step.id for step in enabled(net, marking)]


def play(net: Net, *events: tuple[str | None, Mapping[str, Value]]) -> Marking:
    return fold(net, [(None, {}), *events])


def test_a_rule_grants_at_once_and_the_licence_is_issued() -> None:
    net = net_of("review")
    granted = {"decide.outcome": "granted"}
    settled = settle(net, start(net), {})
    assert offered(net, settled.marking) == ["decide"]
    settled = fire(net, settled.marking, "decide", granted)
    assert [(gate.node, gate.flows) for gate in settled.passed] == [("how", ("f3",))]
    assert offered(net, settled.marking) == ["issue"]
    settled = fire(net, settled.marking, "issue", granted)
    assert outcome(net, settled.marking) == ("granted",)
    assert net.ends["granted"].attributes == {"outcome": "granted"}


def test_an_unknown_condition_asks_its_question_and_waits() -> None:
    net = net_of("review")
    settled = fire(net, play(net), "decide", {})
    assert settled.waiting == {"decide.outcome"}
    assert offered(net, settled.marking) == []
    assert outcome(net, settled.marking) is None
    settled = settle(net, settled.marking, {"decide.outcome": "unsure"})
    assert settled.waiting == frozenset()
    assert offered(net, settled.marking) == ["check", "remind"]


def test_a_reminder_comes_once_and_leaves_the_step_at_work() -> None:
    net = net_of("review")
    marking = play(net, ("decide", {"decide.outcome": "unsure"}), ("remind", {}))
    assert offered(net, marking) == ["check"]
    with pytest.raises(NotEnabled, match="催办"):
        fire(net, marking, "remind", {})
    marking = fire(net, marking, "check", {"check.passed": False}).marking
    assert outcome(net, marking) == ("reminded", "refused")


def test_a_reminder_of_a_step_that_is_done_does_not_come() -> None:
    net = net_of("review")
    marking = play(
        net, ("decide", {"decide.outcome": "unsure"}), ("check", {"check.passed": False})
    )
    assert offered(net, marking) == []
    assert outcome(net, marking) == ("refused",)


def test_timers_tell_their_budget_and_the_step_they_sit_on() -> None:
    remind = net_of("review").steps["remind"]
    assert remind.timer is not None
    assert (remind.timer.kind, remind.timer.workdays) == ("workdays", 2)
    assert (remind.timer.attached_to, remind.timer.interrupting) == ("check", False)


def test_steps_stand_in_file_order_with_their_attributes() -> None:
    found = steps(net_of("review"))
    assert [step.id for step in found] == ["decide", "check", "remind", "issue"]
    assert [step.kind for step in found] == ["rule", "user", "timer", "service"]
    assert found[0].attributes == {"rule": "eligibility"}


def test_a_marking_of_another_version_is_not_read() -> None:
    review, other = net_of("review"), compile_net(read_bpmn(draw(3).bpmn(), "other.bpmn"))
    data = encode(play(review))
    assert decode(review, data) == play(review)
    with pytest.raises(MarkingInvalid, match="belongs to another version"):
        decode(other, data)
    with pytest.raises(MarkingInvalid):
        decode(review, data + b"\x00")
    with pytest.raises(MarkingInvalid):
        decode(review, data[:4] + b"\xff" * 40)


def test_a_fact_of_the_wrong_kind_is_named() -> None:
    net = net_of("review")
    with pytest.raises(NoBranch, match=r"能否即办.*\(review\.bpmn:9\)"):
        fire(net, play(net), "decide", {"decide.outcome": 7})


def walk(seed: int, choices: list[int]) -> tuple[Net, list[tuple[str | None, dict[str, Value]]]]:
    """Play a random flow to its end, step by step; give the events."""
    drawing = draw(seed, 2 + seed % 8)
    net = compile_net(read_bpmn(drawing.bpmn(), "random.bpmn"))
    facts: dict[str, Value] = dict.fromkeys(drawing.facts, choices[0] % 3)
    events: list[tuple[str | None, dict[str, Value]]] = [(None, dict(facts))]
    marking = settle(net, start(net), facts).marking
    for choice in choices:
        offers = enabled(net, marking)
        if not offers:
            break
        facts = {name: (choice + n) % 4 for n, name in enumerate(drawing.facts)}
        step = offers[choice % len(offers)].id
        marking = fire(net, marking, step, facts).marking
        events.append((step, facts))
    return net, events


@given(st.integers(0, 400), st.lists(st.integers(0, 11), min_size=1, max_size=40))
def test_replaying_a_case_gives_the_same_state_as_living_it(seed: int, choices: list[int]) -> None:
    net, events = walk(seed, choices)
    marking = start(net)
    for step, facts in events:
        lived = settle(net, marking, facts) if step is None else fire(net, marking, step, facts)
        marking = decode(net, encode(lived.marking))
        assert (outcome(net, marking) is not None) == (not enabled(net, marking))
        assert len(encode(marking)) <= 60
    assert fold(net, events) == marking


@given(st.integers(0, 400), st.lists(st.integers(0, 11), min_size=1, max_size=20))
def test_settling_twice_changes_nothing(seed: int, choices: list[int]) -> None:
    net, events = walk(seed, choices)
    marking = fold(net, events)
    settled = settle(net, marking, events[-1][1])
    assert (settled.marking, settled.passed) == (marking, ())


def test_any_of_the_branches_run_and_the_join_waits_for_those_alone() -> None:
    net = net_of("inclusive")
    none = {"child.insured": False, "child.carded": False, "child.none": False}
    assert offered(net, play(net, (None, {**none, "child.insured": True}))) == ["a"]
    both = {**none, "child.insured": True, "child.carded": True}
    marking = play(net, (None, both))
    assert offered(net, marking) == ["a", "b"]
    marking = fire(net, marking, "b", both).marking
    assert offered(net, marking) == ["a"]
    assert offered(net, fire(net, marking, "a", both).marking) == ["last"]


def test_without_a_branch_the_default_runs_alone() -> None:
    net = net_of("inclusive")
    facts = {"child.insured": False, "child.carded": False, "child.none": False}
    assert offered(net, play(net, (None, facts))) == ["c"]
    assert offered(net, play(net, (None, {**facts, "child.none": True}))) == ["last"]


def test_every_open_question_of_a_gateway_is_asked_at_once() -> None:
    net = net_of("inclusive")
    settled = settle(net, start(net), {"child.none": True})
    assert settled.waiting == {"child.insured", "child.carded"}
    assert offered(net, settled.marking) == []


def test_a_condition_after_the_branch_taken_is_not_asked() -> None:
    flow = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">
    <startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="g"/>
    <exclusiveGateway id="g" default="d"/><endEvent id="x"/><endEvent id="y"/><endEvent id="z"/>
    <sequenceFlow id="a" sourceRef="g" targetRef="x"><conditionExpression>one</conditionExpression>
    </sequenceFlow><sequenceFlow id="b" sourceRef="g" targetRef="y"><conditionExpression>two
    </conditionExpression></sequenceFlow><sequenceFlow id="d" sourceRef="g" targetRef="z"/>
    </process></definitions>"""
    net = compile_net(read_bpmn(flow.encode(), "g.bpmn"))
    assert outcome(net, settle(net, start(net), {"one": True}).marking) == ("x",)
    assert settle(net, start(net), {"two": True}).waiting == {"one"}
    assert settle(net, start(net), {"one": False}).waiting == {"two"}
    assert outcome(net, settle(net, start(net), {"one": False, "two": False}).marking) == ("z",)


def test_a_deadline_takes_the_step_and_its_reminder_away() -> None:
    net = net_of("deadline")
    assert offered(net, play(net)) == ["a", "late", "remind"]
    marking = play(net, ("remind", {}), ("late", {}))
    assert offered(net, marking) == ["tell"]
    assert outcome(net, fire(net, marking, "tell", {}).marking) == ("told", "closed")
    assert offered(net, play(net, ("a", {}))) == ["wait"]


def test_a_case_waits_for_the_message() -> None:
    net = net_of("messages")
    assert [step.message for step in enabled(net, play(net))] == ["payment-received"]
    assert outcome(net, play(net, ("paid", {}), ("heard", {}))) == ("finish",)


def test_a_called_flow_runs_inside_its_caller_and_tells_its_end() -> None:
    net = net_of("calling", review="review")
    assert offered(net, play(net)) == ["late", "call/decide"]
    settled = fire(net, play(net), "call/decide", {"decide.outcome": "granted"})
    settled = fire(net, settled.marking, "call/issue", {})
    assert [(gate.node, gate.flows) for gate in settled.passed] == [("call", ("call/granted",))]
    assert offered(net, settled.marking) == ["deliver"]
    assert net.steps["call/check"].attributes == {"post": "reviewer"}


def test_a_deadline_on_a_call_ends_all_that_runs_in_it() -> None:
    net = net_of("calling", review="review")
    marking = play(net, ("call/decide", {"decide.outcome": "unsure"}), ("call/remind", {}))
    assert offered(net, marking) == ["late", "call/check"]
    marking = fire(net, marking, "late", {}).marking
    assert outcome(net, marking) == ("lapsed",)


def test_a_flow_that_would_start_a_step_twice_stops_the_case_by_name() -> None:
    net = net_of("unsound/parallel-into-merge")
    marking = fire(net, play(net), "a", {}).marking
    with pytest.raises(FlowNotSound, match=r'step "核发" would be started twice'):
        fire(net, marking, "b", {})


TWO_QUESTIONS = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
<process id="p"><startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="fork"/>
<parallelGateway id="fork"/><sequenceFlow id="f1" sourceRef="fork" targetRef="g"/>
<sequenceFlow id="f2" sourceRef="fork" targetRef="ask"/><userTask id="ask"/>
<exclusiveGateway id="g" default="f4"/><sequenceFlow id="f3" sourceRef="g" targetRef="x">
<conditionExpression>ask.said = 1</conditionExpression></sequenceFlow>
<sequenceFlow id="f4" sourceRef="g" targetRef="y"/><endEvent id="x"/><endEvent id="y"/>
<sequenceFlow id="f5" sourceRef="ask" targetRef="z"/><endEvent id="z"/></process></definitions>"""


def test_a_step_on_one_branch_answers_what_another_waits_for() -> None:
    net = compile_net(read_bpmn(TWO_QUESTIONS.encode(), "two.bpmn"))
    settled = settle(net, start(net), {})
    assert settled.waiting == {"ask.said"}
    assert fire(net, settled.marking, "ask", {}).waiting == {"ask.said"}
    settled = fire(net, settled.marking, "ask", {"ask.said": 1})
    assert outcome(net, settled.marking) == ("x", "z")


def test_gateways_that_would_send_a_case_round_for_ever_are_stopped() -> None:
    loop = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">
    <startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="m"/>
    <exclusiveGateway id="m"/><sequenceFlow id="f1" sourceRef="m" targetRef="g"/>
    <exclusiveGateway id="g" default="f3"/><sequenceFlow id="f2" sourceRef="g" targetRef="m">
    <conditionExpression>again</conditionExpression></sequenceFlow>
    <sequenceFlow id="f3" sourceRef="g" targetRef="e"/><endEvent id="e"/></process></definitions>"""
    flow = read_bpmn(loop.encode(), "loop.bpmn")
    net = compile_net(flow)
    assert [gap.node for gap in gaps(flow)] == ["m"]
    assert outcome(net, settle(net, start(net), {"again": False}).marking) == ("e",)
    with pytest.raises(NoBranch, match="round for ever"):
        settle(net, start(net), {"again": True})
