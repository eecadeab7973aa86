"""Makes a panel whose truth is known 已知真值的数据: growth, persistence, noise, a shock year.

Every figure that comes of it is of an invented nation. Estimators are proved on it: what was put
in must come out, and where the noise is too great that must be said.
"""

import math
from dataclasses import dataclass
from random import Random

from .panel import Measure, Panel, Row


@dataclass(frozen=True, slots=True)
class Truth:
    """What the generator puts in: a region's growth, how it clings, noise, and a shock.

    Growth of a region is ``growth`` ± ``apart`` for good; a deviation from it halves (or as
    ``cling`` says) each period; ``noise`` is added each period; in ``shock`` every region moves
    by ``fall`` besides, all on the logarithmic scale. With ``pull``, a covariate ``interfaces``
    that rises by chance adds so much growth a step later for each unit that it rose.
    """

    regions: int = 31
    first: int = 2012
    periods: int = 13
    growth: float = 0.06
    apart: float = 0.02
    cling: float = 0.5
    noise: float = 0.02
    shock: int | None = None
    fall: float = -0.15
    pull: float | None = None
    seed: int = 20261126


def generate(truth: Truth) -> Panel:
    """Make the panel; the same truth gives the same panel to the last digit."""
    dice = Random(truth.seed)  # noqa: S311 - nothing secret: the same panel each time is wanted
    rows: list[tuple[str, int, float]] = []
    extras: list[tuple[float, ...]] = []
    for number in range(truth.regions):
        level = dice.gauss(6.0, 0.8)
        own = dice.gauss(truth.growth, truth.apart)
        off = dice.gauss(0.0, truth.noise)
        lever, rise = 0.0, 0.0
        if truth.pull is not None:
            lever = dice.uniform(5.0, 25.0)
        for place in range(truth.periods):
            period = truth.first + place
            if place:
                off = truth.cling * off + dice.gauss(0.0, truth.noise)
                level += own + off + (truth.fall if period == truth.shock else 0.0)
            if truth.pull is not None:
                level += truth.pull * rise
                rise = dice.uniform(0.0, 4.0)
                lever += rise
                extras.append((round(lever, 6),))
            rows.append((f"R{number + 1:02}", period, round(math.exp(level), 4)))
    made = tuple(
        Row(*row, line, extras=extras[line - 2] if extras else ())
        for line, row in enumerate(rows, start=2)
    )
    levers = () if truth.pull is None else (Measure("interfaces", "item", low=0.0),)
    measure = Measure("services", "case", low=0.0)
    return Panel(made, 1, measure, levers, f"generated, seed {truth.seed}", f"{truth.seed:064x}")
