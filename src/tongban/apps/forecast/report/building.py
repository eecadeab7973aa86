"""Builds the report of a panel 报告编制: each number becomes a figure."""

import math
from decimal import Decimal

from tongban.apps.forecast.domain.conformal import LEVEL
from tongban.apps.forecast.domain.panel import label
from tongban.apps.forecast.domain.running import DRIFTS, Result
from tongban.apps.forecast.domain.scoring import BAND, Score
from tongban.infra.reports.model import (
    Bars,
    Cell,
    Report,
    Section,
    Table,
    bar,
    filled,
    plain,
)
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .ahead import ahead
from .pen import Pen, gate, promise

NAMES: dict[str, Words] = {
    "naive": Words("与上期相同", "same as last time"),
    "own_drift": Words("本地趋势", "own drift"),
    "national_drift": Words("全国趋势", "national drift"),
    "fixed_effects": Words("双向固定效应", "two-way fixed effects"),
    "ridge": Words("岭回归（增长）", "ridge on growth"),
    "lightgbm": Words("LightGBM（增长）", "LightGBM on growth"),
    "fixed_effects_lightgbm": Words("固定效应 + LightGBM", "fixed effects + LightGBM"),
    "ensemble": Words("加权组合", "weighted ensemble"),
}


def build(result: Result) -> Report:
    """Build the report of one panel."""
    pen = Pen(result.panel)
    panel = result.panel
    column = panel.target.column
    return Report(
        Words(f"{column}：预测与检验", f"{column}: forecast and backtest"),
        pen.day,
        (
            _ladder(result, pen),
            _intervals(result, pen),
            gate(result.findings, pen),
            ahead(result, pen),
            _method(result, pen),
        ),
        _verdict(result, pen),
    )


def _best_drift(result: Result) -> str:
    return min((r for r in DRIFTS if r != "naive"), key=result.mape)


def _verdict(result: Result, pen: Pen) -> tuple[Words, ...]:
    name = NAMES[result.winner]
    mape = pen.figure(result.mape(result.winner), "percent", "rolling origin, MAPE")
    told: list[Words] = []
    if mape is not None:
        told.append(
            filled(
                Words(
                    f"采用：{name.zh}，平均误差 {{0}}。", f"Shipped: {name.en}, mean error {{0}}."
                ),
                [mape],
            )
        )
    if result.drift_won:
        told.append(
            Words(
                "没有模型胜过最简单的做法：预测就用它，其余各级只列出供比较。",
                "No model beat the simplest rungs: the forecast is theirs.",
            )
        )
    else:
        gain = pen.figure(_skill(result, result.winner, _best_drift(result)), "percent", "skill", 1)
        if gain is not None:
            saved = Words(
                "比最好的趋势法少 {0} 的误差。",
                "It saves {0} of the error of the better drift.",
            )
            told.append(filled(saved, [gain]))
    under = [row for row in result.coverage if row.under]
    if under:
        which = ", ".join(label(row.period, _frequency(result)) for row in under)
        told.append(
            Words(
                f"区间在这些期未兑现：{which}。压力带按最坏一期给出。",
                f"The intervals fell short in {which}."
                " The stress band is as wide as the worst needed.",
            )
        )
    held = len(result.held_back)
    if held:
        told.append(
            filled(
                Words(
                    "闸门扣下 {0}：不训练、不计分，须人核对。",
                    "The gate holds back {0}: not trained, not scored, for a person to look at.",
                ),
                [pen.count(held, "row", "gate")],
            )
        )
    return tuple(told)


def _frequency(result: Result) -> int:
    """Give the panel's periods in a year."""
    return result.panel.frequency


def _skill(result: Result, rung: str, other: str) -> float:
    base = result.mape(other)
    return (1 - result.mape(rung) / base) * 100 if base else math.nan


def _ladder(result: Result, pen: Pen) -> Section:
    drift = _best_drift(result)
    band = Figure(Decimal(str(BAND)), "percent", pen.day, "report of 2026, section 4.1", "quoted")

    def row(one: Score) -> tuple[Cell, ...]:
        return (
            NAMES[one.rung],
            pen.figure(one.mape, "percent", f"rolling origin, {one.rung}, MAPE"),
            pen.figure(one.within, "percent", f"rolling origin, {one.rung}, within {BAND} %", 0),
            pen.figure(_skill(result, one.rung, "naive"), "percent", f"{one.rung} over naive", 1),
            pen.figure(_skill(result, one.rung, drift), "percent", f"{one.rung} over {drift}", 1),
            pen.figure(one.level_r2, "number", f"rolling origin, {one.rung}, R² of levels", 3),
            pen.figure(one.growth_r2, "number", f"rolling origin, {one.rung}, R² of growth", 3),
            pen.count(one.count, "row", f"rolling origin, {one.rung}"),
        )

    bars = []
    for one in result.scores:
        figure = pen.figure(one.mape, "percent", f"rolling origin, {one.rung}, MAPE")
        if figure is not None:
            bars.append(bar(NAMES[one.rung], figure, chosen=one.rung == result.winner))
    words: list[Words] = [
        Words(
            (
                "每一期只用当时已知的数据来预测下一期，再与实际相比。各级在同样的行上计分。"
                "采用的一级也由这些期选出，实际会略差。水平值的 R² 没有意义：“与上期相同”就很高。"
            ),
            (
                "Each period is forecast one step ahead from what was known, then checked. All"
                " rungs are scored on the same rows. R² of levels means nothing, since “same as"
                " last time” scores high. The winner is chosen on these periods too: it will do"
                " a little worse."
            ),
        )
    ]
    undefined = max(one.undefined for one in result.scores)
    if undefined:
        words.append(
            filled(
                Words(
                    "实际为零的 {0} 无百分误差，不计入。",
                    "{0} came to nought: no error in per cent.",
                ),
                [pen.count(undefined, "row", "rolling origin")],
            )
        )
    if result.left_out:
        names = [NAMES[code] for code in result.left_out]
        words.append(
            Words(
                f"未运行：{'、'.join(n.zh for n in names)}。安装 tongban[forecast] 后运行。",
                f"Not run: {', '.join(n.en for n in names)}."
                " Install tongban[forecast] to run them.",
            )
        )
    words += [
        Words(f"无法拟合：{NAMES[code].zh}（{zh}）。", f"Not fitted: {NAMES[code].en} ({en}).")
        for code, zh, en in result.unfit
    ]
    return Section(
        Words("各级模型", "The ladder"),
        tuple(words),
        (
            Table(
                (
                    Words("模型", "rung"),
                    Words("平均误差", "MAPE"),
                    filled(Words("误差在 ±{0} 内", "within ±{0}"), [band]),
                    Words("比“与上期相同”省", "saved over naive"),
                    Words("比趋势省", "saved over drift"),
                    Words("水平 R²", "R² of levels"),
                    Words("增长 R²", "R² of growth"),
                    Words("计分", "scored"),
                ),
                tuple(row(one) for one in result.scores),
            ),
        ),
        (
            Bars(
                Words("平均误差（MAPE），越短越好", "Mean error (MAPE), shorter is better"),
                tuple(bars),
            ),
        ),
        "ladder",
    )


def _intervals(result: Result, pen: Pen) -> Section:
    bars, rows = [], []
    for one in result.coverage:
        period = label(one.period, _frequency(result))
        how = f"rolling conformal {LEVEL:.0%}, {period}"
        covered = pen.figure(one.covered * 100, "percent", how, 0)
        if covered is not None:
            bars.append(bar(plain(period), covered, chosen=one.under))
        rows.append(
            (
                period,
                covered,
                Words("未兑现", "fell short") if one.under else Words("兑现", "held"),
                pen.figure(one.covered_stress * 100, "percent", f"{how}, stress band", 0),
                _width(result, pen, one.width, how),
                _width(result, pen, one.stress, f"{how}, stress band"),
                pen.count(one.count, "row", how),
            )
        )
    line = promise(pen)
    told: Words = (
        Words(
            (
                "区间由此前各期的误差得出，不假定误差的分布，只在误差照旧时成立。"
                "比承诺低十个百分点以上的，算未兑现。"
                "压力带的宽度够得上见过的最坏一期。"
            ),
            (
                "Intervals come from the errors of earlier periods; no distribution assumed. They"
                " hold while errors go on as they were; ten points below the promise is short. The"
                " stress band is as wide as the worst period seen would have needed."
            ),
        )
        if rows
        else Words(
            "检验期太少，还给不出区间：不给，不猜。",
            "Too few periods were checked to give an interval: none is given, none is guessed.",
        )
    )
    title = Words("区间兑现率", "Share of regions within the interval")
    return Section(
        Words("区间，逐期", "Intervals, period by period"),
        (told,),
        (
            Table(
                (
                    Words("期间", "period"),
                    Words("区间内", "within"),
                    Words("结果", "outcome"),
                    Words("压力带内", "within stress band"),
                    Words("半宽", "half-width"),
                    Words("压力带半宽", "half-width, stress"),
                    Words("计分", "scored"),
                ),
                tuple(rows),
            ),
        )
        if rows
        else (),
        (Bars(title, tuple(bars), promise=line),),
        "intervals",
    )


def _width(result: Result, pen: Pen, width: float, how: str) -> Figure | None:
    if result.panel.scale == "log":
        return pen.figure(math.expm1(width) * 100, "percent", how, 1)
    return pen.amount(width, how)


def _method(result: Result, pen: Pen) -> Section:
    panel = result.panel
    scale = (
        Words("对数增长", "growth in logarithms")
        if panel.scale == "log"
        else Words("差值", "differences (some value is not above nought)")
    )
    vintages = (
        Words(
            "有：预测、权重与区间只用当时已公布的值；计分用最新的值",
            "yes: forecasts, weights and intervals see what was published then; scored by the"
            " newest values",
        )
        if any(row.vintage is not None for row in panel.rows)
        else Words("无：各期的值按本期即知", "none: each value counts as known in its own period")
    )
    first, last = (label(p, panel.frequency) for p in (panel.periods[0], panel.periods[-1]))
    rows: tuple[tuple[Cell, ...], ...] = (
        (Words("数据", "data"), panel.source),
        (Words("期间", "periods"), f"{first} … {last}"),
        (Words("期数", "number of periods"), pen.count(len(panel.periods), "period", "count")),
        (Words("地区", "regions"), pen.count(len(panel.regions), "region", "count")),
        (Words("行", "rows"), pen.count(len(panel.rows), "row", "count")),
        (Words("尺度", "scale"), scale),
        (Words("公布版本", "vintages"), vintages),
    )
    return Section(
        Words("数据与方法", "Data and method"),
        tables=(Table((Words("项", "what"), Words("值", "value")), rows),),
        key="method",
    )
