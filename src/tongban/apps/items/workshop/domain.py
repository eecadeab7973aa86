"""What a draft is made of, and what differs between two states of a pack: pure."""

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tongban.infra.packs import Place, Problem, kind_of, problem

#: Kinds of files that are edited here: those whose content publication freezes.
EDITABLE = (
    *("item", "life-event", "guide", "policy", "licence-kind"),
    *("rules", "cases", "flows", "faces"),
)
LONGEST = 1_000_000  # bytes of a file
_PATH = re.compile(r"[a-z-]{1,20}/[a-z0-9][a-z0-9._-]{0,70}", re.ASCII)


def digest(text: str | bytes | None) -> str:
    """Give the digest of a file by which its editors notice each other; empty: no such file."""
    if text is None:
        return ""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def editable(path: str) -> bool:
    """Tell whether a file is edited here.

    >>> editable("items/claim.yaml"), editable("facts.yaml"), editable("items/../x.yaml")
    (True, False, False)
    """
    return bool(_PATH.fullmatch(path)) and ".." not in path and kind_of(path) in EDITABLE


@dataclass(frozen=True, slots=True)
class Text:
    """A file as a draft has it; ``text`` is None where it has none, or has removed it."""

    path: str
    text: str | None
    digest: str
    changed: bool


@dataclass(frozen=True, slots=True)
class File:
    """A file of a draft in a list: ``state`` is ``same``, ``changed``, ``new`` or ``removed``."""

    path: str
    kind: str
    slug: str
    state: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A text published from a draft: ``base`` is the digest of the folder's text under it."""

    pack: str
    path: str
    text: str | None
    base: str


def overlaid(
    pack: str, files: Mapping[str, bytes], kept: Mapping[str, Kept]
) -> tuple[dict[str, bytes], list[Problem]]:
    """Lay what was published from drafts over a folder's files.

    Where the folder has meanwhile the very text, the overlay is settled; where it has a third one,
    somebody must decide: a problem is told, and the folder's text stands.
    """
    made, problems = dict(files), []
    for path, one in sorted(kept.items()):
        there = files.get(path)
        wanted = one.text.encode() if one.text is not None else None
        if there == wanted:
            continue
        if digest(there) != one.base:
            problems.append(problem(f"{pack}/{path}", 1, "overlay-late"))
        elif wanted is None:
            made.pop(path, None)
        else:
            made[path] = wanted
    return made, problems


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs: its place in the file, what it was and what it is; None: absent."""

    place: Place
    was: Any
    now: Any


def differences(was: Any, now: Any, place: Place = ()) -> Iterator[Difference]:
    """Give the values that differ, the smallest that say so.

    >>> [d.place for d in differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}], "c": 4})]
    [('a', 1, 'b'), ('c',)]
    """
    if isinstance(was, dict) and isinstance(now, dict):
        for key in {**was, **now}:
            yield from differences(was.get(key), now.get(key), (*place, key))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from differences(one, other, (*place, index))
    elif type(was) is not type(now) or was != now:
        yield Difference(place, was, now)


def lines_of(was: str | None, now: str | None) -> tuple[tuple[str, str], ...]:
    """Give the unified difference of two texts: sign (``+``, ``-``, ``@`` or blank) and line."""
    rows = difflib.unified_diff(
        (was or "").splitlines(), (now or "").splitlines(), lineterm="", n=2
    )
    return tuple((row[0], row[1:]) for row in list(rows)[2:])
