"""Numbers of a report that are no figures: what is left when figures and a few codes are out.

A year is no figure, for ``Figure.text`` groups digits. The other codes are named one by one.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import html

from tongban.kernel.figures import Figure

_STATUS = ("measured", "assumed", "quoted")
_CODES = re.compile(
    r"""(?<![\d.,])(?:
      \d{4}-\d{2}-\d{2}                         # a day
    | (?:19|20)\d{2}(?![\d%×]|[.,]\d|\s*%)      # a year
    | sha256:[0-9a-f]+                          # what a file is known by
    | [\w-]+\.(?:csv|xlsx|parquet|yaml):\d+     # a row of a file
    | (?<!\w)D\d{2}(?!\w)                       # a department of the samples
    )
    | \#\d+                                     # the same, where the file is known
    | (?<!\w)--[a-z]+\ \d+                      # an option as it is typed
    """,
    re.VERBOSE,
)


def loose(text: str) -> bool:
    """Say whether a text holds a digit that is neither a year nor another of the codes."""
    return re.search(r"\d", _CODES.sub("", text)) is not None


def in_json(told: Any) -> Iterator[str]:
    """Give every text and number of a report's JSON that holds a number beside its figures."""
    match told:
        case {"unit": _, "source": _, "status": _}:
            return
        case {"zh": zh, "en": en}:
            figures = [_figure(one) for one in told.get("figures", ())]
            for lang, text in (("zh", zh), ("en", en)):
                if loose(_without(text, [one.text(lang) for one in figures])):
                    yield text
        case dict():
            for key, value in told.items():
                if key not in ("key", "keys"):
                    yield from in_json(value)
        case list():
            for value in told:
                yield from in_json(value)
        case str() if loose(told):
            yield told
        case int() | float():
            yield str(told)


def in_html(text: str) -> Iterator[str]:
    """Give every text of a report's page that holds a number beside its figures."""
    tree = html.document_fromstring(text)
    for drawn in tree.xpath("//figure//*[name()='title']"):
        (caption,) = drawn.xpath("ancestor::figure/figcaption")
        # a title holds no elements: what it says is checked where the caption says it
        if drawn.text == re.sub(r"\[\d+\]", "", caption.text_content()):
            drawn.drop_tree()
    figures = [f"contains(concat(' ', @class, ' '), ' {one} ')" for one in _STATUS]
    away = f"//style | //ol | //a[@class='q'] | //*[{' or '.join(figures)}]"
    for one in tree.xpath(away):
        if one.getparent() is not None:
            one.drop_tree()
    yield from (told for told in tree.xpath("//text()") if loose(told))


def _figure(told: dict[str, Any]) -> Figure:
    value = told["value"] if isinstance(told["value"], int) else Decimal(told["value"])
    day = date.fromisoformat(told["as_of"][:10])
    return Figure(value, told["unit"], day, str(told["source"]), told["status"])


def _without(text: str, figures: list[str]) -> str:
    for figure in figures:
        assert figure in text, (figure, text)
        text = text.replace(figure, "", 1)
    return text
