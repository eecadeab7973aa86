"""Two-way fixed effects as a rung 双向固定效应.

Learns ``value = region + period + β·covariates of the step before``. A future period has no effect
of its own: it gets the mean step of those seen. Each region goes on from its last value, so
without covariates this is the national drift of a panel without gaps, and never beats it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tongban.apps.forecast.domain.ladder import CannotFit, ends
from tongban.apps.forecast.domain.panel import History
from tongban.apps.forecast.domain.structure.within import NotIdentified

from .estimates import fixed_effects


@dataclass(frozen=True, slots=True)
class Grown:
    """What was learnt: ``step`` an expected national step, ``pull`` each region's next change."""

    every: int
    last: Mapping[str, tuple[int, float]]
    step: float
    pull: Mapping[str, float]
    times: Mapping[int, float]
    slopes: tuple[float, ...]

    def predict(self, period: int) -> dict[str, float]:
        """Add the national step, and once the change of covariates that is still to come."""
        return {
            region: value + self.step * (period - at) / self.every + self.pull[region]
            for region, (at, value) in self.last.items()
        }


def usable(history: History) -> tuple[int, ...]:
    """Give the covariates that are known in most rows; one that is not cannot be learnt from."""
    rows = [told for known in history.extras.values() for told in known.values()]
    width = len(rows[0]) if rows else 0
    return tuple(n for n in range(width) if np.mean([np.isnan(told[n]) for told in rows]) < 0.5)


@dataclass(frozen=True, slots=True)
class FixedEffects:
    """The rung."""

    code: str = "fixed_effects"

    def fit(self, history: History) -> Grown:
        """Estimate on the rows whose covariates of the step before are known. Raise CannotFit."""
        columns, step, last = usable(history), history.step, ends(history)
        y, x, unit, time = [], [], [], []
        for number, (region, known) in enumerate(history.values.items()):
            for period, value in known.items():
                told = _lagged(history, region, period - step, columns)
                if not any(map(np.isnan, told)):
                    y.append(value)
                    x.append(told)
                    unit.append(number)
                    time.append(period)
        slopes: tuple[float, ...] = (0.0,) * len(columns)
        times: Mapping[int, float] = {}
        if len(set(time)) > 1 and len(y) > len(set(unit)) + len(set(time)) + len(columns):
            arrays = np.array(y), np.array(x).reshape(len(y), len(columns))
            labels = np.array(unit), np.array(time)
            try:
                try:
                    found = fixed_effects(*arrays, *labels)
                    slopes, times = found.coefficients, found.times
                except NotIdentified:
                    times = fixed_effects(arrays[0], arrays[1][:, :0], *labels).times
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
                # whatever the library stumbles over: the rung cannot be learnt, the others can
                raise CannotFit(f"固定效应无法估计：{error}", f"no estimate: {error}") from error
        national = (
            (times[max(times)] - times[min(times)]) / (max(times) - min(times)) * step
            if times
            else 0.0
        )
        pull = {
            region: _change(
                _lagged(history, region, at, columns),
                _lagged(history, region, at - step, columns),
                slopes,
            )
            for region, (at, _) in last.items()
        }
        return Grown(step, last, national, pull, times, slopes)


def _lagged(
    history: History, region: str, period: int, columns: tuple[int, ...]
) -> tuple[float, ...]:
    told = history.extras.get(region, {}).get(period)
    return tuple(np.nan if told is None else told[n] for n in columns)


def _change(now: tuple[float, ...], before: tuple[float, ...], slopes: tuple[float, ...]) -> float:
    moved = sum(b * (n - a) for b, n, a in zip(slopes, now, before, strict=True))
    return 0.0 if np.isnan(moved) else float(moved)
