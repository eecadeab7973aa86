"""What each role comes for, from its first page to the end, in a real browser with script on.

The same ways with script off, and what clerks and shops do there, are in `test_scriptless`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from browser.matrix import Setting
from browser.people import Citizen, Somebody
from browser.visits import PLAIN, Chromium, Visit, visit
from testkit.city import City

Visiting = Callable[..., AbstractContextManager[Visit]]
PHONE = Setting("elder", 390, "zh")


@pytest.fixture
def meeting(chromium: Chromium, lived_in: City) -> Visiting:
    """Give what opens a window with script on; nothing may be complained of in it."""

    def open_as(setting: Setting = PLAIN, role: str = "") -> AbstractContextManager[Visit]:
        return visit(chromium.browser, lived_in, setting, role)

    return open_as


def test_an_elder_on_a_phone_comes_from_home_to_the_receipt_in_five_steps(
    chromium: Chromium, meeting: Visiting
) -> None:
    with meeting(PHONE, "elder") as seen:
        number = Citizen(seen).old_age_allowance()
        assert seen.steps == 5
        assert "已收到您的申请" in seen.text()
        assert number in Citizen(seen).cases()
        assert not seen.complaints


@pytest.mark.parametrize("way", [("新生儿",), ("办事", "新生儿")], ids=["tile", "list"])
def test_from_home_to_the_first_field_of_an_application_in_three_clicks(
    chromium: Chromium, meeting: Visiting, way: tuple[str, ...]
) -> None:
    clicks = (*way, "在线办理")
    assert len(clicks) <= 3
    with meeting(Setting("standard", 390, "zh"), "neighbour") as seen:
        seen.open("/")
        for words in clicks:
            seen.press(words)
        assert seen.path == "/apply/newborn/answers"
        fields = seen.page.locator("main form").locator("input, select, textarea")
        first = fields.locator("visible=true").first
        first.focus()
        assert not seen.complaints


def test_the_bar_lies_at_the_bottom_of_a_phone_and_leads_to_four_rooms(
    chromium: Chromium, meeting: Visiting
) -> None:
    for view in ("standard", "elder"):
        with meeting(Setting(view, 390, "zh"), "citizen") as seen:
            seen.open("/cases/{case}")
            bar = seen.page.locator("nav.rooms")
            box, window = bar.bounding_box(), seen.page.viewport_size
            assert box is not None
            assert window is not None
            assert box["y"] + box["height"] == pytest.approx(window["height"], abs=1)
            for words, path in (
                ("首页", "/"), ("办事", "/services"), ("消息", "/messages"), ("我的", "/me"),
            ):  # fmt: skip
                seen.press(words)
                assert seen.path == path
                here = seen.page.locator("nav.rooms [aria-current=page]")
                assert here.inner_text().startswith(words)
            assert not seen.complaints


def test_a_parent_goes_on_with_what_was_begun_and_sees_every_branch(
    chromium: Chromium, meeting: Visiting
) -> None:
    with meeting(role="reader") as seen:
        begun = seen.open("/").page.locator("main a[href^='/apply/newborn']")
        with seen.page.expect_navigation():
            begun.first.click()
        for _ in range(3):
            if not seen.path.endswith("/check"):
                # who goes back over the questions is asked for consent again
                seen.send(**({"consent": True} if seen.path.endswith("/consent") else {}))
        assert seen.path.endswith("/check"), seen.text()
        assert "另一个名字" in seen.text()  # what was doubted stands beside the department's word
        seen.send("form[action$='/send']")
        assert seen.path.endswith("/receipt")
        number = seen.path.split("/")[2]
        told = seen.open(f"/cases/{number}").text()
        for branch in ("出生医学证明", "生育医疗费用报销", "社会保障卡"):
            assert branch in told
        assert not seen.complaints


def test_a_founder_acts_for_the_company_sees_what_is_due_and_is_a_person_again(
    chromium: Chromium, meeting: Visiting
) -> None:
    with meeting(role="founder") as seen:
        seen.open("/me/company").send("main form:has([name=delegation])")
        assert "您正在代办" in Somebody(seen).everything()
        assert "安和试验有限公司" in Somebody(seen).everything()
        assert "待缴费" in seen.open("/me/calendar").text()
        seen.open("/apply/newborn/answers")
        assert seen.status == 409
        assert "请先切换为本人" in seen.text()
        seen.open("/").send("form[action='/delegations/act']")
        assert "您正在代办" not in Somebody(seen).everything()
        assert not seen.complaints


def test_a_clerk_applies_for_somebody_at_the_counter_and_every_page_says_so(
    chromium: Chromium, meeting: Visiting
) -> None:
    with meeting(role="clerk") as seen:
        seen.open("/desk/counter").page.get_by_label("身份证读卡").check()
        seen.send(
            id_number=seen.city.numbers["agent_number"],
            name="市民",
            signed="纸质委托书 2026-11-23",
            life_event="newborn",
            department="medical-insurance",
        )
        assert seen.path == "/apply/newborn/answers"
        for path in ("/apply/newborn/answers", "/services/newborn", "/"):
            seen.open(path)
            assert "窗口代办，" in Somebody(seen).everything()
        seen.send("form[action='/desk/counter/end']")
        assert "窗口代办，" not in Somebody(seen).everything()
        assert not seen.complaints


def test_a_publisher_shortens_a_promise_and_citizens_read_it(
    chromium: Chromium, own_city: City
) -> None:
    item = "vaccination-certificate"
    with visit(chromium.browser, own_city, role="publisher") as seen:
        seen.open("/design").send(title="缩短时限", pack="sample")
        draft = seen.path
        seen.open(f"{draft}/file?path=items/{item}.yaml").send(
            "form:has([name=promised_days])", promised_days="2"
        )
        seen.open(draft)
        for _ in range(6):
            raising = seen.page.locator("button[value^='raise:']")
            if not raising.count():
                break
            with seen.page.expect_navigation():
                raising.first.click()
        with seen.page.expect_navigation():
            seen.page.locator("button[value=publish]").click()
        assert "已发布" in seen.open(draft).text()
        assert not seen.complaints
    with visit(chromium.browser, own_city, role="citizen") as seen:
        assert "2 个工作日" in seen.open("/services/newborn").text()


def test_an_administrator_raises_its_role_gives_a_post_and_ends_it(
    chromium: Chromium, own_city: City
) -> None:
    with visit(chromium.browser, own_city, role="admin") as seen:
        new = {"login": "new.clerk", "name": "新来", "role": "clerk", "why": "新录用"}
        giving = "form:has(button[value=give])"
        seen.open("/users/posts?department=health").send(giving, **new)
        assert seen.status == 403
        raised = {"role": "admin", "reason": "岗位调整", "minutes": "30"}
        seen.open("/account").send("form:has(select[name=role])", **raised)
        seen.open("/users/posts?department=health").send(giving, **new)
        post = seen.page.locator("section.panel", has_text="new.clerk")
        assert "新来" in post.inner_text()
        seen.unfold()
        reason = str(post.locator("[name^=reason-]").get_attribute("name"))
        seen.send("form:has(button:has-text('new.clerk'))", **{reason: "离职"})
        assert "new.clerk" not in seen.text()
        assert not seen.complaints


def test_an_issuer_suspends_a_licence_and_whoever_is_shown_it_reads_so(
    chromium: Chromium, own_city: City
) -> None:
    with visit(chromium.browser, own_city, role="issuer") as seen:
        certificate = own_city.numbers["certificate"]
        seen.open("/desk/licences").send("main form", identifier=certificate)
        assert seen.path == f"/desk/licences/{certificate}"
        assert "有效" in seen.text()
        order = {"authority": "行政许可法第六十九条", "reason": "核查"}
        seen.send("main form[method=post]", act="suspend", **order)
        assert "已暂停" in seen.text()
        assert "核查" in seen.text()
        assert not seen.complaints
