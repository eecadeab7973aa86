"""What the gate looks at 轨迹: one measure of all regions over time, and what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .panel import Measure, Scale, to_scale

Fault = Literal["range", "unit_slip", "jump", "imputed", "repeated", "copied", "renamed", "gap"]


def name(text: str) -> str:
    """Write a name of the data so that no sign in it is taken for the place of a number."""
    return text.replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one value: the fault, its line, and the sentence in both languages.

    Where it tells ``numbers`` (each with its unit), they stand in it at ``{0}``, ``{1}`` ….
    ``covariate`` names the column where it is not the target; ``accepted``: somebody looked at it.
    """

    fault: Fault
    region: str
    period: int
    line: int | None
    zh: str
    en: str
    covariate: str = ""
    accepted: bool = False
    numbers: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that stands in a line of the file."""

    period: int
    value: float
    line: int


@dataclass(frozen=True, slots=True)
class Track:
    """One measure of all regions as it was known at one time; values within bounds, in order."""

    measure: Measure
    covariate: str
    scale: Scale
    step: int
    regions: Mapping[str, Sequence[Cell]]

    def move(self, before: Cell, cell: Cell) -> float:
        """Give the growth of a step between two cells."""
        steps = (cell.period - before.period) // self.step or 1
        return (to_scale(cell.value, self.scale) - to_scale(before.value, self.scale)) / steps

    def say(
        self, fault: Fault, region: str, cell: Cell, zh: str, en: str, *numbers: tuple[float, str]
    ) -> Finding:
        """Make a finding."""
        told = zh, en, self.covariate
        return Finding(fault, region, cell.period, cell.line, *told, numbers=numbers)
