"""What the files of a pack are called (文件标题), in two languages, from their own texts: pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tongban.infra.packs import PackInvalid, document_of, kind_of
from tongban.kernel.facts import Words
from tongban.kernel.xml import XmlRefused, read_xml

_NAME_EN = "{urn:tongban:bpmn:1}name-en"
_NAMED = ("item", "life-event", "policy", "licence-kind")
# what explains, decides or tries something is called as that
_AFTER = {"guide": ("item", "life-event"), "rules": _NAMED, "cases": ("rules",)}


def titles(texts: Mapping[str, str]) -> dict[str, Words]:
    """Give what each file is called, path to words; a file that says no name has none.

    A guide is called as what it explains. A table that has a Chinese name only takes the English
    one of the definition of its slug, and test cases are called as their table.
    """
    own = {path: found for path, text in texts.items() if (found := _own(path, text))}
    by_kind = {(kind_of(path), _slug(path)): words for path, words in own.items()}
    made = dict(own)
    for kind, after in _AFTER.items():
        for path in texts:
            if kind_of(path) != kind:
                continue
            other = next(
                (by_kind[k, _slug(path)] for k in after if (k, _slug(path)) in by_kind), None
            )
            mine = own.get(path)
            if other is not None:
                zh = mine.zh if mine else other.zh
                by_kind[kind, _slug(path)] = made[path] = Words(zh, other.en)
    return made


def _slug(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].removesuffix(".cases")


@lru_cache(maxsize=1024)
def _own(path: str, text: str) -> Words | None:
    kind = kind_of(path)
    if kind in _NAMED:
        return _of_yaml(text)
    if kind in {"flows", "rules"}:
        return _of_xml(text, "process" if kind == "flows" else "decision")
    return None


def _of_yaml(text: str) -> Words | None:
    try:
        data: Any = document_of(text.encode(), "").data
    except PackInvalid:
        return None
    name = data.get("name") if isinstance(data, dict) else None
    if not isinstance(name, dict) or not isinstance(name.get("zh"), str):
        return None
    return Words(name["zh"], str(name.get("en") or name["zh"]))


def _of_xml(text: str, tag: str) -> Words | None:
    try:
        found = read_xml(text.encode(), "").find(f"{{*}}{tag}")
    except XmlRefused:
        return None
    name = found.get("name") if found is not None else None
    if found is None or not name:
        return None
    return Words(name, found.get(_NAME_EN) or name)
