"""The sample city: valid and true to its time, with exactly the flaws it says."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import uscc as stdnum_uscc
from stdnum.iso7064 import mod_11_2

from tongban.apps.exchange.cli import sample
from tongban.apps.exchange.domain import Contract, build
from tongban.apps.exchange.reading import merge
from tongban.apps.exchange.sample import (
    StoresRefused,
    read_cast,
    store_path,
    write_stores,
)
from tongban.apps.parties.sample import FLAWS, City, Register, generate
from tongban.infra.packs import find_packs, read_packs, shipped_packs
from tongban.infra.regions import load_regions
from tongban.kernel.codes import USCC, IdentityNumber

TODAY = date(2026, 11, 23)
PEOPLE = 6_000
REGIONS = load_regions(shipped_packs() / "base")
Table = dict[str, dict[str, str | int | None]]


@pytest.fixture(scope="module")
def contracts() -> Mapping[str, Contract]:
    return build(merge(read_packs(find_packs())), 0).contracts


@pytest.fixture(scope="module")
def city() -> City:
    return generate(PEOPLE, 7, REGIONS, TODAY, newborns=40)


def table(city: City, slug: str) -> Table:
    """Give a register's rows by their first column; of double rows the last."""
    register = city.registers[slug]
    return {str(row[0]): dict(zip(register.attributes, row, strict=True)) for row in register.rows}


def everybody(city: City) -> set[str]:
    """Give every identity number that any register knows, in its present form."""
    marriages = {str(row[0]) for row in city.registers["marriages"].rows}
    people = {str(row[0]) for row in city.registers["population"].rows}
    residents = {str(row[0]) for row in city.registers["residence"].rows}
    return marriages | people | residents


def test_there_are_exactly_as_many_people_as_asked(city: City) -> None:
    assert len(everybody(city)) == PEOPLE


def test_every_identity_number_is_valid_and_its_county_stood_in_a_year_of_issue(
    city: City,
) -> None:
    for text in everybody(city):
        assert mod_11_2.is_valid(text)
        assert IdentityNumber.validate(text, REGIONS, TODAY) is None
        number = IdentityNumber.parse(text)
        born = number.birth_year
        issued = [born] if born >= 1984 else range(1984, 1990)
        assert any(REGIONS.at(number.region, year) for year in issued), text


def test_registers_agree_with_the_number_about_birth_and_sex(city: City) -> None:
    for text, row in table(city, "population").items():
        number = IdentityNumber.parse(text)
        assert (row["birth_date"], row["sex"]) == (number.birth_date.isoformat(), number.sex)


def test_every_credit_code_and_account_is_valid(city: City) -> None:
    for text, row in table(city, "companies").items():
        assert stdnum_uscc.is_valid(text)
        founded = date.fromisoformat(str(row["founded"]))
        assert REGIONS.at(USCC.parse(text).region, founded.year) is not None
    codes = [row["birth_hospital_uscc"] for row in table(city, "births").values()]
    assert all(USCC.validate(str(code)) is None for code in codes if code)
    accounts = [str(r["bank_account"]) for r in table(city, "social-security-cards").values()]
    assert all(luhn.is_valid(account) for account in accounts)
    assert len(set(accounts)) == len(accounts)


def test_families_hang_together(city: City) -> None:
    marriages = table(city, "marriages")
    for text, row in marriages.items():
        spouse = row["spouse_id_number"]
        if spouse is not None:
            other = marriages[str(spouse)]
            assert other["marital_status"] == "married"
            assert other["spouse_id_number"] in {text, None}
            assert other["marriage_certificate_number"] == row["marriage_certificate_number"]
            married = date.fromisoformat(str(row["marriage_date"]))
            assert IdentityNumber.parse(text).birth_date.replace(month=1, day=1) < married < TODAY
    for mother in table(city, "births"):
        assert IdentityNumber.parse(mother).sex == "female"
        assert mother in marriages


def test_newborns_of_the_last_thirty_days_wait_for_their_papers(city: City) -> None:
    births = table(city, "births")
    recent = [
        r for r in births.values() if date.fromisoformat(str(r["birth_date"])) > date(2026, 10, 23)
    ]
    assert len(recent) == 40
    waiting = {m["mother.id_number"] for m in city.cast["newborn"]}
    assert len(waiting) >= 30
    assert all(births[mother]["birth_certificate_issued"] == 0 for mother in waiting)


def test_the_ages_are_those_of_a_city(city: City) -> None:
    ages = [2026 - int(text[6:10]) for text in everybody(city)]
    elders = sum(age > 80 for age in ages) / PEOPLE
    assert 0.01 < elders < 0.05
    assert 0.12 < sum(age > 60 for age in ages) / PEOPLE < 0.3
    assert 0.12 < sum(age < 18 for age in ages) / PEOPLE < 0.3


def test_there_are_minority_names_and_rare_glyphs(city: City) -> None:
    names = [str(row["name"]) for row in table(city, "population").values()]
    assert sum("·" in name for name in names) >= 10
    for glyph in "䶮㛃":
        assert sum(glyph in name for name in names) >= 3
    groups = Counter(row["ethnicity"] for row in table(city, "population").values())
    assert groups["05"] == sum("·" in name for name in names)
    assert len(groups) >= 6


# --- the planted flaws, each found from the registers alone


def found_missing_phone(city: City) -> set[str]:
    return {text for text, row in table(city, "accounts").items() if row["mobile"] is None}


def found_stale_address(city: City) -> set[str]:
    return {
        str(row[0])
        for row in city.registers["residence"].rows
        if REGIONS.at(str(row[1]), TODAY.year) is None
    }


def found_duplicate_record(city: City) -> set[str]:
    count = Counter(str(row[0]) for row in city.registers["residence"].rows)
    return {text for text, rows in count.items() if rows > 1}


def found_spouse_missing(city: City) -> set[str]:
    return {
        text
        for text, row in table(city, "marriages").items()
        if row["marital_status"] == "married" and row["spouse_id_number"] is None
    }


def found_name_variant(city: City) -> set[str]:
    people = table(city, "population")
    marriages = table(city, "marriages")
    result = set()
    for text, row in marriages.items():
        spouse = row["spouse_id_number"]
        if spouse is None:
            spouse = next((t for t, r in marriages.items() if r["spouse_id_number"] == text), None)
        if spouse in people and people[str(spouse)]["name"] != row["spouse_name"]:
            result.add(str(spouse))
    return result


def found_birth_date_mismatch(city: City) -> set[str]:
    people = table(city, "population")
    homes: dict[object, set[object]] = {}
    for row in people.values():
        homes.setdefault(row["household_number"], set()).add(row["birth_date"])
    return {
        mother
        for mother, row in table(city, "births").items()
        if row["birth_certificate_issued"] == 1
        and row["birth_date"] < "2026-10-24"  # type: ignore[operator]
        and mother in people
        and row["birth_date"] not in homes[people[mother]["household_number"]]
    }


def found_old_number(city: City) -> set[str]:
    short = {str(row[0]) for row in city.registers["employment"].rows if len(str(row[0])) == 15}
    return {IdentityNumber.parse(text).text for text in short}


def found_death_unreported(city: City) -> set[str]:
    people = table(city, "population")
    return {
        text
        for text, row in table(city, "elders").items()
        if row["death_reported"] == 1 and text in people and people[text]["deceased"] == 0
    }


def found_account_missing(city: City) -> set[str]:
    accounts = table(city, "social-security-cards")
    return {
        text
        for text, row in table(city, "elders").items()
        if text not in accounts
        and IdentityNumber.parse(text).birth_date <= date(1946, 11, 23)
        and text in {str(r[0]) for r in city.registers["residence"].rows}
    }


FOUND = {
    "missing-phone": found_missing_phone,
    "stale-address": found_stale_address,
    "duplicate-record": found_duplicate_record,
    "spouse-missing": found_spouse_missing,
    "name-variant": found_name_variant,
    "birth-date-mismatch": found_birth_date_mismatch,
    "old-number": found_old_number,
    "death-unreported": found_death_unreported,
    "account-missing": found_account_missing,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FLAWS)
def test_exactly_the_listed_flaws_are_in_the_registers(city: City, kind: str) -> None:
    share, _ = FLAWS[kind]
    listed = set(city.flaws[kind])
    assert FOUND[kind](city) == listed
    assert len(listed) == max(1, round(PEOPLE * share))


def clean(city: City, event: str) -> list[Mapping[str, str]]:
    """Give the part of the cast that has nothing amiss."""
    cast = city.cast[event]
    return list(cast[: max(1, len(cast) * 3 // 4)])


def test_nobody_has_two_flaws_and_the_clean_cast_has_none(city: City) -> None:
    flawed = [text for found in city.flaws.values() for text in found]
    assert len(flawed) == len(set(flawed))
    cast = {v for event in city.cast for start in clean(city, event) for v in start.values()}
    assert len(cast) > 30
    assert not cast & set(flawed)


@pytest.mark.parametrize("place", range(30))
def test_a_clean_mother_has_all_that_the_seven_items_need(city: City, place: int) -> None:
    mother = clean(city, "newborn")[place % len(clean(city, "newborn"))]["mother.id_number"]
    father = str(table(city, "marriages")[mother]["spouse_id_number"])
    for parent in (mother, father):
        assert table(city, "population")[parent]["hukou_status"] == "normal"
        assert table(city, "accounts")[parent]["mobile"]
        assert table(city, "social-security-cards")[parent]["bank_account"]
    insured = table(city, "insured-persons")[mother]
    assert (insured["insurance_kind"], insured["insurance_status"]) == ("employee", "active")
    assert int(insured["insurance_months"] or 0) >= 12
    birth = table(city, "births")[mother]
    assert (birth["birth_in_city"], birth["birth_certificate_issued"]) == (1, 0)
    assert table(city, "immunisation")[mother]["vaccination_certificate_issued"] == 0
    assert table(city, "delivery-settlements")[mother]["maternity_reimbursed"] == 0


def test_clean_founders_and_the_elder_are_without_blame(city: City) -> None:
    for start in clean(city, "enterprise-start"):
        founder = start["representative.id_number"]
        name = table(city, "company-names")[founder]
        assert (name["name_conflict"], name["needs_prior_approval"]) == (0, 0)
        assert str(name["name_valid_until"]) > TODAY.isoformat()
        unit = table(city, "premises")[start["company.address_code"]]
        assert unit["address_use"] == "commercial"
        assert table(city, "officer-checks")[founder]["office_barred"] == 0
    elder = city.cast["old-age-allowance"][0]["elder.id_number"]
    row = table(city, "elders")[elder]
    assert (row["receives_old_age_allowance"], row["death_reported"]) == (0, 0)
    assert elder in table(city, "social-security-cards")
    assert IdentityNumber.parse(elder).birth_date <= date(1946, 11, 23)


def test_values_fit_the_words_of_the_packs(city: City, contracts: Mapping[str, Contract]) -> None:
    vocabulary = build(merge(read_packs(find_packs())), 0).vocabulary
    for slug, contract in contracts.items():
        kind = vocabulary.kinds[contract.resource.kind]
        register = city.registers[slug]
        for place, attribute in enumerate(register.attributes):
            word = kind[attribute]
            values = {row[place] for row in register.rows} - {None}
            if word.options:
                assert values <= {option.value for option in word.options}, (slug, attribute)
            if word.type == "boolean":
                assert values <= {0, 1}
            if word.type == "date":
                assert all(date.fromisoformat(str(v)) for v in values)


# --- the stores


def test_the_same_seed_gives_the_same_city() -> None:
    one, other = (generate(300, 5, REGIONS, TODAY) for _ in range(2))
    assert one == other
    assert generate(300, 6, REGIONS, TODAY).registers != one.registers


def test_too_few_people_are_refused() -> None:
    with pytest.raises(ValueError, match="ask for 100 or more"):
        generate(99, 1, REGIONS, TODAY)
    with pytest.raises(ValueError, match="too few for 60 newborns"):
        generate(100, 1, REGIONS, TODAY, newborns=60)


def test_each_department_keeps_its_registers_under_its_own_columns(
    city: City, contracts: Mapping[str, Contract], tmp_path: Path
) -> None:
    folder = tmp_path / "departments"
    write_stores(city, folder, contracts)
    departments = {c.resource.department for c in contracts.values()}
    assert {p.stem for p in folder.glob("*.sqlite")} == departments
    with closing(sqlite3.connect(store_path(folder, "police"))) as store:
        plan = store.execute("EXPLAIN QUERY PLAN SELECT XM FROM RKJBXX WHERE GMSFHM = ?", ("x",))
        assert "USING INDEX" in plan.fetchone()[3]
        register = city.registers["population"]
        name, number = register.attributes.index("name"), register.rows[5][0]
        row = store.execute("SELECT XM, CSRQ FROM RKJBXX WHERE GMSFHM = ?", (number,)).fetchone()
        assert row == (register.rows[5][name], register.rows[5][3])
    for slug, contract in contracts.items():
        with closing(sqlite3.connect(store_path(folder, contract.resource.department))) as store:
            (count,) = store.execute(f"SELECT count(*) FROM {contract.table}").fetchone()  # noqa: S608
        assert count == len(city.registers[slug].rows)


def test_a_new_city_takes_the_place_of_the_old_one_and_of_nothing_else(
    city: City, contracts: Mapping[str, Contract], tmp_path: Path
) -> None:
    folder = tmp_path / "departments"
    with pytest.raises(StoresRefused, match="no sample city"):
        read_cast(folder)
    write_stores(generate(200, 1, REGIONS, TODAY), folder, contracts)
    write_stores(city, folder, contracts)
    manifest = json.loads((folder / "city.json").read_text(encoding="utf-8"))
    assert (manifest["people"], manifest["seed"]) == (PEOPLE, 7)
    assert read_cast(folder)["newborn"][0] == city.cast["newborn"][0]
    assert [p.name for p in tmp_path.iterdir()] == ["departments"]
    other = tmp_path / "papers"
    other.mkdir()
    (other / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StoresRefused, match="holds something else"):
        write_stores(city, other, contracts)
    assert (other / "letter.txt").exists()


def test_a_contract_that_does_not_fit_leaves_the_old_city_alone(
    city: City, contracts: Mapping[str, Contract], tmp_path: Path
) -> None:
    folder = tmp_path / "departments"
    write_stores(city, folder, contracts)
    fewer = {slug: c for slug, c in contracts.items() if slug != "births"}
    with pytest.raises(StoresRefused, match="births"):
        write_stores(city, folder, fewer)
    registers = {slug: r for slug, r in city.registers.items() if slug != "elders"}
    bare = City(city.people, city.seed, city.today, registers, city.flaws, city.cast)
    with pytest.raises(StoresRefused, match="elders"):
        write_stores(bare, folder, contracts)
    registers["elders"] = Register(("id_number",), [])
    with pytest.raises(StoresRefused, match="the sample city has no"):
        write_stores(bare, folder, contracts)
    assert read_cast(folder)["newborn"][0] == city.cast["newborn"][0]


@pytest.mark.slow
@settings(max_examples=12)
@given(st.integers(100, 500), st.integers(0, 10**9), st.dates(date(2025, 1, 1), date(2027, 12, 31)))
def test_any_seed_and_day_gives_a_whole_city(people: int, seed: int, today: date) -> None:
    city = generate(people, seed, REGIONS, today)
    numbers = everybody(city)
    assert len(numbers) == people
    assert all(IdentityNumber.validate(text, REGIONS, today) is None for text in numbers)
    assert set(city.flaws) == set(FLAWS)
    for register in city.registers.values():
        assert all(len(row) == len(register.attributes) for row in register.rows)


@pytest.mark.slow
def test_the_command_writes_the_city_or_says_why_not(tmp_path: Path) -> None:
    to = ["--to", str(tmp_path / "departments")]
    done = CliRunner().invoke(sample, ["--people", "300", "--seed", "3", *to])
    assert done.exit_code == 0, done.output
    assert "300 people" in done.output
    assert read_cast(tmp_path / "departments")["newborn"]
    refused = CliRunner().invoke(sample, ["--people", "20", *to])
    assert refused.exit_code == 1
    assert "ask for 100 or more" in refused.output
