"""Which rungs can run here 模型阶梯: three need nothing, four need the extra ``[forecast]``."""

import importlib
from importlib.util import find_spec

from tongban.apps.forecast.domain.ladder import Rung

from .drift import Naive, NationalDrift, OwnDrift

_HEAVY = {
    "ridge": ("ridge", "Ridge", ("numpy", "pyfixest")),
    "fixed_effects": ("panel_effects", "FixedEffects", ("numpy", "pyfixest")),
    "lightgbm": ("trees", "Trees", ("lightgbm", "pyfixest")),
    "fixed_effects_lightgbm": ("trees", "EffectsAndTrees", ("lightgbm", "pyfixest")),
}


def rungs() -> tuple[tuple[Rung, ...], tuple[str, ...]]:
    """Give the rungs that can run, and the codes of those whose libraries are not installed."""
    able: list[Rung] = [Naive(), OwnDrift(), NationalDrift()]
    missing = []
    for code, (module, name, needs) in _HEAVY.items():
        if all(find_spec(one) for one in needs):
            able.append(getattr(importlib.import_module(f"{__package__}.{module}"), name)())
        else:
            missing.append(code)
    return tuple(able), tuple(missing)
