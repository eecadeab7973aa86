"""Reads a panel 读取面板: a long CSV or Parquet file and its schema; errors name line and mend.

A file has a line per region and period. The schema (YAML or JSON) says which column is what, in
which unit, and which regions were renamed. Nothing is guessed: what is not a number is an error.
"""

import csv
import hashlib
import importlib
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from tongban.kernel.figures import UNITS

from .domain.panel import Measure, Panel, PeriodUnreadable, Row, parse_period

_MEASURE = {
    "type": "object",
    "required": ["column", "unit"],
    "additionalProperties": False,
    "properties": {
        "column": {"type": "string", "minLength": 1},
        "unit": {"enum": sorted(UNITS)},
        "low": {"type": "number"},
        "high": {"type": "number"},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["target"],
    "additionalProperties": False,
    "properties": {
        "region": {"type": "string"},
        "period": {"type": "string"},
        "vintage": {"type": "string"},
        "unit": {"type": "string"},
        "same": {"type": "object", "additionalProperties": {"type": "string"}},
        "target": _MEASURE,
        "covariates": {"type": "array", "items": _MEASURE},
    },
}


class PanelUnreadable(ValueError):
    """A file that is no panel; the message names file, line, column and what to do."""


class FileEmpty(PanelUnreadable):
    """No rows."""


class NotText(PanelUnreadable):
    """Not UTF-8."""


class SchemaInvalid(PanelUnreadable):
    """A schema that says something else than a schema may."""


class ColumnMissing(PanelUnreadable):
    """A column that the schema names and the file lacks."""


class NotANumber(PanelUnreadable):
    """Text where a number belongs."""


class DuplicateKey(PanelUnreadable):
    """A region and period twice in one vintage."""


class UnitMixed(PanelUnreadable):
    """A row in another unit than the schema's."""


class PeriodMixed(PanelUnreadable):
    """Years beside quarters, or a vintage before its period."""


class ExtraMissing(PanelUnreadable):
    """A file that needs the extra to be read."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Which column is what. ``same`` maps a region's later name to the one that is kept."""

    target: Measure
    covariates: tuple[Measure, ...] = ()
    region: str = "region"
    period: str = "period"
    vintage: str | None = None
    unit: str | None = None
    same: Mapping[str, str] = field(default_factory=dict)


def read_yaml(path: Path, schema: Mapping[str, Any], refusal: type[ValueError]) -> Any:
    """Read YAML or JSON of a schema. Raise NotText, or ``refusal`` with file and place."""
    try:
        told = yaml.safe_load(_text(path, path.read_bytes()))
        jsonschema.validate(told, schema)
    except yaml.YAMLError as error:
        raise refusal(f"{refusal.__name__}: {path.name}: {error} / 不是 YAML") from error
    except jsonschema.ValidationError as error:
        place = "/".join(map(str, error.absolute_path)) or "."
        raise refusal(
            f"{refusal.__name__}: {path.name}: {place}: {error.message} / 内容有误"
        ) from error
    return told


def read_schema(path: Path) -> Schema:
    """Read a schema of YAML or JSON. Raise SchemaInvalid, NotText."""
    told = read_yaml(path, SCHEMA, SchemaInvalid)
    others = {name: told[name] for name in ("region", "period", "vintage", "unit") if name in told}
    return Schema(
        Measure(**told["target"]),
        tuple(Measure(**one) for one in told.get("covariates", ())),
        same=told.get("same", {}),
        **others,
    )


def read_panel(path: Path, schema: Schema) -> Panel:
    """Read a panel. Raise PanelUnreadable; where several lines are wrong, the first is named."""
    data = path.read_bytes()
    parquet = data[:4] == b"PAR1"
    rows = _parquet(path) if parquet else _csv(path, data)
    names = [schema.region, schema.period, schema.target.column]
    names += [one.column for one in schema.covariates]
    names += [one for one in (schema.vintage, schema.unit) if one is not None]
    return build(rows, schema, path.name, hashlib.sha256(data).hexdigest(), names)


def build(
    rows: Iterable[tuple[int, Mapping[str, str]]],
    schema: Schema,
    name: str,
    digest: str,
    needed: Iterable[str] = (),
) -> Panel:
    """Make a panel of numbered lines of text."""
    made: list[Row] = []
    keys: dict[tuple[str, int, int | None], int] = {}
    frequency: int | None = None
    for line, told in rows:
        place = f"{name}, line {line}"
        for column in needed:
            if column not in told:
                raise ColumnMissing(
                    f"ColumnMissing: {name} has no column {column!r}, it has: {', '.join(told)};"
                    f" name the right one in the schema / 缺列 {column}"
                )
        region = told[schema.region].strip()
        if not region:
            raise ColumnMissing(f"ColumnMissing: {place}: no region / 缺地区名")
        period, every = _period(told[schema.period], place, schema.period)
        if every != (frequency := frequency or every):
            raise PeriodMixed(
                f"PeriodMixed: {place}: {told[schema.period]!r} beside other kinds of periods;"
                " write all as years, quarters or months / 期间混用"
            )
        vintage = None
        if schema.vintage is not None:
            vintage, as_often = _period(told[schema.vintage], place, schema.vintage)
            if as_often != frequency or vintage < period:
                raise PeriodMixed(
                    f"PeriodMixed: {place}: vintage {told[schema.vintage]!r} must be a period like"
                    f" {told[schema.period]!r} and not before it / 公布期有误"
                )
        if schema.unit is not None and told[schema.unit].strip() != schema.target.unit:
            raise UnitMixed(
                f"UnitMixed: {place}, column {schema.unit!r}: {told[schema.unit]!r}, and the schema"
                f" says {schema.target.unit!r}; convert the row first / 单位不一，请先换算"
            )
        region = schema.same.get(region, region)
        key = (region, period, vintage)
        if key in keys:
            raise DuplicateKey(
                f"DuplicateKey: {name}, lines {keys[key]} and {line}: {region} in"
                f" {told[schema.period]} twice; keep one, or name a column of vintages / 键重复"
            )
        keys[key] = line
        extras = tuple(
            None if not told[one.column].strip() else _number(told[one.column], place, one.column)
            for one in schema.covariates
        )
        if not told[schema.target.column].strip():
            continue  # not known: the gate names the gap
        value = _number(told[schema.target.column], place, schema.target.column)
        made.append(Row(region, period, value, line, vintage, extras))
    if not made:
        raise FileEmpty(f"FileEmpty: {name} has no rows with a value / 没有数据")
    return Panel(tuple(made), frequency or 1, schema.target, schema.covariates, name, digest)


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotText(
            f"NotText: {path.name} is not UTF-8 (byte {error.start}); save it as CSV UTF-8"
            " / 请另存为 UTF-8 编码"
        ) from error


def _csv(path: Path, data: bytes) -> Iterable[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(io.StringIO(_text(path, data), newline=""), strict=True)
    try:
        for told in reader:
            if None in told or None in told.values():
                raise ColumnMissing(
                    f"ColumnMissing: {path.name}, line {reader.line_num}: not as many fields as the"
                    " first line has / 列数与表头不符"
                )
            yield reader.line_num, told
    except csv.Error as error:
        raise PanelUnreadable(
            f"PanelUnreadable: {path.name}, line {reader.line_num}: {error}"
        ) from error


def _parquet(path: Path) -> Iterable[tuple[int, Mapping[str, str]]]:
    if find_spec("duckdb") is None:
        raise ExtraMissing(
            f"ExtraMissing: {path.name} is Parquet; install tongban[forecast], or give CSV"
            " / 读 Parquet 需安装 tongban[forecast]"
        )
    duckdb: Any = importlib.import_module("duckdb")
    try:
        found = duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [one[0] for one in found.description]
        rows = found.fetchall()
    except duckdb.Error as error:
        raise PanelUnreadable(f"PanelUnreadable: {path.name}: {error}") from error
    return [
        (number, {n: "" if v is None else str(v) for n, v in zip(names, row, strict=True)})
        for number, row in enumerate(rows, start=1)
    ]


def _period(text: str, place: str, column: str) -> tuple[int, int]:
    try:
        return parse_period(text)
    except PeriodUnreadable as error:
        raise PanelUnreadable(f"{error}: {place}, column {column!r}") from error


def _number(text: str, place: str, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # float() takes 1_000 and Arabic digits too; a panel is plain
    if not math.isfinite(value) or not text.strip().isascii() or "_" in text:
        raise NotANumber(
            f"NotANumber: {place}, column {column!r}: {text!r}; write digits with a point, without"
            " separators, signs of units or blanks, or leave it empty / 不是数字"
        )
    return value
