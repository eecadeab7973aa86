"""The atlas as a report 图谱报告: what fails, what is quoted beside what is measured, the cases."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from tongban.apps.forecast.domain.atlas import AREAS, Measure, Measured, Quoted, Score
from tongban.apps.forecast.domain.atlas.checks import Check
from tongban.infra.reports.model import Cell, Report, Section, Table, filled
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .reading import Atlas
from .reading import Table as Grouped

NOT_YET = Words("尚未测量", "not measured yet")
_CHECK_HEAD: tuple[Words, ...] = (
    Words("结果", "outcome"),
    Words("检验", "check"),
    Words("算式", "the sum"),
)
_FIGURE_HEAD: tuple[Words, ...] = (
    Words("节", "section"),
    Words("指标", "what"),
    Words("引用值", "quoted"),
    Words("本平台", "measured here"),
    Words("测的是什么", "what is measured"),
    Words("测量命令", "command"),
)


def build(atlas: Atlas, measured: Mapping[str, Measured], today: date) -> Report:
    """Build the report: what fails first, then the cases, the tables and every figure by area."""
    failed = [one for one in atlas.checks if not one.holds]
    there = [one for one in measured.values() if one.figure is not None]

    def of(number: int) -> Figure:
        return Figure(number, "item", today, "tongban atlas", "measured")

    return Report(
        Words("指标图谱：引用与实测", "The atlas: quoted and measured"),
        today,
        (
            Section(
                Words("不能同时成立的数字", "Figures that cannot all hold"),
                tables=(_checks(failed),),
                key="fails",
            ),
            *([_measured(atlas, measured)] if there else []),
            _cards(atlas),
            _rules(atlas),
            *(_grouped(one) for one in atlas.tables),
            *_areas(atlas, measured),
            Section(
                Words("成立的检验", "Checks that hold"),
                tables=(_checks([one for one in atlas.checks if one.holds]),),
                key="holds",
            ),
        ),
        (
            filled(
                Words("{1}检验，{0}不成立。", "{0} of {1} checked do not hold."),
                [of(len(failed)), of(len(atlas.checks))],
            ),
            filled(
                Words(
                    "引用{0}，其中{1}旁有本平台的实测。",
                    "{0} are quoted; beside {1} stands what is measured here.",
                ),
                [of(len(atlas.figures)), of(len(there))],
            ),
        ),
    )


def _checks(checks: Sequence[Check]) -> Table:
    return Table(
        _CHECK_HEAD,
        tuple(
            (
                Words("成立", "holds") if one.holds else Words("✗ 不成立", "✗ fails"),
                Words(*one.title),
                Words(one.zh, one.en),
            )
            for one in checks
        ),
    )


def _measured(atlas: Atlas, measured: Mapping[str, Measured]) -> Section:
    there = [atlas.figures[key] for key, one in measured.items() if one.figure is not None]
    return Section(
        Words("引用与实测并列", "Quoted beside measured"),
        (
            Words(
                "规模不同的两个数字并列，不作比较；实测只说明本平台。",
                (
                    "Numbers of different scale stand side by side; what is measured speaks of"
                    " this installation alone."
                ),
            ),
        ),
        (Table(_FIGURE_HEAD, tuple(_row(one, measured) for one in there)),),
        key="measured",
    )


def _row(one: Quoted, measured: Mapping[str, Measured]) -> tuple[Cell, ...]:
    found = measured.get(one.key)
    here: Cell = NOT_YET if found is None or found.figure is None else found.figure
    return (
        Words(*one.place),
        Words(one.zh, one.en),
        one.figure,
        here,
        None if found is None or not found.zh else Words(found.zh, found.en),
        None if found is None or not found.command else found.command,
    )


def _areas(atlas: Atlas, measured: Mapping[str, Measured]) -> Iterable[Section]:
    for area, words in AREAS.items():
        rows = [one for one in atlas.figures.values() if one.area == area]
        if rows:
            table = Table(_FIGURE_HEAD, tuple(_row(one, measured) for one in rows))
            yield Section(Words(*words), tables=(table,), key=f"area-{area}")


def _cards(atlas: Atlas) -> Section:
    head: tuple[Words, ...] = (
        Words("案例", "case"),
        *(Words(zh, en) for _, zh, en in atlas.criteria),
        Words("报告所述", "what the report tells"),
    )
    rows = tuple(
        (
            Words(card.zh, card.en),
            *(_score(one) for one in atlas.scored[card.key]),
            _told([atlas.figures[key] for key in card.told]),
        )
        for card in atlas.cards
    )
    return Section(
        Words("案例卡", "Case cards"),
        (
            Words(
                "得分是引用数字达到的门槛个数（0 至 5），规则见下表；没有数字就没有得分。",
                (
                    "A score is how many of five thresholds a quoted figure reaches, by the rules"
                    " below; where there is no figure there is no score."
                ),
            ),
        ),
        (Table(head, rows),),
        key="cases",
    )


def _score(one: Score) -> Cell:
    if one.points is None or one.quoted is None or one.measure is None:
        return None
    return Words(
        f"{one.points}/5：{one.measure.zh} {one.quoted.figure.text('zh')}",
        f"{one.points}/5: {one.measure.en} {one.quoted.figure.text('en')}",
    )


def _told(entries: Sequence[Quoted]) -> Words:
    return Words(
        "；".join(f"{one.zh} {one.figure.text('zh')}" for one in entries),
        "; ".join(f"{one.en}: {one.figure.text('en')}" for one in entries),
    )


def _rules(atlas: Atlas) -> Section:
    names: dict[str, Words] = {key: Words(zh, en) for key, zh, en in atlas.criteria}
    rows = tuple(
        (
            names[one.criterion],
            Words(one.zh, one.en),
            steps(one),
        )
        for one in atlas.measures.values()
    )
    head: tuple[Words, ...] = (
        Words("标准", "criterion"),
        Words("依据", "judged by"),
        Words("五个门槛", "five thresholds"),
    )
    title = Words("计分规则", "Rules of the scores")
    return Section(title, tables=(Table(head, rows),), key="rules")


def steps(measure: Measure) -> str:
    """Write the five thresholds of a measure."""
    sign = "≤" if measure.falling else "≥"
    return " · ".join(f"{sign} {_plain(measure.unit, step)}" for step in measure.thresholds)


def _plain(unit: str, value: object) -> str:
    number = float(str(value))
    return f"{number / 100 if unit == 'fen' else number:,.10g}"


def _grouped(one: Grouped) -> Section:
    head: tuple[Words, ...] = (Words("项", "what"), *(Words(*name) for name in one.columns))
    rows = tuple(
        (Words(zh, en), *(cell.figure if cell else None for cell in cells))
        for zh, en, cells in one.rows
    )
    return Section(
        Words(one.zh, one.en),
        () if one.note is None else (Words(*one.note),),
        (Table(head, rows),),
        key=f"table-{one.key}",
    )
