"""Chinese on a page of another language, isolated and marked as what it is (夹用中文标注).

Content is Chinese where nobody translated it: names of services, states, what somebody typed. On a
page of a language pack a screen reader must not read it as Uyghur, nor a line from right to left
turn its signs about (WCAG 2.2, 3.1.2 Language of Parts; UAX #9, isolates). Pure: a page goes in as
text and comes out as text.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import html

_CHINESE = "zh-CN"
_CJK = r"\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff5e\U00020000-\U0003ffff"
#: Letters of the languages of packs: what they write is none of it.
_THEIRS = (
    "\u0400-\u052f\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\u0f00-\u0fff\u1800-\u18af"
    "\ufb50-\ufdff\ufe70-\ufefc"
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_RUN = re.compile(f"[{_CJK}](?:[^{_THEIRS}]*[{_CJK}])?")
#: A text with no word of a language from right to left is one string, figures at its ends too:
#: torn apart, a number would go to the other side of the name it belongs to.
_STRING = re.compile(rf"\s*([^{_THEIRS}]*[^{_THEIRS}\s])\s*")
#: What may hold no elements says its language itself; so does what is drawn.
_WHOLE = frozenset({"option", "title", "textarea"})
_SKIPPED = frozenset({"script", "style", "code", "pre", "kbd", "samp"})


def marked(page: str) -> str:
    """Mark every Chinese text of a page that does not say that it is Chinese."""
    tree: Any = html.document_fromstring(page)
    _mark(tree, chinese=False, drawn=False, turned=tree.get("dir") == "rtl")
    return str(html.tostring(tree, doctype="<!DOCTYPE html>", encoding="unicode"))


def _mark(one: Any, *, chinese: bool, drawn: bool, turned: bool) -> None:
    if not isinstance(one.tag, str) or one.tag in _SKIPPED:
        return
    if (lang := one.get("lang")) is not None:
        chinese = lang.lower().startswith("zh")
    drawn = drawn or one.tag == "svg"
    if chinese:
        inner: list[tuple[Any, str | None]] = []
    elif one.tag in _WHOLE or drawn or one.tag == "bdi":
        if any(_HAN.search(text) for text in _own(one)):
            one.set("lang", _CHINESE)
        inner = []
    else:
        inner = [(None, one.text), *((child, child.tail) for child in one)]
    for child in list(one):
        _mark(child, chinese=chinese, drawn=drawn, turned=turned)
    for after, text in inner:
        if text and _HAN.search(text):
            _split(one, after, text, turned=turned)


def _own(one: Any) -> Iterator[str]:
    yield one.text or ""
    yield from (child.tail or "" for child in one)


def _split(one: Any, after: Any, text: str, *, turned: bool) -> None:
    """Put the Chinese runs of a text, which stands behind ``after`` or first, into elements."""
    at, place = 0, 0 if after is None else one.index(after) + 1
    string = _STRING.fullmatch(text) if turned else None
    runs = [string.span(1)] if string else [run.span() for run in _RUN.finditer(text)]
    for begin, end in runs:
        if not _HAN.search(text, begin, end):
            continue
        _put(one, after, text[at:begin])
        after = html.Element("bdi", lang=_CHINESE)
        after.text = text[begin:end]
        one.insert(place, after)
        place, at = place + 1, end
    _put(one, after, text[at:])


def _put(one: Any, after: Any, text: str) -> None:
    if after is None:
        one.text = text
    else:
        after.tail = text
