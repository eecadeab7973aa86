"""The atlas 指标图谱: figures quoted from the report of 2026, and whether they agree.

A quoted figure is never a result here. Each check computes again what two or more of them say
together, and fails where they cannot all hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from tongban.kernel.figures import Figure

_TIMES = frozenset({"second", "minute", "hour", "day", "workday"})
#: A threshold that is met a hundred times over by the least that was seen divides nothing.
_BINDS = 100.0


@dataclass(frozen=True, slots=True)
class Quoted:
    """A figure of the report in our own words; ``same`` names what it and others both measure.

    ``measured_by`` is the command of this installation that measures the like, if there is one.
    """

    key: str
    section: str
    figure: Figure
    zh: str
    en: str
    same: str | None = None
    kind: str | None = None
    measured_by: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One check: whether the figures can all hold, and the sum that says so, in both languages."""

    keys: tuple[str, ...]
    holds: bool
    zh: str
    en: str


def checks(quoted: Iterable[Quoted]) -> tuple[Check, ...]:
    """Run every check. Raise KeyError where a figure that a check needs is gone."""
    entries = tuple(quoted)
    by_key = {one.key: float(one.figure.value) for one in entries}
    return (
        _returns(by_key),
        _ranks(by_key),
        _threshold(by_key),
        *_twice(entries),
        *_dimensions(entries),
    )


def _returns(values: Mapping[str, float]) -> Check:
    """An outlay and then inflows within n years: value over outlay is at most (1+IRR)^n - 1."""
    years, rate, ratio = values["npv_years"], values["irr"] / 100, values["npv_ratio"]
    most = (1 + rate) ** years - 1
    return Check(
        ("npv_ratio", "irr", "npv_years"),
        ratio <= most,
        f"收益率 {rate:.1%}、{years:g} 年之内，净现值至多为投资的 {most:.2f} 倍，报告为 {ratio:g}",
        f"at {rate:.1%} within {years:g} years the net present value is at most {most:.2f} times"
        f" the outlay; the report says {ratio:g}",
    )


def _ranks(values: Mapping[str, float]) -> Check:
    before, up, now = values["egdi_2018"], values["egdi_up"], values["egdi_rank"]
    return Check(
        ("egdi_2018", "egdi_up", "egdi_rank"),
        before - up == now,
        f"2018 年第 {before:g} 位，上升 {up:g} 位应为第 {before - up:g} 位，报告为第 {now:g} 位",
        f"rank {before:g} in 2018 and {up:g} up is rank {before - up:g}; the report says {now:g}",
    )


def _threshold(values: Mapping[str, float]) -> Check:
    limit = values["calls_threshold"]
    seen = values["shanghai_calls_day"] * 30 / (values["shanghai_people"] / 1e6)
    return Check(
        ("calls_threshold", "shanghai_calls_day", "shanghai_people"),
        seen <= limit * _BINDS,
        f"上海每月每百万人约 {seen / 1e4:,.0f} 万次，是门槛的 {seen / limit:,.0f} 倍：从不起作用",
        f"Shanghai has some {seen / 1e6:.1f} million calls a month and million people,"
        f" {seen / limit:,.0f} times the threshold of {limit:,.0f}: it never binds",
    )


def _twice(entries: tuple[Quoted, ...]) -> list[Check]:
    return [
        Check(
            (a.key, b.key),
            a.figure.value == b.figure.value,
            f"读来是一回事：{a.figure.text('zh')}（{a.section}），{b.figure.text('zh')}（{b.section}）",
            f"what reads as one thing is {a.figure.text('en')} in {a.section} and"
            f" {b.figure.text('en')} in {b.section}",
        )
        for a, b in combinations(entries, 2)
        if a.same is not None and a.same == b.same
    ]


def _dimensions(entries: tuple[Quoted, ...]) -> list[Check]:
    return [
        Check(
            (one.key,),
            one.figure.unit in _TIMES,
            f"{one.zh}是时间，报告写作 {one.figure.text('zh')}",
            f"{one.en} is a time; the report gives {one.figure.text('en')}",
        )
        for one in entries
        if one.kind == "time"
    ]
