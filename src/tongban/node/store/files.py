"""Files of a node: the rows of a log for a verifier, and its checkpoints outside."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tongban.kernel.wire.rows import Kept
from tongban.node.store.words import CheckpointForked
from tongban.ports.files import write_once


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
    try:
        write_once(path, json.dumps(sealed, ensure_ascii=False, sort_keys=True).encode())
    except FileExistsError:
        if json.loads(path.read_text())["document"]["root"] != sealed["document"]["root"]:
            raise CheckpointForked(
                f"CheckpointForked: {path} was signed with another root; keep both, find out why"
            ) from None
    return path
