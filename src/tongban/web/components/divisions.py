"""The division cascade (省、市、县): one list below another, as far as something is chosen.

It needs no script: the button beside the lists sends the page, and what comes back has one list
more. A name starts as the code itself did, so that a form may carry a code without its lists.
"""

from collections.abc import Mapping

from django.http import QueryDict

from tongban.infra import clock, regions
from tongban.kernel.regions import Places

from .options import Level, Option

DEEPEST = 4  # province, city, county, street


def _places() -> Places:
    return regions.places(clock.today())


def levels(name: str, code: str, words: Mapping[str, str]) -> list[Level]:
    """Give the lists of a field: those above a code with what it chooses, and the next one below.

    ``words`` has a word for each level of divisions: ``division_1`` to ``division_4``.
    """
    places, found, above = _places(), [], ""
    line = [division.code for division in places.line(code)]
    for at in range(DEEPEST):
        below = places.below(above)
        if not below:
            break
        options = tuple(Option(division.code, division.name) for division in below)
        above = line[at] if at < len(line) else ""
        found.append(Level(f"{name}-{at + 1}", words[f"division_{below[0].level}"], options, above))
        if not above:
            break
    return found


def gathered(name: str, sent: QueryDict) -> str:
    """Give the code that was chosen in the lists of a field, or that was sent by its name."""
    codes = [sent.get(f"{name}-{at}", "").strip() for at in range(1, DEEPEST + 1)]
    return _places().chosen([code for code in codes if code]) or sent.get(name, "").strip()


def written_out(code: str) -> str:
    """Write a division as a person does, from the province down; a code that is none as it is."""
    return _places().name(code) or code
