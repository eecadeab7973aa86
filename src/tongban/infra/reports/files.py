"""A report as a file 报告文件: a page, JSON, or a spreadsheet with every figure and its source."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tongban.kernel.facts import Words
from tongban.kernel.figures import STATUS, UNITS, Figure, source_of

from .model import Bars, Cell, Fans, Link, Picture, Point, Report, Table, Told, shown
from .page import page

SUFFIXES = (".html", ".json", ".xlsx")
_NAME = re.compile(r"[\\/*?:\[\]]")  # signs that no sheet may have in its name
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # signs that no spreadsheet may hold


class FormUnknown(ValueError):
    """A report has no form of this name 报告格式不支持."""


def write(report: Report, path: Path, lang: str) -> None:
    """Write the report as the name says: .html, .json or .xlsx. Raise FormUnknown for another."""
    match path.suffix.lower():
        case ".html":
            path.write_text(page(report, lang), encoding="utf-8")
        case ".json":
            path.write_text(to_json(report) + "\n", encoding="utf-8")
        case ".xlsx":
            _workbook(report, lang).save(path)
        case _:
            ends = ", ".join(SUFFIXES)
            raise FormUnknown(
                f"{path.name} must end in one of {ends} / {path.name} 须以 {ends} 之一结尾"
            )


def to_json(report: Report) -> str:
    """Write the report as JSON: words in both languages, figures with all that they know."""
    told = {
        "title": _words(report.title),
        "as_of": report.as_of.isoformat(),
        "verdict": [_words(one) for one in report.verdict],
        "sections": [
            {
                "key": section.key or f"s{place}",
                "title": _words(section.title),
                "says": [_words(one) for one in section.says],
                "tables": [_table(one) for one in section.tables],
                "pictures": [_picture(one) for one in section.pictures],
            }
            for place, section in enumerate(report.sections)
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def _table(table: Table) -> dict[str, Any]:
    told: dict[str, Any] = {
        "head": [_words(one) for one in table.head],
        "rows": [[_told(cell) for cell in row] for row in table.rows],
    }
    return told | ({"keys": list(table.keys)} if table.keys else {})


def _words(words: Words) -> dict[str, Any]:
    told: dict[str, Any] = {"zh": words.zh, "en": words.en}
    match words:
        case Told():
            told["figures"] = [_told(one) for one in words.figures]
        case Link():
            told["to"] = words.to
    return told


def _told(cell: Cell) -> Any:
    if isinstance(cell, Words):
        return _words(cell)
    if not isinstance(cell, Figure):
        return cell
    # a Decimal goes as text: JSON's numbers are read as floating point
    return {
        "value": cell.value if isinstance(cell.value, int) else str(cell.value),
        "unit": cell.unit,
        "as_of": cell.as_of.isoformat(),
        "source": _told(cell.source),
        "status": cell.status,
    }


def _picture(one: Picture) -> dict[str, Any]:
    told: dict[str, Any] = {"title": _words(one.title)}
    match one:
        case Bars():
            told["bars"] = [
                {
                    "label": _words(b.label),
                    "low": _told(b.low),
                    "high": _told(b.high),
                    "shown": [_told(figure) for figure in b.shown],
                }
                for b in one.bars
            ]
            ends = {"base": one.base, "promise": one.promise}
            told |= {name: _told(end) for name, end in ends.items() if end is not None}
        case Fans():
            told["lines"] = [
                {"name": fan.name, "points": [_point(p) for p in (*fan.past, *fan.ahead)]}
                for fan in one.fans
            ]
        case _:
            told["lines"] = [
                {"name": _words(line.name), "points": [_point(p) for p in line.points]}
                for line in one.lines
            ]
    return told


def _point(one: Point) -> dict[str, Any]:
    bands = {"band": one.band, "stress": one.stress}
    return {"label": _told(one.label), "value": _told(one.value)} | {
        name: [_told(end) for end in ends] for name, ends in bands.items() if ends is not None
    }


def _workbook(report: Report, lang: str) -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    for number, section in enumerate(report.sections, 1):
        title = _UNFIT.sub("", section.title.of(lang))
        sheet = book.create_sheet(f"{number} {_NAME.sub(' ', title)}"[:31])
        _put(sheet, [title])
        for one in section.says:
            _put(sheet, [one.of(lang)])
        for table in section.tables:
            _put(sheet, [])
            _put(sheet, [one.of(lang) for one in table.head])
            for row in table.rows:
                _put(sheet, [_value(cell, lang) for cell in row])
    sheet = book.create_sheet(Words("数字与来源", "figures").of(lang))
    heads = ("章节 part", "行 row", "列 column", "值 value", "单位 unit", "截至 as of")
    _put(sheet, (*heads, "状态 status", "来源 source"))
    for place in report.places():
        where = (shown(cell, lang) for cell in (place.section, place.row, place.column))
        _put(sheet, (*where, *_about(place.figure, lang)))
    return book


def _value(cell: Cell, lang: str) -> Any:
    if not isinstance(cell, Figure):
        return shown(cell, lang)
    return Decimal(cell.value).scaleb(-2) if cell.unit == "fen" else cell.value


def _about(figure: Figure, lang: str) -> tuple[Any, ...]:
    zh, _, en = UNITS[figure.unit]
    unit = en if lang == "en" else zh
    known, source = STATUS[figure.status].of(lang), source_of(figure.source, lang)
    return _value(figure, lang), unit, str(figure.as_of), known, source


def _put(sheet: Worksheet, line: Sequence[Any]) -> None:
    sheet.append([_UNFIT.sub("", one) if isinstance(one, str) else one for one in line])
    for cell in sheet[sheet.max_row]:
        if isinstance(cell.value, str):
            cell.data_type = "s"  # a name of the data that begins with = is no formula
