"""The columns of the catalogue's spreadsheet, and how a cell becomes a field and back.

A choice may be written as its code or as its name in either language; the sheet that is written
out can be read again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tongban.apps.exchange.domain import records
from tongban.apps.exchange.domain.records import Item, Registered
from tongban.kernel.facts import Words

RESOURCES, ITEMS, HELP = "资源 Resources", "信息项 Items", "说明 Help"
_YES = frozenset({"是", "yes", "true", "1", "y"})
_NO = frozenset({"", "否", "no", "false", "0", "n"})
_APART = "、"
Show = Callable[[Any], Any]


class CellWrong(ValueError):
    """A cell whose value is none of its column."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its field (``quality.accuracy``), its name, how a value is shown.

    ``choices`` are the values it takes; ``form`` is ``text``, ``list``, ``whole``, ``yes`` or
    ``day``; a column that is ``shown`` only is passed over when a sheet is read.
    """

    field: str
    name: Words
    show: Show
    choices: Mapping[str, Words] | None = None
    form: str = "text"
    shown: bool = False

    @property
    def head(self) -> str:
        """The cell above the column."""
        return f"{self.name.zh} {self.name.en} [{self.field}]"

    def read(self, value: Any) -> Any:
        """Give the field's value; raises `CellWrong`."""
        if isinstance(value, (datetime, date)):
            text = value.strftime("%Y-%m-%d")
        else:
            whole = isinstance(value, float) and value.is_integer()
            text = "" if value is None else str(int(value) if whole else value).strip()
        if self.choices is not None:
            return self._choice(text)
        return _FORMS[self.form](text)

    def _choice(self, text: str) -> str:
        for code, words in (self.choices or {}).items():
            if text in (code, words.zh, words.en):
                return code
        if not text:
            return ""
        listed = _APART.join(words.zh for words in (self.choices or {}).values())
        raise CellWrong(
            f"“{text}”不在所列之中：{listed}",
            f"{text!r} is none of {', '.join(self.choices or ())}",
        )


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.replace(",", _APART).split(_APART) if part.strip()]


def _whole(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise CellWrong(f"“{text}”不是整数", f"{text!r} is no whole number")
    return int(text)


def _yes(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise CellWrong(f"“{text}”请填是或否", f"{text!r} is neither yes nor no")


_FORMS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "list": _list,
    "whole": _whole,
    "yes": _yes,
    "day": lambda text: text or None,
}


def _words(get: Callable[[Any], Words], lang: str) -> Show:
    return lambda one: getattr(get(one), lang)


def _of(name: str) -> Show:
    return lambda held: getattr(held.entry, name)


def _choice(name: str, table: Mapping[str, Words]) -> Show:
    def show(held: Registered) -> str:
        code = getattr(held.entry, name)
        return table[code].zh if code in table else str(code)

    return show


def _chosen(field: str, zh: str, en: str, table: Mapping[str, Words]) -> Column:
    return Column(field, Words(zh, en), _choice(field, table), table)


def _quality(name: str) -> Column:
    words, _ = records.QUALITY[name]
    return Column(f"quality.{name}", words, lambda held: held.entry.quality.get(name), form="whole")


RESOURCE: tuple[Column, ...] = (
    Column("slug", Words("资源标识", "slug"), _of("slug")),
    Column("code", Words("资源代码", "code"), _of("code")),
    Column(
        "classes",
        Words("项、目、细目", "classes"),
        lambda h: _APART.join(h.entry.classes),
        form="list",
    ),
    Column("name.zh", Words("名称", "name (Chinese)"), _words(lambda h: h.entry.name, "zh")),
    Column("name.en", Words("英文名称", "name (English)"), _words(lambda h: h.entry.name, "en")),
    Column("department", Words("提供方", "department"), lambda h: h.entry.department.key),
    Column(
        "lead",
        Words("数源部门", "lead department"),
        lambda h: (h.entry.lead or h.entry.department).key,
    ),
    Column(
        "abstract.zh", Words("摘要", "abstract (Chinese)"), _words(lambda h: h.entry.abstract, "zh")
    ),
    Column(
        "abstract.en",
        Words("英文摘要", "abstract (English)"),
        _words(lambda h: h.entry.abstract, "en"),
    ),
    _chosen("format", "格式", "format", records.FORMATS),
    Column("kind", Words("主体类别", "kind"), _of("kind")),
    _chosen("sharing", "共享类型", "sharing", records.SHARING),
    Column(
        "condition.zh",
        Words("共享条件", "condition (Chinese)"),
        _words(lambda h: h.entry.condition, "zh"),
    ),
    Column(
        "condition.en",
        Words("英文共享条件", "condition (English)"),
        _words(lambda h: h.entry.condition, "en"),
    ),
    _chosen("mode", "共享方式", "sharing mode", records.MODES),
    _chosen("open", "开放属性", "open", records.OPEN),
    _chosen("update_cycle", "更新周期", "update cycle", records.CYCLES),
    Column(
        "published_on",
        Words("发布日期", "published on"),
        lambda h: h.entry.published_on and h.entry.published_on.isoformat(),
        form="day",
    ),
    Column(
        "related",
        Words("关联资源代码", "related codes"),
        lambda h: _APART.join(h.entry.related),
        form="list",
    ),
    Column("source_item", Words("来源事项", "source item"), _of("source_item")),
    _chosen("classification", "数据级别", "classification", records.CLASSES),
    *map(_quality, records.QUALITY),
    _chosen("base_library", "基础库", "base library", records.LIBRARIES),
    Column(
        "department_name",
        Words("提供方名称", "provider"),
        lambda h: h.entry.department.name.zh,
        shown=True,
    ),
    Column(
        "uscc", Words("提供方代码", "provider code"), lambda h: h.entry.department.uscc, shown=True
    ),
    Column("region", Words("行政区划", "region"), _of("region"), shown=True),
    Column("origin", Words("所属实例", "origin"), lambda h: h.origin.instance, shown=True),
    Column("state", Words("状态", "state"), lambda h: records.STATES[h.state].zh, shown=True),
    Column("version", Words("版本", "version"), lambda h: h.version, shown=True),
)
Pair = tuple[Registered, Item]
ITEM: tuple[Column, ...] = (
    Column("resource", Words("资源标识", "resource slug"), lambda pair: pair[0].entry.slug),
    Column("name", Words("信息项标识", "item"), lambda pair: pair[1].name),
    Column("label.zh", Words("名称", "label (Chinese)"), _words(lambda pair: pair[1].label, "zh")),
    Column("label.en", Words("英文名称", "label (English)"), _words(lambda p: p[1].label, "en")),
    Column("type", Words("数据类型", "type"), lambda p: records.TYPES[p[1].type].zh, records.TYPES),
    Column(
        "classification",
        Words("数据级别", "classification"),
        lambda pair: records.CLASSES[pair[1].classification].zh,
        records.CLASSES,
    ),
    Column("mask", Words("脱敏规则", "mask"), lambda pair: pair[1].mask),
    Column("key", Words("检索键", "key"), lambda p: "是" if p[1].key else "否", form="yes"),
    Column(
        "lead", Words("一数一源", "lead item"), lambda p: "是" if p[1].lead else "否", form="yes"
    ),
)
