"""The sample city 安和市: invented families and companies, as the departments know them.

The same arguments give the same city. Identifiers are valid and true to their time; whatever is
wrong in the registers was planted on purpose and is listed in `City.flaws`. Nothing is written
here: `tongban.apps.exchange.sample` does that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from tongban.apps.parties.sample.companies import Founders
from tongban.apps.parties.sample.people import Families, Registry, is_clean
from tongban.apps.parties.sample.registers import FLAWS, Clerk, Register, company_registers
from tongban.kernel.regions import Regions

__all__ = ["FLAWS", "City", "Register", "generate"]


@dataclass(frozen=True, slots=True)
class City:
    """The registers of the city by slug of the resource, and what a reader may rely on.

    `flaws` lists the keys of the rows that hold each planted flaw (`FLAWS` says what it means).
    `cast` gives, by life event or policy, the known facts to start from. The first three quarters
    have nothing amiss; after them come the others, as life has them.
    """

    people: int
    seed: int
    today: date
    registers: Mapping[str, Register]
    flaws: Mapping[str, tuple[str, ...]]
    cast: Mapping[str, tuple[Mapping[str, str], ...]]


def generate(
    people: int, seed: int, regions: Regions, today: date, newborns: int | None = None
) -> City:
    """Make the city as of `today`: exactly `people` people, at least 100.

    `newborns` families have a child of the last thirty days that is not registered yet; left
    out, they are as many as in a real city (6.5 births a year for a thousand people), and at
    least eight. Raises `ValueError` if `people` are too few.
    """
    if people < 100:
        raise ValueError(f"sample city: {people} people are too few; ask for 100 or more")
    random = Random(seed)  # noqa: S311 - invented people, no secret
    registry = Registry(random, regions, today)
    wanted = newborns if newborns is not None else max(8, round(people * 6.5 / 1000 / 12))
    population = Families(registry).fill(people, wanted)
    everyone = population.people

    founders = Founders(registry, regions)
    adults = [p for p in everyone if not p.dead and 24 <= today.year - p.born.year < 65]
    standing = [founders.standing(p) for p in random.sample(adults, max(5, people // 25))]
    busy = {c.representative.number for c in standing}
    local = [p for p in adults if not p.elsewhere and p.number not in busy]
    chosen = random.sample(local, max(3, people // 400))
    starting = [founders.starting(p, clean=is_clean(place)) for place, p in enumerate(chosen)]
    starting.sort(key=lambda company: not company.clean)

    fresh = [b for b in population.births if b.child is None and not b.issued]
    fresh.sort(key=lambda birth: not birth.clean)
    clean = [
        population.elder,
        *(c.representative for c in starting if c.clean),
        *(b.mother for b in fresh if b.clean),
    ]
    protected = frozenset(one.number for p in clean for one in (p, p.spouse) if one is not None)

    clerk = Clerk(random, today, people, protected)
    deliveries, vaccinations, bills = clerk.births(population.births)
    insured, jobs = clerk.work(everyone, standing)
    elders, accounts = clerk.old_age(everyone)
    registers = {
        "births": deliveries,
        "immunisation": vaccinations,
        "delivery-settlements": bills,
        "insured-persons": insured,
        "employment": jobs,
        "elders": elders,
        "social-security-cards": accounts,
        "population": clerk.population(everyone),
        "residence": clerk.residence(everyone, regions),
        "marriages": clerk.marriages(everyone),
        "accounts": clerk.accounts(everyone),
        "officer-checks": clerk.fitness(everyone, "office_barred", 0.003),
        "taxpayers": clerk.fitness(everyone, "tax_arrears", 0.004),
        "account-restrictions": clerk.fitness(everyone, "account_restricted", 0.004),
        **company_registers(standing, starting),
    }
    cast = {
        "newborn": tuple({"mother.id_number": b.mother.number} for b in fresh),
        "enterprise-start": tuple(
            {
                "representative.id_number": c.representative.number,
                "company.address_code": c.address_code,
            }
            for c in starting
        ),
        "old-age-allowance": ({"elder.id_number": population.elder.number},),
    }
    return City(people, seed, today, registers, clerk.flaws, cast)
