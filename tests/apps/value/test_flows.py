"""Cash flows: textbook cases, and every rate found is a rate and none is missing."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.value.domain import flows
from tongban.apps.value.domain.money import allocate


def value(amounts: list[int], rate: Fraction) -> Fraction:
    """Sum the definition, without any of our code."""
    return sum(
        (Fraction(amount) / (1 + rate) ** year for year, amount in enumerate(amounts)), Fraction(0)
    )


def test_npv_of_a_textbook() -> None:
    # Brealey, Myers and Allen, ch. 2: 420 in a year for 370 now, at 5 %: 30
    assert flows.npv([-370, 420], Decimal("0.05")) == 30
    # ch. 5: −4,000, 2,000, 4,000 at 10 %: 1,123.97; IRR 28.08 %
    project = [-400_000, 200_000, 400_000]
    assert round(flows.npv(project, Decimal("0.10"))) == 112_397
    assert round(flows.rates(project).roots[0], 4) == Decimal("0.2808")


def test_mirr_and_payback_as_a_spreadsheet_has_them() -> None:
    # the example of Excel's MIRR: 10 % to finance, 12 % to reinvest: 12.61 %
    project = [-120_000, 39_000, 30_000, 21_000, 37_000, 46_000]
    found = flows.mirr(project, Decimal("0.10"), Decimal("0.12"))
    assert found is not None
    assert round(found, 4) == Decimal("0.1261")
    # Brealey, Myers and Allen, ch. 5: projects A, B, C of one payback rule
    assert flows.payback([-2000, 500, 500, 5000]) == Decimal("2.2")
    assert round(flows.payback([-2000, 500, 1800, 0]) or 0, 4) == Decimal("1.8333")
    assert flows.payback([-2000, 500]) is None
    assert flows.payback([-100, 150, -60, 5]) is None
    assert flows.payback([-100, 150, -60, 20]) == Decimal("2.5")
    assert flows.mirr([5, 5], Decimal("0.1"), Decimal("0.1")) is None


def test_two_changes_of_sign_give_both_rates_or_none() -> None:
    both = flows.rates([-1600, 10_000, -10_000])
    assert both.changes == 2
    assert both.roots == (Decimal("0.25"), 4)
    assert both.single is None
    nothing = flows.rates([1000, -3000, 2500])
    assert (nothing.changes, nothing.roots) == (2, ())


def test_income_alone_has_no_rate() -> None:
    assert flows.rates([100, 100]).roots == ()
    assert flows.rates([100, 100]).changes == 0
    assert flows.rates([0, 0]).roots == ()
    assert flows.rates([]).roots == ()


def test_a_double_rate_is_found_once() -> None:
    # (1 − 1.1x)² has the rate of 10 % twice and never changes its sign there
    assert flows.rates([100, -220, 121]).roots == (Decimal("0.1"),)


def test_a_rate_of_very_long_and_very_unlike_flows() -> None:
    long = [-(10**14), *[10**12] * 200]
    (found,) = flows.rates(long).roots
    assert abs(value(long, Fraction(found))) < 10**6
    (steep,) = flows.rates([-1, 10**12]).roots
    assert abs(steep - (10**12 - 1)) < 1  # of a million million


@given(
    st.lists(st.fractions(Fraction(-9, 10), 3, max_denominator=50), min_size=1, max_size=4),
    st.sampled_from([1, -1]),
)
def test_every_rate_that_was_put_in_is_found(chosen: list[Fraction], sign: int) -> None:
    poly = [Fraction(sign)]
    for rate in chosen:  # times (1 − (1+r) x)
        scaled = [0, *[-(1 + rate) * c for c in poly]]
        poly = [a + b for a, b in zip([*poly, 0], scaled, strict=True)]
    scale = 1
    for c in poly:
        scale *= c.denominator
    amounts = [int(c * scale) for c in poly]
    found = flows.rates(amounts)
    assert len(found.roots) <= found.changes
    assert (found.changes - len(chosen)) % 2 == 0
    assert len(found.roots) == len(set(chosen))
    for there, wanted in zip(found.roots, sorted(set(chosen)), strict=True):
        assert abs(Fraction(there) - wanted) < Fraction(1, 10**11)


@given(st.lists(st.integers(-1000, 1000), max_size=12))
def test_rates_are_as_many_as_a_fine_search_finds(amounts: list[int]) -> None:
    found = flows.rates(amounts)
    assert len(found.roots) <= found.changes
    step = Fraction(1, 10**11)
    for root in found.roots:
        rate = Fraction(root)
        low, high = value(amounts, rate - step), value(amounts, rate + step)
        slope = abs(high - low)
        # the sign changes here, or the value touches nil
        assert low * high <= 0 or abs(value(amounts, rate)) <= max(slope, Fraction(1, 10**8))
    grid = [Fraction(n, 20) for n in range(-18, 60)]
    crossed = sum(
        (value(amounts, a) > 0) != (value(amounts, b) > 0)
        for a, b in pairwise(grid)
        if value(amounts, a) and value(amounts, b)
    )
    within = [r for r in found.roots if grid[0] < r < grid[-1]]
    assert crossed <= len(within)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_shares_add_up_to_the_fen(total: int, weights: list[int]) -> None:
    if not any(weights):
        with pytest.raises(ValueError, match="above zero"):
            allocate(total, weights)
        return
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_a_rate_at_or_below_minus_one_is_refused() -> None:
    with pytest.raises(ValueError, match="above -1"):
        flows.npv([1], Decimal(-1))
