"""Everything works with script off: what people do at the pages, by plain forms and links."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from browser.matrix import Setting
from browser.people import Citizen, Official, Shop, Somebody
from browser.visits import Chromium, Visit, visit
from testkit.city import City

Plainly = Callable[..., AbstractContextManager[Visit]]


def test_people_sign_in_with_password_and_code_and_leave(
    chromium: Chromium, lived_in: City, plainly: Plainly
) -> None:
    with plainly() as seen:
        somebody = Somebody(seen)
        assert "登录未成功" in somebody.sign_in_wrongly("demo-nobody")
        somebody.sign_in("citizen")
        assert lived_in.numbers["case"] in seen.page.content()
        somebody.sign_out()
        seen.open("/cases/{case}")
        assert seen.status == 404
        somebody.sign_in("approver")
        somebody.open("/account")
        assert seen.path == "/account"


def test_somebody_chooses_a_county_list_by_list_and_loses_nothing_typed(
    chromium: Chromium, lived_in: City, plainly: Plainly
) -> None:
    with plainly() as seen:
        me, page = Somebody(seen), seen.page
        me.open("/services/old-age-allowance/check")
        year, county = "[name='elder.birth_date-year']", "elder.hukou_region"
        while not page.locator(f"select[name='{county}-1']").count():
            seen.send()
        page.locator(year).fill("1935")
        me.choose_division(county, "330000", "330100", "330106")
        assert page.locator(year).input_value() == "1935"
        assert seen.path == "/services/old-age-allowance/check"
        page.locator("[name='elder.birth_date-month']").fill("5")
        page.locator("[name='elder.birth_date-day']").fill("1")
        with page.expect_navigation():
            page.locator("[name='elder.birth_date-day']").press("Enter")
        # Enter is the main button: the answers were taken, and no list was asked for
        assert page.locator(f"select[name='{county}-1']").count() == 0
        assert page.locator(f"[type=hidden][name='{county}']").input_value() == "330106"


def test_a_citizen_opens_a_case_and_sees_how_it_stands(
    chromium: Chromium, lived_in: City, plainly: Plainly
) -> None:
    with plainly(role="citizen") as seen:
        (number,) = Citizen(seen).cases()
        assert number == lived_in.numbers["case"]
        told = Citizen(seen).open(f"/cases/{number}")
        assert "新生儿出生一件事" in told
        assert "留痕链完整" in told


def test_a_citizen_withdraws_a_consent_and_gives_it_again(
    chromium: Chromium, lived_in: City, plainly: Plainly
) -> None:
    with plainly(role="neighbour") as seen:
        me = Citizen(seen)
        me.withdraw(lived_in.numbers["consent"])
        assert me.standing_consents() == []
        me.consent_again(lived_in.numbers["asked"])
        (again,) = me.standing_consents()
        assert again != lived_in.numbers["consent"]


def test_a_shop_verifies_what_a_citizen_shows(
    chromium: Chromium, lived_in: City, plainly: Plainly
) -> None:
    with plainly(role="citizen") as mine, plainly() as shop:
        address = Citizen(mine).show_licence(lived_in.numbers["claim"])
        assert "/licences/shown/" in address
        assert "证照真实有效" in Shop(shop).verify(address)
        assert "证照真实有效" not in Shop(shop).verify(address[:-1])


def test_a_clerk_asks_another_department_for_data(
    chromium: Chromium, lived_in: City, plainly: Plainly
) -> None:
    with plainly(role="clerk") as seen, plainly(role="data-reviewer") as bureau:
        number = Official(seen).ask_for_data(
            "marriages",
            fields=True,
            item="relief",
            basis="statutory",
            legal_basis="社会救助暂行办法",
            reason="核定婚姻状况",
        )
        Official(bureau).open("/requests")
        assert f"/requests/{number}" in bureau.page.content()


def test_an_official_decides_by_the_keyboard_alone_and_the_next_case_opens(
    chromium: Chromium, own_city: City
) -> None:
    with visit(chromium.browser, own_city, role="reviewer", script=False) as seen:
        me = Official(seen)
        me.begin()
        number = me.decide("grant", "材料齐全")
        assert number == own_city.numbers["case"]
        assert f"已办理：{number}" in seen.text()


def test_what_an_elder_typed_is_there_after_the_session_ended_meanwhile(
    chromium: Chromium, own_city: City
) -> None:
    phone = Setting("elder", 390, "zh")
    with visit(chromium.browser, own_city, phone, "neighbour", script=False) as seen:
        seen.open("/apply/newborn/answers?at=child.name")
        own_city.freeze("2026-11-23T09:40:00+08:00")
        seen.send(**{"child.name": "安一诺"})
        assert seen.path == "/sign-in"
        assert "填写的内容已保留" in seen.text()
        person = own_city.people["neighbour"]
        seen.send(username=person.login, password=person.password)
        assert seen.path == "/apply/newborn/answers"
        assert "已填回，尚未提交" in seen.text()
        assert seen.page.locator("[name='child.name']").input_value() == "安一诺"
        seen.send()
        assert seen.status == 200
        assert seen.page.locator("[name='child.name']").count() == 0
        seen.open("/apply/newborn/answers?at=child.name")
        assert seen.page.locator("[name='child.name']").input_value() == "安一诺"
        assert "已填回" not in seen.text()


@pytest.mark.slow
def test_ten_cases_are_decided_by_the_keyboard_alone(chromium: Chromium, own_city: City) -> None:
    own_city.births(8)  # two wait already
    with visit(chromium.browser, own_city, role="reviewer", script=False) as seen:
        me = Official(seen)
        waiting = me.waiting()
        assert len(waiting) == 10
        me.begin()
        decided = []
        for n in range(10):
            decided.append(me.decide("refuse" if n == 3 else "grant", f"材料齐全 {n}"))
            assert f"已办理：{decided[-1]}" in seen.text()
        assert sorted(decided) == sorted(waiting)
        assert seen.path == "/desk"
        assert "没有等待您办理的事项" in seen.text()


def test_an_official_finds_the_case_that_waits(
    chromium: Chromium, lived_in: City, plainly: Plainly
) -> None:
    with plainly(role="reviewer") as seen:
        assert lived_in.numbers["case"] in Official(seen).waiting()
