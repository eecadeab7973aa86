"""The catalogue as a spreadsheet (xlsx): a template, a load that is whole or not at all, a dump.

A workbook is data: formulas, links to other files, macros and anything that unpacks beyond bounds
are refused. Every fault is told at once with sheet, cell and mend.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from tongban.apps.exchange.catalogue.columns import (
    HELP,
    ITEM,
    ITEMS,
    RESOURCE,
    RESOURCES,
    CellWrong,
    Column,
)
from tongban.apps.exchange.catalogue.services import filled
from tongban.apps.exchange.domain import Department, records, registry
from tongban.apps.exchange.domain.records import Entry, Registered
from tongban.apps.exchange.domain.registry import EntryInvalid, Fault

LARGEST = 20 * 1024 * 1024  # bytes of the file
UNPACKED = 300 * 1024 * 1024  # bytes of all it holds
_PARTS = 200  # files inside
_ROWS = 200_000  # of a sheet
_FAULTS = 200  # told at most
_FORBIDDEN = ("externalLinks/", "vbaProject", "activeX/", "embeddings/", "connections.xml")


@dataclass(frozen=True, slots=True)
class SheetFault:
    """One thing wrong: sheet, cell (``B7``), what it is and the mend."""

    sheet: str
    cell: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell}: {self.zh} / {self.en}"


class SheetInvalid(ValueError):
    """A spreadsheet that cannot be loaded, with its faults; nothing of it was saved."""

    def __init__(self, faults: list[SheetFault]) -> None:
        self.faults = tuple(faults[:_FAULTS])
        rest = f"\n… {len(faults) - _FAULTS} more" if len(faults) > _FAULTS else ""
        super().__init__("\n".join(map(str, self.faults)) + rest)


@dataclass(slots=True)
class _Row:
    """A row with its fields, and the letter of the column of each."""

    number: int
    values: dict[str, Any]
    letters: Mapping[str, str]


def load(path: Path, departments: Mapping[str, Department]) -> list[Entry]:
    """Read the entries of a workbook; raises `SheetInvalid` with every fault.

    A department is named by its key, its Chinese name or its credit code.
    """
    data = _bounded(path)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _whole(f"不是xlsx文件（{error}）", f"not an xlsx file ({error})") from error
    faults: list[SheetFault] = []
    resources = list(_rows(book, RESOURCES, RESOURCE, faults))
    items = list(_rows(book, ITEMS, ITEM, faults))
    entries = _entries(resources, items, departments, faults)
    if faults:
        raise SheetInvalid(faults)
    if not entries:
        raise SheetInvalid([SheetFault(RESOURCES, "A2", "没有资源", "no resource: fill in a row")])
    return entries


def _whole(zh: str, en: str) -> SheetInvalid:
    return SheetInvalid([SheetFault("", "", zh, en)])


def _bounded(path: Path) -> bytes:
    """Give the bytes of a workbook that is safe to unpack."""
    size = path.stat().st_size
    if size > LARGEST:
        raise _whole(f"文件超过{LARGEST}字节", f"the file has over {LARGEST} bytes: split it")
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as inside:
            parts = inside.infolist()
            if len(parts) > _PARTS or sum(part.file_size for part in parts) > UNPACKED:
                raise _whole("解压后过大", "it unpacks beyond all bounds: split it")
            for part in parts:
                if any(word in part.filename for word in _FORBIDDEN):
                    raise _whole(
                        f"含有外部链接或宏（{part.filename}），请只保留数据",
                        f"it has links to other files or macros ({part.filename}): keep data only",
                    )
                if part.filename.endswith((".xml", ".rels")):
                    with inside.open(part) as file:
                        if b"<!DOCTYPE" in file.read(4096):
                            raise _whole("含有文档类型声明", "it declares a document type")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _whole("不是xlsx文件", "not an xlsx file: save it as .xlsx") from error
    return data


def _rows(
    book: Any, sheet: str, columns: tuple[Column, ...], faults: list[SheetFault]
) -> Iterator[_Row]:
    if sheet not in book.sheetnames:
        faults.append(
            SheetFault(sheet, "A1", "缺少此工作表", "the sheet is missing: use the template")
        )
        return
    lines = book[sheet].iter_rows(max_col=len(columns) + 10)
    heads = [cell.value for cell in next(lines, ())]
    known = {column.head: column for column in columns}
    places: dict[int, Column] = {}
    for number, head in enumerate(heads):
        if head in known:
            places[number] = known[head]
        elif head is not None:
            cell = f"{get_column_letter(number + 1)}1"
            faults.append(SheetFault(sheet, cell, "没有这一列", "no such column: use the template"))
    faults += [
        SheetFault(sheet, "A1", f"缺少列“{column.head}”", "the column is missing")
        for column in columns
        if not column.shown and column not in places.values()
    ]
    letters = {column.field: get_column_letter(place + 1) for place, column in places.items()}
    for number, line in enumerate(lines, start=2):
        if number > _ROWS:
            faults.append(
                SheetFault(sheet, f"A{number}", "行数过多", f"over {_ROWS} rows: split it")
            )
            return
        if any(cell.value not in (None, "") for cell in line):
            yield _Row(number, dict(_values(sheet, number, line, places, faults)), letters)


def _values(
    sheet: str, number: int, line: Any, places: Mapping[int, Column], faults: list[SheetFault]
) -> Iterator[tuple[str, Any]]:
    for place, cell in enumerate(line):
        column = places.get(place)
        if column is None or column.shown:
            continue
        where = f"{get_column_letter(place + 1)}{number}"
        if cell.data_type in {"f", "e"}:
            faults.append(
                SheetFault(
                    sheet,
                    where,
                    "是公式或错误值，请粘贴为数值",
                    "a formula or an error: paste its value",
                )
            )
            continue
        try:
            yield column.field, column.read(cell.value)
        except CellWrong as wrong:
            faults.append(SheetFault(sheet, where, wrong.zh, wrong.en))


def _entries(
    resources: list[_Row],
    items: list[_Row],
    departments: Mapping[str, Department],
    faults: list[SheetFault],
) -> list[Entry]:
    by_slug: dict[str, list[_Row]] = {}
    for item in items:
        by_slug.setdefault(item.values.get("resource") or "", []).append(item)
    names = {one.name.zh: key for key, one in departments.items()}
    names |= {one.uscc: key for key, one in departments.items()}
    seen: set[str] = set()
    entries: list[Entry] = []
    for row in resources:
        slug = row.values.get("slug") or ""
        own = by_slug.pop(slug, [])
        if slug in seen:
            faults.append(_at(RESOURCES, row, "slug", "标识重复", "the slug comes twice"))
        seen.add(slug)
        for place in ("department", "lead"):
            written = row.values.get(place)
            row.values[place] = names.get(written, written) if written else None
        try:
            entries.append(registry.read(filled(_record(row, own), departments)))
        except EntryInvalid as wrong:
            faults += [_placed(row, own, fault) for fault in wrong.faults]
    for slug, rest in by_slug.items():
        for row in rest:
            zh, en = f"资源表中没有“{slug}”", f"no resource {slug!r} in the first sheet"
            faults.append(_at(ITEMS, row, "resource", zh, en))
    return entries


def _record(row: _Row, items: list[_Row]) -> dict[str, Any]:
    record = _nested(row.values)
    quality = {
        name: value for name, value in record.get("quality", {}).items() if value is not None
    }
    return {**record, "quality": quality, "items": [_nested(item.values) for item in items]}


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn ``name.zh`` into ``{"name": {"zh": …}}``; a text in no language is no text."""
    record: dict[str, Any] = {}
    for field, value in values.items():
        first, _, second = field.partition(".")
        if second:
            record.setdefault(first, {})[second] = value
        else:
            record[first] = value
    return {
        k: v
        for k, v in record.items()
        if not isinstance(v, dict) or any(v.values()) or k == "quality"
    }


def _placed(row: _Row, items: list[_Row], fault: Fault) -> SheetFault:
    first, *rest = fault.place.split(".")
    if first == "items" and rest:
        place = ".".join(rest[1:])
        return _at(ITEMS, items[int(rest[0])], place, fault.zh, fault.en)
    return _at(RESOURCES, row, fault.place, fault.zh, fault.en)


def _at(sheet: str, row: _Row, field: str, zh: str, en: str) -> SheetFault:
    """Give a fault at the column of a field, else at the first column that begins so, else at A."""
    near = [f for f in row.letters if f"{field}.".startswith(f"{f}.") or f.startswith(f"{field}.")]
    return SheetFault(sheet, f"{row.letters[near[0]] if near else 'A'}{row.number}", zh, en)


def dump(path: Path, held: Iterable[Registered] = ()) -> int:
    """Write a workbook with these records, a row at a time; without any it is the template.

    Give how many resources were written.
    """
    book = Workbook(write_only=True)
    resources, items = book.create_sheet(RESOURCES), book.create_sheet(ITEMS)
    for sheet, columns in ((resources, RESOURCE), (items, ITEM)):
        for place in range(1, len(columns) + 1):
            sheet.column_dimensions[get_column_letter(place)].width = 22
        sheet.freeze_panes = "B2"
        sheet.append([_bold(sheet, column.head) for column in columns])
    written = 0
    for one in held:
        written += 1
        resources.append([_cell(resources, column.show(one)) for column in RESOURCE])
        for item in one.entry.items:
            items.append([_cell(items, column.show((one, item))) for column in ITEM])
    _help(book.create_sheet(HELP))
    book.save(path)
    return written


def _bold(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    """Write text as text: what begins with = would otherwise become a formula."""
    if not isinstance(value, str) or not value.startswith("="):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell


def _help(sheet: Any) -> None:
    sheet.column_dimensions["A"].width = 30
    sheet.column_dimensions["B"].width = 90
    for column in (*RESOURCE, *ITEM):
        if column.choices:
            options = "；".join(f"{w.zh} {w.en} ({c})" for c, w in column.choices.items())
        elif column.field in _EXAMPLES:
            options = _EXAMPLES[column.field]
        else:
            continue
        sheet.append([column.head, options])
    sheet.append(["", f"类：{'；'.join(f'{c} {w.zh}' for c, w in records.CATEGORIES.items())}"])


_EXAMPLES: Mapping[str, str] = {
    "slug": "birth-records",
    "code": "302001/000001 （类1位、项2位、目3位、细目 / 顺序码）",
    "classes": "公安、户籍",
    "published_on": "2026-11-25",
    "related": "302001/000001、302002/000001",
    "mask": "keep:3,4 （首尾保留的字符数 / characters kept at each end）",
    "key": "是、否 yes, no",
    "name": "birth_date",
}
