"""The gate as a command: quoted figures from options or a file, sentences and three reports."""

import re
from pathlib import Path

import pytest
from lxml import html
from openpyxl import Workbook, load_workbook

from testkit.valuing import run, told

CLAIMS = {
    "csv": "名称,年数,内部收益率,净现值倍数,折现率,回收期\n"
    "甲,5,0.186,2.3,,\n乙,28,0.186,2.3,0.035,\n丙,5,0.100,,,6\n",
    "yaml": "- {name: 甲, years: 5, irr: 0.186, npv: 2.3}\n"
    "- {name: 乙, years: 28, irr: 0.186, npv: 2.3, rate: 0.035}\n"
    "- {name: 丙, years: 5, irr: 0.100, payback: 6}\n",
}


def claims(folder: Path, form: str) -> Path:
    path = folder / f"claims.{form}"
    if form != "xlsx":
        path.write_text(CLAIMS[form], encoding="utf-8")
        return path
    book = Workbook()
    for line in CLAIMS["csv"].splitlines():
        book.worksheets[0].append(line.split(","))
    book.save(path)
    return path


def test_the_gate_refuses_and_lets_pass(tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    five = ("--years", "5", "--irr", "0.186", "--npv", "2.3", "--lang", "en")
    said = run("gate", *five, "-o", page, code=1)
    assert "at most 1.35×" in said
    assert str(page) in said
    (name,) = html.fromstring(page.read_text(encoding="utf-8")).xpath("//figcaption")
    assert name.text == "NPV over outlay that the IRR allows (shaded), by years"
    more = ("--rate", "0.035", "--json")
    assert told(run("gate", "--years", "28", "--irr", "0.186", "--npv", "2.3", *more))
    for words in (
        *(("--years", "5", *one) for one in (("--irr", "x"), ("--irr", "-1"), ("--npv", "inf"))),
        ("--years", "5", "--payback", "0"),
        ("--years", "5", "--irr", "18.6"),  # meant as 18.6 %
        ("--years", "5"),
        ("--irr", "0.1"),
        ("claims.csv", "--years", "5", "--irr", "0.1"),
        (),
    ):
        run("gate", *words, code=2)


@pytest.mark.parametrize("form", ["csv", "xlsx", "yaml"])
def test_the_gate_reads_a_file_and_writes_three_reports(tmp_path: Path, form: str) -> None:
    outputs = [tmp_path / f"r.{end}" for end in ("html", "json", "xlsx")]
    options = [word for path in outputs for word in ("-o", path)]
    said = run("gate", claims(tmp_path, form), "--lang", "en", *options, code=1)
    assert "Consistency gate: 乙: These figures can hold together" in said
    assert "Consistency gate: 丙: a payback of 6 years lies beyond 5 years" in said
    report = told(outputs[1].read_text(encoding="utf-8"))
    first, second, third = report["sections"]
    assert [one["en"] for one in report["verdict"]] == [
        "Sets of quoted figures: 3. Of them cannot hold together: 2.",
        "甲",
        "丙",
    ]
    region, quoted = first["pictures"][0]["lines"]
    assert [point["label"]["value"] for point in region["points"]] == [1, 2, 3, 4, 5]
    # 1.186ⁿ − 1 by years, and 18.6 % at the least
    assert [point["value"]["value"] for point in region["points"]] == [
        "0.19",
        "0.41",
        "0.67",
        "0.98",
        "1.35",
    ]
    assert {point["band"][0]["value"] for point in region["points"]} == {"0.19"}
    assert {(p["value"]["value"], p["value"]["status"]) for p in quoted["points"]} == {
        ("2.3", "quoted")
    }
    assert len(second["pictures"][0]["lines"][0]["points"]) == 28
    years, payback = third["pictures"][1]["bars"]
    assert (years["high"]["value"], payback["high"]["value"]) == (5, "6")
    # a bound in years is no multiple of the outlay
    found = {row[0]["en"]: row[1] for row in third["tables"][0]["rows"]}
    assert (found["PaybackBeyondHorizon"]["value"], found["PaybackBeyondHorizon"]["unit"]) == (
        5,
        "year",
    )
    assert found["ReturnWithoutPayback"]["unit"] == "percent"
    assert found["IRR"]["value"] == "10.0"  # as it was quoted: 0.100
    assert found["IRR"]["source"].startswith(f"claims.{form} sha256:")
    assert len(load_workbook(outputs[2]).worksheets) == 4


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("csv", "years,irr\n5,18.6\n", r"OutOfRange claims.csv:2 \[irr\]"),
        ("csv", "years,npv\n0,1\n201,1\n", r"claims.csv:2 \[years\].*\n.*claims.csv:3 \[years\]"),
        ("csv", "years,irr,payback\n5,,0\n", r"OutOfRange claims.csv:2 \[payback\]"),
        ("csv", "years,rate\n5,0.1\n", "nothing is quoted"),
        ("csv", "irr\n0.1\n", "ColumnMissing"),
        ("yaml", "- {years: 5, irr: [1]}\n", "must be a list"),
        ("yaml", "- {years: 5, irr: 0.1, irr: 0.2}\n", "must be a list"),
        ("yaml", "years: 5\n", "must be a list"),
        ("yaml", "", "must be a list"),
        ("yaml", "- {", "not YAML"),
        ("yaml", "\n- years: 5\n  irr: much\n", r"NotANumber claims.yaml:2 \[irr\]"),
    ],
)
def test_quoted_figures_that_cannot_be_read_are_refused(
    tmp_path: Path, form: str, text: str, said: str
) -> None:
    path = tmp_path / f"claims.{form}"
    path.write_text(text, encoding="utf-8")
    assert re.search(said, run("gate", path, "--json", code=1))
