"""A number that knows where it came from 指标: value, unit, as-of, source and how it is known.

Reports render only figures. Nothing here measures anything; a figure without a source is refused.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from .facts import Words

Status = Literal["measured", "quoted", "assumed"]
#: How a figure is known, the best known first; what rests on an assumption too is assumed.
STATUS: dict[Status, Words] = {
    "measured": Words("实测", "measured"),
    "quoted": Words("引用", "quoted"),
    "assumed": Words("含假定", "assumed"),
}
_WEAKER = tuple(STATUS)
#: Units by code: Chinese, English singular, English plural.
UNITS = {
    "fen": ("元", "yuan", "yuan"),
    "percent": ("%", "%", "%"),
    "ratio": ("倍", "×", "×"),
    "second": ("秒", "second", "seconds"),
    "minute": ("分钟", "minute", "minutes"),
    "hour": ("小时", "hour", "hours"),
    "day": ("天", "day", "days"),
    "month": ("个月", "month", "months"),
    "workday": ("个工作日", "working day", "working days"),
    "person": ("人", "person", "persons"),
    "case": ("件", "case", "cases"),
    "item": ("项", "item", "items"),
    "link": ("个环节", "link", "links"),
    "visit": ("次", "visit", "visits"),
    "material": ("份", "document", "documents"),
    "field": ("个字段", "field", "fields"),
    "call": ("次调用", "call", "calls"),
    "event": ("条记录", "event", "events"),
    "terabyte": ("太字节", "TB", "TB"),
    "petabyte": ("拍字节", "PB", "PB"),
    "byte": ("字节", "byte", "bytes"),
    "row": ("行", "row", "rows"),
    "region": ("个地区", "region", "regions"),
    "period": ("期", "period", "periods"),
    "number": ("", "", ""),
    "yuan_100m": ("亿元", "hundred million yuan", "hundred million yuan"),
    "usd": ("美元", "US dollar", "US dollars"),
    "usd_million": ("百万美元", "million US dollars", "million US dollars"),
    "euro": ("欧元", "euro", "euros"),
    "year": ("年", "year", "years"),
    "point": ("分", "point", "points"),
    "path": ("条路径", "path", "paths"),
    "vcpu": ("核", "vCPU", "vCPUs"),
    "load": ("单位负荷", "unit of load", "units of load"),
}
_JOINED = frozenset({"", "%", "×"})


class FigureInvalid(ValueError):
    """A number that cannot stand in a report."""


def weakest(first: Status, *others: Status) -> Status:
    """Give how a number is known that is made of others 最弱状态: no better than any of them.

    >>> weakest("measured", "assumed", "quoted")
    'assumed'
    """
    return max((first, *others), key=_WEAKER.index)


def source_of(source: str | Words, lang: str) -> str:
    """Name a source in ``lang``; a file has one name in every language."""
    return source if isinstance(source, str) else source.of("en" if _english(lang) else "zh")


def _english(lang: str) -> bool:
    return lang.startswith("en")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report.

    ``value`` is exact (money in integer fen); ``unit`` a code of ``UNITS``; ``as_of`` the day or
    instant it holds for; ``source`` where a reader can look it up: words, or a name that is the
    same in every language. Raise FigureInvalid.

    >>> cost = Figure(123456, "fen", date(2026, 11, 23), "ledger 2026-11", "measured")
    >>> cost.text("zh"), cost.text("en")
    ('1,234.56 元', '1,234.56 yuan')
    >>> cost.full("zh")
    '1,234.56 元（实测，截至 2026-11-23，来源：ledger 2026-11）'
    """

    value: int | Decimal
    unit: str
    as_of: date
    source: str | Words
    status: Status

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            raise FigureInvalid(
                f"FigureInvalid: {self.value!r} is {type(self.value).__name__}; "
                "give a whole number or a Decimal"
            )
        if isinstance(self.value, Decimal) and not self.value.is_finite():
            raise FigureInvalid("FigureInvalid: a figure is a finite number")
        if self.unit not in UNITS:
            raise FigureInvalid(f"FigureInvalid: unit {self.unit!r}; one of {', '.join(UNITS)}")
        if self.unit == "fen" and not isinstance(self.value, int):
            raise FigureInvalid("FigureInvalid: money is whole fen")
        if self.status not in STATUS:
            raise FigureInvalid(f"FigureInvalid: status {self.status!r}; one of {list(STATUS)}")
        if not all(source_of(self.source, lang).strip() for lang in ("zh", "en")):
            raise FigureInvalid("FigureInvalid: a figure needs a source")

    def text(self, lang: str) -> str:
        """Write value and unit; English where ``lang`` begins with ``en``, else Chinese."""
        shown = Decimal(self.value).scaleb(-2) if self.unit == "fen" else Decimal(self.value)
        zh, one, many = UNITS[self.unit]
        unit = (one if shown == 1 else many) if _english(lang) else zh
        return f"{shown:,f}{'' if unit in _JOINED else ' '}{unit}"

    def full(self, lang: str) -> str:
        """Write the figure with how it is known, its day and its source."""
        day = self.as_of.date() if isinstance(self.as_of, datetime) else self.as_of
        known, source = STATUS[self.status], source_of(self.source, lang)
        if _english(lang):
            return f"{self.text(lang)} ({known.en}, as of {day}, source: {source})"
        return f"{self.text(lang)}（{known.zh}，截至 {day}，来源：{source}）"
