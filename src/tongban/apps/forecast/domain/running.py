"""The whole run 预测流程: gate, ladder, rolling origin, winner, intervals and the years ahead.

Pure: the panel and the rungs come in, everything that a report says goes out.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .conformal import Held, coverage, half_width, stress_width
from .gate import gated
from .ladder import CannotFit, Fitted, Rung
from .panel import History, Panel, history, publications, to_scale
from .scoring import ENSEMBLE, Guess, Score, score, weights, with_ensemble
from .tracks import Finding

#: So many periods must be known before a model may be tried.
LEAST = 3
#: By so much of its error a model must be better than a simpler one: less is no difference.
MARGIN = 0.01
DRIFTS = ("naive", "own_drift", "national_drift")


class TooShort(ValueError):
    """A panel on which nothing can be tried."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A forecast on the panel's scale with half-widths of its interval and its stress band."""

    region: str
    period: int
    value: float
    width: float
    stress: float


@dataclass(frozen=True, slots=True)
class Result:
    """Everything a report says of one panel; of covariates without what the gate holds back.

    ``left_out`` are rungs whose libraries are not there; ``unfit`` those that could not be learnt
    from this panel, each with why in Chinese and English.
    """

    panel: Panel
    findings: tuple[Finding, ...]
    held_back: frozenset[int]
    scores: tuple[Score, ...]
    winner: str
    coverage: tuple[Held, ...]
    guesses: tuple[Guess, ...]
    ahead: tuple[Ahead, ...]
    left_out: tuple[str, ...]
    unfit: tuple[tuple[str, str, str], ...] = ()

    @property
    def drift_won(self) -> bool:
        """Whether nothing beat the rungs that need no model."""
        return self.winner in DRIFTS

    def mape(self, rung: str) -> float:
        """Give the MAPE of a rung, in per cent."""
        return next(one.mape for one in self.scores if one.rung == rung)


def run(
    panel: Panel,
    rungs: Sequence[Rung],
    *,
    ahead: int,
    accepted: frozenset[int] = frozenset(),
    left_out: Sequence[str] = (),
) -> Result:
    """Try every rung on every period, choose the one with the least MAPE, and forecast with it.

    ``accepted`` are lines that the gate flagged and a person has looked at. Raise TooShort.
    """
    gate = gated(panel, accepted)
    panel, lines = gate.panel, gate.held_back
    unfit: dict[str, CannotFit] = {}
    final = _fit(rungs, history(panel, lines), unfit) if len(panel.periods) > LEAST else {}
    guesses, before = _try(panel, rungs, lines, ahead, unfit)
    rungs = [rung for rung in rungs if rung.code not in unfit]
    near = [one for one in guesses if one.horizon == 1]
    scores = tuple(
        score([one for one in near if one.rung == code], before, panel.scale)
        for code in (*(rung.code for rung in rungs), ENSEMBLE)
        if any(one.rung == code for one in near)
    )
    winner = choose(scores)
    won = tuple(one for one in guesses if one.rung == winner)
    return Result(
        panel,
        gate.findings,
        lines,
        scores,
        winner,
        coverage([one for one in won if one.horizon == 1], panel.step),
        guesses,
        _look_ahead(panel, final, lines, winner, guesses, ahead, list(unfit)),
        tuple(left_out),
        tuple((code, why.zh, why.en) for code, why in unfit.items()),
    )


def choose(scores: Sequence[Score]) -> str:
    """Choose the simplest rung that is as good as the best; ``scores`` begin with the simplest.

    >>> [choose([Score(n, 1, 0, m, 0, 0, 0) for n, m in (("naive", 5.0), ("model", x))])
    ...  for x in (4.97, 4.0)]
    ['naive', 'model']
    """
    best = min((one.mape for one in scores if not math.isnan(one.mape)), default=math.inf)
    good = (one.rung for one in scores if one.mape <= best * (1 + MARGIN))
    return next(good, scores[0].rung)


def _try(
    panel: Panel,
    rungs: Sequence[Rung],
    lines: frozenset[int],
    ahead: int,
    unfit: dict[str, CannotFit],
) -> tuple[tuple[Guess, ...], dict[tuple[str, int], float]]:
    came = _outcomes(panel, lines)
    periods, step = panel.periods, panel.step
    if len(periods) <= LEAST:
        raise TooShort(
            f"TooShort: {len(periods)} periods; at least {LEAST + 1} are needed to try a forecast"
            f" / 期数太少：至少要 {LEAST + 1} 期"
        )
    guesses: list[Guess] = []
    before: dict[tuple[str, int], float] = {}
    for origin in range(periods[LEAST - 1], periods[-1], step):
        seen = history(panel, lines, origin)
        fitted = _fit(rungs, seen, unfit) if seen.values else {}
        for region, known in seen.values.items():
            before[region, origin + step] = known[max(known)]
        for horizon in range(1, ahead + 1):
            period = origin + horizon * step
            if period > periods[-1]:
                break
            for code, model in fitted.items():
                guesses += [
                    Guess(code, region, period, horizon, value, *came[region, period])
                    for region, value in model.predict(period).items()
                    if (region, period) in came
                ]
    # one that could not be learnt at some origin is not scored at any
    codes = [rung.code for rung in rungs if rung.code not in unfit]
    guesses = [one for one in guesses if one.rung in codes]
    # every rung is scored on the same rows: one that cannot say may not choose its questions
    able: dict[tuple[str, int, int], int] = {}
    for one in guesses:
        key = one.region, one.period, one.horizon
        able[key] = able.get(key, 0) + 1
    common = [g for g in guesses if able[g.region, g.period, g.horizon] == len(codes)]
    if not any(one.horizon == 1 for one in common):
        raise TooShort(
            "TooShort: no row can be both forecast and checked; look at what the gate holds back"
            " / 没有可检验的行：请看闸门扣下了什么"
        )
    return with_ensemble(common, codes, step), before


def _outcomes(
    panel: Panel, lines: frozenset[int]
) -> dict[tuple[str, int], tuple[float, tuple[tuple[int, float | None], ...]]]:
    """Give what came of each region and period, newest, and each publication of it."""
    found = {}
    for key, rows in publications(panel.rows).items():
        told = tuple(
            (row.known, None if row.line in lines else to_scale(row.value, panel.scale))
            for row in rows
        )
        newest = told[-1][1]
        if newest is not None:
            found[key] = newest, told
    return found


def _fit(rungs: Sequence[Rung], seen: History, unfit: dict[str, CannotFit]) -> dict[str, Fitted]:
    fitted: dict[str, Fitted] = {}
    for rung in rungs:
        if rung.code not in unfit:
            try:
                fitted[rung.code] = rung.fit(seen)
            except CannotFit as why:
                unfit[rung.code] = why
    return fitted


def _look_ahead(
    panel: Panel,
    final: Mapping[str, Fitted],
    lines: frozenset[int],
    winner: str,
    guesses: Sequence[Guess],
    ahead: int,
    unfit: Collection[str],
) -> tuple[Ahead, ...]:
    seen = history(panel, lines)
    codes = [code for code in final if winner in {code, ENSEMBLE} and code not in unfit]
    fitted = {code: final[code] for code in codes}
    made = []
    for horizon in range(1, ahead + 1):
        period = panel.periods[-1] + horizon * panel.step
        of_horizon = [one for one in guesses if one.horizon == horizon]
        share = weights((g for g in of_horizon if g.rung in codes), codes)
        said = {code: fitted[code].predict(period) for code in codes}
        past = [one for one in of_horizon if one.rung == winner]
        width = half_width(one.error for one in past)
        stress = max(width, stress_width(past))
        for region in seen.values:
            if all(region in of_code for of_code in said.values()):
                value = sum(share[code] * said[code][region] for code in codes)
                made.append(Ahead(region, period, value, width, stress))
    return tuple(made)
