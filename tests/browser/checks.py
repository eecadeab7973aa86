"""What every page must stand: axe, and the checks for what axe passes by.

Each takes a page of Playwright and gives what is amiss, a line each; none is well. What is asked of
the page itself stands in ``checks.js``.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browser.matrix import Setting, offered

_SCRIPT = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")
_CALL = (
    "([check, argument]) => window.tongbanChecks ? [window.tongbanChecks[check](argument)] : null"
)
_AXE = Axe()
#: Latin words a Chinese page may say: names of things that have no other name.
ALLOWED = (
    "Tongban", "API", "OpenAPI", "PDF", "QR", "RFC", "JSON", "XML", "CSV", "ZIP", "JWT", "SD-JWT",
    "ID", "IP", "URL", "HTTPS", "TLS", "SM", "OK", "App", "DMN", "BPMN", "PNG", "JPEG", "MB",
    "WCAG", "AA", "YAML",
)  # fmt: skip


def _ask(page: Page, check: str, argument: Any = None) -> Any:
    told = page.evaluate(_CALL, [check, argument])
    if told is None:  # a page that nothing was asked of yet
        page.evaluate(_SCRIPT)
        told = page.evaluate(_CALL, [check, argument])
    return told[0]


def _lines(page: Page, check: str, argument: Any = None) -> list[str]:
    found: list[str] = _ask(page, check, argument)
    return found


def axe(page: Page, *, enhanced: bool = False) -> list[str]:
    """Run axe with every rule of WCAG 2.2 AA and its good practices; ``enhanced``: contrast 7:1."""
    rules = {"target-size": {"enabled": True}}
    if enhanced:  # the higher contrast holds the lower one, and to measure it is half of the work
        rules |= {
            "color-contrast-enhanced": {"enabled": True},
            "color-contrast": {"enabled": False},
        }
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    told = page.evaluate(
        "options => axe.run(options).then(told => told.violations)",
        # what is fetched beforehand is for rules about sound and films, of which there are none
        {"resultTypes": ["violations"], "rules": rules, "preload": False},
    )
    return [
        f"{one['id']}: {one['help']}: {node['html'][:120]}" for one in told for node in one["nodes"]
    ]


def targets(page: Page, least: int) -> list[str]:
    """Find what a finger may miss: controls under ``least`` pixels, but links in a sentence."""
    return _lines(page, "targets", least)


def small_text(page: Page, least: int) -> list[str]:
    """Find text under ``least`` pixels."""
    return _lines(page, "smallText", least)


def english(page: Page, allowed: Sequence[str] = ALLOWED) -> list[str]:
    """Find Latin words left on a Chinese page."""
    return _lines(page, "english", list(allowed))


def foreign(page: Page) -> list[str]:
    """Find Chinese on another language's page that does not say that it is Chinese."""
    return _lines(page, "foreign")


def sideways(page: Page, width: int | None = None) -> list[str]:
    """Find what makes the page scroll sideways, at ``width`` pixels if one is given."""
    before = page.viewport_size
    if width is not None and before is not None:
        page.set_viewport_size({"width": width, "height": before["height"]})
    found = _lines(page, "sideways")
    if width is not None and before is not None:
        page.set_viewport_size(before)
    return found


def cut(page: Page) -> list[str]:
    """Find text that does not fit into its box."""
    return _lines(page, "cut")


def overlaps(page: Page) -> list[str]:
    """Find texts and controls that lie on one another."""
    return _lines(page, "overlaps")


def pictures(page: Page) -> list[str]:
    """Find pictures that are neither named nor declared an ornament."""
    return _lines(page, "pictures")


def language(page: Page, lang: str, direction: str) -> list[str]:
    """Find whether the page says the wrong language or is written the wrong way."""
    return _lines(page, "language", [lang, direction])


def keyboard(page: Page) -> list[str]:
    """Walk the page by Tab: every control is reached once, in its order, and seen to be reached."""
    expected: int = _ask(page, "begin")
    found, order = [], list[int]()
    for _ in range(5 * expected + 20):
        page.keyboard.press("Tab")
        told = _ask(page, "here")
        at = told["at"]
        if at < 0:
            if "what" not in told:
                break  # past the end
            if not told["scroller"]:
                found.append(f"{told['what']} is a stop that nobody expects")
            continue
        if order and at == order[-1]:
            continue  # a date is one control of several stops
        if at in order:
            break
        order.append(at)
        if not told["seen"]:
            found.append(f"{told['what']} has the focus and does not show it")
    found += [
        f"{_ask(page, 'stop', after)} comes after what stands behind it"
        for before, after in pairwise(order)
        if after < before
    ]
    found += [
        f"{_ask(page, 'stop', at)} is not reached by Tab"
        for at in range(expected)
        if at not in order
    ]
    return found


def everything(page: Page, setting: Setting) -> Mapping[str, list[str]]:
    """Make every check that this setting asks for; give what is amiss by the name of the check."""
    found = {
        "axe": axe(page, enhanced=setting.view == "elder"),
        "targets": targets(page, setting.least),
        "small text": small_text(page, setting.smallest),
        "pictures": pictures(page),
        "cut": cut(page),
        "overlaps": overlaps(page),
        "language": language(page, setting.lang, setting.direction),
        "sideways": sideways(page),
    }
    if setting.lang == "zh":
        found["english"] = english(page)
    if setting.lang == setting.walked:
        found["keyboard"] = keyboard(page)
    if offered()[setting.lang].pack:  # its gaps and all content are Chinese, and say so
        found["foreign"] = foreign(page)
    if setting.width < 400:
        found["sideways"] += sideways(page, 320)
    return {check: lines for check, lines in found.items() if lines}
