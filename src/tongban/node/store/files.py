"""Files of a node: the rows of a log for a verifier, its checkpoints outside, small ones whole."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tongban.kernel.wire.rows import Kept
from tongban.node.store.words import CheckpointForked


def read_only(path: Path) -> Iterator[Kept]:
    """Give every row of a store's file in order, opened for reading only; raise sqlite3.Error."""
    uri = path.resolve().as_uri() + "?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        for row in db.execute("SELECT seq, hash, text FROM log ORDER BY seq"):
            yield Kept(*row)


def write_checkpoint(folder: Path, sealed: dict[str, Any]) -> Path:
    """Write a signed checkpoint into a file of its own, durably, and never over another one.

    The folder belongs outside the store, best where the store's owner cannot write. Raise
    CheckpointForked where one of this size stands there with another root; OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sealed['document']['size']:012d}.json"
    draft = folder / f".{path.name}.{os.getpid()}"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(sealed, file, ensure_ascii=False, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails where it is there already: a checkpoint is never replaced
    except FileExistsError:
        if json.loads(path.read_text())["document"]["root"] != sealed["document"]["root"]:
            raise CheckpointForked(
                f"CheckpointForked: {path} was signed with another root; keep both, find out why"
            ) from None
    finally:
        draft.unlink()
    _sync(folder)
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a power cut, finds the old one or the new one whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder as durable as the files."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
