"""What every page must stand as it is served, before any browser: no form that needs script, no
word past the language packs, no hidden value or file name that comes alive.
"""

import re
from collections.abc import Container, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils.html import escape
from lxml import html

from browser.pages import PAGES
from browser.shown import Shown
from testkit.browsers import signed_in
from testkit.office import Office
from testkit.states import States, furnish
from tongban.web.words import WORDS

LOOKED_AT = [shown for shown in PAGES if shown.act is None and shown.status == 200]
EVERY = {shown.name for shown in LOOKED_AT}
PROBE = "\"'><tb-probe onerror=alert(7)></tb-probe>{{7*7}}"
#: Text that is not marked as Chinese, as code, as somebody's data, or as a choice of a form.
_UNMARKED = (
    "//body//*[not(self::bdi or self::code or self::textarea)]"
    "[not(ancestor-or-self::label[contains(@class, 'pick')] or self::option)]"
    "[not(starts-with((ancestor-or-self::*[@lang])[last()]/@lang, 'zh'))]/text()"
)


@pytest.fixture
def states(office: Office) -> States:
    return furnish(office)


def opened(
    states: States, names: Container[str] = EVERY, lang: str = "zh"
) -> Iterator[tuple[Shown, Client, str, Any]]:
    """Open each page of the list in a language: what it is, who looks, its address, the page."""
    for shown in LOOKED_AT:
        if shown.name not in names:
            continue
        browser = signed_in(states.people[shown.role]) if shown.role else Client()
        browser.raise_request_exception = False  # what breaks answers as it would outside
        browser.cookies["django_language"] = lang
        path = shown.path.format_map(states.numbers)
        told = browser.get(path)
        assert told.status_code == 200, shown
        yield shown, browser, path, html.fromstring(told.content.decode())


#: The first pages of each role, and those on its way.
MAIN = {
    *("home-of-a-stranger", "sign-in", "invited", "accessibility", "services", "guide", "ask"),
    *("home", "my-cases", "me", "form", "form-documents", "form-consent", "form-doubt", "receipt"),
    *("rate", "messages", "channels", "calendar", "fees", "fee", "companies", "delegations"),
    *("delegations-held", "account", "desk", "desk-counter", "desk-licences", "desk-fees"),
    *("desk-wishes", "desk-ratings", "desk-translations", "design", "design-draft"),
    *("posts", "users", "users-found"),
}
_SHORT = 4  # characters; what is shorter is a word of content as well, or a state of a case


@pytest.mark.slow
def test_no_main_page_says_a_word_past_the_language_packs(states: States, pseudo: None) -> None:
    said = {words.zh for words in WORDS.values() if len(words.zh) >= _SHORT}
    past: dict[str, set[str]] = {}
    for shown, _, _, page in opened(states, MAIN, "qps"):
        assert page.get("lang") == "en-XA", shown
        if found := {text.strip() for text in page.xpath(_UNMARKED)} & said:
            past[shown.name] = found
    assert past == {}


# --- forms without script -----------------------------------------------------------------------

_BUTTONS = (
    ".//button[not(@type) or @type='submit'][not(@disabled) and not(@tabindex < 0)]"
    "[not(ancestor-or-self::*[@hidden])]"
)
#: The browser's passkey dialogue is script by nature, and each page that has it has another way;
#: to verify is for everybody: its form acts for nobody and has no token.
_OTHERWISE = {"passkey", "account", "account-of-an-official", "verify"}


def needs_script(page: Any) -> list[str]:
    """Give what of a page does nothing for who has script off."""
    found = []
    for form in page.xpath("//form[not(@data-options)]"):
        method, action = form.get("method", "get").lower(), form.get("action", "")
        if method not in {"get", "post"} or not re.match(r"$|[/?]", action):
            found.append(f"form leads to {method} {action}")
        if method == "post" and not form.xpath(".//input[@name='csrfmiddlewaretoken'][@value]"):
            found.append(f"form {action} has no token")
        outside = f"//button[@form='{form.get('id')}']" if form.get("id") else "//nothing"
        if not form.xpath(_BUTTONS) and not page.xpath(outside):
            found.append(f"form {action} has no button")
    found += [f"{one} acts" for one in page.xpath("//@*[starts-with(name(), 'on')]")]
    found += [f"{one} leads" for one in page.xpath("//@href[starts-with(., 'javascript:')]")]
    found += [
        f"button {one.text_content()} is shown"
        for one in page.xpath("//button[@type='button' or not(ancestor::form or @form)]")
        if not one.xpath("ancestor-or-self::*[@hidden]")
    ]
    # what is fetched by itself is comfort; what is pressed must lead somewhere without
    without = "[@hx-get or @hx-post][not(self::form or @href or @hx-trigger)][not(ancestor::form)]"
    found += [f"{one.tag} is fetched" for one in page.xpath(f"//*{without}")]
    return found


@pytest.mark.parametrize(
    "planted",
    [
        '<form method="dialog"><button>a</button></form>',
        '<form method="post"><button>a</button></form>',
        '<form action="#x"><button>a</button></form>',
        '<form><button type="button">a</button></form>',
        *("<form><button disabled>a</button></form>", "<form><input></form>"),
        *('<button onclick="a()">a</button>', '<a href="javascript:a()">a</a>'),
        *("<button>a</button>", '<div hx-get="/x">a</div>'),
    ],
)
def test_a_form_that_needs_script_is_found(planted: str) -> None:
    assert needs_script(html.fromstring(f"<html><body>{planted}</body></html>"))


@pytest.mark.slow
def test_no_form_of_any_page_needs_script_and_no_hidden_value_comes_alive(states: States) -> None:
    """Spoil what no visitor types: hidden fields, choices that are not offered, names of files."""
    amiss, alive, forms, sent = [], [], 0, 0
    for shown, browser, path, page in opened(states):
        found = needs_script(page)
        amiss += [] if shown.name in _OTHERWISE else [f"{shown}: {line}" for line in found]
        wanted = page.xpath("//main//form[not(@data-options)]")
        forms += len(wanted)
        for form in wanted:
            answer = _spoilt(browser, path, form)
            sent += 1
            if answer.status_code >= 500 or _alive(answer):
                alive.append(f"{shown}: {form.get('action')}: {answer.status_code}")
        if _alive(browser.get(path)):
            alive.append(f"{shown}: as kept")
    assert (amiss, alive) == ([], [])
    assert sent == forms > len(LOOKED_AT) // 2


def _spoilt(browser: Client, path: str, form: Any) -> Any:
    """Send a form with the probe wherever a page, not a visitor, writes the value."""
    values: dict[str, Any] = {}
    for one in form.xpath(".//*[@name]"):
        name, kind = one.get("name"), one.get("type", one.tag)
        if kind == "file":
            values[name] = SimpleUploadedFile(f"{PROBE}.pdf", b"no paper")
        elif name != "csrfmiddlewaretoken":
            by_page = kind in {"hidden", "select", "radio", "checkbox", "button", "submit"}
            values[name] = PROBE if by_page else "x"
    action = form.get("action") or path
    if form.get("method", "get").lower() == "post":
        return browser.post(action, values)
    return browser.get(action.partition("?")[0], values)


def _alive(answer: Any) -> bool:
    if not answer.get("Content-Type", "").startswith("text/html") or not answer.content:
        return False
    page = html.fromstring(answer.content.decode())
    return bool(page.xpath("//tb-probe | //*[@onerror]")) or ">49" in page.text_content()


def test_a_hidden_value_that_came_alive_is_seen() -> None:
    assert _alive(HttpResponse(f"<p>{PROBE}</p>"))
    assert not _alive(HttpResponse(f"<p>{escape(PROBE)}</p>"))
