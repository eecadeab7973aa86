"""The atlas: checks compute what figures say together, and would pass if the figures agreed."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.cases import services as cases
from tongban.apps.forecast import queries
from tongban.apps.forecast.atlas import measuring, reading
from tongban.apps.forecast.atlas.cli import atlas as command
from tongban.apps.forecast.atlas.reading import AtlasInvalid, read, schema, shipped
from tongban.apps.forecast.atlas.report import build
from tongban.apps.forecast.domain.atlas import (
    AREAS,
    KINDS,
    KNOWN,
    Claim,
    Quoted,
    Rule,
    agreements,
    judge,
    levels,
)
from tongban.apps.forecast.domain.atlas.counting import Ended, count
from tongban.apps.forecast.domain.atlas.kinds import CheckInvalid, counts_of, level_return
from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.report.building import build as panel_report
from tongban.apps.forecast.services import forecast
from tongban.cli import COMMANDS, Branch, main
from tongban.infra.packs import shipped_packs
from tongban.infra.regions import load_regions
from tongban.infra.reports.files import to_json
from tongban.kernel.facts import Words
from tongban.kernel.figures import UNITS, Figure

ATLAS = shipped()
DAY = date(2026, 1, 1)


def quoted(value: str, unit: str = "percent", key: str = "x", **more: object) -> Quoted:
    figure = Figure(Decimal(value), unit, DAY, "a test", "quoted")
    return Quoted(key, "1.1", "value", figure, "量", "thing", **more)  # type: ignore[arg-type]


def judged(kind: str, given: Mapping[str, str] | None = None, **parts: str | list[str]) -> bool:
    """Judge one rule whose parts are given by value."""
    figures: dict[str, Quoted] = {}
    of = {}
    for part, told in parts.items():
        values = told if isinstance(told, list) else [told]
        of[part] = tuple(f"{part}{n}" for n in range(len(values)))
        figures |= {f"{part}{n}": quoted(value, key=part) for n, value in enumerate(values)}
    numbers = {name: Decimal(value) for name, value in (given or {}).items()}
    (found,) = judge([Rule("r", kind, of, numbers)], figures)
    return found.holds


@pytest.mark.parametrize(
    ("kind", "told", "mended"),
    [
        ("returns", {"ratio": "2.3", "rate": "18.6", "years": "5"}, {"ratio": "1.34"}),
        ("returns", {"ratio": "2.3", "rate": "18.6", "years": "5"}, {"rate": "27"}),
        ("level_return", {"outlay": "12.3", "yearly": "1.6", "rate": "18.6"}, {"rate": "5.0"}),
        ("change", {"before": "65", "less": "28", "after": "43"}, {"less": "22"}),
        ("share", {"part": "62", "whole": "24.87", "share": "112"}, {"part": "27.85"}),
        ("percent", {"before": "1280", "after": "610", "change": "50"}, {"change": "52.3"}),
        ("times", {"over": "468", "under": "245", "times": "1.8"}, {"times": "1.9"}),
        (
            "binds",
            {"limit": "1200", "calls_a_day": "12000000", "people": "24870895"},
            {"limit": "12000000"},
        ),
        ("granular", {"share": "92.3", "of": "12"}, {"of": "13"}),
        ("reach", {"before": "14.9", "after": "5.0", "fall": "7.4"}, {"after": "9.2"}),
        ("total", {"parts": ["58.3", "26.7", "14.0"], "total": "100"}, {"total": "99.0"}),
        ("reused", {"figures": ["78.4", "78.4"]}, {"figures": ["78.4", "78.5"]}),
    ],
)
def test_a_contradiction_fails_and_a_mended_figure_does_not(
    kind: str, told: dict[str, str], mended: dict[str, str]
) -> None:
    assert not judged(kind, **told)
    assert judged(kind, **(told | mended))


def test_years_and_limits_are_checked_too() -> None:
    two = {"a": quoted("1280", year=2010), "b": quoted("1280", year=2012)}
    rule = Rule("r", "dated", {"figures": ("a", "b")})
    assert not judge([rule], two)[0].holds
    assert judge([rule], {**two, "b": quoted("1280", year=2010)})[0].holds
    assert not judged("fits", {"low": "0", "high": "1"}, figure="1.2")
    assert judged("fits", {"low": "0", "high": "1"}, figure="0.9")


def test_what_reads_as_one_thing_must_be_one_and_a_time_a_time() -> None:
    same = [quoted("89.4", "point", same="s"), quoted("85.4", "point", same="s")]
    assert [one.holds for one in agreements(same)] == [False]
    assert [one.holds for one in agreements([same[0], same[0]])] == [True]
    (time,) = agreements([quoted("99.99", kind="time")])
    assert not time.holds
    (time,) = agreements([quoted("8760", "hour", kind="time")])
    assert time.holds


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Rule("r", "wish", {"a": ("x",)}), "is of kind 'wish'"),
        (Rule("r", "share", {"part": ("x",)}), "needs share, whole"),
        (Rule("r", "reused", {"figures": ("gone",)}), "has no 'gone'"),
        (Rule("r", "total", {"parts": ("x",)}), "needs a total"),
        (
            Rule("r", "share", {"part": ("x",), "whole": ("nought",), "share": ("x",)}),
            "cannot be computed",
        ),
    ],
)
def test_a_check_that_cannot_be_is_named(rule: Rule, says: str) -> None:
    with pytest.raises(CheckInvalid, match=re.escape(says)):
        judge([rule], {"x": quoted("1"), "nought": quoted("0", key="nought")})


@given(st.integers(1, 400), st.integers(0, 400))
def test_a_share_of_so_many_is_one_of_them(total: int, part: int) -> None:
    part = min(part, total)
    printed = round(100 * part / total, 1)
    assert part in counts_of(printed, 0.05, total)
    for one in counts_of(printed, 0.05, total):
        assert abs(100 * one / total - printed) <= 0.05 + 1e-6


@given(st.floats(1, 100), st.floats(0.1, 50), st.integers(1, 30))
def test_level_flows_are_worth_the_outlay_at_their_return(
    outlay: float, yearly: float, years: int
) -> None:
    rate = level_return(outlay, yearly, years)
    if -0.5 < rate < 9.9:
        worth = sum(yearly / (1 + rate) ** year for year in range(1, years + 1))
        assert worth == pytest.approx(outlay, rel=1e-6)


MOMENT = datetime(2026, 11, 23, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 90)), max_size=30))
def test_counts_are_those_of_a_walk(told: list[tuple[int, bool, int]]) -> None:
    submitted = [(f"c{n}", MOMENT) for n in range(6)]
    ended = [Ended(f"c{n}", str(i), MOMENT + timedelta(days=d)) for i, (n, _, d) in enumerate(told)]
    handled = frozenset((f"c{n}", str(i)) for i, (n, by, _) in enumerate(told) if by)
    calls = [(MOMENT - timedelta(days=d), well) for _, well, d in told]
    found = count(submitted, handled, ended, calls, MOMENT)
    assert (found.per_case, found.ended) == (1, len(told))
    by_hand = sorted(d for _, by, d in told if by)
    assert (found.aided is None) == (not by_hand)
    if by_hand:
        assert found.aided is not None
        assert by_hand[0] <= found.aided / 86_400 <= by_hand[-1]
    assert found.calls == sum(d < 30 for *_, d in told)
    assert found.failed == sum(d < 30 and not well for _, well, d in told)
    assert 1 <= found.days <= 30


# --- the shipped data


def test_the_shipped_data_is_whole_and_its_contradictions_are_shown() -> None:
    assert len(ATLAS.figures) > 450
    assert {one.area for one in ATLAS.figures.values()} == set(AREAS)
    assert {one.figure.status for one in ATLAS.figures.values()} == {"quoted"}
    failing = {one.key for one in ATLAS.checks if not one.holds}
    assert {
        *("npv", "npv_abroad", "rank", "threshold_shanghai", "likely", "unit_dated"),
        *("reused_784", "reused_897", "time: mtbf", "same: satisfaction 2023"),
        *("same: users of Shanghai", "same: mapping failures", "same: rank of China 2024"),
    } <= failing
    holding = {one.key for one in ATLAS.checks if one.holds}
    assert {"scenarios", "shared", "outlay", "closure", "unit_cost", "unaided"} <= holding


def test_every_level_has_a_status_and_a_source_and_points_by_rule_alone() -> None:
    criteria = {key for key, *_ in ATLAS.criteria}
    assert len(criteria) == 6
    assert {"yuezhengyi", "jiesu"} <= {card.key for card in ATLAS.cards}
    for card in ATLAS.cards:
        # the shipped file speaks of each of the six, if only to say that it is unknown
        assert card.claims.keys() == criteria
        for one in ATLAS.levels[card.key]:
            assert (one.status == "unknown") == (not one.source)
            assert (one.status == "unknown") == (one.quoted is None and one.words is None)
            if one.measure is None or one.quoted is None:
                assert one.points is None
                continue
            assert one.status == "judged"
            value, steps = one.quoted.figure.value, one.measure.thresholds
            reached = [value <= s if steps[0] > steps[-1] else value >= s for s in steps]
            assert one.points == sum(reached)
            assert one.quoted.figure.unit == one.measure.unit
    zhejiang = {one.criterion: one.points for one in ATLAS.levels["zhejiang"]}
    assert (zhejiang["money"], zhejiang["satisfaction"]) == (5, None)


def test_no_other_number_stands_in_for_a_level_or_for_data_governance() -> None:
    # these two have no measure, so that nothing can be turned into points of them
    assert not {"level", "governance"} & {one.criterion for one in ATLAS.measures.values()}
    for card in ATLAS.cards:
        found = {one.criterion: one for one in ATLAS.levels[card.key]}
        assert found["level"].quoted is None
        data = found["governance"]
        assert data.quoted is None or (data.status, data.points) == ("quoted", None)
    known = [k for k in ATLAS.cards if ATLAS.levels[k.key][3].status != "unknown"]
    assert [one.key for one in known] == ["guizhou"]


def test_an_administrative_level_is_that_of_the_division_in_the_list() -> None:
    words = {1: "省级", 2: "市级"}
    stood = load_regions(shipped_packs() / "base")
    seen = 0
    for card in ATLAS.cards:
        claim = card.claims["level"]
        if claim.words is not None:
            seen += 1
            code = claim.source.removeprefix("GB/T 2260, ")
            division = stood.at(code, 2020)
            assert division is not None, code
            assert claim.words[0] == words[division.level]
            assert card.zh.startswith(division.name[:2]) or card.key == "zhezhengding"
    assert seen > 10


def test_a_better_figure_never_scores_less() -> None:
    card = replace(ATLAS.cards[0], claims={"satisfaction": Claim("judged", "x", "content")})
    points = []
    for value in range(101):
        (found,) = levels(card, ["satisfaction"], ATLAS.measures, {"x": quoted(str(value))})
        points.append(found.points or 0)
    assert points == sorted(points)
    assert (points[0], points[-1]) == (0, 5)


def test_what_is_measured_belongs_to_a_figure_and_names_a_command_that_exists() -> None:
    for one in ATLAS.beside.values():
        words = one.command.split()
        if not words or words[0] == "make":
            continue
        place = Branch("", COMMANDS)
        for word in words[1:]:
            if word.startswith("-") or word.isupper():
                break
            assert isinstance(place, Branch)
            place = place.commands[word]  # type: ignore[assignment]


def test_phrases_are_our_own_and_in_both_languages() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    for one in ATLAS.figures.values():
        assert han.search(one.zh) or one.zh.isascii() is False, one.key
        assert not han.search(re.sub(r"app.*", "", one.en)) or "app" in one.en, one.key
        assert len(one.zh) <= 24, one.key
        assert len(one.en.split()) <= 12, one.key


# --- an analyst's own folder


def own(folder: Path, **files: object) -> Path:
    for name, told in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return folder


ONE = {
    "key": "my_users",
    "section": "own",
    "area": "services",
    "value": "52000000",
    "unit": "person",
    "zh": "某省用户",
    "en": "users of a province",
}
FIGURES = {"as_of": "2026-01-01", "source": "our own survey", "figures": [ONE]}


def test_an_analyst_adds_a_case_a_figure_and_a_check_without_code(tmp_path: Path) -> None:
    told = read(
        own(
            tmp_path,
            figures__own=FIGURES,
            cases={
                "cases": [
                    {
                        "key": "mine",
                        "zh": "某省",
                        "en": "ours",
                        "levels": {
                            "breadth": {
                                "status": "judged",
                                "measure": "users",
                                "figure": "my_users",
                            },
                            "level": {
                                "status": "quoted",
                                "zh": "省级",
                                "en": "province",
                                "source": "our charter",
                            },
                        },
                    }
                ]
            },
            checks={
                "checks": [
                    {
                        "key": "mine",
                        "kind": "fits",
                        "zh": "范围",
                        "en": "range",
                        "of": {"figure": "my_users"},
                        "given": {"low": "0", "high": "1000"},
                    }
                ]
            },
        )
    )
    assert told.figures["my_users"].figure.source == "our own survey, §own"
    mine = told.levels["mine"]
    assert [one.points for one in mine] == [None, None, 4, None, None, None]
    assert [one.status for one in mine] == ["quoted", "unknown", "judged", *["unknown"] * 3]
    assert [one.source for one in mine[:3]] == ["our charter", "", "our own survey, §own"]
    assert [one.holds for one in told.checks if one.key == "mine"] == [False]
    assert len(told.figures) == len(ATLAS.figures) + 1


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"figures__own": {**FIGURES, "figures": [{**ONE, "unit": "leagues"}]}}, "leagues"),
        ({"figures__own": {**FIGURES, "figures": [{**ONE, "value": "many"}]}}, "many"),
        ({"figures__own": {**FIGURES, "figures": [ONE, {**ONE}]}}, "there twice"),
        *(
            (
                {"cases": {"cases": [{"key": "a", "zh": "a", "en": "a", "levels": told}]}},
                f"names {missing!r}" if missing else "cases/0/levels/",
            )
            for told, missing in (
                ({"breadth": {"status": "judged", "measure": "users", "figure": "no"}}, "no"),
                ({"breadth": {"status": "judged", "measure": "no", "figure": "irr"}}, "no"),
                # a measure judges its own criterion, in its own unit
                (
                    {"money": {"status": "judged", "measure": "users", "figure": "zhejiang_users"}},
                    "users",
                ),
                ({"breadth": {"status": "judged", "measure": "users", "figure": "irr"}}, "users"),
                ({"wealth": {"status": "unknown"}}, "wealth"),
                # no level without a status, none judged without its rule, no words without source
                ({"breadth": {"measure": "users", "figure": "zhejiang_users"}}, ""),
                ({"breadth": {"status": "judged", "figure": "zhejiang_users"}}, ""),
                ({"level": {"status": "quoted", "zh": "省级", "en": "province"}}, ""),
                ({"level": {"status": "unknown", "source": "hearsay"}}, ""),
            )
        ),
        (
            {
                "cases": {
                    "cases": [{"key": "a", "zh": "a", "en": "a", "levels": {}, "told": ["no"]}]
                }
            },
            "in no file: no",
        ),
        (
            {
                "checks": {
                    "checks": [
                        {"key": "c", "kind": "share", "of": {"part": "irr"}, "zh": "a", "en": "a"}
                    ]
                }
            },
            "needs share, whole",
        ),
        (
            {
                "tables": {
                    "tables": [
                        {
                            "key": "t",
                            "zh": "a",
                            "en": "a",
                            "columns": [{"zh": "a", "en": "a"}],
                            "rows": [{"zh": "a", "en": "a", "cells": []}],
                        }
                    ]
                }
            },
            "write null",
        ),
        (
            {
                "criteria": {
                    "criteria": [],
                    "measures": [
                        {
                            "key": "m",
                            "criterion": "level",
                            "unit": "person",
                            "thresholds": ["1", "3", "2", "4", "5"],
                            "zh": "a",
                            "en": "a",
                        }
                    ],
                }
            },
            "neither rise nor fall",
        ),
        ({"measured": {"measured": [{"of": "x"}]}}, "measured"),
        ({"case": {"cases": []}}, "case.yaml is no file of the atlas"),
        ({"figures__own": {**FIGURES, "as_of": "last spring"}}, "'last spring' is no day"),
        (
            {"figures__own": {**FIGURES, "figures": [{**ONE, "unit": "fen", "value": "5.5"}]}},
            "5.5 fen is no whole number",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_place(
    tmp_path: Path, files: dict[str, object], says: str
) -> None:
    with pytest.raises(AtlasInvalid, match=re.escape(says)):
        read(own(tmp_path, **files))


def test_what_is_no_yaml_and_no_folder_is_named_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    with pytest.raises(AtlasInvalid, match="own is no folder"):
        read(folder)
    folder.mkdir()
    cases = folder / "cases.yaml"
    levels = "cases:\n  - {key: a, zh: a, en: a, levels: {\n"
    for text, says in (
        (b"\xff\xfe", "own/cases.yaml:1: "),
        # a key that is there twice would leave the first unread, an anchor would multiply
        (b"cases: []\ncases: []\n", "own/cases.yaml:2: "),
        (b"cases: &a [*a]\n", "own/cases.yaml:1: "),
        (
            f"{levels}     level: {{status: sure}}}}}}\n".encode(),
            "own/cases.yaml:3: cases/0/levels",
        ),
    ):
        cases.write_bytes(text)
        with pytest.raises(AtlasInvalid, match=re.escape(f"AtlasInvalid: {says}")):
            read(folder)
    cases.unlink()
    cases.mkdir()
    assert read(folder).cards == ATLAS.cards


@pytest.mark.django_db
def test_the_command_reads_the_installations_own_folder(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"
    settings.ATLAS = own(tmp_path / "ours", figures__own=FIGURES)
    ran = CliRunner().invoke(command, ["--out", str(tmp_path / "o"), "--lang", "en"])
    assert ran.exit_code == 0, ran.output
    assert "users of a province" in (tmp_path / "o" / "report.html").read_text()
    # --data names another in its place
    other = {**FIGURES, "figures": [{**ONE, "en": "users elsewhere"}]}
    words = ["--data", str(own(tmp_path / "other", figures__own=other)), "--lang", "en"]
    ran = CliRunner().invoke(command, [*words, "--out", str(tmp_path / "p")])
    assert ran.exit_code == 0, ran.output
    page = (tmp_path / "p" / "report.html").read_text()
    assert "users elsewhere" in page
    assert "users of a province" not in page
    own(tmp_path / "ours", cases={"cases": [{"key": "a"}]})
    ran = CliRunner().invoke(command, ["--out", str(tmp_path / "q")])
    assert ran.exit_code == 1
    assert "AtlasInvalid: ours/cases.yaml:" in ran.output
    assert not (tmp_path / "q").exists()


def test_the_schema_is_a_file_that_judges_every_file_and_is_printed() -> None:
    told = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(told)
    # what the schema lists is what the code knows
    assert told["$defs"]["unit"]["enum"] == sorted(UNITS)
    assert told["$defs"]["area"]["enum"] == sorted(AREAS)
    kinds = told["$defs"]["checks.yaml"]["properties"]["checks"]["items"]["properties"]["kind"]
    assert kinds["enum"] == sorted(KINDS)
    folder = Path(str(reading.__file__)).parents[1] / "data" / "atlas"
    assert (folder / "schema.json").read_text(encoding="utf-8") == schema()
    assert {one.name for one in folder.glob("*.yaml")} | {"figures"} <= set(told["$defs"])
    ran = CliRunner().invoke(command, ["--schema"])
    assert (ran.exit_code, ran.output) == (0, schema())
    # an editor that reads the printed schema judges as the command does
    judged = jsonschema.Draft202012Validator({**told, "$ref": "#/$defs/figures"})
    assert judged.is_valid(FIGURES)
    for wrong in ({**ONE, "unit": "leagues"}, {**ONE, "area": "sea"}, {**ONE, "more": "x"}):
        assert not judged.is_valid({**FIGURES, "figures": [wrong]})


# --- the report


def rows_of(told: dict[str, Any], key: str, number: int = 0) -> list[list[Any]]:
    section = next(one for one in told["sections"] if one["key"] == key)
    rows: list[list[Any]] = section["tables"][number]["rows"]
    return rows


def test_each_level_has_its_status_and_source_in_the_report_and_gaps_say_so() -> None:
    told = json.loads(to_json(build(ATLAS, {}, DAY)))
    matrix = {row[0]["en"]: row[1:] for row in rows_of(told, "cases")}
    assert len(matrix) == len(ATLAS.cards)
    sources = iter(rows_of(told, "cases", 1))
    facts = rows_of(told, "cases", 2)
    for card in ATLAS.cards:
        for one, cell in zip(ATLAS.levels[card.key], matrix[card.en], strict=True):
            row = next(sources)
            assert (row[0]["en"], row[2]) == (card.en, cell)
            assert row[3]["en"] == KNOWN[one.status][1]
            assert row[6] == (one.source or None)
            if one.quoted is None:
                words = one.words or ("未说明", "not stated")
                assert cell == {"zh": words[0], "en": words[1]}
                assert row[4:6] == [None, None]
                continue
            assert row[5]["value"] in (one.quoted.figure.value, str(one.quoted.figure.value))
            assert row[5]["status"] == "quoted"
            if one.measure is None:
                assert cell == row[5]
                continue
            assert int(cell["value"]) == one.points
            assert one.quoted.figure.source in cell["source"]
            assert cell["status"] == "assumed"
            assert row[4]["en"] == one.measure.en
        own = [row for row in facts if row[0]["en"] == card.en]
        if not card.told:
            assert own == [
                [own[0][0], {"zh": "未说明", "en": "not stated"}, None, card.source],
            ]
            assert card.source
        else:
            assert [row[3]["en"] for row in own] == [
                ATLAS.figures[key].place[1] for key in card.told
            ]
    assert next(sources, None) is None
    (picture,) = next(one for one in told["sections"] if one["key"] == "cases")["pictures"]
    means = [Decimal(bar["high"]["value"]) for bar in picture["bars"]]
    assert means == sorted(means, reverse=True)
    assert means[0] == 5


def test_a_check_keeps_the_figures_of_its_sum() -> None:
    told = {one.key: one for one in ATLAS.checks}
    npv = told["npv"]
    assert [one.text("en") for one in npv.figures] == ["18.6%", "5 years", "1.35×", "2.3×"]
    assert npv.figures[2].source == "computed from quoted figures, npv"
    assert npv.en.startswith("at 18.6% within 5 years the net present value is at most 1.35×")
    for one in ATLAS.checks:
        assert one.figures
        assert all(each.text("zh") in one.zh for each in one.figures[:1])


# --- reports of this installation beside what is quoted


def test_reports_of_value_and_forecast_stand_beside_with_their_status(tmp_path: Path) -> None:
    words = ["value", "demo", "-o", str(tmp_path / "value"), "--branches", "500", "--no-open"]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 0, ran.output
    panel = tmp_path / "panel.json"
    panel.write_text(to_json(panel_report(forecast(generate(Truth(periods=8)), ahead=1))))
    made = measuring.reports([tmp_path / "value" / "report.json", panel])
    found = measuring.beside(ATLAS, {}, {}, made)
    wanted = {key for key, one in ATLAS.beside.items() if one.by == "report"}
    scenarios = {"growth_base", "growth_optimised", "growth_bold"}
    assert {key for key in wanted if found[key].figure is not None} == wanted - scenarios
    even = found["cloud_break_even"].figure
    assert even is not None
    assert (even.unit, even.status) == ("year", "quoted")
    # a second report whose break-even is another year leaves it open which one is meant
    (name,) = (name for name in made if "break-even at the end" in name)
    other = f"{name.rsplit(' |', 1)[0]}0 | figure"
    both = measuring.beside(ATLAS, {}, {}, {**made, other: even})
    assert both["cloud_break_even"].figure is None
    told = json.loads((tmp_path / "value" / "report.json").read_text())
    rates = {
        row[0]["en"]: row[1]
        for section in told["sections"]
        for table in section["tables"]
        for row in table["rows"]
        if len(row) > 1 and isinstance(row[0], dict) and "en" in row[0] and "unit" in row[1]
    }
    for key, label in (
        ("cps_mean", "CPS"),
        ("irr", "internal rate of return (IRR)"),
        ("npv_ratio", "net present value, direct"),
        ("uvd_mean", "user value density UVD"),
    ):
        figure, cell = found[key].figure, rates[label]
        assert figure is not None
        assert (str(figure.value), figure.unit) == (str(cell["value"]), cell["unit"])
        source = asdict(figure.source) if isinstance(figure.source, Words) else figure.source
        assert (figure.status, source) == (cell["status"], cell["source"])
        assert found[key].command.startswith("tongban value")
    report = json.loads(to_json(build(ATLAS, found, DAY)))
    beside = {row[1]["en"]: row for row in rows_of(report, "measured")}
    row = beside[ATLAS.figures["cps_mean"].en]
    assert (row[2]["status"], row[3]["status"]) == ("quoted", "assumed")
    assert row[5] == "tongban value platform LEDGER"
    assert ATLAS.figures["growth_base"].en not in beside


def test_two_figures_of_one_name_are_none_and_another_file_is_refused(tmp_path: Path) -> None:
    cell = {
        "value": "5",
        "unit": "percent",
        "as_of": "2026-01-01",
        "source": "s",
        "status": "measured",
    }
    rate = [{"zh": "率", "en": "rate"}, cell]
    head = [{"zh": "项", "en": "what"}, {"zh": "值", "en": "figure"}]

    def told(*rows: list[Any]) -> str:
        table = {"head": head, "rows": list(rows)}
        return json.dumps({"sections": [{"title": {"zh": "t", "en": "t"}, "tables": [table]}]})

    file = tmp_path / "r.json"
    file.write_text(told(rate))
    assert measuring.reports([file])["t | rate | figure"].value == 5
    file.write_text(told(rate, rate))
    assert measuring.reports([file]) == {}
    for text in ("{}", "[", '{"sections": [3]}', told(rate).replace('"5"', '"x"')):
        file.write_text(text)
        ran = CliRunner().invoke(command, ["--report", str(file), "--out", str(tmp_path / "o")])
        assert ran.exit_code == 1
        assert "is no report" in ran.output
        assert not (tmp_path / "o").exists()


# --- the command


def run(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a process that has no platform."""
    command = [sys.executable, "-c", "from tongban.cli import main; main()", "atlas", *words]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGBAN_")}
    environment = {**kept, "TONGBAN_HOME": str(home), "TONGBAN_ATLAS": str(home.parent / "ours")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_shows_what_fails_where_there_is_no_platform(tmp_path: Path) -> None:
    bench = tmp_path / "latest.json"
    row = {"what": "newborn on SQLite, p95", "ours": 0.0212}
    told = {"newborn": {"when": "2026-11-26T10:00:00+00:00", "rows": [row]}}
    bench.write_text(json.dumps({"results": told}))
    words = ["--lang", "en", "--out", str(tmp_path), "--bench", str(bench)]
    own(tmp_path / "ours", figures__own=FIGURES)
    ran = run(tmp_path / "home", *words)
    assert ran.returncode == 0, ran.stderr
    assert "run `tongban demo`" in ran.stderr
    assert ran.stdout.count("✗") == sum(not one.holds for one in ATLAS.checks)
    page = (tmp_path / "report.html").read_text()
    for said in ("not measured yet", "abstract", "0.02 seconds", "Case cards", "do not hold"):
        assert said in page
    assert "<svg" in page
    sections = json.loads((tmp_path / "report.json").read_text())["sections"]
    areas = [one for one in sections if one["key"].startswith("area-")]
    assert sum(len(one["tables"][0]["rows"]) for one in areas) == len(ATLAS.figures) + 1
    bench.write_text("{}")
    ran = run(tmp_path / "home", *words)
    assert ran.returncode == 1
    assert "make bench" in ran.stderr
    assert not list(tmp_path.rglob("*.sqlite3"))


def test_counts_of_an_installation_stand_beside_what_is_quoted(office: Office) -> None:
    assert not queries.atlas().measured["not_asked"].figure
    number = office.submit()
    task, *_ = office.tasks(number)
    reviewer = office.official("medical-insurance", "reviewer")
    grant = cases.Verdict(outputs={"outcome": "grant"}, reason="材料齐全")
    cases.decide(reviewer, number, task.item, task.step, grant)
    found = measuring.platform()
    measuring.keep(found)
    assert measuring.kept() == found
    seen = queries.atlas().measured
    assert seen["newborn_items"].figure == found["items_of_a_life_event"]
    assert found["items_of_a_life_event"].value == 7
    assert found["submissions_of_a_case"].value == 1
    assert found["branches_ended"].value == sum(
        branch.stage.value in {"granted", "refused"}
        for branch in office.case(number).branches.values()
    )
    assert found["papers_spared"].value == 100
    assert {one.status for one in found.values()} == {"measured"}
    assert seen["privacy_ms"].figure is None
    # a report that was given to the command stays beside what it measures, with its own status
    cost = Figure(1490, "fen", date(2026, 5, 1), "ledger.csv", "assumed")
    measuring.keep({ATLAS.beside["cps_mean"].name: cost}, "reports")
    assert queries.atlas().measured["cps_mean"].figure == cost
    assert queries.atlas().measured["irr"].figure is None


def test_benchmarks_that_were_given_once_stay_on_the_page(office: Office, tmp_path: Path) -> None:
    def given(**results: float) -> list[str]:
        told = {
            group: {"when": "2026-11-26T10:00:00+00:00", "rows": [{"what": what, "ours": ours}]}
            for group, (what, ours) in {
                "newborn": ("newborn on SQLite, p95", results.get("newborn")),
                "licences": ("verified", results.get("licences")),
                "other": ("beside nothing", 3.0),
            }.items()
            if ours is not None
        }
        file = tmp_path / "latest.json"
        file.write_text(json.dumps({"results": told}))
        return ["--bench", str(file)]

    def shown(*words: str) -> tuple[Figure | None, Figure | None]:
        ran = CliRunner().invoke(command, [*words, "--out", str(tmp_path / "o")])
        assert ran.exit_code == 0, ran.output
        seen = queries.atlas().measured
        return seen["newborn_after"].figure, seen["licence_checks"].figure

    assert office
    assert shown() == (None, None)
    rules, checks = shown(*given(newborn=0.0212, licences=1000.5))
    assert rules == Figure(
        Decimal("0.02"), "second", date(2026, 11, 26), "make bench ONLY=newborn", "measured"
    )
    assert checks is not None
    assert (checks.value, checks.unit) == (Decimal(86443200), "call")
    # a later run of one group leaves the other where it was, and a run without any leaves both
    newer, older = shown(*given(newborn=0.5))
    assert newer is not None
    assert (newer.value, older) == (Decimal("0.50"), checks)
    assert shown() == (newer, checks)
    assert set(measuring.kept("benches")) == {"newborn/newborn on SQLite, p95", "licences/verified"}


# --- beside the report itself

_PRINTED = re.compile(r"\d[\d,]*\.?\d*")


def told(figures: str) -> set[Decimal]:
    """Give the digits of what is printed, without its power of ten."""
    found = (Decimal(one.replace(",", "").rstrip(".")) for one in _PRINTED.findall(figures))
    return {bare(one) for one in found if one}


def bare(value: Decimal | int) -> Decimal:
    digits = "".join(map(str, Decimal(value).as_tuple().digits)).strip("0")
    return Decimal(digits or "0")


def test_the_figures_are_those_of_the_report_and_the_words_are_not(
    test_data: Callable[[str], Path],
) -> None:
    text = (test_data("report") / "figures.tsv").read_text(encoding="utf-8")
    clauses = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    there: dict[str, set[Decimal]] = {}
    for one in ATLAS.figures.values():
        there.setdefault(one.section, set()).add(bare(one.figure.value))
    missing = [
        clause["no"]
        for clause in clauses
        if (printed := told(clause["figures"]))
        and not printed & there.get(clause["section"], set())
    ]
    assert len(missing) / len(clauses) < 0.02, missing
    whole = "".join(clause["claim"] for clause in clauses)
    for one in ATLAS.figures.values():
        for run in re.findall(r"[\u4e00-\u9fff]{9,}", one.zh):
            assert run not in whole, one.key
