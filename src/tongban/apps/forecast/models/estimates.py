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
    frame = pd.DataFrame({"y": y, "unit": unit, "time": time})
    for number, name in enumerate(names):
        frame[name] = x[:, number]
    with warnings.catch_warnings():
        # it leans on calls that its own table library is about to drop, and warns of what is
        # dropped for collinearity: that is an error below
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        try:
            fit, found = _fit(frame, names, effects)
        except ValueError as error:
            # with a single column, or all of them, it gives up instead of dropping
            if "collinear" not in str(error):
                raise
            _refuse(0, effects)
    told = fit.coef() if names else {}
    for number, name in enumerate(names):
        if name not in told:
            _refuse(number, effects)
    return Estimates(
        tuple(float(told[name]) for name in names),
        tuple(float(fit.se()[name]) for name in names),
        _levels(found, "C(unit)", unit),
        _levels(found, "C(time)", time),
    )


def _levels(found: Any, name: str, labels: Labels) -> dict[int, float]:
    # the level that the others are measured from is not among them
    told = {int(float(k)): float(v) for k, v in found.get(name, {}).items()}
    return {int(label): told.get(int(label), 0.0) for label in np.unique(labels)} if told else {}


def _fit(frame: Any, names: list[str], effects: Effects) -> tuple[Any, Any]:
    fit = pyfixest.feols(
        f"y ~ {' + '.join(names) or '1'} | {effects}",
        frame,
        vcov={"CRV1": "unit"} if names else "iid",
        fixef_rm="none",
        demeaner=MapDemeaner(fixef_tol=1e-12),
    )
    return fit, fit.fixef()


def _refuse(number: int, effects: Effects) -> NoReturn:
    raise NotIdentified(
        f"NotIdentified: column {number + 1} does not differ beside the effects of {effects}; give"
        " it an exposure that differs by region / 无法识别：在固定效应之内没有变化"
    )
