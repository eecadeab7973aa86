"""The cloud, and projects bought twice: by hand, and what must be refused."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.value import building, parameters
from tongban.apps.value.domain import cloud, overlap
from tongban.apps.value.domain.cloud import Spend, System
from tongban.apps.value.domain.overlap import Project
from tongban.apps.value.errors import ValueRefused
from tongban.infra.reports.model import NONE, Cell, Report
from tongban.kernel.figures import Figure

DAY = date(2026, 11, 26)


def system(name: str, vcpu: int = 8, mean: str = "0.2", peak: str = "0.35", *needs: str) -> System:
    return System(name, "d", vcpu, Decimal(mean), Decimal(peak), needs)


def test_a_vcpu_month_by_hand() -> None:
    # outlay 6,000 over five years and 1,200 a year to run: 2,400 for 10 vCPU and 12 months: 20
    spent = [Spend(2024, "hardware", "", 6_000), Spend(2025, "running", "", 1_200)]
    assert cloud.unit_cost(spent, [system("a", 4), system("b", 6)], 5) == 20
    assert cloud.unit_cost(spent, [], 5) is None
    assert cloud.structure(spent)["hardware"] == 6_000
    assert cloud.utilisation([system("a", 1, "0.1"), system("b", 3, "0.5")]) == Decimal("0.4")


def test_right_size_holds_the_peak() -> None:
    assert system("a", 8, "0.2", "0.35").right_size(Decimal("0.7")) == 4
    assert system("a", 8, "0.2", "0.36").right_size(Decimal("0.7")) == 5
    assert system("a", 8, "0.2", "0.95").right_size(Decimal("0.7")) == 8
    assert system("a", 8, "0", "0").right_size(Decimal("0.7")) == 1


@given(st.lists(st.sets(st.integers(0, 9), max_size=3), max_size=10))
def test_a_wave_moves_after_what_it_needs(wanted: list[set[int]]) -> None:
    # each needs only earlier ones, so there is no ring
    systems = [
        system(str(n), 1, "0", "0", *(str(m) for m in needs if m < n))
        for n, needs in enumerate(wanted)
    ]
    wave = {name: n for n, names in enumerate(cloud.waves(systems)) for name in names}
    assert set(wave) == {s.name for s in systems}
    for s in systems:
        assert wave[s.name] == max((wave[need] + 1 for need in s.needs), default=0)


def test_rings_and_strangers_are_refused() -> None:
    with pytest.raises(ValueRefused, match="need one another"):
        cloud.waves([system("a", 1, "0", "0", "b"), system("b", 1, "0", "0", "a")])
    with pytest.raises(ValueRefused, match="not in the list: z"):
        cloud.waves([system("a", 1, "0", "0", "z")])


def test_break_even_is_for_good() -> None:
    ours = [Spend(2024, "hardware", "o", 115), Spend(2026, "running", "o", 1)]
    theirs = [
        Spend(2024, "hardware", "t", 100),
        *(Spend(y, "running", "t", 8) for y in (2025, 2026)),
    ]
    found = cloud.ownership([*ours, *theirs], "o", "t")
    assert found is not None
    assert (found.ours, found.theirs, found.even) == ((115, 115, 116), (100, 108, 116), 2026)
    never = cloud.ownership([*ours, *theirs[:2]], "o", "t")
    assert never is not None
    assert never.even is None
    again = cloud.ownership([*ours, *theirs, Spend(2027, "running", "o", 1)], "o", "t")
    assert again is not None
    assert again.even is None
    assert cloud.ownership(ours, "o", "t") is None
    assert cloud.return_per_yuan({"a": 43}, {"a": 10}) == Decimal("4.3")
    assert cloud.return_per_yuan({}, {}) is None


COSTS = """year,class,offer,amount,unit
2024,hardware,domestic,130,yuan
2024,hardware,imported,100,yuan
2025,running,domestic,10,yuan
2025,running,imported,22,yuan
2026,running,domestic,10,yuan
2026,running,imported,22,yuan
2027,running,domestic,10,yuan
2027,running,imported,22,yuan
"""
SYSTEMS = """system,department,vcpu,mean,peak,needs
a,d,4,0.2,0.35,
b,d,6,0.2,0.63,a
"""


def written(folder: Path, costs: str) -> Report:
    (folder / "costs.csv").write_text(costs, encoding="utf-8")
    (folder / "systems.csv").write_text(SYSTEMS, encoding="utf-8")
    known = parameters.load()
    return building.of_cloud(folder / "costs.csv", known, DAY, systems=folder / "systems.csv")


def rows(report: Report, section: str) -> dict[str, tuple[Cell, ...]]:
    (found,) = (s for s in report.sections if s.title.en == section)
    return {row[0].en: row[1:] for t in found.tables for row in t.rows}  # type: ignore[union-attr]


def values(cells: tuple[Cell, ...]) -> list[object]:
    return [cell.value for cell in cells if isinstance(cell, Figure)]


def test_figures_of_the_report_by_hand(tmp_path: Path) -> None:
    report = written(tmp_path, COSTS)
    made_of = rows(report, "What it is made of")
    # 130 yuan over five years and 10 a year to run: 36 yuan for 10 vCPU and 12 months: 0.30 yuan
    assert values(made_of["cost per vCPU and month"]) == [30]
    assert values(made_of["in all"]) == [13_000]
    sizes = rows(report, "Right size and migration waves")
    # 4 × 0.35 / 0.7 = 2; 6 × 0.63 / 0.7 = 5.4, so 6
    assert values(sizes["a"])[-2:] == [2, 2]
    assert values(sizes["b"])[-2:] == [6, 0]


def test_the_year_of_break_even_is_a_figure(tmp_path: Path) -> None:
    title = "Total cost of ownership, domestic and imported"
    report = written(tmp_path, COSTS)
    found = rows(report, title)
    # 130, 140, 150, 160 against 100, 122, 144, 166: the fourth year from the start of 2024
    assert [values(found[str(year)])[-1] for year in range(2024, 2028)] == [-3000, -1800, -600, 600]
    (even,) = found["from the start of 2024 to break-even at the end of 2027"]
    assert isinstance(even, Figure)
    assert (even.value, even.unit, even.as_of, even.status) == (4, "year", DAY, "quoted")
    assert str(even.source).startswith("costs.csv sha256:")
    (section,) = (s for s in report.sections if s.title.en == title)
    assert [said.en for said in section.says] == ["break-even in 2027"]
    never = rows(written(tmp_path, COSTS.replace(",22,", ",19,")), title)
    assert never["break-even"] == (NONE,)


def project(
    row: int, name: str, department: str = "d", amount: int = 10, year: int = 2024
) -> Project:
    return Project(row, name, department, year, amount, ("短信", "短信") if row % 2 else ())


def test_alike_names_are_found_and_common_words_say_nothing() -> None:
    projects = [
        project(1, "电子档案管理系统", "a", 30),
        project(2, "电子档案管理平台", "b", 20),
        project(3, "道路照明平台", "c", 99),
        project(4, "电子档案管理系统", "d", 25, 2010),
        project(5, "电子档案管理升级", "e", 5),
    ]
    found = overlap.pairs(projects, likeness=0.8, within=3, common=("系统", "平台", "升级"))
    assert {(p.first.row, p.second.row) for p in found} == {(1, 2), (1, 5), (2, 5)}
    # one cluster of 30, 20 and 5: all but the dearest, each once
    assert overlap.at_most(found) == 25
    (sms,) = overlap.components(projects)
    assert (sms.name, sms.departments) == ("短信", ("a", "c", "e"))
    assert len(sms.projects) == 3


@given(st.lists(st.text("系统平台档案电子证照数据", max_size=8), max_size=12))
def test_the_index_finds_what_comparing_all_finds(names: list[str]) -> None:
    projects = [project(n, name) for n, name in enumerate(names, 1)]
    found = {(p.first.row, p.second.row) for p in overlap.pairs(projects, likeness=0.6, within=3)}
    grams = [overlap.grams(name) for name in names]
    wanted = {
        (a + 1, b + 1)
        for a in range(len(names))
        for b in range(a + 1, len(names))
        if 2 * len(grams[a] & grams[b]) / (len(grams[a]) + len(grams[b])) >= 0.6
    }
    assert found == wanted
