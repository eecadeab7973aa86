"""A form filled in again with what was typed before, on a page that was made without it.

Pure: a page goes in and comes out as text. Nothing is sent and nothing is judged. A form is the one
that was sent if it goes to the same address and its hidden values are the same; hidden values,
passwords and files stay as the page has them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lxml import html

Typed = Mapping[str, Sequence[str]]
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - a name
#: Which version somebody saw: it stays what it was, so that a page that moved on says so.
_SEEN = "version"
_NO_SIGNS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_TYPED = frozenset({"submit", "button", "image", "reset", "password", "file", "hidden"})


def refill(page: str, path: str, action: str, typed: Typed) -> tuple[str, list[str]]:
    """Fill in the form of ``page`` (shown at ``path``) that goes to ``action``.

    Give the page, and what was typed that has no place on it: everything but hidden values where
    there is no such form.
    """
    tree: Any = html.document_fromstring(page)
    form = next((one for one in tree.forms if _same(one, path, action, typed)), None)
    if form is None:
        return page, _texts(typed, _names(tree.xpath("//input[@type='hidden']|//button[@name]")))
    put = _controls(form)
    count: dict[str, int] = {}
    for one in put:
        name = one.get("name")
        values = list(typed.get(name, ()))
        at = count[name] = count.get(name, -1) + 1
        _fill(one, values, at)
    known = _names([*put, *form.xpath(".//button[@name]")])
    return _written(tree), _texts(typed, known)


def say(page: str, notice: str) -> str:
    """Put a piece of a page at the head of its main part."""
    tree: Any = html.document_fromstring(page)
    for main in tree.iter("main"):
        main.insert(0, html.fragment_fromstring(notice))
    return _written(tree)


def _written(tree: Any) -> str:
    return str(html.tostring(tree, doctype="<!DOCTYPE html>", encoding="unicode"))


def _same(form: Any, path: str, action: str, typed: Typed) -> bool:
    if form.method != "POST" or (form.get("action") or path).partition("#")[0] != action:
        return False
    hidden = form.xpath(".//input[@type='hidden'][@name]")
    return all(
        one.get("value", "") in typed.get(one.get("name"), ())
        for one in hidden
        if one.get("name") not in {_TOKEN, _SEEN}
    )


def _controls(form: Any) -> list[Any]:
    found = form.xpath(".//input[@name]|.//select[@name]|.//textarea[@name]")
    if (of := form.get("id")) is not None:
        found += form.xpath("//*[@form=$of][@name]", of=of)
    return [one for one in found if one.tag in {"input", "select", "textarea"}]


def _fill(one: Any, values: Sequence[str], at: int) -> None:
    """Fill in one control; ``at`` counts those of its name, of which each has a text of its own."""
    kind = one.get("type", "text") if one.tag == "input" else one.tag
    if kind in {"radio", "checkbox"}:
        _mark(one, "checked", chosen=one.get("value", "on") in values)
    elif kind == "select":
        for option in one.iter("option"):
            _mark(option, "selected", chosen=option.get("value", option.text or "") in values)
    elif at >= len(values):
        return
    elif kind == "textarea":
        one.text = f"\n{_clean(values[at])}"  # a browser drops the first line end
    elif kind not in _NOT_TYPED or one.get("name") == _SEEN:
        one.set("value", _clean(values[at]))


def _clean(text: str) -> str:
    """Give a text as a page can hold it: signs that no page may have are left out."""
    return _NO_SIGNS.sub("", text.replace("\r\n", "\n"))


def _mark(one: Any, name: str, *, chosen: bool) -> None:
    if chosen:
        one.set(name, name)
    else:
        one.attrib.pop(name, None)


def _names(controls: Sequence[Any]) -> set[str]:
    return {_TOKEN, *(str(one.get("name")) for one in controls)}


def _texts(typed: Typed, known: set[str]) -> list[str]:
    return [text for name, values in typed.items() if name not in known for text in values if text]
