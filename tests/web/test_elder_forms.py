"""The elder view asks one question a page: of every form of a citizen, to its end."""

from typing import Any

import pytest
from django.test import Client
from lxml import html

from browser.pages_citizen import CITIZEN
from browser.pages_open import OPEN
from testkit.browsers import signed_in
from testkit.office import Office
from testkit.states import furnish
from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties import services as people
from tongban.apps.voice.models import Rating

MOST = 9  # questions of a form of these tests
NEIGHBOUR = "110101199003078355"
_CONTROL = "(self::input[not(@type='hidden')] or self::select or self::textarea)"


def main_of(answer: Any) -> Any:
    tree: Any = html.fromstring(answer.content.decode())
    return tree.xpath("//main")[0]


def questions(part: Any) -> list[Any]:
    """Give what asks something on a page or a form: a group of controls asks one question."""
    found = []
    for control in part.xpath(f".//*[{_CONTROL}]"):
        around = control.xpath("ancestor::*[self::fieldset or contains(@class, 'field')]")
        one = around[0] if around else control
        if one not in found:
            found.append(one)
    return found


def sent_by(form: Any, given: dict[str, Any], press: str = "") -> dict[str, Any]:
    """Give what a browser without script sends of a form: what stands on it, and what is given."""
    sent: dict[str, list[Any]] = {}
    for one in form.xpath(".//*[@name]"):
        name, kind = one.get("name"), one.get("type", one.tag)
        if one.tag == "button" or (kind in {"radio", "checkbox"} and one.get("checked") is None):
            continue
        if one.tag == "select":
            sent[name] = one.xpath(".//option[@selected]/@value")[:1]
        elif kind != "file":
            text = (one.text or "").strip() if one.tag == "textarea" else one.get("value", "")
            sent.setdefault(name, []).append(text)
    here = {one.get("name") for one in form.xpath(f".//*[{_CONTROL}][@name]")}
    sent |= {name: value for name, value in given.items() if name in here}
    if press:
        (button,) = form.xpath(f".//button[@name='{press}']")
        sent[press] = button.get("value")
    return sent


def press(client: Client, path: str, answer: Any, given: dict[str, Any], button: str = "") -> Any:
    (form,) = [one for one in main_of(answer).xpath(".//form") if questions(one)]
    assert len(questions(main_of(answer))) == 1
    return client.post(form.get("action") or path, sent_by(form, given, button))


def to_the_end(
    client: Client, path: str, page: Any, given: dict[str, Any]
) -> tuple[Any, list[str]]:
    """Answer question after question; give what the last page leads to, and what was asked."""
    put = []
    while page.status_code == 200 and len(put) < MOST:
        put.append(asked(page))
        page = press(client, path, page, given)
    return page, put


def elder(office: Office, event: str = "newborn", place: int = 0) -> Client:
    client = signed_in(office.applicant(event, place))
    client.cookies["tb_view"] = "elder"
    return client


def asked(answer: Any) -> str:
    (one,) = questions(main_of(answer))
    return str(one.xpath(f".//*[{_CONTROL}]")[0].get("name"))


def test_an_elder_rates_one_question_a_page_and_what_is_amiss_leads_back_to_its_page(
    office: Office,
) -> None:
    number, client = office.submit(), elder(office)
    way = f"/cases/{number}/rate/birth-certificate"
    assert len(questions(main_of(client.get(way)))) == 1
    page = client.get(f"{way}?level=1")
    page, put = to_the_end(client, way, page, {"words": ""})
    assert put[-2:] == ["words", "anonymous"]
    assert set(put[:-2]) == {"tags"}
    assert (page.status_code, asked(page)) == (422, "words")
    assert "请选择标签或写明不满意之处" in page.content.decode()
    words = "等了\r\n很久<b>"
    page = press(client, way, page, {"words": words})
    page = press(client, way, page, {}, "turn")
    assert asked(page) == "words"
    page = press(client, way, press(client, way, page, {}), {"anonymous": "yes"})
    assert page.status_code == 302
    row = Rating.objects.get()
    assert (row.level, row.said.words.replace("\r", ""), row.anonymous) == (
        1,
        "等了\n很久<b>",
        True,
    )


def test_an_elder_names_a_relative_in_two_pages_and_a_scope_in_five(office: Office) -> None:
    people.register_person("relative", "女儿", NEIGHBOUR)
    mother, client = office.applicant("newborn"), elder(office)
    page = client.get("/delegations")
    assert "第 1 题，共 2 题" in page.content.decode()
    empty = press(client, "/delegations", page, {"name": " "})
    assert (empty.status_code, asked(empty)) == (422, "name")
    page = press(client, "/delegations", page, {"name": "儿子"})
    wrong = press(client, "/delegations", page, {"number": NEIGHBOUR})
    assert (wrong.status_code, asked(wrong)) == (422, "name")
    page = press(client, "/delegations", wrong, {"name": "女儿"})
    assert press(client, "/delegations", page, {}).status_code == 302
    (row,) = delegating.given_by(mother)
    delegating.end(mother, row.number, reason="test")
    page = client.get("/delegations?full=1")
    last = {"last-year": "2020", "last-month": "1", "last-day": "1"}
    given = {"name": "女儿", "number": NEIGHBOUR, "events": ["newborn"], "actions": ["case.read"]}
    page, put = to_the_end(client, "/delegations", page, {**given, **last})
    assert put == ["name", "number", "events", "actions", "last-year"]
    assert (page.status_code, asked(page)) == (422, "last-year")
    assert press(client, "/delegations", page, {**last, "last-year": "2027"}).status_code == 302
    row = next(one for one in delegating.given_by(mother) if one.ended is None)
    assert (row.events, row.actions, row.ends.year) == (["newborn"], ["case.read"], 2027)
    assert parties.subject_of(row.agent).user_id


#: Forms that ask more than one thing on a page, and why.
TOGETHER = {
    "sign-in": "name and password are filled in together by what keeps them",
    "styleguide": "shows every kind of question, and is no form",
    "verify": "asks for a licence, pasted or as a file: for whoever is shown one",
}


@pytest.mark.slow
def test_no_form_of_a_citizen_asks_two_questions_on_a_page(office: Office) -> None:
    states = furnish(office)
    amiss = {}
    for shown in (*OPEN, *CITIZEN):
        if shown.act is not None or shown.status != 200 or shown.name in TOGETHER:
            continue
        client = signed_in(states.people[shown.role]) if shown.role else Client()
        client.cookies["tb_view"] = "elder"
        answer = client.get(shown.path.format_map(states.numbers))
        assert answer.status_code == 200, shown
        for form in main_of(answer).xpath(".//form"):
            if len(questions(form)) > 1:
                names = [one.get("name") for one in form.xpath(f".//*[{_CONTROL}]")]
                amiss[shown.name] = (form.get("action"), names)
    assert amiss == {}, "\n".join(f"{k}: {v}" for k, v in amiss.items())


def test_an_elder_hands_in_one_document_a_page_and_may_leave_out_what_is_optional(
    office: Office,
) -> None:
    client, way = elder(office), "/apply/newborn/documents"
    client.get("/apply/newborn/answers")
    pages, at = [], client.get(way)
    while at.status_code == 200 and len(pages) < MOST:
        pages.append(asked(at))
        at = press(client, way, at, {})
        if at.status_code == 302 and str(at.url).startswith(way):
            at = client.get(at.url)
    assert len(pages) == len(set(pages)) > 1
    assert at.status_code == 302
    assert not str(at.url).startswith(way)


def test_an_elder_sets_a_channel_in_two_pages(office: Office) -> None:
    client, way = elder(office), "/messages/channels"
    page = client.get(way)
    forms = [one for one in main_of(page).xpath(".//form") if questions(one)]
    assert [len(questions(one)) for one in forms] == [1, 1]
    sent = sent_by(forms[0], {"address": "wrong"})
    page = client.post(way, sent)
    assert page.status_code == 200
    second = next(
        one for one in main_of(page).xpath(".//form") if one.xpath(".//input[@name='wish']")
    )
    assert len(questions(second)) == 1
    refused = client.post(way, sent_by(second, {}))
    assert refused.status_code == 422
    first = next(
        one for one in main_of(refused).xpath(".//form") if one.xpath(".//input[@value='wrong']")
    )
    assert [one.xpath(".//input/@name") for one in questions(first)] == [["address"]]
