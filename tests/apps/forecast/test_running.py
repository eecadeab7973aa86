"""Rolling origin, intervals and the winner: nothing of the future is seen, and drift may win."""

import math
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.forecast.domain.conformal import coverage, half_width
from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.ladder import CannotFit, Fitted
from tongban.apps.forecast.domain.panel import History, Measure, Panel, Row
from tongban.apps.forecast.domain.running import Result, TooShort, choose, run
from tongban.apps.forecast.domain.scoring import ENSEMBLE, Guess, Score, weights
from tongban.apps.forecast.models.drift import Naive, NationalDrift, OwnDrift
from tongban.apps.forecast.report.building import build
from tongban.infra.reports.page import page

LADDER = (Naive(), OwnDrift(), NationalDrift())


def tried(panel: Panel, ahead: int = 3, accepted: frozenset[int] = frozenset()) -> Result:
    return run(panel, LADDER, ahead=ahead, accepted=accepted)


def panel_of(series: dict[str, list[float]], first: int = 2010, step: int = 1) -> Panel:
    rows = [
        Row(region, first + place * step, value, 0)
        for region, values in series.items()
        for place, value in enumerate(values)
    ]
    numbered = tuple(replace(row, line=line) for line, row in enumerate(rows, start=2))
    return Panel(numbered, 1, Measure("value", "case"), (), "made", "0" * 64)


def test_the_three_drifts_say_what_they_should() -> None:
    panel = panel_of({"A": [1, 2, 4, 9], "B": [1, 3, 5, 10]})
    said = {
        (g.rung, g.region): math.exp(g.forecast) for g in tried(panel).guesses if g.horizon == 1
    }
    # A doubled each year; B grew by the root of five; together by the mean of the logarithms
    assert said["naive", "A"] == pytest.approx(4)
    assert said["own_drift", "A"] == pytest.approx(8)
    assert said["own_drift", "B"] == pytest.approx(5 * 5**0.5)
    both = math.exp((2 * math.log(2) + math.log(5)) / 4)
    assert said["national_drift", "A"] == pytest.approx(4 * both)


@dataclass(frozen=True)
class Choosy:
    """A rung that learns from a history of so many periods at least, or at most."""

    least: int = 0
    most: int = 99
    code: str = "lightgbm"

    def fit(self, history: History) -> Fitted:
        known = max(map(len, history.values.values()))
        if not self.least <= known <= self.most:
            raise CannotFit(f"只有 {known} 期", f"{known} periods")
        return Naive().fit(history)


@pytest.mark.parametrize("rung", [Choosy(least=5), Choosy(most=5), Choosy(least=99)])
def test_a_rung_that_cannot_be_learnt_is_named_and_the_others_go_on(rung: Choosy) -> None:
    panel = generate(Truth(regions=5, periods=8))
    plain, found = tried(panel), run(panel, (*LADDER, rung), ahead=3)
    assert [code for code, *_ in found.unfit] == ["lightgbm"]
    assert found.unfit[0][2].endswith("periods")
    # what is said is what is said without it, but for ensembles of which it was a part before
    assert (found.winner, found.ahead) == (plain.winner, plain.ahead)
    apart = {one.rung for one in set(found.scores) ^ set(plain.scores)}
    assert apart == ({ENSEMBLE} if rung.most == 5 else set())
    assert "Not fitted: LightGBM on growth (" in page(build(found), "en")
    able = run(panel, (*LADDER, Choosy()), ahead=3)
    assert able.unfit == ()
    assert "lightgbm" in {one.rung for one in able.scores}


def test_regions_that_keep_their_own_pace_are_won_by_own_drift() -> None:
    found = tried(generate(Truth(apart=0.05, cling=0.0, noise=0.002)))
    assert found.winner == "own_drift"
    assert found.drift_won
    assert found.mape("own_drift") < 0.5 < found.mape("naive")


def test_alike_regions_with_noise_are_won_by_national_drift() -> None:
    found = tried(generate(Truth(apart=0.0, cling=0.0, noise=0.05, regions=40)))
    assert found.winner in {"national_drift", ENSEMBLE}
    assert found.mape("national_drift") < found.mape("own_drift")


def test_levels_flatter_whoever_says_the_same_as_last_time() -> None:
    naive = next(one for one in tried(generate(Truth())).scores if one.rung == "naive")
    assert naive.level_r2 > 0.98
    assert naive.growth_r2 < 0


@given(st.integers(5, 8), st.floats(0.2, 5))
def test_nothing_later_changes_an_earlier_forecast(cut: int, factor: float) -> None:
    whole = generate(Truth(regions=4, periods=9))
    limit = 2012 + cut
    touched = replace(
        whole,
        rows=tuple(
            replace(r, value=r.value * factor) if r.period >= limit else r for r in whole.rows
        ),
    )

    def early(panel: Panel) -> list[tuple[str, str, int, int, float]]:
        everything = frozenset(row.line for row in panel.rows)
        return [
            (g.rung, g.region, g.period, g.horizon, round(g.forecast, 12))
            for g in tried(panel, accepted=everything).guesses
            if g.period < limit
        ]

    assert early(whole) == early(touched)


def test_a_flagged_row_neither_trains_nor_scores_until_it_is_accepted() -> None:
    clean = generate(Truth(regions=8))
    line = next(r.line for r in clean.rows if (r.region, r.period) == ("R02", 2018))
    wrong = replace(
        clean,
        rows=tuple(replace(r, value=r.value * 1e4) if r.line == line else r for r in clean.rows),
    )
    found = tried(wrong)
    assert found.held_back == {line}
    assert not any((g.region, g.period) == ("R02", 2018) for g in found.guesses)
    assert found.mape("own_drift") == pytest.approx(tried(clean).mape("own_drift"), rel=0.1)
    assert tried(wrong, accepted=frozenset({line})).mape("own_drift") > 100


def test_a_shock_year_is_reported_as_under_covered() -> None:
    found = tried(generate(Truth(shock=2020)))
    by_year = {one.period: one for one in found.coverage}
    assert by_year[2020].covered < 0.2
    assert by_year[2020].under
    # afterwards the stress band is as wide as that year needed, the interval need not be
    assert by_year[2021].stress > 0.1
    assert by_year[2024].covered_stress >= 0.9


def test_without_enough_errors_there_is_no_interval() -> None:
    found = tried(panel_of({"A": [1, 2, 4, 9, 17]}))
    assert found.coverage == ()
    assert all(math.isinf(one.width) for one in found.ahead)


def test_intervals_hold_what_they_promise_where_errors_stay_alike() -> None:
    dice = Random(3)  # noqa: S311 - the same errors each time are wanted
    guesses = [
        Guess("x", str(region), period, 1, 0.0, dice.gauss(0, 1))
        for period in range(40)
        for region in range(50)
    ]
    rows = coverage(guesses, 1)
    assert len(rows) == 39
    assert 0.885 < sum(one.covered for one in rows) / len(rows) < 0.915


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0.5, 0.95))
def test_a_half_width_covers_its_share_of_the_errors(errors: list[float], level: float) -> None:
    width = half_width(errors, level)
    share = sum(abs(one) <= width for one in errors) / len(errors)
    assert share >= min(1.0, level * (len(errors) + 1) / len(errors)) - 1e-6


def test_a_forecast_further_off_uses_only_errors_that_were_known() -> None:
    def guess(period: int, error: float) -> Guess:
        return Guess("x", "A", period, 3, 0.0, error)

    calm = [guess(period, 0.1) for period in range(20)]
    late = [guess(period, 9.0) for period in (20, 21)]
    rows = {one.period: one for one in coverage([*calm, *late, guess(22, 0.1)], 1)}
    # the great errors of 20 and 21 were not known when 22 was forecast, from 19
    assert rows[22].width == pytest.approx(0.1)


def test_weights_favour_who_erred_less_and_are_alike_at_first() -> None:
    past = [Guess("a", "A", 1, 1, 0.0, 1.0), Guess("b", "A", 1, 1, 0.0, 2.0)]
    assert weights([], ["a", "b"]) == {"a": 0.5, "b": 0.5}
    assert weights(past, ["a", "b"]) == {"a": 0.8, "b": 0.2}


def test_too_few_periods_are_named() -> None:
    with pytest.raises(TooShort, match="3 periods"):
        tried(panel_of({"A": [1, 2, 3]}))


def test_a_survey_every_other_year_steps_by_two() -> None:
    found = tried(panel_of({"A": [1, 2, 4.1, 8, 16.5]}, step=2), ahead=2)
    assert [one.period for one in found.ahead] == [2020, 2022]
    assert math.exp(found.ahead[0].value) == pytest.approx(16.5**1.25)


def test_nought_is_forecast_in_differences_and_left_out_of_the_per_cent() -> None:
    found = tried(panel_of({"A": [0, 1, 2, 3.5, 0], "B": [3, 4, 5, 6.5, 7.6]}))
    assert found.panel.scale == "level"
    assert {one.undefined for one in found.scores} == {1}


def test_a_model_that_is_hardly_better_than_drift_is_not_shipped() -> None:
    def score(rung: str, mape: float) -> Score:
        return Score(rung, 10, 0, mape, 0.0, 0.0, 0.0)

    assert choose([score("own_drift", 4.00), score("model", 3.97)]) == "own_drift"
    assert choose([score("own_drift", 4.00), score("model", 3.90)]) == "model"
    assert choose([score("own_drift", math.nan), score("model", 9.0)]) == "model"
