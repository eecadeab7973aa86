"""Divisions by year: the index, and the list that ships."""

import gzip
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.infra.regions import load_regions, places
from tongban.kernel.codes import IdentityNumber
from tongban.kernel.regions import STILL, Division, Places, Regions, RegionsBroken

BASE = Path(__file__).parents[2] / "regions" / "base"

codes = st.sampled_from(["110000", "330000", "330100", "330106", "330184"])


@st.composite
def histories(draw: st.DrawFn) -> list[Division]:
    """Divisions whose runs of years under one code never overlap."""
    result: list[Division] = []
    for code in draw(st.lists(codes, unique=True)):
        cuts = sorted(draw(st.lists(st.integers(1980, 2030), unique=True, max_size=6)))
        for first, last in zip(cuts[::2], cuts[1::2], strict=False):
            result.append(Division(code, f"{code}-{first}", 3, "330000", first, last))
    return result


@given(histories(), codes, st.integers(1975, 2035))
def test_a_code_in_a_year_is_the_one_division_that_stood(
    history: list[Division], code: str, year: int
) -> None:
    regions = Regions.of(history)
    stood = [d for d in history if d.code == code and d.stood(year)]
    assert ([regions.at(code, year)] if stood else [])[: len(stood)] == stood
    assert (regions.at(code, year) is None) == (not stood)
    assert set(regions.ever(code)) == {d for d in history if d.code == code}
    ends = [d.valid_to or STILL for d in history if d.code == code]
    assert regions.last_year(code) == (max(ends) if ends else None)
    below = {d for d in history if d.stood(year)}
    assert set(regions.children("330000", year)) == below


def test_two_divisions_under_one_code_in_one_year_are_refused() -> None:
    first = Division("330106", "西湖区", 3, "330100", 1980, 2000)
    with pytest.raises(RegionsBroken, match="330106 is both"):
        Regions.of([first, Division("330106", "东湖区", 3, "330100", 2000)])


def test_heirs_are_followed_through_a_circle_without_end() -> None:
    regions = Regions.of(
        [
            Division("330121", "甲县", 3, "330100", 1980, 1990, ("330122",)),
            Division("330122", "乙县", 3, "330100", 1991, 2000, ("330121", "330106")),
            Division("330106", "西湖区", 3, "330100", 1980),
        ]
    )
    assert [d.code for d in regions.heirs("330121")] == ["330106"]


@pytest.mark.parametrize("row", [["330106"], ["330106", "西湖区", "x", "330100", "1980", "", ""]])
def test_a_broken_row_is_named(row: Sequence[str]) -> None:
    with pytest.raises(RegionsBroken, match="330106"):
        Division.of_row(row)


def test_a_broken_file_is_named_and_nothing_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(RegionsBroken, match=r"divisions\.csv\.gz"):
        load_regions(tmp_path)
    (tmp_path / "divisions.csv.gz").write_bytes(gzip.compress(b"a,b\n"))
    with pytest.raises(RegionsBroken, match=":1: the header"):
        load_regions(tmp_path)


def test_the_shipped_list_knows_what_happened_to_a_county() -> None:
    regions = load_regions(BASE)
    assert regions.path("330125", 1990) == ("浙江省", "杭州市", "余杭县")
    assert regions.at("330125", 2024) is None
    assert [d.name for d in regions.heirs("330125")] == ["余杭区"]
    assert len(regions.children("", 2024)) == 35, "34 provinces and one code for permits"
    assert regions.path("110105", 2020) == ("北京市", "朝阳区")
    assert regions.at("500157", 2024) is None
    assert regions.at("500157", 2025) is not None


def test_the_shipped_list_counts_2024_as_the_ministry_does() -> None:
    regions = load_regions(BASE)
    standing = [d for found in regions.by_code.values() for d in found if d.stood(2024)]
    counties = [d for d in standing if d.level == 3]
    cities = [d for d in standing if d.level == 2]
    assert (len(counties), len(cities)) == (2846, 333)


def test_every_parent_in_the_shipped_list_exists() -> None:
    regions = load_regions(BASE)
    assert {p for p in regions.by_parent if p} <= set(regions.by_code)


def test_an_old_county_on_an_identity_number_is_right_for_its_time() -> None:
    regions = load_regions(BASE)
    body = "33012519600517001"
    assert IdentityNumber.validate(body + IdentityNumber.check(body), regions) is None
    body = "33012520100517001"
    assert IdentityNumber.validate(body + IdentityNumber.check(body), regions) is not None


TODAY = places(date(2026, 11, 27))


def test_the_places_of_a_day_are_those_of_its_year() -> None:
    assert Places(load_regions(BASE), 2026) == TODAY
    assert [d.name for d in TODAY.line("330106")] == ["浙江省", "杭州市", "西湖区"]
    assert [d.code for d in TODAY.line("110101")] == ["110000", "110101"]
    assert TODAY.line("330184") == ()


@given(st.sampled_from(sorted(TODAY.regions.by_code)), st.lists(codes, max_size=3))
def test_what_is_chosen_level_by_level_is_the_code_at_its_end(code: str, more: list[str]) -> None:
    line = [division.code for division in TODAY.line(code)]
    assert (TODAY.fault(code, lowest=False) is None) == bool(line)
    if not line:
        return
    assert TODAY.chosen(line) == code
    found = TODAY.chosen([*line, *more])
    at = [division.code for division in TODAY.line(found)]
    assert at[: len(line)] == line  # what stands below is kept, what does not changes nothing
    lowest = TODAY.fault(code, lowest=True) is None
    assert lowest == (not TODAY.below(code))
