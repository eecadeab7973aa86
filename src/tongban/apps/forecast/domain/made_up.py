"""Values that were filled in 疑似填补: carried over, or put in line with their neighbours."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from .tracks import Cell, Fault, Finding, Track

RUN = 3  # so many equal steps in a row are no chance
_EXACT = 1e-9
_CHANCE = 0.01  # so often such a run may come about by chance in a panel like this


def made_up(track: Track) -> Iterator[Finding]:
    """Flag equal values (repeated) and equal steps (imputed) that run on too long.

    Of the target three exact ones are enough. Rounded steps, and covariates, which may stand still
    or grow evenly by their nature, are flagged where a run is longer than chance gives in a column
    that does so as often as this one.
    """
    exact = not track.covariate
    yield from _runs(track, "repeated", _still, RUN - 1, always=exact)
    if exact:
        yield from _runs(track, "imputed", _in_line, RUN, always=True)
    yield from _runs(track, "imputed", _nearly_in_line, RUN, always=False)


_Test = Callable[[Track, Sequence[Cell], int], bool]


def _runs(track: Track, fault: Fault, test: _Test, need: int, *, always: bool) -> Iterator[Finding]:
    hits = {
        region: [test(track, cells, place) for place in range(1, len(cells))]
        for region, cells in track.regions.items()
    }
    tried = sum(map(len, hits.values()))
    often = sum(map(sum, hits.values())) / tried if tried else 0.0
    for region, found in hits.items():
        place = 1
        for hit, run in itertools.groupby(found):
            length = len(list(run))
            if hit and length >= need and (always or tried * often**length < _CHANCE):
                for cell in track.regions[region][place : place + length]:
                    yield _made(track, fault, region, cell)
            place += length


def _still(track: Track, cells: Sequence[Cell], place: int) -> bool:  # noqa: ARG001
    return cells[place].value == cells[place - 1].value


def _in_line(track: Track, cells: Sequence[Cell], place: int, slack: float = 0.0) -> bool:
    """Say whether a step is the one before it again, as a difference or as a ratio."""
    if place < 2 or cells[place].value == cells[place - 1].value:
        return False
    first, before, cell = cells[place - 2 : place + 1]
    if cell.period - before.period != before.period - first.period:
        return False
    linear = abs((cell.value - before.value) - (before.value - first.value))
    even = abs(track.move(before, cell) - track.move(first, before))
    least = min(abs(one.value) for one in (first, before, cell)) or math.inf
    return linear <= max(_EXACT * abs(cell.value), slack) or even <= max(_EXACT, slack / least)


def _nearly_in_line(track: Track, cells: Sequence[Cell], place: int) -> bool:
    """As `_in_line`, but for what rounding to the digits that are printed can do."""
    if place < 2:
        return False
    places = max(_places(one.value) for one in cells[place - 2 : place + 1])
    return _in_line(track, cells, place, slack=2.0 * 10.0**-places)


def _places(value: float) -> int:
    """Give the decimals that a number is printed with.

    >>> _places(330.155), _places(500.0), _places(1e-07)
    (3, 0, 7)
    """
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _made(track: Track, fault: Fault, region: str, cell: Cell) -> Finding:
    told = {
        "repeated": (
            "与上期完全相同，疑为沿用旧值",
            "the same as the period before: carried over?",
        ),
        "imputed": (
            "与前后成等差或等比，疑为插补",
            "exactly in line with its neighbours: made up?",
        ),
    }[fault]
    return track.say(fault, region, cell, *told)
