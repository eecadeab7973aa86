"""What chance does to an investment 蒙特卡洛: paths of correlated inputs, by a seed.

Each input is spread evenly over its range (one value from each of as many slices as there are
paths), then put into an order that has the wanted correlations of ranks. So its distribution holds
exactly, and only the order is chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from tongban.apps.value.errors import ValueRefused

from . import appraisal
from .appraisal import INPUTS, Range, Terms

PATHS = 10_000
SEED = 20260101
Floats = NDArray[np.float64]
TAILS = (5, 25, 50, 75, 95)
INTERVAL = 95  # percent, of the bootstrap
FEWEST = 3  # projects that an interval needs
_SIDES = ((100 - INTERVAL) / 2, (100 + INTERVAL) / 2)


@dataclass(frozen=True, slots=True)
class Spread:
    """What the paths came to. ``npv`` and ``social`` in fen at the percentiles 5, 25, 50, 75, 95.

    ``loss`` is the share of paths with NPV below nil; ``irr`` the percentiles of the rate of return
    over the paths that change their sign once, ``without`` the share of those that do not;
    ``histogram`` edges in fen and counts; ``fan`` the percentiles of the sum so far by year.
    """

    paths: int
    seed: int
    npv: tuple[int, ...]
    social: tuple[int, ...]
    loss: Decimal
    irr: tuple[Decimal, ...]
    without: Decimal
    histogram: tuple[tuple[int, int, int], ...]
    fan: tuple[tuple[int, ...], ...]


def triangular(u: Floats, of: Range) -> Floats:
    """Turn shares from 0 to 1 into values of the triangular range."""
    low, mode, high = float(of.low), float(of.mode), float(of.high)
    if high == low:
        return np.full_like(u, low)
    cut = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u < cut, rising, falling)


def draws(terms: Terms, paths: int, seed: int) -> dict[str, Floats]:
    """Draw every input ``paths`` times. Raise ValueRefused: the correlations cannot all hold."""
    wanted = np.eye(len(INPUTS))
    for (one, other), value in terms.correlations.items():
        a, b = INPUTS.index(one), INPUTS.index(other)
        wanted[a, b] = wanted[b, a] = float(value)
    try:
        lower = np.linalg.cholesky(wanted)
    except np.linalg.LinAlgError as error:
        raise ValueRefused(
            "相关系数互相矛盾：没有变量能同时满足，请改小",
            "the correlations cannot all hold at once: make them smaller",
        ) from error
    chance = np.random.default_rng(seed)
    normal = lower @ chance.standard_normal((len(INPUTS), paths))
    even = (np.arange(paths) + 0.5) / paths
    found = {}
    for name, row in zip(INPUTS, normal, strict=True):
        values = np.empty(paths)
        values[np.argsort(row)] = triangular(even, terms.ranges[name])
        found[name] = values
    return found


def irr_paths(flows: Floats) -> Floats:
    """Give the rate of return of each path (paths × years); NaN unless its sign changes once."""
    signs = np.sign(flows)
    # a nil takes the sign before it, so that it is no change of its own
    for year in range(1, flows.shape[1]):
        nil = signs[:, year] == 0
        signs[nil, year] = signs[nil, year - 1]
    single = (np.abs(np.diff(signs, axis=1)) == 2).sum(axis=1) == 1
    chosen = flows[single]
    # in x = 1/(1+r) the value has one root; twice the start bounds it or it is out of reach
    low, high = np.full(len(chosen), 1e-3), np.full(len(chosen), 1e3)
    start = np.sign(_value(chosen, low))
    reached = np.sign(_value(chosen, high)) != start
    for _ in range(64):
        mid = np.sqrt(low * high)
        same = np.sign(_value(chosen, mid)) == start
        low, high = np.where(same, mid, low), np.where(same, high, mid)
    found = np.full(len(flows), np.nan)
    found[single] = np.where(reached, 1 / np.sqrt(low * high) - 1, np.nan)
    return found


def _value(flows: Floats, x: Floats) -> Floats:
    total = np.zeros(len(flows))
    for year in range(flows.shape[1] - 1, -1, -1):
        total = total * x + flows[:, year]
    return total


def simulate(
    found: appraisal.Project, terms: Terms, paths: int = PATHS, seed: int = SEED
) -> Spread:
    """Run the paths; the same seed gives the same answer."""
    drawn = draws(terms, paths, seed)
    sums = {kind: np.array(found.sums[kind], dtype=np.float64) for kind in appraisal.KINDS}
    net = np.array(appraisal.social_net(found.sums["social"], terms.social), dtype=np.float64)
    growth = (1 + float(terms.rate)) ** -np.arange(len(net), dtype=np.float64)
    late = (1 + float(terms.rate)) ** -drawn["delay"]
    gain = drawn["direct"] * late
    yearly = (
        gain[:, None] * sums["direct"]
        - drawn["outlay"][:, None] * sums["outlay"]
        - drawn["running"][:, None] * sums["running"]
    )
    npv = yearly @ growth
    social = (drawn["social"] * late) * float(net @ growth)
    so_far = np.cumsum(yearly * growth, axis=1)
    rates = irr_paths(yearly)
    known = rates[~np.isnan(rates)]
    counts, edges = np.histogram(npv, bins=20)
    return Spread(
        paths=paths,
        seed=seed,
        npv=_fen(np.percentile(npv, TAILS)),
        social=_fen(np.percentile(social, TAILS)),
        loss=Decimal(int((npv < 0).sum())) / paths,
        irr=tuple(round(Decimal(float(r)), 6) for r in np.percentile(known, TAILS))
        if len(known)
        else (),
        without=Decimal(paths - len(known)) / paths,
        histogram=tuple(
            (round(float(a)), round(float(b)), int(n))
            for a, b, n in zip(edges, edges[1:], counts, strict=False)
        ),
        fan=tuple(_fen(np.percentile(so_far[:, year], TAILS)) for year in range(len(net))),
    )


def _fen(values: Floats) -> tuple[int, ...]:
    return tuple(round(float(value)) for value in values)


def ratio_interval(
    gains: Mapping[str, int], costs: Mapping[str, int], *, times: int = 4000, seed: int = SEED
) -> tuple[Decimal, Decimal] | None:
    """Give the 95 % bootstrap interval of total gain per total cost; None below three projects."""
    names = sorted(costs)
    if len(names) < FEWEST:
        return None
    gain = np.array([gains[name] for name in names], dtype=np.float64)
    cost = np.array([costs[name] for name in names], dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(names), (times, len(names)))
    ends = np.percentile(gain[picks].sum(axis=1) / cost[picks].sum(axis=1), _SIDES)
    return round(Decimal(float(ends[0])), 4), round(Decimal(float(ends[1])), 4)
