"""Builds the report of scenarios 情景报告: paths, what each lever adds, and where the data end."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from tongban.apps.forecast.domain.panel import from_scale, label
from tongban.apps.forecast.domain.running import Result
from tongban.apps.forecast.domain.scenarios import Effect, Outcome, Place, Support
from tongban.infra.reports.model import (
    NONE,
    Cell,
    Line,
    Lines,
    Point,
    Report,
    Section,
    Table,
    filled,
    plain,
)
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .building import NAMES
from .pen import Pen, promise

SCENARIOS: Mapping[str, Words] = {
    "base": Words("基准", "base"),
    "optimised": Words("优化", "optimised"),
    "bold": Words("激进", "bold"),
}
#: What the report of 2026 (section 4.1) hopes for, per cent a year: to compare, no results.
QUOTED = {"base": "7.1", "optimised": "9.8", "bold": "12.5"}


_TOLD: dict[bool, Words] = {
    True: Words("可辨", "told apart"),
    False: Words("与零无法区分", "not told from nothing"),
}


_LOW_HIGH: tuple[Words, ...] = (Words("下", "low"), Words("上", "high"))
_CHECKED: dict[bool, Words] = {
    True: Words("经检验", "checked"),
    False: Words("按距离放宽", "widened"),
}


def build(
    result: Result,
    outcomes: Sequence[Outcome],
    effects: Sequence[Effect],
    found: Sequence[Support],
) -> Report:
    """Build the report; the first outcome is the base."""
    pen = Pen(result.panel)
    column = result.panel.target.column
    weak = [one.column for one in effects if not one.told_apart]
    verdict: list[Words] = [
        Words(
            f"基准即所采用的预测（{NAMES[result.winner].zh}）；情景只加杠杆超出自身步伐的部分。",
            (
                f"The base is the shipped forecast ({NAMES[result.winner].en}); a scenario adds"
                " what levers do beyond their own pace."
            ),
        )
    ]
    if weak:
        verdict.append(
            Words(
                f"{'、'.join(weak)} 的效应与零无法区分：由它得出的情景不可凭信。",
                f"The effect of {', '.join(weak)} cannot be told from nothing: do not rely on it.",
            )
        )
    return Report(
        Words(f"{column}：情景", f"{column}: scenarios"),
        pen.day,
        (
            _paths(result, outcomes, pen),
            _each(result, outcomes, pen),
            _levers(result, outcomes, effects, found, pen),
            _regions(result, outcomes, pen),
        ),
        tuple(verdict),
    )


def _name(one: Outcome) -> Words:
    return SCENARIOS.get(one.name, plain(one.name))


def _yearly(result: Result, growth: float, steps: int) -> float:
    years = steps * result.panel.step / result.panel.frequency
    # without an interval there is no end of it, which is not a fall by all there is
    return math.expm1(growth / years) * 100 if math.isfinite(growth) else math.nan


def _paths(result: Result, outcomes: Sequence[Outcome], pen: Pen) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for one in outcomes:
        last, steps = one.path[-1], len(one.path)
        rows.append(
            (
                _name(one),
                *(
                    pen.figure(_yearly(result, x, steps), "percent", one.name, 1, "assumed")
                    for x in (last.growth, last.growth - last.width, last.growth + last.width)
                ),
                _quoted(QUOTED[one.name], "percent", pen) if one.name in QUOTED else None,
            )
        )
    steps = len(outcomes[0].path)
    begin, drawn = _begin(result, pen), [_line(one, result, pen) for one in outcomes]
    quoted = [_comparison(result, rate, steps, pen) for rate in QUOTED.values()]
    pictures = [
        Lines(Words("指数；带：基准的区间", "Index; band: the base"), (*drawn, *quoted))
    ] + [
        Lines(
            Words(f"{line.name.zh}；带：其区间", f"{line.name.en}; band: its own"),
            (line, drawn[0]),
        )
        for line in drawn[1:]
    ]
    return Section(
        Words("全国走势", "The nation's path"),
        (
            filled(
                Words(
                    "各地平均增长，末期已知值为 {0}。"
                    "细线是 2026 年报告引用的增速，只供比较，不是结果。",
                    (
                        "Mean growth of regions, last known period = {0}. Thin lines are rates"
                        " quoted from the report of 2026: to compare with, never a result."
                    ),
                ),
                [begin],
            ),
        ),
        pictures=tuple(pictures),
        key="paths",
        tables=(
            Table(
                (
                    Words("情景", "scenario"),
                    Words("年增速", "growth a year"),
                    *_LOW_HIGH,
                    Words("报告引用", "quoted in the report"),
                ),
                tuple(rows),
            ),
        ),
    )


def _begin(result: Result, pen: Pen) -> Figure:
    end = label(result.panel.periods[-1], result.panel.frequency)
    return pen.count(100, "number", f"index, {end}")


def _index(one: Outcome, place: Place, pen: Pen) -> tuple[Figure | None, ...]:
    ends = place.growth, place.growth - place.width, place.growth + place.width
    how = f"scenario {one.name}"
    value, low, high = (
        # without an interval there is no end of it, which is not a fall by all there is
        pen.figure(100 * math.exp(x), "number", how, 1, "assumed") if math.isfinite(x) else None
        for x in ends
    )
    return value, low, high


def _line(one: Outcome, result: Result, pen: Pen) -> Line:
    panel, begin = result.panel, _begin(result, pen)
    points = [Point(label(panel.periods[-1], panel.frequency), begin, (begin, begin))]
    for place in one.path:
        value, low, high = _index(one, place, pen)
        if value is not None:
            ends = None if low is None or high is None else (low, high)
            points.append(Point(label(place.period, panel.frequency), value, ends))
    return Line(_name(one), tuple(points))


def _each(result: Result, outcomes: Sequence[Outcome], pen: Pen) -> Section:
    panel = result.panel
    rows: list[tuple[Cell, ...]] = [
        (
            _name(one),
            label(place.period, panel.frequency),
            *_index(one, place, pen),
            _CHECKED[place.checked] if math.isfinite(place.width) else NONE,
        )
        for one in outcomes
        for place in one.path
    ]
    says: list[Words] = []
    if any(not place.checked for one in outcomes for place in one.path):
        far = sum(place.checked for place in outcomes[0].path)
        says.append(
            filled(
                Words(
                    "区间只检验到第 {0}：更远的按距离等比放宽，或不给。",
                    (
                        "Intervals were checked to {0} ahead; further off they widen with the"
                        " distance, or there is none."
                    ),
                ),
                [pen.count(far, "period", "rolling origin")],
            )
        )
    return Section(
        Words("逐期指数", "The index, period by period"),
        tuple(says),
        (
            Table(
                (
                    Words("情景", "scenario"),
                    Words("期间", "period"),
                    Words("指数", "index"),
                    *_LOW_HIGH,
                    Words("区间", "interval"),
                ),
                tuple(rows),
            ),
        ),
        key="index",
    )


def _quoted(value: str, unit: str, pen: Pen) -> Figure:
    return Figure(Decimal(value), unit, pen.day, "report of 2026, section 4.1", "quoted")


def _comparison(result: Result, rate: str, steps: int, pen: Pen) -> Line:
    panel = result.panel
    points = []
    for step in range(steps + 1):
        years = step * panel.step / panel.frequency
        value = f"{100 * (1 + float(rate) / 100) ** years:.1f}"
        period = label(panel.periods[-1] + step * panel.step, panel.frequency)
        points.append(Point(period, _quoted(value, "number", pen)))
    name = filled(Words("引用 {0}：", "quoted {0}:"), [_quoted(rate, "percent", pen)])
    return Line(name, tuple(points), quoted=True)


def _levers(
    result: Result,
    outcomes: Sequence[Outcome],
    effects: Sequence[Effect],
    found: Sequence[Support],
    pen: Pen,
) -> Section:
    units = {one.column: one.unit for one in result.panel.covariates}
    seen, adds = [], []
    for support, effect in zip(found, effects, strict=True):
        how = f"two-way fixed effects on growth, {effect.column}"
        low, high = (effect.value + sign * effect.doubt for sign in (-1, 1))
        seen.append(
            (
                support.column,
                *(pen.figure(x * 100, "percent", how, 3) for x in (effect.value, low, high)),
                _TOLD[effect.told_apart],
                *(
                    pen.figure(x, units[support.column], "support", 2)
                    for x in (support.low, support.high, support.fastest)
                ),
            )
        )
        for one in outcomes:
            if effect.column not in one.adds:
                continue
            add = one.adds[effect.column]
            doubt = abs(add / effect.value) * effect.doubt if effect.value else 0.0
            adds.append(
                (
                    _name(one),
                    effect.column,
                    *(
                        pen.figure(
                            math.expm1(x) * 100, "percent", f"{how}, {one.name}", 1, "assumed"
                        )
                        for x in (add, add - doubt, add + doubt)
                    ),
                )
            )
    return Section(
        Words("杠杆与敏感度", "Levers and sensitivity"),
        (
            filled(
                Words(
                    "效应：杠杆多一个单位，下一期增长多少，{0} 区间。"
                    "情景不得超出见过的水平与速度。",
                    (
                        "Effect: growth of the next step for one unit more, with a {0} interval."
                        " No scenario may go beyond the level and the pace that were seen."
                    ),
                ),
                [promise(pen)],
            ),
        ),
        tables=(
            Table(
                (
                    Words("杠杆", "lever"),
                    Words("效应", "effect"),
                    *_LOW_HIGH,
                    Words("结论", "outcome"),
                    Words("最低", "lowest seen"),
                    Words("最高", "highest seen"),
                    Words("最快每期", "fastest a step"),
                ),
                tuple(seen),
            ),
            Table(
                (
                    Words("情景", "scenario"),
                    Words("杠杆", "lever"),
                    Words("末期增加", "adds by then"),
                    *_LOW_HIGH,
                ),
                tuple(adds),
            ),
        ),
        key="levers",
    )


def _regions(result: Result, outcomes: Sequence[Outcome], pen: Pen) -> Section:
    period = label(outcomes[0].path[-1].period, result.panel.frequency)
    rows: list[tuple[Cell, ...]] = [
        (
            region,
            *(
                pen.amount(
                    from_scale(one.regions[region], result.panel.scale),
                    f"scenario {one.name}",
                    "assumed",
                )
                for one in outcomes
            ),
        )
        for region in outcomes[0].regions
    ]
    head = (Words("地区", "region"), *(_name(one) for one in outcomes))
    title = Words(f"各地，{period}", f"Regions, {period}")
    return Section(title, tables=(Table(head, tuple(rows)),), key="regions")
