"""Forecasts: fixed effects beside linearmodels, the threshold's power, and skill over naive.

Fixed effects take a million rows (twelve periods) on both sides, out of the same seed, errors
clustered by unit; the slopes must agree to 1e-10 or nothing is printed. The skill table tries every
rung at rolling origins on Munnell's states, on the e-government index where ``TONGBAN_TEST_DATA``
names it, and on a generated nation: its figures are MAPE beside "same as last time". The index of
2018 is tried once more by itself, with every row accepted, as others have backtested it.
"""

import csv
import os
import time
from pathlib import Path

import numpy as np
from linearmodels.datasets import munnell

from benchmarks.common import Row, best_of
from benchmarks.peers import ask_peer, peer_python
from tongban.apps.forecast.domain.conformal import coverage
from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.panel import Measure, Panel
from tongban.apps.forecast.domain.running import run as ladder
from tongban.apps.forecast.domain.scoring import percent_off
from tongban.apps.forecast.domain.structure.proving import BREAK, NOISES, broken
from tongban.apps.forecast.domain.structure.threshold import threshold
from tongban.apps.forecast.models.estimates import fixed_effects
from tongban.apps.forecast.models.ladder import rungs
from tongban.apps.forecast.reading import Schema, build

PERIODS = 12
UNITS = 1_000_000 // PERIODS
RUNS = 3
DRAWS = 100


def run() -> list[Row]:
    """Measure all of it."""
    return [*_effects(), *_threshold(), *_skill(), *_egdi_2018()]


def _effects() -> list[Row]:
    draw = np.random.default_rng(7)
    x = draw.normal(size=(UNITS * PERIODS, 2))
    y = x @ np.array([0.5, -0.25]) + draw.normal(size=UNITS * PERIODS)
    unit, when = np.divmod(np.arange(UNITS * PERIODS), PERIODS)
    slopes = fixed_effects(y, x, unit, when).coefficients
    ours = best_of(RUNS, lambda: fixed_effects(y, x, unit, when))
    python = peer_python("linearmodels", ["linearmodels==7.1"])
    asked = {"units": UNITS, "periods": PERIODS, "seed": 7, "runs": RUNS}
    peer = ask_peer(python, "linearmodels_effects.py", asked)
    apart = float(np.abs(np.array(slopes) - peer["slopes"]).max())
    assert apart < 1e-10, apart
    note = f"{UNITS:,} units × {PERIODS}, slopes apart by {apart:.0e}; ours with the effects"
    return [Row("two-way fixed effects", ours, peer["seconds"], "linearmodels", "s", "less", note)]


def _threshold() -> list[Row]:
    rows = []
    for noise in NOISES:
        found = [
            threshold(*broken(np.random.default_rng((7, n)), noise), seed=n, bootstraps=99)
            for n in range(DRAWS)
        ]
        power = float(np.mean([one.found for one in found]))
        low, high = np.quantile([one.ratio for one in found], (0.1, 0.9))
        off = float(np.median([abs(one.at - BREAK) for one in found]))
        note = f"31 × 9, noise {noise:g}: true ratio 1.8, found {low:.2f} to {high:.2f}"
        note += f", place off by {off:.3f}"
        rows.append(
            Row("threshold found", power * 100, 80.0, "own target", "% of draws", "more", note)
        )
    return rows


def _skill() -> list[Row]:
    panels = {"Munnell": _munnell(), "generator": generate(Truth(seed=7, shock=2020))}
    if data := os.environ.get("TONGBAN_TEST_DATA"):
        panels["EGDI"] = _egdi(Path(data) / "egdi")
    able, _ = rungs()
    rows = []
    for name, panel in panels.items():
        began = time.perf_counter()
        result = ladder(panel, able, ahead=1)
        seconds = time.perf_counter() - began
        naive = result.mape("naive")
        for one in result.scores:
            won = ", used" if one.rung == result.winner else ""
            note = f"{name}: within ±6.3 % {one.within:.1f} %, {one.count} checks{won}"
            rows.append(Row(f"MAPE {one.rung}", one.mape, naive, "naive", "%", "less", note))
        of_winner = [g for g in result.guesses if g.rung == result.winner and g.horizon == 1]
        held = coverage(of_winner, panel.step)
        worst = min(held, key=lambda one: one.covered)
        note = f"{name}: least {worst.covered:.0%} in {worst.period}; "
        note += " ".join(f"{one.period}:{one.covered:.0%}" for one in held)
        mean = 100 * float(np.mean([one.covered for one in held]))
        rows.append(Row("interval coverage", mean, 90.0, "promised", "%", "more", note))
        rows.append(Row("whole ladder", seconds, 60.0, "own target", "s", "less", name))
    return rows


def _egdi_2018() -> list[Row]:
    """Try every rung on 2018 alone, every row accepted, as it was known in 2016."""
    data = os.environ.get("TONGBAN_TEST_DATA")
    if not data:
        return []
    # no country without an index, so that growth is relative, and nothing but the index itself
    panel = _egdi(Path(data) / "egdi", 0.0001, ())
    everything = frozenset(row.line for row in panel.rows)
    result = ladder(panel, rungs()[0], ahead=1, accepted=everything)
    off: dict[str, list[float]] = {}
    for guess in result.guesses:
        if guess.period == 2018 and (by := percent_off(guess, panel.scale)) is not None:
            off.setdefault(guess.rung, []).append(by)
    means = {rung: float(np.mean(found)) for rung, found in off.items()}
    note = f"EGDI 2018, {len(off['naive'])} countries, relative growth"
    return [
        Row(f"MAPE 2018 {rung}", mean, means["naive"], "naive", "%", "less", note)
        for rung, mean in means.items()
    ]


def _munnell() -> Panel:
    table = munnell.load()
    names = ["P_CAP", "PC", "EMP", "UNEMP"]
    told = [
        (
            line,
            {
                "region": str(row["ST_ABB"]),
                "period": str(int(row["YR"])),
                "value": repr(float(row["GSP"])),
                **{one: repr(float(np.log(row[one]))) for one in names},
            },
        )
        for line, row in enumerate(table.to_dict("records"), start=2)
    ]
    measures = tuple(Measure(one, "number") for one in names)
    return build(told, Schema(Measure("value", "usd_million"), measures), "munnell", "0" * 64)


def _egdi(
    folder: Path,
    low: float | None = None,
    columns: tuple[str, ...] = ("osi", "hci", "tii"),
) -> Panel:
    told: list[tuple[int, dict[str, str]]] = []
    for year in range(2010, 2020, 2):
        with (folder / f"egdi-{year}.csv").open(encoding="utf-8") as file:
            told += [
                (
                    len(told) + line,
                    {
                        "region": row["country-code"],
                        "period": str(year),
                        "value": row["e-gov-index"],
                        **{one: row[one] for one in columns},
                    },
                )
                for line, row in enumerate(csv.DictReader(file), start=1)
            ]
    measures = tuple(Measure(one, "number") for one in columns)
    return build(told, Schema(Measure("value", "number", low), measures), "egdi", "0" * 64)
