"""Write a drawing as SVG that stands inside a page: classes, no inline style, no ids, no script.

Every text of the file goes through escaping. Colours and lines come from the style sheet's tokens,
so the elder view and forced colours change them too. What a mark says stands in the list beside it.
"""

import re
from collections.abc import Iterable, Mapping
from math import hypot

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tongban.web.drawing.glyphs import EVENTS, GATEWAYS, INSIDE, REPEATS, TASKS
from tongban.web.drawing.labels import width, wrap
from tongban.web.drawing.model import Box, Drawing, Element, Line, Mark, Marks, Point, Shape

EM = 12.0
"""Size of a name, in units of the drawing."""
_LEADING = 15.0
_MARGIN = 24.0
_BAND = 30.0  # where a pool or a lane has its name
_BADGE = 10.0
_REACH = 17.0  # a finger's target around a sign that leads somewhere
SCALE = 1.4
"""Pixels a unit on the page: names are then as large as its text. `ELDER_SCALE` in that view."""
ELDER_SCALE = 2.0

_Piece = SafeString


def draw(
    drawing: Drawing, marks: Marks = (), *, lang: str = "zh", scale: float = SCALE, says: str = ""
) -> SafeString:
    """Give the picture, ``scale`` pixels a unit; ``says`` is the description for a reader.

    A drawing without coordinates gives an empty text: show its steps.

    >>> "<circle" in draw(Drawing("f", "f", "", "f.bpmn", (
    ...     Shape(Element("s", "startEvent", "受理"), Box(0, 0, 36, 36)),), (), ()))
    True
    """
    if not drawing.drawn:
        return SafeString("")
    on = {mark.element: mark for mark in marks}
    area = _area(drawing, lang)
    # what holds others lies below them
    below = [s for s in drawing.shapes if _holds(s)]
    above = [s for s in drawing.shapes if not _holds(s)]
    parts = [
        *(_shape(shape, lang, on) for shape in below),
        *(_line(line, on) for line in drawing.lines),
        *(_shape(shape, lang, on) for shape in above),
        *(_line_text(line, lang) for line in drawing.lines if line.element.name),
        *(_badge(_corner(s), on[s.element.id]) for s in drawing.shapes if s.element.id in on),
        *(_badge(_half(li), on[li.element.id]) for li in drawing.lines if li.element.id in on),
    ]
    role = "group" if any(mark.target for mark in marks) else "img"
    return format_html(
        '<svg class="flow" dir="ltr" role="{}" viewBox="{} {} {} {}" width="{}" height="{}" '
        'aria-label="{}"><title>{}</title><desc>{}</desc>{}</svg>',
        role,
        *map(_n, (area.x, area.y, area.w, area.h, area.w * scale, area.h * scale)),
        drawing.called(lang),
        drawing.called(lang),
        says,
        _join(parts),
    )


def _holds(shape: Shape) -> bool:
    return shape.element.tag in {"participant", "lane", "group"} or shape.expanded


def _area(drawing: Drawing, lang: str) -> Box:
    """Give the part of the plane that is used, with names that reach beyond their shape."""
    boxes = [shape.box for shape in drawing.shapes]
    boxes += [_text_box(s.label, s.box, s.element, lang) for s in drawing.shapes if _outside(s)]
    boxes += [line.label for line in drawing.lines if line.label]
    points = [p for line in drawing.lines for p in line.points]
    left = min([*(b.x for b in boxes), *(p.x for p in points)]) - _MARGIN
    top = min([*(b.y for b in boxes), *(p.y for p in points)]) - _MARGIN
    right = max([*(b.x + b.w for b in boxes), *(p.x for p in points)]) + _MARGIN
    bottom = max([*(b.y + b.h for b in boxes), *(p.y for p in points)]) + _MARGIN
    return Box(left, top, right - left, bottom - top)


# --- shapes ------------------------------------------------------------------------------------


def _shape(shape: Shape, lang: str, on: Mapping[str, Mark]) -> _Piece:
    element, tag = shape.element, shape.element.tag
    mark = on.get(element.id)
    if tag.endswith("Event"):
        body = _event(shape)
    elif tag.endswith("Gateway"):
        body = _gateway(shape)
    elif tag in {"participant", "lane"}:
        body = _pool(shape, lang)
    elif tag in _PLAIN:
        body = _path(_PLAIN[tag](shape.box), "body")
    else:
        body = _activity(shape, lang)
    called = element.called(lang)
    name = _text_outside(shape, lang) if _outside(shape) else SafeString("")
    kinds = f"at {_kind(tag)} {mark.tone if mark else ''}".strip()
    return format_html(
        '<g class="{}"><title>{}</title>{}{}</g>', kinds, called or element.id, body, name
    )


def _kind(tag: str) -> str:
    for ending, kind in (("Event", "event"), ("Gateway", "gateway")):
        if tag.endswith(ending):
            return kind
    return "holds" if tag in {"participant", "lane", "group"} else "step"


def _outside(shape: Shape) -> bool:
    """Whether the name stands beside the shape."""
    tag = shape.element.tag
    return tag.endswith(("Event", "Gateway")) or (tag in _PLAIN and tag != "textAnnotation")


def _event(shape: Shape) -> _Piece:
    box, element = shape.box, shape.element
    at, radius = box.centre, min(box.w, box.h) / 2
    double = element.tag in {"boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"}
    kinds = "body thick" if element.tag == "endEvent" else "body"
    if not element.interrupting:
        kinds += " dashed"
    throws = element.tag in {"endEvent", "intermediateThrowEvent"}
    rings = [_circle(at, radius, kinds)]
    if double:
        rings.append(_circle(at, max(radius - 3, 0), kinds))
    if element.event in EVENTS:
        kind = "sign full" if throws and element.event != "message" else "sign"
        rings.append(_glyph(EVENTS[element.event], at, radius / 18, kind))
    return _join(rings)


def _gateway(shape: Shape) -> _Piece:
    box, at = shape.box, shape.box.centre
    corners = f"M{_n(at.x)} {_n(box.y)}L{_n(box.x + box.w)} {_n(at.y)}"
    corners += f"L{_n(at.x)} {_n(box.y + box.h)}L{_n(box.x)} {_n(at.y)}z"
    sign = GATEWAYS.get(shape.element.tag, "")
    return _join([_path(corners, "body"), _glyph(sign, at, min(box.w, box.h) / 40, "sign heavy")])


def _activity(shape: Shape, lang: str) -> _Piece:
    box, element = shape.box, shape.element
    kinds = "body thick" if element.tag == "callActivity" else "body"
    parts = [_rect(box, kinds, 8)]
    if element.tag == "transaction":
        parts.append(_rect(Box(box.x + 3, box.y + 3, box.w - 6, box.h - 6), "body", 6))
    if element.tag in TASKS:
        kind = "sign full" if element.tag == "sendTask" else "sign"
        parts.append(_glyph(TASKS[element.tag], Point(box.x + 13, box.y + 13), 0.8, kind))
    foot = Point(box.centre.x, box.y + box.h - 10)
    if element.tag in {"subProcess", "adHocSubProcess", "transaction"} and not shape.expanded:
        parts.append(_glyph(INSIDE, foot, 0.9, "sign"))
    elif element.repeats:
        parts.append(_glyph(REPEATS, foot, 0.8, "sign"))
    most = max((box.w - 10) / EM, 1.5)
    lines = wrap(element.called(lang), most, max(int((box.h - 8) // _LEADING), 1))
    if shape.expanded:
        parts.append(_text(lines[:1], Point(box.centre.x, box.y + _LEADING)))
    elif element.tag == "textAnnotation":
        bracket = f"M{_n(box.x + 12)} {_n(box.y)}H{_n(box.x)}V{_n(box.y + box.h)}h12"
        parts = [_path(bracket, "body open"), _text(lines, box.centre)]
    else:
        parts.append(_text(lines, box.centre))
    return _join(parts)


def _pool(shape: Shape, lang: str) -> _Piece:
    box, called = shape.box, shape.element.called(lang)
    if shape.upright:
        lines = wrap(called, max(box.w / EM - 1, 1.5), 1)
        return _join([_rect(box, "body"), _text(lines, Point(box.centre.x, box.y + _BAND / 2))])
    at = Point(box.x + _BAND / 2, box.centre.y)
    lines = wrap(called, max(box.h / EM - 1, 1.5), 1)
    return _join([_rect(box, "body"), _text(lines, at, turned=True)])


def _page(box: Box) -> str:
    fold = min(10.0, box.w / 3, box.h / 3)
    return (
        f"M{_n(box.x)} {_n(box.y)}h{_n(box.w - fold)}l{_n(fold)} {_n(fold)}v{_n(box.h - fold)}"
        f"h{_n(-box.w)}zM{_n(box.x + box.w - fold)} {_n(box.y)}v{_n(fold)}h{_n(fold)}"
    )


def _store(box: Box) -> str:
    r, lid = box.w / 2, min(box.h / 6, 10)
    oval = f"a{_n(r)} {_n(lid)} 0 1 0 {_n(box.w)} 0a{_n(r)} {_n(lid)} 0 1 0 {_n(-box.w)} 0"
    return (
        f"M{_n(box.x)} {_n(box.y + lid)}v{_n(box.h - 2 * lid)}"
        f"a{_n(r)} {_n(lid)} 0 0 0 {_n(box.w)} 0v{_n(2 * lid - box.h)}"
        f"M{_n(box.x)} {_n(box.y + lid)}{oval}"
    )


def _frame(box: Box) -> str:
    return f"M{_n(box.x)} {_n(box.y)}h{_n(box.w)}v{_n(box.h)}h{_n(-box.w)}z"


_PLAIN = {
    "dataObject": _page,
    "dataObjectReference": _page,
    "dataInput": _page,
    "dataOutput": _page,
    "dataStore": _store,
    "dataStoreReference": _store,
    "group": _frame,
}


# --- lines -------------------------------------------------------------------------------------


def _line(line: Line, on: Mapping[str, Mark]) -> _Piece:
    tag, points = line.element.tag, line.points
    way = "M" + "L".join(f"{_n(p.x)} {_n(p.y)}" for p in points)
    kinds = {"sequenceFlow": "way", "": "way", "messageFlow": "way dashed"}
    parts = [_path(way, kinds.get(tag, "way dotted"))]
    if tag in {"sequenceFlow", "messageFlow", ""} or tag.startswith("data"):
        parts.append(_head(points[-2], points[-1], open_=tag != "sequenceFlow"))
    if tag == "messageFlow":
        parts.append(_circle(points[0], 4, "body"))
    if line.starts_default:
        at = _along(points[0], points[1], 10)
        parts.append(_path(f"M{_n(at.x - 4)} {_n(at.y + 5)}l8-10", "way"))
    mark = on.get(line.element.id)
    return format_html('<g class="{}">{}</g>', f"line {mark.tone if mark else ''}", _join(parts))


def _head(before: Point, end: Point, *, open_: bool) -> _Piece:
    long = hypot(end.x - before.x, end.y - before.y) or 1.0
    dx, dy = (end.x - before.x) / long, (end.y - before.y) / long
    back = Point(end.x - 9 * dx, end.y - 9 * dy)
    path = (
        f"M{_n(end.x)} {_n(end.y)}L{_n(back.x - 4.5 * dy)} {_n(back.y + 4.5 * dx)}"
        f"L{_n(back.x + 4.5 * dy)} {_n(back.y - 4.5 * dx)}z"
    )
    return _path(path, "head open" if open_ else "head")


def _along(start: Point, end: Point, far: float) -> Point:
    long = hypot(end.x - start.x, end.y - start.y) or 1.0
    return Point(start.x + (end.x - start.x) * far / long, start.y + (end.y - start.y) * far / long)


def _line_text(line: Line, lang: str) -> _Piece:
    called = line.element.called(lang)
    if line.label is not None:
        most = max(line.label.w / EM, 6)
        lines = wrap(called, most, 4)
        # a longer name of another language begins where the editor put the first
        wide = max(map(width, lines)) * EM
        x = line.label.x + max(line.label.w, wide) / 2
        return _text(lines, Point(x, line.label.centre.y))
    at = _half(line)
    return _text(wrap(called, 10, 2), Point(at.x, at.y - 10))


def _half(line: Line) -> Point:
    """Give the middle of its first stretch."""
    a, b = line.points[0], line.points[1]
    return Point((a.x + b.x) / 2, (a.y + b.y) / 2)


# --- names and signs -----------------------------------------------------------------------------


def _text_box(label: Box | None, box: Box, element: Element, lang: str) -> Box:
    """Give where a name beside its shape stands: its middle and top as drawn, its size as it is."""
    lines = wrap(element.called(lang), _most(label), 4)
    high = len(lines) * _LEADING
    wide = max(map(width, lines), default=0) * EM
    if label is None:
        return Box(box.centre.x - wide / 2, box.y + box.h + 4, wide, high)
    # above its shape it grows upward, else it would cover it
    above = label.y + label.h <= box.y + 2
    top = label.y + label.h - high if above else label.y
    return Box(label.centre.x - wide / 2, top, wide, high)


def _most(label: Box | None) -> float:
    return 8.0 if label is None else max(label.w / EM, 7.0)


def _text_outside(shape: Shape, lang: str) -> _Piece:
    box = _text_box(shape.label, shape.box, shape.element, lang)
    return _text(wrap(shape.element.called(lang), _most(shape.label), 4), box.centre)


def _text(lines: Iterable[str], at: Point, *, turned: bool = False) -> _Piece:
    lines = tuple(lines)
    if not lines:
        return SafeString("")
    top = at.y - (len(lines) - 1) * _LEADING / 2 + EM * 0.36
    turn = format_html(' transform="rotate(-90 {} {})"', _n(at.x), _n(at.y)) if turned else ""
    return format_html(
        '<text text-anchor="middle"{}{}>{}</text>',
        turn,
        _spoken("".join(lines)),
        format_html_join(
            "",
            '<tspan x="{}" y="{}">{}</tspan>',
            ((_n(at.x), _n(top + i * _LEADING), line) for i, line in enumerate(lines)),
        ),
    )


def _spoken(text: str) -> _Piece:
    """Say the language of a name where it shows: the page around it may be in another."""
    if re.search(r"[\u3400-\u9fff]", text):
        return format_html(' lang="{}"', "zh")
    return format_html(' lang="{}"', "en") if re.search(r"[A-Za-z]", text) else SafeString("")


def _corner(shape: Shape) -> Point:
    box = shape.box
    if shape.element.tag.endswith(("Event", "Gateway")):
        return Point(box.x + box.w - 4, box.y + 2)
    return Point(box.x + box.w, box.y)


def _badge(at: Point, mark: Mark) -> _Piece:
    sign = _join([_circle(at, _BADGE, "disc"), _text((mark.sign,), at)])
    if not mark.target:
        return format_html('<g class="mark {}" aria-hidden="true">{}</g>', mark.tone, sign)
    return format_html(
        '<a class="mark {}" href="#{}" aria-label="{}">{}{}</a>',
        mark.tone,
        mark.target,
        mark.sign,
        _circle(at, _REACH, "reach"),
        sign,
    )


# --- ink ---------------------------------------------------------------------------------------


def _circle(at: Point, radius: float, kinds: str) -> _Piece:
    return format_html(
        '<circle class="{}" cx="{}" cy="{}" r="{}"/>', kinds, _n(at.x), _n(at.y), _n(radius)
    )


def _rect(box: Box, kinds: str, round_: float = 0) -> _Piece:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="{}"/>',
        kinds,
        *map(_n, (box.x, box.y, max(box.w, 0), max(box.h, 0), round_)),
    )


def _path(path: str, kinds: str) -> _Piece:
    return format_html('<path class="{}" d="{}"/>', kinds, path)


def _glyph(path: str, at: Point, scale: float, kinds: str) -> _Piece:
    return format_html(
        '<path class="{}" transform="translate({} {}) scale({})" d="{}"/>',
        kinds,
        *map(_n, (at.x, at.y, scale)),
        path,
    )


def _join(parts: Iterable[_Piece]) -> _Piece:
    return format_html_join("", "{}", ((part,) for part in parts))


def _n(value: float) -> str:
    """Write a coordinate, two decimals at most.

    >>> _n(112.0), _n(0.333333), _n(-0.0)
    ('112', '0.33', '0')
    """
    return f"{round(value, 2) + 0:.2f}".rstrip("0").rstrip(".")
