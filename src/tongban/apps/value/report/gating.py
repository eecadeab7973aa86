"""The report of the consistency gate 自洽性检验报告: what is quoted, and what it allows."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tongban.apps.value.domain.gate import Claim, Finding, Number, bounds, check, least_irr
from tongban.infra.reports.model import (
    Bars,
    Cell,
    Line,
    Lines,
    Picture,
    Point,
    Report,
    Section,
    Source,
    Table,
    bar,
    filled,
    plain,
)
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure, source_of

#: Names of contradictions; English has the name that the finding has.
CONTRADICTIONS = {
    "PaybackBeyondHorizon": Words("回收期超出评价期", "PaybackBeyondHorizon"),
    "ReturnWithoutPayback": Words("未回收而收益率为正", "ReturnWithoutPayback"),
    "RateNegative": Words("折现率为负", "RateNegative"),
    "SignsDisagree": Words("正负不符", "SignsDisagree"),
    "NpvBeyondIrr": Words("净现值超出上限", "NpvBeyondIrr"),
    "NpvBelowIrr": Words("净现值低于下限", "NpvBelowIrr"),
}
#: What may be quoted, with its unit, in the order of the report.
QUOTED = {
    "years": (Words("年数", "years"), "year"),
    "irr": (Words("内部收益率", "IRR"), "percent"),
    "npv": (Words("净现值÷投资", "NPV over outlay"), "ratio"),
    "rate": (Words("折现率", "discount rate"), "percent"),
    "payback": (Words("回收期", "payback"), "year"),
}
TITLE = Words("自洽性检验", "Consistency gate")
_WHAT = (Words("项目", "what"), Words("数值", "figure"))
Named = tuple[str, Claim]


def report(claims: Sequence[Named], source: str | Words, as_of: date) -> tuple[Report, bool]:
    """Build the report of named claims, and say whether all of them can hold."""
    refused = [name for name, claim in claims if check(claim)]
    counted = Source(_gate_of(source), as_of, "quoted")
    verdict = filled(
        Words(
            "所引数字共 {0} 组，其中 {1} 组不能同时成立。",
            "Sets of quoted figures: {0}. Of them cannot hold together: {1}.",
        ),
        [counted.of(len(claims), "number"), counted.of(len(refused), "number")],
    )
    sections = tuple(section(name, claim, source, as_of) for name, claim in claims)
    return Report(
        TITLE, as_of, sections, (verdict, *map(plain, filter(None, refused)))
    ), not refused


def section(name: str, claim: Claim, source: str | Words, as_of: date) -> Section:
    """Tell what the gate finds of one claim."""
    pen = _Pen(source, as_of)
    rows: list[tuple[Cell, ...]] = [
        (label, pen.figure(Number(value, unit, quoted=True)))
        for key, (label, unit) in QUOTED.items()
        if (value := getattr(claim, key)) is not None
    ]
    findings = check(claim)
    for found in findings:
        rows.append((CONTRADICTIONS[found.name], pen.figure(found.bound)))
        if found.needed is not None:
            label = Words("要达到该净现值，内部收益率至少", "IRR that this NPV needs, at least")
            rows.append((label, pen.figure(Number(found.needed, "percent"))))
    said = tuple(pen.said(one) for one in findings) or (
        Words(
            "所引数字可以同时成立；这不表示它们属实。",
            "These figures can hold together. That does not say that they are true.",
        ),
    )
    title = Words(f"{TITLE.zh}：{name}", f"{TITLE.en}: {name}") if name else TITLE
    return Section(title, said, (Table(_WHAT, tuple(rows)),), _pictures(claim, pen))


def _gate_of(source: str | Words) -> Words:
    zh, en = source_of(source, "zh"), source_of(source, "en")
    return Words(f"对 {zh} 的自洽性检验", f"gate of {en}")


class _Pen:
    """Writes the numbers of one gate as figures: quoted as they were quoted, others rounded."""

    def __init__(self, source: str | Words, as_of: date) -> None:
        self._quoted = Source(source, as_of, "quoted")
        self._counted = Source(_gate_of(source), as_of, "assumed")

    def figure(self, number: Number) -> Figure:
        value = number.value
        if number.unit == "percent":
            # multiplied by 100 it would show places that nobody quoted
            value = Decimal(f"{Decimal(value).scaleb(2):f}")
        if number.quoted:
            about = self._quoted
            return Figure(value, number.unit, about.as_of, about.name, about.status)
        return self._counted.of(value, number.unit, 1 if number.unit == "percent" else 2)

    def said(self, found: Finding) -> Words:
        return filled(found.said, [self.figure(one) for one in found.numbers])


def _pictures(claim: Claim, pen: _Pen) -> tuple[Picture, ...]:
    drawn: list[Picture] = []
    if claim.irr is not None:
        drawn.append(_region(claim, claim.npv, pen))
    elif claim.npv is not None:
        drawn.append(_needed(claim, claim.npv, pen))
    if claim.payback is not None:
        sides = {key: getattr(claim, key) for key in ("years", "payback")}
        bars = (
            bar(QUOTED[key][0], pen.figure(Number(value, "year", quoted=True)))
            for key, value in sides.items()
        )
        drawn.append(Bars(Words("回收期与年数", "The payback beside the years"), tuple(bars)))
    return tuple(drawn)


def _region(claim: Claim, npv: Decimal | None, pen: _Pen) -> Lines:
    points, flat = [], []
    for years in range(1, claim.years + 1):
        least, most = (pen.figure(Number(end, "ratio")) for end in bounds(claim, years))
        label = pen.figure(Number(years, "year"))
        points.append(Point(label, most, (least, most)))
        if npv is not None:
            flat.append(Point(label, pen.figure(Number(npv, "ratio", quoted=True))))
    lines = [Line(Words("至多", "at most"), tuple(points))]
    if flat:
        lines.append(Line(Words("所引", "quoted"), tuple(flat), quoted=True))
    title = Words(
        "净现值÷投资：收益率所允许的范围（阴影），按年数",
        "NPV over outlay that the IRR allows (shaded), by years",
    )
    return Lines(title, tuple(lines))


def _needed(claim: Claim, npv: Decimal, pen: _Pen) -> Lines:
    points = []
    for years in range(1, claim.years + 1):
        least = least_irr(years, npv, claim.rate or Decimal(0))
        label = pen.figure(Number(years, "year"))
        points.append(Point(label, pen.figure(Number(least, "percent"))))
    title = Words("该净现值所需的内部收益率，按年数", "The IRR that this NPV needs, by years")
    return Lines(title, (Line(Words("至少", "at least"), tuple(points)),))
