"""What people write stays text: a probe in every field of every form never becomes part of a page.

The probe would be an element, a picture with a script, or the value of an attribute left early;
what came of it is asked of the document that the browser built, whatever the policy forbids.
"""

from collections.abc import Iterator

import pytest
from lxml import html
from playwright.sync_api import Page

from browser.pages import PAGES
from browser.visits import Chromium, Visit, visit
from testkit.city import City

PROBE = "\"'><tb-probe></tb-probe><img src=x onerror=alert(7)>{{7*7}}{% now 'Y' %}${7*7}"
FORMS = "main form, header form, footer form"
TEXTS = (
    "input:not([type=hidden], [type=checkbox], [type=radio], [type=file], [type=submit],"
    " [type=date], [type=number]), textarea"
)


def came_alive(page: Page) -> bool:
    found: bool = page.evaluate(
        "() => document.querySelector('tb-probe, [onerror]') !== null"
        " || document.documentElement.innerText.includes('\">49')"
    )
    return found


def test_a_probe_that_came_alive_is_seen(chromium: Chromium) -> None:
    page = chromium.browser.new_page()
    page.set_content(f"<p>{PROBE}</p>")
    assert came_alive(page)
    page.set_content('<p>&lt;tb-probe&gt;</p><input value="&quot;&gt;&lt;img onerror&gt;">')
    assert not came_alive(page)
    page.close()


def forms(seen: Visit, path: str) -> Iterator[int]:
    """Open the page anew for each of its forms that changes something, and give its number.

    The last first: what is sent may leave the page without the forms behind it.
    """
    seen.open(path)
    all_forms = seen.page.locator(FORMS)
    wanted = [
        at
        for at in range(all_forms.count())
        if all_forms.nth(at).get_attribute("action") != "/leave"
        and not all_forms.nth(at).get_attribute("data-options")  # the browser's passkey dialogue
        and all_forms.nth(at).locator(TEXTS).count()
    ]
    for at in reversed(wanted):
        seen.open(path)
        yield at


def typed(page: str) -> int:
    """Count the forms into which something is typed, by another way than that which sends them."""
    kinds = ("text", "search", "password", "email", "tel", "url")
    return sum(
        any(one.get("type", "text") in kinds for one in form.xpath(".//input | .//textarea"))
        for form in html.fromstring(page).xpath(
            "//*[self::main or self::header or self::footer]//form"
        )
        if form.get("action") != "/leave" and not form.get("data-options")
    )


@pytest.mark.slow
def test_a_probe_in_any_field_stays_text_wherever_it_is_shown(
    chromium: Chromium, own_city: City
) -> None:
    alive, sent, wanted = [], 0, 0
    for shown in PAGES:
        if shown.act is not None or shown.status != 200:
            continue
        with visit(chromium.browser, own_city, role=shown.role) as seen:
            wanted += typed(seen.open(shown.path).page.content())
            for at in forms(seen, shown.path):
                form = seen.page.locator(FORMS).nth(at)
                form.evaluate("form => { form.noValidate = true; }")
                for field in form.locator(TEXTS).all():
                    field.evaluate("(field, text) => { field.value = text; }", PROBE)
                with seen.page.expect_navigation():
                    form.evaluate("form => form.requestSubmit()")
                sent += 1
                if came_alive(seen.page) or seen.complaints_of_script():
                    alive.append(f"{shown}: form {at} as answered")
    assert sent == wanted > 0
    for shown in PAGES:
        if shown.act is None:
            with visit(chromium.browser, own_city, role=shown.role) as seen:
                if came_alive(seen.open(shown.path).page) or seen.complaints_of_script():
                    alive.append(f"{shown}: as kept")
    assert alive == []
