"""The atlas: checks compute what figures say together, and would pass if the figures agreed."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from tongban.apps.forecast.atlas_cli import atlas, read
from tongban.apps.forecast.domain.atlas import Check, Quoted, checks
from tongban.cli import COMMANDS, Branch

QUOTED = read()


def having(values: dict[str, str], unit: str | None = None) -> dict[tuple[str, ...], Check]:
    def mended(one: Quoted) -> Quoted:
        if one.key not in values:
            return one
        figure = replace(one.figure, value=Decimal(values[one.key]), unit=unit or one.figure.unit)
        return replace(one, figure=figure)

    return {one.keys: one for one in checks(map(mended, QUOTED))}


@pytest.mark.parametrize(
    ("keys", "mend", "unit", "says"),
    [
        (("npv_ratio", "irr", "npv_years"), {"npv_ratio": "1.34"}, None, "1.35"),
        (("npv_ratio", "irr", "npv_years"), {"irr": "27"}, None, "1.35"),
        (("egdi_2018", "egdi_up", "egdi_rank"), {"egdi_up": "22"}, None, "rank 37"),
        (
            ("calls_threshold", "shanghai_calls_day", "shanghai_people"),
            {"calls_threshold": "12000000"},
            None,
            "14.5 million",
        ),
        (("mapping_failed_22", "mapping_failed_33"), {"mapping_failed_33": "18.2"}, None, "22.8%"),
        (("mtbf",), {"mtbf": "8760"}, "hour", "99.99%"),
    ],
)
def test_a_contradiction_fails_and_a_mended_figure_does_not(
    keys: tuple[str, ...], mend: dict[str, str], unit: str | None, says: str
) -> None:
    as_quoted = having({})[keys]
    assert not as_quoted.holds
    assert says in as_quoted.en
    assert having(mend, unit)[keys].holds


def test_every_figure_is_quoted_once_and_names_a_command_that_exists() -> None:
    assert len({one.key for one in QUOTED}) == len(QUOTED)
    assert {one.figure.status for one in QUOTED} == {"quoted"}
    for one in QUOTED:
        place = Branch("", COMMANDS)
        for word in (one.measured_by or "tongban").split()[1:]:
            assert isinstance(place, Branch)
            place = place.commands[word]  # type: ignore[assignment]


def test_the_command_shows_what_fails(tmp_path: Path) -> None:
    ran = CliRunner().invoke(atlas, ["--lang", "en", "--out", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("✗") == 5
    told = json.loads((tmp_path / "report.json").read_text())
    assert len(told["sections"][1]["tables"][0]["rows"]) == len(QUOTED)
    page = (tmp_path / "report.html").read_text()
    assert "not measured yet" in page
    assert "abstract" in page
    assert "5 items of 5 items checked do not hold" in page
