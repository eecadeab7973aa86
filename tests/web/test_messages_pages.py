"""The inbox in a browser: what is unread, one message, and where else somebody is told."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from tongban.infra.jobs import services as jobs
from tongban.infra.messages import queries
from tongban.infra.trail import relay


@pytest.fixture(autouse=True)
def _mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []


def tree(answer: Any) -> Any:
    assert plain(answer)
    return html.fromstring(answer.content.decode())


def text(answer: Any, path: str = "//main") -> str:
    return " ".join(" ".join(e.text_content() for e in tree(answer).xpath(path)).split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_message_is_unread_until_it_is_opened(office: Office, lang: str) -> None:
    number = office.submit(child__card_bank=None)
    jobs.run_until_idle([relay.deliver])
    mother = office.applicant("newborn")
    client = signed_in(mother)
    count = queries.unread(mother.person_id)
    told = {"zh": "{n} 条未读", "en": "{n} unread"}[lang]
    inbox = client.get(f"/messages?lang={lang}")
    assert told.format(n=count) in text(inbox, "//nav[@class='rooms']")
    ways = tree(inbox).xpath("//main//ul[@class='tasks']//a/@href")
    assert len(ways) == min(count, 20)
    message = client.get(ways[0])
    assert tree(message).xpath(f"//main//a[@href='/cases/{number}']")
    assert told.format(n=count - 1) in text(client.get("/"), "//nav[@class='rooms']")
    client.post("/messages/read")
    assert queries.unread(mother.person_id) == 0
    unread = {"zh": "未读", "en": "unread"}[lang]
    assert unread not in text(client.get("/messages"), "//body")


def test_an_inbox_is_listed_by_pages(office: Office) -> None:
    for _ in range(3):
        office.next_birth()
        office.submit()
    jobs.run_until_idle([relay.deliver])
    client = signed_in(office.applicant("newborn"))
    seen: list[str] = []
    way = "/messages"
    while way:
        listed = client.get(way)
        seen += tree(listed).xpath("//main//ul[@class='tasks']//a/@href")
        (way,) = tree(listed).xpath("//a[@rel='next']/@href") or [""]
        way = way and f"/messages{way}"
    assert len(seen) == len(set(seen)) > 20


def test_nobody_reads_the_inbox_of_another(office: Office) -> None:
    office.submit()
    jobs.run_until_idle([relay.deliver])
    mother = office.applicant("newborn")
    (one, *_) = queries.inbox(mother.person_id, "zh")
    stranger = signed_in(office.applicant("newborn", 1))
    assert stranger.get(f"/messages/{one['id']}").status_code == 404
    assert stranger.get(f"/messages/{2**80}").status_code == 404
    assert queries.unread(mother.person_id) > 0
    assert Client().get("/messages")["Location"] == "/sign-in?next=%2Fmessages"


def test_an_address_counts_once_its_code_is_given_back(office: Office) -> None:
    mother = office.applicant("newborn")
    client = signed_in(mother)
    way = "/messages/channels"
    wrong = client.post(way, {"kind": "email", "address": "no address", "wish": "all"})
    assert wrong.status_code == 422
    assert tree(wrong).xpath("//div[@id='errors']//a/@href") == ["#f-email-address"]
    ids = tree(wrong).xpath("//@id")
    assert len(ids) == len(set(ids))
    kept = client.post(
        way, {"kind": "email", "address": "wang@example.org", "wish": "lawful"}, follow=True
    )
    assert "w***@example.org 待确认" in text(kept)
    assert "wang@" not in kept.content.decode()
    code = re.search(r"\d{6}", mail.outbox[-1].body)
    assert code
    bad = "000000" if code[0] != "000000" else "000001"
    assert client.post(way, {"kind": "email", "act": "confirm", "code": bad}).status_code == 422
    client.post(way, {"kind": "email", "act": "confirm", "code": code[0]})
    (row,) = queries.channels(mother.person_id)
    assert (row["confirmed"], row["wish"]) == (True, "lawful")
    client.post(way, {"kind": "email", "act": "drop"})
    assert queries.channels(mother.person_id) == []
    assert client.post(way, {"kind": "pigeon"}).status_code == 404
