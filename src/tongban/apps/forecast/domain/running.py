"""The whole run 预测流程: gate, ladder, rolling origin, winner, intervals and the years ahead.

Pure: the panel and the rungs come in, everything that a report says goes out. At an origin the gate
too sees only what was known by then, and a rung drops out where it cannot be learnt, not before.
What kind of number the target is (its scale, the distance of its periods) is read off the panel.
"""

import math
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from .conformal import Held, coverage, half_width, stress_width
from .gate import Gated, gated
from .ladder import CannotFit, Fitted, Rung
from .panel import History, Panel, Scale, history, latest, to_scale
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
    scale, step = panel.scale, panel.step
    seen = {at: _seen(panel, at, accepted) for at in _times(panel)}
    gate = gated(panel, accepted)
    panel, lines = gate.panel, gate.held_back
    unfit: dict[str, CannotFit] = {}
    kept, before = _try(panel, rungs, _outcomes(seen, gate, scale), seen, ahead, unfit)
    final = _fit(rungs, history(panel, lines), unfit)
    rungs = [rung for rung in rungs if rung.code not in unfit]
    codes = {*(rung.code for rung in rungs), ENSEMBLE}
    every = [one for one in with_ensemble(kept, step) if one.rung in codes]
    guesses = tuple(one for one in every if one.counts)
    if not any(one.horizon == 1 for one in guesses):
        raise TooShort(
            "TooShort: no row can be both forecast and checked; look at what the gate holds back"
            " / 没有可检验的行：请看闸门扣下了什么"
        )
    near = [one for one in guesses if one.horizon == 1]
    scores = tuple(
        score([one for one in near if one.rung == code], before, panel.scale)
        for code in (*(rung.code for rung in rungs), ENSEMBLE)
        if any(one.rung == code for one in near)
    )
    winner = choose(scores)
    return Result(
        panel,
        gate.findings,
        lines,
        scores,
        winner,
        coverage([one for one in every if (one.rung, one.horizon) == (winner, 1)], step),
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was known at a time: a history for models, and by region and period what had come.

    None stands for what the gate held back then.
    """

    history: History
    came: Mapping[tuple[str, int], float | None]


def _times(panel: Panel) -> list[int]:
    """Give every time at which something became known."""
    return sorted({*panel.periods, *(row.known for row in panel.rows)})


def _seen(panel: Panel, at: int, accepted: frozenset[int]) -> _Seen:
    rows = tuple(row for row in panel.rows if row.known <= at and row.period <= at)
    if not rows:
        return _Seen(History(panel.scale, panel.step, {}), {})
    gate = gated(replace(panel, rows=rows), accepted)
    came = {
        key: None if row.line in gate.held_back else to_scale(row.value, panel.scale)
        for key, row in latest(rows).items()
    }
    return _Seen(history(gate.panel, gate.held_back, like=panel), came)


def _try(
    panel: Panel,
    rungs: Sequence[Rung],
    came: Mapping[tuple[str, int], tuple[float, tuple[tuple[int, float | None], ...]]],
    seen: Mapping[int, _Seen],
    ahead: int,
    unfit: dict[str, CannotFit],
) -> tuple[list[Guess], dict[tuple[str, int], float]]:
    """Forecast from every origin by every rung that could be learnt at it and at all before it.

    Of a row all these rungs say something, or none is kept: which cannot may not choose its
    questions.
    """
    periods, step = panel.periods, panel.step
    if len(periods) <= LEAST:
        raise TooShort(
            f"TooShort: {len(periods)} periods; at least {LEAST + 1} are needed to try a forecast"
            f" / 期数太少：至少要 {LEAST + 1} 期"
        )
    guesses: list[Guess] = []
    before: dict[tuple[str, int], float] = {}
    times = sorted(seen)
    for origin in range(periods[LEAST - 1], periods[-1], step):
        told = seen[times[bisect_right(times, origin) - 1]].history
        fitted = _fit(rungs, told, unfit) if told.values else {}
        for region, known in told.values.items():
            before[region, origin + step] = known[max(known)]
        for horizon in range(1, ahead + 1):
            period = origin + horizon * step
            if period > periods[-1]:
                break
            said = {code: model.predict(period) for code, model in fitted.items()}
            guesses += [
                Guess(code, region, period, horizon, values[region], *came[region, period])
                for code, values in said.items()
                for region in values
                if (region, period) in came and all(region in one for one in said.values())
            ]
    return guesses, before


def _outcomes(
    seen: Mapping[int, _Seen], gate: Gated, scale: Scale
) -> dict[tuple[str, int], tuple[float, tuple[tuple[int, float | None], ...]]]:
    """Give what came of each region and period, newest, and what was known of it from when on.

    What the gate holds back now is no number: it may have weighed before that was known.
    """
    told: dict[tuple[str, int], list[tuple[int, float | None]]] = {}
    for at in sorted(seen):
        for key, value in seen[at].came.items():
            held = told.setdefault(key, [])
            if not held or held[-1][1] != value:
                held.append((at, value))
    newest = {
        key: to_scale(row.value, scale)
        for key, row in latest(gate.panel.rows).items()
        if row.line not in gate.held_back
    }
    return {key: (newest.get(key, math.nan), tuple(one)) for key, one in told.items()}


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
