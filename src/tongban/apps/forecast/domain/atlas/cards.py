"""Case cards 案例卡: named platforms scored on the report's six criteria, by printed rules.

A score is never given by hand: it is the number of thresholds that a quoted figure reaches. Where
the report gives no figure there is no score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .figures import Quoted


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
class Card:
    """A named platform: ``judged`` gives, by measure, the key of the figure that it is judged by.

    ``told`` are keys of further figures that the report tells of it; ``source`` says where it is
    named, if no figure does.
    """

    key: str
    zh: str
    en: str
    judged: Mapping[str, str]
    told: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a card on a criterion; both None where the report gives no figure."""

    criterion: str
    points: int | None
    measure: Measure | None
    quoted: Quoted | None


def scores(
    card: Card,
    criteria: Sequence[str],
    measures: Mapping[str, Measure],
    quoted: Mapping[str, Quoted],
) -> tuple[Score, ...]:
    """Score a card on each criterion, by the best of its figures there.

    Raise KeyError for a measure or a figure that is not there.
    """
    found = []
    for criterion in criteria:
        judged = [
            Score(criterion, measure.score(entry.figure.value), measure, entry)
            for measure, entry in ((measures[m], quoted[q]) for m, q in card.judged.items())
            if measure.criterion == criterion
        ]
        best = max(judged, key=lambda one: one.points or 0, default=None)
        found.append(best or Score(criterion, None, None, None))
    return tuple(found)
