"""The API of messages: the caller's own inbox, what went out, and where else it is told."""

import re
from typing import Any

import pytest
from django.core import mail

from testkit.callers import Caller, caller, refused
from testkit.office import Office
from tongban.infra.jobs import services as jobs
from tongban.infra.trail import relay

HOME = {"address": "wang@example.cn", "wish": "all", "lang": "en"}


@pytest.fixture
def mother(office: Office, settings: Any) -> Caller:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    return caller(office.applicant("newborn"))


def code() -> str:
    """Give the code of the last letter."""
    found = re.search(r"\d{6}", str(mail.outbox[-1].body))
    assert found
    return found[0]


def wrong() -> str:
    return "000000" if code() != "000000" else "000001"


def test_messages_are_read_by_pages_and_marked(office: Office, mother: Caller) -> None:
    number = office.submit(child__card_bank=None)
    jobs.run_until_idle([relay.deliver])
    status, inbox = mother.get("/messages?lang=en&size=2")
    assert (status, len(inbox["rows"])) == (200, 2)
    assert inbox["unread"] > 2
    first, second = inbox["rows"]
    assert first["id"] > second["id"]
    assert {first["chain"], second["chain"]} == {number}
    assert first["title"] != mother.get("/messages?lang=zh&size=1")[1]["rows"][0]["title"]
    older = mother.get(f"/messages?before={second['id']}&size=100")[1]["rows"]
    assert len(older) == inbox["unread"] - 2
    assert max(one["id"] for one in older) < second["id"]
    assert mother.post("/messages/read", {"ids": [first["id"]]}) == (204, None)
    _, after = mother.get("/messages?size=2")
    assert after["unread"] == inbox["unread"] - 1
    assert [bool(one["read"]) for one in after["rows"]] == [True, False]
    assert mother.post("/messages/read", {})[0] == 204
    assert mother.get("/messages")[1]["unread"] == 0


def test_an_inbox_is_for_the_person_alone(office: Office, mother: Caller) -> None:
    office.submit()
    jobs.run_until_idle([relay.deliver])
    _, inbox = mother.get("/messages")
    stranger = caller(office.applicant("newborn", 1))
    assert stranger.get("/messages") == (200, {"unread": 0, "rows": []})
    assert stranger.get(f"/messages/{inbox['rows'][0]['id']}/deliveries") == (200, [])
    stranger.post("/messages/read", {"ids": [one["id"] for one in inbox["rows"]]})
    assert mother.get("/messages")[1]["unread"] == inbox["unread"]
    clerk = caller(office.official("health", "clerk"))
    for path in ("/messages", "/channels", "/messages/1/deliveries"):
        refused(Caller().get(path), 401, "not_signed_in")
        refused(clerk.get(path), 403, "not_allowed")
    reader = caller(office.applicant("newborn"), "case.read")
    assert reader.get("/messages")[0] == 200
    refused(reader.put("/channels/email", HOME), 403, "not_allowed")
    refused(reader.delete("/channels/email"), 403, "not_allowed")
    for body in ({"ids": [-1]}, {"ids": ["1"]}, {"ids": list(range(101))}):
        fields = refused(mother.post("/messages/read", body), 422, "request_invalid")
        assert [name for name in fields if "ids" in name]
    refused(mother.get("/messages?size=101"), 422, "request_invalid")


def test_an_address_counts_once_its_code_is_given_back(office: Office, mother: Caller) -> None:
    status, (kept,) = mother.put("/channels/email", HOME)
    assert (status, kept["kind"], kept["confirmed"]) == (200, "email", False)
    assert "wang@" not in kept["address"]
    assert mail.outbox[-1].to == [HOME["address"]]
    here = "/channels/email/confirmation"
    refused(mother.post(here, {"code": wrong()}), 409, "channel_refused")
    refused(mother.post("/channels/sms/confirmation", {"code": code()}), 409, "channel_refused")
    stranger = caller(office.applicant("newborn", 1))
    refused(stranger.post(here, {"code": code()}), 409, "channel_refused")
    status, (kept,) = mother.post(here, {"code": code()})
    assert (status, kept["confirmed"]) == (200, True)
    refused(mother.post(here, {"code": code()}), 409, "channel_refused")
    # the same address again changes what is told there, and asks for no other code
    sent = len(mail.outbox)
    _, (kept,) = mother.put("/channels/email", HOME | {"wish": "lawful"})
    assert (kept["wish"], kept["confirmed"], len(mail.outbox)) == ("lawful", True, sent)
    assert stranger.get("/channels") == (200, [])
    assert mother.delete("/channels/email") == (204, None)
    assert mother.get("/channels") == (200, [])


def test_what_went_out_is_told_of_each_message(office: Office, mother: Caller) -> None:
    mother.put("/channels/email", HOME)
    mother.post("/channels/email/confirmation", {"code": code()})
    office.submit()
    jobs.run_until_idle([relay.deliver])
    newest = mother.get("/messages")[1]["rows"][0]["id"]
    here = f"/messages/{newest}/deliveries"
    status, (told,) = mother.get(here)
    assert (status, told["kind"], told["state"]) == (200, "email", "waiting")
    office.clock.move(minutes=2)
    jobs.run_until_idle([relay.deliver])
    (told,) = mother.get(here)[1]
    assert (told["state"], told["attempts"], told["error"]) == ("sent", 1, "")
    assert mail.outbox[-1].to == [HOME["address"]]
    # an address that is taken back before its letter goes: nothing is sent, and that is told
    office.next_birth()
    office.submit()
    jobs.run_until_idle([relay.deliver])
    sent = len(mail.outbox)
    mother.delete("/channels/email")
    office.clock.move(minutes=2)
    jobs.run_until_idle([relay.deliver])
    newest = mother.get("/messages")[1]["rows"][0]["id"]
    (told,) = mother.get(f"/messages/{newest}/deliveries")[1]
    assert (told["state"], len(mail.outbox)) == ("dropped", sent)
    assert told["error"]
    refused(mother.get("/messages/-1/deliveries"), 422, "request_invalid")


def test_an_address_that_is_not_right_is_refused_by_name(mother: Caller) -> None:
    for path, changed, field in (
        ("email", {"address": "王@example.cn"}, "address"),
        ("email", {"wish": "never"}, "wish"),
        ("email", {"lang": "fr"}, "lang"),
        ("fax", {}, "kind"),
    ):
        answer = mother.put(f"/channels/{path}", HOME | changed)
        fields = refused(answer, 422, "request_invalid")
        assert [name for name in fields if field in name], field
    for kind in ("email", "sms"):
        put = mother.put(f"/channels/{kind}", HOME | {"address": "no-address"})
        refused(put, 409, "channel_refused")
    confirm = mother.post("/channels/email/confirmation", {"code": "12345x"})
    assert [name for name in refused(confirm, 422, "request_invalid") if "code" in name]
    assert mother.get("/channels") == (200, [])
    assert mail.outbox == []


def test_codes_are_tried_a_few_times_and_sent_a_few_times(mother: Caller) -> None:
    mother.put("/channels/email", HOME)
    right, bad = code(), wrong()
    for _ in range(5):
        mother.post("/channels/email/confirmation", {"code": bad})
    late = mother.post("/channels/email/confirmation", {"code": right})
    refused(late, 409, "channel_refused")
    for _ in range(4):
        assert mother.put("/channels/email", HOME)[0] == 200
    refused(mother.put("/channels/email", HOME), 409, "channel_refused")
    assert len(mail.outbox) == 5
