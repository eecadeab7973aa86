"""The ask box quotes or says that it does not know; the pre-check answers and keeps nothing."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from tongban.apps.cases.models import ApplicationDraft, Case
from tongban.apps.items import queries as items


def tree(answer: Any) -> Any:
    assert plain(answer)
    return html.fromstring(answer.content.decode())


def text(answer: Any) -> str:
    return " ".join(tree(answer).text_content().split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_question_is_answered_by_a_quoted_paragraph(office: Office, lang: str) -> None:
    answer = Client().get("/ask", {"q": "老人补贴怎么领", "lang": lang})
    (quote,) = tree(answer).xpath("//section[@class='panel']")
    assert quote.xpath(".//h3/a/@href")[0].startswith("/services/old-age-allowance")
    assert quote.xpath(".//blockquote")
    said = {"zh": "引自办事指南 版本", "en": "Quoted from the guide, version"}[lang]
    shown = items.ask("老人补贴怎么领").quotes[0]
    day = shown.published.astimezone(ZoneInfo("Asia/Shanghai"))
    (source,) = quote.xpath(".//p[@class='hint']")
    assert " ".join(source.text_content().split()) == f"{said} {shown.edition} · {day:%Y-%m-%d}"


def test_what_no_guide_answers_is_not_answered(office: Office) -> None:
    answer = text(Client().get("/ask", {"q": "怎么炒股票赚钱"}))
    assert "没有找到有把握的答案" in answer
    assert "12345" in answer
    assert tree(Client().get("/ask?q=%00%F0%9F%98%80")).xpath("//form[@role='search']")
    assert "<b>x" not in Client().get("/ask", {"q": "<b>x</b>"}).content.decode()


def test_who_asks_or_searches_too_often_waits(office: Office, settings: Any) -> None:
    settings.QUESTIONS = 4
    settings.ACCESS_PROXIES = ["10.1.0.0/24"]
    one = Client(REMOTE_ADDR="10.1.0.1", headers={"X-Forwarded-For": "192.0.2.1"})
    here = {"REMOTE_ADDR": "10.1.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}
    clerk = signed_in(office.official("police", "clerk"))
    for path in ("/ask?q=gljt", "/services?q=gljt") * 2:
        assert one.get(path).status_code == 200
    for path in ("/ask?q=gljt", "/services?q=gljt"):
        answer = one.get(path)
        assert (answer.status_code, answer["Retry-After"]) == (429, "60")
        assert "过一会儿" in text(answer)
        assert not tree(answer).xpath("//main//a[contains(@href, 'old-age')]")
    assert clerk.get("/catalogue", **here).status_code == 200
    assert clerk.get("/catalogue?q=婚姻", **here).status_code == 429
    # who only looks is not counted, nor is who comes through the same proxy from elsewhere
    for path in ("/ask", "/services", "/services?department=police"):
        assert one.get(path).status_code == 200
    other = Client(REMOTE_ADDR="10.1.0.1", headers={"X-Forwarded-For": "192.0.2.2"})
    assert other.get("/services?q=gljt").status_code == 200
    office.clock.move(minutes=2)
    assert one.get("/services?q=gljt").status_code == 200


def forms(answer: Any) -> list[tuple[str, str]]:
    (form,) = tree(answer).xpath("//main//form")
    return [(f.get("name"), f.get("value", "")) for f in form.xpath(".//input[@type='hidden']")]


def send(client: Client, answer: Any, **given: str) -> Any:
    sent: dict[str, list[str]] = {}
    for name, value in forms(answer):
        sent.setdefault(name, []).append(value)
    return client.post("/services/old-age-allowance/check", sent | given)


def test_the_rules_answer_before_anybody_applies_and_nothing_is_kept(office: Office) -> None:
    client = Client()
    page = client.get("/services/old-age-allowance/check")
    asked = tree(page).xpath("//main//form//input[@name='put']/@value")
    assert asked
    for _ in range(9):
        fields = tree(page).xpath("//main//form[.//fieldset or .//label]")
        if not fields:
            break
        page = send(client, page, **told(page))
        assert page.status_code == 200
    result = text(page)
    assert "可以办" in result or "由工作人员审查" in result
    assert Case.objects.count() == 0
    assert ApplicationDraft.objects.count() == 0


def test_a_no_is_shown_with_its_reason(office: Office) -> None:
    client = Client()
    page = client.get("/services/old-age-allowance/check")
    born = {"elder.birth_date-year": "2010", "elder.birth_date-month": "1"}
    page = send(client, page, **{**told(page), **born, "elder.birth_date-day": "1"})
    branches = tree(page).xpath("//li[contains(@class, 'branch') and contains(@class, 'stop')]")
    (refused,) = [one for one in branches if "高龄津贴" in one.text_content()]
    assert "不能办" in refused.xpath("string(.//p[span])")
    (reason,) = refused.xpath("./p[not(@class)]")
    assert "八十" in reason.text_content()


ANSWERS = {
    "elder.birth_date": ("1930", "5", "1"),
    "elder.deceased": "false",
    "elder.death_reported": "false",
    "elder.hukou_region": "330106",
    "elder.hukou_status": "normal",
    "elder.receives_old_age_allowance": "false",
}


def told(page: Any) -> dict[str, str]:
    """Answer what is asked: known facts by `ANSWERS`, the rest by the first choice."""
    sent: dict[str, str] = {}
    for name in tree(page).xpath("//main//form//input[@name='put']/@value"):
        known = ANSWERS.get(name)
        if isinstance(known, tuple):
            for part, value in zip(("year", "month", "day"), known, strict=True):
                sent[f"{name}-{part}"] = value
        elif known is not None:
            sent[name] = known
        else:
            choices = tree(page).xpath(f"//input[@name='{name}'][@type='radio']/@value")
            sent[name] = choices[0] if choices else ""
    return sent


def test_an_answer_that_cannot_be_read_is_named_and_asked_again(office: Office) -> None:
    client = Client()
    page = client.get("/services/old-age-allowance/check")
    (form,) = tree(page).xpath("//main//form")
    dates = [n.removesuffix("-year") for n in form.xpath(".//input/@name") if n.endswith("-year")]
    assert dates
    wrong = send(client, page, **{f"{dates[0]}-year": "1950", f"{dates[0]}-month": "13"})
    assert wrong.status_code == 422
    assert tree(wrong).xpath("//div[@id='errors']//a")
    assert Client().get("/services/nothing/check").status_code == 404
