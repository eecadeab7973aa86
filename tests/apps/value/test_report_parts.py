"""Parts of a report: rows that lead to one another, names that follow the data, sums kept apart."""

from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from testkit.valuing import cells, run, told
from tongban.apps.value import parameters, samples
from tongban.kernel.figures import Figure

DAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return samples.write(tmp_path_factory.mktemp("value"), 1000)


def test_a_department_leads_to_its_services_and_back(made: dict[str, Path], tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    run("costs", made["ledger"], made["events"], "--lang", "en", "-o", page)
    tree = html.fromstring(page.read_text(encoding="utf-8"))
    departments, services = tree.xpath("//section[h2='By department and service']//table")
    names = [row.xpath("string(td[1])") for row in services.xpath("tbody/tr")]
    # the services of one department stand together
    assert list(dict.fromkeys(names)) == [one for one, _ in groupby(names)]
    for row in departments.xpath("tbody/tr"):
        (link,) = row.xpath("td[1]/a")
        (first,) = services.xpath(f".//tr[@id='{link.get('href')[1:]}']")
        own = [one for one in services.xpath("tbody/tr") if one.xpath("string(td[1])") == link.text]
        assert own[0] is first
        assert {f"#{row.get('id')}"} == {one.xpath("string(td[1]/a/@href)") for one in own}
        assert row.xpath("string(td[2]/text())") == Figure(
            len(own), "item", DAY, "s", "measured"
        ).text("en")
    ids = tree.xpath("//@id")
    assert len(set(ids)) == len(ids)


def test_names_of_a_comparison_follow_the_offers(made: dict[str, Path], tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    text = parameters.SHIPPED.read_text(encoding="utf-8")
    swapped = text.replace("ours: domestic", "ours: imported").replace(
        "theirs: imported", "theirs: domestic"
    )
    found = []
    for told_text in (text, swapped):
        own.write_text(told_text, encoding="utf-8")
        report = told(run("cloud", made["cloud"], "--json", "--parameters", own))
        (section,) = (s for s in report["sections"] if "Total cost" in s["title"]["en"])
        (picture,) = section["pictures"]
        found.append((section["title"]["zh"], picture["title"]["zh"], picture["title"]["en"]))
        last = picture["bars"][-1]["high"]["value"]
        found[-1] += (last > 0,)
    assert found == [
        (
            "国产与进口的全生命周期成本",
            "累计差额（正数为国产较省）",
            "Difference so far (above nil: domestic costs less)",
            True,
        ),
        (
            "进口与国产的全生命周期成本",
            "累计差额（正数为进口较省）",
            "Difference so far (above nil: imported costs less)",
            False,
        ),
    ]
    alone = tmp_path / "cloud.csv"
    alone.write_text("year,class,offer,amount,unit\n2024,hardware,,5,yuan\n", encoding="utf-8")
    (section,) = (
        s
        for s in told(run("cloud", alone, "--json"))["sections"]
        if "Total cost" in s["title"]["en"]
    )
    assert (section["says"][0]["en"], section["pictures"]) == ("not measured yet", [])


def test_direct_and_social_value_stand_apart(made: dict[str, Path]) -> None:
    report = told(run("appraise", made["project"], "--json", "--paths", "200"))
    direct = cells(report, "Direct value (money of the budget)")["net present value, direct"]
    social = cells(report, "Social value")["present social value, after deductions"]
    assert direct != 0 != social
    figures: list[int] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict) and part.get("unit") == "fen":
            figures.append(part["value"])
        for one in part.values() if isinstance(part, dict) else part:
            if isinstance(one, dict | list):
                walk(one)

    walk(report)
    assert {direct, social} <= set(figures)
    assert not [one for one in figures if abs(one - direct - social) <= 1]
    (section,) = (s for s in report["sections"] if s["title"]["en"] == "Social value")
    assert [one["zh"] for one in section["says"]] == [
        "社会价值与直接价值并列，不相加：前者不是财政收入。"
    ]
