"""The elder view as the browser lays it out, and reading aloud where the device has a voice."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from browser import checks
from browser.matrix import Setting
from browser.visits import Chromium, Visit

Visiting = Callable[..., AbstractContextManager[Visit]]
ELDER = Setting("elder", 1280, "zh")
READS = "button[data-read]"


def test_main_text_is_large_wide_and_may_be_twice_as_large(
    chromium: Chromium, visiting: Visiting
) -> None:
    style = "of => getComputedStyle(document.querySelector('main'))[of]"
    with visiting(ELDER, "neighbour") as seen:
        for path in ("/", "/services/newborn", "/apply/newborn/answers", "/cases/{asked}"):
            page = seen.open(path).page
            assert page.evaluate(style, "fontSize") == "24px"
            assert float(page.evaluate(style, "lineHeight")[:-2]) / 24 == pytest.approx(1.6)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(style, "fontSize") == "48px"
            assert checks.sideways(page) == []
            assert checks.cut(page) == []


@pytest.mark.parametrize(
    ("tongues", "offered"), [((), False), (("en-GB",), False), (("en-GB", "zh-CN"), True)]
)
def test_a_page_is_read_aloud_only_by_a_voice_of_its_language(
    chromium: Chromium, visiting: Visiting, tongues: tuple[str, ...], offered: bool
) -> None:
    """Headless Chromium has no voice at all: what voices a device has is what is told it here."""
    with visiting(ELDER) as seen:
        assert seen.open("/").page.evaluate("speechSynthesis.getVoices().length") == 0
        assert not seen.page.locator(READS).is_visible()
        seen.page.add_init_script(
            f"speechSynthesis.getVoices = () => {list(tongues)}.map((lang) => ({{ lang }}));"
        )
        seen.open("/").page.wait_for_load_state()
        assert seen.page.locator(READS).is_visible() == offered


def test_a_voice_that_is_there_late_is_offered_then(chromium: Chromium, visiting: Visiting) -> None:
    with visiting(ELDER) as seen:
        seen.open("/").page.wait_for_load_state()
        assert not seen.page.locator(READS).is_visible()
        seen.page.evaluate("speechSynthesis.getVoices = () => [{ lang: 'zh-CN' }]")
        seen.page.evaluate("speechSynthesis.dispatchEvent(new Event('voiceschanged'))")
        assert seen.page.locator(READS).is_visible()
