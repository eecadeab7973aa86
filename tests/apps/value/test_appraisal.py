"""Appraisal and chance: the deductions, the corners of the tornado, and what chance may do."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.value import parameters
from tongban.apps.value.domain import appraisal, chance, flows
from tongban.apps.value.domain.appraisal import Line, Project, Range, Social
from tongban.apps.value.errors import ValueRefused

TERMS = parameters.load().terms
LINES = [
    Line(2025, "outlay", 100_000),
    *(Line(year, "running", 5_000) for year in range(2026, 2031)),
    *(Line(year, "direct", 40_000) for year in range(2026, 2031)),
    *(Line(year, "social", 30_000) for year in range(2027, 2031)),
]
FLAT = {
    **{kind: Range(Decimal(1), Decimal(1), Decimal(1)) for kind in appraisal.KINDS},
    "delay": Range(Decimal(0), Decimal(0), Decimal(0)),
}


def test_years_are_summed_and_direct_leaves_social_out() -> None:
    found = appraisal.project([*LINES, Line(2026, "direct", 1)])
    assert (found.first, len(found.direct)) == (2025, 6)
    assert found.direct == (-100_000, 35_001, 35_000, 35_000, 35_000, 35_000)
    assert found.spent == (100_000, *[5_000] * 5)
    without = appraisal.project([line for line in LINES if line.kind != "social"])
    one, other = (appraisal.appraise(p, TERMS) for p in (appraisal.project(LINES), without))
    assert (one.npv, one.rates, one.payback) == (other.npv, other.rates, other.payback)
    assert one.social > 0 == other.social


def test_the_four_deductions_by_hand() -> None:
    social = Social(Decimal("0.5"), Decimal("0.2"), Decimal("0.25"), Decimal("0.1"))
    # 1000 × 0.5 × 0.8 × 0.75 = 300, then a tenth less each year
    assert appraisal.social_net([0, 1000, 1000, 1000], social) == (0, 300, 270, 243)
    with pytest.raises(ValueError, match="from 0 to 1"):
        Social(Decimal(2), Decimal(0), Decimal(0), Decimal(0))


def test_break_even_makes_the_value_nil() -> None:
    found = appraisal.project(LINES)
    result = appraisal.appraise(found, TERMS)
    for name, factor in result.break_even.items():
        assert factor is not None
        sums = {
            k: [Decimal(v) * (factor if k == name else 1) for v in found.sums[k]]
            for k in found.sums
        }
        yearly = [
            c - a - b
            for a, b, c in zip(sums["outlay"], sums["running"], sums["direct"], strict=True)
        ]
        value = sum(c / (1 + TERMS.rate) ** n for n, c in enumerate(yearly))
        assert abs(value) < Decimal("1e-15")
    alone = appraisal.appraise(appraisal.project(LINES[:1]), TERMS)
    assert alone.break_even == {"outlay": 0, "running": None, "direct": None}
    assert alone.mirr is None


def test_the_npv_corrected_for_optimism_by_hand() -> None:
    likely = {"outlay": "1.2", "running": "2", "direct": "0.5", "social": "0.1", "delay": "1"}
    ranges = {name: Range(Decimal(0), Decimal(value), Decimal(9)) for name, value in likely.items()}
    terms = replace(TERMS, rate=Decimal("0.1"), ranges=ranges)
    lines = [
        Line(2025, "outlay", 100_000),
        Line(2026, "running", 11_000),
        Line(2026, "direct", 121_000),
        Line(2026, "social", 50_000),
    ]
    result = appraisal.appraise(appraisal.project(lines), terms)
    # as stated −100,000 + 110,000 / 1.1; corrected −120,000 − 22,000 / 1.1 + 60,500 / 1.1²
    assert (result.npv, result.corrected) == (0, -90_000)


def test_the_tornado_is_the_recomputed_value_at_each_end() -> None:
    found = appraisal.project(LINES)
    result = appraisal.appraise(found, TERMS)
    assert [abs(s.high - s.low) for s in result.tornado] == sorted(
        (abs(s.high - s.low) for s in result.tornado), reverse=True
    )
    mode = {name: float(TERMS.ranges[name].mode) for name in appraisal.INPUTS}
    for swing in result.tornado:
        for end, told in (
            (TERMS.ranges[swing.name].low, swing.low),
            (TERMS.ranges[swing.name].high, swing.high),
        ):
            at = {**mode, swing.name: float(end)}
            wanted = sum(
                (d * at["direct"] * 1.08 ** -at["delay"] - o * at["outlay"] - r * at["running"])
                / 1.08**n
                for n, (o, r, d) in enumerate(
                    zip(*(found.sums[k] for k in appraisal.KINDS[:3]), strict=True)
                )
            )
            assert abs(wanted - told) < 1


def test_without_ranges_every_path_is_the_project_itself() -> None:
    found = appraisal.project(LINES)
    terms = replace(TERMS, ranges=FLAT, correlations={})
    result, spread = appraisal.appraise(found, terms), chance.simulate(found, terms, 200, 1)
    assert all(abs(npv - result.npv) <= 1 for npv in spread.npv)
    assert all(abs(social - result.social) <= 1 for social in spread.social)
    assert result.rates.single is not None
    assert all(abs(rate - result.rates.single) < Decimal("1e-5") for rate in spread.irr)
    assert (spread.loss, spread.without) == (0, 0)


def test_draws_have_their_range_and_their_correlations() -> None:
    drawn = chance.draws(TERMS, 20_000, 3)
    for name, values in drawn.items():
        of = TERMS.ranges[name]
        assert float(of.low) <= values.min() <= values.max() <= float(of.high)
        assert abs(values.mean() - float(of.low + of.mode + of.high) / 3) < 1e-3
    ranks = {name: np.argsort(np.argsort(values)) for name, values in drawn.items()}
    for (one, other), wanted in TERMS.correlations.items():
        found = np.corrcoef(ranks[one], ranks[other])[0, 1]
        # Spearman's of a normal pair: 6/π · asin(ρ/2)
        assert abs(found - 6 / np.pi * np.arcsin(float(wanted) / 2)) < 0.02
    free = np.corrcoef(ranks["running"], ranks["social"])[0, 1]
    assert abs(free) < 0.03


def test_correlated_inputs_reach_the_result() -> None:
    found = appraisal.project(LINES)
    wide = []
    for value in ("-0.9", "0", "0.9"):
        terms = replace(TERMS, correlations={("outlay", "direct"): Decimal(value)})
        spread = chance.simulate(found, terms, 4000, 1)
        wide.append(spread.npv[-1] - spread.npv[0])
    # dear and of little use at once is worst: there the ends lie farthest apart
    assert wide[0] > 1.1 * wide[1] > 1.2 * wide[2]


def test_the_social_return_by_hand_and_beside_the_direct() -> None:
    social = Social(Decimal("0.5"), Decimal("0.2"), Decimal("0.25"), Decimal("0.1"))
    terms = replace(TERMS, rate=Decimal("0.1"), social=social)
    lines = [
        Line(2025, "outlay", 1_000),
        Line(2026, "running", 110),
        Line(2026, "social", 11_000),
        Line(2027, "social", 12_100),
    ]
    result = appraisal.appraise(appraisal.project(lines), terms)
    # 3,300 / 1.1 and 0.9 × 3,630 / 1.21 over 1,000 and 110 / 1.1
    assert (result.social, result.spent) == (5_700, 1_100)
    assert result.sroi is not None
    assert round(result.sroi, 6) == round(Decimal(5_700) / 1_100, 6)
    assert result.npv == -1_100
    alone = appraisal.appraise(appraisal.project(lines[:2]), terms)
    assert (alone.npv, alone.social, alone.sroi) == (-1_100, 0, 0)


def test_no_path_adds_social_value_to_the_direct() -> None:
    without = appraisal.project([line for line in LINES if line.kind != "social"])
    one, other = (
        chance.simulate(found, TERMS, 500, 1) for found in (appraisal.project(LINES), without)
    )
    assert (one.npv, one.irr, one.fan, one.loss) == (other.npv, other.irr, other.fan, other.loss)
    assert min(one.social) > 0 == max(other.social)


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    found = appraisal.project(LINES)
    assert chance.simulate(found, TERMS, 500, 1) == chance.simulate(found, TERMS, 500, 1)
    assert chance.simulate(found, TERMS, 500, 1) != chance.simulate(found, TERMS, 500, 2)


def test_correlations_that_cannot_hold_are_refused() -> None:
    tight = {("outlay", "running"): Decimal("0.9"), ("running", "delay"): Decimal("0.9")}
    terms = replace(TERMS, correlations={**tight, ("outlay", "delay"): Decimal("-0.9")})
    with pytest.raises(ValueRefused, match="cannot all hold"):
        chance.draws(terms, 100, 1)


@given(st.lists(st.lists(st.integers(-100, 100), min_size=4, max_size=4), min_size=1, max_size=8))
def test_rates_of_paths_are_the_exact_ones(table: list[list[int]]) -> None:
    found = chance.irr_paths(np.array(table, dtype=np.float64))
    for amounts, rate in zip(table, found, strict=True):
        exact = flows.rates(amounts)
        if np.isnan(rate):
            assert exact.changes != 1 or not -0.999 < exact.roots[0] < 999
        else:
            assert exact.single is not None
            assert abs(float(exact.single) - rate) < 1e-9 * (1 + abs(rate)) ** 2


def test_the_interval_of_a_ratio() -> None:
    costs = {str(n): 100 for n in range(40)}
    gains = {str(n): 300 + 10 * (n % 5) for n in range(40)}
    ends = chance.ratio_interval(gains, costs)
    assert ends is not None
    assert ends[0] < Decimal("3.2") < ends[1]
    assert ends[1] - ends[0] < Decimal("0.2")
    assert chance.ratio_interval({"a": 1, "b": 2}, {"a": 1, "b": 1}) is None


def test_a_project_of_income_alone_is_told_so() -> None:
    found = Project(2025, {"outlay": (0, 0), "running": (0, 0), "direct": (5, 5), "social": (0, 0)})
    result = appraisal.appraise(found, TERMS)
    assert (result.rates.roots, result.rates.changes, result.sroi) == ((), 0, None)
    assert chance.simulate(found, TERMS, 100, 1).irr == ()
    assert Fraction(chance.simulate(found, TERMS, 100, 1).without) == 1
