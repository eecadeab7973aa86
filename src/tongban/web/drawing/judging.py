"""Find why a flow may not be published, each finding at the element it blames, in both languages.

The kernel judges; here its verdicts find their element and their Chinese. The first kind of fault
hides later ones: what is outside the subset cannot be proved.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tongban.kernel.nets import (
    BpmnRefused,
    Flow,
    FlowError,
    FlowNotSound,
    Gap,
    Net,
    compile_net,
    gaps,
    prove,
    read_bpmn,
)
from tongban.web.drawing.model import Mark


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the element it is at ("" for the file as a whole), its line, and sentences."""

    element: str
    line: int
    zh: str
    en: str


_UNSOUND = {
    "dead": "永远不会走到：请把它连上，或者删去",
    "stuck": "办件可能停在这里，再也走不到结束：请画一条出路；汇合互斥的分支应使用互斥网关",
    "left-over": "流程可能已到结束，而这里还有未完成的工作：请让它也能走到结束",
    "twice": "可能被启动两次：请用并行网关汇合通向它的分支，或只让其中一条运行",
}
_GAPS = {
    "bare": "有一条流向没有条件：请写明条件",
    "default": "缺少默认流向：它的条件不全是简单比较，不能证明总有一条成立",
    "branch": "在某些取值下没有可走的分支：请画一条默认流向",
    "loop": "可能让办件无休止地循环：请在环路中放一个步骤",
}


def judge(data: bytes, source: str, called: Mapping[str, Net] | None = None) -> tuple[Finding, ...]:
    """Read, compile and prove a flow; give what stands against its publication, empty if nothing.

    ``called`` are the nets of the flows that may be called, by id; a call of another is a finding.
    """
    try:
        flow = read_bpmn(data, source)
    except BpmnRefused as refused:
        return (_refused(refused),)
    found = [_gap(flow, gap) for gap in gaps(flow)]
    known = called or {}
    lacking = [node for node in flow.nodes.values() if node.calls and node.calls not in known]
    if lacking:
        found += [
            Finding(
                node.id,
                node.line,
                f"“{node.name or node.id}”调用的流程“{node.calls}”不存在或尚未通过检查。",
                f"{node.label} calls {node.calls}, which is absent or not sound "
                f"({flow.where(node.line)})",
            )
            for node in lacking
        ]
        return tuple(found)
    used = {node.calls: known[node.calls] for node in flow.nodes.values() if node.calls}
    try:
        prove(compile_net(flow, used))
    except BpmnRefused as refused:
        found.append(_refused(refused))
    except FlowNotSound as unsound:
        found.append(_unsound(flow, unsound))
    except FlowError as error:
        found.append(Finding("", 1, "流程太大，无法证明：请拆分为多个流程并调用。", str(error)))
    return tuple(found)


def _refused(error: BpmnRefused) -> Finding:
    what = str(error).partition(": ")[0] if error.element else "文件"
    zh = f"{what}（第 {error.line} 行）的画法无法证明，流程不能发布。请改用可证明的画法。"
    return Finding(error.element, error.line, zh, str(error))


def _gap(flow: Flow, gap: Gap) -> Finding:
    node = flow.nodes[gap.node]
    told = "，".join(f"{name} = {value}" for name, value in gap.example.items())
    example = f"（例如 {told}）" if told else ""
    zh = f"网关“{node.name or node.id}”（第 {gap.line} 行）{_GAPS[gap.kind]}{example}。"
    return Finding(gap.node, gap.line, zh, gap.message)


def _unsound(flow: Flow, error: FlowNotSound) -> Finding:
    node = flow.nodes.get(error.node)
    name = (node.name or node.id) if node else error.node
    way = f"；经过：{' → '.join(error.path)}" if error.path else ""
    zh = f"“{name}”（第 {error.line} 行）{_UNSOUND[error.kind]}{way}。"
    return Finding(error.node, error.line, zh, str(error))


def marks_of(found: Iterable[Finding], anchor: str = "flow-finding") -> tuple[Mark, ...]:
    """Give a numbered mark for the first finding at each element; it leads to ``anchor``-number."""
    marks: dict[str, Mark] = {}
    for number, one in enumerate(found, 1):
        if one.element:
            marks.setdefault(
                one.element, Mark(one.element, "wrong", str(number), f"{anchor}-{number}")
            )
    return tuple(marks.values())
