"""The report of unit costs 成本报告: CPS with its drill-down, UVD, the four dimensions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tongban.apps.value.domain.costing import Cost, Costed, Count, Dimensions, ServiceCost, Use
from tongban.apps.value.errors import Fault
from tongban.apps.value.parameters import Parameters
from tongban.infra.reports.model import (
    NONE,
    NOT_MEASURED,
    Bar,
    Bars,
    Cell,
    Link,
    Report,
    Section,
    Source,
    Table,
    filled,
    maybe,
    plain,
)
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

_COMMON = Words("（各部门共用）", "(all departments)")
DIMENSIONS = {
    "base": Words("底座集约化：各部门共用的成本占比", "base shared: cost that stands for all"),
    "automated": Words("流程智能化：无需人工即办结的占比", "automated: decided without a person"),
    "assets": Words("数据资产化：由部门供数的占比", "data as assets: begun with data supplied"),
    "governance": Words("治理协同化：多部门共办的占比", "governance: cases of several departments"),
}
_USE = {
    "effective": Words("有效办结", "effective"),
    "unaided": Words("无需人工", "without a person"),
    "first_time": Words("一次办成（未补正）", "right first time"),
}
#: Names of what a person should look at; English has the name that the documentation has.
FLAGS = {
    "DepartmentRenamed": Words("部门已更名", "DepartmentRenamed"),
    "DepartmentMaybeRenamed": Words("部门可能更名", "DepartmentMaybeRenamed"),
    "LineGap": Words("中间年度缺失", "LineGap"),
    "LineMaybeShort": Words("首末年度可能缺失", "LineMaybeShort"),
    "UnitMaybeWrong": Words("单位可能有误", "UnitMaybeWrong"),
}
_LOOK = Words("需要查看的行", "Rows to look at")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the report tells of. ``uvd`` and ``satisfaction`` are None where not measured."""

    costed: Costed
    ledger: Sequence[Cost]
    counts: Sequence[Count]
    before: Sequence[Costed]
    use: Use
    dimensions: Dimensions
    uvd: Decimal | None
    satisfaction: Figure | None
    users: Figure | None
    flags: Sequence[Fault]
    sources: tuple[str, str | Words]


class _Sources:
    """Where the figures of this report come from, each as well known as its weakest part."""

    def __init__(self, facts: Facts, parameters: Parameters, as_of: date) -> None:
        self.ledger, self.trail = (Source(name, as_of) for name in facts.sources)
        self.told = Source(parameters.source, as_of, "assumed")
        # capital by year rests on its life, where the ledger does not tell it
        guessed = any(row.assumed for row in facts.ledger)
        self.spent = self.ledger.plus(self.told) if guessed else self.ledger
        # what is decided again within so many days does not count: the days are a choice
        self.judged = self.trail.plus(self.told)
        # so are the drivers by which costs go to services
        self.each = self.ledger.plus(self.trail, self.told)


def report(facts: Facts, parameters: Parameters, as_of: date) -> Report:
    """Build the report."""
    about = _Sources(facts, parameters, as_of)
    year = facts.costed.year
    return Report(
        Words(f"{year} 年服务成本与价值", f"Cost and value of services, {year}"),
        as_of,
        (
            _unit(facts, about),
            _services(facts, about),
            _counts(facts, about),
            _density(facts, about, parameters),
            _four(facts, about, parameters),
            _flags(facts),
        ),
        _verdict(facts, about.ledger),
    )


def _verdict(facts: Facts, ledger: Source) -> tuple[Words, ...]:
    """Say before all else that rows of the ledger want a look, and why."""
    names = [FLAGS[name] for name in dict.fromkeys(one.name for one in facts.flags)]
    if not names:
        return ()
    said = Words(
        f"台账有 {{0}}需要查看：{'、'.join(name.zh for name in names)}。见“{_LOOK.zh}”。",
        f"The ledger has {{0}} to look at: {', '.join(name.en for name in names)}. "
        f"See “{_LOOK.en}”.",
    )
    return (filled(said, [ledger.of(len({one.row for one in facts.flags}), "row")]),)


def _unit(facts: Facts, about: _Sources) -> Section:
    costed, each = facts.costed, about.each
    rows: list[tuple[Cell, ...]] = [
        (Words("总成本（含资本分年）", "all cost, capital by year"), about.spent.fen(costed.total)),
        (
            Words("其中未能归集", "of it without a home"),
            about.spent.plus(about.trail).fen(costed.unplaced),
        ),
        (Words("有效办结", "effective services"), about.judged.of(costed.effective, "case")),
        (Words("CPS", "CPS"), _fen(each, costed.unit)),
    ]
    rows += [
        (Words(f"{one.year} 年 CPS", f"CPS in {one.year}"), _fen(each, one.unit))
        for one in facts.before
    ]
    bars: list[Bar] = []
    if costed.effective:
        so_far = Decimal(0)
        parts = [(plain(name), amount) for name, amount in costed.towers().items()]
        if costed.unplaced:
            parts.append((Words("未能归集", "without a home"), costed.unplaced))
        for label, amount in parts:
            low, so_far = so_far, so_far + Decimal(amount) / costed.effective
            part = each.fen(Decimal(amount) / costed.effective)
            bars.append(Bar(label, each.fen(low), each.fen(so_far), (part,)))
        total = each.fen(so_far)
        bars.append(Bar(Words("合计", "in all"), each.fen(0), total, (total,)))
    return Section(
        Words("单次有效服务成本 CPS", "Cost per effective service (CPS)"),
        (
            Words(
                "CPS＝当年成本÷有效办结数。撤回、不适用、未办结和短期内就同一事项再次办理的，不计入有效办结。",
                "CPS is the cost of the year over effective services. Withdrawn, not applicable, "
                "open, and what was decided again soon after do not count.",
            ),
        ),
        (Table((Words("项目", "what"), Words("数值", "figure")), tuple(rows)),),
        (Bars(Words("CPS 的构成（瀑布图）", "What CPS is made of (waterfall)"), tuple(bars)),),
    )


def _fen(books: Source, value: Decimal | None) -> Cell:
    return NOT_MEASURED if value is None else books.fen(value)


def _services(facts: Facts, about: _Sources) -> Section:
    towers = list(facts.costed.towers())
    head = (
        Words("部门", "department"),
        Words("事项", "service"),
        Words("有效办结", "effective"),
        Words("成本", "cost"),
        Words("CPS", "CPS"),
        *(plain(tower) for tower in towers),
    )
    homes: dict[str, list[ServiceCost]] = {}
    for one in sorted(facts.costed.services, key=lambda one: -one.total):
        homes.setdefault(one.department, []).append(one)
    # the services of a department stand together, the dearest department first
    order = sorted(homes, key=lambda name: -sum(one.total for one in homes[name]))
    departments, services, keys = [], [], []
    for number, name in enumerate(order, 1):
        home, first, label = f"department-{number}", f"services-{number}", name or "—"
        departments.append((Link(label, label, first), *_department(homes[name], about)))
        for place, one in enumerate(homes[name]):
            keys.append(first if place == 0 else f"{first}-{place + 1}")
            services.append(
                (
                    Link(label, label, home),
                    plain(one.service),
                    about.judged.of(one.effective, "case"),
                    about.each.fen(one.total),
                    _fen(about.each, one.unit),
                    *(about.each.fen(one.by_tower.get(tower, 0)) for tower in towers),
                )
            )
    places = tuple(f"department-{number}" for number in range(1, len(order) + 1))
    return Section(
        Words("按部门和事项", "By department and service"),
        (
            Words(
                "由部门可到其事项，由事项可回到部门；同一部门的事项排在一起。",
                "A department leads to its services, and each of them back; they stand together.",
            ),
        ),
        (
            Table((head[0], Words("事项数", "services"), *head[2:5]), tuple(departments), places),
            Table(head, tuple(services), tuple(keys)),
        ),
    )


def _department(services: Sequence[ServiceCost], about: _Sources) -> tuple[Cell, ...]:
    count, total = (sum(getattr(one, name) for one in services) for name in ("effective", "total"))
    return (
        about.trail.of(len(services), "item"),
        about.judged.of(count, "case"),
        about.each.fen(total),
        _fen(about.each, Decimal(total) / count if count else None),
    )


def _counts(facts: Facts, about: _Sources) -> Section:
    trail, judged = about.trail, about.judged
    now = [c for c in facts.counts if c.year == facts.costed.year]

    def total(name: str) -> int:
        return sum(getattr(one, name) for one in now)

    steps = (
        (Words("已开始", "begun"), "begun", 1, trail),
        (Words("尚未办结", "open"), "open", -1, trail),
        (Words("撤回、不适用", "withdrawn or not applicable"), "withdrawn", -1, trail),
        (Words("同一事项再次办理", "decided again soon after"), "repeated", -1, judged),
    )
    bars, so_far = [], 0
    for label, name, sign, source in steps:
        low, so_far = so_far, so_far + sign * total(name)
        shown = source.of(total(name), "case")
        bars.append(Bar(label, trail.of(low, "case"), source.of(so_far, "case"), (shown,)))
    last = judged.of(total("effective"), "case")
    bars.append(Bar(Words("有效办结", "effective"), judged.of(0, "case"), last, (last,)))
    more: tuple[tuple[Words, Cell], ...] = (
        (Words("办结事件重复", "ends told more than once"), trail.of(total("retried"), "event")),
        (
            Words("申请人不明、无法判断是否重复", "person not told: a repeat would not be seen"),
            trail.of(total("unknown"), "case"),
        ),
        (Words("事件", "events"), trail.of(total("events"), "event")),
    )
    rows = tuple((bar.label, bar.shown[0]) for bar in bars) + more
    return Section(
        Words("从开始到有效办结", "From begun to effective"),
        (),
        (Table((Words("项目", "what"), Words("数值", "figure")), rows),),
        (Bars(Words("有效办结（瀑布图）", "Effective services (waterfall)"), tuple(bars)),),
    )


def _density(facts: Facts, about: _Sources, parameters: Parameters) -> Section:
    assumed = about.told.assumed(parameters.notes["utility"])
    known = {"effective": about.judged}
    given = [
        Source(one.source, one.as_of, one.status)
        for one in (facts.satisfaction, facts.users)
        if one is not None
    ]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            label,
            _share(known.get(name, about.trail), getattr(facts.use, name)),
            assumed.of(parameters.weights[name], "point") if name in parameters.weights else NONE,
        )
        for name, label in _USE.items()
    )
    rows += (
        (Words("满意度", "satisfaction"), maybe(facts.satisfaction), NONE),
        (Words("用户", "users"), maybe(facts.users), NONE),
        (
            Words("满密度的每用户每月办结数", "services per user and month at full density"),
            assumed.of(parameters.reference, "case"),
            NONE,
        ),
        (
            Words("用户价值密度 UVD", "user value density UVD"),
            NOT_MEASURED
            if facts.uvd is None
            else about.trail.plus(assumed, *given).of(facts.uvd, "point", 3),
            NONE,
        ),
    )
    return Section(
        Words("用户价值密度 UVD", "User value density (UVD)"),
        (
            filled(
                Words(
                    "UVD＝效用（各项加权平均）×满意度×密度；"
                    "密度为每用户每月有效办结数与 {0}之比，至多为一。",
                    "UVD is utility (the weighted mean of its parts) × satisfaction × density; "
                    "density is effective services per user and month over {0}, at most one.",
                ),
                [assumed.of(parameters.reference, "case")],
            ),
        ),
        (Table((Words("项目", "what"), Words("数值", "figure"), Words("权重", "weight")), rows),),
    )


def _share(books: Source, value: Decimal | None) -> Cell:
    return NOT_MEASURED if value is None else books.share(value)


def _four(facts: Facts, about: _Sources, parameters: Parameters) -> Section:
    quoted = Source(parameters.notes["thresholds"], about.ledger.as_of, "quoted")
    known = {"base": about.spent}
    rows = []
    for name, label in DIMENSIONS.items():
        value, limit = getattr(facts.dimensions, name), parameters.thresholds[name]
        reached = Words("达到", "reached") if value is not None and value >= limit else NONE
        if value is not None and value < limit:
            reached = Words("未达到", "not reached")
        rows.append(
            (label, _share(known.get(name, about.trail), value), quoted.share(limit), reached)
        )
    head = (
        Words("维度", "dimension"),
        Words("本处", "here"),
        Words("阈值", "threshold"),
        Words("结论", "verdict"),
    )
    return Section(Words("四个维度", "Four dimensions"), (), (Table(head, tuple(rows)),))


def _flags(facts: Facts) -> Section:
    rows = tuple(
        (plain(f"{one.file}:{one.row}"), FLAGS[one.name], Words(one.zh, one.en))
        for one in facts.flags
    ) or ((NONE, NONE, NONE),)
    head = (Words("位置", "where"), Words("名称", "name"), Words("说明", "what"))
    return Section(_LOOK, (), (Table(head, rows),))
