"""Every page of the list, in every view, width and language: nothing amiss for anybody.

A pairwise choice of settings, in which each page meets each view, width and language; under
``CI=true`` all of them.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import requests

from browser import checks
from browser.matrix import VIEWS, WIDTHS, Setting, everything, languages, pairwise
from browser.pages import BY_NAME, OWED, PAGES, Shown
from browser.visits import VIEW, Chromium, Visit
from testkit.city import City

_choose = everything if os.environ.get("CI") == "true" else pairwise
LOOKS = [
    pytest.param(shown, Setting(*setting), id=f"{shown}-{Setting(*setting)}")
    for shown, *setting in _choose(PAGES, VIEWS, WIDTHS, tuple(languages()))
]


@pytest.fixture(scope="session")
def elder(city: City) -> bool:
    """Say whether the pages know the elder mode: whether its cookie changes the first of them."""
    plain, other = (
        requests.get(city.origin, cookies=cookies, timeout=30).text
        for cookies in ({}, {VIEW: "elder"})
    )
    return plain != other


@pytest.mark.parametrize(("shown", "setting"), LOOKS)
def test_nothing_is_amiss(
    chromium: Chromium,
    elder: bool,
    visiting: Callable[..., AbstractContextManager[Visit]],
    shown: Shown,
    setting: Setting,
) -> None:
    if setting.view == "elder" and not elder:
        pytest.skip("the pages know no elder mode yet")
    with visiting(setting, shown.role) as seen:
        seen.open(shown.path)
        if shown.act is not None:
            shown.act(seen)
        assert seen.status == shown.status
        found = checks.everything(seen.page, setting)
    found = {**found, "console": seen.complaints}
    owed = OWED.get(shown.name, frozenset())
    amiss = [f"{check}: {line}" for check in found.keys() - owed for line in found[check]]
    if amiss:
        head = f"{seen.page.url} as {shown.role or 'nobody'}"
        pytest.fail("\n".join([head, *sorted(amiss)]), pytrace=False)
    if any(found[check] for check in found.keys() & owed):
        pytest.xfail(f"still owed: {', '.join(sorted(owed))}")


def test_nothing_is_owed_by_a_page_that_is_not_there() -> None:
    assert set(OWED) <= set(BY_NAME)
