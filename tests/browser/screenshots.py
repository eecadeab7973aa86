"""Each page of the list as a picture: ``make screenshots [ONLY="home sign-in"]``, to be looked at.

They lie in build/screenshots, a folder a language, view and width.
"""

import os
import sys
import tempfile
from functools import partial
from itertools import product
from pathlib import Path

from browser.matrix import VIEWS, WIDTHS, Setting, languages
from browser.pages import BY_NAME, PAGES, Shown
from browser.visits import Chromium, visit
from testkit import chromium
from testkit.city import City, make, served

FOLDER = Path(__file__).resolve().parents[2] / "build" / "screenshots"
LANGUAGES = ("zh", "en", "ug")


def take(browser: Chromium, city: City, shown: Shown, setting: Setting) -> Path:
    """Take one picture, as high as the page is; give where it lies."""
    path = FOLDER / f"{setting.lang}-{setting.view}-{setting.width}" / f"{shown.name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    with visit(browser.browser, city, setting, shown.role) as seen:
        seen.open(shown.path)
        if shown.act is not None:
            shown.act(seen)
        seen.page.screenshot(path=path, full_page=True)
    return path


def main(names: list[str]) -> int:
    """Take what was asked for, or everything."""
    program = chromium.program()
    if program is None:
        print("no Chromium: make test-browser says what is missing")
        return 2
    if unknown := sorted(set(names) - set(BY_NAME)):
        print(f"no page {', '.join(unknown)}; there are: {', '.join(BY_NAME)}")
        return 2
    wanted = [BY_NAME[name] for name in names] or list(PAGES)
    with tempfile.TemporaryDirectory() as folder:
        # the settings of this process tell the languages; it keeps nothing of its own
        os.environ |= {"DJANGO_SETTINGS_MODULE": "tongban.config.settings", "TONGBAN_HOME": folder}
        made = Path(folder) / "made"
        made.mkdir()
        offered = [lang for lang in LANGUAGES if lang in languages()]
        settings = [Setting(*one) for one in product(VIEWS, WIDTHS, offered)]
        browser = Chromium(program)
        try:
            with served(make(made), Path(folder) / "served") as city, city.bank():
                for shown, setting in product(wanted, settings):
                    browser.do(partial(take, browser, city, shown, setting))
        finally:
            browser.close()
    print(f"{len(wanted) * len(settings)} pictures in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
