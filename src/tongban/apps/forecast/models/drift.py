"""The rungs that need nothing 基准: naive, each region's own drift, the nation's drift.

They are what a model must beat. All three carry on from a region's last known value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from tongban.apps.forecast.domain.ladder import ends
from tongban.apps.forecast.domain.panel import History


@dataclass(frozen=True, slots=True)
class Steady:
    """Each region goes on from its last value by the same growth every step."""

    step: int
    last: Mapping[str, tuple[int, float]]
    growth: Mapping[str, float]

    def predict(self, period: int) -> dict[str, float]:
        """Add the growth of every step since the last known value."""
        return {
            region: value + self.growth[region] * (period - at) / self.step
            for region, (at, value) in self.last.items()
        }


@dataclass(frozen=True, slots=True)
class Naive:
    """Same as last time 与上期相同."""

    code: str = "naive"

    def fit(self, history: History) -> Steady:
        """Learn nothing but the last value."""
        return Steady(history.step, ends(history), dict.fromkeys(history.values, 0.0))


@dataclass(frozen=True, slots=True)
class OwnDrift:
    """Each region grows as it has grown 本地趋势; one with a single value stays."""

    code: str = "own_drift"

    def fit(self, history: History) -> Steady:
        """Take each region's mean growth from its first value to its last."""
        growth = {}
        for region, known in history.values.items():
            first, last = min(known), max(known)
            steps = (last - first) / history.step
            growth[region] = (known[last] - known[first]) / steps if steps else 0.0
        return Steady(history.step, ends(history), growth)


@dataclass(frozen=True, slots=True)
class NationalDrift:
    """Every region grows as all have grown 全国趋势."""

    code: str = "national_drift"

    def fit(self, history: History) -> Steady:
        """Take the mean of all growths of one step."""
        found = [g for region in history.values for g in history.growths(region).values()]
        mean = fmean(found) if found else 0.0
        return Steady(history.step, ends(history), dict.fromkeys(history.values, mean))
