"""The report of an appraisal 投资评价报告."""

from datetime import date
from decimal import Decimal

from tongban.apps.value.domain.appraisal import INPUTS, Project, Result
from tongban.apps.value.domain.chance import TAILS, Spread
from tongban.apps.value.parameters import Parameters
from tongban.infra.reports.model import (
    NONE,
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

NAMES = {
    "outlay": Words("建设投入", "outlay"),
    "running": Words("运行费", "running cost"),
    "direct": Words("直接收益", "direct income"),
    "social": Words("社会收益", "social value"),
    "delay": Words("收益推迟（年）", "delay of income (years)"),
}
_WHAT = (Words("项目", "what"), Words("数值", "figure"))
_FROM_TO = (Words("净现值，自", "NPV from"), Words("至", "to"))
_ONE = Words("{0}", "{0}")
_NEVER = Words("评价期内不回收", "not within these years")


def report(
    found: Project, result: Result, spread: Spread, parameters: Parameters, source: str, as_of: date
) -> Report:
    """Build the report."""
    given, told = Source(source, as_of, "quoted"), Source(parameters.source, as_of, "assumed")
    stated = given.plus(told)
    return Report(
        Words("投资评价", "Appraisal of an investment"),
        as_of,
        (
            _direct(found, result, given, told, parameters),
            _social(result, stated, told, parameters),
            _moves(result, stated, told, parameters),
            _chance(found, spread, stated),
        ),
    )


def _direct(
    found: Project, result: Result, given: Source, told: Source, parameters: Parameters
) -> Section:
    stated = given.plus(told)
    roots = result.rates.roots
    name = Words("内部收益率 IRR", "internal rate of return (IRR)")
    irr: list[tuple[Cell, ...]] = [(name, given.share(root)) for root in roots]
    says = []
    if not roots:
        why = (
            Words(
                "现金流不变号，内部收益率不存在", "the flow never changes its sign: there is no IRR"
            )
            if not result.rates.changes
            else Words("没有任何折现率使净现值为零", "no rate makes the NPV nil: there is no IRR")
        )
        irr = [(name, NONE)]
        says.append(why)
    elif len(roots) > 1:
        says.append(
            filled(
                Words(
                    "现金流变号 {0} 次，有 {1} 个内部收益率，都列出；请以净现值为准。",
                    "The flow changes its sign {0} times and has {1} rates of return. All are "
                    "given; go by the NPV.",
                ),
                [given.of(result.rates.changes, "number"), given.of(len(roots), "number")],
            )
        )
    rows: list[tuple[Cell, ...]] = [
        (Words("净现值 NPV（直接）", "net present value, direct"), stated.fen(result.npv)),
        (
            Words("净现值，按乐观偏差修正", "the same, corrected for optimism"),
            stated.fen(result.corrected),
        ),
        *irr,
        (
            Words("修正内部收益率 MIRR", "modified IRR"),
            NONE if result.mirr is None else stated.share(result.mirr),
        ),
        (Words("回收期", "payback"), _years(given, result.payback)),
        (
            Words("动态回收期", "payback, discounted"),
            _years(stated, result.payback_discounted),
        ),
        (
            Words("折现率", "discount rate"),
            told.assumed(parameters.notes["rate"]).share(parameters.terms.rate),
        ),
    ]
    years: tuple[tuple[Cell, ...], ...] = tuple(
        (
            plain(str(found.first + n)),
            *(given.fen(found.sums[kind][n]) for kind in ("outlay", "running", "direct")),
            given.fen(found.direct[n]),
        )
        for n in range(len(found.direct))
    )
    head = (Words("年", "year"), NAMES["outlay"], NAMES["running"], NAMES["direct"])
    return Section(
        Words("直接价值（财政口径）", "Direct value (money of the budget)"),
        tuple(says),
        (Table(_WHAT, tuple(rows)), Table((*head, Words("净额", "net")), years)),
    )


def _years(stated: Source, value: Decimal | None) -> Cell:
    return _NEVER if value is None else stated.of(value, "year", 1)


def _social(result: Result, stated: Source, told: Source, parameters: Parameters) -> Section:
    social = parameters.terms.social
    assumed = told.assumed(parameters.notes["social"])
    rows: tuple[tuple[Cell, ...], ...] = (
        (
            Words("社会价值现值（扣减后）", "present social value, after deductions"),
            stated.fen(result.social),
        ),
        (Words("投入现值", "present value of what was spent"), stated.fen(result.spent)),
        (
            Words("社会投资回报 SROI", "social return on investment (SROI)"),
            NONE if result.sroi is None else stated.of(result.sroi, "ratio"),
        ),
        (Words("无谓损失", "deadweight"), assumed.share(social.deadweight)),
        (Words("替代", "displacement"), assumed.share(social.displacement)),
        (Words("归因于他人", "attribution to others"), assumed.share(social.attribution)),
        (Words("逐年衰减", "drop-off a year"), assumed.share(social.drop_off)),
    )
    return Section(
        Words("社会价值", "Social value"),
        (
            Words(
                "社会价值与直接价值并列，不相加：前者不是财政收入。",
                "Social value stands beside direct value and is not added: no budget gets it.",
            ),
        ),
        (Table(_WHAT, rows),),
    )


def _moves(result: Result, stated: Source, told: Source, parameters: Parameters) -> Section:
    swings = tuple((NAMES[s.name], stated.fen(s.low), stated.fen(s.high)) for s in result.tornado)
    bars = tuple(Bar(label, low, high, (low, high)) for label, low, high in swings)
    even: tuple[tuple[Cell, ...], ...] = tuple(
        (NAMES[name], NONE if factor is None else stated.of(factor, "ratio", 3))
        for name, factor in result.break_even.items()
    )
    ranges: tuple[tuple[Cell, ...], ...] = tuple(
        (NAMES[name], *(told.of(end, "point") for end in (one.low, one.mode, one.high)))
        for name in INPUTS
        for one in (parameters.terms.ranges[name],)
    )
    corrected = stated.fen(result.corrected)
    return Section(
        Words("什么影响结果", "What moves the result"),
        (parameters.notes["optimism"],),
        (
            Table(
                (
                    Words("因素", "input"),
                    Words("取低值时的净现值", "NPV at its low"),
                    Words("取高值时的净现值", "NPV at its high"),
                ),
                swings,
            ),
            Table(
                (
                    Words("单独变动", "alone"),
                    Words("净现值为零时的倍数", "factor at which NPV is nil"),
                ),
                even,
            ),
            Table(
                (
                    Words("乐观偏差（倍数；推迟为年）", "optimism (factors; a delay in years)"),
                    Words("低", "low"),
                    Words("最可能", "likely"),
                    Words("高", "high"),
                ),
                ranges,
            ),
        ),
        (Bars(Words("净现值的敏感性（龙卷风图）", "NPV by input (tornado)"), bars, corrected),),
    )


def _chance(found: Project, spread: Spread, stated: Source) -> Section:
    histogram = tuple(
        Bar(
            filled(Words("{0} 至 {1}", "{0} to {1}"), [stated.fen(low), stated.fen(high)]),
            stated.of(0, "path"),
            stated.of(count, "path"),
            (stated.of(count, "path"),),
        )
        for low, high, count in spread.histogram
    )
    fan = tuple(
        Bar(
            plain(str(found.first + n)),
            stated.fen(ends[0]),
            stated.fen(ends[4]),
            (stated.fen(ends[0]), stated.fen(ends[4])),
        )
        for n, ends in enumerate(spread.fan)
    )
    # which percentiles are told is a choice as well
    tails = [stated.of(tail, "percent") for tail in TAILS]
    rates: list[Cell] = [stated.share(rate) for rate in spread.irr] or [NONE] * len(tails)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (tail, stated.fen(npv), stated.fen(social), rate)
        for tail, npv, social, rate in zip(
            tails,
            spread.npv,
            spread.social,
            rates,
            strict=True,
        )
    )
    told: tuple[tuple[Cell, ...], ...] = (
        (Words("路径", "paths"), stated.of(spread.paths, "path")),
        (Words("净现值为负的概率", "chance of an NPV below nil"), stated.share(spread.loss)),
        (Words("没有唯一 IRR 的路径", "paths without a single IRR"), stated.share(spread.without)),
    )
    fans: tuple[tuple[Cell, ...], ...] = tuple(
        (plain(str(found.first + n)), *(stated.fen(end) for end in ends))
        for n, ends in enumerate(spread.fan)
    )
    bins = tuple(
        (stated.fen(low), stated.fen(high), stated.of(count, "path"))
        for low, high, count in spread.histogram
    )
    return Section(
        Words("不确定性（蒙特卡洛）", "Uncertainty (Monte Carlo)"),
        (
            Words(
                f"随机种子 --seed {spread.seed}：同一种子得到同一结果。",
                f"With --seed {spread.seed} again the result is the same.",
            ),
        ),
        (
            Table(_WHAT, told),
            Table(
                (
                    Words("百分位", "percentile"),
                    Words("净现值", "NPV"),
                    Words("社会价值", "social value"),
                    Words("内部收益率", "IRR"),
                ),
                rows,
            ),
            Table((Words("累计净现值", "NPV so far"), *(filled(_ONE, [t]) for t in tails)), fans),
            Table((*_FROM_TO, Words("路径", "paths")), bins),
        ),
        (
            Bars(Words("净现值的分布", "How NPV is spread"), histogram),
            Bars(
                filled(
                    Words("累计净现值，{0} 至 {1}（扇形图）", "NPV so far, {0} to {1} (fan)"),
                    [tails[0], tails[-1]],
                ),
                fan,
            ),
        ),
    )
