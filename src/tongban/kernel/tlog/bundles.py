"""The parts of an evidence bundle (存证包): its lines of events and its signed list of files.

A bundle stands by itself: with the keys of the log and its witnesses, somebody who has nothing else
can check it (``verify.py`` in the bundle says how). Nothing is packed or read here.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from tongban.kernel.events import Event, canonical, envelope, instant
from tongban.kernel.suites import Signer, suite
from tongban.kernel.tlog.notes import Note, NoteKey, sign

#: The first line of the list of files; it is no origin, so the list can be no checkpoint.
FORMAT = "tongban.bundle.v1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)
_MOST_NAME = 120


def event_line(event: Event, salt: bytes, index: int, path: Sequence[bytes]) -> bytes:
    """Write an event with its data, and the way from its leaf to the root, in canonical JSON.

    ``salt`` is that of the leaf; the data and its own salt are null where the data was erased.
    """
    erased = event.payload is None or event.salt is None
    return canonical(
        {
            "data": None if erased else event.payload,
            "data_salt": None if event.salt is None or erased else event.salt.hex(),
            "envelope": envelope(event),
            "leaf": {"index": index, "path": [part.hex() for part in path], "salt": salt.hex()},
        }
    )


def list_files(
    subject: str, made: datetime, files: Mapping[str, bytes], key: NoteKey, signer: Signer
) -> Note:
    """Sign the list of a bundle's files, each with digest and length; raise ValueError.

    The digest is that of the log's suite. A name is a plain path, without ``..`` and blanks.
    """
    if not subject or not subject.isprintable():
        raise ValueError(f"{subject[:80]!r} is no subject of a bundle")
    by = suite(key.suite)
    lines = [FORMAT, f"log {key.name}", f"about {subject}", f"made {instant(made)}"]
    for name in sorted(files):
        if len(name) > _MOST_NAME or not _NAME.fullmatch(name):
            raise ValueError(f"{name[:160]!r} is no name of a file in a bundle")
        lines.append(f"{by.digest(files[name]).hex()} {len(files[name])} {name}")
    text = "".join(f"{line}\n" for line in lines)
    return Note(text, (sign(text, key, signer),))
