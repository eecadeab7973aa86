"""Government cloud 政务云: what a vCPU-month costs, how it is used, what to move and buy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from tongban.apps.value.errors import ValueRefused
from tongban.kernel.facts import Words

CLASSES = ("hardware", "platform", "security", "migration", "organisation")
#: What is offered 方案, as files and parameters name it.
OFFERS = {"domestic": Words("国产", "domestic"), "imported": Words("进口", "imported")}


@dataclass(frozen=True, slots=True)
class Spend:
    """One amount in fen: its year, class (or ``running``), and the offer that it belongs to."""

    year: int
    sort: str
    offer: str
    amount: int


@dataclass(frozen=True, slots=True)
class System:
    """One system 业务系统: vCPUs it holds, mean and peak use from 0 to 1, what it needs first."""

    name: str
    department: str
    vcpu: int
    mean: Decimal
    peak: Decimal
    needs: tuple[str, ...]

    def right_size(self, target: Decimal) -> int:
        """Give the vCPUs that hold the peak at the target use, from 1 to what it has."""
        return max(1, min(self.vcpu, ceil(Fraction(self.vcpu) * Fraction(self.peak / target))))


def structure(spent: Sequence[Spend]) -> dict[str, int]:
    """Sum the outlay by the five classes 五类成本, in fen."""
    return {sort: sum(s.amount for s in spent if s.sort == sort) for sort in CLASSES}


def unit_cost(spent: Sequence[Spend], systems: Sequence[System], life: int) -> Decimal | None:
    """Give fen per vCPU-month: running cost a year, outlay over its life; None without vCPU."""
    vcpu = sum(system.vcpu for system in systems)
    running = [s for s in spent if s.sort == "running"]
    years = len({s.year for s in running})
    if not vcpu:
        return None
    yearly = Decimal(sum(structure(spent).values())) / life
    if years:
        yearly += Decimal(sum(s.amount for s in running)) / years
    return yearly / vcpu / 12


def utilisation(systems: Sequence[System]) -> Decimal | None:
    """Give the mean use over all vCPUs, from 0 to 1."""
    vcpu = sum(system.vcpu for system in systems)
    return sum((s.mean * s.vcpu for s in systems), Decimal(0)) / vcpu if vcpu else None


def waves(systems: Sequence[System]) -> tuple[tuple[str, ...], ...]:
    """Order systems into migration waves 迁移批次: each after all that it needs.

    Raise ValueRefused for a need that nobody is, and for a ring of needs, which must move together.
    """
    needs = {system.name: set(system.needs) for system in systems}
    if unknown := sorted({need for of in needs.values() for need in of} - set(needs)):
        raise ValueRefused(
            f"依赖的系统不在清单内：{'、'.join(unknown)}",
            f"needed, but not in the list: {', '.join(unknown)}",
        )
    found, done = [], set[str]()
    while len(done) < len(needs):
        ready = tuple(sorted(n for n, of in needs.items() if n not in done and of <= done))
        if not ready:
            ring = sorted(set(needs) - done)
            raise ValueRefused(
                f"系统互相依赖，须并为一个批次：{'、'.join(ring)}",
                f"these need one another, make them one system of the list: {', '.join(ring)}",
            )
        found.append(ready)
        done |= set(ready)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Total cost of ownership 全生命周期成本 of two offers: sums so far by year, in fen.

    ``even`` is the first year at whose end ``ours`` has cost no more than ``theirs`` and stays so;
    None where that does not come.
    """

    years: tuple[int, ...]
    ours: tuple[int, ...]
    theirs: tuple[int, ...]
    even: int | None


def ownership(spent: Sequence[Spend], ours: str, theirs: str) -> Ownership | None:
    """Compare two offers year by year; None where one has no row."""
    offers = {offer: [s for s in spent if s.offer == offer] for offer in (ours, theirs)}
    if not all(offers.values()):
        return None
    every = [s.year for rows in offers.values() for s in rows]
    years = tuple(range(min(every), max(every) + 1))
    sums = {
        offer: tuple(sum(s.amount for s in rows if s.year <= year) for year in years)
        for offer, rows in offers.items()
    }
    behind = [n for n in range(len(years)) if sums[ours][n] > sums[theirs][n]]
    after = (behind[-1] + 1) if behind else 0
    even = years[after] if after < len(years) else None
    return Ownership(years, sums[ours], sums[theirs], even)


def return_per_yuan(gains: Mapping[str, int], costs: Mapping[str, int]) -> Decimal | None:
    """Give what a yuan of data governance returned, over all projects; None without cost."""
    spent = sum(costs.values())
    return Decimal(sum(gains.values())) / spent if spent else None
