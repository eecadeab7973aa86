"""Finds region packs (区域包), reads their files and holds each against its schema.

A pack is read whole or not at all: every problem of every file is collected and told at once.
Says nothing about what names refer to; the apps that own the words judge that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
from jsonschema.protocols import Validator

from tongban.infra.packs.documents import (
    Document,
    PackInvalid,
    Place,
    Problem,
    document_of,
    problem,
    read_document,
)

SCHEMA_FILE = Path(__file__).with_name("schema.yaml")
_FOLDERS = {
    "contracts": "resource",
    "licences": "licence-kind",
    "items": "item",
    "life-events": "life-event",
    "policies": "policy",
    "guides": "guide",
    "messages": "message",
    "locale": "language",
}
_SINGLE = ("facts", "departments", "grants", "exchange", "themes", "voice")
_DRAWN = {"flows": ".bpmn", "rules": ".dmn", "faces": ".typ"}
# beside a rule file: what its tables must answer
_CASES = ".cases.yaml"
_TYPES = {
    "string": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "true 或 false",
    "array": "列表",
    "object": "键值",
    "null": "空值",
}
_READ = frozenset({".yaml", ".yml", ".bpmn", ".dmn", ".typ"})


@dataclass(frozen=True, slots=True)
class Drawing:
    """A flow, a rule file or a face as it was drawn: its name for messages and its bytes."""

    file: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Pack:
    """A region pack: its files by path, documents by kind of file; flows, rules, faces by name."""

    slug: str
    files: Mapping[str, bytes]
    extends: tuple[str, ...]
    documents: Mapping[str, tuple[Document, ...]]
    flows: Mapping[str, Drawing]
    rules: Mapping[str, Drawing]
    faces: Mapping[str, Drawing]

    @property
    def head(self) -> Document:
        """The pack.yaml."""
        return self.documents["pack"][0]


def shipped_packs() -> Path:
    """Give the folder of the packs that come with Tongban: in the checkout, else in the wheel."""
    package = Path(__file__).resolve().parents[2]
    checkout = package.parents[1] / "regions"
    return checkout if (checkout / "base" / "pack.yaml").is_file() else package / "regions"


def find_packs(folders: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Give the folder of every pack that is shipped or lies in ``folders``, sorted in each."""
    found = [
        path.parent
        for root in (shipped_packs(), *folders)
        for path in sorted(root.glob("*/pack.yaml"))
    ]
    return tuple(found)


@cache
def _schema() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_document(SCHEMA_FILE, "schema.yaml").data
    return found


@cache
def _validators() -> Mapping[str, Validator]:
    schema = _schema()
    return {
        name: jsonschema.Draft202012Validator(
            {"$defs": schema["defs"], **shape},
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        )
        for name, shape in schema["files"].items()
    }


def read_packs(folders: Sequence[Path]) -> tuple[Pack, ...]:
    """Read the packs in ``folders``; give them so that each comes after those it extends.

    Raises `PackInvalid` with all problems of all packs; then nothing is loaded.
    """
    problems: list[Problem] = []
    found = []
    for folder in folders:
        try:
            found.append((folder.resolve().name, files_of(folder)))
        except PackInvalid as wrong:
            problems += wrong.problems
    return packs_of(found, problems)


def packs_of(
    found: Iterable[tuple[str, Mapping[str, bytes]]], known: Sequence[Problem] = ()
) -> tuple[Pack, ...]:
    """Read packs from their files, each with its name for messages; as `read_packs`.

    ``known`` are problems that were met before.
    """
    problems = list(known)
    packs: dict[str, Pack] = {}
    for name, files in found:
        try:
            pack = pack_of(name, files)
        except PackInvalid as wrong:
            problems += wrong.problems
            continue
        if pack.slug in packs:
            problems.append(pack.head.problem(("slug",), "pack-twice", slug=pack.slug))
        packs[pack.slug] = pack
    if problems:
        raise PackInvalid(problems)
    return in_order(packs.values())


def in_order(packs: Iterable[Pack]) -> tuple[Pack, ...]:
    """Give packs so that each comes after those it extends; raises `PackInvalid`."""
    ordered: list[Pack] = []
    waiting = {pack.slug: pack for pack in packs}
    while waiting:
        done = {pack.slug for pack in ordered}
        ready = [pack for pack in waiting.values() if done.issuperset(pack.extends)]
        if not ready:
            raise PackInvalid(
                [
                    pack.head.problem(("extends",), "pack-extends", names=", ".join(pack.extends))
                    for pack in waiting.values()
                ]
            )
        ordered += ready
        for pack in ready:
            del waiting[pack.slug]
    return tuple(ordered)


def read_pack(folder: Path) -> Pack:
    """Read one pack and hold each file against its schema; raises `PackInvalid`."""
    return pack_of(folder.resolve().name, files_of(folder))


def files_of(folder: Path) -> dict[str, bytes]:
    """Give the files of a pack that are read, path inside it → bytes; raises `PackInvalid`."""
    folder = folder.resolve()
    problems, files = [], {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _READ or not path.is_file():
            continue
        inside = path.relative_to(folder).as_posix()
        file = f"{folder.name}/{inside}"
        if not path.resolve().is_relative_to(folder):
            problems.append(problem(file, 1, "file-outside"))
            continue
        try:
            files[inside] = path.read_bytes()
        except OSError as error:
            problems.append(problem(file, 1, "file-unreadable", why=str(error.strerror)))
    if problems:
        raise PackInvalid(problems)
    return files


def pack_of(name: str, files: Mapping[str, bytes]) -> Pack:
    """Read one pack from its files, path inside it → bytes; ``name`` is what messages call it.

    Raises `PackInvalid`.
    """
    problems: list[Problem] = []
    documents: dict[str, list[Document]] = {"pack": []}
    for path, kind in _kinds(files):
        file = f"{name}/{path}"
        if path not in files:
            problems.append(problem(file, 1, "file-missing"))
            continue
        try:
            document = document_of(files[path], file)
        except PackInvalid as wrong:
            problems.extend(wrong.problems)
            continue
        found = list(_faults(document, kind))
        slug = document.data.get("slug") if isinstance(document.data, dict) else None
        stem = PurePosixPath(path).stem.removesuffix(".cases")
        if "/" in path and not found and slug != stem:
            found.append(document.problem(("slug",), "file-slug", slug=str(slug), stem=stem))
        problems.extend(found)
        documents.setdefault(kind, []).append(document)
    problems += _strangers(name, files)
    if problems:
        raise PackInvalid(problems)
    drawings = {
        room: {
            PurePosixPath(path).stem: Drawing(f"{name}/{path}", files[path])
            for path in sorted(files)
            if kind_of(path) == room
        }
        for room in _DRAWN
    }
    head = documents["pack"][0].data
    return Pack(
        head["slug"],
        files,
        tuple(head.get("extends", ())),
        {kind: tuple(found) for kind, found in documents.items()},
        drawings["flows"],
        drawings["rules"],
        drawings["faces"],
    )


def _kinds(files: Mapping[str, bytes]) -> Iterable[tuple[str, str]]:
    """Give the documents of a pack with their kinds, the head first."""
    yield "pack.yaml", "pack"
    for path in sorted(files, key=lambda path: ("/" in path, path)):
        kind = kind_of(path)
        if kind and kind not in _DRAWN and kind != "pack":
            yield path, kind


def kind_of(path: str) -> str:
    """Give the kind of file that a path inside a pack leads to; empty where nothing reads it.

    >>> kind_of("items/claim.yaml"), kind_of("flows/at-once.bpmn"), kind_of("items/claim.txt")
    ('item', 'flows', '')
    """
    room, _, name = path.rpartition("/")
    stem, _, ending = name.rpartition(".")
    if not stem:
        return ""
    if not room:
        return stem if ending == "yaml" and stem in (*_SINGLE, "pack") else ""
    if room in _FOLDERS:
        return _FOLDERS[room] if ending == "yaml" else ""
    if room == "rules" and name.endswith(_CASES):
        return "cases"
    return room if _DRAWN.get(room) == f".{ending}" else ""


def shape_of(kind: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Give the JSON schema of a kind of file, and the definitions that it refers to."""
    schema = _schema()
    return schema["files"][kind], schema["defs"]


def _strangers(name: str, files: Iterable[str]) -> list[Problem]:
    """Name the files of known kinds that nothing would read: most often a slip of the name."""
    rooms = ", ".join(sorted((*_FOLDERS, *_DRAWN)))
    return [
        problem(f"{name}/{path}", 1, "file-stranger", rooms=rooms)
        for path in sorted(files)
        if not kind_of(path)
    ]


def _faults(document: Document, kind: str) -> Iterable[Problem]:
    for error in _validators()[kind].iter_errors(document.data):
        yield _problem(document, error)


def _problem(document: Document, error: Any) -> Problem:
    place: Place = tuple(error.absolute_path)
    wanted, code = error.validator_value, "schema-shape"
    told = {"value": _shown(error.instance), "why": error.message[:200]}
    match error.validator:
        case "additionalProperties":
            known = sorted(error.schema.get("properties", ()))
            extra = sorted(error.instance.keys() - set(known))
            code, place = "schema-unknown-key", (*place, extra[0])
            told |= {"keys": ", ".join(map(repr, extra)), "known": ", ".join(known)}
        case "required":
            code = "schema-lacks"
            told["keys"] = ", ".join(sorted(set(wanted) - error.instance.keys()))
        case "type":
            types = [wanted] if isinstance(wanted, str) else wanted
            code, told["type"] = "schema-type", " or ".join(types)
            told["zh_type"] = "或".join(_TYPES.get(one, one) for one in types)
        case "pattern":
            code, told["wanted"] = "schema-pattern", wanted
        case "enum" | "const":
            allowed = wanted if isinstance(wanted, list) else [wanted]
            code, told["wanted"] = "schema-choice", ", ".join(map(str, allowed))
        case limit if isinstance(wanted, str | int):
            code = "schema-limit"
            told |= {"keyword": limit, "limit": str(wanted)}
    name = ".".join(map(str, error.absolute_path))
    return document.problem(place, code, name=name or "the file", zh_name=name or "文件", **told)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}…"
