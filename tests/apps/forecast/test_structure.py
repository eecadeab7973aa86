"""Structure: each estimator finds what was put in, agrees with plain algebra, or says it cannot."""

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linearmodels.panel import PanelOLS
from scipy import stats

from tongban.apps.forecast.domain.structure import proving
from tongban.apps.forecast.domain.structure.lags import almon
from tongban.apps.forecast.domain.structure.threshold import threshold
from tongban.apps.forecast.domain.structure.windows import discount, window
from tongban.apps.forecast.domain.structure.within import (
    NotIdentified,
    Numbers,
    PanelUnbalanced,
    least_squares,
    spread,
    within,
)
from tongban.apps.forecast.models import estimates


def dummies(y: Numbers, *columns: Numbers) -> tuple[Numbers, float]:
    """Slopes and sum of squares by ordinary least squares on dummies: the long way round."""
    regions, periods = y.shape
    parts = [one.ravel()[:, None] for one in columns]
    parts += [np.kron(np.eye(regions), np.ones((periods, 1)))]
    parts += [np.kron(np.ones((regions, 1)), np.eye(periods))[:, 1:]]
    found, left, *_ = np.linalg.lstsq(np.hstack(parts), y.ravel(), rcond=None)
    return found[: len(columns)], float(left[0])


@given(st.integers(0, 10_000), st.integers(3, 8), st.integers(4, 9))
def test_slopes_are_those_of_dummies(seed: int, regions: int, periods: int) -> None:
    draw = np.random.default_rng(seed)
    y, a, b = draw.normal(size=(3, regions, periods))
    fit = least_squares(y, [a, b], ["a", "b"])
    slopes, left = dummies(y, a, b)
    assert fit.slopes == pytest.approx(slopes, abs=1e-9)
    assert (fit.residuals**2).sum() == pytest.approx(left, abs=1e-9)
    assert np.abs(within(within(y)) - within(y)).max() < 1e-12


def test_errors_are_those_of_another_library() -> None:
    draw = np.random.default_rng(3)
    y, a = draw.normal(size=(2, 12, 9))
    ours = least_squares(y, [a], ["a"])
    unit, time = np.divmod(np.arange(y.size), 9)
    theirs = estimates.fixed_effects(y.ravel(), a.reshape(-1, 1), unit, time)
    assert ours.slopes[0] == pytest.approx(theirs.coefficients[0], abs=1e-10)
    # the two count lost degrees of freedom each in its own way, and by no more than that
    assert ours.errors[0] == pytest.approx(theirs.errors[0], rel=0.1)


def test_a_nation_wide_index_is_not_identified() -> None:
    draw = np.random.default_rng(1)
    y = draw.normal(size=(6, 8))
    index = np.broadcast_to(draw.normal(size=8), (6, 8)).copy()
    with pytest.raises(NotIdentified, match="policy index"):
        least_squares(y, [index], ["policy index"])
    a = draw.normal(size=(6, 8))
    with pytest.raises(NotIdentified, match="again"):
        least_squares(y, [a, 2 * a + index], ["a", "again"])
    with pytest.raises(NotIdentified, match="window"):
        window(y, np.ones(6), 5, 2)
    with pytest.raises(NotIdentified):
        threshold(y, a, np.ones((6, 8)), seed=1)


def test_what_is_no_balanced_panel_is_refused() -> None:
    y = np.ones((3, 4))
    y[1, 1] = np.nan
    with pytest.raises(PanelUnbalanced, match="缺失"):
        least_squares(y, [np.ones((3, 4))], ["x"])
    with pytest.raises(PanelUnbalanced):
        almon(np.ones((3, 4)), np.ones((3, 5)), 1, 1)


def test_lags_with_full_degree_are_the_unrestricted_ones() -> None:
    draw = np.random.default_rng(5)
    y, x = draw.normal(size=(2, 10, 20))
    moved = [x[:, 3 - back : 20 - back] for back in range(4)]
    slopes, _ = dummies(y[:, 3:], *moved)
    assert almon(y, x, 3, 3).weights == pytest.approx(slopes, abs=1e-8)


def test_lags_find_their_shape() -> None:
    y, x = proving.lagged(np.random.default_rng(11), 0.5)
    found = almon(y, x, 4, 2)
    assert np.abs(found.weights - proving.LAG_WEIGHTS).max() < 0.08
    assert abs(found.total - 1.2) < 3 * found.total_error
    assert found.mean == pytest.approx(2, abs=0.3)


def test_the_threshold_is_the_least_sum_of_squares() -> None:
    draw = np.random.default_rng(2)
    y, x, q = proving.broken(draw, 1.0)
    found = threshold(y, x, q, seed=1, bootstraps=99)

    def squares(place: float) -> float:
        return dummies(y, np.where(q <= place, x, 0), np.where(q > place, x, 0))[1]

    inner = np.sort(q.ravel())[28:-28:5]
    assert squares(found.at) <= min(map(squares, inner)) + 1e-9
    assert found.low <= proving.BREAK <= found.high
    assert found.found
    assert 1.3 < found.ratio < 2.4


def test_where_there_is_no_threshold_none_is_found_more_often_than_chance() -> None:
    seen = [
        threshold(*proving.broken(np.random.default_rng(n), 1.0, (1, 1)), seed=n, bootstraps=99).p
        for n in range(40)
    ]
    # a test of 5 % finds 2 of 40; 7 would happen once in three hundred times
    assert sum(p < 0.05 for p in seen) < 7
    assert max(seen) > 0.5


def test_a_window_is_seen_through_exposure_and_a_trend_is_no_window() -> None:
    draw = np.random.default_rng(4)
    exposure = draw.uniform(0, 2, 31)
    noise = draw.normal(0, 0.1, (31, 24))
    inside = np.zeros(24)
    inside[14:20] = 1
    real = window(0.284 * exposure[:, None] * inside + noise, exposure, 14, 6)
    assert abs(real.effect - 0.284) < 3 * real.error < 0.2
    assert real.believable
    own_way = window(0.05 * exposure[:, None] * np.arange(24) + noise, exposure, 14, 6)
    assert not own_way.believable
    assert np.isnan(window(noise, exposure, 4, 6).placebo)


def test_a_discount_is_known_or_said_not_to_be() -> None:
    draw = np.random.default_rng(6)
    hardware, rest = draw.normal(size=(2, 31, 20))
    noise = draw.normal(size=(31, 20))
    found = discount(rest + 0.4 * hardware + noise, hardware, rest)
    assert found.low < 0.4 < found.high
    assert found.known
    with pytest.raises(NotIdentified, match="hardware"):
        discount(noise, hardware, rest)


@pytest.mark.parametrize("regions", [4, 10, 31])
def test_intervals_of_few_regions_are_those_of_student(regions: int) -> None:
    """Beside linearmodels' clustered errors and the t of one degree less than there are regions."""
    draw = np.random.default_rng(regions)
    x, y = draw.normal(size=(2, regions, 8))
    fit = least_squares(y, [x], ["x"])
    assert fit.spread == pytest.approx(stats.t.ppf(0.975, regions - 1), rel=1e-12)
    index = pd.MultiIndex.from_product([range(regions), range(8)])
    data = pd.DataFrame({"y": y.ravel(), "x": x.ravel()}, index=index)
    effects = {"entity_effects": True, "time_effects": True}
    peer = PanelOLS(data["y"], data[["x"]], **effects).fit(
        cov_type="clustered", cluster_entity=True, group_debias=True
    )
    assert float(fit.slopes[0]) == pytest.approx(float(peer.params["x"]), rel=1e-9)
    # both count regions and periods among what was estimated, each by its own small-sample factor
    assert float(fit.errors[0]) == pytest.approx(float(peer.std_errors["x"]), rel=0.05)


@given(st.integers(2, 200), st.floats(0.5, 0.99))
def test_more_regions_need_fewer_errors_for_the_same_promise(clusters: int, level: float) -> None:
    assert spread(clusters, level) > spread(clusters + 1, level) > 0
    assert spread(10**7, level) == pytest.approx(NormalDist().inv_cdf((1 + level) / 2), rel=1e-4)
