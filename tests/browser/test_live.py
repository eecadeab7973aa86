"""Lists that follow what is typed and chosen: with script at once, without it by the button.

What comes later is waited for with `expect`, which looks from outside the page's own world: a
`wait_for_function` that is not true at once is evaluated again inside it, and the content security
policy rightly complains.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import expect

from browser.people import Official
from browser.visits import Chromium, Visit, visit
from testkit.city import City

_MARK = "() => { window.tongbanStayed = true; }"
_STAYED = "() => window.tongbanStayed === true"


def found(seen: Visit) -> list[str]:
    links = seen.page.locator("#found .tasks a").all()
    return [str(link.get_attribute("href")).rpartition("/")[2] for link in links]


def test_the_list_of_services_follows_what_is_typed(
    chromium: Chromium, visiting: Callable[..., AbstractContextManager[Visit]]
) -> None:
    with visiting() as seen:
        seen.open("/services")
        every = found(seen)
        seen.page.evaluate(_MARK)
        seen.page.locator("[name=q]").press_sequentially("出生户口")
        seen.page.wait_for_url("**/services?q=*")
        expect(seen.page.locator("#found .tasks a")).to_have_count(1)
        assert found(seen) == ["household-registration"]
        assert seen.page.locator("#total").inner_text() == "1"
        assert seen.page.evaluate(_STAYED)
        assert seen.page.evaluate("document.activeElement.name") == "q"
        whole = seen.page.url
        seen.page.go_back()
        expect(seen.page.locator("#found .tasks a")).to_have_count(len(every))
        assert found(seen) == every
        seen.page.evaluate(_MARK)
        seen.page.locator("select[name=life_event]").select_option("old-age-allowance")
        seen.page.wait_for_url("**life_event=old-age-allowance*")
        expect(seen.page.locator("#found .tasks a")).to_have_count(2)
        seen.page.locator("[name=q]").press_sequentially("gljt")
        seen.page.wait_for_url("**/services?q=gljt*")
        assert set(found(seen)) == {"old-age-allowance", "old-age-allowance-claim"}
        assert seen.page.evaluate(_STAYED)
        seen.page.goto(whole)  # the address alone gives the same list
        assert found(seen) == ["household-registration"]
        assert seen.complaints == []


def test_the_queue_follows_what_is_chosen(
    chromium: Chromium, city: City, visiting: Callable[..., AbstractContextManager[Visit]]
) -> None:
    with visiting(role="reviewer") as seen:
        seen.open("/desk").unfold()
        case = f"#queue a[href*='{city.numbers['case']}']"
        assert seen.page.locator(case).count() == 1
        assert seen.page.locator("#batch").count() == 0
        seen.page.evaluate(_MARK)
        seen.page.locator("select[name=item]").select_option("maternity-reimbursement")
        seen.page.wait_for_url("**/desk?item=maternity-reimbursement*")
        seen.page.locator("#batch").wait_for()
        assert seen.page.locator(case).count() == 1
        seen.page.locator("select[name=claimed]").select_option("mine")
        seen.page.wait_for_url("**claimed=mine*")
        seen.page.locator(case).wait_for(state="detached")
        assert seen.page.locator("#begin a").count() == 0
        assert seen.page.locator("#every a").count() == 1
        assert seen.page.evaluate(_STAYED)
        assert seen.complaints == []


@pytest.mark.slow
def test_a_receipt_tells_by_itself_what_was_decided_meanwhile(
    chromium: Chromium, own_city: City
) -> None:
    with (
        visit(chromium.browser, own_city, role="citizen") as mine,
        visit(chromium.browser, own_city, role="reviewer") as desk,
    ):
        mine.open("/cases/{case}/receipt")
        mine.page.evaluate(_MARK)
        waits = mine.page.locator("#branches .badge.wait")
        assert waits.count() == 1
        with mine.page.expect_response("**/receipt?since=*") as looked:
            pass  # nothing is new: the list stays as it is
        assert looked.value.status == 204
        assert waits.count() == 1
        desk.open("/desk/next")
        decided = Official(desk).decide("refuse", "超过申报期限")
        assert decided == own_city.numbers["case"]
        waits.wait_for(state="detached")
        assert mine.page.locator("#branches .badge.stop").count() == 1
        assert mine.page.evaluate(_STAYED)
        expect(mine.page.locator("#branches")).not_to_have_attribute("hx-get", re.compile(""))
        assert mine.complaints == []


@pytest.mark.parametrize("role", ["", "reviewer"])
def test_without_script_the_button_does_it(
    chromium: Chromium, plainly: Callable[..., AbstractContextManager[Visit]], role: str
) -> None:
    with plainly(role=role) as seen:
        if role:
            seen.open("/desk?item=maternity-reimbursement")
            seen.send("main details form", claimed="mine")
            assert seen.page.locator("#queue .tasks li").count() == 0
        else:
            seen.open("/services").send("main form[role=search]", q="出生户口")
            assert found(seen) == ["household-registration"]
        assert seen.status == 200
