"""Reads the atlas's data files 图谱数据: the shipped folder, and an analyst's own beside it.

A folder may hold ``figures/*.yaml``, ``criteria.yaml``, ``cases.yaml``, ``tables.yaml``,
``checks.yaml`` and ``measured.yaml``, each as ``schema.json`` beside the shipped ones says. What is
wrong in them is named with the file and the place.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
import yaml

from tongban.apps.forecast.domain.atlas import (
    Card,
    CheckInvalid,
    Claim,
    Level,
    Measure,
    Quoted,
    Rule,
    agreements,
    judge,
    levels,
)
from tongban.apps.forecast.domain.atlas.checks import Check
from tongban.kernel.figures import Figure

T = TypeVar("T")


class AtlasInvalid(ValueError):
    """A file of the atlas that does not say what it should."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of quoted figures 对比表; a cell is a figure or nothing."""

    key: str
    zh: str
    en: str
    note: tuple[str, str] | None
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str, tuple[Quoted | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a quoted figure, and where it comes from.

    ``name`` is a count of the platform, ``bench/what`` of the benchmarks' results, or the place in
    a report as ``section | row | column``; ``times`` brings a benchmark's number into ``unit``.
    """

    of: str
    by: str
    name: str
    command: str
    unit: str | None
    times: Decimal
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Atlas:
    """The whole atlas, checked; ``levels`` are those of each card on each criterion."""

    figures: Mapping[str, Quoted]
    criteria: tuple[tuple[str, str, str], ...]
    measures: Mapping[str, Measure]
    cards: tuple[Card, ...]
    levels: Mapping[str, tuple[Level, ...]]
    tables: tuple[Table, ...]
    checks: tuple[Check, ...]
    beside: Mapping[str, Beside]


def read(own: Path | None = None) -> Atlas:
    """Read the shipped atlas, and what an analyst's folder adds. Raise AtlasInvalid."""
    return _read((_shipped(), own) if own else (_shipped(),))


@cache
def shipped() -> Atlas:
    """Give the atlas that is shipped: it does not change while the program runs."""
    return read()


@cache
def schema() -> str:
    """Give the JSON Schema of the files, as it is shipped."""
    return _shipped().joinpath("schema.json").read_text(encoding="utf-8")


@cache
def _judge(name: str) -> jsonschema.Draft202012Validator:
    told: dict[str, Any] = json.loads(schema())
    return jsonschema.Draft202012Validator({**told, "$ref": f"#/$defs/{name}"})


def _shipped() -> Traversable:
    return files("tongban.apps.forecast").joinpath("data", "atlas")


def _read(folders: Sequence[Traversable | Path]) -> Atlas:
    if not folders[-1].is_dir():
        raise AtlasInvalid(f"AtlasInvalid: {folders[-1]} is no folder; give the one with the files")

    def every(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for folder in folders:
            path = folder.joinpath(name)
            if path.is_file():
                yield str(path), _load(path, name)

    def entries(
        name: str, key: str, make: Callable[[dict[str, Any]], T], by: str = "key"
    ) -> dict[str, T]:
        found: dict[str, T] = {}
        for path, told in every(name):
            for one in told[key]:
                _once(found, one[by], path)
                found[one[by]] = make(one)
        return found

    figures: dict[str, Quoted] = {}
    for folder in folders:
        for path in _figure_files(folder):
            told = _load(path, "figures")
            for one in told["figures"]:
                _once(figures, one["key"], str(path))
                figures[one["key"]] = _quoted(one, told["as_of"], told["source"])
    criteria = entries("criteria.yaml", "criteria", lambda o: (o["key"], o["zh"], o["en"]))
    measures = entries("criteria.yaml", "measures", _measure)
    cards = tuple(entries("cases.yaml", "cases", _card).values())
    tables = tuple(entries("tables.yaml", "tables", lambda o: _table(o, figures)).values())
    rules = entries("checks.yaml", "checks", _rule)
    beside = entries("measured.yaml", "measured", _beside, "of")
    _known(beside, figures, "measured.yaml")
    try:
        checks = (*judge(rules.values(), figures), *agreements(tuple(figures.values())))
        found = {one.key: levels(one, tuple(criteria), measures, figures) for one in cards}
    except CheckInvalid as wrong:
        raise AtlasInvalid(f"AtlasInvalid: checks.yaml: {wrong}") from None
    except KeyError as missing:
        raise AtlasInvalid(
            f"AtlasInvalid: cases.yaml names {missing.args[0]!r}, which is no figure, no criterion"
            " and no measure of that criterion in the figure's unit; mend it there or add it"
        ) from None
    for one in cards:
        _known(one.told, figures, f"cases.yaml, {one.key}")
    return Atlas(figures, tuple(criteria.values()), measures, cards, found, tables, checks, beside)


def _figure_files(folder: Traversable | Path) -> list[Traversable | Path]:
    place = folder.joinpath("figures")
    if not place.is_dir():
        return []
    return sorted((p for p in place.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)


def _load(path: Traversable | Path, name: str) -> dict[str, Any]:
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        if wrong := jsonschema.exceptions.best_match(_judge(name).iter_errors(told)):
            place = "/".join(map(str, wrong.absolute_path)) or "the whole file"
            raise AtlasInvalid(f"AtlasInvalid: {path}, {place}: {wrong.message}")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AtlasInvalid(f"AtlasInvalid: {path} is no YAML in UTF-8: {error}") from None
    result: dict[str, Any] = told
    return result


def _once(found: Mapping[str, object], key: str, path: str) -> None:
    if key in found:
        raise AtlasInvalid(f"AtlasInvalid: {path}: {key!r} is there twice; give it another key")


def _known(keys: Iterable[str], figures: Mapping[str, Quoted], place: str) -> None:
    if unknown := [key for key in keys if key not in figures]:
        raise AtlasInvalid(
            f"AtlasInvalid: {place} names figures that are in no file: {', '.join(unknown)}"
        )


def _quoted(told: dict[str, Any], day: date, source: str) -> Quoted:
    value = Decimal(told["value"])
    where = told.get("source", f"{source}, §{told['section']}")
    figure = Figure(
        int(value) if told["unit"] == "fen" else value, told["unit"], day, where, "quoted"
    )
    beside = {name: told[name] for name in ("same", "kind", "year") if name in told}
    return Quoted(
        told["key"], told["section"], told["area"], figure, told["zh"], told["en"], **beside
    )


def _measure(told: dict[str, Any]) -> Measure:
    steps = tuple(Decimal(one) for one in told["thresholds"])
    if list(steps) not in (sorted(set(steps)), sorted(set(steps), reverse=True)):
        raise AtlasInvalid(
            f"AtlasInvalid: criteria.yaml: the thresholds of {told['key']!r} neither rise nor fall"
        )
    return Measure(told["key"], told["criterion"], told["unit"], steps, told["zh"], told["en"])


def _card(told: dict[str, Any]) -> Card:
    claims = {criterion: _claim(one) for criterion, one in told["levels"].items()}
    further = tuple(told.get("told", ()))
    return Card(told["key"], told["zh"], told["en"], claims, further, told.get("source", ""))


def _claim(told: dict[str, Any]) -> Claim:
    words = (told["zh"], told["en"]) if "zh" in told else None
    named = {name: told[name] for name in ("figure", "measure", "source") if name in told}
    return Claim(told["status"], words=words, **named)


def _table(told: dict[str, Any], figures: Mapping[str, Quoted]) -> Table:
    rows = []
    for row in told["rows"]:
        place = f"tables.yaml, {told['key']}, {row['en']}"
        if len(row["cells"]) != len(told["columns"]):
            raise AtlasInvalid(
                f"AtlasInvalid: {place}: {len(row['cells'])} cells for"
                f" {len(told['columns'])} columns; write null for what is not known"
            )
        _known([key for key in row["cells"] if key], figures, place)
        cells = tuple(figures[key] if key else None for key in row["cells"])
        rows.append((row["zh"], row["en"], cells))
    note = told.get("note")
    return Table(
        told["key"],
        told["zh"],
        told["en"],
        (note["zh"], note["en"]) if note else None,
        tuple((one["zh"], one["en"]) for one in told["columns"]),
        tuple(rows),
    )


def _rule(told: dict[str, Any]) -> Rule:
    of = {
        part: (keys,) if isinstance(keys, str) else tuple(keys) for part, keys in told["of"].items()
    }
    given = {name: Decimal(value) for name, value in told.get("given", {}).items()}
    return Rule(told["key"], told["kind"], of, given, told["zh"], told["en"])


def _beside(told: dict[str, Any]) -> Beside:
    return Beside(
        told["of"],
        told["by"],
        told["name"],
        told["command"],
        told.get("unit"),
        Decimal(told.get("times", "1")),
        told.get("zh", ""),
        told.get("en", ""),
    )
