"""What each department wrote down about the people, and what it got wrong (登记与瑕疵).

A register is a list of rows under attribute names of the vocabulary; which department keeps it,
and in which table, is said by the pack's contracts and not here. Every flaw is planted on purpose
and its victims are listed, so that a test can look for exactly them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from tongban.apps.parties.sample.companies import Company
from tongban.apps.parties.sample.names import VARIANTS
from tongban.apps.parties.sample.people import CITY, Birth, Person
from tongban.kernel.regions import Regions

Value = str | int | None
Row = tuple[Value, ...]

FLAWS: Final[Mapping[str, tuple[float, str]]] = {
    "missing-phone": (0.02, "the service account has no mobile number"),
    "stale-address": (0.005, "the address of residence lies in a district abolished since"),
    "duplicate-record": (0.002, "two rows in the residence register"),
    "spouse-missing": (0.003, "married, but the register lacks the spouse's number"),
    "name-variant": (0.002, "the spouse's register writes the name with a variant glyph"),
    "birth-date-mismatch": (0.0005, "the hospital's birth date is a day off the police's"),
    "old-number": (0.001, "the employment register still keeps the 15-digit number"),
    "death-unreported": (0.0005, "buried by the funeral register, alive by the police's"),
    "account-missing": (0.001, "eighty or older without a bank account on the card"),
}
"""Share of all people and meaning of each planted flaw; one person has at most one."""

_HOSPITALS: Final = (
    ("安和市妇产科医院", "12330100470116083H"),
    ("安和市第一人民医院", "12330100470116016K"),
    ("安和市红十字会医院", "123301004701160404"),
)
_BANKS: Final = ("中国工商银行", "中国农业银行", "中国银行", "中国建设银行", "中国邮政储蓄银行")


@dataclass(frozen=True, slots=True)
class Register:
    """Rows under attribute names (登记簿); dates are ISO text, truth values 0 and 1."""

    attributes: tuple[str, ...]
    rows: list[Row]


@dataclass(slots=True)
class Clerk:
    """Writes the registers, with a few flaws."""

    random: Random
    today: date
    people: int
    protected: frozenset[str]
    flaws: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _flawed: set[str] = field(default_factory=set)

    def age(self, person: Person) -> int:
        """Give the age in full years."""
        today, born = self.today, person.born
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    def pick(self, kind: str, candidates: Iterable[str]) -> frozenset[str]:
        """Choose the victims of one flaw and write them down."""
        free = [c for c in candidates if c not in self._flawed and c not in self.protected]
        wanted = min(len(free), max(1, round(self.people * FLAWS[kind][0])))
        found = self.random.sample(free, wanted)
        self._flawed.update(found)
        self.flaws[kind] = tuple(found)
        return frozenset(found)

    def population(self, people: list[Person]) -> Register:
        """Write the household register of the city (police)."""
        attributes = (
            "id_number", "name", "sex", "birth_date", "ethnicity", "hukou_region",
            "hukou_address", "hukou_kind", "hukou_status", "household_number", "deceased",
        )  # fmt: skip
        rows: list[Row] = []
        for p in people:
            if p.elsewhere and not p.left:
                continue
            home = p.home
            status = "cancelled" if p.dead else "moved_out" if p.left else "normal"
            rows.append((
                p.number, p.name, p.sex, p.born.isoformat(), p.ethnicity,
                p.elsewhere or home.district, home.address,
                "collective" if home.collective else "family", status, home.number, int(p.dead),
            ))  # fmt: skip
        return Register(attributes, rows)

    def residence(self, people: list[Person], regions: Regions) -> Register:
        """Write where people live (police), with abolished districts and double rows."""
        living = [p for p in people if not p.dead]
        gone = [
            d
            for found in regions.by_code.values()
            for d in found
            if d.parent == CITY
            and d.valid_to is not None
            and d.valid_to >= 2013
            and regions.at(d.code, self.today.year) is None
        ]
        stale = self.pick("stale-address", (p.number for p in living))
        twice = self.pick("duplicate-record", (p.number for p in living))
        rows: list[Row] = []
        for place, p in enumerate(living):
            home = p.home
            row: Row = (p.number, home.district, home.address, home.community)
            if p.number in stale:
                old = gone[place % len(gone)]
                row = (p.number, old.code, f"安和市{old.name}旧居路{place % 90 + 1}号", "旧居社区")
            rows.append(row)
            if p.number in twice:
                other = living[place - 1].home
                rows.append((p.number, other.district, other.address, other.community))
        attributes = ("id_number", "residence_region", "residence_address", "residence_community")
        return Register(attributes, rows)

    def accounts(self, people: list[Person]) -> Register:
        """Write the service accounts; a phone is nobody else's (data bureau)."""
        draw = self.random.random
        holders = [
            p
            for p in people
            if not p.dead
            and self.age(p) >= 16
            and (p.number in self.protected or draw() < (0.9 if self.age(p) < 60 else 0.55))
        ]
        missing = self.pick("missing-phone", (p.number for p in holders))
        rows: list[Row] = []
        for place, p in enumerate(holders):
            # the factor shares no divisor with 10^9: no two phones are alike
            phone = f"1{3 + place % 7}{(place * 48_271_069 + 12_345) % 10**9:09d}"
            rows.append((p.number, None if p.number in missing else phone))
        return Register(("id_number", "mobile"), rows)

    def marriages(self, people: list[Person]) -> Register:
        """Write the marital status of every adult (civil affairs)."""
        adults = [p for p in people if self.age(p) >= 18 and not p.dead]
        married = [p for p in adults if p.spouse is not None]
        missing = self.pick("spouse-missing", (p.number for p in married))
        variant = self.pick(
            "name-variant",
            (p.number for p in married if not p.elsewhere and p.name.translate(VARIANTS) != p.name),
        )
        rows: list[Row] = []
        for p in adults:
            spouse, day = p.spouse, p.married_on
            if spouse is None or day is None:
                rows.append((p.number, p.marital, None, None, None, None))
                continue
            one = min(p.number, spouse.number)
            certificate = f"J{CITY}-{day.year}-{int(one[6:17]) % 1_000_000:06d}"
            name = spouse.name
            if spouse.number in variant:
                name = name.translate(VARIANTS)
            rows.append((
                p.number, p.marital, None if p.number in missing else spouse.number, name,
                certificate, day.isoformat(),
            ))  # fmt: skip
        attributes = (
            "id_number", "marital_status", "spouse_id_number", "spouse_name",
            "marriage_certificate_number", "marriage_date",
        )  # fmt: skip
        return Register(attributes, rows)

    def births(self, births: list[Birth]) -> tuple[Register, Register, Register]:
        """Write deliveries, first vaccinations (health) and their bills (medical insurance)."""
        draw = self.random.random
        wrong = self.pick(
            "birth-date-mismatch", (b.mother.number for b in births if b.child is not None)
        )
        deliveries: list[Row] = []
        vaccinations: list[Row] = []
        bills: list[Row] = []
        for place, b in enumerate(births, start=1):
            mother, clean = b.mother.number, b.mother.number in self.protected
            early = not clean and draw() < 0.07
            weeks = 29 + int(8 * draw()) if early else 37 + int(5 * draw())
            weight = 3300 + (weeks - 39) * 160 + int(700 * draw()) - 350
            outside = not clean and draw() < 0.01
            elsewhere = not clean and not outside and draw() < 0.03
            born = b.born.toordinal() - (mother in wrong)
            hospital, code = _HOSPITALS[int(3 * draw())]
            if outside or elsewhere:
                hospital, code = ("", "") if outside else ("外地助产机构", "")
            mode = "caesarean" if draw() < 0.43 else "assisted" if draw() < 0.02 else "vaginal"
            deliveries.append((
                mother, date.fromordinal(born).isoformat(),
                f"{int(24 * draw()):02d}:{int(60 * draw()):02d}", b.sex, weight,
                50 + (weeks - 39) // 2, weeks, b.order, hospital or None, code or None, mode,
                1, int(not outside), int(not elsewhere and not outside), int(b.issued),
            ))  # fmt: skip
            opened = b.child is not None or (not clean and draw() < 0.1)
            clinic = b.mother.home.community.removesuffix("社区") + "街道社区卫生服务中心"
            vaccinations.append((mother, int(not outside), int(not outside), int(opened), clinic))
            if not outside and not elsewhere:
                cost = (650_000 if mode == "caesarean" else 420_000) + int(300_000 * draw())
                if clean:
                    # the first family's bill is one that people must look at
                    cost = 1_268_000
                paid = int(b.child is not None or (not clean and draw() < 0.05))
                bills.append((mother, f"JS{b.born:%Y%m%d}{place:06d}", cost, paid))
        return (
            Register((
                "mother_id_number", "birth_date", "birth_time", "sex", "birth_weight_g",
                "birth_length_cm", "gestation_weeks", "birth_order", "birth_hospital",
                "birth_hospital_uscc", "delivery_mode", "live_birth", "birth_in_institution",
                "birth_in_city", "birth_certificate_issued",
            ), deliveries),
            Register((
                "mother_id_number", "hepatitis_b_first_dose", "bcg_first_dose",
                "vaccination_certificate_issued", "vaccination_clinic",
            ), vaccinations),
            Register((
                "id_number", "delivery_settlement_number", "delivery_cost_fen",
                "maternity_reimbursed",
            ), bills),
        )  # fmt: skip

    def work(self, people: list[Person], employers: list[Company]) -> tuple[Register, Register]:
        """Write medical insurance, and the employers of the insured (human resources)."""
        draw = self.random.random
        insured: list[Row] = []
        jobs: list[tuple[Person, str]] = []
        for p in people:
            if p.dead:
                continue
            clean = p.number in self.protected
            working = 22 <= self.age(p) < 60 and (clean or draw() < 0.66)
            if working:
                employer = employers[int(len(employers) * draw())].name
                jobs.append((p, employer))
            elif not clean and draw() < 0.03:
                continue
            state = 0.0 if clean else draw()
            status = "active" if state < 0.95 else "suspended" if state < 0.99 else "ended"
            months = 12 + int(180 * draw()) if clean or draw() < 0.9 else int(12 * draw())
            months = min(months, 12 * (self.age(p) - 20) if working else 12 * self.age(p))
            insured.append((
                p.number, "employee" if working else "resident", status, CITY, months
            ))  # fmt: skip
        old = self.pick("old-number", (p.number for p, _ in jobs if p.born.year < 2000))
        rows: list[Row] = []
        for p, name in jobs:
            number = p.number
            rows.append((number[:6] + number[8:17] if number in old else number, name))
        return (
            Register(
                ("id_number", "insurance_kind", "insurance_status", "insured_region",
                 "insurance_months"), insured,
            ),
            Register(("id_number", "employer_name"), rows),
        )  # fmt: skip

    def old_age(self, people: list[Person]) -> tuple[Register, Register]:
        """Write the elders (civil affairs) and the bank accounts of all (human resources)."""
        draw = self.random.random
        elders = [p for p in people if self.age(p) >= 60]
        very_old = [p for p in elders if self.age(p) >= 80 and not p.dead]
        buried = self.pick("death-unreported", (p.number for p in very_old))
        bare = self.pick("account-missing", (p.number for p in very_old))
        rows: list[Row] = []
        for p in elders:
            receives = (
                self.age(p) >= 80
                and not p.dead
                and p.number not in self.protected
                and draw() < 0.6
                and p.number not in buried
            )
            dead = int(p.number in buried or p.dead)
            rows.append((p.number, int(receives), dead, int(draw() < 0.03)))
        accounts: list[Row] = []
        for place, p in enumerate(people):
            if p.dead or p.number in bare:
                continue
            if p.number in self.protected or self.age(p) >= 80 or draw() < 0.95:
                accounts.append((p.number, _account(place), _BANKS[place % len(_BANKS)]))
        return (
            Register((
                "id_number", "receives_old_age_allowance", "death_reported", "lives_in_institution",
            ), rows),
            Register(("id_number", "bank_account", "account_bank"), accounts),
        )  # fmt: skip

    def fitness(self, people: list[Person], attribute: str, share: float) -> Register:
        """Write a yes or no about every adult, yes with the given share."""
        draw = self.random.random
        rows: list[Row] = [
            (p.number, int(p.number not in self.protected and draw() < share))
            for p in people
            if not p.dead and self.age(p) >= 16
        ]
        return Register(("id_number", attribute), rows)


def company_registers(standing: list[Company], starting: list[Company]) -> dict[str, Register]:
    """Write the company register, the declared names and the premises."""
    return {
        "companies": Register(
            ("uscc", "name", "representative_id_number", "company_type", "industry",
             "business_scope", "registered_capital_fen", "status", "founded", "address",
             "address_region"),
            [
                (c.uscc, c.name, c.representative.number, c.kind, c.industry, c.scope,
                 c.capital_fen, c.status, c.founded.isoformat() if c.founded else None,
                 c.home.address, c.home.district)
                for c in standing
            ],
        ),
        "company-names": Register(
            ("representative_id_number", "name", "company_type", "industry", "business_scope",
             "needs_prior_approval", "registered_capital_fen", "name_conflict",
             "name_valid_until"),
            [
                (c.representative.number, c.name, c.kind, c.industry, c.scope,
                 int(c.prior_approval), c.capital_fen, int(c.conflict),
                 c.reserved_until.isoformat() if c.reserved_until else None)
                for c in starting
            ],
        ),
        "premises": Register(
            ("address_code", "address", "address_region", "address_use",
             "property_certificate_number"),
            [
                (c.address_code, c.home.address, c.home.district, c.use,
                 f"浙（2020）安和市不动产权第{place:07d}号")
                for place, c in enumerate([*standing, *starting], start=1)
            ],
        ),
    }  # fmt: skip


def _account(place: int) -> str:
    """Give a bank account number of 19 digits with its check digit (GB/T 15694, Luhn)."""
    body = f"621700{(place * 7_654_321 + 1_000_003) % 10**12:012d}"
    doubled = sum(int(d) * 2 - 9 * (int(d) > 4) for d in body[::-1][::2])
    return body + str(-(doubled + sum(map(int, body[::-1][1::2]))) % 10)
