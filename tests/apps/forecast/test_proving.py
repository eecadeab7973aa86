"""The proof of the estimators: seen, unbiased, and intervals that hold what they promise, or no."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.forecast.domain.structure import proving
from tongban.apps.forecast.domain.structure.proving import Draw, Proof, tolerance
from tongban.apps.forecast.report.proving import LACKS, build
from tongban.kernel.figures import Figure

LAGS, *_ = proving.ESTIMATORS
TRUTH = proving.TRUTHS["lags"]


def spoilt(spoil: Callable[[Draw], Draw]) -> Proof:
    """Prove the estimator of lags with every draw of it spoilt."""

    def one(draw: np.random.Generator, noise: float) -> dict[str, Draw]:
        return {name: spoil(found) for name, found in LAGS(draw, noise).items()}

    (found,) = proving.prove(60, 7, (0.5,), [one])
    return found


def test_the_proof_says_at_what_noise_it_fails() -> None:
    proofs = {(one.estimator, one.noise): one for one in proving.prove(12, 7, (0.25, 1.0, 4.0))}
    assert all(one.recovers for (_, noise), one in proofs.items() if noise == 0.25)
    for name in ("window", "threshold"):
        assert "power" in proofs[name, 4.0].lacks
    for name in proving.TRUTHS:
        powers = [proofs[name, noise].power for noise in (0.25, 1.0, 4.0)]
        assert all(later <= before for before, later in pairwise(powers))


def test_an_estimator_that_is_biased_or_sure_of_itself_is_no_proof() -> None:
    sound = spoilt(lambda draw: draw)
    assert sound.recovers
    assert abs(sound.bias) < 0.03

    def moved(draw: Draw, by: float, room: float = 1.0) -> Draw:
        half = (draw.high - draw.low) / 2 * room
        return Draw(draw.value + by, draw.value + by - half, draw.value + by + half, draw.seen)

    # it sees the effect each time, and is wrong by a quarter of it
    biased = spoilt(lambda draw: moved(draw, TRUTH / 4))
    assert biased.power == 1.0
    assert biased.bias == pytest.approx(TRUTH / 4 + sound.bias)
    assert biased.lacks == ("coverage", "bias")
    # intervals so wide that they hold the truth after all do not make up for it
    assert spoilt(lambda draw: moved(draw, TRUTH / 4, 6.0)).lacks == ("bias",)
    # right in the middle, with intervals half as wide as they should be
    assert spoilt(lambda draw: moved(draw, 0.0, 0.5)).lacks == ("coverage",)
    assert spoilt(lambda draw: replace(draw, seen=False)).lacks == ("power",)
    nothing = spoilt(lambda draw: replace(draw, value=math.nan))
    assert "bias" in nothing.lacks


def test_intervals_that_never_miss_promise_too_little_once_that_is_no_chance() -> None:
    def proof(runs: int) -> Proof:
        return Proof("lags", 1.0, 1.0, 1.0, 0.9, 1.1, 1.0, 1.0, runs)

    assert proof(100).recovers
    assert proof(1000).lacks == ("coverage",)


@given(st.integers(10, 2000), st.floats(0.5, 0.99), st.sampled_from([0.001, 0.01, 0.1]))
def test_a_sound_interval_is_within_tolerance_but_for_chance(
    runs: int, level: float, chance: float
) -> None:
    least, most = tolerance(runs, level, chance)
    low, high = round(least * runs), round(most * runs)

    def mass(first: int, last: int) -> float:
        logs = (
            math.lgamma(runs + 1) - math.lgamma(k + 1) - math.lgamma(runs - k + 1)
            + k * math.log(level) + (runs - k) * math.log(1 - level)
            for k in range(first, last)
        )  # fmt: skip
        return math.fsum(map(math.exp, logs))

    # beyond either end lies no more than the chance, and one step further in lies more
    assert mass(0, low) < chance + 1e-9
    assert mass(high + 1, runs + 1) < chance + 1e-9
    assert mass(0, low + 1) > chance - 1e-9
    assert mass(high, runs + 1) > chance - 1e-9


def test_the_table_gives_power_coverage_and_bias_and_why_it_fails() -> None:
    sound, biased = spoilt(lambda draw: draw), spoilt(lambda draw: replace(draw, value=2 * TRUTH))
    report = build([sound, biased], date(2026, 11, 26), 7)
    (table,) = report.sections[0].tables
    heads = [head.en for head in table.head]
    for one, row in zip((sound, biased), table.rows, strict=True):
        cells = dict(zip(heads, row, strict=True))
        shown = {
            "bias": one.bias,
            "truth inside 95% interval": one.covered * 100,
            "effect seen (power)": one.power * 100,
        }
        for head, value in shown.items():
            cell = cells[head]
            assert isinstance(cell, Figure)
            assert float(cell.value) == pytest.approx(value, abs=0.05)
    assert [row[-1].en for row in table.rows] == [  # type: ignore[union-attr]
        "recovers",
        f"cannot: {LACKS['bias'].en}",
    ]
    (verdict,) = report.verdict
    assert "biased" in verdict.en
    assert "有偏" in verdict.zh
