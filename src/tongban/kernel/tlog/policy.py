"""Policy files (C2SP tlog-policy): which log, which witnesses, and how many must have signed.

The one place where somebody says whom they trust. A policy is read strictly; a checkpoint that does
not satisfy it is refused, whatever else is right with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tongban.kernel.tlog.checkpoints import Checkpoint, CheckpointInvalid, read_checkpoint
from tongban.kernel.tlog.notes import (
    Note,
    NoteInvalid,
    NoteKey,
    NoteKeyInvalid,
    read_key,
    read_note,
    verify,
)

_NONE = "none"
_MOST_BYTES = 64 * 1024
_MOST = 64


class PolicyInvalid(ValueError):
    """A policy file that cannot be followed; the message names the line."""


class NotWitnessed(ValueError):
    """A checkpoint that the policy does not accept."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: its name in the policy, its key, and where it is reached (empty: nowhere)."""

    name: str
    key: NoteKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """At least ``needed`` of the named members."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Known logs by origin, witnesses and groups by name, and the name that must be satisfied."""

    logs: Mapping[str, NoteKey]
    witnesses: Mapping[str, Witness]
    groups: Mapping[str, Group]
    quorum: str

    def satisfied(self, by: frozenset[str]) -> bool:
        """Tell whether cosignatures of these witnesses are enough."""
        return self.quorum == _NONE or self._holds(self.quorum, by)

    def _holds(self, name: str, by: frozenset[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in by
        return sum(self._holds(member, by) for member in group.members) >= group.needed

    def least(self) -> int:
        """Give how many witnesses must have signed at the very least."""
        return 0 if self.quorum == _NONE else self._least(self.quorum)

    def _least(self, name: str) -> int:
        group = self.groups.get(name)
        if group is None:
            return 1
        return sum(sorted(self._least(member) for member in group.members)[: group.needed])

    def words(self) -> str:
        """Say in one line what is wanted, such as ``2 of court, notary, audit``."""
        group = self.groups.get(self.quorum)
        if group is None:
            return self.quorum
        return f"{group.needed} of {', '.join(group.members)}"


def read_policy(text: str) -> Policy:
    """Read a policy file; raise PolicyInvalid."""
    if len(text) > _MOST_BYTES or any(c < " " and c not in "\n\t" for c in text):
        raise PolicyInvalid("PolicyInvalid: it is too large or holds a control character")
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reading.take(words)
        except (ValueError, NoteKeyInvalid) as wrong:
            raise PolicyInvalid(f"PolicyInvalid: line {number}: {wrong}") from None
    return reading.done()


class _Reading:
    def __init__(self) -> None:
        self.logs: dict[str, NoteKey] = {}
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum = ""
        self.grouped: set[str] = set()

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._log(read_key(vkey))
            case ["witness", name, vkey, *url] if len(url) < 2:
                self._witness(name, read_key(vkey), *url)
            case ["group", name, needed, *members] if members:
                self._group(name, needed, members)
            case ["quorum", name]:
                if self.quorum or (name != _NONE and not self._known(name)):
                    raise ValueError(f"quorum {name}: name one that stands above, once")
                self.quorum = name
            case _:
                raise ValueError("write log, witness, group or quorum, and what belongs to it")
        if max(len(self.logs), len(self.witnesses), len(self.groups)) > _MOST:
            raise ValueError(f"more than {_MOST} of a kind")

    def _log(self, key: NoteKey) -> None:
        if key.timestamped or self._has(key) or key.name in self.logs:
            raise ValueError(f"log {key.name}: the key of a log, each once")
        self.logs[key.name] = key

    def _witness(self, name: str, key: NoteKey, url: str = "") -> None:
        if not key.timestamped or self._has(key):
            raise ValueError(f"witness {name}: the cosigning key of a witness, each once")
        self._fresh(name)
        self.witnesses[name] = Witness(name, key, url)

    def _group(self, name: str, needed: str, members: list[str]) -> None:
        count = {"any": "1", "all": str(len(members))}.get(needed, needed)
        if not count.isascii() or not count.isdecimal() or not 1 <= int(count) <= len(members):
            raise ValueError(f"group {name}: any, all, or a number from 1 to {len(members)}")
        for member in members:
            # each witness counts once, by one way
            if not self._known(member) or member in self.grouped:
                raise ValueError(f"group {name}: {member} is not above, or is in a group already")
            self.grouped.add(member)
        self._fresh(name)
        self.groups[name] = Group(int(count), tuple(members))

    def _has(self, key: NoteKey) -> bool:
        held = [*self.logs.values(), *(one.key for one in self.witnesses.values())]
        return any(one.public == key.public for one in held)

    def _known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _fresh(self, name: str) -> None:
        if name == _NONE or self._known(name):
            raise ValueError(f"{name} is taken; choose another name")

    def done(self) -> Policy:
        if not self.quorum:
            raise PolicyInvalid("PolicyInvalid: no quorum; write one, as 'quorum none'")
        return Policy(self.logs, self.witnesses, self.groups, self.quorum)


def write_policy(policy: Policy) -> str:
    """Write a policy so that `read_policy` gives it back."""
    return "".join(f"{line}\n" for line in _lines(policy))


def _lines(policy: Policy) -> Iterator[str]:
    for key in policy.logs.values():
        yield f"log {key}"
    for one in policy.witnesses.values():
        yield f"witness {one.name} {one.key} {one.url}".rstrip()
    for name, group in policy.groups.items():
        yield f"group {name} {group.needed} {' '.join(group.members)}"
    yield f"quorum {policy.quorum}"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that a log signed, and when (POSIX seconds) which witness of the policy did."""

    checkpoint: Checkpoint
    log: NoteKey
    note: Note
    times: Mapping[str, int]


def open_witnessed(written: bytes, policy: Policy) -> Witnessed:
    """Give who signed a checkpoint, enough or not; raise NoteInvalid, CheckpointInvalid."""
    note = read_note(written)
    checkpoint = read_checkpoint(note.text)
    log = policy.logs.get(checkpoint.origin)
    if log is None:
        raise CheckpointInvalid(
            f"CheckpointInvalid: the policy names no log {checkpoint.origin[:80]!r}"
        )
    if not verify(note, [log]):
        raise NoteInvalid(f"NoteInvalid: {log.name} has not signed it")
    by_key = {one.key: one.name for one in policy.witnesses.values() if one.key.suite == log.suite}
    times = {by_key[one.key]: one.time or 0 for one in verify(note, list(by_key))}
    return Witnessed(checkpoint, log, note, times)


def accept(written: bytes, policy: Policy) -> Witnessed:
    """Give a checkpoint that satisfies the policy; raise NotWitnessed where too few signed."""
    found = open_witnessed(written, policy)
    if not policy.satisfied(frozenset(found.times)):
        signed = ", ".join(found.times) or "nobody"
        raise NotWitnessed(f"NotWitnessed: signed by {signed}; the policy wants {policy.words()}")
    return found
