"""What reports of panels share 报告共件: the pen that writes figures, and the gate's section."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal
from string import Formatter

from tongban.apps.forecast.domain.conformal import LEVEL
from tongban.apps.forecast.domain.panel import Panel, label, last_day
from tongban.apps.forecast.domain.tracks import Finding, name
from tongban.infra.reports.model import Section, Table, Told, filled
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure, Status

FAULTS: dict[str, Words] = {
    "range": Words("超出范围", "out of range"),
    "unit_slip": Words("单位疑错", "unit slip"),
    "jump": Words("突变", "jump"),
    "imputed": Words("疑为插补", "imputed"),
    "repeated": Words("疑为沿用", "carried over"),
    "copied": Words("疑为照搬", "copied"),
    "renamed": Words("疑为改名", "renamed"),
    "gap": Words("缺期", "gap"),
}
MOST_FINDINGS = 200
_WIDE = Context(prec=400)


class Pen:
    """Writes figures of one panel: day and source are the panel's."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.day: date = last_day(panel.periods[-1], panel.frequency)
        biggest = max(abs(row.value) for row in panel.rows)
        # four digits of the greatest value, and never a digit that nobody could have measured
        self.places = max(0, min(4, 3 - math.floor(math.log10(biggest)))) if biggest else 0

    def figure(
        self, value: float, unit: str, how: str, places: int = 2, status: Status = "measured"
    ) -> Figure | None:
        """Make a figure; None where the number is not finite."""
        if not math.isfinite(value):
            return None
        exact = _exact(value, unit, places)
        return Figure(exact, unit, self.day, f"{self.panel.source}; {how}", status)

    def count(self, value: int, unit: str, how: str) -> Figure:
        """Make a figure of a count."""
        return Figure(value, unit, self.day, f"{self.panel.source}; {how}", "measured")

    def short(self, value: float, unit: str, how: str, status: Status = "measured") -> Figure:
        """Make a figure of six digits at most."""
        exact: int | Decimal = Decimal(f"{value:.6g}")
        if unit == "fen":
            exact = round(value)
        return Figure(exact, unit, self.day, f"{self.panel.source}; {how}", status)

    def amount(self, value: float, how: str, status: Status = "measured") -> Figure | None:
        """Make a figure in the panel's own unit."""
        return self.figure(value, self.panel.target.unit, how, self.places, status)


def promise(pen: Pen) -> Figure:
    """Give the share of cases that an interval promises to hold."""
    return pen.short(LEVEL * 100, "percent", "promise of the interval", "assumed")


def told(one: Finding, pen: Pen) -> Words:
    """Tell a finding, with the numbers of it."""
    words = Words(one.zh, one.en)
    if not one.numbers:
        return words
    how = f"gate, {one.fault}"
    return filled(words, [pen.short(value, unit, how) for value, unit in one.numbers])


def joined(template: Words, *parts: Words) -> Words:
    """Put sentences into a sentence, at ``{0}``, ``{1}`` …; each keeps its figures."""
    figures: list[Figure] = []
    inner: list[tuple[str, str]] = []
    for part in parts:
        told = part.template if isinstance(part, Told) else Words(name(part.zh), name(part.en))
        inner.append((_shifted(told.zh, len(figures)), _shifted(told.en, len(figures))))
        figures += part.figures if isinstance(part, Told) else ()
    zh, en = zip(*inner, strict=True)
    return filled(Words(template.zh.format(*zh), template.en.format(*en)), figures)


def _shifted(template: str, start: int) -> str:
    return "".join(
        name(text) + ("" if place is None else f"{{{start + int(place)}}}")
        for text, place, _, _ in Formatter().parse(template)
    )


def _exact(value: float, unit: str, places: int) -> int | Decimal:
    if unit == "fen":
        return round(value)
    # a slip of units may need more digits than the usual context has
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), context=_WIDE)
    return exact or abs(exact)


def gate(findings: Sequence[Finding], pen: Pen) -> Section:
    """Tell what the gate found, and what was done with it."""
    if not findings:
        nothing = Words("没有发现异常。", "Nothing was found.")
        return Section(Words("异常闸门", "The gate"), (nothing,), key="gate")
    counts = Counter(one.fault for one in findings)
    summary = Table(
        (Words("问题", "fault"), Words("行数", "rows")),
        tuple(
            (FAULTS[fault], pen.count(n, "row", f"gate, {fault}"))
            for fault, n in counts.most_common()
        ),
    )
    each = Table(
        (
            Words("行", "line"),
            Words("地区", "region"),
            Words("期间", "period"),
            Words("列", "column"),
            Words("说明", "what"),
            Words("处理", "done"),
        ),
        tuple(
            (
                "" if one.line is None else str(one.line),
                one.region,
                label(one.period, pen.panel.frequency),
                one.covariate or pen.panel.target.column,
                told(one, pen),
                None
                if one.line is None
                else Words("已由人认可", "accepted by a person")
                if one.accepted
                else Words("扣下", "held back"),
            )
            for one in findings[:MOST_FINDINGS]
        ),
    )
    words: list[Words] = [
        Words(
            "被标记的行不训练、不计分，被标记的输入值不用；核对无误的，用 --accept 加行号认可。"
            "各地一起的变动不算异常。",
            (
                "Flagged rows neither train nor score, and flagged inputs are not used. What is"
                " right after all is accepted by --accept and its line. A move of all regions"
                " together is no fault."
            ),
        )
    ]
    rest = len(findings) - MOST_FINDINGS
    if rest > 0:
        more = Words("此处未列出的还有 {0}。", "{0} more are not listed here.")
        words.append(filled(more, [pen.count(rest, "row", "gate")]))
    return Section(Words("异常闸门", "The gate"), tuple(words), (summary, each), key="gate")
