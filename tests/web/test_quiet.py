"""No page opens a window or a box, leaves by itself, or wants more than one finger.

Whoever is slow, or holds the telephone in a hand that shakes, is hurried by nothing. What a session
that ends does to a form half filled in stands in ``test_kept_forms``.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.test import Client

import tongban
import tongban.web
from testkit.browsers import signed_in
from testkit.office import Office

CODE, WEB = Path(tongban.__file__).parent, Path(tongban.web.__file__).parent
_SCRIPT: Mapping[str, str] = {
    "opens a window": r"\bwindow\s*\.\s*open\b|(?<![.\w])open\s*\(",
    "asks in a box": r"\b(alert|confirm|prompt|showModal|showPopover)\s*\(|\bNotification\b",
    "acts by the clock": r"\bset(Timeout|Interval)\b|\brequestIdleCallback\b",
    "holds somebody back": r"\b(before)?unload\b",
    "wants fingers": r"touch(start|move|end|cancel)|gesture(start|change|end)|pointer(down|move|up)"
    r"|\b(Touch|Pointer)Event\b|\bdblclick\b|\bcontextmenu\b|\bondrag|\bdrag(start|over|end)\b",
}
_MARKUP: Mapping[str, str] = {
    "opens a window": r"\btarget\s*=\s*(\\?[\"'](?!_self\b|#|\{)|_)",
    "asks in a box": r"\bhx-(confirm|prompt)\b|<dialog\b|\bpopover(target)?\s*=",
    "acts by the clock": r"http-equiv\s*=\s*\\?[\"']?refresh\b",
    "wants fingers": r"\bdraggable\s*=|user-scalable\s*=\s*(no|0)|\bmaximum-scale\b",
}
_STYLE: Mapping[str, str] = {"wants fingers": r"\btouch-action\b"}
_FIELDS = re.compile(r"\{% (field|\w+_field) |<(input|textarea|select)\b(?![^>]*\bhidden\b)")


def restless(text: str, rules: Mapping[str, str]) -> list[str]:
    """Give what of a text hurries, interrupts, or asks for a skilful hand."""
    return [what for what, rule in rules.items() if re.search(rule, text, re.IGNORECASE)]


@pytest.mark.parametrize(
    ("planted", "rules"),
    [
        ("window.open('/a')", _SCRIPT),
        ("if (window . confirm('sure?')) go()", _SCRIPT),
        ("alert(1)", _SCRIPT),
        ("dialog.showModal()", _SCRIPT),
        ("setTimeout(() => location.reload(), 9000)", _SCRIPT),
        ("window.addEventListener('beforeunload', ask)", _SCRIPT),
        ("page.addEventListener('touchmove', turn)", _SCRIPT),
        ("page.ongesturechange = zoom", _SCRIPT),
        ('<a href="/a" target="_blank">', _MARKUP),
        ("<form target='other'>", _MARKUP),
        ('<meta http-equiv="refresh" content="60">', _MARKUP),
        ('<button hx-delete="/a" hx-confirm="sure?">', _MARKUP),
        ("<dialog open>", _MARKUP),
        ('<meta name="viewport" content="width=device-width, maximum-scale=1">', _MARKUP),
        ("main { touch-action: none }", _STYLE),
    ],
)
def test_what_is_restless_is_found(planted: str, rules: Mapping[str, str]) -> None:
    assert restless(planted, rules)
    assert restless('<a href="/a">confirm or open</a>', rules) == []


def test_nothing_that_is_shipped_is_restless() -> None:
    rules = {".js": _SCRIPT, ".html": _MARKUP, ".css": _STYLE}
    files = [path for path in CODE.rglob("*") if path.suffix in rules]
    assert {path.suffix for path in files} == rules.keys()
    files += WEB.rglob("*.py")  # markup is made there as well
    found = {
        str(path.relative_to(CODE)): amiss
        for path in files
        if (amiss := restless(path.read_text("utf-8"), rules.get(path.suffix, _MARKUP)))
    }
    assert found == {}


def test_what_renews_itself_has_nothing_to_fill_in() -> None:
    """A receipt shows how it goes on, the last look waits some seconds: both without a field."""
    renews = [
        path
        for path in WEB.rglob("*.html")
        if re.search(r'hx-trigger="[^"]*\bevery\b', path.read_text("utf-8"))
    ]
    assert renews
    assert [path.name for path in renews if _FIELDS.search(path.read_text("utf-8"))] == []
    sets = [path.name for path in WEB.rglob("*.py") if '"Refresh"' in path.read_text("utf-8")]
    assert sets == ["apply_check.py"]  # test_apply_pages looks at the page


def test_elder_pages_stay_and_open_nothing_as_they_are_served(office: Office) -> None:
    citizen = signed_in(office.applicant("newborn"))
    for path in ("/", "/services", "/services/newborn", "/apply/newborn/answers", "/me"):
        told = citizen.get(path, {"view": "elder"}, follow=True)
        assert b'class="elder"' in told.content, path
        assert "Refresh" not in told, path
        assert restless(told.content.decode(), _MARKUP) == [], path
    assert "Refresh" not in Client().get("/sign-in?view=elder")
