"""The report of the proof 自证报告: what each estimator found of what was put in."""

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tongban.apps.forecast.domain.structure import proving
from tongban.apps.forecast.domain.structure.proving import POWER, Proof
from tongban.infra.reports.model import Report, Section, Table
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

NAMES: dict[str, Words] = {
    "lags": Words("分布滞后：长期效应", "distributed lags: effect in the long run"),
    "threshold": Words("门槛：位置", "threshold: its place"),
    "threshold_ratio": Words("门槛：上下斜率之比", "threshold: slope above over slope below"),
    "window": Words("政策窗口：单位暴露的效应", "policy window: effect of a unit of exposure"),
    "discount": Words("硬件投入的折扣", "discount on hardware"),
}
_HEAD: tuple[Words, ...] = (
    Words("估计器", "estimator"),
    Words("噪声", "noise"),
    Words("真值", "truth"),
    Words("中位估计", "median estimate"),
    Words("10% 分位", "10th of a hundred"),
    Words("90% 分位", "90th of a hundred"),
    Words("95% 区间含真值", "truth inside 95 % interval"),
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

    def given(value: float) -> Figure:
        return Figure(Decimal(f"{value:.10g}"), "number", day, source, "assumed")

    rows = tuple(
        (
            NAMES[one.estimator],
            given(one.noise),
            given(one.truth),
            number(one.median),
            number(one.low),
            number(one.high),
            number(one.covered * 100, "percent"),
            number(one.power * 100, "percent"),
            Words("能识别", "recovers")
            if one.recovers
            else Words("此噪声下不能识别", "cannot at this noise"),
        )
        for one in proofs
    )
    lost = [one for one in proofs if not one.recovers]
    verdict: list[Words] = [_lost(one) for one in lost] or [
        Words(
            "各估计器在所试噪声下都能识别。",
            "Every estimator recovers at every noise that was tried.",
        )
    ]
    about = Section(
        Words("逐项结果", "Results"),
        (_about(proofs[0].runs),),
        (Table(_HEAD, rows),),
        key="proof",
    )
    title = Words("结构估计器自证", "Proof of the structural estimators")
    return Report(title, day, (about,), tuple(verdict))


def _about(runs: int) -> Words:
    zh = (
        f"{proving.REGIONS} 个地区；门槛用 {proving.YEARS} 年，其余用 {proving.QUARTERS} 个季度。"
        f"噪声是余项的标准差（自相关 0.3）；每格 {runs} 次。功效低于 {POWER:.0%} 的，不可依赖。"
    )
    en = (
        f"{proving.REGIONS} regions; {proving.YEARS} years for the threshold, {proving.QUARTERS}"
        " quarters for the others. Noise is the standard deviation of what is left over"
        f" (autocorrelation 0.3); {runs} draws a row. Nothing is to be relied on that is seen less"
        f" often than {POWER:.0%}."
    )
    return Words(zh, en)


def _lost(one: Proof) -> Words:
    name = NAMES[one.estimator]
    return Words(
        f"{name.zh}：噪声 {one.noise:g} 时不能识别（功效 {one.power:.0%}）。",
        f"Not within reach at noise {one.noise:g} (power {one.power:.0%}): {name.en}.",
    )
