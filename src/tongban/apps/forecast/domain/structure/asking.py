"""Questions to a panel 结构问题: which effect of which column, and what these data answer.

An estimator needs a whole block: regions by periods, everything known. Of a panel with holes the
largest whole block is taken, and the answer says which regions and periods it stands on. Nothing is
filled in.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from tongban.apps.forecast.domain.panel import History

from .lags import Lags, almon
from .threshold import Threshold, threshold
from .windows import Discount, Window, discount, window
from .within import Numbers, StructureUnknown

#: Errors are clustered by region: with fewer regions they mean little.
FEWEST_REGIONS = 10
FEWEST_PERIODS = 4


class TooFew(StructureUnknown):
    """Too few regions or periods of which everything is known."""


@dataclass(frozen=True, slots=True)
class LagsAsked:
    """How ``input`` works now and up to ``lags`` steps back, by a polynomial of ``degree``."""

    input: str
    lags: int
    degree: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The covariates that it needs."""
        return (self.input,)


@dataclass(frozen=True, slots=True)
class ThresholdAsked:
    """Where the slope of ``input`` changes as ``by`` grows."""

    input: str
    by: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The covariates that it needs."""
        return (self.input, self.by)


@dataclass(frozen=True, slots=True)
class WindowAsked:
    """What a window of ``length`` steps from ``start`` on did to regions by their ``exposure``."""

    exposure: str
    start: int
    length: int

    @property
    def columns(self) -> tuple[str, ...]:
        """None: the exposure is read once a region, of the step before the window."""
        return ()


@dataclass(frozen=True, slots=True)
class DiscountAsked:
    """What a unit of ``hardware`` is worth beside one of the ``rest``."""

    hardware: str
    rest: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The covariates that it needs."""
        return (self.rest, self.hardware)


Asked = LagsAsked | ThresholdAsked | WindowAsked | DiscountAsked
Found = Lags | Threshold | Window | Discount


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a panel.

    ``growth``: of the target's growth of a step, else of its level (both on the panel's scale).
    ``changes`` are covariates that enter as their change since the step before.
    """

    questions: tuple[Asked, ...]
    growth: bool = True
    changes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Block:
    """Regions by periods, everything known; ``columns`` as the question names them."""

    y: Numbers
    columns: tuple[Numbers, ...]
    regions: tuple[str, ...]
    periods: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: what was found and on which block, or why nothing can be said."""

    asked: Asked
    found: Found | None = None
    block: Block | None = None
    why: StructureUnknown | None = None

    @property
    def told_apart(self) -> bool:
        """Whether there is an effect, as surely as 95 % (a window: and none before it)."""
        match self.found:
            case Lags(total=total, total_error=error, spread=spread):
                return abs(total) > spread * error
            case Threshold() as one:
                return one.found
            case Window(effect=effect, error=error, spread=spread) as one:
                return abs(effect) > spread * error and one.believable
            case Discount() as one:
                return one.known
        return False


def answers(history: History, columns: Sequence[str], plan: Plan, seed: int) -> tuple[Answer, ...]:
    """Answer each question; "not identified" is an answer. ``columns`` names the covariates."""
    return tuple(_answer(history, columns, plan, one, seed) for one in plan.questions)


def _answer(
    history: History, columns: Sequence[str], plan: Plan, asked: Asked, seed: int
) -> Answer:
    try:
        block = _block(history, columns, plan, asked)
        return Answer(asked, _found(history, columns, plan, asked, block, seed), block)
    except StructureUnknown as why:
        return Answer(asked, why=why)


def _found(
    history: History,
    columns: Sequence[str],
    plan: Plan,
    asked: Asked,
    block: Block,
    seed: int,
) -> Found:
    match asked:
        case LagsAsked(lags=lags, degree=degree):
            if len(block.periods) - lags < FEWEST_PERIODS:
                raise TooFew(
                    "仅 {0} 期完整，不足以看 {1} 期滞后",
                    "{0} whole periods are too few for {1} lags",
                    len(block.periods),
                    lags,
                )
            return almon(block.y, block.columns[0], lags, degree)
        case ThresholdAsked():
            return threshold(block.y, *block.columns, seed=seed)
        case WindowAsked(start=start, length=length):
            own = _series(history, columns, plan, asked.exposure)
            exposure = np.array([own[region][start - history.step] for region in block.regions])
            return window(block.y, exposure, block.periods.index(start), length)
        case DiscountAsked():
            rest, hardware = block.columns
            return discount(block.y, hardware, rest)


def _series(
    history: History, columns: Sequence[str], plan: Plan, column: str
) -> Mapping[str, Mapping[int, float]]:
    """Give a covariate by region and period, as the plan has it enter; where it is known."""
    place, step, found = columns.index(column), history.step, {}
    for region, told in history.extras.items():
        values = {t: row[place] for t, row in told.items()}
        if column in plan.changes:
            values = {t: v - values.get(t - step, math.nan) for t, v in values.items()}
        found[region] = {t: v for t, v in values.items() if not math.isnan(v)}
    return found


def _block(history: History, columns: Sequence[str], plan: Plan, asked: Asked) -> Block:
    """Give the largest whole block that a question can stand on. Raise TooFew."""
    target = (
        {region: history.growths(region) for region in history.values}
        if plan.growth
        else history.values
    )
    series = [target, *(_series(history, columns, plan, one) for one in asked.columns)]
    regions = list(target)
    if isinstance(asked, WindowAsked):
        exposed = _series(history, columns, plan, asked.exposure)
        before = asked.start - history.step
        regions = [one for one in regions if before in exposed.get(one, {})]
    seen = sorted({period for one in regions for period in target[one]})
    periods = list(range(seen[0], seen[-1] + 1, history.step)) if seen else []
    through: tuple[int, ...] = ()
    if isinstance(asked, WindowAsked) and periods:
        end = asked.start + (asked.length - 1) * history.step
        through = (before, asked.start, min(end, periods[-1]))
    known = np.array(
        [[all(t in one.get(r, {}) for one in series) for t in periods] for r in regions], dtype=bool
    ).reshape(len(regions), len(periods))
    rows, first, last = largest(known, [periods.index(t) if t in periods else -1 for t in through])
    kept = tuple(regions[row] for row in rows)
    span = tuple(periods[first:last])
    arrays = [np.array([[one[r][t] for t in span] for r in kept]) for one in series]
    return Block(arrays[0], tuple(arrays[1:]), kept, span)


def largest(known: NDArray[np.bool_], through: Sequence[int] = ()) -> tuple[list[int], int, int]:
    """Give the rows and the span of columns of the largest block in which everything is known.

    The block holds the columns ``through`` (-1: one that is not there), `FEWEST_REGIONS` rows and
    `FEWEST_PERIODS` columns. Of two as large the earlier is given. Raise TooFew.

    >>> known = np.ones((12, 6), dtype=bool)
    >>> known[0, 2] = known[:, 5] = False
    >>> rows, first, last = largest(known)
    >>> len(rows), first, last
    (11, 0, 5)
    """
    best: tuple[int, int, int] = (0, 0, 0)
    for first, last in combinations_with_replacement(range(known.shape[1]), 2):
        if last - first + 1 < FEWEST_PERIODS or not all(first <= one <= last for one in through):
            continue
        rows = int(known[:, first : last + 1].all(axis=1).sum())
        cells = rows * (last - first + 1)
        if rows >= FEWEST_REGIONS and cells > best[0]:
            best = cells, first, last + 1
    cells, first, last = best
    if not cells:
        raise TooFew(
            "所需各列在同一时段齐全的，不足 {0} 个地区、{1} 期",
            "there are no {0} regions and {1} periods in a row of which everything is known that"
            " this needs",
            FEWEST_REGIONS,
            FEWEST_PERIODS,
        )
    return np.flatnonzero(known[:, first:last].all(axis=1)).tolist(), first, last
