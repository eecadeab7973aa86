"""Families of the sample city, with identity numbers that are true to their time.

Numbers are made as the police made them: the region is a county that stood in the year of issue,
which is the year of birth for people born since 1984 and some year from 1984 to 1989 for older
ones. Nobody here exists.
"""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final, Literal

from tongban.apps.parties.sample import names
from tongban.kernel.codes import IdentityNumber, Sex
from tongban.kernel.regions import Regions

CITY: Final = "330100"
DISTRICTS: Final = (
    "330102", "330105", "330106", "330108", "330109", "330110", "330113", "330114",
)  # fmt: skip
"""The divisions that the sample city borrows: real codes, so that every check passes."""

Marital = Literal["single", "married", "divorced", "widowed"]


@dataclass(slots=True)
class Household:
    """A household (户): people at one address under one number."""

    number: str
    district: str
    address: str
    community: str
    collective: bool


@dataclass(slots=True, eq=False)
class Person:
    """A person as the truth has it; the departments' registers are written from it."""

    number: str
    name: str
    sex: Sex
    born: date
    ethnicity: str
    home: Household
    marital: Marital = "single"
    spouse: "Person | None" = None
    married_on: date | None = None
    elsewhere: str = ""  # the county of the household registration, if it is another city
    left: bool = False  # was registered here before: the city still has the row, as moved out
    dead: bool = False


@dataclass(slots=True, eq=False)
class Birth:
    """A delivery (分娩): of a child that has no number yet, or of `child`."""

    mother: Person
    born: date
    sex: Sex
    order: int
    clean: bool
    issued: bool = False
    child: Person | None = None


@dataclass(slots=True)
class Population:
    """All people, and the births of the last three years, the latest of each mother.

    `elder` is over eighty and has nothing amiss.
    """

    people: list[Person]
    births: list[Birth]
    elder: Person


def is_clean(place: int) -> bool:
    """Tell whether the family or founder at this place of the cast is one with nothing amiss."""
    return place % 4 != 3


class Registry:
    """Gives numbers, names and homes; each number once."""

    def __init__(self, random: Random, regions: Regions, today: date) -> None:
        self.random = random
        self.today = today
        self.households = 0
        self._used: set[str] = set()
        years = range(1980, today.year + 1)
        self._native = {y: [d.code for d in regions.children(CITY, y)] for y in years}
        everything = [d for found in regions.by_code.values() for d in found if d.level == 3]
        self._anywhere = {y: [d.code for d in everything if d.stood(y)] for y in years}
        self._districts = []
        for code in DISTRICTS:
            division = regions.at(code, today.year)
            if division is None:
                raise ValueError(f"sample city: {code} does not stand in {today.year}")
            self._districts.append((code, division.name))

    def number(self, born: date, sex: Sex, *, native: bool) -> str:
        """Give an unused identity number issued in a county of its time."""
        random = self.random.random
        year = born.year if born.year >= 1984 else 1984 + int(6 * random())
        choices = self._native[year] if native else self._anywhere[year]
        while True:
            region = choices[int(len(choices) * random())]
            # newborns' numbers from 100 upward are a block that the platform assigns
            span = 50 if (self.today - born).days <= 366 else 500
            sequence = int(span * random()) * 2 + (sex == "male")
            text = IdentityNumber.make(region, born, sequence).text
            if text not in self._used:
                self._used.add(text)
                return text

    def home(self) -> Household:
        """Open a household in one of the districts."""
        self.households += 1
        code, name = self._districts[int(len(self._districts) * self.random.random())]
        address, community = names.address(self.random, name)
        collective = self.random.random() < 0.03
        return Household(f"{code}{self.households:07d}", code, address, community, collective)

    def county(self) -> str:
        """Give a county of today anywhere in the country, most likely another city's."""
        choices = self._anywhere[self.today.year]
        return choices[int(len(choices) * self.random.random())]

    def born(self, youngest: int, oldest: int) -> date:
        """Give a birth date of somebody aged from `youngest` to `oldest` years."""
        days = int((youngest + (oldest + 1 - youngest) * self.random.random()) * 365.25)
        return date.fromordinal(self.today.toordinal() - days)

    def person(
        self, home: Household, sex: Sex, born: date, *, father: Person | None = None, uygur: bool
    ) -> Person:
        """Give a new person; a child takes the father's surname and ethnic group."""
        random = self.random
        native = father is not None or random.random() < 0.7
        number = self.number(born, sex, native=native)
        if uygur:
            name = names.uygur(random, sex, father.name if father else None)
            return Person(number, name, sex, born, "05", home)
        family = names.surname(random)
        group = names.ethnic_group(random)
        if father is not None:
            family = father.name[:2] if father.name[:2] in names.DOUBLE else father.name[0]
            group = father.ethnicity
        rare = len(self._used) % 97 == 5
        return Person(number, family + names.given(random, sex, rare=rare), sex, born, group, home)


class Families:
    """Makes households of the kinds a city has, until all people are there."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.random = registry.random
        self.people: list[Person] = []
        self.births: list[Birth] = []

    def fill(self, people: int, newborns: int) -> Population:
        """Make exactly `people` people, `newborns` of the families with a new child."""
        registry = self.registry
        for place in range(newborns):
            clean = is_clean(place)
            youngest, oldest = (28, 34) if clean else (22, 40)
            children = self._children()
            self.couple(youngest, oldest, children=children, newborn=True, clean=clean)
        elder = self._elders(81, 86, clean=True)
        while (room := people - len(self.people)) > 0:
            kind = self.random.random()
            if room < 6 or kind < 0.30:
                self._adult()
            elif kind < 0.56:
                self.couple(24, 45, children=1 + self._children())
            elif kind < 0.69:
                self.couple(24, 59, children=0)
            elif kind < 0.73:
                self._parent()
            elif kind < 0.97:
                self._elders(60, 92)
            else:
                self._generations()
        if len(self.people) > people:
            raise ValueError(
                f"sample city: {people} people are too few for {newborns} newborns; ask for more"
            )
        for person in self.people:
            old = (registry.today - person.born).days > 29_000
            if old and self.random.random() < 0.04 and person.home is not elder.home:
                self._bury(person)
        return Population(self.people, self.births, elder)

    def _bury(self, person: Person) -> None:
        person.dead = True
        if (spouse := person.spouse) is not None:
            spouse.marital, spouse.spouse, spouse.married_on = "widowed", None, None
            person.spouse = None

    def _children(self) -> int:
        return int(self.random.random() < 0.3)

    def _add(self, *people: Person) -> None:
        self.people.extend(people)

    def _uygur(self) -> bool:
        return self.registry.households % 151 == 7

    def _adult(self) -> None:
        sex: Sex = "male" if self.random.random() < 0.52 else "female"
        born = self.registry.born(18, 59)
        home = self.registry.home()
        self._add(self.registry.person(home, sex, born, uygur=self._uygur()))

    def couple(
        self,
        youngest: int,
        oldest: int,
        *,
        children: int,
        newborn: bool = False,
        clean: bool = False,
    ) -> Person:
        """Make a married couple with children, and give the wife.

        A clean family lives, works and is registered in the city: nothing is amiss with it.
        """
        registry, random = self.registry, self.random
        home = registry.home()
        uygur = self._uygur() and not clean
        wife = registry.person(home, "female", registry.born(youngest, oldest), uygur=uygur)
        older = date.fromordinal(wife.born.toordinal() - int(random.random() * 1500))
        husband = registry.person(home, "male", older, uygur=uygur)
        self._marry(wife, husband)
        if clean:
            home.collective = False
        else:
            for one in (wife, husband):
                if random.random() < 0.06:
                    one.elsewhere = registry.county()
                    one.left = random.random() < 0.15
        self._add(wife, husband)
        self._raise(wife, husband, children, newborn=newborn, clean=clean)
        return wife

    def _marry(self, wife: Person, husband: Person) -> None:
        grown = max(wife.born.toordinal(), husband.born.toordinal()) + 22 * 366
        today = self.registry.today.toordinal()
        day = min(grown + int(self.random.random() * 1800), today - 300)
        wife.married_on = husband.married_on = date.fromordinal(day)
        wife.marital = husband.marital = "married"
        wife.spouse, husband.spouse = husband, wife

    def _raise(
        self, mother: Person, father: Person, children: int, *, newborn: bool, clean: bool = False
    ) -> None:
        random, registry = self.random, self.registry
        ages = (registry.today - mother.born).days // 365 - 22
        last: Birth | None = None
        for order in range(1, children + 1):
            sex: Sex = "male" if random.random() < 0.52 else "female"
            born = registry.born(1, min(17, max(1, ages)))
            child = registry.person(
                mother.home, sex, born, father=father, uygur=father.ethnicity == "05"
            )
            self._add(child)
            if (registry.today - born).days < 3 * 365 and (last is None or last.born < born):
                last = Birth(mother, born, sex, order, clean=False, issued=True, child=child)
        if newborn:
            born = date.fromordinal(registry.today.toordinal() - int(30 * random.random()))
            sex = "male" if random.random() < 0.52 else "female"
            last = Birth(mother, born, sex, children + 1, clean)
            last.issued = not clean and random.random() < 0.05
        if last is not None:
            self.births.append(last)

    def _parent(self) -> None:
        """Make a divorced mother or father with a child."""
        registry = self.registry
        home = registry.home()
        sex: Sex = "female" if self.random.random() < 0.7 else "male"
        parent = registry.person(home, sex, registry.born(28, 50), uygur=False)
        parent.marital = "divorced"
        child = registry.person(home, "female", registry.born(3, 17), father=parent, uygur=False)
        self._add(parent, child)

    def _elders(self, youngest: int, oldest: int, *, clean: bool = False) -> Person:
        """Make an old couple, or one of them whom the other has left a widow or widower."""
        registry, random = self.registry, self.random
        home = registry.home()
        # more of the younger: half of those over sixty are under sixty-nine
        top = youngest + int((oldest - youngest) * random.random() ** 1.3)
        born = registry.born(youngest, max(youngest, top))
        wife = registry.person(home, "female", born, uygur=False)
        older = date.fromordinal(born.toordinal() - int(random.random() * 1500))
        husband = registry.person(home, "male", older, uygur=False)
        if clean:
            home.collective = False
        elif random.random() < 0.25:
            wife.marital = "widowed"
            self._add(wife)
            return wife
        self._marry(wife, husband)
        self._add(wife, husband)
        return wife

    def _generations(self) -> None:
        """Make three generations under one roof: a couple, its child and a grandmother."""
        wife = self.couple(28, 48, children=1)
        grandmother = self.registry.person(
            wife.home, "female", self.registry.born(62, 85), uygur=False
        )
        grandmother.marital = "widowed"
        self._add(grandmother)
