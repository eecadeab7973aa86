"""The flow on the desk's page of a case: drawn as published, with how far the case is in it."""

from typing import Any

import pytest
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from tongban.apps.cases import services

ITEM, HERE = "maternity-reimbursement", "medical-insurance"


def flow(answer: Any) -> Any:
    assert plain(answer)
    (found,) = html.fromstring(answer.content.decode()).xpath(
        "//svg[@class='flow']/ancestor::details"
    )
    return found


def marked(found: Any, tone: str) -> set[str]:
    return set(
        found.xpath(f".//g[contains(@class, 'at ') and contains(@class, '{tone}')]/title/text()")
    )


def listed(found: Any) -> dict[str, str]:
    return {
        row.findtext("b"): " ".join(row.xpath("string(span)").split())
        for row in found.xpath(".//ol[@class='tasks']/li")
    }


def test_a_case_is_shown_in_its_flow_as_it_goes_on(office: Office) -> None:
    number = office.submit()
    reviewer = signed_in(office.official(HERE, "reviewer"))
    first = flow(reviewer.get(f"/desk/cases/{number}/{ITEM}"))
    (task,) = office.tasks(number)
    assert marked(first, " now") == {task.name}
    assert listed(first)[task.name] == "正在办理"
    assert "受理" in marked(first, " done")
    assert listed(first)["受理"] == "已完成"
    ahead = {name for name, state in listed(first).items() if state == "未到"}
    assert ahead
    grant = services.Verdict(outputs={"outcome": "grant"}, reason="材料齐全")
    services.decide(office.official(HERE, "reviewer"), number, ITEM, task.step, grant)
    second = flow(reviewer.get(f"/desk/cases/{number}/{ITEM}"))
    assert task.name in marked(second, " done")
    assert listed(second)[task.name] == "已完成"


@pytest.mark.parametrize("view", ["standard", "elder"])
def test_the_picture_scrolls_in_a_box_that_keys_reach(office: Office, view: str) -> None:
    number = office.submit()
    reviewer = signed_in(office.official(HERE, "reviewer"))
    found = flow(reviewer.get(f"/desk/cases/{number}/{ITEM}?lang=en&view={view}"))
    (box,) = found.xpath(".//div[@role='region'][@tabindex='0'][@dir='ltr']")
    (svg,) = box.xpath("./svg")
    wide, around = float(svg.get("width")), float(svg.get("viewbox").split()[2])
    assert wide / around == pytest.approx({"standard": 1.4, "elder": 2}[view])
    assert svg.findtext("title")
    assert set(listed(found).values()) <= {
        "done",
        "at work",
        "waits for time or news",
        "not reached",
    }
