"""Applying page by page: nothing typed is lost, nothing is sent twice, elders get one question."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from testkit.papers import pdf
from tongban.apps.cases.models import ApplicationDraft, Case
from tongban.apps.exchange import consents
from tongban.apps.parties import queries as parties
from tongban.infra.jobs import services as jobs


def tree(answer: Any) -> Any:
    assert plain(answer)
    return html.fromstring(answer.content.decode())


def text(answer: Any) -> str:
    return " ".join(tree(answer).text_content().split())


def fill(answer: Any, **given: str) -> dict[str, Any]:
    """Give what a browser without script would send of the page's own form."""
    (form,) = tree(answer).xpath("//main//form")
    sent: dict[str, Any] = {}
    for field in form.xpath(".//input|.//select|.//textarea"):
        name, kind = field.get("name"), field.get("type", "text")
        if (
            name is None
            or kind == "file"
            or (kind in {"radio", "checkbox"} and field.get("checked") is None)
        ):
            continue
        value = (
            field.get("value", "")
            if field.tag != "select"
            else next((o.get("value") for o in field if o.get("selected") is not None), "")
        )
        sent[name] = [*sent.get(name, []), value] if name == "put" else value
    offered = {one.get("name") for one in form.xpath(".//*[@name]")}
    assert given.keys() <= offered, given.keys() - offered
    return {**sent, **given}  # fmt: skip


def go(client: Client, answer: Any, **given: str) -> Any:
    (form,) = tree(answer).xpath("//main//form")
    return client.post(form.get("action"), fill(answer, **given), follow=True)


def path(answer: Any) -> str:
    return answer.redirect_chain[-1][0].partition("?")[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_mother_applies_from_the_guide_to_the_receipt(office: Office, lang: str) -> None:
    client = signed_in(office.applicant("newborn"))
    guide = client.get(f"/services/newborn?lang={lang}")
    (apply,) = tree(guide).xpath("//main//a[@class='button ']/@href")
    page = client.get(apply, follow=True)
    assert path(page) == "/apply/newborn/answers"
    wrong = go(client, page, **{"child.name": "安"})
    assert wrong.status_code == 422
    asked = tree(page).xpath(
        "//main//form//*[self::legend or self::label][not(small)][not(@class)]"
    )
    assert len(tree(wrong).xpath("//div[@id='errors']//a")) == len(asked)
    answers = {k: str(v) for k, v in office.answers("newborn").items()}
    papers = go(client, wrong, **answers)
    assert path(papers) == "/apply/newborn/documents"
    assert len(tree(papers).xpath("//details//li")) > 10  # what need not be brought
    consent = go(client, papers)
    assert path(consent) == "/apply/newborn/consent"
    again = go(client, consent)
    assert again.status_code == 422
    assert {"zh": "请先同意", "en": "agree first"}[lang] in text(again)
    check = go(client, again, consent="yes")
    assert "安一诺" in text(check)
    receipt = go(client, check)
    number = Case.objects.get().number
    assert path(receipt) == f"/cases/{number}/receipt"
    assert number in text(receipt)
    assert not re.search(r"[\u4e00-\u9fff]", " ".join(
        tree(receipt).xpath("//main//text()") if lang == "en" else []
    ))  # fmt: skip
    twice = go(client, check)
    assert path(twice) == f"/cases/{number}/receipt"
    assert Case.objects.count() == 1


def test_an_elder_is_asked_one_question_a_page_and_needs_five_steps(office: Office) -> None:
    client = signed_in(office.applicant("old-age-allowance"))
    client.get("/?view=elder")
    home = client.get("/")
    (tile,) = [
        a for a in tree(home).xpath("//ul[@class='tiles small']//a") if "高龄" in a.text_content()
    ]
    guide = client.get(tile.get("href"))  # 1
    (apply,) = tree(guide).xpath("//main//a[@class='button ']/@href")
    page = client.get(apply, follow=True)  # 2: the first field
    assert len(tree(page).xpath("//input[@name='put']")) == 1
    consent = go(client, page, **{"elder.payout": "card"})  # 3
    check = go(
        client, consent, **({"consent": "yes"} if "consent" in str(consent.content) else {})
    )  # 4
    receipt = go(client, check)  # 5
    assert "已收到您的申请" in text(receipt)


def at_check(client: Client, office: Office, event: str = "newborn") -> Any:
    """Go from the first question to the last look, with the demonstration's answers."""
    page = client.get(f"/apply/{event}/answers")
    answers = {k: str(v) for k, v in office.answers(event).items()}
    page = go(client, page, **answers)
    if path(page).endswith("/documents"):
        page = go(client, page)
    agrees = {"consent": "yes"} if 'name="consent"' in page.content.decode() else {}
    return go(client, page, **agrees)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_departments_say_is_shown_by_department_and_may_be_not_right(
    office: Office, lang: str
) -> None:
    client = signed_in(office.applicant("newborn"))
    client.get(f"/?lang={lang}")
    check = at_check(client, office)
    assert path(check) == "/apply/newborn/check"
    police = parties.department_name("police", lang)
    groups = {
        " ".join(group.xpath("./summary")[0].text_content().split()): group
        for group in tree(check).xpath("//main//details[.//*[@class='source-badge']]")
    }
    (group,) = [one for name, one in groups.items() if name.endswith(police)]
    badges = {
        " ".join(b.text_content().split()) for b in group.xpath(".//*[@class='source-badge']")
    }
    assert any(police in badge and "2026-11-23" in badge for badge in badges)
    doubts = [a for a in group.xpath(".//a/@href") if a.endswith("/doubt")]
    (way,) = [a for a in doubts if "/mother.hukou_address/" in a]
    form = client.get(way)
    assert {"zh": "只保存在草稿里", "en": "kept with the draft"}[lang] in text(form)
    lacking = client.post(way, {})
    assert lacking.status_code == 422
    told = client.post(way, {"mother.hukou_address": "上城区一号", "why": "已迁"}, follow=True)
    assert path(told) == "/apply/newborn/check"
    assert "上城区一号" in text(told)
    receipt = go(client, told)
    number = Case.objects.get().number
    assert path(receipt) == f"/cases/{number}/receipt"
    assert "上城区一号" in text(client.get(f"/cases/{number}"))


def test_a_doubt_is_taken_back_on_its_page(office: Office) -> None:
    client = signed_in(office.applicant("newborn"))
    at_check(client, office)
    way = "/apply/newborn/facts/mother.hukou_address/doubt"
    client.post(way, {"why": "已迁"})
    seen = client.get(way)
    (form,) = tree(seen).xpath("//main//form")
    back = client.post(form.get("action"), {}, follow=True)
    assert path(back) == "/apply/newborn/check"
    assert "您已提出异议" not in text(back)
    for odd in ("child.name", "no.such", "mother.shoe_size"):
        assert client.get(f"/apply/newborn/facts/{odd}/doubt").status_code == 404
    stranger = signed_in(office.applicant("newborn", 1))
    assert stranger.get(way).status_code == 404


def test_a_slow_department_keeps_nobody_waiting(office: Office, settings: Any) -> None:
    settings.READ_AHEAD_SECONDS = 0.0
    client = signed_in(office.applicant("newborn"))
    waiting = at_check(client, office)
    assert "正在向部门读取数据" in text(waiting)
    assert waiting["Refresh"] == "2"
    fields = "//main//*[self::input or self::textarea or self::select][not(@type='hidden')]"
    assert not tree(waiting).xpath(fields)  # nothing that is typed goes when it comes anew
    assert not tree(waiting).xpath("//main//form")
    (skip,) = [a for a in tree(waiting).xpath("//main//a/@href") if a.endswith("?now=1")]
    early = client.get(skip)
    assert "提交后再向部门读取" in text(early)
    assert "Refresh" not in early
    jobs.run_until_idle()
    done = client.get("/apply/newborn/check")
    assert "Refresh" not in done
    assert parties.department_name("police", "zh") in text(done)


def test_a_page_that_was_open_before_a_withdrawal_sends_nothing(office: Office) -> None:
    mother = office.applicant("newborn")
    client = signed_in(mother)
    check = at_check(client, office)
    (given,) = consents.consents_of(mother)
    assert "草稿" in text(client.get("/me/data/consents"))
    consents.withdraw(given.number, mother)
    sent = go(client, check)
    assert path(sent) == "/apply/newborn/consent"
    assert not Case.objects.exists()
    assert not tree(client.get("/me/data/consents")).xpath("//main//form")
    assert client.get("/apply/newborn/check")["Location"] == "/apply/newborn/consent"
    seen = text(client.get("/me/data"))
    assert "草稿" in seen


def test_what_was_read_long_ago_may_be_read_again(office: Office) -> None:
    client = signed_in(office.applicant("old-age-allowance"))
    at_check(client, office, "old-age-allowance")
    office.clock.move(minutes=20)
    old = client.get("/apply/old-age-allowance/check")
    assert "提交后会重新读取" in text(old)
    again, _send = tree(old).xpath("//main//form")
    client.post(again.get("action"), {"consent": "yes"})
    assert "提交后会重新读取" not in text(client.get("/apply/old-age-allowance/check"))


def test_what_was_typed_stands_on_the_next_device(office: Office) -> None:
    mother = office.applicant("newborn")
    phone, tablet = signed_in(mother), signed_in(mother)
    first = phone.get("/apply/newborn/answers")
    stale = tablet.get("/apply/newborn/answers")
    go(phone, first, **{"child.name": "安一诺"})
    assert "安一诺" in tree(tablet.get("/apply/newborn/answers")).xpath("//input/@value")
    clash = go(tablet, stale, **{"child.name": "安诺一"})
    assert clash.status_code == 422
    assert "已保存“安一诺”" in text(clash)
    assert "安诺一" in tree(clash).xpath("//input/@value")  # not lost either
    go(tablet, clash)
    assert "安诺一" in tree(phone.get("/apply/newborn/answers")).xpath("//input/@value")


def test_a_draft_is_dropped_after_one_question(office: Office) -> None:
    client = signed_in(office.applicant("newborn"))
    page = client.get("/apply/newborn/answers")
    go(client, page, **{"child.name": "安一诺"})
    sure = client.get("/apply/newborn/drop")
    assert "不能恢复" in text(sure)
    assert ApplicationDraft.objects.count() == 1
    client.post("/apply/newborn/drop")
    assert ApplicationDraft.objects.count() == 0


def test_a_document_is_kept_shown_and_taken_away(office: Office) -> None:
    client = signed_in(office.applicant("enterprise-start"))
    known = {n: v for n, v in office.cast("enterprise-start").items() if "id_number" not in n}
    answers = office.answers("enterprise-start") | known | {"company.model_articles": False}
    page = client.get("/apply/enterprise-start/answers")
    said = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in answers.items()}
    papers = go(client, page, **said)
    assert [e.text for e in tree(papers).xpath("//div[@id='errors']//a")] == []
    assert path(papers) == "/apply/enterprise-start/documents"
    lacking = go(client, papers)
    assert lacking.status_code == 422
    assert "请上传这份材料" in text(lacking)
    (form,) = tree(lacking).xpath("//main//form")
    no_paper = SimpleUploadedFile("a.pdf", b"MZ\x90 a program")
    refused = client.post(form.get("action"), fill(lacking) | {"articles": no_paper})
    assert refused.status_code == 422
    good = SimpleUploadedFile("章程.pdf", pdf())
    kept = client.post(
        form.get("action"), fill(lacking) | {"articles": good, "stay": "1"}, follow=True
    )
    assert "章程.pdf" in text(kept)
    gone = client.post(form.get("action"), fill(kept) | {"remove": "articles"}, follow=True)
    assert "章程.pdf" not in text(gone)


def test_a_stranger_signs_in_and_comes_back(office: Office) -> None:
    answer = Client().get("/apply/newborn")
    assert answer["Location"] == "/sign-in?next=%2Fapply%2Fnewborn"
    client = signed_in(office.applicant("newborn"))
    assert client.get("/apply/nothing").status_code == 404
    assert client.get("/apply/newborn/nothing").status_code == 404
    assert client.get("/services/nothing").status_code == 404


def test_services_are_listed_by_theme_and_department_for_everybody(office: Office) -> None:
    everything = Client().get("/services")
    assert "新生儿出生一件事" in text(everything)
    (theme, *_) = tree(everything).xpath("//ul[@class='tiles']//a/@href")
    assert len(tree(Client().get(f"/services{theme}")).xpath("//ul[@class='tasks']/li")) >= 1
    some = Client().get("/services?department=police")
    assert "户口登记" in text(some)
    assert "没有符合条件" in text(Client().get("/services?department=nobody"))
    for odd in ("page=0", "page=x", "page=99999999", "theme=%00"):
        assert Client().get(f"/services?{odd}").status_code == 200
