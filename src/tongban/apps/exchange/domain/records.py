"""The record of a data resource (信息资源目录条目): its fields and the values that each may take.

Fields follow the trial guide for such catalogues (政务信息资源目录编制指南) and add our own: lead
department, source item, classification, masks, quality commitments, base library.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tongban.kernel.facts import Words

#: 类, by the first digit of a resource code.
CATEGORIES: Mapping[str, Words] = {
    "1": Words("基础信息资源", "basic"),
    "2": Words("主题信息资源", "thematic"),
    "3": Words("部门信息资源", "departmental"),
}
SHARING: Mapping[str, Words] = {
    "unconditional": Words("无条件共享", "unconditional"),
    "conditional": Words("有条件共享", "conditional"),
    "none": Words("不予共享", "not shared"),
}
OPEN: Mapping[str, Words] = {
    "none": Words("不予开放", "not open"),
    "conditional": Words("有条件开放", "open on conditions"),
    "unconditional": Words("无条件开放", "open"),
}
MODES: Mapping[str, Words] = {
    "interface": Words("接口", "interface"),
    "table": Words("库表交换", "table exchange"),
    "file": Words("文件", "file"),
    "offline": Words("线下介质", "offline medium"),
}
FORMATS: Mapping[str, Words] = {
    "database": Words("数据库", "database"),
    "spreadsheet": Words("电子表格", "spreadsheet"),
    "document": Words("电子文件", "document"),
    "image": Words("图形图像", "image"),
    "stream": Words("流媒体", "stream"),
    "self-describing": Words("自描述格式", "self-describing"),
}
CYCLES: Mapping[str, Words] = {
    "real-time": Words("实时", "real time"),
    "daily": Words("每日", "daily"),
    "weekly": Words("每周", "weekly"),
    "monthly": Words("每月", "monthly"),
    "quarterly": Words("每季度", "quarterly"),
    "half-yearly": Words("每半年", "half-yearly"),
    "yearly": Words("每年", "yearly"),
    "irregular": Words("不定期", "irregular"),
}
TYPES: Mapping[str, Words] = {
    "string": Words("字符型", "text"),
    "number": Words("数值型", "number"),
    "boolean": Words("布尔型", "yes or no"),
    "date": Words("日期型", "date"),
}
CLASSES: Mapping[str, Words] = {
    "L1": Words("一级（公开）", "L1 public"),
    "L2": Words("二级（内部）", "L2 internal"),
    "L3": Words("三级（个人）", "L3 personal"),
    "L4": Words("四级（敏感个人）", "L4 sensitive personal"),
}
#: The eight base libraries 基础库.
LIBRARIES: Mapping[str, Words] = {
    "population": Words("人口库", "population"),
    "legal-persons": Words("法人库", "legal persons"),
    "natural-resources": Words("自然资源库", "natural resources"),
    "economy": Words("经济库", "economy"),
    "licences": Words("电子证照库", "electronic licences"),
    "credit": Words("信用库", "credit"),
    "macro-economy": Words("宏观经济库", "macro-economy"),
    "public-safety": Words("公共安全库", "public safety"),
}
LEVELS: Mapping[str, Words] = {
    "nation": Words("国家", "nation"),
    "province": Words("省", "province"),
    "city": Words("市", "city"),
    "county": Words("县", "county"),
}
STATES: Mapping[str, Words] = {
    "draft": Words("草稿", "draft"),
    "published": Words("已发布", "published"),
    "withdrawn": Words("已撤回", "withdrawn"),
}
#: What a department promises of its data, each a whole number from 0 to the limit.
QUALITY: Mapping[str, tuple[Words, int]] = {
    "completeness": (Words("完整率（%）", "completeness, %"), 100),
    "accuracy": (Words("准确率（%）", "accuracy, %"), 100),
    "delay_hours": (Words("入库时延（小时）", "delay, hours"), 8784),
    "correction_days": (Words("校核答复（工作日）", "answer to a correction, working days"), 365),
}
NO_WORDS = Words("", "")
#: What `conditional` means where the department says no more.
UNDER_A_GRANT = Words(
    "依法定职责或本人同意，按事项、按数据项授权使用",
    "under a grant for an item and data items, by law or with the person's consent",
)


@dataclass(frozen=True, slots=True)
class Organisation:
    """A department as a record names it; ``key`` is empty for one of another instance."""

    key: str
    uscc: str
    name: Words


@dataclass(frozen=True, slots=True)
class Item:
    """A data item (信息项). ``mask`` is ``keep:a,b``: how many characters stay at each end."""

    name: str
    label: Words
    type: str
    classification: str = "L2"
    mask: str = ""
    key: bool = False
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """The metadata of one resource; choices are keys of the tables of this module.

    ``classes`` names 项, 目 and 细目 of the code; ``related`` are resource codes; ``published_on``
    is None until it is first published; ``region`` a division code of six digits.
    """

    slug: str
    code: str
    name: Words
    department: Organisation
    region: str
    items: tuple[Item, ...]
    sharing: str
    abstract: Words = NO_WORDS
    classes: tuple[str, ...] = ()
    lead: Organisation | None = None
    format: str = "database"
    kind: str = ""
    condition: Words = NO_WORDS
    mode: str = "interface"
    open: str = "none"
    update_cycle: str = "irregular"
    published_on: date | None = None
    related: tuple[str, ...] = ()
    source_item: str = ""
    classification: str = "L2"
    quality: Mapping[str, int] = field(default_factory=dict)
    base_library: str = ""

    @property
    def category(self) -> str:
        """The 类 of the code, ``1`` to ``3``; empty for a foreign code."""
        return self.code[:1] if self.code[:1] in CATEGORIES else ""

    @property
    def level(self) -> str:
        """The administrative level of its region."""
        return level(self.region)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose a record is: the owning instance, its number there, and the way it came.

    ``path`` begins with the owner and ends with the peer it was harvested from; it is empty for
    own records.
    """

    instance: str
    id: str
    iri: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """An entry as the registry holds it: where it came from, its state and version."""

    id: int
    entry: Entry
    origin: Origin
    source: str
    state: str
    version: int
    modified: datetime


def level(region: str) -> str:
    """Give the level of a division code (GB/T 2260).

    >>> [level(code) for code in ("000000", "330000", "330100", "330106", "")]
    ['nation', 'province', 'city', 'county', '']
    """
    if len(region) != 6:
        return ""
    for ending, name in (("000000", "nation"), ("0000", "province"), ("00", "city")):
        if region.endswith(ending):
            return name
    return "county"


def actions(state: str, source: str) -> tuple[str, ...]:
    """Say what may be done with a record; what is not ours to change is read only.

    >>> actions("draft", "registered"), actions("published", "pack")
    (('change', 'publish'), ())
    """
    if source != "registered":
        return ()
    return {
        "draft": ("change", "publish"),
        "published": ("change", "withdraw"),
        "withdrawn": ("change", "publish"),
    }[state]


def plain(entry: Entry) -> dict[str, Any]:
    """Give an entry as JSON data, the form that versions keep and `registry.read` takes back."""
    return {
        "slug": entry.slug,
        "code": entry.code,
        "classes": list(entry.classes),
        "name": _words(entry.name),
        "abstract": _words(entry.abstract),
        "department": _organisation(entry.department),
        "lead": _organisation(entry.lead or entry.department),
        "format": entry.format,
        "kind": entry.kind,
        "items": [_item(item) for item in entry.items],
        "sharing": entry.sharing,
        "condition": _words(entry.condition),
        "mode": entry.mode,
        "open": entry.open,
        "update_cycle": entry.update_cycle,
        "published_on": entry.published_on.isoformat() if entry.published_on else None,
        "related": list(entry.related),
        "source_item": entry.source_item,
        "classification": entry.classification,
        "quality": dict(sorted(entry.quality.items())),
        "base_library": entry.base_library,
        "region": entry.region,
    }


def _words(text: Words) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _organisation(who: Organisation) -> dict[str, Any]:
    return {"key": who.key, "uscc": who.uscc, "name": _words(who.name)}


def _item(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "label": _words(item.label),
        "type": item.type,
        "classification": item.classification,
        "mask": item.mask,
        "key": item.key,
        "lead": item.lead,
    }
