"""Reports: every figure with its source, nothing fetched, and no data becomes markup or formula."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from openpyxl import load_workbook

from tongban.infra.reports.files import FormUnknown, to_json, write
from tongban.infra.reports.model import (
    Bar,
    Bars,
    Cell,
    Fan,
    Fans,
    Line,
    Lines,
    Link,
    Point,
    Report,
    Section,
    Source,
    Table,
    bar,
    filled,
    plain,
)
from tongban.infra.reports.page import page
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

DAY = date(2026, 11, 26)
BOOKS = Source("ledger.csv sha256:0", DAY)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
CELL: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    TEXT,
    TEXT.map(plain),
    st.integers(-(10**9), 10**9).map(BOOKS.fen),
    st.decimals(-1000, 1000, places=2).map(lambda x: BOOKS.assumed("rate").of(x, "percent")),
)


def whole(name: str, rows: tuple[tuple[Cell, ...], ...]) -> Report:
    """Give a report that holds each kind of picture, everything named ``name``."""
    said, five = plain(name), BOOKS.fen(5)
    was, comes = Point(name, BOOKS.fen(1)), Point(name, five, (BOOKS.fen(4), BOOKS.fen(6)))
    pictures = (
        Bars(said, (Bar(said, BOOKS.fen(0), five, (five, five)), bar(said, five)), promise=five),
        Lines(said, (Line(said, (was, comes)), Line(said, (was, was), quoted=True))),
        Fans(said, (Fan(name, (was, was), (comes, comes)),)),
    )
    section = Section(said, (said,), (Table((said, said), rows),), pictures)
    return Report(said, DAY, (section, Section(said, key="last")), (said,))


@given(TEXT, st.lists(st.tuples(CELL, CELL), max_size=4), st.sampled_from(["zh", "en"]))
def test_what_is_told_is_in_the_page_and_nothing_else(
    name: str, rows: list[tuple[Cell, Cell]], lang: str
) -> None:
    report = whole(name, tuple(rows))
    told = page(report, lang)
    tree = html.document_fromstring(told)
    assert tree.xpath("string(//h1)") == name
    assert {one.tag for one in tree.iter() if isinstance(one.tag, str)} <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "div", "nav",
        "ul", "ol", "li", "a", "section", "table", "thead", "tbody", "tr", "th", "td", "figure",
        "figcaption", "svg", "line", "text", "tspan", "rect", "polygon", "polyline",
    }  # fmt: skip
    assert not tree.xpath("//@style | //@src | //@*[starts-with(name(), 'on')]")
    # each figure leads to its source, and each address is there
    figures = [cell for row in rows for cell in row if isinstance(cell, Figure)]
    links = tree.xpath("//td/a/@href")
    assert len(links) == len(figures)
    for figure, link in zip(figures, links, strict=True):
        assert tree.xpath(f"string(//*[@id='{link[1:]}'])").endswith(figure.source)
    assert all(tree.xpath(f"//*[@id='{to[1:]}']") for to in tree.xpath("//a/@href"))
    assert json.loads(to_json(report))["sections"][0]["title"] == {"zh": name, "en": name}


def test_data_is_no_formula(tmp_path: Path) -> None:
    evil = '=cmd()"<script>&\x07'
    write(whole(evil, ((evil, BOOKS.fen(5)),)), tmp_path / "e.xlsx", "zh")
    book = load_workbook(tmp_path / "e.xlsx")
    assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "n"}
    listed = list(book.worksheets[-1].iter_rows(min_row=2, values_only=True))
    # the pictures' own, each once a picture, and the cell's
    assert [line[3] for line in listed] == [
        0,
        0.05,
        0.01,
        0.05,
        0.04,
        0.06,
        0.01,
        0.05,
        0.04,
        0.06,
        0.05,
    ]
    assert listed[-1][1:3] == (listed[-1][0], listed[-1][0])


def test_a_sentence_keeps_the_figures_that_it_tells(tmp_path: Path) -> None:
    rate, spent = BOOKS.assumed("rate").share(Decimal("0.08")), BOOKS.fen(1_200)
    said = filled(Words("按 {1} 折现，共 {0}。", "At {1} it is {0} in all."), [spent, rate])
    assert (said.zh, said.en) == ("按 8.0% 折现，共 12.00 元。", "At 8.0% it is 12.00 yuan in all.")
    chart = Bars(said, (bar(said, spent),))
    section = Section(plain("s"), (said,), (Table((said,), ((said,),)),), (chart,))
    report = Report(plain("t"), DAY, (section,), (said,))
    tree = html.document_fromstring(page(report, "en"))
    for path in ("//div[@class='verdict']/p", "//section/p", "//th", "//td", "//figcaption"):
        (one,) = tree.xpath(path)
        told = [(f.text, f.get("class"), f.get("title")) for f in one.xpath("span")]
        assert told == [(f.text("en"), f"f {f.status}", f.full("en")) for f in (rate, spent)]
        sources = [tree.xpath(f"string(//*[@id='{to[1:]}'])") for to in one.xpath("span/a/@href")]
        assert sources == ["assumed · ledger.csv sha256:0; rate", "measured · ledger.csv sha256:0"]
    (label, beside) = tree.xpath("//*[name()='text']")
    assert [f.get("class") for f in label] == ["assumed", "measured"]
    assert (label.text_content(), beside.text_content()) == (said.en, "12.00 yuan")
    # what is drawn leads to its sources by the caption
    assert len(tree.xpath("//figcaption/a[@class='q']")) == 2
    told_json = json.loads(to_json(report))["sections"][0]["says"][0]
    assert [one["status"] for one in told_json["figures"]] == ["measured", "assumed"]
    write(report, tmp_path / "r.xlsx", "en")
    rows = list(
        load_workbook(tmp_path / "r.xlsx")["figures"].iter_rows(min_row=2, values_only=True)
    )
    assert len(rows) == len(list(report.figures()))
    assert rows[0][:4] == ("t", said.en, "—", 12)


def test_a_link_leads_to_a_row() -> None:
    rows = ((Link("甲", "A", "row-b"), BOOKS.fen(1)), (plain("b"), BOOKS.fen(2)))
    table = Table((plain("n"), plain("v")), rows, keys=("row-a", "row-b"))
    report = Report(plain("t"), DAY, (Section(plain("s"), (), (table,)),))
    tree = html.document_fromstring(page(report, "zh"))
    (link,) = tree.xpath("//td[1]/a")
    assert (link.text, link.get("href")) == ("甲", "#row-b")
    assert tree.xpath("string(//tr[@id='row-b']/td[1])") == "b"
    told = json.loads(to_json(report))["sections"][0]["tables"][0]
    assert (told["keys"], told["rows"][0][0]["to"]) == (["row-a", "row-b"], "row-b")


def test_a_page_may_load_nothing() -> None:
    told = page(whole("t", ()), "en")
    policy = "default-src 'none'; style-src 'sha256-"
    assert html.fromstring(told).xpath("//meta[@http-equiv]/@content")[0].startswith(policy)
    assert "url(" not in told


def test_a_picture_of_nothing_but_nil_is_drawn() -> None:
    nil = BOOKS.fen(0)
    bars = Bars(Words("零", "nil"), (Bar(Words("零", "nil"), nil, nil, (nil,)),))
    empty = Bars(Words("空", "empty"), ())
    told = page(Report(plain("t"), DAY, (Section(plain("s"), (), (), (bars, empty)),)), "en")
    assert "NaN" not in told
    assert told.count("<svg") == 1


def test_bars_are_as_long_as_their_figures() -> None:
    low, high, base = (BOOKS.of(Decimal(n), "number") for n in (2, 8, 4))
    bars = Bars(plain("t"), (Bar(plain("a"), high, low, ()), bar(plain("b"), base)), base)
    drawn = page(Report(plain("t"), DAY, (Section(plain("s"), pictures=(bars,)),)), "en")
    wide = [float(one) for one in re.findall(r'<rect [^>]*width="([0-9.]+)"', drawn)]
    assert wide[0] / wide[1] == pytest.approx(6 / 4, rel=0.01)
    assert 'class="down"' in drawn


def test_another_form_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FormUnknown, match=r"r\.doc must end in one of \.html"):
        write(whole("t", ()), tmp_path / "r.doc", "zh")
    assert not list(tmp_path.iterdir())


def test_a_source_is_named_once_however_often_it_was_joined() -> None:
    said = Source("parameters.yaml", DAY, "assumed")
    both = Source("ledger.csv", DAY).plus(said)
    assert (both.name, both.status) == ("ledger.csv; parameters.yaml", "assumed")
    told = both.plus(said, Source(Words("自定", "own choice"), DAY), both)
    assert told.name == Words(
        "ledger.csv；parameters.yaml；自定", "ledger.csv; parameters.yaml; own choice"
    )
