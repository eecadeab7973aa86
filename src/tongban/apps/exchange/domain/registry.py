"""Reads the record of a resource out of plain data and finds everything that is wrong in it.

One reader for forms, spreadsheets, packs and the API, so that all say the same. It does not know
which departments exist; the caller puts them in. Refuses an entry with any fault, naming all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongban.apps.exchange.domain import records
from tongban.apps.exchange.domain.records import Entry, Item, Organisation
from tongban.kernel.codes import USCC
from tongban.kernel.facts import Words

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
# 类 1 + 项 2 + 目 3 + 细目 / 顺序码; a coarse catalogue may stop at 项
_CODE = re.compile(r"[1-3][0-9]{2}([0-9]{3}[0-9A-Z]*)?/[0-9A-Z]{1,20}", re.ASCII)
_MASK = re.compile(r"keep:[0-9]{1,2},[0-9]{1,2}", re.ASCII)
_REGION = re.compile(r"[0-9]{6}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MOST_ITEMS = 500
_LONGEST = {"name": 200, "abstract": 2000, "condition": 1000, "label": 100}
#: Slugs of harvested records begin so; no own record may.
HARVESTED = "h-"
#: What a caller gives; the rest follows from the code, the department or the registry.
REQUIRED = ("slug", "code", "name", "department", "region", "items", "sharing")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in an entry: where (``items.2.mask``), what, and the mend."""

    place: str
    zh: str
    en: str


class EntryInvalid(ValueError):
    """An entry that cannot be registered, with everything that is wrong in it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        told = "; ".join(f"{f.place}: {f.en}" for f in faults)
        super().__init__(f"EntryInvalid: {told}")


def read(raw: Mapping[str, Any]) -> Entry:
    """Read an entry in the form of `records.plain`; raises `EntryInvalid` with every fault.

    What may be left out takes its default; ``classification`` the highest of the items.
    """
    if found := list(faults(raw)):
        raise EntryInvalid(found)
    items = tuple(_item(item) for item in raw["items"])
    highest = max(item.classification for item in items)
    department = _organisation(raw["department"])
    condition = _words(raw.get("condition"))
    if raw["sharing"] == "conditional" and not condition.zh:
        condition = records.UNDER_A_GRANT
    day = raw.get("published_on")
    return Entry(
        slug=raw["slug"],
        code=raw["code"],
        name=_words(raw["name"]),
        department=department,
        region=raw["region"],
        items=items,
        sharing=raw["sharing"],
        abstract=_words(raw.get("abstract")),
        classes=tuple(raw.get("classes") or ()),
        lead=_organisation(raw["lead"]) if raw.get("lead") else department,
        format=raw.get("format") or "database",
        kind=raw.get("kind") or "",
        condition=condition,
        mode=raw.get("mode") or "interface",
        open=raw.get("open") or "none",
        update_cycle=raw.get("update_cycle") or "irregular",
        published_on=date.fromisoformat(day) if day else None,
        related=tuple(raw.get("related") or ()),
        source_item=raw.get("source_item") or "",
        classification=raw.get("classification") or highest,
        quality=dict(raw.get("quality") or {}),
        base_library=raw.get("base_library") or "",
    )


def _words(raw: Mapping[str, str] | None) -> Words:
    return Words(raw["zh"], raw.get("en") or "") if raw else records.NO_WORDS


def _organisation(raw: Mapping[str, Any]) -> Organisation:
    return Organisation(raw["key"], raw["uscc"], _words(raw["name"]))


def _item(raw: Mapping[str, Any]) -> Item:
    return Item(
        raw["name"],
        _words(raw["label"]),
        raw["type"],
        raw.get("classification") or "L2",
        raw.get("mask") or "",
        bool(raw.get("key")),
        bool(raw.get("lead")),
    )


def of_contract(raw: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Give the record of a pack's contract; its items take label and type of the vocabulary."""
    kind = data["kinds"][raw["kind"]]
    departments = data["departments"]
    department = departments[raw["department"]]
    lead = raw.get("lead_department", raw["department"])
    items = [
        {
            "name": name,
            "label": kind[name]["label"],
            "type": kind[name]["type"],
            "classification": field.get("class") or kind[name].get("class") or "L2",
            "mask": field.get("mask", ""),
            "key": name in raw["key"],
            "lead": name in raw.get("lead", ()),
        }
        for name, field in raw["fields"].items()
    ]
    return {
        **raw,
        "department": _named(raw["department"], department),
        "lead": _named(lead, departments[lead]),
        "region": department["region"],
        "items": items,
    }


def _named(key: str, department: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": key, "uscc": department["uscc"], "name": department["name"]}


def faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Give everything that is wrong in an entry, in the order of its fields."""
    missing = [name for name in REQUIRED if not raw.get(name)]
    for name in missing:
        yield Fault(name, "缺少此项", "is missing: fill it in")
    if raw.get("slug"):
        yield from _slug(raw["slug"])
    if raw.get("code"):
        yield from _match("code", raw["code"], _CODE, "3023001/000001")
    for name in ("name", "abstract", "condition"):
        yield from _text(name, raw.get(name), _LONGEST[name])
    for name in ("department", "lead"):
        yield from _who(name, raw.get(name))
    if raw.get("region"):
        yield from _match("region", raw["region"], _REGION, "330100")
    for name, table in _CHOICES.items():
        yield from _choice(name, raw.get(name), table)
    if raw.get("kind"):
        yield from _match("kind", raw["kind"], _WORD, "person")
    if raw.get("source_item"):
        yield from _match("source_item", raw["source_item"], _SLUG, "library-card")
    yield from _classes(raw.get("classes") or ())
    yield from _related(raw.get("related") or ())
    yield from _day(raw.get("published_on"))
    yield from _quality(raw.get("quality") or {})
    yield from _items(raw.get("items") or ())
    if not missing:
        yield from _together(raw)


_CHOICES: Mapping[str, Mapping[str, Words]] = {
    "sharing": records.SHARING,
    "mode": records.MODES,
    "open": records.OPEN,
    "format": records.FORMATS,
    "update_cycle": records.CYCLES,
    "classification": records.CLASSES,
    "base_library": records.LIBRARIES,
}


def _slug(slug: Any) -> Iterator[Fault]:
    yield from _match("slug", slug, _SLUG, "birth-records")
    if isinstance(slug, str) and (len(slug) > 60 or slug.startswith(HARVESTED)):
        yield Fault(
            "slug",
            f"最多60个字符，且不以{HARVESTED}开头",
            f"takes at most 60 characters and does not begin with {HARVESTED}",
        )


def _match(place: str, value: Any, pattern: re.Pattern[str], example: str) -> Iterator[Fault]:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        yield Fault(
            place, f"“{value}”格式不正确，例：{example}", f"{value!r} is not of the form {example}"
        )


def _text(place: str, value: Any, longest: int) -> Iterator[Fault]:
    if not value:
        return
    if not isinstance(value, Mapping):
        yield Fault(place, "应有中文和英文", "give it in zh and en")
        return
    for lang in ("zh", "en"):
        text = value.get(lang) or ""
        if not isinstance(text, str) or _CONTROL.search(text):
            yield Fault(f"{place}.{lang}", "含有控制字符", "has control characters: remove them")
        elif len(text) > longest:
            yield Fault(
                f"{place}.{lang}", f"最多{longest}个字", f"takes at most {longest} characters"
            )
    if not value.get("zh"):
        yield Fault(f"{place}.zh", "请填写中文", "give the Chinese text")


def _who(place: str, value: Any) -> Iterator[Fault]:
    if not value:
        return
    if wrong := USCC.validate(value["uscc"]):
        yield Fault(f"{place}.uscc", "统一社会信用代码不正确", f"{wrong}")


def _choice(place: str, value: Any, table: Mapping[str, Words]) -> Iterator[Fault]:
    if value and (not isinstance(value, str) or value not in table):
        zh = "、".join(text.zh for text in table.values())
        yield Fault(
            place, f"“{value}”不在所列之中：{zh}", f"{value!r} is none of {', '.join(table)}"
        )


def _classes(values: Sequence[Any]) -> Iterator[Fault]:
    if len(values) > 3 or not all(isinstance(v, str) and 0 < len(v) <= 100 for v in values):
        yield Fault(
            "classes",
            "应为项、目、细目的名称，最多三个",
            "names 项, 目 and 细目: at most three short texts",
        )


def _related(values: Sequence[Any]) -> Iterator[Fault]:
    for number, value in enumerate(values):
        yield from _match(f"related.{number}", value, _CODE, "302001/000001")


def _day(value: Any) -> Iterator[Fault]:
    try:
        if value:
            date.fromisoformat(value)
    except (TypeError, ValueError):
        yield Fault("published_on", f"“{value}”不是日期", f"{value!r} is no date like 2026-11-25")


def _quality(values: Mapping[str, Any]) -> Iterator[Fault]:
    for name, value in values.items():
        if name not in records.QUALITY:
            known = ", ".join(records.QUALITY)
            yield Fault(f"quality.{name}", "没有这项承诺", f"is no commitment; use {known}")
            continue
        most = records.QUALITY[name][1]
        if type(value) is not int or not 0 <= value <= most:
            yield Fault(
                f"quality.{name}", f"应为0至{most}的整数", f"is a whole number from 0 to {most}"
            )


def _items(values: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    if len(values) > _MOST_ITEMS:
        yield Fault("items", f"最多{_MOST_ITEMS}项", f"are at most {_MOST_ITEMS}")
    seen: set[str] = set()
    for number, item in enumerate(values):
        place = f"items.{number}"
        name = item.get("name") or ""
        yield from _match(f"{place}.name", name, _WORD, "birth_date")
        if len(name) > 60 or name in seen:
            yield Fault(f"{place}.name", "过长或重复", "is too long, or comes twice")
        seen.add(name)
        if not item.get("label"):
            yield Fault(f"{place}.label", "缺少名称", "is missing: name the item")
        yield from _text(f"{place}.label", item.get("label"), _LONGEST["label"])
        yield from _choice(f"{place}.type", item.get("type") or "?", records.TYPES)
        yield from _choice(f"{place}.classification", item.get("classification"), records.CLASSES)
        if mask := item.get("mask"):
            yield from _match(f"{place}.mask", mask, _MASK, "keep:3,4")
            if item.get("type") != "string":
                yield Fault(f"{place}.mask", "只有字符型可以脱敏", "only text can be masked")


def _together(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Give what no single field shows."""
    levels = [item.get("classification") or "L2" for item in raw["items"]]
    highest = max(levels)
    if (own := raw.get("classification")) and own < highest:
        yield Fault(
            "classification",
            f"低于信息项的级别{highest}",
            f"is lower than {highest} of an item: raise it",
        )
    if raw.get("open") == "unconditional" and highest >= "L3":
        yield Fault(
            "open",
            "含个人信息，不能无条件开放",
            "holds personal data: it cannot be open without condition",
        )
    condition = raw.get("condition") or {}
    if raw["sharing"] == "none" and not (isinstance(condition, Mapping) and condition.get("zh")):
        yield Fault(
            "condition",
            "不予共享须写明法律、行政法规或国务院政策依据",
            "is missing: a resource that is not shared must cite the law that says so",
        )
    keyed = any(item.get("key") for item in raw["items"])
    if raw["sharing"] != "none" and (raw.get("mode") or "interface") == "interface" and not keyed:
        yield Fault(
            "items",
            "接口共享须至少有一个检索键",
            "need a key: an interface finds a record by it",
        )
