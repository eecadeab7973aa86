"""Pages of consents and of requests for data: plain forms, one confirmation, nothing of others."""

from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from tongban.apps.exchange import consents, requests
from tongban.apps.exchange.models import Consent, GrantRequest
from tongban.infra.access.domain import Subject


def browser(subject: Subject) -> Client:
    return signed_in(subject)


def text(answer: Any) -> str:
    return " ".join(html.fromstring(answer.content.decode()).text_content().split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_citizen_sees_consents_and_looks_and_withdraws_after_one_question(
    office: Office, lang: str
) -> None:
    number = office.submit("newborn")
    client = browser(office.applicant("newborn"))
    row = Consent.objects.get(case=number)
    shown = client.get(f"/me/data?lang={lang}")
    told = text(shown)
    assert {"zh": "谁查了我", "en": "Who looked at my data"}[lang] in told
    assert {"zh": "安和市卫生健康委员会", "en": "Anhe Health Commission"}[lang] in told
    assert {"zh": "法定职责", "en": "duty by law"}[lang] in told
    assert plain(shown)
    question = client.get(f"/consents/{row.number}/withdraw")
    assert consents.in_force(number)
    assert {"zh": "重新同意", "en": "consent again"}[lang] in text(question)
    assert client.post(f"/consents/{row.number}/withdraw").status_code == 302
    assert not consents.in_force(number)
    assert f"/cases/{number}/consent" in client.get("/me/data/consents").content.decode()
    assert client.post(f"/cases/{number}/consent").status_code == 302
    assert consents.in_force(number)
    assert client.post(f"/cases/{number}/consent").status_code == 409


def test_nobody_else_finds_the_consent(office: Office) -> None:
    number = office.submit("newborn")
    row = Consent.objects.get(case=number)
    for other in (office.applicant("newborn", 1), office.official("police", "clerk")):
        client = browser(other)
        assert client.get(f"/consents/{row.number}/withdraw").status_code == 404
        assert client.post(f"/consents/{row.number}/withdraw").status_code == 404
        assert row.number not in client.get("/me/data/consents").content.decode()
    assert Client().get("/me/data/consents").status_code == 302
    assert consents.in_force(number)


def test_a_request_goes_through_its_pages(office: Office) -> None:
    clerk = browser(office.official("medical-insurance", "clerk"))
    form = clerk.get("/requests/new?resource=marriages")
    assert "婚姻" in text(form)
    wrong = {"resource": "marriages", "item": "relief", "basis": "statutory", "reason": "核定"}
    refused = clerk.post("/requests/new", wrong)
    assert refused.status_code == 422
    assert "请列明所需信息项" in text(refused)
    assert 'value="relief"' in refused.content.decode()  # what was typed is there still
    good = wrong | {
        "fields": ["marital_status"],
        "legal_basis": "社会救助暂行办法",
        "department": "medical-insurance",
        "system": "relief",
    }
    assert clerk.post("/requests/new", good).status_code == 302
    number = GrantRequest.objects.get().number
    address = f"/requests/{number}"
    assert "剩余2个工作日" in text(clerk.get(address))
    assert clerk.post(address, {"action": "grant"}).status_code == 409
    reviewer = browser(office.official("data-bureau", "reviewer"))
    assert "受理审核" in text(reviewer.get(address))
    assert reviewer.post(address, {"action": "take"}).status_code == 302
    assert reviewer.post(address, {"action": "forward"}).status_code == 302
    provider = browser(office.official("civil-affairs", "approver"))
    assert address in provider.get("/requests").content.decode()
    assert provider.post(address, {"action": "refuse", "ground": "x"}).status_code == 422
    assert provider.post(address, {"action": "nonsense"}).status_code == 409
    ground = {"action": "refuse", "ground": "personal-information", "note": "超出必要"}
    assert provider.post(address, ground).status_code == 302
    told = text(clerk.get(f"{address}?lang=en"))
    assert "refused" in told
    assert "第六条" in told
    assert browser(office.official("tax", "clerk")).get(address).status_code == 404
    assert browser(office.applicant("newborn")).get("/requests").status_code == 404
    assert requests.requests_of(office.official("tax", "clerk")) == []


def test_a_file_is_opened_by_a_form_and_the_look_is_shown_to_its_owner(office: Office) -> None:
    mother = office.cast("newborn")["mother.id_number"]
    reviewer = browser(office.official("police", "reviewer"))
    form = {"kind": "person", "number": mother, "purpose": "household-registration"}
    assert "依职责查阅" in text(reviewer.get("/file"))
    refused = reviewer.post("/file", form)
    assert refused.status_code == 409
    assert "请写明查阅理由" in text(refused)
    shown = text(reviewer.post("/file", form | {"reason": "核查重复登记"}))
    assert "安和市公安局" in shown
    assert "有记录" in shown
    me = browser(office.applicant("newborn"))
    assert "安和市公安局安和市公安局" in text(me.get("/me/data"))
    assert me.post("/file", form | {"number": "11010119900307003X"}).status_code == 404
    assert "没有登记此法定用途" in text(me.post("/me/data/file"))
    assert Client().get("/file").status_code == 404
    assert browser(office.official("police", "clerk")).get("/file").status_code == 404
