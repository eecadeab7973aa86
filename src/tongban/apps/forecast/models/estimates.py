"""Fixed effects 固定效应: estimates by pyfixest, on arrays. Needs the extra ``[forecast]``."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import numpy as np
import pandas as pd
import pyfixest
from numpy.typing import NDArray
from pyfixest.demeaners import MapDemeaner

from tongban.apps.forecast.domain.structure.within import NotIdentified

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]
Effects = Literal["unit + time", "unit", "time"]
_TURNS, _STILL = 10_000, 1e-13


@dataclass(frozen=True, slots=True)
class Estimates:
    """Coefficients with standard errors clustered by unit, and the effects of units and times."""

    coefficients: tuple[float, ...]
    errors: tuple[float, ...]
    units: dict[int, float]
    times: dict[int, float]


def fixed_effects(
    y: Numbers, x: Numbers, unit: Labels, time: Labels, effects: Effects = "unit + time"
) -> Estimates:
    """Estimate ``y = x·β + effects + e``; ``x`` has a row an observation.

    Raise NotIdentified where a column of ``x`` has nothing left beside the effects: one that is the
    same for all units of a time, say, such as a nation-wide index.
    """
    names = [f"x{number}" for number in range(x.shape[1])]
    # means are taken away until what moves is below a fixed number: columns must be of one size
    tall, wide = _size(y), [_size(x[:, number]) for number in range(len(names))]
    frame = pd.DataFrame({"y": y / tall, "unit": unit, "time": time})
    for number, name in enumerate(names):
        frame[name] = x[:, number] / wide[number]
    told: Any = {}
    fit: Any = None
    if names:
        with warnings.catch_warnings():
            # it leans on calls that its own table library is about to drop, and warns of what is
            # dropped for collinearity: that is an error below
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", UserWarning)
            try:
                fit = _fit(frame, names, effects)
            except ValueError as error:
                # with a single column, or all of them, it gives up instead of dropping
                if "collinear" not in str(error):
                    raise
                _refuse(0, effects)
        told = fit.coef()
    for number, name in enumerate(names):
        if name not in told:
            _refuse(number, effects)
    slopes = tuple(float(told[name]) * tall / one for name, one in zip(names, wide, strict=True))
    left = y - x @ np.array(slopes) if names else y
    return Estimates(
        slopes,
        tuple(float(fit.se()[name]) * tall / one for name, one in zip(names, wide, strict=True)),
        *_effects(left, unit, time, effects),
    )


def _size(values: Numbers) -> float:
    return float(np.std(values)) or 1.0


def _fit(frame: Any, names: list[str], effects: Effects) -> Any:
    return pyfixest.feols(
        f"y ~ {' + '.join(names)} | {effects}",
        frame,
        vcov={"CRV1": "unit"},
        fixef_rm="none",
        demeaner=MapDemeaner(fixef_tol=1e-12),
        copy_data=False,
        store_data=False,
    )


def _effects(
    left: Numbers, unit: Labels, time: Labels, effects: Effects
) -> tuple[dict[int, float], dict[int, float]]:
    """Divide what is left among units and times by means in turn; the first time counts nought.

    A balanced panel is done at once. The library's own way solves a sparse system and takes
    longer than the estimate.
    """
    units, of_unit = np.unique(unit, return_inverse=True)
    times, of_time = np.unique(time, return_inverse=True)
    by_unit, by_time = np.zeros(len(units)), np.zeros(len(times))
    for _ in range(_TURNS):
        before = by_time
        if effects != "time":
            by_unit = _means(left - by_time[of_time], of_unit)
        if effects != "unit":
            by_time = _means(left - by_unit[of_unit], of_time)
        if np.abs(by_time - before).max() <= _STILL * max(1.0, np.abs(by_time).max()):
            break
    if effects == "unit + time":
        by_unit, by_time = by_unit + by_time[0], by_time - by_time[0]
    return (
        dict(zip(units.tolist(), by_unit.tolist(), strict=True)) if effects != "time" else {},
        dict(zip(times.tolist(), by_time.tolist(), strict=True)) if effects != "unit" else {},
    )


def _means(values: Numbers, groups: Labels) -> Numbers:
    return np.bincount(groups, values) / np.bincount(groups)


def _refuse(number: int, effects: Effects) -> NoReturn:
    raise NotIdentified(
        f"无法识别：第 {number + 1} 列在固定效应之内没有变化",
        f"column {number + 1} does not differ beside the effects of {effects}; give it an exposure"
        " that differs by region",
    )
