"""The report of the policy index 政策指数报告."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import isfinite

from tongban.apps.forecast.domain.panel import label, last_day
from tongban.apps.forecast.domain.policy import PARTS, Agreement, Lexicon, Part, Push, index
from tongban.infra.reports.model import (
    Bars,
    Line,
    Lines,
    Picture,
    Point,
    Report,
    Section,
    Table,
    bar,
    filled,
)
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure, Status

_PARTS: dict[Part, Words] = {
    "plan": Words("计划段", "plans"),
    "review": Words("回顾段", "reviews"),
    "other": Words("未分段", "neither"),
}
GOOD = 0.6  # Landis and Koch call a kappa above it substantial

_NOTE = Words(
    (
        "指数对全国相同，放进带期间效应的模型不能识别；须乘以窗口之前各地区的暴露度。"
        "词的强度、机关分量与半衰期都是假定。"
    ),
    (
        "The index is the same for the whole nation: beside effects of periods it is not"
        " identified. Multiply it by each region's exposure from before. Strengths, weights of"
        " authority and the half-life are assumed."
    ),
)


def build(pushes: Sequence[Push], lexicon: Lexicon, audit: Agreement | None, source: str) -> Report:
    """Make the report of documents that were read; ``source`` names their list."""
    first = min(one.document.quarter for one in pushes)
    last = max(one.document.quarter for one in pushes)
    quarters = range(first, last + 1)
    day = last_day(last, 4)
    told = f"{source}; lexicon {lexicon.version}"

    def number(value: float, unit: str = "number", status: Status = "measured") -> Figure | None:
        if not isfinite(value):
            return None
        return Figure(Decimal(repr(value)).quantize(Decimal("0.01")), unit, day, told, status)

    by_part = {part: index(pushes, lexicon, quarters, [part]) for part in PARTS}
    rows = tuple(
        (label(quarter, 4), *(number(by_part[part][quarter]) for part in PARTS))
        for quarter in quarters
    )
    listed = tuple(
        (
            one.document.name,
            label(one.document.quarter, 4),
            number(lexicon.authority[one.document.authority], status="assumed"),
            *(number(one.by_part[part]) for part in PARTS),
            Figure(one.characters, "number", day, told, "measured"),
        )
        for one in pushes
    )
    heads = tuple(_PARTS[part] for part in PARTS)
    drawn = [
        [
            Point(label(quarter, 4), figure)
            for quarter in quarters
            if (figure := number(by_part[part][quarter])) is not None
        ]
        for part in PARTS
    ]
    chart = _chart(heads, drawn, len(quarters))
    quarterly = Words("季度", "quarter")
    sections = [
        Section(
            Words("逐季指数", "Index by quarter"),
            (_NOTE,),
            (Table((quarterly, *heads), rows),),
            () if chart is None else (chart,),
            "index",
        ),
        Section(
            Words("逐份文件（每千字强度）", "Documents (per thousand signs)"),
            key="documents",
            tables=(
                Table(
                    (
                        Words("文件", "document"),
                        quarterly,
                        Words("机关分量", "authority"),
                        *heads,
                        Words("字数", "characters"),
                    ),
                    listed,
                ),
            ),
        ),
    ]
    verdict = Words(
        "尚未人工核对：指数只可参考。请标注抽样句子（audit.csv）后用 --audit 读入。",
        "Not audited yet: take the index as a hint. Mark the sample (audit.csv), then --audit.",
    )
    if audit is not None:
        verdict = _judged(audit, day, told)
        measures: tuple[tuple[Words, float, str], ...] = (
            (Words("一致率", "agreed"), audit.agreed * 100, "percent"),
            (Words("查准率", "precision"), audit.precision * 100, "percent"),
            (Words("查全率", "recall"), audit.recall * 100, "percent"),
            (Words("κ", "kappa"), audit.kappa, "number"),
            (Words("κ 下限", "kappa, low"), audit.low, "number"),
            (Words("κ 上限", "kappa, high"), audit.high, "number"),
        )
        table = Table(
            (Words("项目", "measure"), Words("数值", "value")),
            tuple((name, number(value, unit)) for name, value, unit in measures),
        )
        sections.append(Section(Words("人工核对", "Audit"), tables=(table,), key="audit"))
    title = Words("政策驱动指数", "Policy-driven index")
    return Report(title, day, tuple(sections), (verdict,))


def _chart(
    heads: Sequence[Words], drawn: Sequence[Sequence[Point]], quarters: int
) -> Picture | None:
    if any(len(one) != quarters for one in drawn):
        return None
    # a line needs two points: one quarter is bars
    if quarters == 1:
        parts = zip(heads, drawn, strict=True)
        title = Words(f"强度，{drawn[0][0].label}", f"Strength, {drawn[0][0].label}")
        return Bars(title, tuple(bar(name, one[0].value) for name, one in parts))
    return Lines(
        Words("强度，随时间衰减", "Strength, fading with age"),
        tuple(Line(name, tuple(one)) for name, one in zip(heads, drawn, strict=True)),
    )


def _judged(audit: Agreement, day: date, source: str) -> Words:
    count = Figure(audit.count, "number", day, f"{source}; audit", "measured")
    line = Figure(Decimal(str(GOOD)), "number", day, "Landis and Koch (1977)", "assumed")
    zh, en = "人工核对 {0} 句，", "{0} sentences were audited; "
    told = Words(
        zh + "κ 的下限低于 {1}：词典还不可靠，请修订或多标注。",
        en + "kappa may lie below {1}: mend the lexicon or mark more.",
    )
    if audit.low >= GOOD:
        told = Words(
            zh + "κ 的下限不低于 {1}：词典可用。",
            en + "kappa is surely not below {1}: the lexicon can be used.",
        )
    return filled(told, [count, line])
