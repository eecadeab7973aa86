"""Reads for others (读取): the atlas with what is measured beside it."""

from dataclasses import dataclass

from .atlas.measuring import beside, kept
from .atlas.reading import Atlas, shipped
from .atlas.report import steps
from .domain.atlas import AREAS, KNOWN, Level, Measured, Quoted

__all__ = ["AREAS", "KNOWN", "Atlas", "Level", "Measured", "Quoted", "Seen", "atlas", "steps"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The atlas as it stands: quoted, and the counts that were kept last."""

    atlas: Atlas
    measured: dict[str, Measured]


def atlas() -> Seen:
    """Give the shipped atlas beside this installation's last counts, benchmarks and reports."""
    told = shipped()
    return Seen(told, beside(told, kept(), kept("benches"), kept("reports")))
