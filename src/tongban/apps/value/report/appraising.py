"""The report of an appraisal 投资评价报告, and that of the consistency gate."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tongban.apps.value.domain.appraisal import INPUTS, Project, Result
from tongban.apps.value.domain.chance import Spread
from tongban.apps.value.domain.gate import Claim, Finding
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
#: Names of contradictions; English has the name that the finding has.
CONTRADICTIONS = {
    "PaybackBeyondHorizon": Words("回收期超出评价期", "PaybackBeyondHorizon"),
    "ReturnWithoutPayback": Words("未回收而收益率为正", "ReturnWithoutPayback"),
    "RateNegative": Words("折现率为负", "RateNegative"),
    "SignsDisagree": Words("正负不符", "SignsDisagree"),
    "NpvBeyondIrr": Words("净现值超出上限", "NpvBeyondIrr"),
    "NpvBelowIrr": Words("净现值低于下限", "NpvBelowIrr"),
}
_WHAT = (Words("项目", "what"), Words("数值", "figure"))
_TAILS = ("5 %", "25 %", "50 %", "75 %", "95 %")
_NEVER = Words("评价期内不回收", "not within these years")


def report(
    found: Project, result: Result, spread: Spread, parameters: Parameters, source: str, as_of: date
) -> Report:
    """Build the report."""
    stated = Source(source, as_of, "quoted").assumed(parameters.source)
    return Report(
        Words("投资评价", "Appraisal of an investment"),
        as_of,
        (
            _direct(found, result, Source(source, as_of, "quoted"), stated, parameters),
            _social(result, stated, parameters),
            _moves(result, stated, parameters),
            _chance(found, spread, stated),
        ),
    )


def _direct(
    found: Project, result: Result, given: Source, stated: Source, parameters: Parameters
) -> Section:
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
            Words(
                f"现金流变号 {result.rates.changes} 次，有 {len(roots)} 个内部收益率，"
                "都列出；请以净现值为准。",
                f"The flow changes its sign {result.rates.changes} times and has {len(roots)} "
                "rates of return. All are given; go by the NPV.",
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
            stated.assumed(parameters.notes["rate"]).share(parameters.terms.rate),
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


def _social(result: Result, stated: Source, parameters: Parameters) -> Section:
    social = parameters.terms.social
    assumed = stated.assumed(parameters.notes["social"])
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


def _moves(result: Result, stated: Source, parameters: Parameters) -> Section:
    swings = tuple((NAMES[s.name], stated.fen(s.low), stated.fen(s.high)) for s in result.tornado)
    bars = tuple(Bar(label, low, high, (low, high)) for label, low, high in swings)
    even: tuple[tuple[Cell, ...], ...] = tuple(
        (NAMES[name], NONE if factor is None else stated.of(factor, "ratio", 3))
        for name, factor in result.break_even.items()
    )
    ranges: tuple[tuple[Cell, ...], ...] = tuple(
        (NAMES[name], *(stated.of(end, "point") for end in (one.low, one.mode, one.high)))
        for name in INPUTS
        for one in (parameters.terms.ranges[name],)
    )
    corrected = stated.fen(result.corrected)
    return Section(
        Words("什么影响结果", "What moves the result"),
        (plain(parameters.notes["optimism"]),),
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
            Words(
                f"{low / 1e6:,.0f} 至 {high / 1e6:,.0f} 万元",
                f"{low / 1e8:,.2f} to {high / 1e8:,.2f} million yuan",
            ),
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
    rates: list[Cell] = [stated.share(rate) for rate in spread.irr] or [NONE] * len(_TAILS)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (plain(tail), stated.fen(npv), stated.fen(social), rate)
        for tail, npv, social, rate in zip(
            _TAILS,
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
    bins = tuple((bar.label, bar.high) for bar in histogram)
    return Section(
        Words("不确定性（蒙特卡洛）", "Uncertainty (Monte Carlo)"),
        (
            Words(
                f"随机种子 {spread.seed}：同一种子得到同一结果。",
                f"Seed {spread.seed}: the same seed gives the same result.",
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
            Table((Words("累计净现值", "NPV so far"), *(plain(tail) for tail in _TAILS)), fans),
            Table((Words("净现值区间", "NPV from, to"), Words("路径", "paths")), bins),
        ),
        (
            Bars(Words("净现值的分布", "How NPV is spread"), histogram),
            Bars(Words("累计净现值，5 % 至 95 %（扇形图）", "NPV so far, 5 % to 95 % (fan)"), fan),
        ),
    )


def gate(claim: Claim, findings: Sequence[Finding], source: str, as_of: date) -> Section:
    """Tell what the gate found of quoted figures."""
    quoted, counted = Source(source, as_of, "quoted"), Source(f"gate of {source}", as_of, "assumed")
    rows: list[tuple[Cell, ...]] = [(Words("年数", "years"), quoted.of(claim.years, "year"))]
    if claim.irr is not None:
        rows.append((Words("内部收益率", "IRR"), quoted.share(claim.irr)))
    if claim.npv is not None:
        rows.append((Words("净现值÷投资", "NPV over outlay"), quoted.of(claim.npv, "ratio")))
    if claim.rate is not None:
        rows.append((Words("折现率", "discount rate"), quoted.share(claim.rate)))
    if claim.payback is not None:
        rows.append((Words("回收期", "payback"), quoted.of(claim.payback, "year")))
    for found in findings:
        rows.append((CONTRADICTIONS[found.name], counted.of(found.bound, "ratio")))
        if found.needed is not None:
            label = Words("要达到该净现值，内部收益率至少", "IRR that this NPV needs, at least")
            rows.append((label, counted.share(found.needed)))
    said = tuple(f.said for f in findings) or (
        Words(
            "所引数字可以同时成立；这不表示它们属实。",
            "These figures can hold together. That does not say that they are true.",
        ),
    )
    return Section(Words("自洽性检验", "Consistency gate"), said, (Table(_WHAT, tuple(rows)),))
