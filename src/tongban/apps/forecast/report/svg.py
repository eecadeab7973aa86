"""Draws charts as SVG 图: bars and fans, without script; each says in words what it shows."""

import math
from itertools import pairwise

from tongban.kernel.figures import Figure

from .markup import Markup, tag
from .parts import Bars, Fan, Lines, Point, pick

_WIDE, _NAME, _ROW = 460.0, 165.0, 30.0
_FAN_WIDE, _FAN_HIGH, _SIDE, _TOP, _FOOT = 260.0, 150.0, 8.0, 30.0, 20.0


def bars(chart: Bars, lang: str) -> Markup:
    """Draw bars from nought, the figure at the end of each."""
    lengths = [float(bar.figure.value) for bar in chart.bars]
    if chart.line is not None:
        lengths.append(float(chart.line.value))
    greatest = max(lengths, default=0.0)
    scale = (_WIDE - _NAME - 60) / greatest if greatest > 0 else 0.0
    high = _ROW * len(chart.bars) + 8
    drawn: list[str] = [tag("title", pick(chart.title, lang))]
    for place, bar in enumerate(chart.bars):
        top = place * _ROW + 4
        wide = max(float(bar.figure.value), 0.0) * scale
        middle = top + _ROW / 2 + 1
        drawn += [
            tag("text", pick(bar.name, lang), x=_NAME - 8, y=middle, class_="name"),
            tag(
                "rect", x=_NAME, y=top, width=wide, height=_ROW - 10,
                class_="chosen" if bar.chosen else "bar",
            ),
            tag("text", bar.figure.text(lang), x=_NAME + wide + 6, y=middle, class_="end"),
        ]  # fmt: skip
    if chart.line is not None:
        x = _NAME + float(chart.line.value) * scale
        drawn.append(tag("line", x1=x, x2=x, y1=0, y2=high, class_="promise"))
    return tag("svg", *drawn, viewBox=f"0 0 {_WIDE:g} {high:g}", role="img", class_="bars")


def fan(one: Fan, lang: str) -> Markup:
    """Draw one region: past, forecast, interval and stress band."""
    points = (*one.past, *one.ahead)
    values = [float(figure.value) for point in points for figure in _figures(point)]
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0
    apart = (_FAN_WIDE - 2 * _SIDE) / max(len(points) - 1, 1)

    def at(place: int, figure: Figure) -> tuple[float, float]:
        room = _FAN_HIGH - _TOP - _FOOT
        up = (float(figure.value) - low) / spread
        return _SIDE + place * apart, _TOP + room * (1 - up)

    start = len(one.past) - 1
    drawn: list[str] = [tag("title", _told(one, lang))]
    for kind in ("stress", "band"):
        edges = [
            (place, ends)
            for place, point in enumerate(one.ahead, start=start + 1)
            if (ends := point.stress if kind == "stress" else point.band) is not None
        ]
        if edges:
            around = [at(start, one.past[-1].value), *(at(p, ends[1]) for p, ends in edges)]
            around += [at(p, ends[0]) for p, ends in reversed(edges)]
            drawn.append(tag("polygon", points=_path(around), class_=kind))
    line = [at(place, point.value) for place, point in enumerate(points)]
    last, far = one.ahead[-1], _FAN_WIDE - _SIDE
    drawn += [
        tag("polyline", points=_path(line[: start + 1]), class_="past"),
        tag("polyline", points=_path(line[start:]), class_="ahead"),
        tag("text", one.name, x=_SIDE, y=17, class_="head"),
        tag("text", last.value.text(lang), x=far, y=17, class_="foot last"),
        tag("text", one.past[0].label, x=_SIDE, y=_FAN_HIGH - 5, class_="foot"),
        tag("text", last.label, x=far, y=_FAN_HIGH - 5, class_="foot last"),
    ]
    box = f"0 0 {_FAN_WIDE:g} {_FAN_HIGH:g}"
    return tag("svg", *drawn, viewBox=box, role="img", class_="fan")


def lines(chart: Lines, lang: str) -> Markup:
    """Draw lines over the same periods, each named at its end; the first band is shaded."""
    values = [float(f.value) for one in chart.lines for p in one.points for f in _figures(p)]
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    tall, foot, far = 300.0, 24.0, _WIDE - 165.0
    steps = max(len(one.points) for one in chart.lines) - 1 or 1

    def at(place: int, figure: Figure) -> tuple[float, float]:
        up = (float(figure.value) - low) / spread
        return _SIDE + place * (far - _SIDE) / steps, 10 + (tall - foot - 20) * (1 - up)

    drawn: list[str] = [tag("title", pick(chart.title, lang))]
    first = [(n, p.band) for n, p in enumerate(chart.lines[0].points) if p.band is not None]
    around = [at(n, ends[1]) for n, ends in first] + [at(n, e[0]) for n, e in reversed(first)]
    if around:
        drawn.append(tag("polygon", points=_path(around), class_="band"))
    named = []
    for number, one in enumerate(chart.lines):
        shade = "quoted" if one.quoted else f"line k{number}"
        path = [at(place, point.value) for place, point in enumerate(one.points)]
        drawn.append(tag("polyline", points=_path(path), class_=shade))
        named.append((path[-1][1], f"{pick(one.name, lang)} {one.points[-1].value.text(lang)}"))
    floor = -math.inf
    for height, name in sorted(named):
        floor = max(height, floor + 16)  # names that would lie on one another move down
        drawn.append(tag("text", name, x=far + 6, y=floor + 4, class_="end"))
    labels = chart.lines[0].points
    drawn += [
        tag("text", labels[0].label, x=_SIDE, y=tall - 6, class_="foot"),
        tag("text", labels[-1].label, x=far, y=tall - 6, class_="foot last"),
    ]
    box = f"0 0 {_WIDE:g} {max(tall, floor + 12):g}"
    return tag("svg", *drawn, viewBox=box, role="img", class_="lines")


def _figures(point: Point) -> list[Figure]:
    return [point.value, *(point.band or ()), *(point.stress or ())]


def _told(one: Fan, lang: str) -> str:
    was, comes = one.past[-1], one.ahead[-1]
    return f"{one.name}: {was.label} {was.value.text(lang)}, {comes.label} {comes.value.text(lang)}"


def _path(points: list[tuple[float, float]]) -> str:
    kept = points[:1] + [after for before, after in pairwise(points) if before != after]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in kept)
