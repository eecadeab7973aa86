"""An example of scenarios 情景样例: an invented panel to 2025, its schema, and a plan.

What the lever does is known: the more interfaces, the more a region grows, a step later.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

from .generator import Truth, generate
from .panel import Row

YEARS = (2026, 2030)
_TRUTH = Truth(first=2010, periods=16, growth=0.0, cling=0.0, noise=0.01, pull=0.04)
_SCHEMA = """target: {column: services, unit: case, low: 0}
covariates: [{column: interfaces, unit: item, low: 0}]
"""
_MARKS = {"optimised": 0.85, "bold": 0.97}


def files() -> Mapping[str, str]:
    """Give the three files by name; they are the same each time."""
    rows = generate(_TRUTH).rows
    reach = _reach([[row.extras[0] or 0.0 for row in own] for own in _by_region(rows)])
    lines = [f"{r.region},{r.period},{r.value},{r.extras[0]}" for r in rows]
    plan = [f"{name}: {{interfaces: {share * reach:.0f}}}" for name, share in _MARKS.items()]
    return {
        "panel.csv": "\n".join(["region,period,services,interfaces", *lines, ""]),
        "schema.yaml": _SCHEMA,
        "plan.yaml": "\n".join([*plan, ""]),
    }


def _by_region(rows: Sequence[Row]) -> Iterable[list[Row]]:
    for _, own in groupby(rows, key=lambda row: row.region):
        yield list(own)


def _reach(levers: Sequence[Sequence[float]]) -> float:
    """Give the highest mark to which the last region can come at a pace that was seen."""
    fastest = max(b - a for own in levers for a, b in pairwise(own))
    steps = YEARS[1] - YEARS[0] + 1
    return min(max(map(max, levers)), min(own[-1] for own in levers) + steps * fastest)
