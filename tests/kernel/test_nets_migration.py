"""Moving an open case to a new version: it goes where its author expects, or stays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.flows import draw
from tongban.kernel.nets import (
    Marking,
    MarkingInvalid,
    MigrationRefused,
    Net,
    compile_net,
    enabled,
    fire,
    fold,
    migrate,
    outcome,
    read_bpmn,
    settle,
    start,
)

FLOWS = Path(__file__).parent / "flows"
REVIEW = (FLOWS / "review.bpmn").read_text()
UNSURE = {"decide.outcome": "unsure"}


def net_of(text: str, name: str = "new.bpmn") -> Net:
    return compile_net(read_bpmn(text.encode(), name))


OLD = net_of(REVIEW, "old.bpmn")


def at_check(*more: str) -> Marking:
    return fold(OLD, [(None, {}), ("decide", UNSURE), *((step, {}) for step in more)])


def offered(net: Net, marking: Marking) -> list[str]:
    return [step.id for step in enabled(net, settle(net, marking, UNSURE).marking)]


def test_a_case_keeps_its_place_when_a_later_step_is_added() -> None:
    new = net_of(
        REVIEW.replace(
            '<sequenceFlow id="f9" sourceRef="issue" targetRef="granted"/>',
            '<sequenceFlow id="f9" sourceRef="issue" targetRef="deliver"/>'
            '<userTask id="deliver"/>'
            '<sequenceFlow id="g" sourceRef="deliver" targetRef="granted"/>',
        )
    )
    moved = migrate(OLD, new, at_check())
    assert offered(new, moved) == ["check", "remind"]
    moved = fire(new, moved, "check", {"check.passed": True}).marking
    assert offered(new, fire(new, moved, "issue", {}).marking) == ["deliver"]


def test_a_reminder_that_came_does_not_come_again() -> None:
    new = net_of(REVIEW.replace("催办", "提醒"))
    assert offered(new, migrate(OLD, new, at_check("remind"))) == ["check"]


def test_a_new_timer_watches_a_step_that_is_already_at_work() -> None:
    plain = net_of(
        REVIEW[: REVIEW.index("<boundaryEvent")] + REVIEW[REVIEW.index('<sequenceFlow id="f6"') :],
    )
    before = fold(plain, [(None, {}), ("decide", UNSURE)])
    assert offered(OLD, migrate(plain, OLD, before)) == ["check", "remind"]
    assert offered(plain, migrate(OLD, plain, at_check())) == ["check"]


def test_a_renamed_step_is_named_by_the_caller() -> None:
    new = net_of(REVIEW.replace('"check"', '"inspect"'))
    with pytest.raises(MigrationRefused, match=r'stands at step "人工审核" \(old.bpmn:14\), which'):
        migrate(OLD, new, at_check())
    moved = migrate(OLD, new, at_check(), {"check": "inspect"})
    assert offered(new, moved) == ["inspect", "remind"]


def test_a_step_that_became_a_gateway_has_no_place() -> None:
    body = REVIEW.replace(
        '<userTask id="check" name="人工审核" tongban:post="reviewer"/>',
        '<exclusiveGateway id="check" name="分" default="f6"/>'
        '<sequenceFlow id="f66" sourceRef="check" targetRef="refused">'
        "<conditionExpression>late</conditionExpression></sequenceFlow>",
    )
    body = body[: body.index("<boundaryEvent")] + body[body.index('<sequenceFlow id="f6"') :]
    with pytest.raises(MigrationRefused, match="which has become exclusive gateway"):
        migrate(OLD, net_of(body), at_check())


HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">'


def fork(*branches: str, joined: str = "") -> Net:
    """A fork over these steps; `joined` renames the flows into the join."""
    parts = [
        f'<userTask id="{key}"/><sequenceFlow id="to-{key}" sourceRef="fork" targetRef="{key}"/>'
        f'<sequenceFlow id="{joined}from-{key}" sourceRef="{key}" targetRef="join"/>'
        for key in branches
    ]
    return net_of(
        f'{HEAD}<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="fork"/>'
        f'<parallelGateway id="fork"/>{"".join(parts)}<parallelGateway id="join"/>'
        '<sequenceFlow id="g" sourceRef="join" targetRef="e"/><endEvent id="e"/>'
        "</process></definitions>"
    )


def test_a_branch_added_after_the_fork_was_passed_is_refused() -> None:
    old, new = fork("a", "b"), fork("a", "b", "c")
    with pytest.raises(MigrationRefused, match=r"stuck at parallel gateway \"join\""):
        migrate(old, new, fold(old, [(None, {}), ("a", {})]))
    assert offered(new, migrate(old, new, start(old))) == ["a", "b", "c"]


def test_a_branch_that_runs_cannot_be_taken_away() -> None:
    old, new = fork("a", "b", "c"), fork("a", "b")
    with pytest.raises(MigrationRefused, match='stands at step "c"'):
        migrate(old, new, fold(old, [(None, {}), ("a", {})]))


def test_a_flow_with_a_new_id_is_known_by_what_it_connects() -> None:
    old, new = fork("a", "b"), fork("a", "b", joined="new-")
    moved = migrate(old, new, fold(old, [(None, {}), ("a", {})]))
    assert offered(new, moved) == ["b"]
    assert outcome(new, fire(new, moved, "b", {}).marking) == ("e",)


def test_a_case_inside_a_called_flow_moves_with_it() -> None:
    caller = (FLOWS / "calling.bpmn").read_text()

    def calling(inner: Net) -> Net:
        return compile_net(read_bpmn(caller.encode(), "calling.bpmn"), {"review": inner})

    old, same = calling(OLD), calling(net_of(REVIEW.replace("f9", "g9")))
    marking = fold(old, [(None, {}), ("call/decide", UNSURE)])
    assert offered(same, migrate(old, same, marking)) == ["late", "call/check", "call/remind"]
    renamed = calling(net_of(REVIEW.replace('"check"', '"inspect"')))
    moved = migrate(old, renamed, marking, {"check": "inspect"})
    assert offered(renamed, moved) == ["late", "call/inspect", "call/remind"]
    # In the new version a second reminder can meet the first, once the step comes round again.
    broken = calling(
        net_of(REVIEW.replace('"check" targetRef="verdict"', '"check" targetRef="decide"'))
    )
    with pytest.raises(MigrationRefused, match="its end cannot be reached in every way"):
        migrate(old, broken, marking)


def test_a_marking_of_a_third_version_is_not_moved() -> None:
    with pytest.raises(MarkingInvalid):
        migrate(fork("a", "b"), OLD, start(OLD))


@given(st.integers(0, 300), st.lists(st.integers(0, 11), max_size=20))
def test_moving_to_the_same_flow_changes_nothing(seed: int, choices: list[int]) -> None:
    drawing = draw(seed, 1 + seed % 6)
    net = compile_net(read_bpmn(drawing.bpmn(), "drawn.bpmn"))
    facts = dict.fromkeys(drawing.facts, choices[0] % 3 if choices else 0)
    marking = settle(net, start(net), facts).marking
    for choice in choices:
        offers = enabled(net, marking)
        if not offers:
            break
        facts = {name: (choice + n) % 4 for n, name in enumerate(drawing.facts)}
        marking = fire(net, marking, offers[choice % len(offers)].id, facts).marking
    assert migrate(net, net, marking) == marking


@given(st.integers(0, 3_000), st.lists(st.integers(0, 11), min_size=12, max_size=60))
def test_a_case_that_may_move_to_a_changed_flow_finishes_there(
    seed: int, choices: list[int]
) -> None:
    """One step is put into some flow, or two elements become one; moved cases still finish."""
    drawing = draw(seed, 1 + seed % 6)
    old = compile_net(read_bpmn(drawing.bpmn(), "old.bpmn"))
    at = choices[0] % len(drawing.flows)
    key, source, target, condition = drawing.flows[at]
    drawing.flows[at] = (key, source, "added", condition)
    drawing.elements["added"] = ("userTask", {})
    drawing.flows.append(("onward", "added", target, ""))
    new = compile_net(read_bpmn(drawing.bpmn(), "new.bpmn"))
    net, marking = old, settle(old, start(old), dict.fromkeys(drawing.facts, 3)).marking
    for count, choice in enumerate(choices):
        if count == choices[1]:
            net, marking = new, migrate(old, new, marking)
            marking = settle(net, marking, dict.fromkeys(drawing.facts, 3)).marking
        offers = enabled(net, marking)
        if not offers:
            break
        step = offers[choice % len(offers)].id
        marking = fire(net, marking, step, dict.fromkeys(drawing.facts, 3)).marking
    while offers := enabled(net, marking):
        marking = fire(net, marking, offers[0].id, dict.fromkeys(drawing.facts, 3)).marking
    assert outcome(net, marking) is not None
