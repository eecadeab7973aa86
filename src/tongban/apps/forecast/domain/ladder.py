"""What a model must do 模型接口: learn from a history, then say each region's value."""

from collections.abc import Mapping
from typing import Protocol

from .panel import History


class CannotFit(ValueError):
    """A model that cannot be learnt from a history; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Fitted(Protocol):
    """A model that has learnt."""

    def predict(self, period: int) -> Mapping[str, float]:
        """Give each region's value of a period on the history's scale; who cannot is left out."""


class Rung(Protocol):
    """A model of the ladder."""

    @property
    def code(self) -> str:
        """Its name in reports."""

    def fit(self, history: History) -> Fitted:
        """Learn from what was known. Raise CannotFit."""


def ends(history: History) -> dict[str, tuple[int, float]]:
    """Give each region's last known period and value."""
    return {
        region: (max(known), known[max(known)]) for region, known in history.values.items() if known
    }
