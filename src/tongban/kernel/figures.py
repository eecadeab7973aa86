"""A number that knows where it came from 指标: value, unit, as-of, source and how it is known.

Reports render only figures. Nothing here measures anything; a figure without a source is refused.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Status = Literal["measured", "assumed", "quoted"]
_STATUS = {
    "measured": ("实测", "measured"),
    "assumed": ("假定", "assumed"),
    "quoted": ("引用", "quoted"),
}
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


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report.

    ``value`` is exact (money in integer fen); ``unit`` a code of ``UNITS``; ``as_of`` the day or
    instant it holds for; ``source`` where a reader can look it up. Raise FigureInvalid.

    >>> cost = Figure(123456, "fen", date(2026, 11, 23), "ledger 2026-11", "measured")
    >>> cost.text("zh"), cost.text("en")
    ('1,234.56 元', '1,234.56 yuan')
    >>> cost.full("zh")
    '1,234.56 元（实测，截至 2026-11-23，来源：ledger 2026-11）'
    """

    value: int | Decimal
    unit: str
    as_of: date
    source: str
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
        if self.status not in _STATUS:
            raise FigureInvalid(f"FigureInvalid: status {self.status!r}; one of {list(_STATUS)}")
        if not self.source.strip():
            raise FigureInvalid("FigureInvalid: a figure needs a source")

    def text(self, lang: str) -> str:
        """Write value and unit; English where ``lang`` begins with ``en``, else Chinese."""
        shown = Decimal(self.value).scaleb(-2) if self.unit == "fen" else Decimal(self.value)
        zh, one, many = UNITS[self.unit]
        unit = (one if shown == 1 else many) if lang.startswith("en") else zh
        return f"{shown:,f}{'' if unit in _JOINED else ' '}{unit}"

    def full(self, lang: str) -> str:
        """Write the figure with how it is known, its day and its source."""
        day = self.as_of.date() if isinstance(self.as_of, datetime) else self.as_of
        zh, en = _STATUS[self.status]
        if lang.startswith("en"):
            return f"{self.text(lang)} ({en}, as of {day}, source: {self.source})"
        return f"{self.text(lang)}（{zh}，截至 {day}，来源：{self.source}）"
