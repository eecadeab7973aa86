"""Reading a drawn flow: what is understood, and what is refused with element, line and mend."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.feel import judge, parse_condition
from tongban.kernel.nets import BpmnRefused, Net, compile_net, gaps, read_bpmn, read_duration

FLOWS = Path(__file__).parent / "flows"
HERE = "<!-- here -->"


def told(path: Path) -> tuple[str, int | None]:
    """What a case file says of itself: the words in line 2, the line that is blamed."""
    lines = path.read_text().splitlines()
    said = lines[1].removeprefix("<!--").removesuffix("-->").strip()
    return said, next((at for at, line in enumerate(lines, 1) if HERE in line), None)


@pytest.mark.parametrize("path", sorted(FLOWS.glob("refused/*.bpmn")), ids=lambda path: path.stem)
def test_what_cannot_be_proved_is_refused_by_element_line_and_mend(path: Path) -> None:
    said, line = told(path)
    with pytest.raises(BpmnRefused) as refused:
        read_bpmn(path.read_bytes(), path.name)
    assert said in str(refused.value)
    if line is not None:
        assert str(refused.value).endswith(f"({path.name}:{line})")


def test_a_script_task_is_refused_by_its_name() -> None:
    path = FLOWS / "refused" / "script-task.bpmn"
    with pytest.raises(BpmnRefused, match=r'^scriptTask "算" x: '):
        read_bpmn(path.read_bytes(), path.name)


def test_a_call_of_an_unknown_flow_is_refused() -> None:
    path = FLOWS / "calling.bpmn"
    with pytest.raises(BpmnRefused, match=r"'review', which is not among.*\(calling.bpmn:8\)"):
        compile_net(read_bpmn(path.read_bytes(), path.name))


def test_timers_are_read_as_time_or_as_working_days() -> None:
    path = FLOWS / "deadline.bpmn"
    nodes = read_bpmn(path.read_bytes(), path.name).nodes
    late, remind, wait = (nodes[key].timer for key in ("late", "remind", "wait"))
    assert late is not None
    assert remind is not None
    assert wait is not None
    assert (late.duration, late.interrupting, late.attached_to) == (timedelta(days=5), True, "a")
    assert (remind.workdays, remind.interrupting, remind.duration) == (2, False, None)
    assert (wait.duration, wait.attached_to) == (timedelta(hours=36), "")


def test_messages_are_known_by_their_names() -> None:
    path = FLOWS / "messages.bpmn"
    net = compile_net(read_bpmn(path.read_bytes(), path.name))
    assert [step.message for step in net.steps.values()] == ["payment-received", "receipt"]


@given(st.timedeltas(timedelta(0), timedelta(days=9_999)).map(lambda t: t - t % timedelta(0, 1)))
def test_every_duration_written_in_iso_is_read_back(span: timedelta) -> None:
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    assert read_duration(f"P{span.days}DT{hours}H{minutes}M{seconds}S") == span


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "P1M", "P1Y", "5D", "PT1.5H", "P-1D"])
def test_what_is_no_plain_duration_is_not_read(text: str) -> None:
    assert read_duration(text) is None


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_do_worse_than_be_refused(data: bytes) -> None:
    with pytest.raises(BpmnRefused, match=r"\(any\.bpmn:\d+\)$"):
        read_bpmn(data, "any.bpmn")


@given(st.integers(0, 6_000), st.integers(1, 40), st.binary(max_size=8))
def test_a_damaged_file_is_read_or_refused_never_worse(at: int, cut: int, put: bytes) -> None:
    data = (FLOWS / "review.bpmn").read_bytes()
    damaged = data[: at % len(data)] + put + data[at % len(data) + cut :]
    with suppress(BpmnRefused):
        compile_net(read_bpmn(damaged, "review.bpmn"))


GATEWAY = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">
<startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="g"/>
<exclusiveGateway id="g" name="分"/><endEvent id="e"/>{flows}</process></definitions>"""


def gap_of(*conditions: str) -> str | None:
    flows = "".join(
        f'<sequenceFlow id="c{n}" sourceRef="g" targetRef="e">'
        f"<conditionExpression>{text.replace('<', '&lt;')}</conditionExpression></sequenceFlow>"
        for n, text in enumerate(conditions)
    )
    found = gaps(read_bpmn(GATEWAY.format(flows=flows).encode(), "g.bpmn"))
    return found[0].message if found else None


@pytest.mark.parametrize(
    "conditions",
    [
        ("age < 18", "age >= 18"),
        ("age < 18", "age in [18..60]", "age > 60"),
        ('sex = "F"', 'not(sex = "F")'),
        ("insured", "not(insured)"),
        ("insured = true", "insured = false"),
        ("a = 1 and b", "a = 1 and not(b)", "a != 1"),
        ('born < date("2026-01-01")', 'born >= date("2026-01-01")'),
        ("18 > age", "18 <= age"),
    ],
)
def test_conditions_of_which_one_always_holds_need_no_default(conditions: tuple[str, ...]) -> None:
    assert gap_of(*conditions) is None


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        (("age < 18", "age > 18"), "has no branch for age = 18"),
        (("age < 18", "age > 60"), "has no branch for age = 18"),
        (('sex = "F"', 'sex = "M"'), "has no branch for sex = FM…"),
        (("a", "b"), "has no branch for a = False, b = False"),
        (('born < date("2026-01-01")', 'born > date("2026-01-01")'), "born = 2026-01-01"),
        (("a < b", "a >= b"), "are not plain comparisons"),
        (("a * 2 < 4", "a * 2 >= 4"), "are not plain comparisons"),
        (('word < "m"', 'word >= "m"'), "are not plain comparisons"),
    ],
)
def test_a_gateway_that_could_leave_a_case_standing_is_named_with_an_example(
    conditions: tuple[str, ...], said: str
) -> None:
    message = gap_of(*conditions)
    assert message is not None
    assert said in message
    assert message.startswith('exclusive gateway "分" ')
    assert message.endswith("(g.bpmn:3)")


COMPARISONS = st.builds(
    "{} {} {}".format,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["<", "<=", "=", "!=", ">=", ">"]),
    st.integers(0, 3),
)
CONDITIONS = COMPARISONS | st.builds(
    "{} {} ({})".format, COMPARISONS, st.sampled_from(["and", "or"]), COMPARISONS
)


@given(st.lists(CONDITIONS, min_size=2, max_size=4))
def test_a_gap_is_found_exactly_where_facts_leave_no_branch(conditions: list[str]) -> None:
    """The oracle tries a grid of halves around every literal that the conditions can hold."""
    read = [parse_condition(text) for text in conditions]
    grid = [Decimal(n) / 2 for n in range(-2, 9)]
    left = [
        (a, b)
        for a in grid
        for b in grid
        if not any(judge(condition, {"a": a, "b": b}).value for condition in read)
    ]
    assert (gap_of(*conditions) is not None) == bool(left)


BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def in_a_row(name: str, steps: list[str]) -> bytes:
    """Draw a flow of these elements, one after the other."""
    ids = ["s", *(f"t{at}" for at in range(len(steps))), "e"]
    drawn = "".join(step.format(id=key) for step, key in zip(steps, ids[1:], strict=False))
    arcs = "".join(
        f'<sequenceFlow id="f{at}" sourceRef="{a}" targetRef="{b}"/>'
        for at, (a, b) in enumerate(pairwise(ids))
    )
    return (
        f'<definitions xmlns="{BPMN}"><process id="{name}"><startEvent id="s"/>{drawn}'
        f'<endEvent id="e"/>{arcs}</process></definitions>'
    ).encode()


def test_a_flow_of_too_many_elements_is_refused_before_it_is_proved() -> None:
    task = '<userTask id="{id}"/>'
    assert len(read_bpmn(in_a_row("p", [task] * 998), "x").nodes) == 1_000
    with pytest.raises(BpmnRefused, match="more than 1000 elements; cut parts out"):
        read_bpmn(in_a_row("p", [task] * 999), "x")


@pytest.mark.slow
def test_calls_within_calls_cannot_multiply_without_end() -> None:
    call = '<callActivity id="{{id}}" name="again" calledElement="p{0}"/>'
    nets: dict[str, Net] = {}

    def add(name: str, steps: list[str]) -> None:
        nets[name] = compile_net(read_bpmn(in_a_row(name, steps), f"{name}.bpmn"), nets)

    add("p0", ['<userTask id="{id}"/>'])
    for level in range(1, 6):
        add(f"p{level}", [call.format(level - 1)] * 4)
    with pytest.raises(BpmnRefused, match=r'"again" t\d: with what it calls .* 10000 places'):
        add("p6", [call.format(5)] * 4)
