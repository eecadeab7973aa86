"""Writes YAML that the strict reader reads back to the very same data, in the packs' own manner.

What was not changed keeps its text, its order and its comments: only the keys that changed are
written anew, and in a list only the entries that changed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tongban.infra.packs.documents import Document, PackInvalid, document_of, problem

_WIDEST = 100
# letters and what may stand inside a text without being punctuation of YAML; Chinese included
_PLAIN = re.compile(
    r"[^\W\d_][\w./+%（）、，。；：“”·《》—-]*(?: [\w./+%（）、，。；：“”·《》-]+)*"
)
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def written(data: Mapping[str, Any]) -> str:
    """Write a whole file anew."""
    return "".join(_entry(key, value, 0) for key, value in data.items())


def changed(text: str, wanted: Mapping[str, Any], file: str) -> str:
    """Give the text of a file with ``wanted`` as its data, touching only what differs.

    Raises `PackInvalid` where the text cannot be read, or the data cannot be written.
    """
    raw = text if text.endswith("\n") else f"{text}\n"
    document = document_of(raw.encode(), file)
    if not isinstance(document.data, dict):
        raise PackInvalid([problem(file, 1, "yaml-no-mapping")])
    blocks = _blocks(raw.splitlines(keepends=True), document)
    made = []
    for key, block in blocks.items():
        if key is None:
            made.append(block)
        elif key in wanted:
            old, new = document.data[key], wanted[key]
            made.append(block if _same(old, new) else _anew(key, block, old, new, document))
    made += [_entry(key, value, 0) for key, value in wanted.items() if key not in blocks]
    result = "".join(made)
    if not _same(document_of(result.encode(), file).data, dict(wanted)):
        raise PackInvalid([problem(file, 1, "yaml-unwritable")])
    return result


def _same(one: Any, other: Any) -> bool:
    """Tell whether data is the same; true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _blocks(lines: list[str], document: Document) -> dict[str | None, str]:
    """Cut a file into its top-level keys; comments before a key belong to it."""
    starts = sorted((document.lines[key,], key) for key in document.data)
    if len({line for line, _ in starts}) < len(starts):
        raise PackInvalid([problem(document.file, 1, "yaml-one-line")])
    begins = [_with_comments(lines, line - 1) for line, _ in starts]
    ends = [*begins[1:], len(lines)]
    cut: dict[str | None, str] = {None: "".join(lines[: begins[0]])} if begins else {}
    for (_, key), begin, end in zip(starts, begins, ends, strict=True):
        cut[key] = "".join(lines[begin:end])
    return cut


def _with_comments(lines: list[str], at: int) -> int:
    """Give the first of the comment lines that stand right before a line."""
    while at > 0 and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    return at


def _anew(key: str, block: str, old: Any, new: Any, document: Document) -> str:
    lines = block.splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if not line.lstrip().startswith("#"))
    head, blank = "".join(lines[:first]), "\n" if lines[-1].strip() == "" else ""
    listed = isinstance(old, list) and isinstance(new, list) and new
    if listed and (kept := _entries(key, lines[first:], old, document)):
        rows = []
        left = list(zip(old, kept, strict=True))
        for value in new:
            found = next((n for n, (was, _) in enumerate(left) if _same(was, value)), None)
            rows.append(left.pop(found)[1] if found is not None else _item(value, 2))
        return f"{head}{key}:\n{''.join(rows)}"
    return f"{head}{_entry(key, new, 0)}{blank}"


def _entries(key: str, lines: list[str], old: Sequence[Any], document: Document) -> list[str]:
    """Cut a block list into its entries; none where it is written on one line or otherwise."""
    base = document.lines[key,]
    starts = [document.lines.get((key, n), base) - base for n in range(len(old))]
    if not starts or len(set(starts)) < len(starts) or starts[0] == 0:
        return []
    if not all(lines[at].startswith("  - ") for at in starts):
        return []
    begins = [_with_comments(lines, at) for at in starts]
    ends = [*begins[1:], len(lines)]
    return ["".join(lines[begin:end]) for begin, end in zip(begins, ends, strict=True)]


def _entry(key: str, value: Any, indent: int) -> str:
    pad = " " * indent
    flat = _flow(value)
    if not isinstance(value, dict | list) or not value:
        return f"{pad}{_text(key)}: {flat}\n"
    if _flat(value) and len(pad) + len(key) + 2 + len(flat) <= _WIDEST:
        return f"{pad}{_text(key)}: {flat}\n"
    if isinstance(value, list):
        inner = "".join(_item(one, indent + 2) for one in value)
    else:
        inner = "".join(_entry(name, one, indent + 2) for name, one in value.items())
    return f"{pad}{_text(key)}:\n{inner}"


def _item(value: Any, indent: int) -> str:
    """Write an entry of a block list."""
    pad, flat = " " * indent, _flow(value)
    if not isinstance(value, dict | list) or not value:
        return f"{pad}- {flat}\n"
    if isinstance(value, list) or (_flat(value) and len(pad) + 2 + len(flat) <= _WIDEST):
        return f"{pad}- {flat}\n"
    rows = "".join(_entry(name, one, indent + 2) for name, one in value.items())
    return f"{pad}- {rows[indent + 2 :]}"


def _flat(value: Any) -> bool:
    """Tell whether something reads well on one line: nothing nested twice, no list of mappings."""
    inner = value.values() if isinstance(value, dict) else value
    return not any(isinstance(one, dict) and isinstance(value, list) for one in inner)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    """Write a text in double quotes, as JSON does; what YAML would not print is escaped too."""
    told = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else _escaped(one) for one in told)


def _escaped(one: str) -> str:
    return f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"
