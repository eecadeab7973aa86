"""Reading tables 读表 (CSV, Excel, Parquet, YAML): what cannot be counted is a fault.

Nothing is guessed: an amount without a unit, a text where a number belongs, a key that comes twice
or a year that is left out stops the reading, with every such place at once.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import duckdb
import yaml
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from .domain.money import UNITS
from .errors import Fault, TableInvalid, ValueRefused

Sort = Literal["text", "whole", "number", "signed", "share", "year", "money"]
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_EARLIEST, _LATEST = 1990, 2100


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its Chinese name, what it holds; ``values`` maps the words it may say."""

    name: str
    zh: str
    sort: Sort = "text"
    needed: bool = True
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a file as it was read; ``row`` of each is its line in the file."""

    source: str
    rows: tuple[Mapping[str, Any], ...]


def digest(path: Path) -> str:
    """Name a file by its name and the start of its SHA-256, as the source of figures."""
    with path.open("rb") as opened:
        return f"{path.name} sha256:{hashlib.file_digest(opened, 'sha256').hexdigest()[:16]}"


def read(path: Path, columns: Sequence[Column], key: Sequence[str] = ()) -> Table:
    """Read a table. Amounts come as whole fen, by the unit in the column ``unit`` (单位).

    ``key`` names the columns that no two rows may share. Raise TableInvalid with every fault, and
    ValueRefused for a file that is not a table.
    """
    heads, lines = _open(path)
    known = {head: n for n, head in enumerate(heads)}
    places = {c.name: known.get(c.name, known.get(c.zh)) for c in columns}
    money = any(c.sort == "money" for c in columns)
    if money:
        places["unit"] = known.get("unit", known.get("单位"))
    lacking = [c for c in columns if c.needed and places[c.name] is None]
    faults = [
        Fault(
            "ColumnMissing",
            path.name,
            1,
            c.name,
            f"缺少列“{c.zh}”",
            f"the column {c.name} is missing; add it",
        )
        for c in lacking
    ]
    if money and places["unit"] is None:
        units = ", ".join(UNITS)
        faults.append(
            Fault(
                "UnitMissing",
                path.name,
                1,
                "unit",
                f"缺少“单位”列；每行写明 {units} 之一",
                f"amounts need a column unit, one of: {units}",
            )
        )
    if faults:
        raise TableInvalid(faults)
    reader = _Reader(path.name, columns, places, faults)
    rows = [row for number, line in lines if (row := reader.row(number, line)) is not None]
    if not rows and not faults:
        raise TableInvalid([Fault("TableEmpty", path.name, 1, "", "没有数据行", "no row of data")])
    faults += _doubled(path.name, rows, key)
    if faults:
        raise TableInvalid(faults)
    return Table(digest(path), tuple(rows))


def _doubled(file: str, rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> list[Fault]:
    seen: dict[tuple[Any, ...], int] = {}
    found = []
    for row in rows if key else ():
        mark = tuple(row[name] for name in key)
        if (first := seen.setdefault(mark, row["row"])) != row["row"]:
            found.append(
                Fault(
                    "KeyDoubled",
                    file,
                    row["row"],
                    ",".join(key),
                    f"与第 {first} 行重复；请合并或删除一行",
                    f"the same key as row {first}; merge the two or take one out",
                )
            )
    return found


def missing_years(file: str, years: Sequence[int]) -> None:
    """Refuse years that are left out between the first and the last. Raise TableInvalid."""
    there = set(years)
    gaps = [year for year in range(min(there), max(there)) if year not in there]
    if gaps:
        raise TableInvalid(
            [
                Fault(
                    "YearMissing",
                    file,
                    0,
                    "year",
                    f"缺少 {year} 年；没有支出也请写一行 0",
                    f"{year} is left out; where nothing was spent write a row with 0",
                )
                for year in gaps
            ]
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    file: str
    columns: Sequence[Column]
    places: Mapping[str, int | None]
    faults: list[Fault]

    def row(self, number: int, line: Sequence[Any]) -> dict[str, Any] | None:
        """Read one line; None for an empty one and for one with a fault."""
        if all(cell is None or not str(cell).strip() for cell in line):
            return None
        before = len(self.faults)
        found: dict[str, Any] = {"row": number}
        for column in self.columns:
            found[column.name] = self._cell(number, line, column)
        return found if len(self.faults) == before else None

    def _text(self, line: Sequence[Any], name: str) -> str:
        place = self.places[name]
        cell = None if place is None or place >= len(line) else line[place]
        return "" if cell is None else str(cell).strip()

    def _cell(self, number: int, line: Sequence[Any], column: Column) -> Any:
        text = self._text(line, column.name)

        def fault(name: str, zh: str, en: str, at: str = column.name) -> None:
            self.faults.append(Fault(name, self.file, number, at, zh, en))

        if not text:
            if column.needed:
                fault("CellEmpty", "为空", "is empty")
            return "" if column.sort == "text" else None
        if column.sort == "text":
            if column.values and text not in column.values:
                told = ", ".join(column.values)
                fault("WordUnknown", f"“{text}”不在 {told} 之内", f"{text!r} is none of {told}")
                return ""
            return column.values.get(text, text)
        if not _NUMBER.fullmatch(text) or not text.isascii():
            fault(
                "NotANumber",
                f"“{text}”不是数字；写成 1234.50，不带逗号、单位和文字",
                f"{text!r} is not a number; write 1234.50 without commas, units or words",
            )
            return None
        value = Decimal(text)
        if column.sort == "money":
            return self._money(value, self._text(line, "unit"), fault)
        return _limited(value, column.sort, fault)

    @staticmethod
    def _money(value: Decimal, unit: str, fault: Callable[..., None]) -> int | None:
        if unit not in UNITS:
            told = ", ".join(UNITS)
            fault(
                "UnitUnknown",
                f"单位“{unit}”不在 {told} 之内",
                f"{unit!r} is none of {told}",
                "unit",
            )
            return None
        fen = value * UNITS[unit]
        if fen != fen.to_integral_value():
            fault("BelowFen", f"{value} {unit} 不足一分", f"{value} {unit} is not whole fen")
            return None
        return int(fen)


def _limited(value: Decimal, sort: Sort, fault: Callable[..., None]) -> int | Decimal | None:
    if sort in ("whole", "year") and value != value.to_integral_value():
        fault("NotWhole", f"{value} 不是整数", f"{value} is not a whole number")
        return None
    if sort == "year" and not _EARLIEST <= value <= _LATEST:
        fault(
            "YearUnlikely",
            f"{value} 不是 {_EARLIEST} 至 {_LATEST} 之间的年份",
            f"{value} is not a year from {_EARLIEST} to {_LATEST}",
        )
        return None
    if sort == "share" and not 0 <= value <= 1:
        fault(
            "ShareBeyond",
            f"{value} 不在 0 与 1 之间；百分数请除以 100",
            f"{value} is not from 0 to 1; divide a percentage by 100",
        )
        return None
    if sort in ("whole", "number") and value < 0:
        fault("Negative", f"{value} 为负", f"{value} is negative")
        return None
    return int(value) if sort in ("whole", "year") else value


Lines = Iterator[tuple[int, Sequence[Any]]]


def _open(path: Path) -> tuple[list[str], Lines]:
    if not path.is_file():
        raise ValueRefused(f"没有文件 {path}", f"there is no file {path}")
    openers = {".csv": _csv, ".xlsx": _xlsx, ".parquet": _parquet, ".yaml": _yaml}
    opener = openers.get(path.suffix.lower())
    if opener is None:
        raise ValueRefused(
            f"{path.name} 不是 {'、'.join(openers)} 文件",
            f"{path.name} is none of {', '.join(openers)}",
        )
    lines = opener(path)
    head = next(lines, None)
    if head is None:
        raise ValueRefused(f"{path.name} 是空的", f"{path.name} is empty")
    heads = [str(cell or "").strip() for cell in head[1]]
    doubled = sorted({name for name in heads if name and heads.count(name) > 1})
    if doubled:
        raise ValueRefused(
            f"{path.name} 有重复的列：{'、'.join(doubled)}",
            f"{path.name} has columns twice: {', '.join(doubled)}",
        )
    return heads, lines


def _csv(path: Path) -> Lines:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):  # what Excel in China writes
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ValueRefused(
            f"{path.name} 的编码不是 UTF-8 或 GB 18030",
            f"{path.name} is neither UTF-8 nor GB 18030",
        )
    reader = csv.reader(text.splitlines(keepends=True))
    return ((reader.line_num, line) for line in reader)


def _xlsx(path: Path) -> Lines:
    try:
        # out of memory: a workbook that is read row by row keeps its file open
        held = io.BytesIO(path.read_bytes())
        sheet = load_workbook(held, read_only=True, data_only=True).worksheets[0]
    except (InvalidFileException, BadZipFile, OSError, KeyError, ValueError) as error:
        raise ValueRefused(
            f"{path.name} 不是可读的 Excel 文件", f"{path.name} is not an Excel file: {error}"
        ) from error
    return ((n, _plain(line)) for n, line in enumerate(sheet.iter_rows(values_only=True), 1))


def _plain(line: Sequence[Any]) -> list[Any]:
    # a spreadsheet keeps numbers as floating point: 0.1 is meant as 0.1, 3.0 as 3
    return [format(Decimal(repr(c)).normalize(), "f") if isinstance(c, float) else c for c in line]


def _parquet(path: Path) -> Lines:
    with duckdb.connect() as database:
        try:
            told = database.execute("SELECT * FROM read_parquet(?)", [str(path)])
        except duckdb.Error as error:
            raise ValueRefused(
                f"{path.name} 不是可读的 Parquet 文件",
                f"{path.name} is not a Parquet file: {error}",
            ) from error
        heads = [column[0] for column in told.description]
        rows = told.fetchall()
    return ((n, _plain(line)) for n, line in enumerate([heads, *rows], 1))


def _yaml(path: Path) -> Lines:
    # composed, not loaded: a number keeps the places that it was written with
    try:
        top = yaml.compose(path.read_bytes(), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueRefused(f"{path.name} 不是 YAML", f"{path.name} is not YAML: {error}") from error
    rows = [
        (entry.start_mark.line + 1, _entry(entry))
        for entry in (top.value if isinstance(top, yaml.SequenceNode) else ())
    ]
    if not rows or not all(told for _, told in rows):
        raise ValueRefused(
            f"{path.name} 须为清单，每项为“名称: 值”，名称不重复",
            f"{path.name} must be a list, each entry of name: value, no name twice",
        )
    heads = list(dict.fromkeys(name for _, told in rows for name in told))
    return iter([(1, heads), *((n, [told.get(name) for name in heads]) for n, told in rows)])


def _entry(node: yaml.Node) -> dict[str, str]:
    """Give names and values; nothing where it is no plain mapping."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    flat = all(isinstance(side, yaml.ScalarNode) for pair in pairs for side in pair)
    told = {name.value: value.value for name, value in pairs} if flat else {}
    return told if len(told) == len(pairs) else {}
