"""Vintages: what was published after an origin changes nothing that is made at it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tongban.apps.forecast.domain.conformal import coverage
from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.ladder import CannotFit, Fitted, Rung
from tongban.apps.forecast.domain.panel import History, Panel, Row, latest, publications
from tongban.apps.forecast.domain.running import TooShort, run
from tongban.apps.forecast.domain.scoring import ENSEMBLE, Guess, known, weights, with_ensemble
from tongban.apps.forecast.models.drift import Naive, NationalDrift, OwnDrift

LADDER = (Naive(), OwnDrift(), NationalDrift())
AHEAD = 3
Made = dict[tuple[str, str, int, int], tuple[float, ...]]


def revised(seed: int) -> Panel:
    """Give a panel whose values come late, and are revised once or twice."""
    dice = Random(seed)  # noqa: S311 - the same panel each time is wanted
    whole = generate(Truth(regions=4, periods=9, seed=seed))
    rows: list[Row] = []
    for row in whole.rows:
        when = row.period + dice.choice((0, 0, 1, 2))
        for _ in range(dice.randint(1, 3)):
            value = row.value * dice.uniform(0.9, 1.1)
            rows.append(replace(row, value=value, vintage=when, line=len(rows) + 2))
            when += dice.randint(1, 3)
    return replace(whole, rows=tuple(rows))


def made(panel: Panel, origin: int, rungs: Sequence[Rung] = LADDER, *, gate: bool = False) -> Made:
    """Give all that is made at an origin or before it: forecasts, and the widths around them."""
    everything = frozenset(row.line for row in panel.rows)
    accepted = frozenset[int]() if gate else everything
    result = run(panel, rungs, ahead=AHEAD, accepted=accepted)
    guesses = result.guesses
    found: Made = {
        (one.rung, one.region, one.period, one.horizon): (one.forecast,)
        for one in guesses
        if one.period - one.horizon <= origin
    }
    found |= {
        (result.winner, "width", one.period, 0): (one.width, one.stress)
        for one in result.coverage
        if gate and one.period - 1 <= origin
    }
    # of what the gate holds back later, widths are known to the run alone
    for rung in {one.rung for one in guesses} if not gate else ():
        for horizon in range(1, AHEAD + 1):
            own = [one for one in guesses if (one.rung, one.horizon) == (rung, horizon)]
            found |= {
                (rung, "width", one.period, horizon): (one.width, one.stress)
                for one in coverage(own, panel.step)
                if one.period - horizon <= origin
            }
    return found


@given(st.integers(0, 500), st.integers(2014, 2019), st.floats(0.2, 5))
def test_what_is_published_after_an_origin_changes_nothing_made_at_it(
    seed: int, origin: int, factor: float
) -> None:
    panel = revised(seed)
    later = replace(
        panel,
        rows=tuple(
            replace(row, value=row.value * factor) if row.known > origin else row
            for row in panel.rows
        ),
    )
    before, after = made(panel, origin), made(later, origin)
    assert before.keys() == after.keys()
    assert any(rung == ENSEMBLE for rung, *_ in before)
    for key, told in before.items():
        assert after[key] == pytest.approx(told, rel=1e-12), key


@dataclass(frozen=True)
class Tiring:
    """A rung that can be learnt from so many periods at most."""

    most: int
    code: str = "ridge_growth"

    def fit(self, history: History) -> Fitted:
        if max(map(len, history.values.values())) > self.most:
            raise CannotFit("多了", "too many")
        return OwnDrift().fit(history)


@given(
    st.integers(0, 500),
    st.integers(2014, 2019),
    st.sampled_from([0.01, 3.0, 30.0, 10_000.0]),
    st.integers(5, 20),
)
def test_the_gate_and_who_drops_out_are_what_was_known_at_an_origin(
    seed: int, origin: int, factor: float, most: int
) -> None:
    """Later values that the gate flags, or that let a rung fail, change no earlier forecast."""
    panel = revised(seed)
    dice = Random(seed)  # noqa: S311 - the same panel each time is wanted
    rows = tuple(
        replace(row, value=row.value * factor)
        if row.known > origin and dice.random() < 0.5
        else row
        for row in panel.rows
    )
    ladder = (*LADDER, Tiring(most))
    try:
        before = made(panel, origin, ladder, gate=True)
        after = made(replace(panel, rows=rows), origin, ladder, gate=True)
    except TooShort:
        assume(False)
    alike = before.keys() & after.keys()
    assume(alike)
    for key in alike:
        assert after[key] == pytest.approx(before[key], rel=1e-12), key


def test_a_spike_that_is_known_to_be_one_later_weighs_until_then() -> None:
    """Three drifts alone: with a history that ends before it, forecasts are those made then."""
    panel = generate(Truth(regions=6, periods=10, seed=3))
    at = panel.periods[5]
    spiked = replace(
        panel,
        rows=tuple(
            replace(row, value=row.value * 40)
            if (row.region, row.period) == (panel.regions[0], at)
            else row
            for row in panel.rows
        ),
    )
    found = run(spiked, LADDER, ahead=1)
    assert {row.period for row in panel.rows if row.line in found.held_back} == {at}
    short = replace(spiked, rows=tuple(row for row in spiked.rows if row.period <= at + 1))
    then = {(g.rung, g.region, g.period): g.forecast for g in run(short, LADDER, ahead=1).guesses}
    now = {(g.rung, g.region, g.period): g.forecast for g in found.guesses}
    assert then.items() <= now.items()
    assert (ENSEMBLE, panel.regions[0], at) not in now  # nobody is scored against a spike


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_published_by_an_origin_is_learnt_from_at_it(seed: int) -> None:
    panel, origin = revised(seed), 2018
    rows = [
        replace(row, value=row.value * 1.5) if row.known == origin else row for row in panel.rows
    ]
    before, after = made(panel, origin), made(replace(panel, rows=tuple(rows)), origin)
    changed = {key for key, told in before.items() if after[key] != told}
    assert any(key[1] == "width" for key in changed)
    assert any(key[0] == ENSEMBLE for key in changed)
    # and at an origin before it was out nothing is
    assert (
        made(panel, origin - 1).items()
        <= {key: told for key, told in before.items() if key not in changed}.items()
    )


def test_an_outcome_weighs_from_when_it_is_out_and_as_it_was_then() -> None:
    told = ((4, 1.0), (6, 3.0))
    guesses = [
        Guess(rung, "A", period, 1, forecast, 3.0, told if period == 3 else ())
        for period in range(3, 9)
        for rung, forecast in (("a", 2.0), ("b", 5.0))
    ]
    first = [one for one in guesses if one.period == 3]
    assert known(first, 3) == []
    assert [one.error for one in known(first, 5)] == [-1.0, -4.0]
    assert [one.error for one in known(first, 6)] == [one.error for one in first] == [1.0, -2.0]
    assert weights(known(first, 5), ["a", "b"]) == pytest.approx({"a": 16 / 17, "b": 1 / 17})
    joined = {one.period: one for one in with_ensemble(guesses, 1)[len(guesses) :]}
    # of 4, made when nothing was out, they are alike; of 5 they are what was out at 4
    assert joined[4].forecast == pytest.approx(3.5)
    square_a, square_b = (1 + 1) / 2, (16 + 4) / 2  # of 3 as it was then, and of 4
    share = square_b / (square_a + square_b)
    assert joined[5].forecast == pytest.approx(2 * share + 5 * (1 - share))
    # it is scored, as every rung, against the newest value
    assert joined[3].error == pytest.approx(3.0 - 3.5)
    assert joined[3].published == told


def test_what_the_gate_holds_back_was_not_known() -> None:
    held = Guess("a", "A", 3, 1, 2.0, 3.0, ((3, 1.0), (5, None), (7, 3.0)))
    assert [held.known(at) for at in (2, 3, 5, 6, 7)] == [None, 1.0, None, None, 3.0]
    assert [one.actual for at in (4, 6, 8) for one in known([held], at)] == [1.0, 3.0]


@given(st.integers(0, 500), st.integers(2012, 2024))
def test_publications_are_what_was_newest_at_each_time(seed: int, at: int) -> None:
    rows = revised(seed).rows
    newest = {
        key: found[-1]
        for key, told in publications(rows).items()
        if (found := [row for row in told if row.known <= at])
    }
    assert newest == latest(rows, at)
