"""Shares: the axioms of Shapley, sums to the fen, and the sample beside the exact value."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.value.domain.sharing import shapley_peak, shapley_sampled, share

TABLES = (
    st.integers(1, 4)
    .flatmap(
        lambda hours: st.lists(
            st.lists(st.integers(0, 50), min_size=hours, max_size=hours), min_size=1, max_size=5
        )
    )
    .filter(lambda table: any(map(any, table)))
)


def by_definition(table: list[list[int]]) -> list[Fraction]:
    """Walk every order of joining."""
    sums, orders = [0] * len(table), list(permutations(range(len(table))))
    for order in orders:
        load, peak = [0] * len(table[0]), 0
        for k in order:
            load = [a + b for a, b in zip(load, table[k], strict=True)]
            sums[k] += max(load) - peak
            peak = max(load)
    return [Fraction(one, len(orders)) for one in sums]


@given(TABLES)
def test_shapley_is_the_mean_over_every_order(table: list[list[int]]) -> None:
    assert shapley_peak(np.array(table, dtype=np.int64)) == by_definition(table)


@given(TABLES, st.integers(0, 10**9), st.integers(0, 10**9))
def test_every_column_adds_up_and_the_axioms_hold(
    table: list[list[int]], fixed: int, more: int
) -> None:
    # a department that never loads, and one that loads as the first does
    table = [*table, [0] * len(table[0]), table[0]]
    found = share([str(n) for n in range(len(table))], table, fixed + more, fixed)
    for column in (found.volume, found.peak, found.shapley):
        assert sum(column) == fixed + more
        assert column[-2] == 0
        assert abs(column[0] - column[-1]) <= 2  # of equals one may carry the odd fen
    assert found.spread is None


def test_the_sample_agrees_with_the_exact_value() -> None:
    table = np.random.default_rng(7).integers(0, 100, (9, 24))
    exact = [float(one) for one in shapley_peak(table)]
    mean, error = shapley_sampled(table, 4000, 1)
    assert sum(mean) == table.sum(axis=0).max()
    for wanted, found, spread in zip(exact, mean, error, strict=True):
        assert abs(wanted - float(found)) <= 5 * spread
        assert 0 < spread < 0.5


def test_beyond_twelve_it_is_sampled_and_says_so() -> None:
    table = np.random.default_rng(3).integers(0, 100, (14, 6)).tolist()
    names = [str(n) for n in range(14)]
    found = share(names, table, 10**8, 10**7, seed=5)
    assert found.spread is not None
    assert len(found.spread) == 14
    assert sum(found.shapley) == 10**8
    assert found == share(names, table, 10**8, 10**7, seed=5)


def test_loads_of_nobody_are_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        share(["a"], [[0, 0]], 100)
