"""Files that are there whole or not at all, whoever dies or writes at the same time.

A file is written beside its place under a name that no other writer has, made durable, and then put
there in one step.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file, over an older one; a reader or a power cut finds the one or the other, whole.

    Raises OSError; what was there is then untouched.
    """
    with _draft(path, content, mode) as draft:
        draft.replace(path)


def write_once(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file that is never replaced: of two writers the first one counts.

    Raises FileExistsError where a file stands there; OSError.
    """
    with _draft(path, content, mode) as draft:
        os.link(draft, path)


@contextmanager
def _draft(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)  # the name is to last like the content
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
