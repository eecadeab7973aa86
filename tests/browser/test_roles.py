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
