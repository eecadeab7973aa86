"""Case cards 案例卡: the level of named platforms on the report's six criteria, with its source.

A level is quoted, judged or not known. Points are never given by hand: they are the number of
thresholds that a quoted figure reaches. Where no reference speaks of a criterion itself there is no
level: another number never stands in for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tongban.kernel.facts import Words

from .figures import Quoted

#: What a level is: said by a source, judged by this project from one, or said by none.
Known = Literal["quoted", "judged", "unknown"]
KNOWN: Mapping[Known, tuple[str, str]] = {
    "quoted": ("引用", "quoted"),
    "judged": ("评判", "judged"),
    "unknown": ("未说明", "not stated"),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """What a criterion may be judged by: five thresholds, rising, or falling where less is better.

    ``criterion`` is one of the report's six; the score is how many thresholds are reached, 0 to 5.
    """

    key: str
    criterion: str
    unit: str
    thresholds: tuple[Decimal, ...]
    zh: str
    en: str

    @property
    def falling(self) -> bool:
        """Tell whether less is better."""
        return self.thresholds[0] > self.thresholds[-1]

    def score(self, value: Decimal | int) -> int:
        """Count the thresholds that a value reaches.

        >>> steps = tuple(map(Decimal, ("15", "12", "10", "8", "6")))
        >>> Measure("cps", "return", "number", steps, "", "").score(Decimal("5.9"))
        5
        """
        if self.falling:
            return sum(value <= one for one in self.thresholds)
        return sum(value >= one for one in self.thresholds)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a card claims of a criterion: by a figure, judged by a measure or not, or in words.

    Words have a ``source`` of their own; a figure brings its own.
    """

    status: Known
    figure: str = ""
    measure: str = ""
    words: tuple[str, str] | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A named platform: ``claims`` gives its level by criterion; what is not there is not known.

    ``told`` are keys of further figures that the report tells of it; ``source`` says where it is
    named, if no figure does.
    """

    key: str
    zh: str
    en: str
    claims: Mapping[str, Claim]
    told: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """The level of a card on a criterion: points, a figure or words, and where they come from."""

    criterion: str
    status: Known
    points: int | None = None
    measure: Measure | None = None
    quoted: Quoted | None = None
    words: tuple[str, str] | None = None
    source: str | Words = ""


def levels(
    card: Card,
    criteria: Sequence[str],
    measures: Mapping[str, Measure],
    quoted: Mapping[str, Quoted],
) -> tuple[Level, ...]:
    """Give a card's level on each criterion.

    Raise KeyError for a criterion, a measure or a figure that is not there, or a measure that
    judges another criterion or in another unit.
    """
    for criterion in card.claims:
        if criterion not in criteria:
            raise KeyError(criterion)
    return tuple(
        _level(one, card.claims.get(one, Claim("unknown")), measures, quoted) for one in criteria
    )


def _level(
    criterion: str, claim: Claim, measures: Mapping[str, Measure], quoted: Mapping[str, Quoted]
) -> Level:
    if not claim.figure:
        return Level(criterion, claim.status, words=claim.words, source=claim.source)
    entry = quoted[claim.figure]
    source = entry.figure.source
    if not claim.measure:
        return Level(criterion, claim.status, quoted=entry, source=source)
    measure = measures[claim.measure]
    if (measure.criterion, measure.unit) != (criterion, entry.figure.unit):
        raise KeyError(claim.measure)
    points = measure.score(entry.figure.value)
    return Level(criterion, claim.status, points, measure, entry, source=source)
