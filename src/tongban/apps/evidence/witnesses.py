"""The witnesses of this log: the policy that names them, and how they are asked over HTTP.

Speaks C2SP tlog-witness as a client. What comes back counts only if it is the signature of the very
witness who was asked.
"""

import http.client
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from tongban.apps.evidence import log
from tongban.kernel.tlog.notes import Note, NoteInvalid, Signature, read_signatures, verify
from tongban.kernel.tlog.policy import Policy, PolicyInvalid, Witness, read_policy
from tongban.kernel.tlog.witnessing import AddCheckpoint

_PATIENCE = 5.0
_LONGEST_ANSWER = 64 * 1024
_AT_ONCE = 16


def policy() -> Policy:
    """Give the policy of this installation; raise PolicyInvalid.

    Without a policy file no witness is asked, and none is wanted.
    """
    key, _ = log.own()
    path = Path(settings.EVIDENCE_POLICY)
    try:
        version = path.stat().st_mtime_ns
    except FileNotFoundError:
        return Policy({key.name: key}, {}, {}, "none")
    found = _read(path, version)
    if found.logs.get(key.name) != key:
        raise PolicyInvalid(f"PolicyInvalid: {path} does not name this log; write: log {key}")
    return found


@lru_cache(maxsize=4)
def _read(path: Path, _version: int) -> Policy:
    try:
        return read_policy(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as wrong:
        raise PolicyInvalid(f"PolicyInvalid: {path}: {wrong}") from wrong
    except PolicyInvalid as wrong:
        raise PolicyInvalid(f"{wrong} (in {path})") from wrong


@dataclass(frozen=True, slots=True)
class Told:
    """What a witness answered: a cosignature, the size it knows, or why neither."""

    witness: Witness
    signature: Signature | None = None
    time: int = 0
    size: int | None = None
    fault: str = ""
    refused: bool = False


def ask_all(asked: Sequence[tuple[Witness, AddCheckpoint]], note: Note) -> list[Told]:
    """Ask each witness, at the same time; never raises for what one of them does."""
    if not asked:
        return []
    with ThreadPoolExecutor(min(len(asked), _AT_ONCE)) as pool:
        return list(pool.map(lambda one: _ask(one[0], one[1], note), asked))


def _ask(witness: Witness, request: AddCheckpoint, note: Note) -> Told:
    try:
        status, body = _post(witness.url, bytes(request))
    except (OSError, http.client.HTTPException, ValueError) as wrong:
        return Told(witness, fault=f"does not answer ({wrong or type(wrong).__name__})")
    if status == 200:
        return _signed(witness, body, note)
    if status == 409:
        size = body.decode("ascii", "replace").removesuffix("\n")
        if size.isascii() and size.isdecimal() and len(size) < 20:
            return Told(witness, size=int(size))
    why = body[:200].decode("utf-8", "replace").strip()
    return Told(witness, fault=f"answers {status}: {why}", refused=status in {403, 404, 409, 422})


def _signed(witness: Witness, body: bytes, note: Note) -> Told:
    try:
        lines = read_signatures(body.decode())
        held = verify(Note(note.text, lines), [witness.key])
    except (NoteInvalid, UnicodeDecodeError) as wrong:
        return Told(witness, fault=f"answers with no good signature ({wrong})")
    if not held:
        return Told(witness, fault="answers with the signature of another key than the policy's")
    own = next(x for x in lines if (x.name, x.id) == (witness.key.name, witness.key.id))
    return Told(witness, own, held[0].time or 0)


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    place = urlsplit(url)
    kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}[place.scheme]
    link = kind(place.hostname or "", place.port, timeout=_PATIENCE)
    try:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        link.request("POST", f"{place.path.rstrip('/')}/add-checkpoint", body, headers)
        answer = link.getresponse()
        return answer.status, answer.read(_LONGEST_ANSWER)
    finally:
        link.close()
