"""The atlas as a report 图谱报告: what fails, what is quoted beside what is measured, the cases."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from tongban.apps.forecast.domain.atlas import AREAS, Measure, Measured, Quoted, Score
from tongban.apps.forecast.domain.atlas.checks import Check
from tongban.apps.forecast.report.parts import Cell, Report, Section, Table, Words, joined
from tongban.kernel.figures import Figure

from .reading import Atlas
from .reading import Table as Grouped

NOT_YET: Words = ("尚未测量", "not measured yet")
_CHECK_HEAD: tuple[Words, ...] = (("结果", "outcome"), ("检验", "check"), ("算式", "the sum"))
_FIGURE_HEAD: tuple[Words, ...] = (
    ("节", "section"),
    ("指标", "what"),
    ("引用值", "quoted"),
    ("本平台", "measured here"),
    ("测的是什么", "what is measured"),
    ("测量命令", "command"),
)


def build(atlas: Atlas, measured: Mapping[str, Measured], today: date) -> Report:
    """Build the report: what fails first, then the cases, the tables and every figure by area."""
    failed = [one for one in atlas.checks if not one.holds]
    there = [one for one in measured.values() if one.figure is not None]

    def of(number: int) -> Figure:
        return Figure(number, "item", today, "tongban atlas", "measured")

    return Report(
        ("指标图谱：引用与实测", "The atlas: quoted and measured"),
        (
            joined(
                ("{1}检验，{0}不成立。", "{0} of {1} checked do not hold."),
                [of(len(failed)), of(len(atlas.checks))],
            ),
            joined(
                (
                    "引用{0}，其中{1}旁有本平台的实测。",
                    "{0} are quoted; beside {1} stands what is measured here.",
                ),
                [of(len(atlas.figures)), of(len(there))],
            ),
        ),
        (
            Section(
                "fails",
                ("不能同时成立的数字", "Figures that cannot all hold"),
                tables=(_checks(failed),),
            ),
            *([_measured(atlas, measured)] if there else []),
            _cards(atlas),
            _rules(atlas),
            *(_grouped(one) for one in atlas.tables),
            *_areas(atlas, measured),
            Section(
                "holds",
                ("成立的检验", "Checks that hold"),
                tables=(_checks([one for one in atlas.checks if one.holds]),),
            ),
        ),
    )


def _checks(checks: Sequence[Check]) -> Table:
    return Table(
        _CHECK_HEAD,
        tuple(
            (
                ("成立", "holds") if one.holds else ("✗ 不成立", "✗ fails"),
                one.title,
                (one.zh, one.en),
            )
            for one in checks
        ),
    )


def _measured(atlas: Atlas, measured: Mapping[str, Measured]) -> Section:
    there = [atlas.figures[key] for key, one in measured.items() if one.figure is not None]
    return Section(
        "measured",
        ("引用与实测并列", "Quoted beside measured"),
        (
            (
                "规模不同的两个数字并列，不作比较；实测只说明本平台。",
                (
                    "Numbers of different scale stand side by side; what is measured speaks of"
                    " this installation alone."
                ),
            ),
        ),
        tables=(Table(_FIGURE_HEAD, tuple(_row(one, measured) for one in there)),),
    )


def _row(one: Quoted, measured: Mapping[str, Measured]) -> tuple[Cell, ...]:
    found = measured.get(one.key)
    here: Cell = NOT_YET if found is None or found.figure is None else found.figure
    return (
        one.place,
        (one.zh, one.en),
        one.figure,
        here,
        None if found is None or not found.zh else (found.zh, found.en),
        None if found is None or not found.command else found.command,
    )


def _areas(atlas: Atlas, measured: Mapping[str, Measured]) -> Iterable[Section]:
    for area, words in AREAS.items():
        rows = [one for one in atlas.figures.values() if one.area == area]
        if rows:
            table = Table(_FIGURE_HEAD, tuple(_row(one, measured) for one in rows))
            yield Section(f"area-{area}", words, tables=(table,))


def _cards(atlas: Atlas) -> Section:
    head: tuple[Words, ...] = (
        ("案例", "case"),
        *((zh, en) for _, zh, en in atlas.criteria),
        ("报告所述", "what the report tells"),
    )
    rows = tuple(
        (
            (card.zh, card.en),
            *(_score(one) for one in atlas.scored[card.key]),
            _told([atlas.figures[key] for key in card.told]),
        )
        for card in atlas.cards
    )
    return Section(
        "cases",
        ("案例卡", "Case cards"),
        (
            (
                "得分是引用数字达到的门槛个数（0 至 5），规则见下表；没有数字就没有得分。",
                (
                    "A score is how many of five thresholds a quoted figure reaches, by the rules"
                    " below; where there is no figure there is no score."
                ),
            ),
        ),
        tables=(Table(head, rows),),
    )


def _score(one: Score) -> Cell:
    if one.points is None or one.quoted is None or one.measure is None:
        return None
    return (
        f"{one.points}/5：{one.measure.zh} {one.quoted.figure.text('zh')}",
        f"{one.points}/5: {one.measure.en} {one.quoted.figure.text('en')}",
    )


def _told(entries: Sequence[Quoted]) -> Words:
    return (
        "；".join(f"{one.zh} {one.figure.text('zh')}" for one in entries),
        "; ".join(f"{one.en}: {one.figure.text('en')}" for one in entries),
    )


def _rules(atlas: Atlas) -> Section:
    names: dict[str, Words] = {key: (zh, en) for key, zh, en in atlas.criteria}
    rows = tuple(
        (
            names[one.criterion],
            (one.zh, one.en),
            steps(one),
        )
        for one in atlas.measures.values()
    )
    head: tuple[Words, ...] = (
        ("标准", "criterion"),
        ("依据", "judged by"),
        ("五个门槛", "five thresholds"),
    )
    return Section("rules", ("计分规则", "Rules of the scores"), tables=(Table(head, rows),))


def steps(measure: Measure) -> str:
    """Write the five thresholds of a measure."""
    sign = "≤" if measure.falling else "≥"
    return " · ".join(f"{sign} {_plain(measure.unit, step)}" for step in measure.thresholds)


def _plain(unit: str, value: object) -> str:
    number = float(str(value))
    return f"{number / 100 if unit == 'fen' else number:,.10g}"


def _grouped(one: Grouped) -> Section:
    head: tuple[Words, ...] = (("项", "what"), *one.columns)
    rows = tuple(
        ((zh, en), *(cell.figure if cell else None for cell in cells)) for zh, en, cells in one.rows
    )
    return Section(
        f"table-{one.key}",
        (one.zh, one.en),
        () if one.note is None else (one.note,),
        tables=(Table(head, rows),),
    )
