"""The atlas as a report 图谱报告: what fails, what is quoted beside what is measured, the cases."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from tongban.apps.forecast.domain.atlas import AREAS, KNOWN, Level, Measure, Measured, Quoted
from tongban.apps.forecast.domain.atlas.checks import Check
from tongban.infra.reports.model import (
    Bar,
    Bars,
    Cell,
    Report,
    Section,
    Table,
    filled,
)
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .reading import Atlas
from .reading import Table as Grouped

NOT_YET = Words("尚未测量", "not measured yet")
NOT_STATED = Words("未说明", "not stated")
_DIRECTION: dict[bool, Words] = {
    False: Words("不低于", "at least"),
    True: Words("不高于", "at most"),
}
_NTH = (("一", "first"), ("二", "second"), ("三", "third"), ("四", "fourth"), ("五", "fifth"))
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
                filled(Words(*one.said), one.figures),
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
                "规模不同的两个数字并列，不作比较；实测只说明本平台，来自报告的数字保留原状态。",
                (
                    "Numbers of different scale stand side by side; what is measured speaks of"
                    " this installation alone. What comes from a report keeps its status there."
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
    matrix: list[tuple[Cell, ...]] = []
    sources: list[tuple[Cell, ...]] = []
    told: list[tuple[Cell, ...]] = []
    names: dict[str, Words] = {key: Words(zh, en) for key, zh, en in atlas.criteria}
    for card in atlas.cards:
        name, stated = Words(card.zh, card.en), atlas.levels[card.key]
        matrix.append((name, *(_level(one) for one in stated)))
        sources += [
            (
                name,
                names[one.criterion],
                _level(one),
                Words(*KNOWN[one.status]),
                Words(one.measure.zh, one.measure.en) if one.measure else None,
                one.quoted.figure if one.quoted else None,
                one.source or None,
            )
            for one in stated
        ]
        further = [atlas.figures[key] for key in card.told]
        told += [(name, Words(f.zh, f.en), f.figure, Words(*f.place)) for f in further]
        if not further and card.source:
            told.append((name, NOT_STATED, None, card.source))
    case = Words("案例", "case")
    quoted = Words("引用值", "quoted")
    return Section(
        Words("案例卡", "Case cards"),
        (
            filled(
                Words(
                    "每个标准上的水平注明出处和状态：引用、评判或未说明。得分是引用数字达到的门槛个数，"
                    "最高 {0}，规则见下表；没有出处的写作“未说明”，不用别的数字代替。",
                    (
                        "The level on each criterion has its source and status: quoted, judged or"
                        " not stated. Points are how many thresholds a quoted figure reaches, at"
                        " most {0}, by the rules below; where no source speaks of a criterion it is"
                        " not stated, and no other number stands in for it."
                    ),
                ),
                [_point(atlas, 5, "criteria.yaml")],
            ),
        ),
        (
            Table((case, *names.values()), tuple(matrix)),
            Table(
                (
                    case,
                    Words("标准", "criterion"),
                    Words("水平", "level"),
                    Words("状态", "status"),
                    Words("依据", "judged by"),
                    quoted,
                    Words("出处", "source"),
                ),
                tuple(sources),
            ),
            Table(
                (
                    case,
                    Words("报告所述", "what the report tells"),
                    quoted,
                    Words("节", "section"),
                ),
                tuple(told),
            ),
        ),
        (_picture(atlas),),
        key="cases",
    )


def _level(one: Level) -> Cell:
    if one.quoted is None:
        return Words(*one.words) if one.words else NOT_STATED
    quoted = one.quoted.figure
    if one.points is None or one.measure is None:
        return quoted
    how = f"criteria.yaml, {one.measure.key}; {quoted.source}"
    return Figure(one.points, "point", quoted.as_of, how, "assumed")


def _picture(atlas: Atlas) -> Bars:
    """Draw the mean points of each case over what it can be judged by, the best first."""
    found = []
    for card in atlas.cards:
        points = [p for one in atlas.levels[card.key] if (p := one.points) is not None]
        if points:
            mean = Decimal(sum(points)) / len(points)
            how = f"criteria.yaml, mean of {card.key}"
            judged = Figure(len(points), "item", _day(atlas), how, "assumed")
            shown = _point(atlas, mean.quantize(Decimal("0.1")), how)
            found.append(
                (mean, Bar(Words(card.zh, card.en), _point(atlas, 0, how), shown, (shown, judged)))
            )
    ordered = [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)]
    title = Words(
        "案例平均得分（旁为有数字可评的标准数）",
        "Mean score of each case (beside: criteria with a figure to judge by)",
    )
    return Bars(title, tuple(ordered))


def _day(atlas: Atlas) -> date:
    return max(one.figure.as_of for one in atlas.figures.values())


def _point(atlas: Atlas, value: int | Decimal, how: str) -> Figure:
    # the thresholds are this project's own, so a score is no quotation
    return Figure(value, "point", _day(atlas), how, "assumed")


def _rules(atlas: Atlas) -> Section:
    names: dict[str, Words] = {key: Words(zh, en) for key, zh, en in atlas.criteria}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            names[one.criterion],
            Words(one.zh, one.en),
            _DIRECTION[one.falling],
            *(_threshold(atlas, one, step) for step in one.thresholds),
        )
        for one in atlas.measures.values()
    )
    head: tuple[Words, ...] = (
        Words("标准", "criterion"),
        Words("依据", "judged by"),
        Words("方向", "direction"),
        *(Words(f"第{zh}个门槛", f"{en} threshold") for zh, en in _NTH),
    )
    title = Words("计分规则", "Rules of the scores")
    return Section(title, tables=(Table(head, rows),), key="rules")


def _threshold(atlas: Atlas, measure: Measure, step: Decimal) -> Figure:
    value = int(step) if measure.unit == "fen" else step
    return Figure(value, measure.unit, _day(atlas), f"criteria.yaml, {measure.key}", "assumed")


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
