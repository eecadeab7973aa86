"""The atlas 指标图谱: figures that are quoted, cards with a source for each level, and checks.

A quoted figure is never a result here. It stands beside what this installation measured, or beside
the words "not measured yet".
"""

from .cards import KNOWN, Card, Claim, Level, Measure, levels
from .checks import Check, agreements, judge
from .figures import AREAS, Measured, Quoted
from .kinds import KINDS, CheckInvalid, Rule

__all__ = [
    "AREAS",
    "KINDS",
    "KNOWN",
    "Card",
    "Check",
    "CheckInvalid",
    "Claim",
    "Level",
    "Measure",
    "Measured",
    "Quoted",
    "Rule",
    "agreements",
    "judge",
    "levels",
]
