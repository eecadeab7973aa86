"""Flows drawn: the interchange set, every coordinate, no name that breaks the page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tongban.infra.packs import shipped_packs
from tongban.web.drawing import (
    Box,
    Drawing,
    DrawingRefused,
    Element,
    Line,
    Mark,
    Point,
    Shape,
    draw,
    judge,
    marks_of,
    read_drawing,
    width,
    wrap,
)

FLOWS = Path(__file__).parents[1] / "kernel" / "flows"
SHIPPED = sorted(shipped_packs().rglob("*.bpmn"))
SET = ("A.1.0", "A.2.0", "A.2.1", "A.3.0", "A.4.0")
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def parsed(svg: str) -> etree._Element:
    return etree.fromstring(svg.encode(), etree.XMLParser(resolve_entities=False))


def numbers(text: str) -> set[float]:
    return {round(float(found), 2) for found in re.findall(r"-?\d+(?:\.\d+)?", text)}


def checked(data: bytes, name: str) -> Drawing:
    """Draw a file and hold the picture against what the file says of places."""
    drawing = read_drawing(data, name)
    svg = draw(drawing, marks_of(judge(data, name)), says="·")
    root = parsed(svg)
    assert "style" not in svg
    held = {x for path in root.iter("path") for x in numbers(path.get("d"))}
    held |= {float(o.get(a)) for o in root.iter() for a in ("x", "y", "cx", "cy") if o.get(a)}
    source = etree.fromstring(data)
    ways = source.findall(".//{*}BPMNEdge/{*}waypoint")
    assert len(ways) == sum(len(line.points) for line in drawing.lines)
    for way in ways:
        assert {round(float(way.get(a)), 2) for a in ("x", "y")} <= held
    shapes = source.findall(".//{*}BPMNShape/{*}Bounds")
    assert len(shapes) == len(drawing.shapes)
    named = {text for node in root.iter("title") if (text := node.text)}
    for shape in drawing.shapes:
        assert (shape.element.name or shape.element.id) in named
    x, y, w, h = map(float, root.get("viewBox").split())
    for bounds in shapes:
        left, top, wide, high = (float(bounds.get(a)) for a in ("x", "y", "width", "height"))
        assert x <= left <= left + wide <= x + w
        assert y <= top <= top + high <= y + h
    return drawing


@pytest.mark.parametrize("name", SET)
def test_the_interchange_set_is_drawn(test_data: Callable[[str], Path], name: str) -> None:
    drawing = checked((test_data("bpmn-miwg") / f"{name}.bpmn").read_bytes(), name)
    assert drawing.drawn


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_flow_that_ships_is_drawn_and_sound(path: Path) -> None:
    data = path.read_bytes()
    drawing = checked(data, path.name)
    assert judge(data, path.name) == ()
    own = {one.get("id") for one in etree.fromstring(data).find(f"{BPMN}process")}
    assert {shape.element.id for shape in drawing.shapes} <= own
    # the picture lacks nothing: each element of the process has its shape or its line
    drawn = [*drawing.shapes, *drawing.lines]
    assert {one.element.id for one in drawn} == own


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_of_steps_stay_in_their_boxes(path: Path, lang: str) -> None:
    drawing = read_drawing(path.read_bytes(), path.name)
    steps = [s for s in drawing.shapes if not s.element.tag.endswith(("Event", "Gateway"))]
    assert steps
    for shape in steps:
        lines = wrap(shape.element.called(lang), (shape.box.w - 10) / 12, 4)
        assert not lines[-1].endswith("…")
        assert max(map(width, lines)) * 12 <= shape.box.w


def test_a_file_without_coordinates_is_listed_and_not_drawn() -> None:
    drawing = read_drawing((FLOWS / "review.bpmn").read_bytes(), "review.bpmn")
    assert not drawing.drawn
    assert draw(drawing) == ""
    assert [step.name for step in drawing.steps if step.tag.endswith("Task")] == [
        "规则判断",
        "人工审核",
        "核发",
    ]


def told(name: str, old: str, new: str) -> bytes:
    path = next(path for path in SHIPPED if path.stem == name)
    text = path.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new).encode()


def test_what_is_outside_the_subset_is_marked_at_its_element() -> None:
    data = told("at-once-record", "userTask", "scriptTask")
    (found,) = judge(data, "x.bpmn")
    assert found.element == "review"
    assert "scriptTask" in found.en
    assert f"第 {found.line} 行" in found.zh
    (mark,) = marks_of([found])
    root = parsed(draw(read_drawing(data, "x.bpmn"), [mark]))
    (link,) = root.iter("a")
    assert (link.get("href"), "".join(link.itertext())) == ("#flow-finding-1", "1")
    (wrong,) = root.findall("g[@class='at step wrong']")
    assert wrong.findtext("title") == "人工审查"


def test_a_gateway_without_default_is_marked_with_the_values_that_have_no_branch() -> None:
    (found,) = judge(
        told("at-once-record", ' default="from-reviewed-to-refused-by-review"', ""), "x"
    )
    assert found.element == "reviewed"
    assert "没有条件" in found.zh
    assert "has no condition" in found.en


def test_a_flow_that_gets_stuck_is_marked_where_it_waits() -> None:
    data = told(
        "at-once-record",
        '<exclusiveGateway id="granted-by-either">',
        '<parallelGateway id="granted-by-either">',
    ).replace(
        b"from-granted-by-either-to-record</outgoing>\n    </exclusiveGateway>",
        b"from-granted-by-either-to-record</outgoing>\n    </parallelGateway>",
    )
    (found,) = judge(data, "x.bpmn")
    assert found.element == "granted-by-either"
    assert "再也走不到结束" in found.zh
    assert "get stuck" in found.en


def test_a_called_flow_that_is_not_there_is_marked_at_the_call() -> None:
    (found,) = judge((FLOWS / "calling.bpmn").read_bytes(), "calling.bpmn")
    assert found.element
    assert "不存在" in found.zh


@pytest.mark.parametrize("path", sorted((FLOWS / "unsound").glob("*.bpmn")), ids=lambda p: p.stem)
def test_every_unsound_flow_has_a_finding_at_an_element_of_the_file(path: Path) -> None:
    data = path.read_bytes()
    found = judge(data, path.name)
    ids = {one.get("id") for one in etree.fromstring(data).iter()}
    assert found
    assert {one.element for one in found} <= ids


@pytest.mark.parametrize(
    ("data", "line", "zh"),
    [
        (b"<a>\n<b></a>", 2, "不是规范的 XML"),
        (b"<definitions/>", 1, "不是 BPMN 2.0"),
        (told("at-once-record", 'x="112" y="242"', 'x="nan" y="242"'), 64, "坐标 x"),
        (told("at-once-record", 'x="112" y="242"', 'x="1e9" y="242"'), 64, "坐标 x"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_line(data: bytes, line: int, zh: str) -> None:
    with pytest.raises(DrawingRefused) as refused:
        read_drawing(data, "x.bpmn")
    assert zh in refused.value.zh
    assert refused.value.line == line
    assert f"x.bpmn:{line}" in refused.value.en


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@settings(max_examples=150, deadline=None)
@given(NAMES, st.sampled_from(["userTask", "endEvent", "exclusiveGateway", "participant", "?"]))
def test_no_name_breaks_the_picture(name: str, tag: str) -> None:
    element = Element("a", tag, name, event="timer")
    line = Line(Element("f", "sequenceFlow", name), (Point(0, 0), Point(9, 9)))
    drawing = Drawing(
        "f", name, "", "f.bpmn", (Shape(element, Box(0, 0, 90, 60)),), (line,), (element,)
    )
    svg = draw(drawing, [Mark("a", "wrong", "1", "x")], says=name)
    root = parsed(re.sub("[\ufffe\uffff]", "", svg))
    assert {node.tag for node in root.iter()} <= {
        *("svg", "title", "desc", "g", "rect", "circle", "path", "text", "tspan", "a")
    }
    assert root.findtext("desc") == re.sub("[\ufffe\uffff]", "", name)


@settings(max_examples=300, deadline=None)
@given(NAMES, st.floats(1, 30), st.integers(1, 6))
def test_wrapping_loses_nothing_and_keeps_to_the_width(name: str, most: float, lines: int) -> None:
    whole = wrap(name, most, 1_000)
    assert "".join("".join(whole).split()) == "".join(name.split())
    kept = wrap(name, most, lines)
    assert len(kept) <= lines
    for line in kept:
        assert width(line) <= most or len(line.rstrip("…")) <= 1
