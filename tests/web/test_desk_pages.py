"""The clerk's desk: the queue, ten cases by keyboard alone, one correction, a counter, duties."""

import re
from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.banks import RunningBank
from testkit.browsers import plain, signed_in
from testkit.fees import AMOUNT, ask, payer
from testkit.office import Office
from testkit.packs import changed_packs
from testkit.papers import base64_of, pdf, png
from tongban.apps.cases import services
from tongban.apps.cases.domain.state import Stage
from tongban.apps.fees import services as fees
from tongban.apps.fees.models import Refund
from tongban.apps.items import services as publishing
from tongban.apps.voice import services as voice
from tongban.apps.voice.domain import Opinion
from tongban.infra.access.domain import Subject
from tongban.infra.packs import read_packs
from tongban.infra.trail import queries as trail

ITEM, HERE = "maternity-reimbursement", "medical-insurance"
INVOICE = "hospital-invoice-elsewhere"
FILE = "sample/items/maternity-reimbursement.yaml"
# what names the item by its version, and is raised with it
HOLDING = ("life-events/newborn", "guides/newborn", f"guides/{ITEM}")


def tree(answer: Any) -> Any:
    assert plain(answer)
    assert b"style=" not in answer.content
    return html.fromstring(answer.content.decode())


def text(answer: Any) -> str:
    return " ".join(tree(answer).xpath("//main")[0].text_content().split())


def errors(answer: Any) -> str:
    return " ".join(tree(answer).xpath("//div[@id='errors']")[0].text_content().split())


def form(answer: Any, act: str) -> Any:
    """Give the form of the page that has the button of an act."""
    (found,) = tree(answer).xpath(f"//form[.//button[@name='act'][@value='{act}']]")
    return found


def offers(answer: Any) -> set[str]:
    return set(tree(answer).xpath("//main//button[@name='act']/@value"))


def send(client: Client, answer: Any, act: str, **given: Any) -> Any:
    """Send a form of the page as a browser without script does, with what is filled in."""
    found = form(answer, act)
    sent: dict[str, Any] = {"act": act}
    for control in found.xpath(".//input|.//select|.//textarea"):
        name, kind = control.get("name"), control.get("type", "")
        if name is None or (kind in {"radio", "checkbox"} and control.get("checked") is None):
            continue
        value = control.get("value", "")
        if control.tag == "select":
            value = next((o.get("value") for o in control if o.get("selected") is not None), "")
        elif control.tag == "textarea":
            value = control.text or ""
        sent[name] = [*sent.get(name, []), value] if kind == "checkbox" else value
    named = {f"{act}.{name}": value for name, value in given.items()}
    offered = {one.get("name") for one in found.xpath(".//*[@name]")}
    assert named.keys() <= offered, named.keys() - offered
    return client.post(found.get("action"), {**sent, **named}, follow=True)


def at(answer: Any) -> str:
    """Give where a browser stands, with the part of the page in focus."""
    return str(answer.redirect_chain[-1][0])


def page(client: Client, number: str, item: str = ITEM, **query: str) -> Any:
    return client.get(f"/desk/cases/{number}/{item}", query)


@pytest.fixture
def reviewer(office: Office) -> Subject:
    return office.official(HERE, "reviewer")


@pytest.fixture
def approving(office: Office) -> Office:
    """Publish the reimbursement with moves to another department that must be approved."""
    raised = ("\nversion: 1\n", "\nversion: 2\n")
    changes = {FILE: [("\ndesk:\n", "\ndesk:\n  transfer: approval\n"), raised]}
    changes |= {f"sample/{name}.yaml": [raised] for name in HOLDING}
    publishing.publish(read_packs(changed_packs(office.folder, changes)), actor="test")
    return office


@pytest.fixture
def elsewhere(office: Office) -> str:
    """Give the case of a family whose hospital is outside the city, with the invoice uploaded."""
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    upload = services.Upload(INVOICE, "票据.png", "image/png", base64_of(png()))
    return office.submit(uploads=[upload])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_queue_tells_the_clock_in_words_and_is_open_to_posts_alone(
    office: Office, reviewer: Subject, lang: str
) -> None:
    number = office.submit()
    client = signed_in(reviewer)
    queue = client.get(f"/desk?lang={lang}")
    assert number in text(queue)
    assert {"zh": "正常", "en": "in time"}[lang] in text(queue)
    if lang == "en":
        assert not re.search(r"[\u4e00-\u9fff]", text(queue))
    assert Client().get("/desk")["Location"] == "/sign-in?next=%2Fdesk"
    for stranger in (office.applicant("newborn"), office.official("police", "reviewer")):
        other = signed_in(stranger)
        assert number not in other.get("/desk").content.decode()
        assert page(other, number).status_code == 404
    assert page(client, number, "birth-certificate").status_code == 404
    assert page(client, "nothing").status_code == 404


def test_ten_cases_are_decided_one_after_the_other(office: Office, reviewer: Subject) -> None:
    numbers = [office.submit()]
    for _ in range(9):
        office.next_birth()
        numbers.append(office.submit())
    client = signed_in(reviewer)
    queue = client.get("/desk")
    (begin,) = tree(queue).xpath("//main//p[@class='acts']/a/@href")
    here = client.get(begin, follow=True)
    seen = []
    for n in range(10):
        assert at(here).endswith("#case")
        (heading,) = tree(here).xpath("//h1[@id='case'][@tabindex='-1']")
        seen.append(heading.xpath("./small")[0].text)
        assert (f"已办理：{seen[-2]}" in text(here)) == (n > 0) if n else True
        here = send(client, here, "decide0", outcome="grant", reason="材料齐全")
    assert sorted(seen) == sorted(numbers)
    assert at(here).startswith("/desk?")
    assert f"已办理：{seen[-1]}" in text(here)
    assert "没有等待您办理的事项" in text(here)
    assert all(office.tasks(n)[0].post == "approver" for n in numbers)


def test_a_case_that_is_skipped_comes_back_last(office: Office, reviewer: Subject) -> None:
    first = office.submit()
    office.next_birth()
    second = office.submit()
    client = signed_in(reviewer)
    here = client.get("/desk/next", follow=True)
    assert first in at(here)
    (skip,) = tree(here).xpath("//a[@accesskey='n']/@href")
    there = client.get(skip, follow=True)
    assert second in at(there)
    (skip,) = tree(there).xpath("//a[@accesskey='n']/@href")
    assert first in at(client.get(skip, follow=True))
    back = send(client, there, "decide0", outcome="refuse", reason="票据不符")
    assert first in at(back)
    assert f"done={second}" in at(back)


def test_what_a_verb_refuses_is_said_above_what_was_typed(
    office: Office, reviewer: Subject
) -> None:
    number = office.submit()
    client = signed_in(reviewer)
    here = page(client, number)
    lacking = send(client, here, "decide0", reason="x")
    assert lacking.status_code == 422
    assert "请回答这一项" in errors(lacking)
    (link,) = tree(lacking).xpath("//div[@id='errors']//a/@href")
    assert tree(lacking).xpath(f"//*[@id='{link[1:]}']")
    unsaid = send(client, here, "decide0", outcome="grant")
    assert unsaid.status_code == 422
    assert "请写明理由" in errors(unsaid)
    assert tree(unsaid).xpath("//input[@name='decide0.outcome'][@value='grant'][@checked]")
    stale = page(client, number)
    send(client, here, "decide0", outcome="grant", reason="材料齐全")
    late = send(client, stale, "decide0", outcome="refuse", reason="票据不符")
    assert late.status_code == 409
    assert "办件已变化" in errors(late)


def test_the_case_shows_sources_doubts_and_history(office: Office, reviewer: Subject) -> None:
    number = office.submit()
    mother = office.applicant("newborn")
    services.doubt(mother, number, "mother.delivery_cost_fen", services.Doubted(1, "少了一张票"))
    here = page(signed_in(reviewer), number)
    told = text(here)
    assert "少了一张票" in told
    assert "申请人对数据有异议" in text(signed_in(reviewer).get("/desk"))
    badges = tree(here).xpath("//span[@class='source-badge']")
    assert badges
    assert all("来自" in one.text_content() for one in badges)
    assert "提交申请" in told
    facts = {dt.text for dt in tree(here).xpath("//dl[@class='facts']//dt")}
    police = office.official("police", "reviewer")
    assert "分娩方式" not in {
        dt.text
        for dt in tree(page(signed_in(police), number, "household-registration")).xpath("//dt")
    }
    assert facts


def test_a_picture_is_shown_sandboxed_and_a_pdf_is_saved(office: Office, elsewhere: str) -> None:
    clerk = signed_in(office.official(HERE, "clerk"))
    here = page(clerk, elsewhere)
    (source,) = tree(here).xpath("//img[@class='paper']/@src")
    picture = clerk.get(source)
    assert picture["Content-Type"] == "image/png"
    assert picture["Content-Disposition"].startswith("inline")
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in picture["Content-Security-Policy"]
    assert "script" not in picture["Content-Security-Policy"]
    assert picture.content.startswith(b"\x89PNG")
    for other in (office.official("police", "reviewer"), office.applicant("newborn", 1)):
        assert signed_in(other).get(source).status_code == 404
    assert clerk.get(source.replace(INVOICE, "articles")).status_code == 404
    asked = send(clerk, here, "ask", points=[INVOICE], reason="票据不清晰")
    assert asked.status_code == 200
    paper = services.Upload(INVOICE, "票据.pdf", "application/pdf", base64_of(pdf()))
    services.answer(office.applicant("newborn"), elsewhere, {}, [paper])
    saved = clerk.get(source)
    assert saved["Content-Type"] == "application/pdf"
    assert saved["Content-Disposition"].startswith("attachment")


def test_a_correction_is_asked_once_from_the_whole_checklist(
    office: Office, elsewhere: str
) -> None:
    clerk = signed_in(office.official(HERE, "clerk"))
    here = page(clerk, elsewhere)
    assert {"accept", "ask", "claim"} <= offers(here)
    points = tree(here).xpath("//input[@name='ask.points']/@value")
    assert {INVOICE, "birth-certificate", "mother.bank_account"} <= set(points)
    nothing = send(clerk, here, "ask")
    assert nothing.status_code == 422
    assert "请列出补正内容" in errors(nothing)
    send(clerk, here, "ask", points=[INVOICE, "mother.bank_account"], reason="不清晰")
    branch = office.branch(elsewhere, ITEM)
    assert branch.stage is Stage.CORRECTION
    assert set(branch.asked) == {(INVOICE, "不清晰"), ("mother.bank_account", "不清晰")}
    assert "ask" not in offers(page(clerk, elsewhere))


def test_a_clerk_accepts_and_may_not_refuse_before_asking(office: Office, elsewhere: str) -> None:
    clerk = signed_in(office.official(HERE, "clerk"))
    here = page(clerk, elsewhere)
    refused = send(clerk, here, "accept", accept="no", reason="不清晰")
    assert refused.status_code == 409
    assert "先一次性告知补正" in errors(refused)
    send(clerk, here, "accept", accept="yes")
    assert office.branch(elsewhere, ITEM).stage is Stage.PROCESSING


def test_a_claim_keeps_others_out_until_it_is_taken_over(office: Office, reviewer: Subject) -> None:
    number = office.submit()
    one = signed_in(reviewer)
    other = signed_in(office.appoint(HERE, "reviewer", "another-reviewer"))
    queue = one.get("/desk")
    (claim,) = tree(queue).xpath("//form[.//button[@value='claim']]")
    (of,) = claim.xpath(".//input[@name='of']/@value")
    one.post(claim.get("action"), {"act": "claim", "of": of})
    assert "我已认领" in text(one.get("/desk"))
    assert "他人已认领" in text(other.get("/desk"))
    assert number not in text(other.get("/desk?claimed=free"))
    assert number in text(other.get("/desk?claimed=others"))
    there = page(other, number)
    held = send(other, there, "decide0", outcome="grant", reason="材料齐全")
    assert held.status_code == 409
    assert "已由他人认领" in errors(held)
    assert at(other.get("/desk/next", follow=True)) == "/desk"
    send(other, there, "take-over", reason="同事外出")
    gone = send(one, page(one, number), "take-over", reason="")
    assert gone.status_code == 422
    send(other, page(other, number), "release")
    assert "claim" in offers(page(one, number))


def test_the_clock_stops_for_a_special_procedure_and_is_extended_as_an_approver_agrees(
    office: Office, reviewer: Subject
) -> None:
    number = office.submit()
    client = signed_in(reviewer)
    here = page(client, number)
    stopped = send(client, here, "suspend", kind="appraisal", reason="委托鉴定")
    assert "特别程序进行中" in text(stopped)
    assert not {"decide0", "extend"} & set(offers(stopped))
    running = send(client, stopped, "resume")
    assert "decide0" in offers(running)
    approver = signed_in(office.official(HERE, "approver"))
    assert not {"extend", "settle-extension"} & set(offers(page(approver, number)))
    much = send(client, running, "extend", days="11", reason="案情复杂")
    assert much.status_code == 409
    assert "不能延长办理期限" in errors(much)
    asked = send(client, running, "extend", days="10", reason="案情复杂")
    assert not {"extend", "settle-extension"} & set(offers(asked))
    assert office.branch(number, ITEM).extension is None
    assert "延长待批准" in text(approver.get("/desk"))
    there = page(approver, number)
    assert "申请延长10个工作日，理由：案情复杂" in text(there)
    send(approver, there, "settle-extension", agreed="yes")
    assert office.branch(number, ITEM).extension is not None
    assert "延长待批准" not in text(approver.get("/desk"))
    assert not {"extend", "settle-extension"} & set(offers(page(client, number)))


def test_a_move_to_another_department_waits_for_the_approver(approving: Office) -> None:
    office = approving
    number = office.submit()
    reviewer = signed_in(office.official(HERE, "reviewer"))
    here = page(reviewer, number)
    nowhere = send(reviewer, here, "transfer", department=HERE, post="reviewer", reason="x")
    assert nowhere.status_code == 409
    send(reviewer, here, "transfer", department="civil-affairs", post="reviewer", reason="归口")
    assert office.branch(number, ITEM).move
    approver = signed_in(office.official(HERE, "approver"))
    assert "转办待批准" in text(approver.get("/desk"))
    there = page(approver, number)
    send(approver, there, "settle", agreed="yes")
    other = signed_in(office.official("civil-affairs", "reviewer"))
    assert number in text(other.get("/desk"))
    assert page(reviewer, number).status_code == 404


def test_reasons_of_the_item_are_offered_and_several_are_decided_at_once(
    office: Office,
) -> None:
    numbers = [office.submit()]
    for _ in range(2):
        office.next_birth()
        numbers.append(office.submit())
    client = signed_in(office.official(HERE, "reviewer"))
    here = page(client, numbers[0])
    unfit = send(client, here, "decide0", outcome="grant", template="refuse:too-late")
    assert unfit.status_code == 422
    assert "没有此理由模板" in errors(unfit)
    assert "batch" not in offers(client.get("/desk"))
    queue = client.get(f"/desk?item={ITEM}")
    services.claim(office.appoint(HERE, "reviewer", "busy"), numbers[1], ITEM)
    done = client.post(
        f"/desk?item={ITEM}",
        {
            "act": "batch",
            "step": form(queue, "batch").xpath(".//input[@name='step']/@value")[0],
            "cases": numbers,
            "batch.outcome": "grant",
            "batch.template": "grant:complete",
        },
    )
    outcomes = tree(done).xpath("//section[@aria-labelledby='outcomes']//li")
    told = {li.xpath("./b")[0].text: li.text_content() for li in outcomes}
    assert "已由他人认领" in told[numbers[1]]
    assert [n for n in numbers if "未办理" not in told[n]] == [numbers[0], numbers[2]]
    reasons = [e.reason for e in trail.history(numbers[0]) if e.reason]
    assert "材料齐全、符合规定" in reasons


def test_a_person_at_the_counter_is_applied_for_and_every_page_says_so(office: Office) -> None:
    clerk = office.official("health", "clerk")
    client = signed_in(clerk)
    here = client.get("/desk/counter")
    (asked,) = tree(here).xpath("//form[@action='/desk/counter']")
    known = office.cast("newborn")
    number = next(v for n, v in known.items() if n.endswith(".id_number"))
    office.applicant("newborn")
    given = {
        "id_number": number,
        "name": "市民",
        "checked": "id-card-reader",
        "signed": "纸质委托书 2026-11-23",
        "life_event": "newborn",
        "department": "health",
    }
    lacking = client.post(asked.get("action"), given | {"checked": "", "id_number": "1"})
    assert lacking.status_code == 422
    assert len(tree(lacking).xpath("//div[@id='errors']//a")) >= 1
    wrong = client.post(asked.get("action"), given | {"id_number": "110101199003070031"})
    assert wrong.status_code == 422
    stranger = client.post(asked.get("action"), given | {"name": "别人"})
    assert stranger.status_code == 409
    apply = client.post(asked.get("action"), given, follow=True)
    assert apply.redirect_chain[-1][0] == "/apply/newborn/answers"
    for path in ("/apply/newborn/answers", "/services/newborn", "/"):
        assert "窗口代办" in text(client.get(path))
    assert client.get("/desk").status_code == 404
    assert client.get("/apply/enterprise-start/answers").status_code in {404, 409}
    (event,) = trail.history(f"delegation:{delegation(client)}")
    assert event.data["basis"] == "身份证读卡核验；纸质委托书 2026-11-23"
    (leave,) = tree(client.get("/")).xpath("//form[@action='/desk/counter/end']")
    client.post(leave.get("action"))
    assert "窗口代办，" not in text(client.get("/"))
    assert client.get("/desk").status_code == 200


def delegation(client: Client) -> str:
    return str(client.session["behalf"])


def test_a_licence_is_suspended_restored_and_revoked_after_proving_more(office: Office) -> None:
    number = office.submit()
    identifier = office.branch(number, "birth-certificate").licence.partition(":")[2]
    approver = office.official("health", "approver")
    weak = signed_in(approver, "pwd")
    path = f"/desk/licences/{identifier}"
    order = {"act": "suspend", "authority": "行政许可法第六十九条", "reason": "核查"}
    sent = weak.post(path, order)
    assert sent["Location"].startswith("/sign-in/more?")
    client = signed_in(approver)
    assert client.get(f"/desk/licences?identifier={identifier}")["Location"] == path
    assert client.get("/desk/licences?identifier=none").status_code == 404
    assert client.post(path, order | {"reason": ""}).status_code == 422
    assert client.post(path, order | {"act": "restore"}).status_code == 422
    assert "已暂停" in text(client.post(path, order, follow=True))
    assert "有效" in text(client.post(path, order | {"act": "restore"}, follow=True))
    over = client.post(path, order | {"act": "revoke"}, follow=True)
    assert "已注销" in text(over)
    assert not tree(over).xpath("//main//form[@method='post']")
    assert signed_in(office.official("police", "approver")).get(path).status_code == 404
    assert signed_in(office.official("health", "reviewer")).get(path).status_code == 404


def test_ratings_are_shown_to_the_department_alone(office: Office) -> None:
    number = office.submit()
    opinion = Opinion(2, words="窗口排队太久")
    voice.rate(office.applicant("newborn"), number, "birth-certificate", opinion)
    shown = signed_in(office.official("health", "reviewer")).get("/desk/ratings")
    assert "窗口排队太久" in text(shown)
    assert number in text(shown)
    other = signed_in(office.official("police", "reviewer")).get("/desk/ratings")
    assert "窗口排队太久" not in text(other)


def test_a_low_rating_is_called_back_at_the_desk(office: Office) -> None:
    number = office.submit()
    who = office.applicant("newborn")
    voice.rate(who, number, "birth-certificate", Opinion(1, words="<b>等太久</b>"))
    client = signed_in(office.official("health", "clerk"))
    listed = client.get("/desk/ratings")
    assert "待回访： 1" in text(listed)
    (way,) = [a for a in tree(listed).xpath("//main//a/@href") if a.startswith("/desk/ratings/")]
    form = client.get(way)
    assert "<b>等太久</b>" in text(form)
    lacking = client.post(way, {"how": "phone"})
    assert lacking.status_code == 422
    over = client.post(way, {"how": "phone", "found": "x" * 501})
    assert over.status_code == 409
    client.post(way, {"how": "phone", "found": "已增开窗口", "mended": "yes"})
    done = client.get("/desk/ratings")
    assert "已整改" in text(done)
    assert "已增开窗口" in text(done)
    assert client.get(way).status_code == 404
    police = signed_in(office.official("police", "clerk"))
    assert police.get(way).status_code == 404
    assert police.get(way.replace("health", "police")).status_code == 404


def test_a_large_refund_and_a_difference_with_the_bank_need_a_second_hand(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    bank.err("wrong-amount")
    bank.choose(fees.pay(payer(office), number))
    fees.ask_bank(number)
    clerk = office.official("police", "clerk")
    refund = fees.ask_refund(clerk, number, AMOUNT + 100, "amount", "银行多扣")
    assert signed_in(clerk).get("/desk/fees").status_code == 404
    approver = signed_in(office.official("police", "approver"))
    shown = approver.get("/desk/fees")
    assert refund in text(shown)
    assert "241.00 元" in text(shown)
    assert "本部门不记银行账目" in text(shown)
    unsaid = approver.post("/desk/fees", {"act": "refuse", "of": refund, "reason": " "})
    assert (unsaid.status_code, Refund.objects.get().state) == (422, "asked")
    stranger = signed_in(office.official("tax", "approver"))
    assert refund not in text(stranger.get("/desk/fees"))
    assert stranger.post("/desk/fees", {"act": "approve", "of": refund}).status_code == 404
    weak = signed_in(office.official("police", "approver"), "pwd")
    assert weak.post("/desk/fees", {"act": "approve", "of": refund})["Location"].startswith(
        "/sign-in/more"
    )
    approver.post("/desk/fees", {"act": "approve", "of": refund})
    assert Refund.objects.get().state == "approved"
    assert approver.post("/desk/fees", {"act": "approve", "of": refund}).status_code == 409
    settling = tree(stranger.get("/desk/fees")).xpath("//form[.//button[@value='settle']]")
    (of,) = settling[0].xpath(".//input[@name='of']/@value")
    unsaid = stranger.post("/desk/fees", {"act": "settle", "of": of})
    assert unsaid.status_code == 409
    stranger.post("/desk/fees", {"act": "settle", "of": of, "reason": "银行更正单 7 号"})
    assert "没有未处理的对账差错" in text(stranger.get("/desk/fees"))
    assert (
        approver.post("/desk/fees", {"act": "settle", "of": of, "reason": "x"}).status_code == 409
    )
