"""The report of the proof 自证报告: what each estimator found of what was put in."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from tongban.apps.forecast.domain.structure import proving
from tongban.apps.forecast.domain.structure.proving import (
    BIAS,
    LEVEL,
    POWER,
    Lack,
    Proof,
    tolerance,
)
from tongban.infra.reports.model import Bar, Bars, Cell, Report, Section, Table, filled
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .pen import joined

NAMES: dict[str, Words] = {
    "lags": Words("分布滞后：长期效应", "distributed lags: effect in the long run"),
    "threshold": Words("门槛：位置", "threshold: its place"),
    "threshold_ratio": Words("门槛：上下斜率之比", "threshold: slope above over slope below"),
    "window": Words("政策窗口：单位暴露的效应", "policy window: effect of a unit of exposure"),
    "discount": Words("硬件投入的折扣", "discount on hardware"),
}
LACKS: dict[Lack, Words] = {
    "power": Words("看不出", "seen too seldom"),
    "coverage": Words("区间失准", "intervals are off"),
    "bias": Words("有偏", "biased"),
}
#: Makes a figure of a number that was put in, or that came out: its value and its unit.
Given = Callable[..., Figure]
Came = Callable[..., Figure | None]


def _head(given: Given) -> tuple[Words, ...]:
    return (
        Words("估计器", "estimator"),
        Words("噪声", "noise"),
        Words("真值", "truth"),
        Words("中位估计", "median estimate"),
        Words("偏差", "bias"),
        filled(Words("{0} 分位", "{0} quantile"), [given(10, "percent")]),
        filled(Words("{0} 分位", "{0} quantile"), [given(90, "percent")]),
        filled(
            Words("{0} 区间含真值", "truth inside {0} interval"), [given(LEVEL * 100, "percent")]
        ),
        Words("看得出效应（功效）", "effect seen (power)"),
        Words("结论", "verdict"),
    )


def build(proofs: Sequence[Proof], day: date, seed: int) -> Report:
    """Make the report of proofs that were run on a day."""
    source = f"tongban forecast prove --seed {seed} --runs {proofs[0].runs}"

    def number(value: float, unit: str = "number") -> Figure | None:
        if not math.isfinite(value):
            return None
        places = Decimal("0.1") if unit == "percent" else Decimal("0.001")
        exact = Decimal(repr(value)).quantize(places)
        return Figure(exact or abs(exact), unit, day, source, "measured")

    def given(value: float, unit: str = "number") -> Figure:
        return Figure(Decimal(f"{value:.10g}"), unit, day, source, "assumed")

    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            NAMES[one.estimator],
            given(one.noise),
            given(one.truth),
            number(one.median),
            number(one.bias),
            number(one.low),
            number(one.high),
            number(one.covered * 100, "percent"),
            number(one.power * 100, "percent"),
            Words("能识别", "recovers")
            if one.recovers
            else joined(Words("不能：{0}", "cannot: {0}"), _lacks(one)),
        )
        for one in proofs
    )
    lost = [one for one in proofs if not one.recovers]
    verdict: list[Words] = [_lost(one, given, number) for one in lost] or [
        Words(
            "各估计器在所试噪声下都能识别。",
            "Every estimator recovers at every noise that was tried.",
        )
    ]
    about = Section(
        Words("逐项结果", "Results"),
        (_about(proofs[0].runs, given),),
        (Table(_head(given), rows),),
        tuple(_pictures(proofs, given, number)),
        key="proof",
    )
    title = Words("结构估计器自证", "Proof of the structural estimators")
    return Report(title, day, (about,), tuple(verdict))


def _pictures(proofs: Sequence[Proof], given: Given, came: Came) -> Iterator[Bars]:
    """Draw what each estimator found at each noise: the line is the truth that was put in."""
    for estimator, name in NAMES.items():
        bars = []
        truth = None
        for one in (each for each in proofs if each.estimator == estimator):
            truth = given(one.truth)
            low, middle, high = (came(x) for x in (one.low, one.median, one.high))
            if low is not None and middle is not None and high is not None:
                noise = filled(Words("噪声 {0}", "noise {0}"), [given(one.noise)])
                bars.append(Bar(noise, low, high, (middle,), chosen=one.recovers))
        if truth is not None:
            title = Words(
                "{0}：竖线为真值 {1}，条为内侧五分之四",
                "{0}: the line is the truth {1}, bars the inner four fifths",
            )
            yield Bars(
                joined(title, name, filled(Words("{0}", "{0}"), [truth])), tuple(bars), truth
            )


def _about(runs: int, given: Given) -> Words:
    words = Words(
        "{0}；门槛用 {1}，其余用 {2} 个季度。"
        "噪声是余项的标准差（自相关 {3}）；每格 {4} 次。能识别须三者兼备：功效不低于 {5}；"
        "区间含真值的占比与名义的 {6} 只差偶然（{7} 至 {8}）；"
        "中位估计与真值之差，除去次数有限的误差，不超过真值的 {9}。",
        (
            "{0}; {1} for the threshold, {2} quarters for the others. Noise is the standard"
            " deviation of what is left over (autocorrelation {3}); {4} draws a row. To recover"
            " takes all three: power of {5}; intervals that hold the truth as often as the"
            " promised {6}, but for chance ({7} to {8}); a median that is off by no more than {9}"
            " of the truth, beyond what so few draws err."
        ),
    )
    told = (
        given(proving.REGIONS, "region"),
        given(proving.YEARS, "year"),
        given(proving.QUARTERS),
        given(proving.CLING),
        given(runs),
        given(POWER * 100, "percent"),
        given(LEVEL * 100, "percent"),
        *(given(one * 100, "percent") for one in tolerance(runs)),
        given(BIAS * 100, "percent"),
    )
    return filled(words, told)


def _lacks(one: Proof) -> Words:
    names = [LACKS[lack] for lack in one.lacks]
    return Words("、".join(name.zh for name in names), ", ".join(name.en for name in names))


def _lost(one: Proof, given: Given, came: Came) -> Words:
    words = Words(
        "{0}：噪声 {1} 时不能识别，{4}（功效 {2}，区间含真值 {3}）。",
        "Not within reach at noise {1}, {4} (power {2}, truth inside {3}): {0}.",
    )
    shares = (came(share * 100, "percent") for share in (one.power, one.covered))
    figures = [
        filled(Words("{0}", "{0}"), [each])
        for each in (given(one.noise), *(share or given(0, "percent") for share in shares))
    ]
    return joined(words, NAMES[one.estimator], *figures, _lacks(one))
