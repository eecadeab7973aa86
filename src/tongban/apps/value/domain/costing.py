"""What a service costs 单次有效服务成本 (CPS) and is worth to its users 用户价值密度 (UVD).

Costs go to services by activity: what names a service goes there; what names a department is split
over the services of that department, what names neither over all, by the driver of its tower. Every
split adds up to the fen. The divisor is what was effectively completed, not what was begun.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Literal

from .money import allocate

Capital = Literal["capital", "running"]


@dataclass(frozen=True, slots=True)
class Cost:
    """One row of the ledger 成本台账, in fen. Capital is spread evenly over ``life`` years.

    ``assumed``: the row does not tell the life of its capital.
    """

    row: int
    year: int
    tower: str
    department: str
    service: str
    kind: Capital
    amount: int
    life: int
    assumed: bool = False

    def of(self, year: int) -> int:
        """Give what this row costs in a year."""
        if self.kind == "running":
            return self.amount if year == self.year else 0
        place = year - self.year
        return allocate(self.amount, [1] * self.life)[place] if 0 <= place < self.life else 0


@dataclass(frozen=True, slots=True)
class Count:
    """What the trail tells of one service of a department in a year.

    ``begun`` branches of cases; of these ``open`` still, ``withdrawn`` (or impossible, or not
    applicable), and decided. Of the decided, ``repeated`` were followed by another decision of the
    same service for the same person soon after; the rest is ``effective``. ``retried`` counts ends
    told more than once, and ``unknown`` the decided whose person is not told, so no repeat is seen.
    ``human`` and ``corrected`` count the decided that a person handled, or that were sent back;
    ``fetched`` the begun for which, or for whose whole case, data came from a department.
    ``events`` is all that was told of them.
    """

    year: int
    department: str
    service: str
    begun: int
    open: int
    withdrawn: int
    repeated: int
    effective: int
    retried: int
    unknown: int
    human: int
    corrected: int
    fetched: int
    events: int

    @property
    def decided(self) -> int:
        """Give the decided ones, repeats with them."""
        return self.effective + self.repeated


DRIVERS = tuple(f.name for f in fields(Count))[3:]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ServiceCost:
    """What one service of a department cost in the year, by tower, in fen."""

    department: str
    service: str
    effective: int
    by_tower: Mapping[str, int]

    @property
    def total(self) -> int:
        """Give all of it, in fen."""
        return sum(self.by_tower.values())

    @property
    def unit(self) -> Decimal | None:
        """Give fen per effective service; None where none was completed."""
        return Decimal(self.total) / self.effective if self.effective else None


@dataclass(frozen=True, slots=True)
class Costed:
    """The costs of a year. ``unplaced`` fen name what the trail knows nothing of."""

    year: int
    services: tuple[ServiceCost, ...]
    unplaced: int
    total: int
    effective: int

    @property
    def unit(self) -> Decimal | None:
        """Give CPS in fen over all, what found no place with it; None where none was completed."""
        return Decimal(self.total) / self.effective if self.effective else None

    def towers(self) -> dict[str, int]:
        """Sum by tower, dearest first."""
        found: defaultdict[str, int] = defaultdict(int)
        for one in self.services:
            for tower, amount in one.by_tower.items():
                found[tower] += amount
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def cost(
    ledger: Sequence[Cost], counts: Sequence[Count], year: int, drivers: Mapping[str, str]
) -> Costed:
    """Bring the costs of a year home to services. ``drivers`` names a field of Count by tower.

    A tower that is not named goes by ``events``. Where the driver is nil for all that share a row,
    the events decide.
    """
    seen = {(c.department, c.service): c for c in counts if c.year == year}
    homes: dict[Key, defaultdict[str, int]] = {key: defaultdict(int) for key in seen}
    pools: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for row in ledger:
        if amount := row.of(year):
            pools[row.department, row.service, row.tower] += amount
    unplaced = 0
    for (department, service, tower), amount in pools.items():
        sharing = [key for key in seen if department in ("", key[0]) and service in ("", key[1])]
        if not sharing:
            unplaced += amount
            continue
        name = drivers.get(tower, "events")
        weights = [int(getattr(seen[key], name)) for key in sharing]
        if not any(weights):
            weights = [seen[key].events for key in sharing]
        for key, part in zip(sharing, allocate(amount, weights), strict=True):
            homes[key][tower] += part
    services = tuple(
        ServiceCost(*key, seen[key].effective, dict(home)) for key, home in sorted(homes.items())
    )
    return Costed(
        year, services, unplaced, sum(pools.values()), sum(c.effective for c in seen.values())
    )


@dataclass(frozen=True, slots=True)
class Use:
    """How the services served 服务效用, each part from 0 to 1; None where nothing was measured."""

    effective: Decimal | None
    unaided: Decimal | None
    first_time: Decimal | None


def use(counts: Sequence[Count]) -> Use:
    """Give the parts of utility over these counts."""
    begun = sum(c.begun - c.open for c in counts)
    decided = sum(c.decided for c in counts)
    return Use(
        _share(sum(c.effective for c in counts), begun),
        _share(decided - sum(c.human for c in counts), decided),
        _share(decided - sum(c.corrected for c in counts), decided),
    )


def uvd(
    parts: Use,
    weights: Mapping[str, Decimal],
    satisfaction: Decimal,
    served: int,
    users: int,
    months: int,
    reference: Decimal,
) -> Decimal | None:
    """Give UVD from 0 to 1: utility × satisfaction × density. None where a part is not measured.

    Density is effective services per user and month over the reference number of them, at most 1.
    """
    known = {name: getattr(parts, name) for name in weights}
    if users <= 0 or any(value is None for value in known.values()):
        return None
    utility = sum((weights[n] * known[n] for n in weights), Decimal(0)) / sum(weights.values())
    density = min(Decimal(served) / users / months / reference, Decimal(1))
    return utility * satisfaction * density


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The four dimensions 四维, each from 0 to 1; None: not measured yet."""

    base: Decimal | None
    automated: Decimal | None
    assets: Decimal | None
    governance: Decimal | None


def dimensions(
    costed: Costed, ledger: Sequence[Cost], counts: Sequence[Count], several: int, cases: int
) -> Dimensions:
    """Measure the four dimensions from ledger and trail.

    Base: share of the year's cost that stands for all departments. Automated: decided without a
    person. Assets: begun with data that a department supplied. Governance: cases in which two
    departments or more took part. An app that told nothing at all is absent, not nil.
    """
    common = sum(row.of(costed.year) for row in ledger if not row.department)
    now = [c for c in counts if c.year == costed.year]
    fetched, begun = sum(c.fetched for c in now), sum(c.begun for c in now)
    return Dimensions(
        _share(common, costed.total),
        use(now).unaided,
        _share(fetched, begun) if fetched else None,
        _share(several, cases) if several else None,
    )
