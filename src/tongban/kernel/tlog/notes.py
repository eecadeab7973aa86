"""Signed notes (C2SP signed-note) and the timestamped cosignatures of witnesses (tlog-cosignature).

A key says by itself what its signatures are: a log's or a witness's, of suite std or gm. Signatures
of unknown keys count for nothing; one by a known key that does not hold spoils the whole note.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from tongban.kernel.suites import KeyInvalid, Signer, Suite, Verifier, suite

#: Types that C2SP assigned: Ed25519 over the text, and a timestamped Ed25519 cosignature.
ED25519 = b"\x01"
ED25519_COSIGNATURE = b"\x04"
#: Private types, as signed-note wants them: 0xff and a name that nobody else takes.
SM2 = b"\xfftongban/sm2-sm3/v1"
SM2_COSIGNATURE = b"\xfftongban/sm2-sm3-cosignature/v1"

_LARGEST = 64 * 1024
_MOST_SIGNATURES = 64
_ID_BYTES = 4
_TIME_BYTES = 8
_LAST_TIME = 2**63 - 1
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_DASH = "\u2014 "


class NoteInvalid(ValueError):
    """The bytes are no signed note, or a known key's signature in it does not hold."""


class NoteKeyInvalid(ValueError):
    """The text is no verifier key of a known type; ask its owner for the line as published."""


@dataclass(frozen=True, slots=True)
class _Kind:
    type: bytes
    suite: str
    timestamped: bool
    public_bytes: int


_KINDS = (
    _Kind(ED25519, "std", timestamped=False, public_bytes=32),
    _Kind(ED25519_COSIGNATURE, "std", timestamped=True, public_bytes=32),
    _Kind(SM2, "gm", timestamped=False, public_bytes=64),
    _Kind(SM2_COSIGNATURE, "gm", timestamped=True, public_bytes=64),
)


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key under a name; ``timestamped`` says that it cosigns as a witness does.

    ``id`` is the first 4 bytes of the suite's digest over name, line feed, type and public key.
    """

    name: str
    suite: str
    public: bytes
    timestamped: bool
    id: bytes
    type: bytes
    verifier: Verifier = field(repr=False, compare=False)

    def __str__(self) -> str:
        """Write the verifier key (vkey): name+hex id+base64(type ‖ public key)."""
        return f"{self.name}+{self.id.hex()}+{_base64(self.type + self.public)}"


def note_key(name: str, suite_name: str, public: bytes, *, timestamped: bool) -> NoteKey:
    """Give the key of this name; raise NoteKeyInvalid, SuiteUnknown."""
    by = suite(suite_name)
    kind = next(k for k in _KINDS if k.suite == by.name and k.timestamped is timestamped)
    if not _name_is_fit(name):
        raise NoteKeyInvalid(
            f"NoteKeyInvalid: name {name[:80]!r}; write it without spaces and without '+'"
        )
    try:
        verifier = by.verifier(public)
    except KeyInvalid as wrong:
        raise NoteKeyInvalid(f"NoteKeyInvalid: {name}: {wrong}") from None
    found = by.digest(name.encode() + b"\n" + kind.type + public)[:_ID_BYTES]
    return NoteKey(name, by.name, public, timestamped, found, kind.type, verifier)


def read_key(vkey: str) -> NoteKey:
    """Read a verifier key; raise NoteKeyInvalid.

    >>> read_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").suite
    'std'
    """
    name, _, rest = vkey.partition("+")
    written_id, _, material = rest.partition("+")
    told = _from_base64(material)
    for kind in _KINDS:
        if told is None or not told.startswith(kind.type):
            continue
        public = told[len(kind.type) :]
        if len(public) != kind.public_bytes:
            continue
        key = note_key(name, kind.suite, public, timestamped=kind.timestamped)
        if str(key) != vkey:
            raise NoteKeyInvalid(
                f"NoteKeyInvalid: {name[:80]}: the id {written_id[:16]!r} is not that of the key"
            )
        return key
    raise NoteKeyInvalid(f"NoteKeyInvalid: {vkey[:160]!r} is no key of a known type")


def _name_is_fit(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    # a space of any alphabet, or a line end, would let one name be read as two words
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


@dataclass(frozen=True, slots=True)
class Signature:
    """A line under a note: the name and id of the key, and what follows the id."""

    name: str
    id: bytes
    value: bytes

    def __str__(self) -> str:
        """Write the line, without its line feed."""
        return f"{_DASH}{self.name} {_base64(self.id + self.value)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text (it ends with a line feed) and the signatures under it, in order."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Write the note."""
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)

    def signed_also(self, more: Sequence[Signature]) -> "Note":
        """Give the note with further signatures; a line that stands already is not doubled."""
        fresh = [line for line in more if line not in self.signatures]
        return Note(self.text, (*self.signatures, *fresh))


@dataclass(frozen=True, slots=True)
class Signed:
    """By which known key a note is signed; ``time`` in POSIX seconds where it is a cosignature."""

    key: NoteKey
    time: int | None


def read_note(written: bytes) -> Note:
    """Take a note apart, strictly; raise NoteInvalid. No signature is checked by this."""
    if len(written) > _LARGEST:
        raise NoteInvalid(f"NoteInvalid: the note is larger than {_LARGEST} bytes")
    try:
        told = written.decode()
    except UnicodeDecodeError:
        raise NoteInvalid("NoteInvalid: the note is not UTF-8") from None
    if _CONTROL.search(told):
        raise NoteInvalid("NoteInvalid: the note holds a control character")
    text, blank, lines = told.rpartition("\n\n")
    if not blank or not text or not lines.endswith("\n"):
        raise NoteInvalid("NoteInvalid: no signatures stand below an empty line")
    return Note(text + "\n", read_signatures(lines))


def read_signatures(lines: str) -> tuple[Signature, ...]:
    """Read signature lines, each ended by a line feed (a witness answers so); raise NoteInvalid."""
    parts = lines.split("\n")
    if parts.pop() or not 0 < len(parts) <= _MOST_SIGNATURES:
        raise NoteInvalid(f"NoteInvalid: write 1 to {_MOST_SIGNATURES} whole signature lines")
    return tuple(map(_signature, parts))


def _signature(line: str) -> Signature:
    name, _, material = line.removeprefix(_DASH).partition(" ")
    told = _from_base64(material)
    whole = told is not None and len(told) > _ID_BYTES
    if not line.startswith(_DASH) or told is None or not whole or not _name_is_fit(name):
        raise NoteInvalid(f"NoteInvalid: {line[:80]!r} is no signature line")
    return Signature(name, told[:_ID_BYTES], told[_ID_BYTES:])


def sign(text: str, key: NoteKey, signer: Signer) -> Signature:
    """Sign a text as its author (a log); raise ValueError for a witness's key."""
    if key.timestamped:
        raise ValueError(f"{key.name} is the key of a witness: it cosigns")
    return Signature(key.name, key.id, signer.sign(text.encode()))


def cosign(text: str, key: NoteKey, signer: Signer, time: int) -> Signature:
    """Cosign a checkpoint's text as a witness, at ``time`` (POSIX seconds, above 0)."""
    if not key.timestamped or not 0 < time <= _LAST_TIME:
        raise ValueError(f"{key.name} cannot cosign at {time}")
    value = time.to_bytes(_TIME_BYTES, "big") + signer.sign(_cosigned(text, time))
    return Signature(key.name, key.id, value)


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def verify(note: Note, keys: Sequence[NoteKey]) -> tuple[Signed, ...]:
    """Give which of these keys signed the note, in their order; raise NoteInvalid.

    Lines of other keys are ignored. It is for the caller to say how many must have signed.
    """
    found: dict[NoteKey, Signed] = {}
    known = {(key.name, key.id): key for key in keys}
    for line in note.signatures:
        key = known.get((line.name, line.id))
        if key is None:
            continue
        held, time = _holds(note.text, line, key)
        if not held:
            raise NoteInvalid(f"NoteInvalid: the signature of {key.name} does not hold")
        found.setdefault(key, Signed(key, time))
    return tuple(found[key] for key in dict.fromkeys(keys) if key in found)


def _holds(text: str, line: Signature, key: NoteKey) -> tuple[bool, int | None]:
    if not key.timestamped:
        return key.verifier.verify(text.encode(), line.value), None
    time = int.from_bytes(line.value[:_TIME_BYTES], "big")
    fit = len(line.value) > _TIME_BYTES and 0 < time <= _LAST_TIME
    signed = line.value[_TIME_BYTES:]
    return fit and key.verifier.verify(_cosigned(text, time), signed), time


def digest_of(key: NoteKey) -> Suite:
    """Give the suite whose digest the tree of this log is built with: that of the log's key."""
    return suite(key.suite)


def _base64(told: bytes) -> str:
    return b64encode(told).decode("ascii")


def _from_base64(written: str) -> bytes | None:
    """Read standard base64 in its one form; None for any other."""
    try:
        told = b64decode(written, validate=True)
    except ValueError:
        return None
    return told if _base64(told) == written else None
