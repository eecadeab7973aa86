"""Sharing one bill among departments 成本分摊: by volume, by peak, by Shapley value.

The bill has a fixed part and a part for capacity. Capacity is bought for the peak of all together,
so the cost of a group is ``fixed + unit × peak(group)``: who loads at other hours than the rest
raises the peak little and pays little. The Shapley value is the mean, over all orders of joining,
of what a department adds. Exact up to twelve departments, sampled with a seed beyond.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial

import numpy as np
from numpy.typing import NDArray

from .money import allocate

EXACT = 12
ORDERS = 4000
Loads = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shares:
    """What each department pays, in fen; each column adds up to the bill.

    ``spread`` is the standard error of the sampled Shapley value in fen; None where it is exact.
    """

    departments: tuple[str, ...]
    volume: tuple[int, ...]
    peak: tuple[int, ...]
    shapley: tuple[int, ...]
    spread: tuple[int, ...] | None


def share(
    departments: Sequence[str],
    loads: Sequence[Sequence[int]],
    total: int,
    fixed: int = 0,
    *,
    seed: int = 20260101,
    orders: int = ORDERS,
) -> Shares:
    """Share ``total`` fen, of which ``fixed`` does not grow with the peak.

    ``loads`` is departments × periods, not negative, and one is above zero. The fixed part is the
    same for any group, so by Shapley it falls to all that load anything in equal parts.
    """
    table = np.array(loads, dtype=np.int64)
    own = [int(peak) for peak in table.max(axis=1)]
    spread = None
    if len(departments) <= EXACT:
        adds = shapley_peak(table)
    else:
        adds, errors = shapley_sampled(table, orders, seed)
        unit = Fraction(total - fixed) / sum(adds)
        spread = tuple(round(error * float(unit)) for error in errors)
    players = [int(peak > 0) for peak in own]
    base = allocate(fixed, players)
    grown = allocate(total - fixed, adds)
    return Shares(
        tuple(departments),
        allocate(total, [int(volume) for volume in table.sum(axis=1)]),
        allocate(total, own),
        tuple(a + b for a, b in zip(base, grown, strict=True)),
        spread,
    )


def shapley_peak(loads: Loads) -> list[Fraction]:
    """Give the exact Shapley value of the peak game, in units of load."""
    count = len(loads)
    sums = np.zeros((1, loads.shape[1]), dtype=np.int64)
    for row in loads:
        sums = np.concatenate([sums, sums + row])
    # group n holds department k where bit k of n is set
    peaks = [int(peak) for peak in sums.max(axis=1)]
    weight = [
        Fraction(factorial(size) * factorial(count - size - 1), factorial(count))
        for size in range(count)
    ]
    found = []
    for k in range(count):
        by_size = [0] * count
        for group, peak in enumerate(peaks):
            if not group >> k & 1:
                by_size[group.bit_count()] += peaks[group | 1 << k] - peak
        found.append(sum((w * n for w, n in zip(weight, by_size, strict=True)), Fraction(0)))
    return found


def shapley_sampled(loads: Loads, orders: int, seed: int) -> tuple[list[Fraction], list[float]]:
    """Give the sampled Shapley value and its standard errors, in units of load.

    Each order is also walked backwards, which takes out much of the chance.
    """
    count = len(loads)
    chance = np.random.default_rng(seed)
    sums, squares = np.zeros(count, dtype=object), np.zeros(count)
    pairs = max(orders // 2, 2)
    for _ in range(pairs):
        order = chance.permutation(count)
        both = _added(loads, order) + _added(loads, order[::-1])
        sums += both
        squares += (both / 2.0) ** 2
    mean = np.array([float(one) for one in sums]) / (2 * pairs)
    error = np.sqrt(np.maximum(squares / pairs - mean**2, 0) / (pairs - 1))
    return [Fraction(int(one), 2 * pairs) for one in sums], [float(one) for one in error]


def _added(loads: Loads, order: NDArray[np.int64]) -> Loads:
    peaks = np.cumsum(loads[order], axis=0).max(axis=1)
    added = np.empty(len(order), dtype=np.int64)
    added[order] = np.diff(peaks, prepend=0)
    return added
