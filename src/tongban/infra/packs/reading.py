"""Finds region packs (区域包), reads their files and holds each against its schema.

A pack is read whole or not at all: every problem of every file is collected and told at once.
Says nothing about what names refer to; the apps that own the words judge that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.protocols import Validator

from tongban.infra.packs.documents import Document, PackInvalid, Problem, read_document

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


@dataclass(frozen=True, slots=True)
class Drawing:
    """A flow, a rule file or a face as it was drawn: its name for messages and its bytes."""

    file: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Pack:
    """A region pack: its documents by kind of file; flows, rules, faces by file name."""

    slug: str
    folder: Path
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
def _validators() -> Mapping[str, Validator]:
    schema = read_document(SCHEMA_FILE, "schema.yaml").data
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
    packs: dict[str, Pack] = {}
    for folder in folders:
        try:
            pack = read_pack(folder)
        except PackInvalid as wrong:
            problems += wrong.problems
            continue
        if pack.slug in packs:
            problems.append(
                pack.head.problem(
                    ("slug",), f"a second pack called {pack.slug}", "give it another slug"
                )
            )
        packs[pack.slug] = pack
    if problems:
        raise PackInvalid(problems)
    return _in_order(packs)


def _in_order(packs: Mapping[str, Pack]) -> tuple[Pack, ...]:
    ordered: list[Pack] = []
    waiting = dict(packs)
    while waiting:
        done = {pack.slug for pack in ordered}
        ready = [pack for pack in waiting.values() if done.issuperset(pack.extends)]
        if not ready:
            raise PackInvalid(
                [
                    pack.head.problem(
                        ("extends",),
                        f"extends {', '.join(pack.extends)}, which is absent or extends it back",
                        "add the folder of that pack, or correct extends",
                    )
                    for pack in waiting.values()
                ]
            )
        ordered += ready
        for pack in ready:
            del waiting[pack.slug]
    return tuple(ordered)


def read_pack(folder: Path) -> Pack:
    """Read one pack and hold each file against its schema; raises `PackInvalid`."""
    problems: list[Problem] = []
    documents: dict[str, list[Document]] = {"pack": []}
    folder = folder.resolve()

    def take(path: Path, kind: str) -> None:
        file = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        if not path.resolve().is_relative_to(folder):
            problems.append(Problem(file, 1, "leads out of the pack", "put the file itself here"))
            return
        try:
            document = read_document(path, file)
        except PackInvalid as wrong:
            problems.extend(wrong.problems)
            return
        found = list(_faults(document, kind))
        slug = document.data.get("slug") if isinstance(document.data, dict) else None
        if path.parent != folder and not found and slug != path.stem:
            found.append(
                document.problem(
                    ("slug",), f"the slug is {slug}", f"name it as the file: {path.stem}"
                )
            )
        problems.extend(found)
        documents.setdefault(kind, []).append(document)

    take(folder / "pack.yaml", "pack")
    for kind in _SINGLE:
        if (folder / f"{kind}.yaml").exists():
            take(folder / f"{kind}.yaml", kind)
    for name, kind in _FOLDERS.items():
        for path in sorted((folder / name).glob("*.yaml")):
            take(path, kind)
    problems += _strangers(folder)
    drawings = {
        name: {
            path.stem: Drawing(
                f"{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes()
            )
            for path in sorted((folder / name).glob(f"*{ending}"))
        }
        for name, ending in _DRAWN.items()
    }
    if problems:
        raise PackInvalid(problems)
    head = documents["pack"][0].data
    return Pack(
        head["slug"],
        folder,
        tuple(head.get("extends", ())),
        {kind: tuple(found) for kind, found in documents.items()},
        drawings["flows"],
        drawings["rules"],
        drawings["faces"],
    )


def _strangers(folder: Path) -> list[Problem]:
    """Name the files of known kinds that nothing would read: most often a slip of the name."""
    known = {f"{kind}.yaml" for kind in (*_SINGLE, "pack")}
    endings = dict.fromkeys(_FOLDERS, ".yaml") | _DRAWN
    problems = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".yaml", ".yml", ".bpmn", ".dmn", ".typ"}:
            continue
        inside = path.relative_to(folder).as_posix()
        room, _, name = inside.rpartition("/")
        if inside in known or (room in endings and name.endswith(endings[room])):
            continue
        problems.append(
            Problem(
                f"{folder.name}/{inside}",
                1,
                "no file of a pack has this name",
                f"put it in one of {', '.join(sorted(endings))}, or remove it",
            )
        )
    return problems


def _faults(document: Document, kind: str) -> Iterable[Problem]:
    for error in _validators()[kind].iter_errors(document.data):
        yield _problem(document, error)


def _problem(document: Document, error: Any) -> Problem:
    place = tuple(error.absolute_path)
    name = ".".join(map(str, place)) or "the file"
    match error.validator:
        case "additionalProperties":
            known = sorted(error.schema.get("properties", ()))
            extra = sorted(error.instance.keys() - set(known))
            return document.problem(
                (*place, extra[0]),
                f"unknown key {', '.join(map(repr, extra))} in {name}",
                f"use one of {', '.join(known)}",
            )
        case "required":
            lacking = sorted(set(error.validator_value) - error.instance.keys())
            return document.problem(
                place, f"{name} lacks {', '.join(lacking)}", "add what is missing"
            )
        case "type":
            wanted = error.validator_value
            wanted = wanted if isinstance(wanted, str) else " or ".join(wanted)
            return document.problem(
                place,
                f"{name} is {_shown(error.instance)}",
                f'write a value of type {wanted} (text of digits in quotes: "01")',
            )
        case "pattern":
            return document.problem(
                place, f"{name} is {_shown(error.instance)}", f"write it as {error.validator_value}"
            )
        case "enum" | "const":
            allowed = error.validator_value
            allowed = allowed if isinstance(allowed, list) else [allowed]
            return document.problem(
                place,
                f"{name} is {_shown(error.instance)}",
                f"use one of {', '.join(map(str, allowed))}",
            )
        case _:
            return document.problem(
                place,
                f"{name}: {error.message[:200]}",
                "see docs/standards/region-packs.md",
            )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}…"
