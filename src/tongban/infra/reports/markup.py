"""Writes elements 标记: text is escaped here and nowhere else, so no data can become markup."""

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "rect", "line", "circle"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """Write an element; an underscore at the end of a name falls off, others become hyphens.

    >>> tag("text", "a<b", class_="x", text_anchor="end")
    '<text class="x" text-anchor="end">a&lt;b</text>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
    )
    if name in _VOID and not children:
        return Markup(f"<{name}{told}/>" if name != "meta" else f"<{name}{told}>")
    return Markup(f"<{name}{told}>{joined(children)}</{name}>")


def joined(children: Iterable[str]) -> Markup:
    """Write children one after the other; plain text is escaped."""
    return Markup("".join(c if isinstance(c, Markup) else escape(c) for c in children))


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
