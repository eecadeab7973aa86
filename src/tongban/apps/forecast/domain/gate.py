"""The gate 异常闸门: which rows look wrong, and why, before anything is learnt from them.

A flagged row neither trains nor scores until somebody accepts it. A year that moves every region
is no fault of a row and passes: it is what the intervals must be measured against. Every test is
of a region's growth beside the median growth of all regions in that period.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Literal

from .panel import Panel, Row, label, latest, to_scale

Fault = Literal["range", "unit_slip", "jump", "imputed", "repeated", "copied", "renamed", "gap"]
#: What is held back; a gap has no row to hold.
JUMP = 0.5  # on the logarithmic scale: half as much again, or two fifths less
SPREADS = 8.0  # or so many median deviations, whichever is more
_SLIPS = (1, 2, 3, 4, 6, 8)  # powers of ten: 万 is four, 亿 is eight
_NEAR = 0.25  # how near to a power of ten counts, on the logarithmic scale
_RUN = 3  # so many equal steps in a row are no chance
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one row: the fault, its line, and the sentence in both languages."""

    fault: Fault
    region: str
    period: int
    line: int | None
    zh: str
    en: str


def inspect(panel: Panel) -> tuple[Finding, ...]:
    """Look at every row; give the findings in the order of regions and periods."""
    seen = latest(panel.rows)
    series: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(seen.values(), key=lambda row: row.period):
        if panel.target.holds(row.value):
            series[row.region].append(row)
    found = [
        *_ranges(panel),
        *_jumps(panel, series),
        *_made_up(panel, series),
        *_copies(panel, series),
        *_renamed(panel, series),
        *_gaps(panel, series, seen),
    ]
    order = {region: place for place, region in enumerate(panel.regions)}
    found.sort(key=lambda one: (order[one.region], one.period))
    return tuple(found)


def held(findings: tuple[Finding, ...], accepted: frozenset[int]) -> frozenset[int]:
    """Give the lines that neither train nor score: those flagged and not accepted.

    What is out of range cannot be accepted: whoever knows better mends the bounds in the schema.
    """
    flagged = {one.line for one in findings if one.line is not None}
    never = {one.line for one in findings if one.line is not None and one.fault == "range"}
    return frozenset(flagged - (accepted - never))


def _ranges(panel: Panel) -> Iterator[Finding]:
    low, high = panel.target.low, panel.target.high
    for row in panel.rows:
        if not panel.target.holds(row.value):
            bounds = f"{'' if low is None else low} … {'' if high is None else high}"
            yield Finding(
                "range", row.region, row.period, row.line,
                f"{row.value:g} 超出 {panel.target.column} 的范围 {bounds}：请核对单位",
                f"{row.value:g} is outside {bounds} of {panel.target.column}: check its unit",
            )  # fmt: skip


def _jumps(panel: Panel, series: dict[str, list[Row]]) -> Iterator[Finding]:
    """Flag a row that left its region's path, and not the row that comes back to it."""
    growth: dict[int, list[float]] = defaultdict(list)
    moves: dict[str, dict[int, float]] = defaultdict(dict)
    for region, rows in series.items():
        for before, row in itertools.pairwise(rows):
            moved = _move(panel, before, row)
            moves[region][row.period] = moved
            growth[row.period].append(moved)
    middle = {period: median(found) for period, found in growth.items()}
    apart = [
        abs(moved - middle[period]) for region in moves for period, moved in moves[region].items()
    ]
    if not apart:
        return
    spread = SPREADS * 1.4826 * median(apart)
    limit = max(spread, JUMP) if panel.scale == "log" else spread
    if limit <= 0:
        return
    for region, rows in series.items():
        odd = {p: m - middle[p] for p, m in moves[region].items() if abs(m - middle[p]) > limit}
        back = False
        for row, after in zip(rows, [*rows[1:], None], strict=True):
            if row.period not in odd or back:
                back = False
                continue
            # out and back again: the row between is the one that is wrong
            back = after is not None and abs(odd.get(after.period, 0) + odd[row.period]) < limit
            # the first row itself may be the wrong one: nothing before it says so
            yield _jump(panel, row, odd[row.period])


def _jump(panel: Panel, row: Row, off: float) -> Finding:
    power = next((n for n in _SLIPS if abs(abs(off) - n * math.log(10)) < _NEAR), None)
    if panel.scale == "log" and power is not None:
        times = f"10^{power}"
        way = ("大", "more") if off > 0 else ("小", "less")
        return Finding(
            "unit_slip", row.region, row.period, row.line,
            f"比前后约{way[0]} {times} 倍：单位错了？",
            f"about {times} times {way[1]} than its neighbours: another unit?",
        )  # fmt: skip
    shown = f"{math.expm1(off):+.0%}" if panel.scale == "log" else f"{off:+g}"
    return Finding(
        "jump", row.region, row.period, row.line,
        f"与各地区中位变动相差 {shown}，数据难以成立",
        f"{shown} apart from the median move of all regions: hardly possible",
    )  # fmt: skip


def _move(panel: Panel, before: Row, row: Row) -> float:
    steps = (row.period - before.period) // panel.step or 1
    return (to_scale(row.value, panel.scale) - to_scale(before.value, panel.scale)) / steps


def _made_up(panel: Panel, series: dict[str, list[Row]]) -> Iterator[Finding]:
    """Flag equal values (repeated) and equal steps (imputed) that run on too long."""
    for rows in series.values():
        runs: dict[Fault, list[Row]] = {"repeated": [], "imputed": []}
        for place in range(1, len(rows) + 1):
            for fault, run in runs.items():
                if place < len(rows) and _goes_on(panel, rows, place, fault):
                    run.append(rows[place])
                    continue
                need = _RUN - 1 if fault == "repeated" else _RUN
                if len(run) >= need:
                    yield from (_made(fault, row) for row in run)
                run.clear()


def _goes_on(panel: Panel, rows: list[Row], place: int, fault: Fault) -> bool:
    row, before = rows[place], rows[place - 1]
    if fault == "repeated":
        return row.value == before.value
    if place < 2 or row.value == before.value:
        return False
    linear = abs((row.value - before.value) - (before.value - rows[place - 2].value))
    moves = _move(panel, before, row), _move(panel, rows[place - 2], before)
    return (
        linear <= _EXACT * abs(row.value) or abs(moves[0] - moves[1]) <= _EXACT
    ) and row.period - before.period == before.period - rows[place - 2].period


def _made(fault: Fault, row: Row) -> Finding:
    told = {
        "repeated": (
            "与上期完全相同，疑为沿用旧值",
            "the same as the period before: carried over?",
        ),
        "imputed": (
            "与前后成完全等差或等比，疑为插补",
            "exactly in line with its neighbours: made up?",
        ),
    }[fault]
    return Finding(fault, row.region, row.period, row.line, *told)


def _copies(panel: Panel, series: dict[str, list[Row]]) -> Iterator[Finding]:
    """Flag the later of two regions that move exactly alike: one was filled from the other."""
    first: dict[tuple[tuple[int, float], ...], str] = {}
    for region, rows in series.items():
        moves = tuple(
            (row.period, round(_move(panel, before, row), 8))
            for before, row in itertools.pairwise(rows)
        )
        if len(moves) < _RUN or len({moved for _, moved in moves}) == 1:
            continue
        other = first.setdefault(moves, region)
        if other != region:
            for row in rows:
                yield Finding(
                    "copied", region, row.period, row.line,
                    f"变动与 {other} 逐期相同，疑为照搬",
                    f"moves exactly as {other} does: filled from it?",
                )  # fmt: skip


def _renamed(panel: Panel, series: dict[str, list[Row]]) -> Iterator[Finding]:
    """Flag a region that begins when another ends, at nearly its value."""
    begin, end = panel.periods[0], panel.periods[-1]
    for region, rows in series.items():
        if rows[0].period == begin:
            continue
        for other, before in series.items():
            ends = before[-1]
            if ends.period == end or not ends.period < rows[0].period:
                continue
            if abs(_move(panel, ends, rows[0])) < _nearness(panel):
                until = label(ends.period, panel.frequency)
                for row in rows:
                    yield Finding(
                        "renamed", region, row.period, row.line,
                        f"{other} 到 {until} 为止、数值相接：是改名吗？请在 schema 的 same 中写明",
                        f"{other} ends in {until} near this value: renamed? say so under `same`",
                    )  # fmt: skip
                break


def _nearness(panel: Panel) -> float:
    if panel.scale == "log":
        return JUMP
    values = sorted(row.value for row in panel.rows)
    return (values[-1] - values[0]) / 10


def _gaps(
    panel: Panel, series: dict[str, list[Row]], seen: Container[tuple[str, int]]
) -> Iterator[Finding]:
    """Name each period that is missing between a region's first and last."""
    for region, rows in series.items():
        for period in range(rows[0].period, rows[-1].period, panel.step):
            if (region, period) not in seen:
                yield Finding(
                    "gap", region, period, None,
                    "缺这一期：不补、不训练、不计分",
                    "this period is missing: nothing is filled in, trained or scored",
                )  # fmt: skip
