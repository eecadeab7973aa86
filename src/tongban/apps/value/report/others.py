"""The reports of the cloud and of shares (政务云、分摊)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from tongban.apps.value.domain import cloud
from tongban.apps.value.domain.chance import FEWEST, INTERVAL
from tongban.apps.value.domain.sharing import Shares
from tongban.apps.value.parameters import Parameters
from tongban.infra.reports.model import (
    NONE,
    NOT_MEASURED,
    Bar,
    Bars,
    Cell,
    Report,
    Section,
    Source,
    Table,
    filled,
    plain,
)
from tongban.kernel.facts import Words

CLASSES = {
    "hardware": Words("硬件", "hardware"),
    "platform": Words("平台软件", "platform software"),
    "security": Words("安全", "security"),
    "migration": Words("迁移与定制开发", "migration and custom development"),
    "organisation": Words("组织与培训", "organisation and training"),
}
_WHAT = (Words("项目", "what"), Words("数值", "figure"))
Governance = tuple[Mapping[str, int], Mapping[str, int], tuple[Decimal, Decimal] | None]


def of_cloud(
    spent: Sequence[cloud.Spend],
    systems: Sequence[cloud.System],
    governance: Governance | None,
    parameters: Parameters,
    sources: Mapping[str, str],
    as_of: date,
) -> Report:
    """Build the report of a government cloud; what has no file is not measured yet.

    ``sources`` names the files of ``costs``, ``systems`` and ``governance``. What belongs to an
    offer is quoted.
    """
    own = [s for s in spent if s.offer in ("", parameters.ours)]
    offered = Source(sources["costs"], as_of, "quoted")
    books = offered if any(s.offer for s in own) else Source(sources["costs"], as_of)
    seen = Source(sources["systems"], as_of) if systems else None
    sections = [_structure(own, systems, books, seen, parameters)]
    if seen is not None:
        sections.append(_systems(systems, seen, parameters))
    returned = None if governance is None else Source(sources["governance"], as_of)
    sections += [_ownership(spent, offered, parameters), _governance(governance, returned)]
    return Report(Words("政务云成本", "Cost of a government cloud"), as_of, tuple(sections))


def _structure(
    own: Sequence[cloud.Spend],
    systems: Sequence[cloud.System],
    books: Source,
    seen: Source | None,
    parameters: Parameters,
) -> Section:
    parts = cloud.structure(own)
    total = sum(parts.values())
    rows: list[tuple[Cell, ...]] = [
        (
            CLASSES[name],
            books.fen(amount),
            books.share(Decimal(amount) / total) if total else NONE,
        )
        for name, amount in parts.items()
    ]
    rows.append((Words("合计", "in all"), books.fen(total), NONE))
    unit = cloud.unit_cost(own, systems, parameters.cloud_life)
    used = cloud.utilisation(systems)
    assumed = Source(parameters.source, books.as_of, "assumed")
    more: tuple[tuple[Cell, ...], ...] = (
        (
            Words("每核每月成本", "cost per vCPU and month"),
            NOT_MEASURED if unit is None or seen is None else books.plus(seen, assumed).fen(unit),
        ),
        (
            Words("平均利用率", "mean utilisation"),
            NOT_MEASURED if used is None or seen is None else seen.share(used),
        ),
        (Words("目标峰值利用率", "use aimed at"), assumed.share(parameters.target_use)),
        (Words("资本年限", "life of capital"), assumed.of(parameters.cloud_life, "year")),
    )
    bars = tuple(
        Bar(CLASSES[name], books.fen(0), books.fen(amount), (books.fen(amount),))
        for name, amount in parts.items()
    )
    head = (Words("类别", "class"), Words("金额", "amount"), Words("占比", "share"))
    return Section(
        Words("成本结构", "What it is made of"),
        (_whose(own, parameters),),
        (Table(head, tuple(rows)), Table(_WHAT, more)),
        (Bars(Words("五类成本", "Five classes of cost"), bars),),
    )


def _whose(own: Sequence[cloud.Spend], parameters: Parameters) -> Words:
    """Say whose costs these are."""
    if not any(one.offer for one in own):
        return Words("不属任何方案的支出。", "What was spent under no offer.")
    name = _offer(parameters.ours)
    return Words(
        f"方案“{name.zh}”的支出，连同不属任何方案的支出；方案的金额为引用。",
        f"What the offer {name.en} costs, with what is under no offer; an offer is quoted.",
    )


def _systems(systems: Sequence[cloud.System], seen: Source, parameters: Parameters) -> Section:
    assumed = Source(parameters.source, seen.as_of, "assumed")
    fitted = seen.plus(assumed)
    wave = {name: n for n, names in enumerate(cloud.waves(systems), 1) for name in names}
    fit = {system.name: system.right_size(parameters.target_use) for system in systems}
    rows = tuple(
        (
            plain(s.name),
            plain(s.department),
            seen.of(wave[s.name], "number"),
            seen.of(s.vcpu, "vcpu"),
            seen.share(s.mean),
            seen.share(s.peak),
            fitted.of(fit[s.name], "vcpu"),
            fitted.of(s.vcpu - fit[s.name], "vcpu"),
        )
        for s in sorted(systems, key=lambda s: (wave[s.name], s.name))
    )
    head = (
        Words("系统", "system"),
        Words("部门", "department"),
        Words("迁移批次", "wave"),
        Words("现有", "has"),
        Words("平均", "mean use"),
        Words("峰值", "peak use"),
        Words("合适", "right size"),
        Words("可释放", "to free"),
    )
    return Section(
        Words("规格与迁移批次", "Right size and migration waves"),
        (
            filled(
                Words(
                    "合适规格：峰值时利用率为 {0}。批次：所依赖的系统先迁。",
                    "The right size has a use of {0} at its peak. A wave moves after its needs.",
                ),
                [assumed.share(parameters.target_use)],
            ),
        ),
        (Table(head, rows),),
    )


def _ownership(spent: Sequence[cloud.Spend], books: Source, parameters: Parameters) -> Section:
    one, other = _offer(parameters.ours), _offer(parameters.theirs)
    title = Words(
        f"{one.zh}与{other.zh}的全生命周期成本",
        f"Total cost of ownership, {one.en} and {other.en}",
    )
    found = cloud.ownership(spent, parameters.ours, parameters.theirs)
    if found is None:
        return Section(title, (NOT_MEASURED,))
    rows = tuple(
        (plain(str(year)), books.fen(ours), books.fen(theirs), books.fen(theirs - ours))
        for year, ours, theirs in zip(found.years, found.ours, found.theirs, strict=True)
    )
    bars = tuple(Bar(row[0], books.fen(0), row[3], (row[3],)) for row in rows)
    said = (
        Words("所列年份内未达到平衡", "no break-even within these years")
        if found.even is None
        else Words(f"{found.even} 年达到平衡", f"break-even in {found.even}")
    )
    first = found.years[0]
    even: tuple[Cell, ...] = (
        (Words("达到平衡", "break-even"), NONE)
        if found.even is None
        else (
            Words(
                f"自 {first} 年初至 {found.even} 年末达到平衡",
                f"from the start of {first} to break-even at the end of {found.even}",
            ),
            # a figure counts years: the number of a calendar year would be written 2,027
            books.of(found.even - first + 1, "year"),
        )
    )
    head = (
        Words("年（累计）", "year, so far"),
        one,
        other,
        Words("差额", "difference"),
    )
    saved = Words(
        f"累计差额（正数为{one.zh}较省）", f"Difference so far (above nil: {one.en} costs less)"
    )
    return Section(title, (said,), (Table(_WHAT, (even,)), Table(head, rows)), (Bars(saved, bars),))


def _offer(name: str) -> Words:
    return cloud.OFFERS.get(name, plain(name))


def _governance(found: Governance | None, books: Source | None) -> Section:
    title = Words("每元数据治理的回报", "Return per yuan of data governance")
    if found is None or books is None:
        return Section(title, (NOT_MEASURED,))
    gains, costs, ends = found
    ratio = cloud.return_per_yuan(gains, costs)
    rows: list[tuple[Cell, ...]] = [
        (Words("回报", "return"), NONE if ratio is None else books.of(ratio, "ratio"))
    ]
    method = books.assumed(Words("本报告的区间方法", "interval of this report"))
    level = method.of(INTERVAL, "percent")
    if ends is None:
        few = Words("{0} 区间（少于 {1} 个项目）", "{0} interval (under {1} projects)")
        rows.append((filled(few, [level, method.of(FEWEST, "number")]), NONE))
    else:
        sides = (
            Words("{0} 区间下限", "{0} interval from"),
            Words("{0} 区间上限", "{0} interval to"),
        )
        rows += [
            (filled(side, [level]), method.of(end, "ratio"))
            for side, end in zip(sides, ends, strict=True)
        ]
    return Section(title, (), (Table(_WHAT, tuple(rows)),))


def of_shares(shares: Shares, total: int, said: Source, source: str, as_of: date) -> Report:
    """Build the report of a bill that is shared; ``said`` is the source of the bill."""
    books = Source(source, as_of).plus(said)
    columns = (shares.volume, shares.peak, shares.shapley)
    errors = shares.spread
    rows: list[tuple[Cell, ...]] = [
        (
            plain(name),
            *(books.fen(column[n]) for column in columns),
            NONE if errors is None else books.fen(errors[n]),
        )
        for n, name in enumerate(shares.departments)
    ]
    sums = tuple(books.fen(sum(column)) for column in columns)
    rows.append((Words("合计", "in all"), *sums, NONE))
    bars = tuple(
        Bar(plain(name), books.fen(0), books.fen(part), (books.fen(part),))
        for name, part in zip(shares.departments, shares.shapley, strict=True)
    )
    how = Words("精确计算", "exact") if errors is None else Words("抽样计算", "sampled")
    head = (
        Words("部门", "department"),
        Words("按用量", "by volume"),
        Words("按峰值", "by peak"),
        Words(f"沙普利值（{how.zh}）", f"Shapley ({how.en})"),
        Words("抽样误差", "standard error"),
    )
    words = (
        Words(
            "沙普利值：按所有加入次序平均，各部门使总峰值增加多少。错峰使用的部门分摊较少。",
            "Shapley: what a department adds to the common peak, over all orders of joining. Who "
            "loads at other hours pays less.",
        ),
        filled(
            Words(
                "账单共 {0}，每列合计与之一分不差。",
                "The bill is {0}; each column adds up to it to the fen.",
            ),
            [said.fen(total)],
        ),
    )
    return Report(
        Words("成本分摊", "Sharing a cost"),
        as_of,
        (
            Section(
                Words("各部门分摊", "What each pays"),
                words,
                (Table(head, tuple(rows)),),
                (Bars(Words("沙普利值", "Shapley value"), bars),),
            ),
        ),
    )
