"""The files of a batch (批量文件): compressed lines of JSON, and how far they are written.

Each page of records is a member of its own in the compressed file (RFC 1952 allows many), durable
before its place is noted. What stands beyond the noted place is cut off when the work goes on, so
a fall leaves no gap and no repetition.
"""

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tongban.kernel.events import canonical
from tongban.kernel.suites import Suite
from tongban.ports.files import write_whole

PROGRESS = "progress.json"
MANIFEST = "manifest.json"
_LARGEST = 1024 * 1024 * 1024


class BatchInvalid(ValueError):
    """The folder holds another batch, or not what its notes say."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file; ``digest`` (``<name>:<hex>``) is empty while it is written."""

    name: str
    bytes: int = 0
    records: int = 0
    digest: str = ""

    def told(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "name": self.name,
            "bytes": self.bytes,
            "records": self.records,
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: ``about`` says of what, ``after`` is the cursor, ``done`` the end."""

    about: Mapping[str, Any]
    parts: tuple[Part, ...] = ()
    calls: tuple[str, ...] = ()
    after: str | None = None
    done: bool = False
    began: str = ""
    ended: str = ""

    @property
    def records(self) -> int:
        """How many records there are so far."""
        return sum(part.records for part in self.parts)


class Folder:
    """The folder of one batch."""

    def __init__(self, path: Path, by: Suite, part_bytes: int) -> None:
        self._path = path
        self._by = by
        self._part_bytes = part_bytes

    def begin(self, about: Mapping[str, Any]) -> Progress:
        """Go on where the folder stands, or begin; raise BatchInvalid."""
        self._path.mkdir(parents=True, exist_ok=True)
        notes = self._path / PROGRESS
        if not notes.exists():
            if any(self._path.iterdir()):
                raise BatchInvalid(f"BatchInvalid: {self._path} is not empty; name a new folder")
            progress = Progress(dict(about))
            self._note(progress)
            return progress
        told = json.loads(notes.read_bytes())
        parts = tuple(Part(**part) for part in told.pop("parts"))
        progress = Progress(**{**told, "parts": parts, "calls": tuple(told["calls"])})
        if dict(progress.about) != dict(about):
            raise BatchInvalid(
                f"BatchInvalid: {self._path} was begun with other options; give the same, or name "
                "a new folder"
            )
        self._cut(progress)
        return progress

    def _cut(self, progress: Progress) -> None:
        """Take away what was written and not noted."""
        noted = {part.name: part for part in progress.parts}
        for path in self._path.glob("part-*.ndjson.gz"):
            part = noted.get(path.name)
            if part is None:
                path.unlink()
            elif path.stat().st_size < part.bytes:
                raise BatchInvalid(f"BatchInvalid: {path} is shorter than noted; begin anew")
            else:
                os.truncate(path, part.bytes)

    def add(
        self,
        progress: Progress,
        call: str,
        records: Iterable[Mapping[str, Any]],
        after: str | None,
        at: str,
    ) -> Progress:
        """Write a page and note it; ``after`` is the cursor beyond it (None: it was the last)."""
        lines = [canonical(record) + b"\n" for record in records]
        parts = list(progress.parts)
        if lines:
            if not parts or parts[-1].digest:
                parts.append(Part(f"part-{len(parts) + 1:05d}.ndjson.gz"))
            part = self._written(parts[-1], b"".join(lines), len(lines))
            full = part.bytes >= self._part_bytes
            parts[-1] = self._closed(part) if full or after is None else part
        elif parts and after is None and not parts[-1].digest:
            parts[-1] = self._closed(parts[-1])
        made = replace(
            progress,
            parts=tuple(parts),
            calls=(*progress.calls, call),
            after=after,
            done=after is None,
            began=progress.began or at,
            ended=at,
        )
        self._note(made)
        return made

    def _written(self, part: Part, lines: bytes, count: int) -> Part:
        member = gzip.compress(lines, 6, mtime=0)  # no time of writing: the same is the same
        with (self._path / part.name).open("ab") as file:
            file.write(member)
            file.flush()
            os.fsync(file.fileno())
        return replace(part, bytes=part.bytes + len(member), records=part.records + count)

    def _closed(self, part: Part) -> Part:
        return replace(part, digest=digest_of(self._path / part.name, self._by))

    def _note(self, progress: Progress) -> None:
        told = {
            "about": dict(progress.about),
            "parts": [part.told() for part in progress.parts],
            "calls": list(progress.calls),
            "after": progress.after,
            "done": progress.done,
            "began": progress.began,
            "ended": progress.ended,
        }
        write_whole(self._path / PROGRESS, canonical(told))

    def finish(self, manifest: bytes) -> Path:
        """Write the signed manifest; the notes are no longer needed."""
        path = self._path / MANIFEST
        write_whole(path, manifest)
        (self._path / PROGRESS).unlink()
        return path


def digest_of(path: Path, by: Suite) -> str:
    """Give the digest of a file as a manifest names it."""
    return f"{by.digest_name}:{by.digest(path.read_bytes()).hex()}"


def faults(folder: Path, document: Mapping[str, Any], by: Suite) -> Iterator[str]:
    """Say what of a batch is not as its manifest says; nothing where it holds."""
    fields = set(document["fields"])
    named = {part["name"] for part in document["parts"]}
    for part in document["parts"]:
        path = folder / Path(part["name"]).name
        if not path.exists():
            yield f"{part['name']} is missing"
        elif path.stat().st_size != part["bytes"] or digest_of(path, by) != part["digest"]:
            yield f"{part['name']} was changed: its digest is another one"
        else:
            yield from _unread(path, part, fields)
    for path in sorted(folder.glob("part-*.ndjson.gz")):
        if path.name not in named:
            yield f"{path.name} is not in the manifest"
    total = sum(part["records"] for part in document["parts"])
    if total != document["records"]:
        yield f"the parts have {total} records, the manifest says {document['records']}"


def _unread(path: Path, part: Mapping[str, Any], fields: set[str]) -> Iterator[str]:
    count = size = 0
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                size += len(line)
                record = json.loads(line)
                if size > _LARGEST or not isinstance(record, dict) or not record.keys() <= fields:
                    yield f"{path.name}, line {count + 1}: it holds what was not asked for"
                    return
                count += 1
    except (OSError, EOFError, ValueError, zlib.error) as wrong:
        yield f"{path.name}, line {count + 1}: it does not read ({type(wrong).__name__})"
        return
    if count != part["records"]:
        yield f"{path.name} has {count} records, the manifest says {part['records']}"
