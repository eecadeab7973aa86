"""What an applicant does on a case, in a browser without script: answer, doubt, urge, pay, rate."""

import base64
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html
from PIL import Image

from testkit.banks import RunningBank
from testkit.browsers import plain, signed_in
from testkit.office import Office
from testkit.papers import jpeg, pdf, picture, written
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import Stage
from tongban.apps.cases.errors import CaseRefused
from tongban.apps.cases.models import Document
from tongban.apps.fees.models import Order
from tongban.apps.voice.models import Rating


def tree(answer: Any) -> Any:
    assert plain(answer)
    return html.fromstring(answer.content.decode())


def text(answer: Any) -> str:
    return " ".join(tree(answer).xpath("//main")[0].text_content().split())


def links(answer: Any, words: str) -> list[str]:
    return [
        a.get("href")
        for a in tree(answer).xpath("//main//a")
        if " ".join(a.text_content().split()) == words
    ]


REFUND, INVOICE = "maternity-reimbursement", "hospital-invoice-elsewhere"
ASKED = {"zh": "补正或确认所列内容", "en": "Correct or confirm what is listed"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_asked_is_answered_on_one_page(office: Office, lang: str) -> None:
    number = office.submit(child__card_bank=None)
    client = signed_in(office.applicant("newborn"))
    case = client.get(f"/cases/{number}?lang={lang}")
    (way,) = links(case, ASKED[lang])
    form = client.get(way)
    lacking = client.post(way, {})
    assert lacking.status_code == 422
    assert len(tree(lacking).xpath("//div[@id='errors']//a")) == len(
        tree(form).xpath("//main//form//*[contains(@class, 'field')]")
    )
    odd = client.post(way, {"child.card_bank": "no such bank"})
    assert odd.status_code == 422
    asked = tree(form).xpath("//main//form//input[@type='radio']/@value")
    (first, *_) = asked
    done = client.post(way, {"child.card_bank": first}, follow=True)
    assert done.redirect_chain == [(f"/cases/{number}", 302)]
    assert not links(done, ASKED[lang])
    assert client.get(way).status_code == 302  # nothing is asked any more


def unclear(office: Office) -> str:
    """Give a case whose invoice a clerk wants to have again."""
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    upload = services.Upload(INVOICE, "票据.pdf", "", base64.b64encode(pdf()).decode())
    number = office.submit(uploads=[upload])
    clerk = office.official("medical-insurance", "clerk")
    services.ask_correction(clerk, number, REFUND, [(INVOICE, "票据不清晰")])
    return number


def test_a_document_that_a_clerk_asks_for_again_is_uploaded_with_its_answer(office: Office) -> None:
    number, client = unclear(office), signed_in(office.applicant("newborn"))
    way = f"/cases/{number}/answer"
    assert "票据不清晰" in text(client.get(way))
    assert "请上传这份材料" in text(client.post(way, {}))
    program = SimpleUploadedFile("a.pdf", b"MZ a program")
    refused = client.post(way, {INVOICE: program})
    assert refused.status_code == 422
    assert tree(refused).xpath("//div[@id='errors']//a/@href") == [f"#f-{INVOICE}"]
    large = SimpleUploadedFile("a.pdf", b"%PDF" + b"0" * services.MOST_BYTES)
    assert client.post(way, {INVOICE: large}).status_code == 422
    done = client.post(way, {INVOICE: SimpleUploadedFile("b.pdf", pdf())}, follow=True)
    assert done.redirect_chain == [(f"/cases/{number}", 302)]
    assert office.branch(number, REFUND).stage is Stage.EXAMINING


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    ("lang", "says"), [("zh", "图片几乎是空白，请确认拍到"), ("en", "almost blank; show the front")]
)
def test_a_picture_of_an_answer_is_looked_at_before_it_is_sent(
    office: Office, lang: str, says: str
) -> None:
    number, client = unclear(office), signed_in(office.applicant("newborn"))
    client.get(f"/?lang={lang}")
    way = f"/cases/{number}/answer"
    assert not tree(client.get(way)).xpath("//input[@name='as_it_is']")

    def sent(content: bytes, **more: str) -> Any:
        return client.post(way, {INVOICE: SimpleUploadedFile("a.jpg", content), **more})

    blank = jpeg(Image.new("RGB", (900, 700), "white"))
    told = sent(blank)
    assert told.status_code == 422
    assert says in text(told)
    assert tree(told).xpath("//div[@id='errors']//a/@href") == [f"#f-{INVOICE}"]
    assert tree(told).xpath("//input[@name='as_it_is'][@type='checkbox']")
    assert Document.objects.filter(case=number).count() == 1
    assert office.branch(number, REFUND).stage is Stage.CORRECTION
    if lang == "zh":  # whoever has checked it sends it all the same
        assert sent(blank, as_it_is="yes").status_code == 302
        assert says in text(client.get(f"/cases/{number}"))
    else:
        assert sent(jpeg(picture())).status_code == 302
        assert says not in text(client.get(f"/cases/{number}"))
    assert office.branch(number, REFUND).stage is Stage.EXAMINING
    assert Document.objects.filter(case=number).latest("pk").seen is not None


@pytest.mark.slow
def test_a_paper_of_an_answer_is_held_against_its_kind_the_people_and_the_day(
    office: Office,
) -> None:
    pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")
    number, client = unclear(office), signed_in(office.applicant("newborn"))
    way, mother = f"/cases/{number}/answer", queries.values(queries.load(number))["mother.name"]
    other = written("居民身份证", "王五六", "有效期限 2010年01月01日至2020年01月01日")
    told = text(client.post(way, {INVOICE: SimpleUploadedFile("a.png", other)}))
    assert "看起来不像" in told
    assert re.search(f"材料上没有读到姓名（.*{mother}.*）", told)
    assert "有效期" in told
    right = written(title(number), mother, "2026年11月20日")
    assert client.post(way, {INVOICE: SimpleUploadedFile("a.png", right)}).status_code == 302


def title(number: str) -> str:
    """Give the name of the invoice."""
    definition = queries.load(number).ground.definitions[REFUND]
    return next(m.name.zh for m in definition.needs.materials if m.code == INVOICE)


def test_a_value_that_changed_at_its_source_is_confirmed(office: Office) -> None:
    number = office.submit()
    (task,) = office.tasks(number)
    office.clock.move(hours=3)
    office.write("medical-insurance", "UPDATE FMJSXX SET YLZFY = YLZFY + 100")
    with pytest.raises(CaseRefused, match="source has changed"):
        services.decide(
            office.official("medical-insurance", "reviewer"),
            number,
            task.item,
            task.step,
            services.Verdict({"outcome": "grant"}, "材料齐全"),
        )
    client = signed_in(office.applicant("newborn"))
    way = f"/cases/{number}/answer"
    asked = client.get(way)
    assert "元”属实" in text(asked)
    assert tree(asked).xpath("//main//a[contains(@href, '/doubt')]")
    assert client.post(way, {}).status_code == 422
    assert client.post(way, {"mother.delivery_cost_fen": "yes"}).status_code == 302
    assert office.branch(number, task.item).stage is Stage.PROCESSING


def test_a_prefilled_fact_is_doubted_shown_and_taken_back(office: Office) -> None:
    number = office.submit()
    client = signed_in(office.applicant("newborn"))
    case = client.get(f"/cases/{number}")
    ways = [a for a in tree(case).xpath("//main//a/@href") if a.endswith("/doubt")]
    assert ways
    assert len(ways) == len(tree(case).xpath("//span[@class='source-badge']"))
    way = f"/cases/{number}/facts/mother.name/doubt"
    assert way in ways
    assert client.post(way, {}).status_code == 422
    same = tree(client.get(way)).xpath("//main//dd")[0].text.strip()
    assert client.post(way, {"mother.name": same}).status_code == 422
    told = client.post(way, {"mother.name": "龚丽", "why": "户口簿上是丽"}, follow=True)
    assert "您已提出异议：龚丽" in text(told)
    assert "龚丽" in text(client.get("/me/data/doubts"))
    assert office.case(number).doubts["mother.name"].why == "户口簿上是丽"
    again = client.post(way, {"mother.name": "龚莉"})
    assert again.status_code == 409
    assert links(again, "返回办件") == [f"/cases/{number}"]
    assert "户口簿上是丽" in text(client.get(way))
    client.post(f"{way}/back")
    assert not office.case(number).doubts


def test_an_item_is_urged_and_the_case_withdrawn_after_one_question(office: Office) -> None:
    number = office.submit()
    client = signed_in(office.applicant("newborn"))
    case = client.get(f"/cases/{number}")
    (item,) = tree(case).xpath("//form[contains(@action, '/urge')]/input[@name='item']/@value")
    urged = client.post(f"/cases/{number}/urge", {"item": item}, follow=True)
    assert "已催办 1 次" in text(urged)
    (way,) = links(case, "撤回申请")
    page = client.get(way)
    assert tree(page).xpath("//input[@name='items']/@value") == [item]
    assert client.post(way, {"items": ["birth-certificate"]}).status_code == 422
    gone = client.post(way, {"items": [item], "why": "不再需要"}, follow=True)
    assert "已撤回" in text(gone)
    assert office.case(number).ended
    assert not links(gone, "撤回申请")


def test_who_may_not_see_a_case_can_do_nothing_to_it(office: Office) -> None:
    number = office.submit(child__card_bank=None)
    paths = ("answer", "facts/mother.name/doubt", "take-back", "rate/birth-certificate")
    stranger = signed_in(office.applicant("newborn", 1))
    official = signed_in(office.official("medical-insurance", "reviewer"))
    for path in paths:
        assert stranger.get(f"/cases/{number}/{path}").status_code == 404
        assert stranger.post(f"/cases/{number}/{path}").status_code == 404
        assert official.get(f"/cases/{number}/{path}").status_code in {302, 404}
        assert "/sign-in?" in Client().get(f"/cases/{number}/{path}")["Location"]
    assert stranger.post(f"/cases/{number}/urge", {"item": "x"}).status_code == 404
    reads = tree(official.get(f"/cases/{number}"))
    assert not reads.xpath("//main//a[contains(@href, '/doubt') or contains(@href, '/take-back')]")
    assert not reads.xpath("//main//form")


def test_an_item_is_rated_in_two_steps_and_once(office: Office) -> None:
    number = office.submit()
    client = signed_in(office.applicant("newborn"))
    way = f"/cases/{number}/rate/birth-certificate"
    assert way in links(client.get(f"/cases/{number}"), "评价")
    assert len(tree(client.get(way)).xpath("//input[@type='radio']")) == 5
    assert client.get(f"{way}?level=9").status_code == 422
    low = client.get(f"{way}?level=1")
    assert "多次补正" in text(low)
    assert "办理快" not in text(low)
    refused = client.post(way, {"level": "1"})
    assert refused.status_code == 422
    assert "请选择标签或写明不满意之处" in text(refused)
    strange = client.post(way, {"level": "1", "tags": ["fast"], "words": "等了很久"})
    assert strange.status_code == 422
    assert "等了很久" in text(strange)
    done = client.post(way, {"level": "1", "tags": ["late"], "words": "等了很久"}, follow=True)
    assert "非常不满意" in text(done)
    assert Rating.objects.get().tags == ["late"]
    assert client.post(way, {"level": "5"}).status_code == 302
    assert Rating.objects.get().level == 1


def test_a_fee_is_paid_at_the_bank_and_the_receipt_is_shown(
    office: Office, bank: RunningBank
) -> None:
    number = office.submit("enterprise-start")
    client = signed_in(office.applicant("enterprise-start"))
    case = client.get(f"/cases/{number}")
    (way,) = links(case, "缴费")
    order = Order.objects.get()
    assert way == f"/fees/{order.number}"
    assert f"{order.amount_fen // 100}." in text(client.get(way))
    going = client.post(f"{way}/pay")
    (page,) = links(going, "打开银行页面")
    assert page.startswith(bank.url)
    assert "form-action 'self'" in going["Content-Security-Policy"]
    status, leads = bank.choose(page)
    assert (status, urlsplit(leads).path) == (303, f"{way}/back")
    bank.kill()
    assert "银行尚未告知结果" in text(client.get(f"{way}/back"))
    assert Order.objects.get().state == "open"
    bank.start()
    paid = client.get(f"{way}/back", follow=True)
    assert paid.redirect_chain == [(way, 302)]
    assert "已缴费" in text(paid)
    assert not links(client.get(f"/cases/{number}"), "缴费")
    (receipt,) = [a for a in tree(paid).xpath("//main//a/@href") if "/receipts/" in a]
    assert "校验码" in text(client.get(receipt))
    assert "已缴费" in text(client.get("/fees"))
    other = signed_in(office.applicant("enterprise-start", 1))
    for path in (way, f"{way}/back", receipt):
        assert other.get(path).status_code == 404
    assert other.post(f"{way}/pay").status_code == 404
