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
    Point,
    Report,
    Section,
    Source,
    Table,
    bar,
    plain,
)
from tongban.infra.reports.page import page
from tongban.kernel.facts import Words

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
        "figcaption", "svg", "line", "text", "rect", "polygon", "polyline",
    }  # fmt: skip
    assert not tree.xpath("//@style | //@src | //@*[starts-with(name(), 'on')]")
    # each figure leads to its source, and each address is there
    figures = list(report.figures())
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
    assert [line[3] for line in listed] == [0.05]


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
