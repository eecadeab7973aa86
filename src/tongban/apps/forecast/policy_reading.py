"""Reads policy documents, a lexicon, and an audit that a person has marked 读取政策文本.

The list is a CSV with ``file,date,authority``, the files are UTF-8 text beside it.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from .domain.policy import Document, Lexicon, Sentence

_DAY = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-\d\d)?")
_WORDS = {"type": "array", "items": {"type": "string", "minLength": 1}}
_SCHEMA = {
    "type": "object",
    "required": ["version", "terms", "negations", "plan", "review", "authority", "half_life"],
    "additionalProperties": False,
    "properties": {
        "version": {"type": "string"},
        "terms": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"minLength": 1},
            "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        "negations": _WORDS,
        "plan": _WORDS,
        "review": _WORDS,
        "authority": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
        "half_life": {"type": "number", "exclusiveMinimum": 0},
    },
}
_MARKS = {"1": True, "0": False}
_AUDIT = ["document", "part", "sentence", "machine", "person"]


class PolicyUnreadable(ValueError):
    """A list, document, lexicon or audit that cannot be read; says file, line and mend."""


def read_lexicon(path: Path | None) -> Lexicon:
    """Read a lexicon, the shipped one where no path is given. Raise PolicyUnreadable."""
    name = "lexicon.yaml" if path is None else path.name
    text = (
        _text(path) if path else files(__package__).joinpath("data/lexicon.yaml").read_text("utf-8")
    )
    try:
        told: Any = yaml.safe_load(text)
        jsonschema.validate(told, _SCHEMA)
    except (yaml.YAMLError, jsonschema.ValidationError) as error:
        reason = getattr(error, "message", error)
        raise PolicyUnreadable(f"PolicyUnreadable: {name}: {reason} / 词典有误") from error
    return Lexicon(
        told["version"],
        told["terms"],
        tuple(told["negations"]),
        tuple(told["plan"]),
        tuple(told["review"]),
        told["authority"],
        told["half_life"],
    )


def read_documents(path: Path, lexicon: Lexicon) -> list[Document]:
    """Read the list and the files that it names. Raise PolicyUnreadable."""
    found = []
    for line, row in _rows(path, ["file", "date", "authority"]):
        place = f"{path.name}, line {line}"
        day = _DAY.fullmatch(row["date"].strip())
        if day is None:
            raise PolicyUnreadable(
                f"PolicyUnreadable: {place}: date {row['date']!r}; write 2024-03-15 / 日期有误"
            )
        if row["authority"] not in lexicon.authority:
            raise PolicyUnreadable(
                f"PolicyUnreadable: {place}: authority {row['authority']!r}; one of"
                f" {', '.join(lexicon.authority)} / 发文机关层级有误"
            )
        file = path.parent / row["file"]
        if not file.is_file():
            raise PolicyUnreadable(f"PolicyUnreadable: {place}: no file {row['file']!r} / 没有文件")
        quarter = int(day[1]) * 4 + (int(day[2]) - 1) // 3
        found.append(Document(row["file"], quarter, row["authority"], _text(file)))
    if not found:
        raise PolicyUnreadable(f"PolicyUnreadable: {path.name} names no documents / 没有文件")
    return found


def audit_sheet(sample: Sequence[Sentence]) -> str:
    """Write the sample as CSV; a person fills the last column with 1 or 0.

    The machine's mark stands in the file; hide that column while marking.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_AUDIT)
    for one in sample:
        # a sentence that begins like a formula stays a sentence in a spreadsheet
        text = f"'{one.text}" if one.text[:1] in "=+-@" else one.text
        writer.writerow([one.document, one.part, text, int(bool(one.terms)), ""])
    return out.getvalue()


def read_audit(path: Path) -> list[tuple[bool, bool]]:
    """Read a marked audit as pairs (machine, person). Raise PolicyUnreadable."""
    pairs = []
    for line, row in _rows(path, _AUDIT):
        marks = row["machine"].strip(), row["person"].strip()
        if not set(marks) <= set(_MARKS):
            raise PolicyUnreadable(
                f"PolicyUnreadable: {path.name}, line {line}: machine and person are 1 or 0, not"
                f" {marks} / 请填 1 或 0"
            )
        pairs.append((_MARKS[marks[0]], _MARKS[marks[1]]))
    return pairs


def _rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(StringIO(_text(path), newline=""))
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing:
        raise PolicyUnreadable(
            f"PolicyUnreadable: {path.name} lacks the columns {', '.join(missing)} / 缺列"
        )
    for row in reader:
        if None in row or None in row.values():
            raise PolicyUnreadable(
                f"PolicyUnreadable: {path.name}, line {reader.line_num}: not as many fields as the"
                " first line has / 列数与表头不符"
            )
        yield reader.line_num, row


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyUnreadable(
            f"PolicyUnreadable: {path.name} is not UTF-8; save it as UTF-8 / 请另存为 UTF-8"
        ) from error
