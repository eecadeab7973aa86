"""No number stands in a sentence of a report that is no figure: each report is walked whole."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.forecast import policy_cli, scenarios_cli, structure_cli
from tongban.apps.forecast.atlas.measuring import beside
from tongban.apps.forecast.atlas.reading import shipped
from tongban.apps.forecast.atlas.report import build as build_atlas
from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.running import run
from tongban.apps.forecast.domain.structure import proving
from tongban.apps.forecast.models.drift import Naive, NationalDrift, OwnDrift
from tongban.apps.forecast.report import proving as proof
from tongban.apps.forecast.report.building import build
from tongban.apps.forecast.report.pen import joined
from tongban.infra.reports.files import to_json
from tongban.infra.reports.model import Report, filled, plain
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

#: What may stand in words though it is no figure: years, quarters, months and days; sections of the
#: report of 2026; and codes, which begin with a letter (R01, p95).
ALLOWED = re.compile(
    r"(?<![\d.,])(?:19|20)\d\d(?:Q[1-4]|-\d\d(?:-\d\d)?)?(?![\d.,]*\d)"
    r"|§\d+(?:\.\d+)*|section \d+(?:\.\d+)*"
    r"|[A-Za-z_]+\d+"
)
#: A plain cell is a name of the data; one that is nothing but a number is a number all the same.
BARE = re.compile(r"[≤≥<>±~≈+-]?\s*\d[\d,]*(?:\.\d+)?\s*%?")


def left(text: str, figures: list[Mapping[str, Any]], lang: str) -> str:
    """Give the digits of a text that are neither a figure's nor allowed."""
    for told in sorted((number(one).text(lang) for one in figures), key=len, reverse=True):
        assert told in text
        text = text.replace(told, "", 1)
    return "".join(re.findall(r"\d", ALLOWED.sub("", text)))


def number(told: Mapping[str, Any]) -> Figure:
    value = int(told["value"]) if told["unit"] == "fen" else Decimal(str(told["value"]))
    day = date.fromisoformat(told["as_of"])
    return Figure(value, told["unit"], day, told["source"], told["status"])


def bare(report: Report) -> list[str]:
    """Give every text of a report, as JSON has it, in which a number is no figure."""
    return [f"{place}: {text}" for place, text in walked(json.loads(to_json(report)), "")]


def walked(told: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict) and {"zh", "en"} <= told.keys():
        for lang in ("zh", "en"):
            if left(told[lang], told.get("figures", []), lang):
                yield place, told[lang]
    elif isinstance(told, dict) and "rows" in told:
        yield from walked(told["head"], f"{place}/head")
        for row in told["rows"]:
            for head, cell in zip(told["head"], row, strict=True):
                # a line is an address in the file
                if head["en"] != "line":
                    yield from walked(cell, f"{place}/{head['en']}")
    elif isinstance(told, dict) and "unit" not in told:
        for name, one in told.items():
            # the head of the report, and addresses in it
            if name not in {"as_of", "key", "keys"}:
                yield from walked(one, f"{place}/{name}")
    elif isinstance(told, list):
        for n, one in enumerate(told):
            yield from walked(one, f"{place}/{n}")
    elif isinstance(told, int | float) or (
        isinstance(told, str) and BARE.fullmatch(told) and ALLOWED.sub("", told)
    ):
        yield place, str(told)


def panel() -> Report:
    made = generate(Truth(shock=2020, periods=12))
    rows = list(made.rows)
    rows[30] = replace(rows[30], value=rows[30].value * 10_000)
    rows[55] = replace(rows[55], value=rows[55].value * 3)
    rows[80] = replace(rows[80], value=-5.5)
    del rows[110]
    faulty = replace(made, rows=tuple(rows), target=replace(made.target, column="a{b}"))
    ladder = (Naive(), OwnDrift(), NationalDrift())
    report = build(run(faulty, ladder, ahead=3, left_out=("ridge",)))
    gate = next(one for one in report.sections if one.key == "gate")
    faults = {row[0].of("en") for row in gate.tables[0].rows if isinstance(row[0], Words)}
    assert {"unit slip", "jump", "out of range", "gap"} <= faults
    return report


def files_of(folder: Path) -> tuple[Path, Path, Path]:
    return folder / "panel.csv", folder / "schema.yaml", folder / "plan.yaml"


def scenario(folder: Path) -> Report:
    scenarios_cli.write_example(folder)
    asked = scenarios_cli.Asked(*files_of(folder), ahead=9)
    report = scenarios_cli.made(asked)[0]
    assert next(one for one in report.sections if one.key == "index").says
    return report


PLAN = """lags: [{input: spending, lags: 4, degree: 2}, {input: spending, lags: 35, degree: 2}]
window:
  - {exposure: readiness, from: 2021Q1, length: 6}
  - {exposure: sharing, from: 2016Q2, length: 2}
discount: [{hardware: hardware, rest: software}]
"""


def structure(folder: Path) -> Report:
    structure_cli.write_example(folder, 3)
    (folder / "plan.yaml").write_text(PLAN)
    report = structure_cli.made(*files_of(folder), (), 3)
    said = " ".join(one.en for one in report.verdict)
    assert "too few for 35 lags" in said
    assert "there are no 10 regions" in said
    return report


def policy(folder: Path) -> Report:
    policy_cli.write_example(folder)
    sheet = folder / "audit.csv"
    rows = [f"a,plan,s,{n % 2},{n % 2 if n > 3 else 1}" for n in range(40)]
    sheet.write_text("\n".join(["document,part,sentence,machine,person", *rows, ""]))
    return policy_cli.made(folder / "documents.csv", audit=sheet)[0]


def proofs(_: Path) -> Report:
    return proof.build(proving.prove(10, 7, (0.5, 2.0)), date(2026, 11, 26), 7)


def atlas(_: Path) -> Report:
    told = shipped()
    day = date(2026, 11, 26)
    here = Figure(Decimal("3.5"), "percent", day, "here", "measured")
    made = {one.name: here for one in told.beside.values()}
    return build_atlas(told, beside(told, made, {}, made), day)


MAKERS: Mapping[str, Callable[[Path], Report]] = {
    "panel": lambda _: panel(),
    "scenarios": scenario,
    "structure": structure,
    "policy": policy,
    "proof": proofs,
    "atlas": atlas,
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_number_of_a_report_is_a_figure_and_a_picture_shows_some(
    name: str, tmp_path: Path
) -> None:
    report = MAKERS[name](tmp_path)
    assert bare(report) == []
    drawn = [one for section in report.sections for one in section.pictures]
    assert drawn
    figures = list(report.figures())
    assert len(figures) > 20
    assert all(one.source for one in figures)


def test_the_walk_finds_a_number_that_is_no_figure() -> None:
    five = Figure(5, "item", date(2026, 1, 1), "a test", "measured")
    for words in (
        plain("it is 5"),
        plain("7.1 % a year"),
        Words("第 3 项", "the third"),
        filled(Words("{0} 之 6", "{0} of 6"), [five]),
        plain("12000"),
        plain("2020.5"),
    ):
        assert bare(Report(words, date(2026, 1, 1), ()))
    for words in (
        filled(Words("2020 年 {0}", "{0} in 2020Q1"), [five]),
        plain("§3.4, R01, 2024-03-15 and report of 2026, section 4.1"),
    ):
        assert not bare(Report(words, date(2026, 1, 1), ()))


def test_one_quarter_of_documents_is_drawn_as_bars(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一、工作部署\n推进数据共享。\n", encoding="utf-8")
    listed = tmp_path / "documents.csv"
    listed.write_text("file,date,authority\na.txt,2024-02-01,city\n", encoding="utf-8")
    report = policy_cli.made(listed)[0]
    (picture,) = report.sections[0].pictures
    shown = {one.label.en: one.high.value for one in picture.bars}  # type: ignore[union-attr]
    row = report.sections[0].tables[0].rows[0]
    assert list(shown.values()) == [one.value for one in row[1:] if isinstance(one, Figure)]
    assert shown["plans"] > 0
    assert shown["reviews"] == 0
    assert bare(report) == []


def test_the_proof_draws_each_estimate_beside_its_truth() -> None:
    found = proving.prove(10, 7, (0.5, 2.0))
    (section,) = proof.build(found, date(2026, 11, 26), 7).sections
    assert len(section.pictures) == len(proof.NAMES)
    for picture, name in zip(section.pictures, proof.NAMES, strict=True):
        own = [one for one in found if one.estimator == name]
        assert float(picture.base.value) == pytest.approx(own[0].truth)  # type: ignore[union-attr]
        bars = picture.bars  # type: ignore[union-attr]
        for bar, one in zip(bars, own, strict=True):
            ends = [float(each.value) for each in (bar.low, *bar.shown, bar.high)]
            assert ends == pytest.approx([one.low, one.median, one.high], abs=5e-4)


@given(st.lists(st.text("{}0a", max_size=6), min_size=1, max_size=3), st.integers(0, 9))
def test_sentences_in_a_sentence_keep_their_words_and_their_figures(
    names: list[str], value: int
) -> None:
    one = Figure(value, "item", date(2026, 1, 1), "a test", "measured")
    parts: list[Words] = [plain(name) for name in names]
    parts += [filled(Words("{0} 个", "{0} so"), [one]), filled(Words("({0})", "[{0}]"), [one])]
    template = " ".join(f"{{{n}}}" for n in range(len(parts)))
    found = joined(Words(template, template), *parts)
    assert found.en == " ".join(part.en for part in parts)
    assert found.zh == " ".join(part.zh for part in parts)
    assert found.figures == (one, one)
