"""Packs as archives: a pack in force goes out as a zip file, one that comes in becomes a draft."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from django.db import transaction

from tongban.apps.items.workshop import queries, services, shelves
from tongban.apps.items.workshop.domain import LONGEST, digest, editable
from tongban.apps.items.workshop.errors import WorkshopRefused
from tongban.infra.access.domain import Subject
from tongban.infra.packs import kind_of

_MOST = 2000  # files
_LARGEST = 20_000_000  # bytes of all files together
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same pack gives the same archive


def exported(pack: str, texts: Mapping[str, str | None] | None = None) -> bytes:
    """Give a pack in force as a zip file, ``texts`` of a draft laid over it; the same each time.

    Raises `WorkshopRefused` where there is no such pack.
    """
    folder = shelves.folders().get(pack)
    if folder is None:
        raise WorkshopRefused("没有这个区域包", f"there is no pack {pack}")
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.resolve().is_relative_to(folder.resolve())
        and not kind_of(path.relative_to(folder).as_posix())
    }
    files |= shelves.in_force()[pack]
    for name, text in (texts or {}).items():
        if text is None:
            files.pop(name, None)
        else:
            files[name] = text.encode()
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{pack}/{name}", _EPOCH), raw, zipfile.ZIP_DEFLATED)
    return kept.getvalue()


@transaction.atomic
def imported(subject: Subject, raw: bytes, title: str) -> tuple[str, int]:
    """Make a draft of what an archive of a pack has differently; give its number and how many.

    What the archive lacks stays as it is. Raises `WorkshopRefused`, `WorkshopDenied`.
    """
    pack, files = _unpacked(raw)
    number = services.open_draft(subject, pack, title)
    there = shelves.in_force()[pack]
    written = 0
    for path, text in files.items():
        if editable(path) and there.get(path) != text.encode():
            services.write(subject, number, path, text, digest(there.get(path)))
            written += 1
    if not written:
        raise WorkshopRefused(
            "压缩包与现行内容没有差别", "the archive has nothing that is not in force already"
        )
    return number, written


def overlaid(raw: bytes) -> dict[str, dict[str, bytes]]:
    """Give the files of all packs with those of an archive laid over its pack, none kept.

    Raises `WorkshopRefused`.
    """
    pack, files = _unpacked(raw)
    whole = {name: dict(inside) for name, inside in shelves.in_force().items()}
    if pack not in whole:
        raise WorkshopRefused("没有这个区域包", f"there is no pack {pack}")
    whole[pack] |= {path: text.encode() for path, text in files.items()}
    return whole


def _unpacked(raw: bytes) -> tuple[str, dict[str, str]]:
    """Read an archive of one pack, never more of it than a pack may have."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if len(entries) > _MOST:
                raise WorkshopRefused("压缩包文件过多", f"more than {_MOST} files in the archive")
            names = {PurePosixPath(one.filename).parts[0] for one in entries}
            if len(names) != 1:
                raise WorkshopRefused(
                    "压缩包应只含一个区域包文件夹", "an archive holds the folder of one pack"
                )
            return names.pop(), _read(archive, entries)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise WorkshopRefused(
            "不是可读的zip文件", "this is no zip file that can be read"
        ) from error


def _read(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> dict[str, str]:
    left, found = _LARGEST, {}
    for one in entries:
        path = one.filename.partition("/")[2]
        if not editable(path):
            continue
        with archive.open(one) as file:
            raw = file.read(min(LONGEST, left) + 1)
        left -= len(raw)
        if len(raw) > LONGEST or left < 0:
            raise WorkshopRefused(
                "压缩包内容过大", "what the archive holds is too large for a pack"
            )
        try:
            found[path] = raw.decode()
        except UnicodeDecodeError as error:
            raise WorkshopRefused(f"{path}不是UTF-8", f"{path} is not UTF-8") from error
    return found


def draft_exported(subject: Subject, number: str) -> bytes:
    """Give a draft's pack with its changes as a zip file; raises `DraftUnknown`."""
    row = queries.row_of(subject, number)
    return exported(row.pack, queries.edits(row))


__all__ = ["draft_exported", "exported", "imported", "overlaid"]
