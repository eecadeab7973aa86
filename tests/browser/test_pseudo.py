"""Every page on a narrow phone in a language whose words are longer by 40 %: all of it fits.

A tilde is no place to break a line, so that a long word is as long here as in Mongolian or Kazakh.
"""

from collections.abc import Iterator

import pytest

from browser import checks
from browser.matrix import VIEWS, Setting
from browser.pages import PAGES
from browser.visits import Chromium, visit
from testkit.city import City, Made, served
from testkit.pseudo import HTML, TAG, write_pseudo

LOOKED_AT = [shown for shown in PAGES if shown.act is None]


@pytest.fixture(scope="module")
def longer(_made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("longer")
    packs = write_pseudo(folder / "packs")
    with served(_made, folder / "city", TONGBAN_PACKS=str(packs)) as city, city.bank():
        yield city


@pytest.mark.parametrize("view", [VIEWS[0], pytest.param(VIEWS[1], marks=pytest.mark.full)])
def test_words_that_are_longer_by_two_fifths_fit_on_a_narrow_phone(
    chromium: Chromium, longer: City, view: str
) -> None:
    amiss = []
    for role in sorted({shown.role for shown in LOOKED_AT}):
        with visit(chromium.browser, longer, Setting(view, 320, "zh"), role) as seen:
            seen.open(f"/accessibility?lang={TAG}")
            for shown in LOOKED_AT:
                if shown.role != role:
                    continue
                seen.open(shown.path)
                assert seen.status == shown.status, shown
                assert seen.page.locator("html").get_attribute("lang") == HTML, shown
                found = [
                    *checks.sideways(seen.page),
                    *checks.cut(seen.page),
                    *checks.overlaps(seen.page),
                ]
                # what a field of one line holds is somebody's, and moves within it
                amiss += [f"{shown}: {one}" for one in found if "for its value" not in one]
    assert amiss == []
