"""A citizen's and a company's own pages: drafts, delegations, companies, what is due."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.licences import Card, issued
from testkit.office import Office
from testkit.servers import Fresh
from tongban.apps.items import queries as items
from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties import services as people
from tongban.apps.parties.delegating import Named, Scope
from tongban.infra import clock as port
from tongban.web import home

NEIGHBOUR = "110101199003078355"
FIRM = "91330106MA2CNQX001"


def tree(answer: Any) -> Any:
    assert plain(answer)
    return html.fromstring(answer.content.decode())


def text(answer: Any, path: str = "//main") -> str:
    return " ".join(" ".join(e.text_content() for e in tree(answer).xpath(path)).split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_begun_is_continued_from_home_and_from_the_list(office: Office, lang: str) -> None:
    client = signed_in(office.applicant("newborn"))
    client.post("/apply/newborn/answers", {"put": "child.name", "child.name": "安一诺"})
    for path in ("/", "/cases"):
        shown = client.get(f"{path}?lang={lang}")
        assert "/apply/newborn" in tree(shown).xpath("//main//ul[@class='tasks']//a/@href")
        assert {"zh": "继续填写", "en": "Continue"}[lang] in text(shown)
    due = client.get("/me/calendar")
    assert {"zh": "草稿到期删除", "en": "draft is deleted"}[lang] in text(due)


def test_older_cases_are_a_page_away_and_none_is_lost(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "_LISTED", 2)  # twenty would only take longer
    numbers = []
    for _ in range(5):
        numbers.append(office.submit())
        office.next_birth()
    client, path, seen = signed_in(office.applicant("newborn")), "/cases", []
    for page in range(3):
        shown = tree(client.get(path))
        seen += [a.rpartition("/")[2] for a in shown.xpath("//main//ul[@class='tiles']//a/@href")]
        links = shown.xpath("//main//nav//a/@href")
        assert ("/cases" in links) is (page > 0)
        path = f"/cases{next((one for one in links if 'before=' in one), '')}"
    assert sorted(seen) == sorted(numbers)
    assert path == "/cases"
    other = tree(client.get("/cases?before=unknown"))
    assert len(other.xpath("//main//ul[@class='tiles']//a")) == 2


def test_a_stranger_is_sent_to_sign_in_first(office: Office) -> None:
    for path in ("/cases", "/me/calendar", "/me/company", "/me/data", "/messages", "/fees"):
        answer = Client().get(path)
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/sign-in?next="), path


def test_the_first_pages_stand_before_any_pack_is_published(fresh_sqlite: Fresh) -> None:
    for path in ("/", "/services", "/?view=elder"):
        assert Client().get(path).status_code == 200, path


def test_an_elder_names_a_relative_by_two_answers(office: Office) -> None:
    mother = office.applicant("newborn")
    people.register_person("relative", "女儿", NEIGHBOUR)
    client = signed_in(mother)
    client.get("/?view=elder")
    form = tree(client.get("/delegations"))
    asked = form.xpath("//main//form//input[not(@type='hidden')]/@name")
    assert asked == ["name"]  # the number is the next page's
    wrong = client.post("/delegations", {"simple": "1", "name": "女儿", "number": "1"})
    assert wrong.status_code == 422
    assert "女儿" in tree(wrong).xpath("//input[@name='name']/@value")
    sent = {"simple": "1", "name": "女儿", "number": NEIGHBOUR}
    made = client.post("/delegations", sent, follow=True)
    assert "女儿" in text(made)
    (row,) = delegating.given_by(mother)
    assert set(row.actions) == set(delegating.queries.Delegation.objects.get().actions)
    assert timedelta(days=364) < row.ends - port.now() <= timedelta(days=366)
    full = tree(client.get("/delegations?full=1"))
    assert "1 题，共 5 题" in full.text_content()


def test_a_representative_names_a_delegate_who_then_switches_in_the_head(office: Office) -> None:
    mother = office.applicant("newborn")
    people.register_company(FIRM, "安和试验有限公司", parties.id_number(mother.person_id))
    agent = parties.subject_of(people.register_person("delegate", "经办", NEIGHBOUR))
    client = signed_in(mother)
    shown = client.get("/me/company")
    assert "安和试验有限公司" in text(shown)
    (way,) = [a for a in tree(shown).xpath("//main//a/@href") if a.startswith("/delegations?")]
    form = tree(client.get(way))
    assert form.xpath("//select[@name='company']/option[@selected]/@value") == [FIRM]
    sent = {
        "full": "1",
        "name": "经办",
        "number": NEIGHBOUR,
        "company": FIRM,
        "events": ["enterprise-start"],
        "actions": ["case.read", "case.submit"],
        "last-year": "2027",
        "last-month": "3",
        "last-day": "1",
    }
    assert client.post("/delegations", sent).status_code == 302
    assert "经办" in text(client.get("/me/company"))
    assert "至 2027-03-02" in text(client.get("/me/company"))
    other = signed_in(agent)
    head = tree(other.get("/"))
    (number,) = head.xpath("//header//button[@name='delegation']/@value")
    assert "安和试验有限公司" in text(other.get("/"), "//header")
    assert "您正在代办" in text(other.post("/delegations/act", {"delegation": number}, follow=True))
    assert "本人" in text(other.get("/"), "//header")
    assert not tree(client.get("/")).xpath("//header//button[@name='delegation']")
    tiles = tree(other.get("/me/company")).xpath("//ul[@class='tiles']//a/@href")
    assert "/services/enterprise-start" in tiles


def test_a_representative_switches_to_its_company_and_back(office: Office) -> None:
    founder = office.applicant("enterprise-start")
    people.register_company(FIRM, "安和试验有限公司", parties.id_number(founder.person_id))
    client = signed_in(founder)
    (form,) = [
        form
        for form in tree(client.get("/me/company")).xpath("//main//form")
        if form.xpath(".//input[@name='delegation']")
    ]
    (number,) = form.xpath(".//input[@name='delegation']/@value")
    acting = client.post(form.get("action"), {"delegation": number}, follow=True)
    assert "您正在代办" in text(acting)
    assert "安和试验有限公司" in text(acting)
    assert client.get("/apply/enterprise-start/answers").status_code == 200
    refused = client.get("/apply/newborn/answers")
    assert refused.status_code == 409
    assert "请先切换为本人" in text(refused)
    client.post("/delegations/act", {})
    assert "您正在代办" not in text(client.get("/"))
    assert client.get("/apply/newborn/answers").status_code == 200
    strange = client.post("/delegations/act", {"delegation": f"company:{FIRM[:-1]}X"})
    assert strange.status_code == 409


def test_what_is_due_is_listed_by_date(office: Office) -> None:
    number = office.submit(child__card_bank=None)
    client = signed_in(office.applicant("newborn"))
    shown = client.get("/me/calendar")
    assert f"/cases/{number}" in tree(shown).xpath("//main//ul[@class='tasks']//a/@href")
    assert "请尽快" in text(shown)
    applicant = office.applicant("enterprise-start")
    office.submit("enterprise-start")
    firm = signed_in(applicant).get("/me/calendar")
    assert "待缴费" in text(firm)
    assert "没有到期事项" in text(signed_in(office.applicant("newborn", 5)).get("/me/calendar"))


def test_a_licence_that_ends_is_due(card: Card) -> None:
    assert card.row.valid_until is not None
    client = signed_in(card.holder)
    shown = client.get("/me/calendar")
    assert f"/licences/mine/{card.identifier}" in tree(shown).xpath("//main//a/@href")
    assert card.row.valid_until.isoformat() in text(shown)
    card.revoke()
    assert card.identifier not in client.get("/me/calendar").content.decode()


def test_what_waits_for_one_stands_first_at_home_however_old_it_is(office: Office) -> None:
    waits = office.submit(child__card_bank=None)
    office.clock.move(hours=2)
    for _ in range(3):
        office.next_birth()
        office.submit()
    client = signed_in(office.applicant("newborn"))
    shown = tree(client.get("/"))
    first = shown.xpath("//main//ul[@class='tasks'][1]//a/@href")
    assert f"/cases/{waits}" in first
    assert shown.xpath("//main//h2/text()")[0] == "等您办理"
    founder = office.applicant("enterprise-start")
    office.submit("enterprise-start")
    assert "待缴费" in text(signed_in(founder).get("/"))
    assert "等您办理" not in text(signed_in(office.applicant("newborn", 5)).get("/"))


def test_the_end_of_a_delegation_is_due(office: Office) -> None:
    mother = office.applicant("newborn")
    people.register_person("relative", "女儿", NEIGHBOUR)
    scope = Scope({"case.read"}, ("newborn",), port.now() + timedelta(days=7))
    number = delegating.grant(mother, Named(NEIGHBOUR, "女儿"), scope)
    client = signed_in(mother)
    until = (port.now() + timedelta(days=7)).astimezone(port.SHANGHAI).date().isoformat()
    assert f"女儿{until}委托到期" in text(client.get("/me/calendar"))
    delegating.end(mother, number, reason="不再需要")
    assert "女儿" not in text(client.get("/me/calendar"))


def test_who_acts_for_a_company_sees_when_its_licence_ends(office: Office) -> None:
    founder = office.applicant("enterprise-start")
    people.register_company(FIRM, "安和试验有限公司", parties.id_number(founder.person_id))
    card = items.licence_kind("social-security-card")  # of the sample's kinds, one that ends
    held = issued(of=card, holder=FIRM, keeper=founder.person_id)
    client = signed_in(founder)
    client.post("/delegations/act", {"delegation": f"company:{FIRM}"})
    shown = client.get("/me/calendar")
    assert "您正在代办" in text(shown)
    assert f"/licences/mine/{held.identifier}" in tree(shown).xpath("//main//a/@href")


def test_the_door_to_everything_leads_somewhere(office: Office) -> None:
    client = signed_in(office.applicant("newborn"))
    for way in tree(client.get("/me")).xpath("//main//ul[@class='tiles']//a/@href"):
        assert client.get(way).status_code == 200, way
