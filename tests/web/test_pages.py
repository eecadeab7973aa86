"""The pages: plain, without script, in both languages, and blind to whoever may not see."""

import gzip
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import html

import tongban.web
from testkit.browsers import plain, signed_in
from testkit.office import Office
from tongban.apps.cases import services as cases
from tongban.infra.access import services as access
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User
from tongban.web.words import WORDS

CSS = (Path(tongban.web.__file__).parent / "static" / "web" / "tongban.css").read_text("utf-8")


def browser(subject: Subject | None = None) -> Client:
    return Client() if subject is None else signed_in(subject)


def page(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status_code == status
    return html.fromstring(answer.content.decode())


def texts(tree: Any, path: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in tree.xpath(path)]


@pytest.fixture
def number(office: Office) -> str:
    return office.submit()


def test_the_timeline_tells_the_applicant_everything(office: Office, number: str) -> None:
    tree = page(browser(office.applicant("newborn")), f"/cases/{number}")
    assert tree.get("lang") == "zh-CN"
    assert texts(tree, "//h1") == ["新生儿出生一件事"]
    branches = tree.xpath("//li[contains(@class, 'branch')]")
    assert len(branches) == 7
    certificate = " ".join(branches[0].text_content().split())
    for part in ("出生医学证明", "✔ 准予", "安和市卫生健康委员会", "规则自动决定", "2026-11-24"):
        assert part in certificate
    assert "1.2.156.3005.2." in certificate
    assert "首次签发（依据：中华人民共和国母婴保健法" in certificate
    waiting = " ".join(branches[5].text_content().split())
    assert "● 办理中" in waiting
    assert "决定方式尚未决定" in waiting
    assert "正在等待审查岗位" in waiting
    sections = texts(tree, "//h2")
    assert sections[0] == "各事项办理情况"
    assert {"您填写的内容", "从部门调取的数据", "调取记录", "办理留痕"} <= set(sections)
    sources = texts(tree, "//span[@class='source-badge']")
    assert any("来自 安和市公安局 · 截至 2026-11-23" in source for source in sources)
    assert all("不对？" in source for source in sources)
    assert "安一诺" in tree.text_content()
    assert "留痕链完整" in texts(tree, "//p[@class='good']")[0]
    hashes = texts(tree, "//ol[@class='timeline']/li/code")
    assert len(hashes) > 50
    assert all(re.fullmatch(r"#\d+ [0-9a-f]{12}", found) for found in hashes)


def test_what_was_promised_stands_beside_what_was_done(office: Office, number: str) -> None:
    def days(item: str) -> tuple[str, str, list[str]]:
        """Give the promised day, the actual one, and what the item's own timeline promises."""
        client = browser(office.applicant("newborn"))
        (branch,) = page(client, f"/cases/{number}").xpath(f"//li[@id='{item}']")
        told = dict(zip(texts(branch, ".//dt"), texts(branch, ".//dd"), strict=True))
        rows = branch.xpath(".//ol[@class='timeline']/li[b[text()='承诺办结日']]")
        return told["承诺办结"], told["实际办结"], [li.xpath("./time")[0].text for li in rows]

    item = "maternity-reimbursement"
    held = office.branch(number, item)
    assert held.accepted is not None
    promised, actual, waits = days(item)
    assert promised > "2026-11-23"
    assert (actual, waits) == ("—", [promised])
    office.clock.move(days=2)
    for role in ("reviewer", "approver"):
        who = office.official("medical-insurance", role)
        (step,) = [one.step for one in office.tasks(number) if one.item == item]
        cases.decide(who, number, item, step, cases.Verdict({"outcome": "grant"}, "材料齐全"))
    assert days(item) == (promised, "2026-11-25", [])


ROOMS = {
    "/": "首页",
    "/services": "办事",
    "/messages": "消息",
    "/me": "我的",
}


def test_the_bar_names_four_rooms_on_every_page_and_says_which_one_it_is_in(
    office: Office, number: str
) -> None:
    mine = browser(office.applicant("newborn"))
    for client, path, room in (
        (Client(), "/", "/"),
        (Client(), "/services/newborn", "/services"),
        (Client(), "/accessibility", ""),
        (mine, "/", "/"),
        (mine, "/services/newborn", "/services"),
        (mine, "/apply/newborn/answers", "/me"),
        (mine, f"/cases/{number}", "/me"),
        (mine, "/licences", "/me"),
        (mine, "/messages", "/messages"),
        (mine, "/nothing/here", "/me"),
    ):
        tree = html.fromstring(client.get(path).content.decode())
        (bar,) = tree.xpath("//nav[@class='rooms']")
        assert [a.get("href") for a in bar.xpath(".//a")] == list(ROOMS)
        for a in bar.xpath(".//a"):
            assert a.text_content().strip().startswith(ROOMS[a.get("href")])
        assert bar.xpath(".//a[@aria-current='page']/@href") == ([room] if room else []), path
    official = browser(office.official("medical-insurance", "reviewer"))
    (bar,) = page(official, "/desk").xpath("//nav[@class='rooms']")
    assert bar.xpath(".//a/@href") == ["/", "/services", "/desk", "/me"]
    assert bar.xpath(".//a[@aria-current='page']/@href") == ["/desk"]


def test_the_same_page_in_english_has_no_chinese_heading(office: Office, number: str) -> None:
    client = browser(office.applicant("newborn"))
    tree = page(client, f"/cases/{number}?lang=en")
    assert tree.get("lang") == "en"
    for words in texts(tree, "//h1|//h2|//h4|//dt|//header//span|//footer//a"):
        assert not re.search(r"[\u4e00-\u9fff]", words), words
    again = page(client, f"/cases/{number}")
    assert again.get("lang") == "en"  # the cookie keeps it
    assert page(client, f"/cases/{number}?lang=zh").get("lang") == "zh-CN"


def test_a_page_names_no_other_host_and_carries_no_script_or_style_of_its_own(
    office: Office, number: str
) -> None:
    client = browser(office.applicant("newborn"))
    for path in ("/", f"/cases/{number}", "/nothing"):
        answer = client.get(path)
        text = answer.content.decode()
        assert not re.search(r"(src|href|action)=[\"']?(https?:)?//", text)
        assert plain(answer)
        assert "<style" not in text
        assert not re.search(r"\s(style|on\w+)=", text)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "//" not in policy
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Frame-Options"] == "DENY"


def test_the_api_page_names_no_other_host(office: Office) -> None:
    answer = Client().get("/api/docs")
    text = answer.content.decode()
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
    for found in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", text):
        asset = Client().get(found)
        assert asset.status_code == 200, found
        asset.close()
    assert Client().get("/api/openapi.json").json()["openapi"].startswith("3.")


def test_headings_follow_one_another(office: Office, number: str) -> None:
    client = browser(office.applicant("newborn"))
    for path in ("/", f"/cases/{number}", "/nothing"):
        tree = html.fromstring(client.get(path).content.decode())
        levels = [int(h.tag[1]) for h in tree.xpath("//h1|//h2|//h3|//h4")]
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))
        assert tree.xpath("//main[@id='main']")
        assert tree.xpath("//a[@class='skip'][@href='#main']")
        assert tree.xpath("//title")[0].text
        assert len(set(tree.xpath("//@id"))) == len(tree.xpath("//@id"))


def test_a_correction_is_put_to_the_applicant(office: Office) -> None:
    number = office.submit(child__card_bank=None)
    tree = page(browser(office.applicant("newborn")), f"/cases/{number}")
    (asked,) = texts(tree, "//div[@class='asked']")
    assert "请您补正或确认" in asked
    assert "缺少此项" in asked


def test_a_department_that_does_not_answer_is_named(office: Office) -> None:
    office.close("human-resources")
    number = office.submit()
    tree = page(browser(office.applicant("newborn")), f"/cases/{number}")
    (card,) = [b for b in texts(tree, "//li[contains(@class, 'branch')]") if "生育医疗" in b]
    assert "正在取数" in card
    assert "数据来源暂不可用，下次调取2026-11-23 09:00:30" in card
    assert "正在等待安和市人力资源和社会保障局" in card


def test_a_stranger_is_told_that_there_is_no_such_page(office: Office, number: str) -> None:
    path = f"/cases/{number}"
    for client in (browser(), browser(office.applicant("newborn", 1))):
        assert texts(page(client, path, 404), "//h1") == ["没有这个页面"]
        assert number not in client.get("/").content.decode()
    for strange in ("/cases/%00", "/cases/x", "/cases/" + "9" * 3000, "/cases/%F0%9F%98%80"):
        page(browser(office.applicant("newborn")), strange, 404)


def test_an_official_sees_its_queue_and_only_its_own_items(office: Office, number: str) -> None:
    client = browser(office.official("medical-insurance", "reviewer"))
    assert "待我办理：1" in page(client, "/").text_content()
    desk = page(client, "/desk")
    assert "生育医疗费用报销" in desk.text_content()
    (link,) = desk.xpath("//ol[@class='tasks']//a/@href")
    assert "新生儿预防接种单位" not in page(client, link).text_content()
    tree = page(client, f"/cases/{number}")
    text = tree.text_content()
    assert "母亲分娩住院医疗总费用" in text
    assert "新生儿预防接种单位" not in text
    cards = texts(tree, "//li[contains(@class, 'branch')]")
    assert "理由" not in cards[0]


def test_the_first_page_lists_ones_own_cases(office: Office, number: str) -> None:
    client = browser(office.applicant("newborn"))
    for path, list_ in (("/", "tasks"), ("/cases", "tiles")):
        links = page(client, path).xpath(f"//ul[@class='{list_}']//a/@href")
        assert links == [f"/cases/{number}"]
    assert page(browser(), "/").xpath("//pre") == []


def test_who_runs_it_at_home_is_told_how_to_see_a_case(office: Office, settings: Any) -> None:
    settings.ENTER_BY_LINK = True
    assert "tongban demo" in texts(page(browser(), "/"), "//pre")[0]


def test_the_elder_view_is_kept_in_the_cookie_and_in_the_account(office: Office) -> None:
    holder = office.applicant("newborn")
    client = browser(holder)
    tree = page(client, "/services?q=1")
    (change,) = tree.xpath("//div[@class='tools']/a[@rel='nofollow']/@href")
    assert change == "?q=1&view=elder"
    assert page(client, f"/services{change}").get("class") == "elder"
    elder = page(client, "/")
    assert elder.get("class") == "elder"
    assert elder.xpath("//a[@href='tel:12345']")
    assert len(elder.xpath("//ul[@class='tiles small']/li")) == 4
    assert page(browser(holder), "/").get("class") == "elder"  # another device
    assert page(client, "/?view=standard").get("class") is None
    assert page(browser(), "/").get("class") is None


def test_every_component_is_shown_in_both_languages_and_views(office: Office) -> None:
    for lang in ("zh", "en"):
        for view in ("standard", "elder"):
            tree = page(browser(), f"/styleguide?lang={lang}&view={view}")
            assert len(tree.xpath("//form//*[@aria-invalid='true']")) == 2
            links = tree.xpath("//div[@id='errors']//a/@href")
            assert all(tree.xpath(f"//*[@id='{link[1:]}']") for link in links)
            assert len(links) == 2
            for one in tree.xpath("//*[@aria-describedby]"):
                for name in one.get("aria-describedby").split():
                    assert tree.xpath(f"//*[@id='{name}']"), name
            ids = tree.xpath("//@id")
            assert len(ids) == len(set(ids))


def link(office: Office) -> str:
    user = User.objects.get(pk=office.applicant("newborn").user_id)
    ten = timedelta(minutes=10)
    return access.issue_token(
        user, label="link", lifetime=ten, actor="serve", scopes=[access.ENTER]
    ).secret


def test_a_sign_in_link_opens_the_pages_once(office: Office, number: str, settings: Any) -> None:
    settings.ENTER_BY_LINK = True
    secret = link(office)
    client = browser()
    answer = client.get(f"/enter/{secret}", follow=True)
    assert number in answer.content.decode()
    assert "已用过或已过期" in page(browser(), f"/enter/{secret}", 404).text_content()
    client.post("/leave")
    page(client, f"/cases/{number}", 404)
    assert client.get("/leave").status_code == 405


def test_a_sign_in_link_works_only_where_it_was_allowed_and_on_this_machine(
    office: Office, settings: Any
) -> None:
    secret = link(office)
    assert browser().get(f"/enter/{secret}").status_code == 404
    settings.ENTER_BY_LINK = True
    assert browser().get(f"/enter/{secret}", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert browser().get(f"/enter/{secret}", REMOTE_ADDR="").status_code == 404
    assert browser().get(f"/enter/{secret}").status_code == 302


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative contrast."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


COLOURS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", CSS.partition("html.elder")[0]))
ELDER = COLOURS | dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", CSS.partition("html.elder")[2]))


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("quiet", "paper"),
        ("quiet", "wash"),
        ("blue", "paper"),
        ("blue", "wash"),
        ("paper", "blue"),
        ("paper", "red"),
        ("paper", "quiet"),
        ("red", "wash"),
        ("red", "paper"),
        ("amber-ink", "paper"),
        ("ink", "focus"),
    ],
)
def test_text_can_be_told_from_its_ground(text: str, ground: str) -> None:
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5
    assert contrast(ELDER[text], ELDER[ground]) >= 7


def test_every_word_is_there_in_both_languages() -> None:
    for name, words in WORDS.items():
        assert words.zh, name
        assert words.en, name
        if name != "language":
            assert not re.search(r"[\u4e00-\u9fff]", words.en), name


def test_pages_and_styles_come_compressed_to_whoever_takes_it(office: Office, number: str) -> None:
    client = browser(office.applicant("newborn"))
    takes = {"Accept-Encoding": "gzip"}
    for path in (f"/cases/{number}", "/static/web/tongban.css"):
        plain_ = client.get(path)
        small = client.get(path, headers=takes)
        assert small["Content-Encoding"] == "gzip"
        told, shown = (one.getvalue() for one in (plain_, small))
        plain_.close()
        small.close()
        assert len(shown) < len(told) / 2
        # each answer has a token of its own
        tokens = rb'name="csrfmiddlewaretoken" value="[^"]*"'
        assert re.sub(tokens, b"", gzip.decompress(shown)) == re.sub(tokens, b"", told)
    assert "Content-Encoding" not in client.get(f"/api/cases/{number}", headers=takes)
    part = client.get("/static/web/tongban.css", headers={**takes, "Range": "bytes=0-999"})
    part.close()
    assert part.status_code == 206
    assert "Content-Encoding" not in part
