"""Read the picture out of a BPMN 2.0 file: every shape and line with the coordinates it was given.

It reads more than can be proved (pools, lanes, data, notes, sub-processes), because a flow that is
refused must still be seen. It decides nothing. Source: OMG BPMN 2.0.2, chapter 12 (BPMN DI).
"""

import math
from dataclasses import replace
from typing import cast

from lxml import etree

from tongban.kernel.xml import XmlRefused, read_xml
from tongban.web.drawing.model import Box, Drawing, Element, Line, Point, Shape

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_TONGBAN = "{urn:tongban:bpmn:1}"
MOST_DRAWN = 3_000
"""Shapes and lines of one picture."""
FARTHEST = 100_000.0
"""Coordinates beyond this are a slip of the editor, not a picture."""

_DOES = ("Task", "task", "callActivity", "subProcess", "transaction", "Event", "adHocSubProcess")


class DrawingRefused(ValueError):
    """The file cannot be drawn; ``zh`` and ``en`` say why and where."""

    def __init__(self, zh: str, en: str, line: int) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.line = line


def read_drawing(data: bytes, source: str) -> Drawing:
    """Read the elements of a file and its first diagram; ``source`` is its name in messages.

    Errors: `DrawingRefused` for what is no BPMN 2.0, has bad coordinates or is too large.
    """
    try:
        root = read_xml(data, source)
    except XmlRefused as error:
        raise DrawingRefused(
            f"{source} 第 {error.line} 行：不是规范的 XML 文件。请从流程编辑器重新导出。",
            str(error),
            error.line,
        ) from error
    if root.tag != f"{_BPMN}definitions":
        raise _refused(
            root,
            source,
            "不是 BPMN 2.0 文件，请导出为 BPMN 2.0 XML",
            "is not BPMN 2.0; export the flow as BPMN 2.0 XML",
        )
    elements = {
        key: _element(one)
        for one in root.iter(f"{_BPMN}*")
        if (key := one.get("id")) and not _tag(one).endswith("EventDefinition")
    }
    # what two pools share belongs to neither: the process itself names the flow
    process = root.find(f"{_BPMN}process")
    owner = root if process is None else process
    shapes, lines = _diagram(root, source, elements)
    return Drawing(
        owner.get("id") or "",
        _oneline(owner.get("name") or owner.get("id") or source),
        _oneline(owner.get(f"{_TONGBAN}name-en") or ""),
        source,
        shapes,
        lines,
        tuple(one for one in elements.values() if one.tag.endswith(_DOES)),
    )


def _diagram(
    root: etree._Element, source: str, elements: dict[str, Element]
) -> tuple[tuple[Shape, ...], tuple[Line, ...]]:
    """Give what the first plane with shapes holds; further ones are drill-downs of it."""
    for plane in root.iter(f"{_DI}BPMNPlane"):
        shapes = plane.findall(f"{_DI}BPMNShape")
        edges = plane.findall(f"{_DI}BPMNEdge")
        if not shapes:
            continue
        if len(shapes) + len(edges) > MOST_DRAWN:
            raise _refused(
                plane,
                source,
                f"图形超过 {MOST_DRAWN} 个，请拆分流程",
                f"holds more than {MOST_DRAWN} shapes; cut the flow into several",
            )
        defaults = {one.default for one in elements.values() if one.default}
        return (
            tuple(_shape(one, source, elements) for one in shapes),
            tuple(
                replace(line, starts_default=line.element.id in defaults)
                for one in edges
                if len((line := _line(one, source, elements)).points) > 1
            ),
        )
    return (), ()


def _shape(at: etree._Element, source: str, elements: dict[str, Element]) -> Shape:
    box = _bounds(at, source)
    if box is None:
        raise _refused(at, source, "图形没有坐标", "has no bounds; draw it again")
    return Shape(
        _of(at, elements),
        box,
        _label(at, source),
        at.get("isHorizontal") == "false",
        at.get("isExpanded") == "true",
    )


def _line(at: etree._Element, source: str, elements: dict[str, Element]) -> Line:
    points = tuple(
        Point(_number(one, "x", source), _number(one, "y", source))
        for one in at
        if _tag(one) == "waypoint"
    )
    return Line(_of(at, elements), points, _label(at, source))


def _of(at: etree._Element, elements: dict[str, Element]) -> Element:
    key = (at.get("bpmnElement") or "").rpartition(":")[2]
    return elements.get(key) or Element(key, "", line=cast("int", at.sourceline))


def _label(at: etree._Element, source: str) -> Box | None:
    label = at.find(f"{_DI}BPMNLabel")
    return None if label is None else _bounds(label, source)


def _bounds(at: etree._Element, source: str) -> Box | None:
    found = next((one for one in at if _tag(one) == "Bounds"), None)
    if found is None:
        return None
    x, y, w, h = (_number(found, name, source) for name in ("x", "y", "width", "height"))
    return Box(x, y, max(w, 0.0), max(h, 0.0))


def _number(at: etree._Element, name: str, source: str) -> float:
    try:
        value = float(at.get(name) or "")
    except ValueError:
        value = math.nan
    # a comparison with NaN is false
    if not abs(value) <= FARTHEST:
        raise _refused(
            at,
            source,
            f"坐标 {name} 不是可用的数",
            f"its {name} is no usable number; draw it again",
        )
    return value


def _element(one: etree._Element) -> Element:
    tag = _tag(one)
    waits = [
        _tag(child).removesuffix("EventDefinition")
        for child in one
        if _tag(child).endswith("EventDefinition")
    ]
    name = one.get("name") or ""
    if tag == "textAnnotation":
        name = one.findtext(f"{_BPMN}text") or name
    return Element(
        one.get("id") or "",
        tag,
        _oneline(name),
        _oneline(one.get(f"{_TONGBAN}name-en") or ""),
        cast("int", one.sourceline),
        "" if not waits else waits[0] if len(waits) == 1 else "multiple",
        one.get("cancelActivity", "true") == "true" and one.get("isInterrupting", "true") == "true",
        any(_tag(child).endswith("LoopCharacteristics") for child in one),
        one.get("default") or "",
        one.find(f"{_BPMN}conditionExpression") is not None,
    )


def _refused(at: etree._Element, source: str, zh: str, en: str) -> DrawingRefused:
    line = cast("int", at.sourceline)
    return DrawingRefused(
        f"{source} 第 {line} 行 {_tag(at)}：{zh}。", f"{_tag(at)} {en} ({source}:{line})", line
    )


def _tag(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _oneline(text: str) -> str:
    return " ".join(text.split())
