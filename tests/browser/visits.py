"""Chromium in a thread of its own, and visits of pages as somebody, in a view and a language.

Playwright keeps an event loop in the thread that starts it; Django's tables and ``asyncio.run``
refuse to work beside one. So whatever touches a page runs in that thread: tests that ask for
``chromium`` are run there by `conftest`.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FilePayload,
    Page,
    Playwright,
    ViewportSize,
    sync_playwright,
)

from browser.matrix import Setting, languages
from testkit.city import START, City
from testkit.phones import Phone

T = TypeVar("T")
PLAIN = Setting("standard", 1280, "zh")
VIEW = "tb_view"  # the cookie of the elder mode
_PHONE = 500  # CSS pixels; what is narrower is held upright
PATIENCE = 30_000  # milliseconds; a loaded machine is slow
FLAGS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Chromium:
    """The browser; ``do`` runs an act in its thread."""

    def __init__(self, program: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chromium")
        self._playwright: Playwright
        self.browser: Browser
        self.do(lambda: self._start(program))

    def _start(self, program: str) -> None:
        self._playwright = sync_playwright().start()
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
        self.browser = self._playwright.chromium.launch(executable_path=program, args=flags)

    def do(self, act: Callable[[], T]) -> T:
        """Run this in the browser's thread, and give what it gives."""
        return self._thread.submit(act).result()

    def close(self) -> None:
        """End the browser and its thread."""
        self.do(self.browser.close)
        self.do(self._playwright.stop)
        self._thread.shutdown()


def _window(width: int) -> ViewportSize:
    return {"width": width, "height": 844 if width < _PHONE else 800}


@dataclass
class Visit:
    """One open page, and what the browser complained of on it: script, policy, failed requests.

    ``steps`` counts what was pressed: links that were followed and forms that were sent.
    """

    page: Page
    city: City
    status: int = 0
    complaints: list[str] = field(default_factory=list)
    steps: int = 0

    def open(self, path: str) -> "Visit":
        """Open a path of the city, whose numbers are filled in."""
        answer = self.page.goto(self.city.address(path))
        self.status = answer.status if answer is not None else 0
        return self

    def send(
        self,
        form: str = "main form[method=post]",
        *,
        checked: bool = True,
        **fields: str | bool | None,
    ) -> "Visit":
        """Fill fields of a form by their names, tick what is True, and press its button.

        Not ``checked``: as a browser that checks nothing itself, so that the server must.
        """
        found = self.page.locator(form).first
        if not checked:
            found.evaluate("form => { form.noValidate = true; }")
        stepped = found.locator("[type=hidden][name=question]")
        at = stepped.get_attribute("value") if stepped.count() else None
        for name, value in fields.items():
            control = found.locator(f"[name='{name}']:not([type=hidden])").first
            if at and not control.count():
                continue  # the question of another page
            if value is True:
                control.check()
            elif control.get_attribute("type") == "radio":
                found.locator(f"[name='{name}'][value='{value}']").check()
            elif control.evaluate("one => one.localName") == "select":
                control.select_option(str(value))
            elif value is not None:
                control.fill(str(value))
        self.steps += 1
        with self.page.expect_navigation() as going:
            found.locator("button:not([type=button], [name=level], [hidden])").first.click()
        self.status = going.value.status if going.value is not None else 0
        asks = at and self.status == HTTPStatus.OK and stepped.count()
        if asks and int(str(stepped.get_attribute("value"))) > int(at):
            return self.send(form, checked=checked, **fields)
        return self

    def attach(self, field: str, name: str, content: bytes) -> "Visit":
        """Choose a file for a field."""
        file: FilePayload = {"name": name, "mimeType": "", "buffer": content}
        self.page.locator(f"main [name='{field}']").set_input_files(file)
        return self

    def outdated(self, **values: str) -> "Visit":
        """Have what the page carries along be of another day: hidden fields, values of buttons."""
        for name, value in values.items():
            carried = self.page.locator(f"main :is(button, [type=hidden])[name='{name}']").first
            carried.evaluate("(one, value) => { one.value = value; }", value)
        return self

    def name_oneself(self, role: str) -> "Visit":
        """Give the name and password of somebody."""
        person = self.city.people[role]
        return self.send(username=person.login, password=person.password)

    def add_app(self) -> "Visit":
        """Add an authenticator app to one's account, unless it has one that one may not remove."""
        removes = self.open("/account").page.locator("main form[action='/account/factors/remove']")
        if removes.count():
            self.send("main form[action='/account/factors/remove']")
        if self.open("/account/app").path == "/account/app":
            secret = self.send().page.locator("main code").inner_text()
            self.send(code=Phone(secret).at(datetime.fromisoformat(START)))
        return self

    def unfold(self, folded: str = "main details") -> "Visit":
        """Open what is folded away."""
        opens = "all => all.forEach(one => { one.open = true; })"
        self.page.locator(folded).evaluate_all(opens)
        return self

    def look(self, picture: str) -> "Visit":
        """Look at a picture that is loaded late; fail where it is none."""
        seen = self.page.locator(picture)
        seen.scroll_into_view_if_needed()
        seen.evaluate("picture => picture.decode()")
        return self

    def press(self, words: str) -> "Visit":
        """Press the button or follow the link that says this."""
        press = self.page.get_by_role("button", name=words).or_(
            self.page.get_by_role("link", name=words)
        )
        self.steps += 1
        with self.page.expect_navigation() as going:
            press.first.click()
        self.status = going.value.status if going.value is not None else 0
        return self

    def resize(self, width: int) -> None:
        """Make the window as wide as this."""
        self.page.set_viewport_size(_window(width))

    @property
    def path(self) -> str:
        """Where it stands."""
        return urlsplit(self.page.url).path

    def text(self) -> str:
        """Give what the page's main part says."""
        return " ".join(self.page.locator("main").inner_text().split())

    def complaints_of_script(self) -> list[str]:
        """Give what script did or tried: dialogs, and inline script that the policy refused."""
        return [one for one in self.complaints if "failed to load" not in one.lower()]

    def heard(self, message: ConsoleMessage) -> None:
        """Keep what the console calls an error; the status of the page itself is judged apart."""
        own = message.location.get("url", "") == self.page.url
        if message.type == "error" and not (own and "status of" in message.text):
            self.complaints.append(message.text)


@contextmanager
def visit(
    browser: Browser,
    city: City,
    setting: Setting = PLAIN,
    role: str = "",
    *,
    script: bool = True,
) -> Iterator[Visit]:
    """Open a window as somebody (nobody without a role), in a setting, with script on or off."""
    context = browser.new_context(
        viewport=_window(setting.width),
        java_script_enabled=script,
        locale="zh-CN",
    )
    context.set_default_timeout(PATIENCE)
    try:
        cookies = {settings.LANGUAGE_COOKIE_NAME: languages()[setting.lang]}
        if setting.view != "standard":
            cookies[VIEW] = setting.view
        if role:
            cookies[settings.SESSION_COOKIE_NAME] = city.session(role)
        context.add_cookies(
            [{"name": n, "value": value, "url": city.origin} for n, value in cookies.items()]
        )
        seen = Visit(context.new_page(), city)
        seen.page.on("console", seen.heard)
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on("dialog", lambda box: (seen.complaints.append(box.message), box.dismiss()))
        yield seen
    finally:
        context.close()
