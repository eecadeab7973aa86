"""Checks of quoted figures 引用数字的检验: each computes again what several of them say together.

A check is a line of data: a kind and the figures that play its parts. The kinds are the functions
below; each gives whether the figures can all hold, and the sum that says so, in both languages.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tongban.kernel.figures import Figure

from .figures import Quoted

_TIMES = frozenset({"second", "minute", "hour", "day", "workday", "month", "year"})
#: A threshold that is met a hundred times over by the least that was seen divides nothing.
_BINDS = 100.0
_MONTH = 30
_MILLION = 1e6


class CheckInvalid(ValueError):
    """A check that names a kind, a part or a figure that is not there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A check as an analyst writes it; ``of`` gives a figure (or several) for each part.

    ``given`` are numbers that are no figures, such as how near is near enough.
    """

    key: str
    kind: str
    of: Mapping[str, tuple[str, ...]]
    given: Mapping[str, Decimal] = field(default_factory=dict)
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of a check: ``keys`` are the figures, ``zh`` and ``en`` the sum."""

    key: str
    kind: str
    keys: tuple[str, ...]
    holds: bool
    zh: str
    en: str
    title: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class _Parts:
    """The figures of one check by part, and the numbers given with it."""

    rule: Rule
    quoted: Mapping[str, Quoted]

    def entries(self, part: str) -> tuple[Quoted, ...]:
        try:
            return tuple(self.quoted[key] for key in self.rule.of[part])
        except KeyError as missing:
            raise CheckInvalid(
                f"CheckInvalid: check {self.rule.key!r} of kind {self.rule.kind!r} has no"
                f" {missing.args[0]!r}; give it the key of a figure"
            ) from None

    def figure(self, part: str) -> Figure:
        return self.entries(part)[0].figure

    def value(self, part: str) -> float:
        return float(self.figure(part).value)

    def number(self, name: str, otherwise: float) -> float:
        return float(self.rule.given.get(name, Decimal(str(otherwise))))

    def near(self, part: str) -> float:
        """Give how far off the printed digits of a figure let it be: half of the last one."""
        return self.number("within", half_digit(self.figure(part)))


_Said = tuple[bool, str, str]


def half_digit(figure: Figure) -> float:
    """Give half of the last digit that a figure is printed with.

    >>> from datetime import date
    >>> half_digit(Figure(Decimal("92.3"), "percent", date(2026, 1, 1), "x", "quoted"))
    0.05
    """
    exponent = Decimal(figure.value).as_tuple().exponent
    return 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0


def _returns(p: _Parts) -> _Said:
    """An outlay and then inflows within n years: value over outlay is at most (1+IRR)^n - 1."""
    years, rate, ratio = p.value("years"), p.value("rate") / 100, p.value("ratio")
    most = (1 + rate) ** years - 1
    return (
        ratio <= most,
        f"收益率 {rate:.1%}、{years:g} 年之内，净现值至多为投资的 {most:.2f} 倍，引用为 {ratio:g}",
        (
            f"at {rate:.1%} within {years:g} years the net present value is at most {most:.2f}"
            f" times the outlay; quoted is {ratio:g}"
        ),
    )


def level_return(outlay: float, yearly: float, years: int) -> float:
    """Give the rate at which level yearly inflows are worth the outlay, by halving.

    >>> round(level_return(12.3, 1.6, 10), 3)
    0.051
    """
    low, high = -0.99, 10.0
    for _ in range(80):
        rate = (low + high) / 2
        worth = sum(yearly / (1 + rate) ** year for year in range(1, years + 1))
        low, high = (rate, high) if worth > outlay else (low, rate)
    return low


def _level(p: _Parts) -> _Said:
    years = int(p.number("years", 10))
    outlay, yearly, claimed = p.value("outlay"), p.value("yearly"), p.value("rate") / 100
    found = level_return(outlay, yearly, years)
    return (
        found >= claimed,
        (
            f"投入 {outlay:g}、每年节省 {yearly:g}，{years} 年内部收益率为 {found:.1%}，"
            f"引用的平均为 {claimed:.1%}"
        ),
        (
            f"{yearly:g} a year on {outlay:g} is a return of {found:.1%} over {years} years;"
            f" the quoted mean is {claimed:.1%}"
        ),
    )


def _change(p: _Parts) -> _Said:
    before, less, now = p.value("before"), p.value("less"), p.value("after")
    return (
        abs(before - less - now) <= p.near("after"),
        f"{before:g} 减 {less:g} 应为 {before - less:g}，引用为 {now:g}",
        f"{before:g} less {less:g} is {before - less:g}; quoted is {now:g}",
    )


def _total(p: _Parts) -> _Said:
    parts = [one.figure for one in p.entries("parts")]
    total = sum(Decimal(one.value) for one in parts)
    wanted = Decimal(p.figure("total").value) if "total" in p.rule.of else p.rule.given["total"]
    room = p.number("within", max(map(half_digit, parts)))
    sums = " + ".join(f"{Decimal(one.value):f}" for one in parts)
    return (
        abs(float(total - wanted)) <= room,
        f"{sums} = {total:f}，应为 {wanted:f}",
        f"{sums} = {total:f}; it should be {wanted:f}",
    )


def _share(p: _Parts) -> _Said:
    part, whole, share = p.value("part"), p.value("whole"), p.value("share")
    found = 100 * part / whole
    return (
        abs(found - share) <= p.near("share"),
        f"{part:,.10g} 占 {whole:,.10g} 的 {found:.1f}%，引用为 {share:g}%",
        f"{part:,.10g} of {whole:,.10g} is {found:.1f}%; quoted is {share:g}%",
    )


def _percent(p: _Parts) -> _Said:
    before, after, said = p.value("before"), p.value("after"), p.value("change")
    found = 100 * (before - after) / before
    return (
        abs(found - said) <= p.near("change"),
        f"由 {before:,.10g} 降到 {after:,.10g} 是降 {found:.1f}%，引用为 {said:g}%",
        f"from {before:,.10g} to {after:,.10g} is {found:.1f}% less; quoted is {said:g}%",
    )


def _times(p: _Parts) -> _Said:
    over, under, said = p.value("over"), p.value("under"), p.value("times")
    found = over / under
    return (
        abs(found - said) <= p.near("times"),
        f"{over:,.10g} 是 {under:,.10g} 的 {found:.2f} 倍，引用为 {said:g} 倍",
        f"{over:,.10g} is {found:.2f} times {under:,.10g}; quoted is {said:g} times",
    )


def _binds(p: _Parts) -> _Said:
    limit = p.value("limit")
    seen = p.value("calls_a_day") * _MONTH / (p.value("people") / _MILLION)
    return (
        seen <= limit * _BINDS,
        (
            f"每月每百万人约 {seen / 1e4:,.0f} 万次，"
            f"是门槛 {limit:,.0f} 的 {seen / limit:,.0f} 倍：从不起作用"
        ),
        (
            f"some {seen / _MILLION:.1f} million calls a month and million people,"
            f" {seen / limit:,.0f} times the threshold of {limit:,.0f}: it never binds"
        ),
    )


def counts_of(share: float, room: float, total: int) -> list[int]:
    """Give the counts of ``total`` whose share, in per cent, is ``share`` to its printed digits.

    The granularity test of Brown and Heathers (2017): a share of few can take few values.

    >>> counts_of(92.3, 0.05, 12), counts_of(92.3, 0.05, 13)
    ([], [12])
    """
    near = total * share / 100
    return [
        count
        for count in range(max(0, math.floor(near) - 1), min(total, math.ceil(near) + 1) + 1)
        if abs(100 * count / total - share) <= room + 1e-9
    ]


def _granular(p: _Parts) -> _Said:
    share, total = p.value("share"), round(p.value("of"))
    found = counts_of(share, p.near("share"), total)
    near = round(total * share / 100)
    zh, en = (
        (f"{total} 个中的 {found[0]} 个即 {share:g}%", f"{found[0]} of {total} is {share:g}%")
        if found
        else (
            f"{total} 个中没有哪个个数是 {share:g}%：{near} 个为 {100 * near / total:.1f}%",
            f"no count of {total} is {share:g}%: {near} would be {100 * near / total:.1f}%",
        )
    )
    return bool(found), zh, en


def _reach(p: _Parts) -> _Said:
    before, after, fall = p.value("before"), p.value("after"), p.value("fall") / 100
    step, room = p.number("step", 10), p.number("room", 100)
    points = step * math.log(after / before) / math.log(1 - fall)
    return (
        points <= room,
        (
            f"由 {before:,.10g} 到 {after:,.10g}，按每 {step:g} 个百分点降 {fall:.1%} 须提高"
            f" {points:.0f} 个百分点"
        ),
        (
            f"from {before:,.10g} to {after:,.10g} at {fall:.1%} for each {step:g} points takes"
            f" {points:.0f} points"
        ),
    )


def _reused(p: _Parts) -> _Said:
    entries = p.entries("figures")
    different = len({Decimal(one.figure.value) for one in entries}) > 1
    text = entries[0].figure.text
    where = [(f"{one.zh}（{one.place[0]}）", f"{one.en} ({one.place[1]})") for one in entries]
    return (
        different,
        f"{text('zh')} 同时是：" + "；".join(zh for zh, _ in where),
        f"{text('en')} is at once " + "; ".join(en for _, en in where),
    )


def _dated(p: _Parts) -> _Said:
    entries = p.entries("figures")
    years = sorted({one.year for one in entries if one.year is not None})
    text = entries[0].figure.text
    listed = ", ".join(map(str, years))
    return (
        len(years) <= 1,
        f"{text('zh')} 所属年份：{listed.replace(', ', '、')}",
        f"{text('en')} is dated {listed}",
    )


def _fits(p: _Parts) -> _Said:
    one = p.entries("figure")[0]
    low, high = p.number("low", -math.inf), p.number("high", math.inf)
    value = float(one.figure.value)
    return (
        low <= value <= high,
        f"{one.zh}为 {one.figure.text('zh')}，可能的范围是 {low:g} 到 {high:g}",
        f"{one.en} is {one.figure.text('en')}; what can be is {low:g} to {high:g}",
    )


#: What kinds of checks there are, with the parts that each needs.
KINDS: dict[str, tuple[Callable[[_Parts], _Said], frozenset[str]]] = {
    "returns": (_returns, frozenset({"ratio", "rate", "years"})),
    "level_return": (_level, frozenset({"outlay", "yearly", "rate"})),
    "change": (_change, frozenset({"before", "less", "after"})),
    "total": (_total, frozenset({"parts"})),
    "share": (_share, frozenset({"part", "whole", "share"})),
    "percent": (_percent, frozenset({"before", "after", "change"})),
    "times": (_times, frozenset({"over", "under", "times"})),
    "binds": (_binds, frozenset({"limit", "calls_a_day", "people"})),
    "granular": (_granular, frozenset({"share", "of"})),
    "reach": (_reach, frozenset({"before", "after", "fall"})),
    "reused": (_reused, frozenset({"figures"})),
    "dated": (_dated, frozenset({"figures"})),
    "fits": (_fits, frozenset({"figure"})),
}


def judge(rules: Iterable[Rule], quoted: Mapping[str, Quoted]) -> tuple[Check, ...]:
    """Run checks on figures. Raise CheckInvalid for a kind, part or figure that is not there."""
    found = []
    for rule in rules:
        if rule.kind not in KINDS:
            raise CheckInvalid(
                f"CheckInvalid: check {rule.key!r} is of kind {rule.kind!r};"
                f" one of {', '.join(sorted(KINDS))}"
            )
        run, needed = KINDS[rule.kind]
        if missing := needed - rule.of.keys():
            raise CheckInvalid(
                f"CheckInvalid: check {rule.key!r} of kind {rule.kind!r} needs"
                f" {', '.join(sorted(missing))}"
            )
        if rule.kind == "total" and "total" not in rule.of and "total" not in rule.given:
            raise CheckInvalid(f"CheckInvalid: check {rule.key!r} needs a total to compare with")
        keys = tuple(key for part in rule.of.values() for key in part)
        try:
            holds, zh, en = run(_Parts(rule, quoted))
        except (ZeroDivisionError, OverflowError, ValueError) as wrong:
            if isinstance(wrong, CheckInvalid):
                raise
            raise CheckInvalid(
                f"CheckInvalid: check {rule.key!r} cannot be computed with these figures: {wrong}"
            ) from None
        found.append(Check(rule.key, rule.kind, keys, holds, zh, en, (rule.zh, rule.en)))
    return tuple(found)


def agreements(quoted: Sequence[Quoted]) -> tuple[Check, ...]:
    """Check what needs no rule: figures of one thing agree, and a time is given as a time."""
    named: dict[str, list[Quoted]] = defaultdict(list)
    for one in quoted:
        if one.same is not None:
            named[one.same].append(one)
    found = [_agreement(same, told) for same, told in sorted(named.items()) if len(told) > 1]
    return (*found, *(_time(one) for one in quoted if one.kind == "time"))


def _agreement(same: str, told: Sequence[Quoted]) -> Check:
    zh = "，".join(f"{one.figure.text('zh')}（{one.place[0]}）" for one in told)
    en = ", ".join(f"{one.figure.text('en')} ({one.place[1]})" for one in told)
    return Check(
        f"same: {same}",
        "same",
        tuple(one.key for one in told),
        len({(Decimal(one.figure.value), one.figure.unit) for one in told}) == 1,
        f"同一件事的引用值：{zh}",
        f"what reads as one thing is {en}",
        (told[0].zh, told[0].en),
    )


def _time(one: Quoted) -> Check:
    return Check(
        f"time: {one.key}",
        "time",
        (one.key,),
        one.figure.unit in _TIMES,
        f"是时间，引用写作 {one.figure.text('zh')}",
        f"is a time; quoted is {one.figure.text('en')}",
        (one.zh, one.en),
    )
