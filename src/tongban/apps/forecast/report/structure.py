"""The report of structure 结构报告: what each question found, on which rows, or why nothing."""

import math
from collections.abc import Callable, Sequence

from tongban.apps.forecast.domain.gate import Gated
from tongban.apps.forecast.domain.panel import label
from tongban.apps.forecast.domain.structure.asking import (
    Answer,
    Asked,
    DiscountAsked,
    LagsAsked,
    Plan,
    ThresholdAsked,
    WindowAsked,
)
from tongban.apps.forecast.domain.structure.lags import Lags
from tongban.apps.forecast.domain.structure.threshold import Threshold
from tongban.apps.forecast.domain.structure.windows import Discount, Window
from tongban.apps.forecast.domain.tracks import name
from tongban.infra.reports.model import (
    Bar,
    Bars,
    Cell,
    Report,
    Section,
    Table,
    filled,
    plain,
)
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .pen import Pen, gate, joined

_NAMED = 12  # regions that are named one by one
_LOW: tuple[Words, ...] = (Words("下", "low"), Words("上", "high"))
_COLUMN = Words("输入", "input")
_TOLD = Words("结论", "outcome")
_LAG = Words("滞后 {0} 期", "lag {0}")
_ONE = Words("{0}", "{0}")


def build(gated: Gated, plan: Plan, answers: Sequence[Answer]) -> Report:
    """Build the report of a plan's answers."""
    panel = gated.panel
    pen = Pen(panel)
    column = panel.target.column
    of: dict[type[Asked], Callable[[Sequence[Answer], Pen], Section]] = {
        LagsAsked: _lags,
        ThresholdAsked: _thresholds,
        WindowAsked: _windows,
        DiscountAsked: _discounts,
    }
    sections = [
        section([one for one in answers if isinstance(one.asked, kind)], pen)
        for kind, section in of.items()
        if any(isinstance(one.asked, kind) for one in answers)
    ]
    return Report(
        Words(f"{column}：结构识别", f"{column}: structure"),
        pen.day,
        (*sections, _ground(plan, answers, pen), gate(gated.findings, pen)),
        tuple(_verdict(one, pen) for one in answers),
    )


def named(asked: Asked, pen: Pen) -> Words:
    """Name a question."""
    match asked:
        case LagsAsked(input=column, lags=lags):
            of = Words(f"{name(column)} 的滞后（{{0}} 期）", f"lags of {name(column)} ({{0}})")
            return filled(of, [pen.count(lags, "number", "plan")])
        case ThresholdAsked(input=column, by=by):
            return Words(f"{column} 随 {by} 的门槛", f"threshold of {column} by {by}")
        case WindowAsked(exposure=column, start=start):
            begin = label(start, pen.panel.frequency)
            return Words(f"{begin} 起的窗口，按 {column}", f"window from {begin} by {column}")
        case DiscountAsked(hardware=hardware, rest=rest):
            return Words(f"{hardware} 相对 {rest} 的折扣", f"discount of {hardware} on {rest}")


def _verdict(one: Answer, pen: Pen) -> Words:
    return joined(Words("{0}：{1}。", "{0}: {1}."), named(one.asked, pen), _outcome(one, pen))


def _outcome(one: Answer, pen: Pen) -> Words:
    if one.why is not None:
        words = Words(one.why.zh, one.why.en)
        counts = [pen.count(each, "number", "the largest whole block") for each in one.why.counts]
        return filled(words, counts) if counts else words
    if one.told_apart:
        return Words("能识别", "told apart")
    if isinstance(one.found, Threshold):
        return Words("看不出斜率有变", "no change of slope can be told")
    if isinstance(one.found, Discount):
        return Words(
            "区间含零与一，无从判断", "the interval holds nought and one: nothing is known"
        )
    if isinstance(one.found, Window) and not one.found.believable:
        return Words(
            "窗口之前已有同样的差异，不能归于窗口",
            "exposed regions went their own way before it, so it is not the window's",
        )
    return Words("与零无法区分", "not told from nothing")


def _pen(pen: Pen, how: str) -> Callable[..., tuple[Figure | None, ...]]:
    """Give what writes slopes: to three digits of the greatest, since units may be of any size."""

    def write(*values: float, unit: str = "number") -> tuple[Figure | None, ...]:
        biggest = max((abs(one) for one in values if math.isfinite(one)), default=0.0)
        places = max(0, min(15, 3 - math.floor(math.log10(biggest)))) if biggest else 0
        return tuple(pen.figure(one, unit, how, places) for one in values)

    return write


def _sure(pen: Pen) -> Figure:
    """Give how sure the intervals are."""
    return Figure(95, "percent", pen.day, "intervals of structure", "assumed")


def _around(value: float, error: float, spread: float) -> tuple[float, float, float]:
    return value, value - spread * error, value + spread * error


def _lags(answers: Sequence[Answer], pen: Pen) -> Section:
    rows: list[tuple[Cell, ...]] = []
    pictures = []
    for one in answers:
        asked = one.asked
        if not isinstance(asked, LagsAsked):
            continue
        row: tuple[Cell, ...] = (None,) * 4
        if isinstance(one.found, Lags):
            write = _pen(pen, f"Almon lags of {asked.input}, degree {asked.degree}")
            row = (
                *write(*_around(one.found.total, one.found.total_error, one.found.spread)),
                *write(one.found.mean if one.told_apart else math.nan),
            )
            bars = []
            weights = zip(one.found.weights.tolist(), one.found.errors.tolist(), strict=True)
            for back, (weight, error) in enumerate(weights):
                value, low, high = write(*_around(weight, error, one.found.spread))
                if value is not None and low is not None and high is not None:
                    lag = pen.count(back, "number", "plan")
                    bars.append(Bar(filled(_LAG, [lag]), low, high, (value,)))
            title = Words(f"{asked.input}：各期效应", f"{asked.input}: effect by lag")
            pictures.append(Bars(title, tuple(bars)))
        rows.append((asked.input, *row, _outcome(one, pen)))
    return Section(
        Words("分布滞后", "Distributed lags"),
        (
            filled(
                Words(
                    "输入多一个单位，当期与以后各期合计带来多少；条为各期效应的 {0} 区间。",
                    (
                        "What one unit more brings, now and in the steps after it; bars are {0}"
                        " intervals of each lag."
                    ),
                ),
                [_sure(pen)],
            ),
        ),
        (
            Table(
                (
                    _COLUMN,
                    Words("长期合计", "in the long run"),
                    *_LOW,
                    Words("平均滞后（期）", "mean lag (steps)"),
                    _TOLD,
                ),
                tuple(rows),
            ),
        ),
        tuple(pictures),
        key="lags",
    )


def _thresholds(answers: Sequence[Answer], pen: Pen) -> Section:
    units = {one.column: one.unit for one in pen.panel.covariates}
    rows: list[tuple[Cell, ...]] = []
    slopes: list[tuple[Cell, ...]] = []
    for one in answers:
        asked, found = one.asked, one.found
        if not isinstance(asked, ThresholdAsked):
            continue
        row: tuple[Cell, ...] = (None,) * 4
        if isinstance(found, Threshold):
            write = _pen(pen, f"threshold of {asked.input} by {asked.by}, Hansen (1999)")
            row = (
                *write(found.at, found.low, found.high, unit=units[asked.by]),
                pen.figure(found.p, "number", "bootstrap of regions", 3),
            )
            below = Words(f"{asked.by} 在门槛及以下", f"{asked.by} up to the threshold")
            above = Words(f"{asked.by} 在门槛以上", f"{asked.by} above the threshold")
            slopes += [
                (
                    asked.input,
                    below,
                    *write(*_around(found.below, found.below_error, found.spread)),
                ),
                (
                    asked.input,
                    above,
                    *write(*_around(found.above, found.above_error, found.spread)),
                ),
            ]
        rows.append((asked.input, asked.by, *row, _outcome(one, pen)))
    place = Table(
        (
            _COLUMN,
            Words("门槛变量", "threshold variable"),
            Words("位置", "place"),
            *_LOW,
            Words("p 值", "p"),
            _TOLD,
        ),
        tuple(rows),
    )
    each = Table(
        (_COLUMN, Words("何处", "where"), Words("斜率", "slope"), *_LOW),
        tuple(slopes),
    )
    return Section(
        Words("门槛", "Thresholds"),
        (
            Words(
                "斜率在门槛变量的哪个值处改变；p 是斜率不变时仍会如此的概率。"
                "看不出改变时，位置与两段斜率都无意义。",
                (
                    "At which value of the threshold variable the slope changes; p is how often"
                    " one slope would look so. Where no change can be told, place and slopes mean"
                    " nothing."
                ),
            ),
        ),
        (place, each) if slopes else (place,),
        key="threshold",
    )


def _windows(answers: Sequence[Answer], pen: Pen) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for one in answers:
        asked, found = one.asked, one.found
        if not isinstance(asked, WindowAsked):
            continue
        row: tuple[Cell, ...] = (None,) * 6
        if isinstance(found, Window):
            write = _pen(pen, f"window by {asked.exposure} of the step before it")
            row = (
                *write(*_around(found.effect, found.error, found.spread)),
                *write(*_around(found.placebo, found.placebo_error, found.spread)),
            )
        begin = label(asked.start, pen.panel.frequency)
        steps = pen.count(asked.length, "number", "plan")
        rows.append((asked.exposure, begin, steps, *row, _outcome(one, pen)))
    return Section(
        Words("政策窗口", "Policy windows"),
        (
            Words(
                "窗口对各地同时开启，只能由事前暴露度的差别看出；安慰剂是紧靠其前的同长窗口，应看不出什么。",
                (
                    "A window opens everywhere at once, so it is seen only through exposure from"
                    " before it; the placebo is a window as long just before, and should show"
                    " nothing."
                ),
            ),
        ),
        (
            Table(
                (
                    Words("暴露度", "exposure"),
                    Words("起", "from"),
                    Words("期数", "steps"),
                    Words("单位暴露的效应", "effect of a unit"),
                    *_LOW,
                    Words("安慰剂", "placebo"),
                    *_LOW,
                    _TOLD,
                ),
                tuple(rows),
            ),
        ),
        key="window",
    )


def _discounts(answers: Sequence[Answer], pen: Pen) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for one in answers:
        asked, found = one.asked, one.found
        if not isinstance(asked, DiscountAsked):
            continue
        row: tuple[Cell, ...] = (None,) * 3
        if isinstance(found, Discount):
            write = _pen(pen, f"discount of {asked.hardware} on {asked.rest}, Fieller (1954)")
            row = write(found.value, found.low, found.high)
        rows.append((asked.hardware, asked.rest, *row, _outcome(one, pen)))
    return Section(
        Words("激活折扣", "Data activation"),
        (
            Words(
                "一份硬件投入顶几份软件与数据投入：一是一样，零是没有用。",
                "What a unit of hardware is worth in units of the rest: one the same, nought"
                " nothing.",
            ),
        ),
        (
            Table(
                (
                    Words("硬件", "hardware"),
                    Words("其余", "the rest"),
                    Words("折算", "worth"),
                    *_LOW,
                    _TOLD,
                ),
                tuple(rows),
            ),
        ),
        key="discount",
    )


def _ground(plan: Plan, answers: Sequence[Answer], pen: Pen) -> Section:
    panel = pen.panel
    rows: list[tuple[Cell, ...]] = []
    for one in answers:
        if one.block is None:
            rows.append((named(one.asked, pen), None, None, None))
            continue
        first, last = (
            label(t, panel.frequency) for t in (one.block.periods[0], one.block.periods[-1])
        )
        out = [region for region in panel.regions if region not in one.block.regions]
        told = plain("、".join(out[:_NAMED]))
        if len(out) > _NAMED:
            every = pen.count(len(out), "region", "left out of the block")
            told = joined(Words("{0}，共 {1}", "{0} … {1} in all"), told, filled(_ONE, [every]))
        rows.append(
            (
                named(one.asked, pen),
                pen.count(len(one.block.regions), "number", "regions of the block"),
                f"{first} … {last}",
                told if out else Words("无", "none"),
            )
        )
    of = Words("增长", "growth of a step") if plan.growth else Words("水平", "level")
    scale = Words("对数", "logarithm") if panel.scale == "log" else Words("原值", "as it is")
    changed = name(", ".join(sorted(plan.changes)))
    as_change = Words(f"；{changed} 取与上期之差", f"; {changed} as change since the step before")
    return Section(
        Words("所用数据与方法", "Data and method"),
        (
            filled(
                Words(
                    f"因变量：{name(panel.target.column)} 的{of.zh}（{scale.zh}）"
                    f"{as_change.zh if changed else ''}。旁有地区与期间双向效应；误差按地区聚类，"
                    "{0}。别的影响若与输入同动，会算到输入头上。",
                    (
                        f"Explained: {of.en} of {name(panel.target.column)} ({scale.en})"
                        f"{as_change.en if changed else ''}. Beside effects of regions and of"
                        " periods; errors clustered by region, {0}. Whatever else moves with an"
                        " input is laid at its door."
                    ),
                ),
                [_sure(pen)],
            ),
            Words(
                "每问取各列都齐全的最大一块地区与期间，不填补。",
                "Each question stands on the largest block of regions and periods of which all is"
                " known; nothing is filled in.",
            ),
        ),
        (
            Table(
                (
                    Words("问题", "question"),
                    Words("地区数", "regions"),
                    Words("期间", "periods"),
                    Words("未用的地区", "regions left out"),
                ),
                tuple(rows),
            ),
        ),
        key="ground",
    )
