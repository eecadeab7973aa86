"""The years ahead in a panel's report 今后: forecasts with interval and stress band, and fans."""

import math
from collections import Counter
from collections.abc import Mapping

from tongban.apps.forecast.domain.panel import Row, from_scale, label, latest
from tongban.apps.forecast.domain.running import Ahead, Result
from tongban.infra.reports.model import (
    Cell,
    Fan,
    Fans,
    Picture,
    Point,
    Section,
    Table,
    filled,
)
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .pen import Pen, promise

MOST_FANS = 36
_UNDRAWN: dict[str, Words] = {
    "held": Words(
        "未画：{0}，其全部的值被闸门扣下。",
        "Not drawn: {0}, whose every value the gate holds back.",
    ),
    "ahead": Words(
        "未画：{0}，采用的一级给不出预测。",
        "Not drawn: {0}, of which the shipped rung says nothing.",
    ),
    "room": Words(
        "未画：{0}，图中放不下，数字在下表。",
        "Not drawn: {0}, for want of room; their numbers are in the table.",
    ),
}


def _ends(result: Result, pen: Pen, one: Ahead, width: float) -> tuple[Figure, Figure] | None:
    scale = result.panel.scale
    how = f"{result.winner}, interval"
    low = pen.amount(from_scale(one.value - width, scale), how, "assumed")
    high = pen.amount(from_scale(one.value + width, scale), how, "assumed")
    return None if low is None or high is None else (low, high)


def _past(
    result: Result, pen: Pen, region: str, rows: Mapping[tuple[str, int], Row]
) -> list[Point]:
    """Give what is known of a region, without what the gate holds back."""
    panel, past = result.panel, []
    for period in panel.periods:
        row = rows.get((region, period))
        if row is not None and row.line not in result.held_back:
            figure = pen.amount(row.value, f"line {row.line}")
            if figure is not None:
                past.append(Point(label(period, panel.frequency), figure))
    return past


def _coming(result: Result, pen: Pen, region: str) -> list[Point]:
    """Give what is forecast of a region, period by period."""
    panel, coming = result.panel, []
    for one in result.ahead:
        value = pen.amount(from_scale(one.value, panel.scale), result.winner, "assumed")
        if one.region == region and value is not None:
            band, stress = (_ends(result, pen, one, width) for width in (one.width, one.stress))
            coming.append(Point(label(one.period, panel.frequency), value, band, stress))
    return coming


def ahead(result: Result, pen: Pen) -> Section:
    """Draw and tell what is forecast of each region, and count the regions that are not drawn."""
    panel = result.panel
    seen = latest(panel.rows)
    fans: list[Fan] = []
    rows: list[tuple[Cell, ...]] = []
    undrawn = Counter[str]()
    periods = sorted({one.period for one in result.ahead})
    for region in panel.regions:
        past, coming = _past(result, pen, region, seen), _coming(result, pen, region)
        rows += [
            (
                region,
                one.label,
                one.value,
                *(one.band or (None, None)),
                *(one.stress or (None, None)),
            )
            for one in coming
        ]
        if not past:
            undrawn["held"] += 1
        elif not coming:
            undrawn["ahead"] += 1
        elif len(fans) == MOST_FANS:
            undrawn["room"] += 1
        else:
            fans.append(Fan(region, tuple(past), tuple(coming)))
    pictures: tuple[Picture, ...] = ()
    if fans:
        title = Words("各地：已知与预测", "Each region: known and forecast")
        pictures = (Fans(title, tuple(fans)),)
    until = label(periods[-1], panel.frequency) if periods else ""
    words: list[Words] = [
        filled(
            Words(
                f"线：已知与预测（至 {until}）；深带：{{0}} 区间；浅带：压力带。预测值都是假定。",
                (
                    f"Line: known and forecast (to {until}); dark band: {{0}} interval; light:"
                    " stress. Every forecast is an assumption."
                ),
            ),
            [promise(pen)],
        )
    ]
    words += [
        filled(_UNDRAWN[why], [pen.count(undrawn[why], "region", "fans")])
        for why in _UNDRAWN
        if undrawn[why]
    ]
    if any(one.width == math.inf for one in result.ahead):
        words.append(
            Words(
                "有的期没有区间：这么远的预测还没有检验过几次。",
                "Some periods have no interval: forecasts that far were not checked often enough.",
            )
        )
    head = (
        Words("地区", "region"),
        Words("期间", "period"),
        Words("预测", "forecast"),
        Words("区间下", "interval, low"),
        Words("区间上", "interval, high"),
        Words("压力下", "stress, low"),
        Words("压力上", "stress, high"),
    )
    return Section(
        Words("今后", "The years ahead"),
        tuple(words),
        (Table(head, tuple(rows)),),
        pictures,
        "ahead",
    )
