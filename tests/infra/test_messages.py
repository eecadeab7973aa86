"""Messages: what the trail tells becomes one message, and goes out by what the person chose."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection

from testkit.gateways import SECRET, Gateway
from testkit.office import Office
from tongban.apps.cases import services as cases
from tongban.infra.jobs import services as jobs
from tongban.infra.messages import queries, sending, services
from tongban.infra.messages.models import Delivery, Message
from tongban.infra.messages.services import ChannelRefused
from tongban.infra.messages.templates import Template, templates
from tongban.infra.packs import PackInvalid
from tongban.infra.trail import queries as trail
from tongban.infra.trail import relay

PHONE = "13800138000"


@pytest.fixture(autouse=True)
def _mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []


def run(office: Office, seconds: float = 0) -> None:
    """Let the worker work after some time."""
    office.clock.move(seconds=seconds)
    jobs.run_until_idle([relay.deliver])


def by_sms(person: str, gateway: Gateway, wish: str = "all") -> None:
    services.set_channel(person, "sms", PHONE, wish=wish, lang="zh")
    code = re.search(r"\d{6}", gateway.told.pop()["text"])
    assert code
    services.confirm_channel(person, "sms", code[0])
    gateway.keys.clear()


def by_mail(person: str, wish: str = "all") -> None:
    services.set_channel(person, "email", "wang@example.org", wish=wish, lang="zh")
    code = re.search(r"\d{6}", mail.outbox.pop().body)
    assert code
    services.confirm_channel(person, "email", code[0])


def test_a_case_is_told_in_the_inbox_in_both_languages(office: Office) -> None:
    number = office.submit(child__card_bank=None)
    person = office.applicant("newborn").person_id
    run(office)
    zh, en = queries.inbox(person, "zh", size=100), queries.inbox(person, "en", size=100)
    asked = next(m for m in zh if m["template"] == "correction-asked")
    assert (asked["chain"], asked["must"], asked["title"]) == (
        number,
        True,
        "请补正：社会保障卡申领",
    )
    assert "社保卡" in asked["text"] or "银行" in asked["text"]
    assert "social security card" in next(
        m["title"] for m in en if m["template"] == "correction-asked"
    )
    kinds = {m["template"] for m in zh}
    assert kinds >= {"accepted", "delivered", "correction-asked"}
    assert queries.unread(person) == len(zh)
    services.mark_read(person, [asked["id"]])
    assert queries.unread(person) == len(zh) - 1
    older = queries.inbox(person, "zh", before=asked["id"], size=100)
    assert all(m["id"] < asked["id"] for m in older)
    assert queries.inbox(office.applicant("newborn", 1).person_id, "zh") == []
    assert services.mark_read(office.applicant("newborn", 1).person_id, [zh[0]["id"]]) == 0


def test_an_event_that_is_told_twice_is_one_message(office: Office) -> None:
    number = office.submit()
    run(office)
    count = Message.objects.count()
    assert count
    for event in trail.history(number):
        services.tell(event)
    assert Message.objects.count() == count
    events = Message.objects.values_list("event", flat=True)
    assert {UUID(e.id) for e in trail.history(number)} >= set(events)


def test_the_news_of_one_matter_is_one_letter(office: Office) -> None:
    by_mail(office.applicant("newborn").person_id)
    number = office.submit()
    run(office)
    assert mail.outbox == []
    run(office, 61)
    (letter,) = mail.outbox
    assert letter.to == ["wang@example.org"]
    assert number in letter.body
    assert letter.body.count("已办结送达") > 3
    run(office, 600)
    assert len(mail.outbox) == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_text_on_a_phone_tells_of_nobody(office: Office, gateway: Gateway) -> None:
    by_sms(office.applicant("newborn").person_id, gateway)
    number = office.submit()
    run(office, 0)
    run(office, 61)
    (told,) = gateway.told
    assert told["to"] == PHONE
    assert number in told["text"]
    for secret in (*office.cast("newborn").values(), "安一诺", "户口", "出生", "生育"):
        assert str(secret) not in told["text"]


def test_a_gateway_that_is_down_gets_the_same_text_later_under_the_same_key(
    office: Office, gateway: Gateway
) -> None:
    person = office.applicant("newborn").person_id
    by_sms(person, gateway)
    office.submit()
    run(office)
    gateway.answers = [503] * 99
    run(office, 61)
    assert gateway.told == []
    tried = 99 - len(gateway.answers)
    log = queries.deliveries(person, queries.inbox(person, "zh")[0]["id"])
    assert [(row["state"], row["attempts"]) for row in log] == [("waiting", tried)]
    assert "503" in log[0]["error"]
    gateway.answers = []
    run(office, 120)
    run(office, 120)
    assert len(gateway.told) == 1
    assert len({row.batch for row in Delivery.objects.all()}) == 1
    assert gateway.keys == [Delivery.objects.all()[0].batch]


def test_a_redirect_is_not_followed_and_a_private_address_not_called(
    office: Office, gateway: Gateway, settings: Any
) -> None:
    person = office.applicant("newborn").person_id
    by_sms(person, gateway)
    office.submit()
    run(office)
    gateway.answers = [302]
    run(office, 61)
    assert {row.state for row in Delivery.objects.all()} == {"dropped"}
    assert "elsewhere" in Delivery.objects.all()[0].error
    for networks, url, why in (
        ([], gateway.url, "private address"),
        (["127.0.0.0/8"], "file:///etc/passwd", "no plain http"),
        (["127.0.0.0/8"], "http://user@127.0.0.1/", "no plain http"),
    ):
        settings.SMS_NETWORKS, settings.SMS_URL = networks, url
        with pytest.raises(sending.NeverSent, match=why):
            sending.send_sms(PHONE, "x", batch="b")
    settings.SMS_URL = ""
    with pytest.raises(sending.NeverSent, match="TONGBAN_SMS_URL"):
        sending.send_sms(PHONE, "x", batch="b")


def test_quiet_is_quiet_but_for_what_the_law_wants_told(office: Office) -> None:
    who = office.applicant("newborn")
    by_mail(who.person_id, wish="lawful")
    cases.save_draft(who, "newborn", {"child.name": "安"})
    office.clock.move(days=28)
    cases.end_drafts()
    run(office)
    run(office, 61)
    assert [m["template"] for m in queries.inbox(who.person_id, "zh")] == ["draft-ending"]
    assert mail.outbox == []
    office.submit()
    run(office)
    run(office, 61)
    assert len(mail.outbox) == 1


def test_an_address_counts_only_once_its_code_came_back(office: Office) -> None:
    person = office.applicant("newborn").person_id
    services.set_channel(person, "email", "wang@example.org", wish="all", lang="zh")
    (shown,) = queries.channels(person)
    assert (shown["address"], shown["confirmed"]) == ("w***@example.org", False)
    code = re.search(r"\d{6}", mail.outbox.pop().body)
    assert code
    wrong = f"{(int(code[0]) + 1) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(ChannelRefused):
            services.confirm_channel(person, "email", wrong)
    with pytest.raises(ChannelRefused):  # the tries are used up
        services.confirm_channel(person, "email", code[0])
    services.set_channel(person, "email", "wang@example.org", wish="all", lang="zh")
    code = re.search(r"\d{6}", mail.outbox.pop().body)
    assert code
    office.clock.move(minutes=16)
    with pytest.raises(ChannelRefused):
        services.confirm_channel(person, "email", code[0])
    office.submit()
    run(office)
    run(office, 61)
    assert mail.outbox == []
    for bad in ("nobody", "a@b@c", "x@y.z\nBcc: q@r.s"):
        with pytest.raises(ChannelRefused):
            services.set_channel(person, "email", bad, wish="all", lang="zh")


def test_nobody_is_written_to_over_and_over_in_anothers_name(office: Office) -> None:
    person = office.applicant("newborn").person_id
    for n in range(5):
        services.set_channel(person, "email", f"victim{n}@example.org", wish="all", lang="zh")
    with pytest.raises(ChannelRefused):
        services.set_channel(person, "email", "victim9@example.org", wish="all", lang="zh")
    assert len(mail.outbox) == 5


def test_an_address_that_was_taken_back_gets_nothing_more(office: Office) -> None:
    person = office.applicant("newborn").person_id
    by_mail(person)
    office.submit()
    run(office)
    services.drop_channel(person, "email")
    run(office, 61)
    assert mail.outbox == []
    assert {row.state for row in Delivery.objects.all()} == {"dropped"}


def test_words_and_addresses_lie_sealed(office: Office, gateway: Gateway) -> None:
    by_sms(office.applicant("newborn").person_id, gateway)
    office.submit()
    run(office)
    with connection.cursor() as cursor:
        for table in ("inbox_message", "inbox_channel", "inbox_delivery"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            text = str(cursor.fetchall())
            assert "已办结" not in text
            assert PHONE not in text


def test_old_news_is_not_told_when_messages_are_switched_on(office: Office) -> None:
    office.submit()
    office.clock.move(days=8)
    run(office)
    assert Message.objects.count() == 0


def test_every_template_speaks_both_languages_and_no_short_text_tells_of_anybody() -> None:
    templates.cache_clear()
    found = templates()
    assert {t.type for t in found.values()} >= {
        f"tongban.cases.{name}.v1"
        for name in ("accepted", "correction_asked", "delivered", "due_soon", "draft_ending")
    }
    for template in found.values():
        assert isinstance(template, Template)
        for words in (template.title, template.text, template.sms):
            assert words["zh"]
            assert words["en"]
        assert set(re.findall(r"{(\w+)}", "".join(template.sms.values()))) <= {"number"}


def test_a_region_tells_it_in_its_own_words(office: Office, tmp_path: Path, settings: Any) -> None:
    pack = tmp_path / "packs" / "ours"
    (pack / "messages").mkdir(parents=True)
    (pack / "pack.yaml").write_text("", encoding="utf-8")
    (pack / "messages" / "accepted.yaml").write_text(
        "schema: tongban/message/1\nslug: accepted\nevent: tongban.cases.accepted.v1\n"
        "title: {zh: '安和收到{item}', en: 'Anhe has {item}'}\n"
        "text: {zh: '{number}', en: '{number}'}\nsms: {zh: '{number}', en: '{number}'}\n",
        encoding="utf-8",
    )
    settings.PACKS = [tmp_path / "packs"]
    templates.cache_clear()
    try:
        number = office.submit()
        run(office)
    finally:
        templates.cache_clear()
    person = office.applicant("newborn").person_id
    told = [m for m in queries.inbox(person, "zh", size=100) if m["template"] == "accepted"]
    assert told
    assert all(m["title"].startswith("安和收到") and m["text"] == number for m in told)
    assert not any(m["must"] for m in told)
    other = [m for m in queries.inbox(person, "zh", size=100) if m["template"] == "delivered"]
    assert other  # what the region says nothing of is told as everywhere
    assert all("已办结送达" in m["title"] for m in other)


def test_a_short_text_that_names_the_item_is_refused_with_its_line(
    tmp_path: Path, settings: Any
) -> None:
    pack = tmp_path / "packs" / "loud"
    (pack / "messages").mkdir(parents=True)
    (pack / "pack.yaml").write_text("", encoding="utf-8")
    (pack / "messages" / "loud.yaml").write_text(
        "schema: tongban/message/1\nslug: loud\nevent: tongban.cases.accepted.v1\n"
        "title: {zh: 甲, en: a}\ntext: {zh: 甲, en: a}\nsms:\n  zh: 您的{item}\n  en: a\n",
        encoding="utf-8",
    )
    settings.PACKS = [tmp_path / "packs"]
    templates.cache_clear()
    try:
        with pytest.raises(PackInvalid) as wrong:
            templates()
        assert "loud.yaml:7" in str(wrong.value)
    finally:
        settings.PACKS = []
        templates.cache_clear()


def test_a_gateway_can_tell_our_calls_from_others() -> None:
    assert sending.sign(SECRET, "1", b"{}") != sending.sign(SECRET, "2", b"{}")
    assert sending.sign(b"other", "1", b"{}") != sending.sign(SECRET, "1", b"{}")
