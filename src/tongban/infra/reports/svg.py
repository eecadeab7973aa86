"""Draws pictures as SVG 图: bars, lines and fans, without script; each says what it shows."""

import math
from itertools import pairwise

from tongban.kernel.figures import Figure

from .markup import Markup, tag
from .model import Bars, Cell, Fan, Lines, Point, pieces, shown

_WIDE, _EDGE, _ROW = 400.0, 4.0, 40.0
_LINES_WIDE, _LINES_HIGH, _NAMES = 460.0, 300.0, 165.0
_FAN_WIDE, _FAN_HIGH, _SIDE, _TOP, _FOOT = 260.0, 150.0, 8.0, 30.0, 20.0


def bars(chart: Bars, lang: str) -> Markup:
    """Draw floating bars, each under its name and its figures."""
    ends = [figure for bar in chart.bars for figure in (bar.low, bar.high)]
    across = [one for one in (chart.base, chart.promise) if one is not None]
    values = [float(one.value) for one in (*ends, *across)]
    base = 0.0 if chart.base is None else float(chart.base.value)
    low, high = min((*values, base)), max((*values, base))
    span = high - low or 1.0

    def at(value: float) -> float:
        return _EDGE + (value - low) / span * (_WIDE - 2 * _EDGE)

    # two figures do not fit beside a long name: they take a line of their own
    line = 16.0 if any(len(bar.shown) > 1 for bar in chart.bars) else 0.0
    row = _ROW + line
    tall = row * len(chart.bars) + 4
    drawn: list[str] = [
        tag("title", chart.title.of(lang)),
        tag("line", x1=at(base), x2=at(base), y1=0, y2=tall, class_="base"),
    ]
    for place, bar in enumerate(chart.bars):
        top = place * row
        left, right = sorted((at(float(bar.low.value)), at(float(bar.high.value))))
        falls = bar.high.value < bar.low.value
        told = [part for one in bar.shown for part in (" … ", *_written(one, lang))][1:]
        drawn += [
            tag("text", *_written(bar.label, lang), x=_EDGE + 3, y=top + 15),
            tag("text", *told, x=_WIDE - _EDGE, y=top + line + 15, class_="last"),
            tag(
                "rect", x=left, y=top + line + 21, width=max(right - left, 1), height=13,
                class_="chosen" if bar.chosen else "down" if falls else "up",
            ),
        ]  # fmt: skip
    if chart.promise is not None:
        x = at(float(chart.promise.value))
        drawn.append(tag("line", x1=x, x2=x, y1=0, y2=tall, class_="promise"))
    return _svg("bars", _WIDE, tall, drawn)


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
        tag("text", *_written(last.value, lang), x=far, y=17, class_="foot last"),
        tag("text", *_written(one.past[0].label, lang), x=_SIDE, y=_FAN_HIGH - 5, class_="foot"),
        tag("text", *_written(last.label, lang), x=far, y=_FAN_HIGH - 5, class_="foot last"),
    ]
    return _svg("fan", _FAN_WIDE, _FAN_HIGH, drawn)


def lines(chart: Lines, lang: str) -> Markup:
    """Draw lines over the same periods, each named at its end; the first band is shaded."""
    values = [float(f.value) for one in chart.lines for p in one.points for f in _figures(p)]
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    tall, foot, far = _LINES_HIGH, 24.0, _LINES_WIDE - _NAMES
    steps = max(len(one.points) for one in chart.lines) - 1 or 1

    def at(place: int, figure: Figure) -> tuple[float, float]:
        up = (float(figure.value) - low) / spread
        return _SIDE + place * (far - _SIDE) / steps, 10 + (tall - foot - 20) * (1 - up)

    drawn: list[str] = [tag("title", chart.title.of(lang))]
    first = [(n, p.band) for n, p in enumerate(chart.lines[0].points) if p.band is not None]
    around = [at(n, ends[1]) for n, ends in first] + [at(n, e[0]) for n, e in reversed(first)]
    if around:
        drawn.append(tag("polygon", points=_path(around), class_="band"))
    named = []
    for number, one in enumerate(chart.lines):
        shade = "thin" if one.quoted else f"line k{number}"
        path = [at(place, point.value) for place, point in enumerate(one.points)]
        drawn.append(tag("polyline", points=_path(path), class_=shade))
        told = [*_written(one.name, lang), " ", *_written(one.points[-1].value, lang)]
        named.append((path[-1][1], told))
    floor = -math.inf
    for height, told in sorted(named):
        floor = max(height, floor + 16)  # names that would lie on one another move down
        drawn.append(tag("text", *told, x=far + 6, y=floor + 4, class_="end"))
    labels = chart.lines[0].points
    drawn += [
        tag("text", *_written(labels[0].label, lang), x=_SIDE, y=tall - 6, class_="foot"),
        tag("text", *_written(labels[-1].label, lang), x=far, y=tall - 6, class_="foot last"),
    ]
    return _svg("lines", _LINES_WIDE, max(tall, floor + 12), drawn)


def _svg(kind: str, wide: float, high: float, drawn: list[str]) -> Markup:
    return tag("svg", *drawn, viewBox=f"0 0 {wide:g} {high:g}", role="img", class_=kind)


def _figures(point: Point) -> list[Figure]:
    return [point.value, *(point.band or ()), *(point.stress or ())]


def _written(cell: Cell, lang: str) -> list[str]:
    return [
        tag("tspan", one.text(lang), class_=one.status) if isinstance(one, Figure) else one
        for one in pieces(cell, lang)
    ]


def _told(one: Fan, lang: str) -> str:
    ends = [
        f"{shown(point.label, lang)} {point.value.text(lang)}"
        for point in (one.past[-1], one.ahead[-1])
    ]
    return f"{one.name}: {', '.join(ends)}"


def _path(points: list[tuple[float, float]]) -> str:
    kept = points[:1] + [after for before, after in pairwise(points) if before != after]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in kept)
