"""Writes a report as JSON and as a spreadsheet 数据文件: the same figures, with their sources."""

import json
import re
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import Workbook

from tongban.kernel.figures import Figure

from .parts import Cell, Report, Words, pick, shown

_HEAD = (
    ("部分", "section"),
    ("行", "row"),
    ("项", "column"),
    ("值", "value"),
    ("单位", "unit"),
    ("截至", "as of"),
    ("状态", "status"),
    ("来源", "source"),
)


def as_json(report: Report) -> str:
    """Write both languages and every figure whole; values are strings, so no digit is lost."""
    told = {
        "title": _words(report.title),
        "verdict": [_words(one) for one in report.verdict],
        "sections": [
            {
                "key": section.key,
                "title": _words(section.title),
                "words": [_words(one) for one in section.words],
                "tables": [
                    {
                        "head": [_words(one) for one in table.head],
                        "rows": [[_cell(cell) for cell in row] for row in table.rows],
                    }
                    for table in section.tables
                ],
            }
            for section in report.sections
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def as_sheet(report: Report, lang: str) -> bytes:
    """Write a sheet a section, and one that lists every figure with its source."""
    book = Workbook()
    book.remove(book.worksheets[0])
    every = []
    for section in report.sections:
        sheet = book.create_sheet(_title(pick(section.title, lang)))
        for table in section.tables:
            heads = [pick(one, lang) for one in table.head]
            sheet.append(heads)
            for number, row in enumerate(table.rows, start=1):
                sheet.append([_plain(cell, lang) for cell in row])
                every += [
                    (pick(section.title, lang), number, head, *_whole(cell))
                    for head, cell in zip(heads, row, strict=True)
                    if isinstance(cell, Figure)
                ]
            sheet.append([])
    sheet = book.create_sheet("figures")
    sheet.append([pick(one, lang) for one in _HEAD])
    for line in every:
        sheet.append([_safe(one) for one in line])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _title(text: str) -> str:
    # what a spreadsheet does not take in the name of a sheet
    return re.sub(r"[\[\]:*?/\\]", " ", text)[:31]


def _whole(figure: Figure) -> tuple[Any, ...]:
    return figure.value, figure.unit, figure.as_of.isoformat(), figure.status, figure.source


def _plain(cell: Cell, lang: str) -> object:
    return cell.value if isinstance(cell, Figure) else _safe(shown(cell, lang))


def _safe(value: object) -> object:
    # a name from a file must not become a formula in somebody's spreadsheet
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


def _words(words: Words) -> dict[str, str]:
    return {"zh": words[0], "en": words[1]}


def _cell(cell: Cell) -> object:
    if isinstance(cell, Figure):
        day: date = cell.as_of
        return {
            "value": str(cell.value),
            "unit": cell.unit,
            "as_of": day.isoformat(),
            "source": cell.source,
            "status": cell.status,
        }
    return _words(cell) if isinstance(cell, tuple) else cell
