"""Companies of the sample city: those that stand or stood, and those being set up now."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from tongban.apps.parties.sample import names
from tongban.apps.parties.sample.people import CITY, Household, Person, Registry
from tongban.kernel.codes import USCC
from tongban.kernel.regions import Regions

_TYPES: Final = ("1151", "1130", "1130", "4540")
_MA: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(slots=True, eq=False)
class Company:
    """A company (企业) as the truth has it; one being set up has no code and no day yet."""

    name: str
    kind: str
    industry: str
    scope: str
    capital_fen: int
    representative: Person
    home: Household
    address_code: str
    use: str
    uscc: str = ""
    founded: date | None = None
    status: str = "active"
    clean: bool = False
    prior_approval: bool = False
    conflict: bool = False
    reserved_until: date | None = None


class Founders:
    """Makes companies; every name, code and real estate unit once."""

    def __init__(self, registry: Registry, regions: Regions) -> None:
        self.registry = registry
        self.random: Random = registry.random
        self.regions = regions
        self._serial = 0

    def _company(self, representative: Person) -> Company:
        self._serial += 1
        serial, draw = self._serial, self.random.random
        name, industry, scope = names.company(self.random, serial)
        home = self.registry.home()
        # 不动产单元号: county, cadastral zone, GB, parcel, F, building and room
        unit = f"{home.district}{serial % 900 + 100:03d}{serial // 900 % 900 + 100:03d}"
        unit += f"GB{serial % 99_999 + 1:05d}F{serial:08d}"
        use = "residential" if draw() < 0.12 else "industrial" if draw() < 0.1 else "commercial"
        capital = (10, 50, 100, 200, 500, 1000)[int(6 * draw())] * 10_000 * 100
        kind = _TYPES[int(len(_TYPES) * draw())]
        return Company(name, kind, industry, scope, capital, representative, home, unit, use)

    def standing(self, representative: Person) -> Company:
        """Give a company of the last ten years, most likely still active."""
        company, draw = self._company(representative), self.random.random
        today = self.registry.today
        grown = representative.born.toordinal() + 18 * 366
        earliest = max(grown, date(2016, 1, 1).toordinal())
        day = earliest + int(draw() * max(1, today.toordinal() - 60 - earliest))
        company.founded = date.fromordinal(min(day, today.toordinal() - 1))
        counties = self.regions.children(CITY, company.founded.year)
        county = counties[int(len(counties) * draw())].code
        organisation = "MA" + "".join(
            _MA[self._serial // 31**place % 31] for place in (5, 4, 3, 2, 1, 0)
        )
        company.uscc = USCC.make("9", "1", county, organisation).text
        state = draw()
        company.status = "active" if state < 0.86 else "deregistered" if state < 0.97 else "revoked"
        return company

    def starting(self, representative: Person, *, clean: bool) -> Company:
        """Give a company being set up: its name is declared and reserved."""
        company, draw = self._company(representative), self.random.random
        company.reserved_until = self.registry.today + timedelta(days=15 + int(draw() * 45))
        company.clean = clean
        if clean:
            company.use, company.kind = "commercial", "1151"
        else:
            company.prior_approval = draw() < 0.06
            company.conflict = draw() < 0.04
        return company
