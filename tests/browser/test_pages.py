"""Every page of the list, in every view, width and language: nothing amiss for anybody.

A pairwise choice of settings, in which each page meets each view, width and language; under
``CI=true`` all of them.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from browser import checks
from browser.matrix import VIEWS, WIDTHS, Setting, everything, languages, pairwise
from browser.pages import PAGES, Shown
from browser.visits import Chromium, Visit

_choose = everything if os.environ.get("CI") == "true" else pairwise
LOOKS = [
    pytest.param(shown, Setting(*setting), id=f"{shown}-{Setting(*setting)}")
    for shown, *setting in _choose(PAGES, VIEWS, WIDTHS, tuple(languages()))
]


@pytest.mark.parametrize(("shown", "setting"), LOOKS)
def test_nothing_is_amiss(
    chromium: Chromium,
    visiting: Callable[..., AbstractContextManager[Visit]],
    shown: Shown,
    setting: Setting,
) -> None:
    with visiting(setting, shown.role) as seen:
        seen.open(shown.path)
        if shown.act is not None:
            shown.act(seen)
        assert seen.status == shown.status
        found = checks.everything(seen.page, setting)
    found = {**found, "console": seen.complaints}
    amiss = [f"{check}: {line}" for check, lines in found.items() for line in lines]
    if amiss:
        head = f"{seen.page.url} as {shown.role or 'nobody'}"
        pytest.fail("\n".join([head, *sorted(amiss)]), pytrace=False)
