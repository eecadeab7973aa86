"""A draft (草稿) as versioned answers: what two devices save meets field by field, never silently.

Every answer bears the version of the draft in which it was last written. A save says which version
it was made from: what nobody else has touched since is taken; what somebody has, and otherwise, is
a conflict that names both values.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .state import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as it was typed (None: taken back), and the version that wrote it."""

    value: Json
    version: int


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that two devices answered differently: what is kept, and what came late."""

    kept: Json
    late: Json


def clashes(held: Mapping[str, Entry], base: int, given: Mapping[str, Json]) -> dict[str, Clash]:
    """Give the fields that were written after ``base`` and hold something else than ``given``.

    >>> held = {"child.name": Entry("安一诺", 3)}
    >>> clashes(held, 2, {"child.name": "安诺"})
    {'child.name': Clash(kept='安一诺', late='安诺')}
    >>> clashes(held, 3, {"child.name": "安诺"}), clashes(held, 2, {"child.name": "安一诺"})
    ({}, {})
    """
    return {
        name: Clash(entry.value, value)
        for name, value in given.items()
        if (entry := held.get(name)) is not None
        and entry.version > base
        and not _same(entry.value, value)
    }


def merged(held: Mapping[str, Entry], given: Mapping[str, Json], version: int) -> dict[str, Entry]:
    """Write ``given`` over what is held, as version ``version``; what is the same stays as it was.

    >>> merged({"a.b": Entry(1, 1)}, {"a.b": 1, "a.c": None}, 2)
    {'a.b': Entry(value=1, version=1), 'a.c': Entry(value=None, version=2)}
    """
    out = dict(held)
    for name, value in given.items():
        before = out.get(name)
        if before is None or not _same(before.value, value):
            out[name] = Entry(value, version)
    return out


def _same(one: Json, other: Json) -> bool:
    # True == 1 in Python, and is another answer
    return type(one) is type(other) and one == other


def write(entries: Mapping[str, Entry]) -> Json:
    """Write entries as JSON."""
    return {name: [entry.value, entry.version] for name, entry in entries.items()}


def read(written: Mapping[str, Json]) -> dict[str, Entry]:
    """Read what ``write`` wrote."""
    return {name: Entry(value, version) for name, (value, version) in written.items()}


def answers(entries: Mapping[str, Entry]) -> dict[str, Json]:
    """Give the answers that stand: what was taken back is left out."""
    return {name: entry.value for name, entry in entries.items() if entry.value is not None}
