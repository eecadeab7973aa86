"""The atlas 指标图谱: figures that are quoted, cards scored by printed rules, and checks.

A quoted figure is never a result here. It stands beside what this installation measured, or beside
the words "not measured yet".
"""

from .cards import Card, Measure, Score, scores
from .checks import Check, agreements, judge
from .figures import AREAS, Measured, Quoted
from .kinds import KINDS, CheckInvalid, Rule

__all__ = [
    "AREAS",
    "KINDS",
    "Card",
    "Check",
    "CheckInvalid",
    "Measure",
    "Measured",
    "Quoted",
    "Rule",
    "Score",
    "agreements",
    "judge",
    "scores",
]
