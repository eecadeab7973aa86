"""Every page of the list, in every view, width and language: nothing amiss for anybody.

A pairwise choice of settings, in which each page meets each view, width and language; under
``CI=true`` all of them.
"""

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Route

from browser import checks
from browser.matrix import VIEWS, WIDTHS, Setting, everything, languages, pairwise
from browser.pages import NO_PAGE, PAGES, Shown
from browser.visits import Chromium, Visit
from tongban.web import sign_on_urls, urls

_choose = everything if os.environ.get("CI") == "true" else pairwise
LOOKS: dict[tuple[Shown, str, str], list[Setting]] = {}
for shown, view, width, lang in _choose(PAGES, VIEWS, WIDTHS, tuple(languages())):
    LOOKS.setdefault((shown, view, lang), []).append(Setting(view, width, lang))


@pytest.mark.parametrize(
    ("shown", "settings"),
    [
        pytest.param(shown, settings, id=f"{shown}-{view}-{lang}")
        for (shown, view, lang), settings in LOOKS.items()
    ],
)
def test_nothing_is_amiss(
    chromium: Chromium,
    visiting: Callable[..., AbstractContextManager[Visit]],
    shown: Shown,
    settings: Sequence[Setting],
) -> None:
    amiss = []
    with visiting(settings[0], shown.role) as seen:
        seen.open(shown.path)
        if shown.act is not None:
            shown.act(seen)
        assert seen.status == shown.status
        for setting in settings:  # a page needs no new visit to be looked at in another width
            seen.resize(setting.width)
            found = checks.everything(seen.page, setting)
            amiss += [f"{setting}: {check}: {line}" for check in found for line in found[check]]
    amiss += [f"console: {line}" for line in seen.complaints]
    if amiss:
        head = f"{seen.page.url} as {shown.role or 'nobody'}"
        pytest.fail("\n".join([head, *sorted(amiss)]), pytrace=False)


@pytest.mark.parametrize("view", VIEWS)
def test_pictures_that_come_late_move_nothing(
    chromium: Chromium, visiting: Callable[..., AbstractContextManager[Visit]], view: str
) -> None:
    height = "document.documentElement.scrollHeight"
    with visiting(Setting(view, 390, "zh"), "clerk") as seen:
        held: list[Route] = []
        seen.page.route("**/*", lambda route: _hold_pictures(route, held))
        task = "maternity-reimbursement"
        seen.page.goto(
            seen.city.address(f"/desk/cases/{{papers}}/{task}"), wait_until="domcontentloaded"
        )
        pictures = seen.page.locator("img.paper")
        pictures.evaluate_all("all => all.forEach(one => { one.loading = 'eager'; })")
        while not seen.page.evaluate("document.styleSheets.length"):
            seen.page.wait_for_timeout(50)
        before = seen.page.evaluate(height)
        while len(held) < pictures.count():
            seen.page.wait_for_timeout(50)
        for route in held:
            route.continue_()
        for picture in pictures.all():
            picture.evaluate("picture => picture.decode()")
        assert held
        assert seen.page.evaluate(height) == before


def _hold_pictures(route: Route, held: list[Route]) -> None:
    if route.request.resource_type == "image":
        held.append(route)
    else:
        route.continue_()


def test_every_address_has_a_line_or_a_reason() -> None:
    named = {one.name for one in (*urls.urlpatterns, *sign_on_urls.urlpatterns)}
    assert not NO_PAGE.keys() - named
    seen = set()
    for shown in PAGES:
        path = re.sub(r"\{\w+\}", "1", shown.path.partition("?")[0])
        with contextlib.suppress(Resolver404):  # the page that is not there
            seen.add(resolve(path).url_name)
    assert sorted(named - seen - NO_PAGE.keys()) == []
    assert sorted(seen & NO_PAGE.keys()) == []
