"""The pages of the atlas: what fails is shown first, and what was not measured says so."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import html

from tongban.apps.forecast import queries
from tongban.apps.forecast.atlas import measuring
from tongban.kernel.figures import UNITS, Figure

pytestmark = pytest.mark.django_db
SAYS = {
    "zh": ("不成立", "尚未测量", "未说明", "只提到名称，没有给出数字。出处： report of 2026"),
    "en": ("fails", "not measured yet", "not stated", "Named without a figure in: report of 2026"),
}


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    """Give an installation in which nothing was counted yet."""
    settings.HOME = tmp_path
    return tmp_path


def page(client: Client, path: str, lang: str) -> Any:
    answer = client.get(f"{path}?lang={lang}")
    assert answer.status_code == 200
    return html.fromstring(answer.content.decode())


@pytest.mark.parametrize("lang", SAYS)
def test_every_check_that_fails_is_listed_first_with_its_sum(client: Client, lang: str) -> None:
    failing = [one for one in queries.atlas().atlas.checks if not one.holds]
    tree = page(client, "/atlas", lang)
    first, second = tree.xpath("//main//ul[@class='rows']")
    told = [" ".join(one.text_content().split()) for one in first.xpath("li")]
    assert len(told) == len(failing) > 20
    for words, check in zip(told, failing, strict=True):
        assert SAYS[lang][0] in words
        assert (check.en if lang == "en" else check.zh) in words
    assert not any(words.startswith(SAYS[lang][0]) for words in second.xpath("li//text()"))
    whole = " ".join(told)
    for number in ("1.35", "62,000,000", "1,280", "78.4%", "99.99%"):
        assert number in whole


@pytest.mark.parametrize("lang", SAYS)
def test_what_was_not_measured_says_so_until_it_is(client: Client, lang: str) -> None:
    def cells(key: str) -> list[str]:
        seen = queries.atlas().atlas.figures[key]
        name = seen.en if lang == "en" else seen.zh
        (row,) = tree.xpath(f"//main//tr[*[normalize-space()={name!r}]]")
        return [" ".join(one.text_content().split()) for one in row]

    tree = page(client, "/atlas/measured", lang)
    rows = tree.xpath("//main//tbody/tr")
    assert len(rows) == len(queries.atlas().measured)
    assert all(SAYS[lang][1] in row.text_content() for row in rows)
    assert cells("cps_mean")[4] == "tongban value platform LEDGER"
    name = queries.atlas().atlas.beside["cps_mean"].name
    cost = Figure(987, "fen", queries.atlas().atlas.figures["irr"].figure.as_of, "x", "measured")
    measuring.keep({name: cost}, "reports")
    tree = page(client, "/atlas/measured", lang)
    assert cells("cps_mean")[2] == cost.text(lang)
    assert SAYS[lang][1] in cells("irr")[2]


@pytest.mark.parametrize("lang", SAYS)
def test_a_card_says_where_each_level_comes_from_and_what_is_not_stated(
    client: Client, lang: str
) -> None:
    told, at = queries.atlas().atlas, ("zh", "en").index(lang)
    tree = page(client, "/atlas/cases", lang)
    text = " ".join(tree.text_content().split())
    tables = tree.xpath("//main//table")[: len(told.cards)]
    for card, table in zip(told.cards, tables, strict=True):
        assert (card.en if lang == "en" else card.zh) in table.text_content()
        rows = [[cell.text_content().strip() for cell in row] for row in table.xpath(".//tbody/tr")]
        for row, one in zip(rows, told.levels[card.key], strict=True):
            assert row[2] == queries.KNOWN[one.status][at]
            if one.quoted is None:
                shown = one.words[at] if one.words else SAYS[lang][2]
                assert row[1:2] + row[3:] == [shown, "–", one.source or "–"]
                continue
            figure = one.quoted.figure.text(lang)
            assert row[1] == (figure if one.points is None else f"{one.points} / 5")
            assert figure in row[3]
            assert row[4] == one.quoted.place[at]
    assert text.count(SAYS[lang][3]) == 2


def test_the_json_gives_each_level_with_its_status_and_source(client: Client) -> None:
    given = {one["key"]: one["levels"] for one in client.get("/api/atlas").json()["cases"]}
    told = queries.atlas().atlas
    for card in told.cards:
        for shown, one in zip(given[card.key], told.levels[card.key], strict=True):
            assert (shown["criterion"], shown["status"]) == (one.criterion, one.status)
            assert (shown["source"], shown["points"]) == (one.source, one.points)
            assert (shown["words"] is None) == (one.words is None)
    assert {"quoted", "judged", "unknown"} == {
        one["status"] for levels in given.values() for one in levels
    }


@pytest.mark.parametrize("lang", SAYS)
def test_the_comparison_shows_every_cell_of_every_table(client: Client, lang: str) -> None:
    at = ("zh", "en").index(lang)
    told = queries.atlas().atlas
    tree = page(client, "/atlas/compare", lang)
    shown = tree.xpath("//main//table")
    text = " ".join(tree.text_content().split())
    assert len(shown) == len(told.tables) > 5
    for one, table in zip(told.tables, shown, strict=True):
        assert (one.en if at else one.zh) in text
        assert one.note is None or " ".join(one.note[at].split()) in text
        rows = [[c.text_content().strip() for c in row] for row in table.xpath(".//tbody/tr")]
        head = [c.text_content().strip() for c in table.xpath(".//thead//th")]
        for row, (zh, en, cells) in zip(rows, one.rows, strict=True):
            assert row[0] == (en if at else zh)
            for cell, quoted in zip(row[1:], cells, strict=True):
                if quoted is None:
                    assert cell == "–"
                    continue
                # a number that is drawn has its unit in the head of its column
                figure = quoted.figure
                whole = figure.text(lang)
                number = whole.removesuffix(UNITS[figure.unit][2 * at]).strip()
                assert cell == whole or (
                    Decimal(cell) == Decimal(number.replace(",", ""))
                    and UNITS[figure.unit][2 * at] in head[1]
                )
    assert tree.xpath("//main//svg")


# --- the installation's own folder

OWN = {
    "figures/ours.yaml": """
as_of: 2026-11-01
source: our survey
figures:
  - {key: our_users, section: "2", area: services, value: "52000000", unit: person,
     zh: 本省用户, en: our own users}
  - {key: our_cost, section: "2", area: value, value: "1234", unit: fen, zh: 本省成本, en: our cost}
""",
    "cases.yaml": """
cases:
  - key: ours
    zh: 本省平台
    en: our own platform
    levels:
      level: {status: quoted, zh: 省级, en: province, source: our charter}
      breadth: {status: judged, measure: users, figure: our_users}
    told: [our_cost]
""",
    "tables.yaml": """
tables:
  - key: ours
    zh: 本省对比
    en: our own table
    columns: [{zh: 值, en: value}]
    rows:
      - {zh: 用户, en: users, cells: [our_users]}
      - {zh: 成本, en: cost, cells: [our_cost]}
      - {zh: 其他, en: rest, cells: [null]}
""",
}


@pytest.fixture
def own(settings: Any, tmp_path: Path) -> Path:
    """Give an installation a folder of its own cases."""
    folder = tmp_path / "ours"
    for name, text in OWN.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    settings.ATLAS = folder
    return folder


def test_the_pages_show_the_installations_own_cases(client: Client, own: Path) -> None:
    tree = page(client, "/atlas/cases", "en")
    (table,) = tree.xpath("//main//table[caption[contains(., 'our own platform')]]")
    rows = [[c.text_content().strip() for c in row] for row in table.xpath(".//tbody/tr")]
    assert rows[0][1:] == ["province", "quoted", "–", "our charter"]
    assert rows[2][1:3] == ["4 / 5", "judged"]
    assert [row[2] for row in rows[3:]] == ["not stated"] * 3
    # money is written in yuan, what is missing stays a row, and units are not drawn together
    (table,) = page(client, "/atlas/compare", "en").xpath(
        "//main//table[caption[contains(., 'our own table')]]"
    )
    rows = [[c.text_content().strip() for c in row] for row in table.xpath(".//tbody/tr")]
    assert rows == [["users", "52,000,000 persons"], ["cost", "12.34 yuan"], ["rest", "–"]]
    given = client.get("/api/atlas").json()
    assert given["wrong"] == ""
    assert given["cases"][-1]["key"] == "ours"
    # a file that changes is read anew
    file = own / "cases.yaml"
    file.write_text(OWN["cases.yaml"].replace("our charter", "our new charter"))
    os.utime(file, ns=(1, 1))
    assert "our new charter" in page(client, "/atlas/cases", "en").text_content()


@pytest.mark.parametrize("lang", SAYS)
def test_a_folder_that_cannot_be_read_is_named_on_the_page(
    client: Client, own: Path, lang: str
) -> None:
    (own / "tables.yaml").write_text("tables: {}\n")
    tree = page(client, "/atlas/cases", lang)
    (said,) = tree.xpath("//main//*[@role='alert']")
    assert "TONGBAN_ATLAS" in said.text_content()
    assert "AtlasInvalid: ours/tables.yaml:1: tables" in said.text_content()
    assert str(own.parent) not in tree.text_content()
    assert len(tree.xpath("//main//table")) == len(queries.atlas().atlas.cards) + 1
    assert client.get("/api/atlas").json()["wrong"].startswith("AtlasInvalid: ours/tables.yaml")
    own.rename(own.parent / "gone")
    assert "ours is no folder" in page(client, "/atlas", lang).text_content()
