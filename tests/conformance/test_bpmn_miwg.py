"""The reference models of the BPMN Model Interchange Working Group: read and proved, or refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tongban.kernel.nets import BpmnRefused, compile_net, gaps, prove, read_bpmn


def read(test_data: Callable[[str], Path], name: str) -> tuple[bytes, str]:
    path = test_data("bpmn-miwg") / name
    return path.read_bytes(), path.name


def test_a_plain_sequence_is_proved_and_has_no_gap(test_data: Callable[[str], Path]) -> None:
    flow = read_bpmn(*read(test_data, "A.1.0.bpmn"))
    net = compile_net(flow)
    prove(net)
    assert gaps(flow) == ()
    assert [step.name for step in net.steps.values()] == ["Task 1", "Task 2", "Task 3"]


def test_a_gateway_without_conditions_is_proved_but_must_not_be_published(
    test_data: Callable[[str], Path],
) -> None:
    flow = read_bpmn(*read(test_data, "A.2.0.bpmn"))
    prove(compile_net(flow))
    (gap,) = gaps(flow)
    assert 'gateway "Gateway (Split Flow)" has no condition' in gap.message
    assert "(A.2.0.bpmn:23)" in gap.message


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("A.2.1.bpmn", 'task "Task 2" _To9ZtjOCEeSknpIVFCxNIQ: chooses a branch'),
        ("A.3.0.bpmn", 'subProcess "Collapsed Sub-Process" _1ae31d1b-2559-4f78-a3ec-47986a49db48'),
        ("A.4.0.bpmn", 'messageFlow "Message Flow 1" _b467921a-ef7b-44c5-bf78-fd624c400d17'),
    ],
)
def test_the_others_are_refused_by_element_and_line(
    test_data: Callable[[str], Path], name: str, said: str
) -> None:
    with pytest.raises(BpmnRefused, match=r"\(A\.\d\.\d\.bpmn:\d+\)$") as refused:
        read_bpmn(*read(test_data, name))
    assert said in str(refused.value)
