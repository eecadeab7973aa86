"""The pages of the atlas: what fails is shown first, and what was not measured says so."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import html

from tongban.apps.forecast import queries
from tongban.apps.forecast.atlas import measuring
from tongban.kernel.figures import Figure

pytestmark = pytest.mark.django_db
SAYS = {
    "zh": ("不成立", "尚未测量", "未说明", "2026 年的报告只提到名称，没有给出数字。"),
    "en": ("fails", "not measured yet", "not stated", "names it and states no figure"),
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
