"""What the desk warns of: a clock in colour and words that agree, sources that do not."""

from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import signed_in
from testkit.office import Office
from testkit.registers import second_register
from tongban.apps.cases import services

ITEM, HERE = "maternity-reimbursement", "medical-insurance"
TONES = {"正常": "done", "临期": "alert", "逾期": "stop"}
#: What the words of a clock say, by its light.
SAYS = {"正常": "剩余", "临期": "剩余", "逾期": "超期"}


def tree(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.fromstring(answer.content.decode())


def clock(client: Client, path: str) -> tuple[str, str, str]:
    """Give the colour of the one clock on a page, the word beside it, and the rest of its words."""
    found = [
        (badge.get("class").split()[1], *badge.text_content().strip().split(" · ", 1))
        for badge in tree(client, path).xpath("//main//span[starts-with(@class, 'badge')]")
        if " · " in badge.text_content()
    ]
    (only,) = found
    assert len(only) == 3
    return only


def test_the_colour_of_a_clock_and_its_words_agree(office: Office) -> None:
    number = office.submit()
    reviewer = office.official(HERE, "reviewer")
    case = f"/desk/cases/{number}/{ITEM}"
    lights = []
    for _ in range(16):
        client = signed_in(reviewer)  # of that day: yesterday's session has ended
        colour, word, words = clock(client, "/desk")
        assert clock(client, case) == (colour, word, words)
        assert colour == TONES[word]
        assert SAYS[word] in words
        assert ("超期" in words) == (word == "逾期")
        lights.append(word)
        office.clock.move(days=2)
    assert list(dict.fromkeys(lights)) == list(TONES)


def test_a_clock_that_is_stopped_says_so_and_stays_as_it_was(office: Office) -> None:
    number = office.submit()
    reviewer = office.official(HERE, "reviewer")
    case = f"/desk/cases/{number}/{ITEM}"
    services.suspend(reviewer, number, ITEM, "appraisal", "委托鉴定")
    for _ in range(3):
        colour, word, words = clock(signed_in(reviewer), case)
        assert (colour, word) == ("done", "正常")
        assert "停止计算，自2026-11-23" in words
        office.clock.move(days=60)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sources_that_differ_are_named_on_the_case_and_no_value_is(
    office: Office, settings: Any, lang: str
) -> None:
    item = "household-registration"
    agreed = office.submit()
    client = signed_in(office.official("police", "reviewer"))
    client.get(f"/desk?lang={lang}")

    def warned(number: str) -> list[str]:
        page = tree(client, f"/desk/cases/{number}/{item}")
        found = page.xpath("//main//li[span[starts-with(@class, 'badge alert')]]")
        return [" ".join(li.text_content().split()) for li in found]

    assert warned(agreed) == []
    second_register(office, settings)
    office.next_birth()
    (told,) = warned(office.submit())
    names = {"zh": ("民政局", "公安局"), "en": ("Civil Affairs", "Public Security")}[lang]
    for part in ({"zh": "婚姻状况", "en": "marital"}[lang], *names):
        assert part in told
    for value in ("married", "single", "已婚", "未婚"):
        assert value not in told.replace("婚姻状况", "")
