"""A witness's configuration: ``witness.toml``, and how one is made (见证人配置).

Says who the witness is, where it listens, and which logs it knows. Refuses what it does not know,
and a key that others may read.
"""

import secrets
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tongban.kernel.suites import KeyInvalid, Signer, SuiteUnknown, suite
from tongban.kernel.tlog.notes import NoteKey, NoteKeyInvalid, note_key, read_key
from tongban.ports.files import write_once

_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KNOWN = frozenset({"name", "suite", "key", "store", "alarms", "listen", "logs"})


class ConfigInvalid(ValueError):
    """A configuration that cannot be run; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a witness runs by; paths are absolute. ``alarms`` is a file that alarms are added to."""

    host: str
    port: int
    store: Path
    alarms: Path
    key: NoteKey
    signer: Signer = field(repr=False, compare=False)
    logs: Mapping[str, NoteKey] = field(default_factory=dict)


def read_config(path: Path) -> Config:
    """Read a configuration and its key; raise ConfigInvalid."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise ConfigInvalid(f"ConfigInvalid: {path}: {wrong}") from None
    if unknown := sorted(raw.keys() - _KNOWN):
        raise ConfigInvalid(
            f"ConfigInvalid: {unknown[0]} is no entry; there are {', '.join(sorted(_KNOWN))}"
        )
    folder = path.resolve().parent
    name = _text(raw, "name")
    signer = read_signer(folder / _text(raw, "key"), _text(raw, "suite"))
    host, port = _listen(_text(raw, "listen"))
    try:
        key = note_key(name, _text(raw, "suite"), signer.public, timestamped=True)
    except NoteKeyInvalid as wrong:
        raise ConfigInvalid(f"ConfigInvalid: name: {wrong}") from None
    return Config(
        host,
        port,
        folder / _text(raw, "store"),
        folder / _text(raw, "alarms"),
        key,
        signer,
        _logs(raw.get("logs", []), key),
    )


def _text(raw: Mapping[str, Any], name: str) -> str:
    found = raw.get(name)
    if not isinstance(found, str) or not found:
        raise ConfigInvalid(f"ConfigInvalid: {name}: write it as text")
    return found


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigInvalid(f"ConfigInvalid: listen: {text!r}; write host:port")
    return host.strip("[]"), int(port)


def _logs(raw: Any, own: NoteKey) -> dict[str, NoteKey]:
    if not isinstance(raw, list):
        raise ConfigInvalid("ConfigInvalid: logs: write a list of verifier keys")
    found: dict[str, NoteKey] = {}
    for number, vkey in enumerate(raw):
        try:
            key = read_key(vkey) if isinstance(vkey, str) else None
        except NoteKeyInvalid as wrong:
            raise ConfigInvalid(f"ConfigInvalid: logs[{number}]: {wrong}") from None
        if key is None or key.timestamped or key.suite != own.suite or key.name in found:
            raise ConfigInvalid(
                f"ConfigInvalid: logs[{number}]: the verifier key of a log of suite {own.suite},"
                " each log once"
            )
        found[key.name] = key
    return found


def read_signer(path: Path, suite_name: str) -> Signer:
    """Read a secret key (hex, mode 0600); raise ConfigInvalid."""
    try:
        if path.stat().st_mode & _OTHERS:
            raise ConfigInvalid(
                f"ConfigInvalid: key: {path} may be read by others; end this key, make a new one"
            )
        return suite(suite_name).signer(bytes.fromhex(path.read_text(encoding="ascii")))
    except (OSError, ValueError, KeyInvalid, SuiteUnknown) as wrong:
        if isinstance(wrong, ConfigInvalid):
            raise
        raise ConfigInvalid(f"ConfigInvalid: key: {path}: {wrong}") from None


def make_witness(
    folder: Path, name: str, suite_name: str, listen: str, logs: tuple[str, ...]
) -> Config:
    """Make a key and ``witness.toml`` in a folder; raise ConfigInvalid, OSError.

    Never writes over a key that is there: a witness that loses its key becomes another witness.
    """
    path, secret = folder / "witness.toml", folder / "witness.key"
    if path.exists() or secret.exists():
        raise ConfigInvalid(f"ConfigInvalid: {folder} holds a witness already; choose another")
    for vkey in logs:
        try:
            read_key(vkey)
        except NoteKeyInvalid as wrong:
            raise ConfigInvalid(f"ConfigInvalid: {wrong}") from None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    drawn = _drawn(suite_name)
    public = suite(suite_name).signer(drawn).public
    try:
        note_key(name, suite_name, public, timestamped=True)
    except NoteKeyInvalid as wrong:
        raise ConfigInvalid(f"ConfigInvalid: name: {wrong}") from None
    write_once(secret, drawn.hex().encode(), 0o600)
    listed = "".join(f'  "{vkey}",\n' for vkey in logs)
    path.write_text(
        f'name = "{name}"\nsuite = "{suite_name}"\nkey = "witness.key"\n'
        f'store = "witness.sqlite3"\nalarms = "alarms.jsonl"\nlisten = "{listen}"\n'
        f"# the logs that this witness knows, each by its verifier key\nlogs = [\n{listed}]\n",
        encoding="utf-8",
    )
    return read_config(path)


def _drawn(suite_name: str) -> bytes:
    while True:
        drawn = secrets.token_bytes(_BYTES)
        try:
            suite(suite_name).signer(drawn)
        except KeyInvalid:  # not every number is a key of SM2
            continue
        return drawn
