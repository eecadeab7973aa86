"""Reads for others (读取): the atlas with what is measured beside it."""

from dataclasses import dataclass

from django.conf import settings

from .atlas.measuring import beside, kept
from .atlas.reading import Atlas, here
from .atlas.report import steps
from .domain.atlas import AREAS, KNOWN, Level, Measured, Quoted

__all__ = ["AREAS", "KNOWN", "Atlas", "Level", "Measured", "Quoted", "Seen", "atlas", "steps"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The atlas as it stands: quoted, and the counts that were kept last.

    ``wrong`` says what of the installation's own folder cannot be read; then only what is shipped
    is seen.
    """

    atlas: Atlas
    measured: dict[str, Measured]
    wrong: str = ""


def atlas() -> Seen:
    """Give the atlas beside this installation's last counts, benchmarks and reports."""
    told, wrong = here(settings.ATLAS)
    return Seen(told, beside(told, kept(), kept("benches"), kept("reports")), wrong)
