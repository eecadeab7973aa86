"""What stands on the face of a licence (证照版式): rows in words, as a person reads them."""

import hmac
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from tongban.apps.items.domain import LicenceKind
from tongban.kernel.facts import Fact, UnknownFact, Vocabulary
from tongban.kernel.sdjwt.strict import encode
from tongban.kernel.suites import Suite

from .metadata import read_day

_BLANK: Final = "—"


def written_day(day: date | None) -> str:
    """Write a day as a certificate does.

    >>> written_day(date(2026, 11, 4)), written_day(None)
    ('2026年11月4日', '长期')
    """
    return "长期" if day is None else f"{day.year}年{day.month}月{day.day}日"


def written(fact: Fact, value: Any) -> str:
    """Write a value of a licence in words: options by their label, days and money in full."""
    if value is None or value == "":
        return _BLANK
    if isinstance(value, bool):
        return "是" if value else "否"
    for option in fact.options:
        if option.value == value:
            return option.label.zh
    if fact.type == "date" and (day := read_day(value)):
        return written_day(day)
    if fact.name.endswith("_fen") and isinstance(value, int):
        whole, rest = divmod(value, 100)
        return f"人民币 {whole:,}.{rest:02d} 元" if rest else f"人民币 {whole:,} 元"
    return str(value)


def rows(
    kind: LicenceKind, content: Mapping[str, Any], vocabulary: Vocabulary
) -> list[tuple[str, str]]:
    """Give label and text of each fact of the licence, in the order of its kind.

    The holder's own facts are not told whose they are; those of others are (母亲姓名). A fact that
    the vocabulary no longer explains keeps its name: what was issued is never left out.
    """
    found = []
    for name in kind.content:
        value = content.get(name)
        try:
            fact = vocabulary.fact(name)
        except UnknownFact:
            found.append((name, _BLANK if value is None else str(value)))
            continue
        label = fact.label.zh if fact.role == kind.holder else fact.title.zh
        if name.endswith("_fen"):
            label = label.removesuffix("（分）")
        found.append((label, written(fact, value)))
    return found


def face_code(by: Suite, key: bytes, identifier: str) -> str:
    """Give the code that stands in a face's QR code: nobody finds a licence by its number alone.

    >>> from tongban.kernel.suites import suite
    >>> len(face_code(suite("gm"), bytes(32), "1.2.156.3005.2"))
    22
    """
    return encode(by.mac(key, b"face\n" + identifier.encode())[:16])


def face_code_holds(by: Suite, key: bytes, identifier: str, code: str) -> bool:
    """Tell whether a code is the one of this licence's face, in constant time."""
    return hmac.compare_digest(face_code(by, key, identifier).encode(), code.encode())
