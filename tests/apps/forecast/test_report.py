"""The report and its commands: self-contained, in both languages, each number with its source."""

import html
import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from tongban.apps.forecast import services
from tongban.apps.forecast.cli import panel
from tongban.apps.forecast.demo_cli import demo
from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.panel import Measure, Panel, from_scale
from tongban.apps.forecast.domain.running import run
from tongban.apps.forecast.models.drift import Naive, NationalDrift, OwnDrift
from tongban.apps.forecast.policy_cli import policy
from tongban.apps.forecast.reading import Schema, read_panel
from tongban.apps.forecast.report.ahead import MOST_FANS
from tongban.apps.forecast.report.building import build
from tongban.infra.reports.files import to_json, write
from tongban.infra.reports.model import Fans, Report
from tongban.infra.reports.page import page as render

RUNGS = (Naive(), OwnDrift(), NationalDrift())
HEAD = "region,period,value\n"


def report_of(panel: Panel) -> Report:

    left_out = ("fixed_effects", "lightgbm", "fixed_effects_lightgbm")
    return build(run(panel, RUNGS, ahead=3, left_out=left_out))


@pytest.fixture(scope="module")
def shocked() -> Report:
    return report_of(generate(Truth(shock=2020)))


def lines(regions: dict[str, list[float]]) -> str:
    return HEAD + "".join(
        f'"{region}",{2010 + place},{value}\n'
        for region, values in regions.items()
        for place, value in enumerate(values)
    )


class Outside(HTMLParser):
    """Collects what a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag in {"script", "link", "img", "iframe", "object", "base"}:
            self.found.append(tag)
        self.found += [n for n in names if n in {"src", "style"} or n.startswith("on")]
        self.found += [to for n, to in attrs if n == "href" and to and not to.startswith("#")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_loads_and_runs_nothing(shocked: Report, lang: str) -> None:
    page = render(shocked, lang)
    looked = Outside()
    looked.feed(page)
    assert looked.found == []
    assert "default-src 'none'" in page or "default-src &#x27;none&#x27;" in page
    assert "url(" not in page


def test_english_has_no_chinese_and_says_that_the_shock_was_missed(shocked: Report) -> None:
    page = render(shocked, "en")
    assert not re.search("[一-鿿]", page)
    assert "The intervals fell short in 2020" in page
    assert "区间在这些期未兑现：2020" in render(shocked, "zh")


def test_every_number_of_the_json_has_source_day_and_status(shocked: Report) -> None:
    figures = []

    def walk(told: object) -> None:
        assert not isinstance(told, int | float), told
        if isinstance(told, dict):
            if "unit" in told:
                figures.append(told)
            else:
                for one in told.values():
                    walk(one)
        elif isinstance(told, list):
            for one in told:
                walk(one)

    walk(json.loads(to_json(shocked)))
    assert len(figures) > 500
    own = [f for f in figures if f["status"] != "quoted"]
    assert all(f["source"].startswith("generated, seed") for f in own)
    assert {f["status"] for f in own} == {"measured", "assumed"}
    assert {f["value"] for f in figures if f["status"] == "quoted"} == {"6.3"}
    assert {f["as_of"] for f in figures} == {"2024-12-31"}
    ahead = next(s for s in json.loads(to_json(shocked))["sections"] if s["key"] == "ahead")
    assert all(cells[2]["status"] == "assumed" for cells in ahead["tables"][0]["rows"])


def test_the_spreadsheet_holds_the_same_figures(shocked: Report, tmp_path: Path) -> None:
    write(shocked, tmp_path / "r.xlsx", "en")
    told = load_workbook(tmp_path / "r.xlsx")["figures"].iter_rows(min_row=2, values_only=True)
    assert [(line[5], line[6], line[7]) for line in told] == [
        (str(one.as_of), one.status, one.source) for one in shocked.figures()
    ]


def test_names_of_a_file_become_neither_markup_nor_formula(tmp_path: Path) -> None:
    wild = generate(Truth(regions=2, periods=6))
    names = {"R01": "<script>alert(1)</script>", "R02": "=HYPERLINK(1)"}
    rows = tuple(type(row)(names[row.region], row.period, row.value, row.line) for row in wild.rows)
    report = report_of(type(wild)(rows, 1, wild.target, (), "<b>.csv", "0" * 64))
    page = render(report, "en")
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    write(report, tmp_path / "r.xlsx", "en")
    cells = [
        cell
        for sheet in load_workbook(tmp_path / "r.xlsx")
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_what_did_not_run_is_named_with_its_mend(shocked: Report) -> None:
    page = render(shocked, "en")
    assert "Not run: two-way fixed effects, LightGBM on growth" in page
    assert "tongban[forecast]" in page


def test_drift_may_win_and_the_report_says_so() -> None:
    page = render(report_of(generate(Truth(apart=0.05, cling=0.0, noise=0.002))), "en")
    assert "Shipped: own drift" in page
    assert "No model beat the simplest rungs" in page


def test_a_file_becomes_a_report_and_a_flagged_row_is_told(tmp_path: Path) -> None:
    values: dict[str, list[float]] = {}
    for row in generate(Truth(regions=6, periods=8)).rows:
        values.setdefault(row.region, []).append(row.value)
    values["R04"][5] *= 10_000
    file = tmp_path / "panel.csv"
    file.write_text(lines(values))
    ran = CliRunner().invoke(
        panel, [str(file), "--unit", "case", "--lang", "en", "--out", str(tmp_path / "out")]
    )
    assert ran.exit_code == 0, ran.output
    assert "The gate holds back 1 row" in ran.output
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    gate = next(s for s in told["sections"] if s["key"] == "gate")
    assert gate["tables"][1]["rows"][0][0] == "31"
    assert (tmp_path / "out" / "report.xlsx").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "a,2020,x\n", "NotANumber"),
        (HEAD + "a,2020,1\na,2021,2\n", "TooShort"),
        (lines({"a": [1, 1e4, 1, 1e4, 1, 1e4]}), ""),
    ],
)
def test_what_cannot_be_forecast_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "panel.csv"
    file.write_text(text)
    ran = CliRunner().invoke(panel, [str(file), "--out", str(tmp_path / "out")])
    if says:
        assert ran.exit_code == 1
        assert says in ran.output
        assert not (tmp_path / "out").exists()
    assert ran.exception is None or isinstance(ran.exception, SystemExit)


def test_a_unit_beside_a_schema_is_refused(tmp_path: Path) -> None:
    for name in ("panel.csv", "schema.yaml"):
        (tmp_path / name).write_text(HEAD)
    ran = CliRunner().invoke(
        panel,
        [str(tmp_path / "panel.csv"), "--schema", str(tmp_path / "schema.yaml"), "--unit", "fen"],
    )
    assert ran.exit_code == 2
    assert "leave out" in ran.output


WITHOUT = """
import sys
from importlib import util
HEAVY = {"numpy", "pandas", "scipy", "pyfixest", "lightgbm", "duckdb"}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HEAVY:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
real = util.find_spec
util.find_spec = lambda name, package=None: None if name in HEAVY else real(name, package)
from tongban.cli import main
main()
"""


def without_the_extra(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process that cannot import what the extra brings."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, "forecast", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_extra_the_rungs_that_need_nothing_run(tmp_path: Path) -> None:
    ran = without_the_extra("demo", "--no-open", "--lang", "en", "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    page = (tmp_path / "panel" / "report.html").read_text()
    assert "Shipped: own drift" in page
    assert "Not run: ridge on growth, two-way fixed effects" in page
    assert sorted(one.parent.name for one in tmp_path.rglob("report.html")) == ["panel", "policy"]
    assert "Not made: scenarios, structure. Install" in (tmp_path / "index.html").read_text()
    packed = tmp_path / "panel.parquet"
    packed.write_bytes(b"PAR1")
    assert "ExtraMissing" in without_the_extra("panel", str(packed)).stderr


@pytest.mark.slow
def test_the_demonstration_makes_every_report_the_same_each_time_and_opens_on_their_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(demo, ["--no-open", "--ahead", "1", "--out", "d 1"])
    assert ran.exit_code == 0, ran.output
    assert opened == []
    names = ["panel", "policy", "scenarios", "structure"]
    first = {name: (tmp_path / "d 1" / name / "report.json").read_text() for name in names}
    assert CliRunner().invoke(demo, ["--ahead", "1", "--out", "d 1"]).exit_code == 0
    # a browser gets an address, whatever folder it was started in
    assert opened == [f"{tmp_path.resolve().as_uri()}/d%201/index.html"]
    assert first == {name: (tmp_path / "d 1" / name / "report.json").read_text() for name in names}
    listed = (tmp_path / "d 1" / "index.html").read_text("utf-8")
    links = re.findall(r'href="([^"]+)"', listed)
    assert {one.partition("/")[0] for one in links} == set(names)
    assert len(set(links)) == 12
    for link in links:
        assert (tmp_path / "d 1" / link).stat().st_size > 1000
    assert "<script" not in listed
    assert "固定效应 + LightGBM" in (tmp_path / "d 1" / "panel" / "report.html").read_text("utf-8")
    # each report has a picture, and the commands that are named make it again
    for name in names:
        page = (tmp_path / "d 1" / name / "report.html").read_text("utf-8")
        assert "<svg" in page, name
    words = shlex.split(
        html.unescape(re.findall("<code>([^<]+forecast policy[^<]+)</code>", listed)[0])
    )
    ran = CliRunner().invoke(policy, [*words[3:], "--out", "again"])
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "again" / "report.json").read_text() == first["policy"]


def test_every_rung_is_tried() -> None:
    able = services.forecast(generate(Truth(regions=4, periods=6)), ahead=1)
    assert {one.rung for one in able.scores} == {
        "naive", "own_drift", "national_drift", "ridge", "fixed_effects", "lightgbm",
        "fixed_effects_lightgbm", "ensemble",
    }  # fmt: skip


def test_regions_that_are_not_drawn_are_counted_and_their_numbers_stay(tmp_path: Path) -> None:
    regions = {f"r{at}": [100.0 * 1.05**year + at for year in range(8)] for at in range(38)}
    file = tmp_path / "p.csv"
    file.write_text(lines(regions))
    made = run(read_panel(file, Schema(Measure("value", "case"))), RUNGS, ahead=2)
    section = next(one for one in build(made).sections if one.key == "ahead")
    (fans,) = section.pictures
    assert isinstance(fans, Fans)
    assert len(fans.fans) == MOST_FANS == 36
    said = [one.en for one in section.says]
    assert "Not drawn: 2 regions, for want of room; their numbers are in the table." in said
    rows = section.tables[0].rows
    assert len(rows) == 38 * 2
    # table and picture say the numbers of the run, region by region
    wide = {(one.region, one.period): one for one in made.ahead}
    for fan in fans.fans:
        for point in fan.ahead:
            one = wide[fan.name, int(str(point.label))]
            assert float(point.value.value) == pytest.approx(
                from_scale(one.value, made.panel.scale), rel=1e-3
            )
            assert point.band is not None
            assert point.band[0].value <= point.value.value <= point.band[1].value
    everything = replace(made, held_back=frozenset(row.line for row in made.panel.rows))
    none = next(one for one in build(everything).sections if one.key == "ahead")
    assert none.pictures == ()
    assert "Not drawn: 38 regions, whose every value the gate holds back." in [
        one.en for one in none.says
    ]
