"""What was uploaded, as its applicant and the desk see it: pictures, first pages, and who may."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from testkit.papers import base64_of, one_page, png
from tongban.apps.cases import services
from tongban.infra.jobs import services as jobs
from tongban.infra.papers import pictures

REFUND, INVOICE = "maternity-reimbursement", "hospital-invoice-elsewhere"
WHOLE = {"zh": "打开完整PDF", "en": "Open the whole PDF"}


def sent(office: Office, content: bytes) -> str:
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    upload = services.Upload(INVOICE, "票据.pdf", "", base64_of(content))
    number = office.submit(uploads=[upload])
    jobs.run_until_idle()
    return number


def main(answer: Any) -> Any:
    assert answer.status_code == 200
    assert plain(answer)
    return html.fromstring(answer.content.decode()).xpath("//main")[0]


def at_home(office: Office, number: str) -> tuple[Client, str]:
    return signed_in(office.applicant("newborn")), f"/cases/{number}"


def at_desk(office: Office, number: str) -> tuple[Client, str]:
    clerk = signed_in(office.official("medical-insurance", "clerk"))
    return clerk, f"/desk/cases/{number}/{REFUND}"


SIDES = pytest.mark.parametrize("side", [at_home, at_desk])
Side = Callable[[Office, str], tuple[Client, str]]


@SIDES
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_pdf_shows_its_first_page_with_the_whole_beside_it(
    office: Office, side: Side, lang: str
) -> None:
    client, here = side(office, sent(office, one_page()))
    shown = main(client.get(here, {"lang": lang}))
    (picture,) = shown.xpath(".//img[@class='paper']")
    assert picture.get("loading") == "lazy"
    assert "票据.pdf" in picture.get("alt")
    assert picture.get("alt").endswith({"zh": "首页预览", "en": "first page"}[lang])
    page = client.get(picture.get("src"))
    assert page["Content-Type"] == "image/webp"
    assert page.content == pictures.first_page(one_page())
    assert page["Content-Disposition"].startswith("inline")
    assert page["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in page["Cache-Control"]
    (whole,) = [a for a in shown.xpath(".//a") if WHOLE[lang] in a.text_content()]
    saved = client.get(whole.get("href"))
    assert saved.content == one_page()
    assert saved["Content-Disposition"].startswith("attachment")
    assert client.post(picture.get("src")).status_code == 405


@SIDES
def test_a_photo_is_shown_as_it_is(office: Office, side: Side) -> None:
    client, here = side(office, sent(office, png()))
    shown = main(client.get(here))
    (source,) = shown.xpath(".//img[@class='paper']/@src")
    assert client.get(source)["Content-Type"] == "image/png"
    assert client.get(f"{source}/first-page").status_code == 404
    assert "首页" not in shown.text_content()


@SIDES
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_pdf_without_a_picture_says_why_and_can_be_opened(
    office: Office, side: Side, lang: str
) -> None:
    hostile = one_page(box=b"0 0 1000000 1000000")
    client, here = side(office, sent(office, hostile))
    shown = main(client.get(here, {"lang": lang}))
    assert pictures.REASONS["odd"][lang == "en"] in shown.text_content()
    assert not shown.xpath(".//img[@class='paper']")
    (whole,) = [a for a in shown.xpath(".//a") if WHOLE[lang] in a.text_content()]
    assert client.get(whole.get("href")).content == hostile
    assert client.get(f"{whole.get('href')}/first-page").status_code == 404


@SIDES
def test_without_the_extra_a_word_stands_there(
    office: Office, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    client, here = side(office, sent(office, one_page()))
    shown = main(client.get(here))
    assert pictures.REASONS[pictures.ABSENT][0] in shown.text_content()
    assert not shown.xpath(".//img[@class='paper']")


def test_to_anybody_else_there_is_nothing(office: Office) -> None:
    number = sent(office, one_page())
    mine, desk = f"/cases/{number}/materials/{INVOICE}", f"/desk/cases/{number}/materials/{INVOICE}"
    stranger = signed_in(office.applicant("newborn", 1))
    police = signed_in(office.official("police", "reviewer"))
    for address in (mine, f"{mine}/first-page", desk, f"{desk}/first-page"):
        assert Client().get(address)["Location"].startswith("/sign-in?next=")
        for other in (stranger, police):
            assert other.get(address).status_code == 404
    for other, here in ((stranger, f"/cases/{number}"), (police, f"/cases/{number}")):
        assert INVOICE not in other.get(here).content.decode()
    own = signed_in(office.applicant("newborn"))
    for missing in ("articles", "birth-certificate"):
        assert own.get(f"/cases/{number}/materials/{missing}/first-page").status_code == 404


def test_a_case_without_uploads_has_no_heading_for_them(office: Office) -> None:
    client, here = at_home(office, office.submit())
    assert not main(client.get(here)).xpath(".//*[@id='uploads']")
