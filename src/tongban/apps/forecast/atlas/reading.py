"""Reads the atlas's data files 图谱数据: the shipped folder, and an analyst's own beside it.

A folder may hold ``figures/*.yaml``, ``criteria.yaml``, ``cases.yaml``, ``tables.yaml``,
``checks.yaml`` and ``measured.yaml``, each as ``schema.json`` beside the shipped ones says. What is
wrong in them is named with the file, the line and the place. The folder is the command's ``--data``
or the installation's ``TONGBAN_ATLAS``.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import jsonschema

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
from tongban.infra.packs.documents import PackInvalid, document_of
from tongban.kernel.figures import Figure

T = TypeVar("T")
_Folder = Traversable | Path
_FILES = ("criteria.yaml", "cases.yaml", "tables.yaml", "checks.yaml", "measured.yaml")


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
    return _read((_shipped(), own.absolute()) if own else (_shipped(),))


@cache
def shipped() -> Atlas:
    """Give the atlas that is shipped: it does not change while the program runs."""
    return read()


def here(own: Path | None) -> tuple[Atlas, str]:
    """Give the atlas of an installation, and what is wrong with its own folder or nothing.

    A folder that cannot be read leaves what is shipped. It is read anew when a file of it changes.
    """
    if own is None:
        return shipped(), ""
    return _here(own, tuple(_stamps(own)))


@lru_cache(maxsize=2)
def _here(own: Path, _stamps: tuple[tuple[str, int, int], ...]) -> tuple[Atlas, str]:
    try:
        return read(own), ""
    except AtlasInvalid as wrong:
        return shipped(), str(wrong)


def _stamps(own: Path) -> Iterator[tuple[str, int, int]]:
    for path in (*sorted(own.glob("*")), *sorted(own.glob("figures/*"))):
        told = path.lstat()
        yield str(path), told.st_mtime_ns, told.st_size


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


def _read(folders: Sequence[_Folder]) -> Atlas:
    for folder in folders:
        _whole(folder)

    def every(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for folder in folders:
            path = folder.joinpath(name)
            if path.is_file():
                place = f"{folder.name}/{name}"
                yield place, _load(path, place, name)

    def entries(
        name: str, key: str, make: Callable[[dict[str, Any]], T], by: str = "key"
    ) -> dict[str, T]:
        found: dict[str, T] = {}
        for place, told in every(name):
            for one in told[key]:
                _once(found, one[by], place)
                found[one[by]] = make(one)
        return found

    figures: dict[str, Quoted] = {}
    for folder in folders:
        for path in _figure_files(folder):
            place = f"{folder.name}/figures/{path.name}"
            told = _load(path, place, "figures")
            day = _day(told["as_of"], place)
            for one in told["figures"]:
                _once(figures, one["key"], place)
                figures[one["key"]] = _quoted(one, day, told["source"])
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


def _whole(folder: _Folder) -> None:
    if not folder.is_dir():
        raise AtlasInvalid(
            f"AtlasInvalid: {folder.name} is no folder; give the one with the files (--data or"
            " TONGBAN_ATLAS) / 不是文件夹"
        )
    # a file that is not read would be taken for one that is
    for one in folder.iterdir():
        if one.name.endswith((".yaml", ".yml")) and one.name not in _FILES:
            raise AtlasInvalid(
                f"AtlasInvalid: {folder.name}/{one.name} is no file of the atlas; one of"
                f" {', '.join(_FILES)}, or figures/….yaml / 文件名不对"
            )


def _figure_files(folder: _Folder) -> list[_Folder]:
    place = folder.joinpath("figures")
    if not place.is_dir():
        return []
    return sorted((p for p in place.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)


def _load(path: _Folder, place: str, name: str) -> dict[str, Any]:
    try:
        told = document_of(path.read_bytes(), place)
    except OSError as error:
        raise AtlasInvalid(f"AtlasInvalid: {place} cannot be read: {error.strerror}") from None
    except PackInvalid as broken:
        raise AtlasInvalid(f"AtlasInvalid: {broken.problems[0]}") from None
    if wrong := jsonschema.exceptions.best_match(_judge(name).iter_errors(told.data)):
        where = "/".join(map(str, wrong.absolute_path)) or "the whole file"
        line = told.line(*wrong.absolute_path)
        raise AtlasInvalid(f"AtlasInvalid: {place}:{line}: {where}: {wrong.message}")
    result: dict[str, Any] = told.data
    return result


def _day(told: str, place: str) -> date:
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise AtlasInvalid(f"AtlasInvalid: {place}: as_of {told!r} is no day") from None


def _exact(value: str, unit: str, place: str) -> int | Decimal:
    exact = Decimal(value)
    if unit != "fen":
        return exact
    if exact != int(exact):
        raise AtlasInvalid(f"AtlasInvalid: {place}: {value} fen is no whole number of fen")
    return int(exact)


def _once(found: Mapping[str, object], key: str, place: str) -> None:
    if key in found:
        raise AtlasInvalid(f"AtlasInvalid: {place}: {key!r} is there twice; give it another key")


def _known(keys: Iterable[str], figures: Mapping[str, Quoted], place: str) -> None:
    if unknown := [key for key in keys if key not in figures]:
        raise AtlasInvalid(
            f"AtlasInvalid: {place} names figures that are in no file: {', '.join(unknown)}"
        )


def _quoted(told: dict[str, Any], day: date, source: str) -> Quoted:
    where = told.get("source", f"{source}, §{told['section']}")
    exact = _exact(told["value"], told["unit"], told["key"])
    figure = Figure(exact, told["unit"], day, where, "quoted")
    beside = {name: told[name] for name in ("same", "kind", "year") if name in told}
    return Quoted(
        told["key"], told["section"], told["area"], figure, told["zh"], told["en"], **beside
    )


def _measure(told: dict[str, Any]) -> Measure:
    steps = tuple(Decimal(_exact(one, told["unit"], told["key"])) for one in told["thresholds"])
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
