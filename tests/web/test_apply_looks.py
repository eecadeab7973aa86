"""What a look at an uploaded paper finds stands beside it at once, and holds nobody up."""

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html
from PIL import Image

from testkit.browsers import plain, signed_in
from testkit.office import Office
from testkit.papers import jpeg, pdf, picture, written
from tongban.apps.cases.models import Case, Document, DraftDocument

EVENT, HERE = "enterprise-start", "/apply/enterprise-start/documents"
PAPER = "articles"


def applying(office: Office) -> Client:
    """Answer all questions, so that the articles of the company are to be handed in."""
    client = signed_in(office.applicant(EVENT))
    known = {n: v for n, v in office.cast(EVENT).items() if "id_number" not in n}
    said = office.answers(EVENT) | known | {"company.model_articles": False}
    sent = {n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in said.items()}
    page = html.fromstring(client.get(f"/apply/{EVENT}/answers").content.decode())
    put = page.xpath("//input[@name='put']/@value")
    client.post(f"/apply/{EVENT}/answers", sent | {"put": put, "version": "0"})
    return client


def upload(client: Client, content: bytes, name: str = "章程.jpg") -> Any:
    """Send a paper with the main button, as somebody does who wants to go on."""
    file = SimpleUploadedFile(name, content)
    asked = html.fromstring(client.get(f"{HERE}?at={PAPER}").content.decode())
    put = asked.xpath("//main//input[@name='put']")
    answer = client.post(HERE, {PAPER: file, "put": PAPER if put else ""}, follow=True)
    assert answer.status_code == 200
    return answer


def beside(answer: Any) -> str:
    """Give what stands beside the paper that is there."""
    assert plain(answer)
    (box,) = html.fromstring(answer.content.decode()).xpath("//main//div[@class='field'][.//b]")
    return " ".join(box.text_content().split())


def at(answer: Any) -> str:
    return str(answer.redirect_chain[-1][0]).partition("?")[0]


@pytest.mark.parametrize("view", ["std", "elder"])
@pytest.mark.parametrize(
    ("lang", "word", "says"),
    [("zh", "请核对", "几乎是空白"), ("en", "Please check", "almost blank; show the front")],
)
def test_a_blank_picture_is_told_at_once_and_may_be_taken_again(
    office: Office, view: str, lang: str, word: str, says: str
) -> None:
    client = applying(office)
    client.get(f"/?lang={lang}&view={view}")
    blank = upload(client, jpeg(Image.new("RGB", (900, 700), "white")))
    assert at(blank) == HERE
    told = beside(blank)
    assert word in told
    assert says in told
    assert "预检未发现问题" not in told
    assert "Nothing amiss" not in told
    page = html.fromstring(blank.content.decode())
    again = page.xpath(f"//main//input[@type='file'][@name='{PAPER}']")
    assert len(again) == 1
    if lang == "en":
        box = page.xpath("//main//div[@class='field'][.//b]")[0]
        assert not re.search("[\u4e00-\u9fff]", box.text_content().replace("章程.jpg", ""))
    # the citizen may go on; the last look says it once more
    assert at(client.post(HERE, {}, follow=True)) == f"/apply/{EVENT}/consent"
    check = client.post(f"/apply/{EVENT}/consent", {"consent": "yes"}, follow=True)
    assert says in " ".join(html.fromstring(check.content.decode()).text_content().split())
    good = upload(client, jpeg(picture()), "好的.jpg")
    kept = DraftDocument.objects.get()
    assert kept.filename == "好的.jpg"
    assert says not in good.content.decode()


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    ("content", "name", "says"),
    [(jpeg(picture()), "章程.jpg", "图片清楚。"), (pdf(), "章程.pdf", "文件完整。")],
    ids=["picture", "pdf"],
)
def test_a_good_paper_says_so_and_what_nobody_looked_at(
    office: Office, content: bytes, name: str, says: str
) -> None:
    client = applying(office)
    assert at(upload(client, content, name)) == f"/apply/{EVENT}/consent"
    told = beside(client.get(HERE))
    assert f"预检未发现问题 {says}" in told
    assert "未检查 未识别材料中的文字" in told
    assert "请核对" not in told.replace("请自行核对", "")
    page = html.fromstring(client.get(HERE).content.decode())
    assert not page.xpath(f"//input[@name='{PAPER}']")
    check = client.post(f"/apply/{EVENT}/consent", {"consent": "yes"}, follow=True)
    assert f"{name} · 预检未发现问题" in check.content.decode()


@pytest.mark.usefixtures("unread")
def test_an_official_is_shown_what_the_look_found(office: Office) -> None:
    client = applying(office)
    upload(client, jpeg(Image.new("RGB", (900, 700), "white")))
    check = client.post(f"/apply/{EVENT}/consent", {"consent": "yes"}, follow=True)
    (form,) = html.fromstring(check.content.decode()).xpath("//form[contains(@action,'/send')]")
    client.post(form.get("action"), dict(form.form_values()), follow=True)
    number = Case.objects.get().number
    assert Document.objects.get().seen["findings"][0]["code"] == "blank"
    assert "几乎是空白" in client.get(f"/cases/{number}").content.decode()
    clerk = signed_in(office.official("market-regulation", "reviewer"))
    desk = clerk.get(f"/desk/cases/{number}/company-registration")
    assert desk.status_code == 200
    assert "几乎是空白" in desk.content.decode()


@pytest.mark.slow
def test_a_paper_is_held_against_the_names_that_departments_gave(office: Office) -> None:
    pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")
    client = applying(office)
    client.get("/?lang=zh")
    ours, theirs = company(office), "远方无关贸易有限公司"
    # before anybody was asked only the applicant's own name is known
    early = upload(client, written("公司章程", ours), "章程.png")
    assert "没有读到姓名" in beside(early)
    assert ours not in beside(early)
    client.post(f"/apply/{EVENT}/consent", {"consent": "yes"})
    assert "文字已识别" in beside(client.get(HERE))  # seen once, held against what is known by now
    wrong = upload(client, written("公司章程", theirs), "章程.png")
    assert at(wrong) == HERE
    assert re.search(f"请核对 材料上没有读到姓名（.*{ours}.*）", beside(wrong))
    assert at(upload(client, written("公司章程", ours), "章程.png")) == f"/apply/{EVENT}/consent"


def company(office: Office) -> str:
    """Give the name that the applicant has reserved for its company."""
    founder = office.cast(EVENT)["representative.id_number"]
    with closing(sqlite3.connect(office.stores / "market-regulation.sqlite")) as store:
        (name,) = store.execute("SELECT QYMC FROM MCZZSB WHERE FDDBRSFHM = ?", [founder]).fetchone()
    return str(name)
