"""The kinds of checks 检验的种类: each computes again what several quoted figures say together.

A kind is a function below; it gives whether the figures can all hold, and the sum that says so, in
both languages, with the figures of the sum.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tongban.apps.forecast.domain.tracks import name
from tongban.kernel.figures import Figure

from .figures import Quoted

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
class Parts:
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

    def made(self, value: float, unit: str, places: int = 0) -> Figure:
        """Make a figure that follows from quoted ones: as much as they are, and no more."""
        exact = round(value) if unit == "fen" else Decimal(f"{value:.{places}f}")
        day = next(iter(self.quoted.values())).figure.as_of
        return Figure(exact, unit, day, f"computed from quoted figures, {self.rule.key}", "quoted")

    def given(self, value: float, unit: str) -> Figure:
        """Make a figure of a number that the check gives."""
        day = next(iter(self.quoted.values())).figure.as_of
        exact = Decimal(f"{value:.10g}")
        return Figure(exact, unit, day, f"checks.yaml, {self.rule.key}", "assumed")

    def figures(self, *parts: str) -> list[Figure]:
        return [self.figure(part) for part in parts]


#: Whether it holds, the sum with places for figures, and the figures.
Said = tuple[bool, str, str, Sequence[Figure]]


def half_digit(figure: Figure) -> float:
    """Give half of the last digit that a figure is printed with.

    >>> from datetime import date
    >>> half_digit(Figure(Decimal("92.3"), "percent", date(2026, 1, 1), "x", "quoted"))
    0.05
    """
    exponent = Decimal(figure.value).as_tuple().exponent
    return 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0


def _returns(p: Parts) -> Said:
    """An outlay and then inflows within n years: value over outlay is at most (1+IRR)^n - 1."""
    most = (1 + p.value("rate") / 100) ** p.value("years") - 1
    return (
        p.value("ratio") <= most,
        "收益率 {0}、{1}之内，净现值至多为投资的 {2}，引用为 {3}",
        "at {0} within {1} the net present value is at most {2} the outlay; quoted is {3}",
        [*p.figures("rate", "years"), p.made(most, "ratio", 2), p.figure("ratio")],
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


def _level(p: Parts) -> Said:
    years = int(p.number("years", 10))
    found = level_return(p.value("outlay"), p.value("yearly"), years)
    made = [p.given(years, "year"), p.made(found * 100, "percent", 1)]
    return (
        found >= p.value("rate") / 100,
        "投入 {0}、每年节省 {1}，{2}的内部收益率为 {3}，引用的平均为 {4}",
        "{1} a year on {0} is a return of {3} over {2}; the quoted mean is {4}",
        [*p.figures("outlay", "yearly"), *made, p.figure("rate")],
    )


def _change(p: Parts) -> Said:
    found = p.value("before") - p.value("less")
    unit = p.figure("after").unit
    return (
        abs(found - p.value("after")) <= p.near("after"),
        "{0} 减 {1} 应为 {2}，引用为 {3}",
        "{0} less {1} is {2}; quoted is {3}",
        [*p.figures("before", "less"), p.made(found, unit, _places(p)), p.figure("after")],
    )


def _places(p: Parts) -> int:
    """Give the most digits after the point that the figures of a check are printed with."""
    values = [Decimal(p.quoted[key].figure.value) for keys in p.rule.of.values() for key in keys]
    found = [one.as_tuple().exponent for one in values]
    return max(0, *(-one for one in found if isinstance(one, int)))


def _total(p: Parts) -> Said:
    parts = [one.figure for one in p.entries("parts")]
    total = sum(Decimal(one.value) for one in parts)
    told = "total" in p.rule.of
    wanted = Decimal(p.figure("total").value) if told else p.rule.given["total"]
    room = p.number("within", max(map(half_digit, parts)))
    unit = parts[0].unit
    should = p.figure("total") if told else p.given(float(wanted), unit)
    sums = " + ".join(f"{{{place}}}" for place in range(len(parts)))
    made, last = f"{{{len(parts)}}}", f"{{{len(parts) + 1}}}"
    return (
        abs(float(total - wanted)) <= room,
        f"{sums} = {made}，应为 {last}",
        f"{sums} = {made}; it should be {last}",
        [*parts, p.made(float(total), unit, _places(p)), should],
    )


def _share(p: Parts) -> Said:
    found = 100 * p.value("part") / p.value("whole")
    return (
        abs(found - p.value("share")) <= p.near("share"),
        "{0} 占 {1} 的 {2}，引用为 {3}",
        "{0} of {1} is {2}; quoted is {3}",
        [*p.figures("part", "whole"), p.made(found, "percent", 1), p.figure("share")],
    )


def _percent(p: Parts) -> Said:
    found = 100 * (p.value("before") - p.value("after")) / p.value("before")
    return (
        abs(found - p.value("change")) <= p.near("change"),
        "由 {0} 降到 {1} 是降 {2}，引用为 {3}",
        "from {0} to {1} is {2} less; quoted is {3}",
        [*p.figures("before", "after"), p.made(found, "percent", 1), p.figure("change")],
    )


def _times(p: Parts) -> Said:
    found = p.value("over") / p.value("under")
    return (
        abs(found - p.value("times")) <= p.near("times"),
        "{0} 是 {1} 的 {2}，引用为 {3}",
        "{0} is {2} {1}; quoted is {3}",
        [*p.figures("over", "under"), p.made(found, "ratio", 2), p.figure("times")],
    )


def _binds(p: Parts) -> Said:
    limit = p.value("limit")
    seen = p.value("calls_a_day") * _MONTH / (p.value("people") / _MILLION)
    holds = seen <= limit * _BINDS
    never = ("", "") if holds else ("：从不起作用", ": it never binds")
    return (
        holds,
        f"每月每百万人约 {{0}}，是门槛 {{1}} 的 {{2}}{never[0]}",
        f"some {{0}} a month and million people, {{2}} the threshold of {{1}}{never[1]}",
        [p.made(round(seen, -4), "call"), p.figure("limit"), p.made(seen / limit, "ratio")],
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


def _granular(p: Parts) -> Said:
    share, total = p.value("share"), round(p.value("of"))
    found = counts_of(share, p.near("share"), total)
    near = found[0] if found else round(total * share / 100)
    made = [p.made(near, p.figure("of").unit), p.made(100 * near / total, "percent", 1)]
    zh, en = (
        ("{1}中的 {2}即 {0}", "{2} of {1} is {0}")
        if found
        else (
            "{1}中没有哪个个数是 {0}：{2}为 {3}",
            "no count of {1} is {0}: {2} would be {3}",
        )
    )
    return bool(found), zh, en, [*p.figures("share", "of"), *made]


def _reach(p: Parts) -> Said:
    step, room = p.number("step", 10), p.number("room", 100)
    fall = p.value("fall") / 100
    points = step * math.log(p.value("after") / p.value("before")) / math.log(1 - fall)
    made = [p.given(step, "number"), p.made(points, "number")]
    return (
        points <= room,
        "由 {0} 到 {1}，按每 {3} 个百分点降 {2} 须提高 {4} 个百分点",
        "from {0} to {1} at {2} for each {3} points takes {4} points",
        [*p.figures("before", "after", "fall"), *made],
    )


def _reused(p: Parts) -> Said:
    entries = p.entries("figures")
    different = len({Decimal(one.figure.value) for one in entries}) > 1
    where = [
        (f"{name(one.zh)}（{one.place[0]}）", f"{name(one.en)} ({one.place[1]})") for one in entries
    ]
    return (
        different,
        "{0} 同时是：" + "；".join(zh for zh, _ in where),
        "{0} is at once " + "; ".join(en for _, en in where),
        [entries[0].figure],
    )


def _dated(p: Parts) -> Said:
    entries = p.entries("figures")
    years = sorted({one.year for one in entries if one.year is not None})
    listed = ", ".join(map(str, years))
    return (
        len(years) <= 1,
        f"{{0}} 所属年份：{listed.replace(', ', '、')}",
        f"{{0}} is dated {listed}",
        [entries[0].figure],
    )


def _fits(p: Parts) -> Said:
    one = p.entries("figure")[0]
    low, high = p.number("low", -math.inf), p.number("high", math.inf)
    unit = "number" if one.figure.unit == "fen" else one.figure.unit
    ends = {"low": low, "high": high}
    made = {side: p.given(end, unit) for side, end in ends.items() if math.isfinite(end)}
    places = {side: f"{{{place}}}" for place, side in enumerate(made, start=1)}
    span = f"{places.get('low', '')} … {places.get('high', '')}".strip()
    return (
        low <= float(one.figure.value) <= high,
        f"{name(one.zh)}为 {{0}}，可能的范围是 {span}",
        f"{name(one.en)} is {{0}}; what can be is {span}",
        [one.figure, *made.values()],
    )


#: What kinds of checks there are, with the parts that each needs.
KINDS: dict[str, tuple[Callable[[Parts], Said], frozenset[str]]] = {
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
