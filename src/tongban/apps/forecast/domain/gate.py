"""The gate 异常闸门: which values look wrong, and why, before anything is learnt from them.

A flagged row neither trains nor scores until somebody accepts it; of a flagged covariate the one
value is held back. A year that moves every region is no fault of a row and passes: it is what the
intervals must be measured against. Moves are judged beside the median move of all regions in that
period. Rows that were revised later are judged by what was known before the revision.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from .made_up import RUN, made_up
from .panel import Measure, Panel, Row, label, latest
from .tracks import Cell, Finding, Track, name

#: What is held back; a gap has no row to hold.
JUMP = 0.5  # on the logarithmic scale: half as much again, or two fifths less
SPREADS = 8.0  # or so many median deviations, whichever is more
_SLIPS = (1, 2, 3, 4, 6, 8)  # powers of ten: 万 is four, 亿 is eight
_NEAR = 0.25  # how near to a power of ten counts, on the logarithmic scale


@dataclass(frozen=True, slots=True)
class Gated:
    """A panel without the covariates' values that are held back, and the lines that are."""

    panel: Panel
    findings: tuple[Finding, ...]
    held_back: frozenset[int]


def gated(panel: Panel, accepted: frozenset[int]) -> Gated:
    """Look at a panel, and hold back what is flagged and on no accepted line."""
    findings = _judged(inspect(panel), accepted)
    wrong = {(one.line, one.covariate) for one in findings if not one.accepted}
    names = [one.column for one in panel.covariates]

    def kept(row: Row) -> Row:
        told = zip(names, row.extras, strict=True)
        left = tuple(None if (row.line, name) in wrong else extra for name, extra in told)
        return row if left == row.extras else replace(row, extras=left)

    rows = tuple(kept(row) for row in panel.rows)
    return Gated(replace(panel, rows=rows), findings, _lines(findings))


def inspect(panel: Panel) -> tuple[Finding, ...]:
    """Look at every value; give the findings in the order of regions and periods."""
    now = latest(panel.rows)
    found = [*_ranges(panel), *_look(panel, now)]
    stand = {row.line for row in now.values()}
    for vintage in sorted({row.vintage for row in panel.rows if row.vintage is not None}):
        then = _look(panel, latest(panel.rows, vintage))
        found += (one for one in then if one.line is not None and one.line not in stand)
    order = {region: place for place, region in enumerate(panel.regions)}
    once = {(one.fault, one.region, one.period, one.line, one.covariate): one for one in found}
    return tuple(sorted(once.values(), key=lambda one: (order[one.region], one.period)))


def held(findings: tuple[Finding, ...], accepted: frozenset[int]) -> frozenset[int]:
    """Give the lines that neither train nor score: those flagged and not accepted.

    What is out of range cannot be accepted: whoever knows better mends the bounds in the schema.
    """
    return _lines(_judged(findings, accepted))


def _judged(findings: Sequence[Finding], accepted: frozenset[int]) -> tuple[Finding, ...]:
    never = {(one.line, one.covariate) for one in findings if one.fault == "range"}
    return tuple(
        replace(one, accepted=one.line in accepted and (one.line, one.covariate) not in never)
        for one in findings
    )


def _lines(findings: Sequence[Finding]) -> frozenset[int]:
    return frozenset(
        one.line
        for one in findings
        if one.line is not None and not one.covariate and not one.accepted
    )


def _look(panel: Panel, seen: Mapping[tuple[str, int], Row]) -> Iterator[Finding]:
    target, *others = _tracks(panel, seen)
    yield from _jumps(target)
    yield from made_up(target)
    yield from _copies(target)
    renamed = dict(_renamed(panel, target))
    for region, (other, until) in renamed.items():
        for cell in target.regions[region]:
            yield target.say(
                "renamed", region, cell,
                f"{other} 到 {until} 为止、数值相接：是改名吗？请在 schema 的 same 中写明",
                f"{other} ends in {until} near this value: renamed? say so under `same`",
            )  # fmt: skip
    whole = renamed.keys() | {other for other, _ in renamed.values()}
    yield from _gaps(panel, seen, whole)
    for one in others:
        yield from _jumps(one)
        yield from made_up(one)


def _tracks(panel: Panel, seen: Mapping[tuple[str, int], Row]) -> Iterator[Track]:
    """Give the target and then each covariate."""
    step = panel.step
    rows = sorted(seen.values(), key=lambda row: row.period)

    def track(measure: Measure, covariate: str, of: Callable[[Row], float | None]) -> Track:
        regions: dict[str, list[Cell]] = defaultdict(list)
        for row in rows:
            value = of(row)
            if value is not None and measure.holds(value):
                regions[row.region].append(Cell(row.period, value, row.line))
        positive = all(cell.value > 0 for cells in regions.values() for cell in cells)
        return Track(measure, covariate, "log" if positive else "level", step, regions)

    yield track(panel.target, "", lambda row: row.value)
    for place, measure in enumerate(panel.covariates):
        yield track(measure, measure.column, partial(_extra, place))


def _extra(place: int, row: Row) -> float | None:
    return row.extras[place]


def _ranges(panel: Panel) -> Iterator[Finding]:
    for row in panel.rows:
        values = [("", panel.target, row.value)]
        told = zip(panel.covariates, row.extras, strict=True)
        values += [(one.column, one, value) for one, value in told if value is not None]
        for covariate, measure, value in values:
            if not measure.holds(value):
                ends = [one for one in (measure.low, measure.high) if one is not None]
                low = "" if measure.low is None else "{1} "
                high = "" if measure.high is None else f" {{{len(ends)}}}"
                bounds, column = f"{low}…{high}", name(measure.column)
                yield Finding(
                    "range", row.region, row.period, row.line,
                    f"{{0}} 超出 {column} 的范围 {bounds}：请核对单位",
                    f"{{0}} is outside {bounds} of {column}: check its unit",
                    covariate,
                    numbers=tuple((one, measure.unit) for one in (value, *ends)),
                )  # fmt: skip


def _jumps(track: Track) -> Iterator[Finding]:
    """Flag a value that left its region's path, and not the one that comes back to it."""
    growth: dict[int, list[float]] = defaultdict(list)
    moves: dict[str, dict[int, float]] = defaultdict(dict)
    for region, cells in track.regions.items():
        for before, cell in itertools.pairwise(cells):
            moved = track.move(before, cell)
            moves[region][cell.period] = moved
            growth[cell.period].append(moved)
    middle = {period: median(found) for period, found in growth.items()}
    apart = [
        abs(moved - middle[period]) for region in moves for period, moved in moves[region].items()
    ]
    limit = _limit(track, SPREADS * 1.4826 * median(apart)) if apart else 0.0
    if limit <= 0:
        return
    for region, cells in track.regions.items():
        odd = {p: m - middle[p] for p, m in moves[region].items() if abs(m - middle[p]) > limit}
        back = False
        for place in range(1, len(cells)):
            cell = cells[place]
            if cell.period not in odd or back:
                back = False
                continue
            off = odd[cell.period]
            # out and back again: the value between is the one that is wrong
            after = odd.get(cells[place + 1].period, 0.0) if place + 1 < len(cells) else None
            back = after is not None and abs(after + off) < limit
            if place > 1 or back:
                yield _jump(track, region, cell, off)
                continue
            # all that follow agree with one another: the first stands alone
            yield _jump(track, region, cells[0], -off)
            if len(cells) == 2:  # of two nobody can say which
                yield _jump(track, region, cell, off)


def _limit(track: Track, spread: float) -> float:
    if track.scale == "level":
        return spread
    if track.covariate and not spread:
        return math.log(10) - _NEAR  # it mostly stands still: a step is no fault, a slip is
    return max(spread, JUMP)


def _jump(track: Track, region: str, cell: Cell, off: float) -> Finding:
    power = next((n for n in _SLIPS if abs(abs(off) - n * math.log(10)) < _NEAR), None)
    if track.scale == "log" and power is not None:
        way = ("大", "more") if off > 0 else ("小", "less")
        return track.say(
            "unit_slip", region, cell,
            f"比前后约{way[0]} {{0}}：单位错了？",
            f"about {{0}} {way[1]} than its neighbours: another unit?",
            (10.0**power, "ratio"),
        )  # fmt: skip
    # beyond any number the percentage of a move says nothing
    share = track.scale == "log" and off < 50
    shown = (round(math.expm1(off) * 100), "percent") if share else (off, "number")
    return track.say(
        "jump", region, cell,
        "与各地区中位变动相差 {0}，数据难以成立",
        "{0} apart from the median move of all regions: hardly possible",
        shown,
    )  # fmt: skip


def _copies(track: Track) -> Iterator[Finding]:
    """Flag the later of two regions that move exactly alike: one was filled from the other."""
    first: dict[tuple[tuple[int, float], ...], str] = {}
    for region, cells in track.regions.items():
        moves = tuple(
            (cell.period, round(track.move(before, cell), 8))
            for before, cell in itertools.pairwise(cells)
        )
        if len(moves) < RUN or len({moved for _, moved in moves}) == 1:
            continue
        other = first.setdefault(moves, region)
        if other != region:
            for cell in cells:
                yield track.say(
                    "copied", region, cell,
                    f"变动与 {other} 逐期相同，疑为照搬",
                    f"moves exactly as {other} does: filled from it?",
                )  # fmt: skip


def _renamed(panel: Panel, track: Track) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give each region that begins when another ends, at nearly its value: which, and when."""
    begin, end = panel.periods[0], panel.periods[-1]
    near = _nearness(track)
    ended = {r: cells[-1] for r, cells in track.regions.items() if cells[-1].period != end}
    for region, cells in track.regions.items():
        if cells[0].period == begin:
            continue
        for other, last in ended.items():
            if last.period < cells[0].period and abs(track.move(last, cells[0])) < near:
                yield region, (other, label(last.period, panel.frequency))
                break


def _nearness(track: Track) -> float:
    if track.scale == "log":
        return JUMP
    values = [cell.value for cells in track.regions.values() for cell in cells]
    return (max(values) - min(values)) / 10


def _gaps(
    panel: Panel, seen: Mapping[tuple[str, int], Row], renamed: Container[str]
) -> Iterator[Finding]:
    """Name each period that a region lacks; before its first and after its last in one finding."""
    periods, step = panel.periods, panel.step
    known: dict[str, list[int]] = defaultdict(list)
    for region, period in sorted(seen):
        known[region].append(period)
    for region, own in known.items():
        for period in sorted(set(range(own[0], own[-1], step)).difference(own)):
            yield Finding(
                "gap", region, period, None,
                "缺这一期：不补、不训练、不计分",
                "this period is missing: nothing is filled in, trained or scored",
            )  # fmt: skip
        if region in renamed:
            continue
        first, last = (label(one, panel.frequency) for one in (own[0], own[-1]))
        if own[0] != periods[0]:
            yield Finding(
                "gap", region, periods[0], None,
                f"{first} 起才有数据",
                f"there is nothing before {first}",
            )  # fmt: skip
        if own[-1] != periods[-1]:
            yield Finding(
                "gap", region, own[-1] + step, None,
                f"{last} 以后没有数据：预测从 {last} 起算",
                f"there is nothing after {last}: it is forecast from there",
            )  # fmt: skip
