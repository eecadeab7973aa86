"""The sample bank's configuration: ``bank.toml``, and how one is made (样例银行配置).

Says where the bank listens and which merchants it knows, each by its public key. Refuses what it
does not know, and a key that others may read.
"""

import json
import secrets
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tongban.kernel.suites import KeyInvalid, Signer, SuiteUnknown, Verifier, suite
from tongban.kernel.wire.documents import key_id
from tongban.ports.files import write_once, write_whole

_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KNOWN = frozenset({"name", "suite", "key", "store", "listen", "merchants"})
_MERCHANT = frozenset({"id", "suite", "key", "notify"})


class ConfigInvalid(ValueError):
    """A configuration that cannot be run; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who may have payments collected (商户): its key, and where it is told (empty: nowhere)."""

    id: str
    suite: str
    public: bytes
    verifier: Verifier = field(repr=False, compare=False)
    notify: str = ""

    @property
    def keyid(self) -> str:
        """The id of its key, as it signs with it."""
        return key_id(self.id, suite(self.suite), self.public)


@dataclass(frozen=True, slots=True)
class Config:
    """What a bank runs by; ``store`` is absolute."""

    name: str
    suite: str
    host: str
    port: int
    store: Path
    signer: Signer = field(repr=False, compare=False)
    merchants: Mapping[str, Merchant] = field(default_factory=dict)

    @property
    def keyid(self) -> str:
        """The id of the bank's own key."""
        return key_id(self.name, suite(self.suite), self.signer.public)


def _wrong(why: str) -> ConfigInvalid:
    return ConfigInvalid(f"ConfigInvalid: {why}")


def read_config(path: Path) -> Config:
    """Read a configuration and its key; raise ConfigInvalid."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise _wrong(f"{path}: {wrong}") from None
    if unknown := sorted(raw.keys() - _KNOWN):
        raise _wrong(f"{unknown[0]} is no entry; there are {', '.join(sorted(_KNOWN))}")
    folder = path.resolve().parent
    by = _text(raw, "suite")
    host, port = read_listen(_text(raw, "listen"))
    merchants = raw.get("merchants", [])
    if not isinstance(merchants, list):
        raise _wrong("merchants: write [[merchants]] tables")
    known = [_merchant(one) for one in merchants]
    return Config(
        _text(raw, "name"),
        by,
        host,
        port,
        folder / _text(raw, "store"),
        _signer(folder / _text(raw, "key"), by),
        {one.id: one for one in known},
    )


def _text(raw: Mapping[str, Any], name: str) -> str:
    found = raw.get(name)
    if not isinstance(found, str) or not found:
        raise _wrong(f"{name}: write it as text")
    return found


def read_listen(text: str) -> tuple[str, int]:
    """Read ``host:port``; raise ConfigInvalid."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise _wrong(f"listen: {text!r}; write host:port")
    return host.strip("[]"), int(port)


def _merchant(raw: Any) -> Merchant:
    if not isinstance(raw, dict) or raw.keys() - _MERCHANT:
        raise _wrong(f"merchants: each has {', '.join(sorted(_MERCHANT))}")
    notify = raw.get("notify", "")
    if not isinstance(notify, str) or (notify and urlsplit(notify).scheme not in {"http", "https"}):
        raise _wrong("merchants: notify is an address that begins with http:// or https://")
    try:
        public = bytes.fromhex(_text(raw, "key"))
        verifier = suite(_text(raw, "suite")).verifier(public)
    except (ValueError, KeyInvalid, SuiteUnknown) as wrong:
        if isinstance(wrong, ConfigInvalid):
            raise
        raise _wrong(f"merchants: key: {wrong}") from None
    return Merchant(_text(raw, "id"), _text(raw, "suite"), public, verifier, notify)


def _signer(path: Path, by: str) -> Signer:
    try:
        if path.stat().st_mode & _OTHERS:
            raise _wrong(f"key: {path} may be read by others; end this key, make a new one")
        return suite(by).signer(bytes.fromhex(path.read_text(encoding="ascii")))
    except (OSError, ValueError, KeyInvalid, SuiteUnknown) as wrong:
        if isinstance(wrong, ConfigInvalid):
            raise
        raise _wrong(f"key: {path}: {wrong}") from None


def make_bank(folder: Path, name: str, suite_name: str, listen: str) -> Config:
    """Make a key and ``bank.toml`` in a folder; raise ConfigInvalid, OSError.

    Never writes over a key that is there.
    """
    path, secret = folder / "bank.toml", folder / "bank.key"
    if path.exists() or secret.exists():
        raise _wrong(f"{folder} holds a bank already; choose another")
    read_listen(listen)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_once(secret, _drawn(suite_name).hex().encode(), 0o600)
    _write(path, name, suite_name, listen, [])
    return read_config(path)


def admit(path: Path, merchant: Merchant, listen: str = "") -> Config:
    """Write a merchant into the configuration, over an older entry of its id; raise ConfigInvalid.

    ``listen`` moves the bank to another address.
    """
    held = read_config(path)
    known = {**held.merchants, merchant.id: merchant}
    shown = f"[{held.host}]" if ":" in held.host else held.host
    _write(path, held.name, held.suite, listen or f"{shown}:{held.port}", list(known.values()))
    return read_config(path)


def _write(path: Path, name: str, by: str, listen: str, merchants: list[Merchant]) -> None:
    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)  # a basic string of TOML is one of JSON

    listed = "".join(
        f"\n[[merchants]]\nid = {text(m.id)}\nsuite = {text(m.suite)}\n"
        f"key = {text(m.public.hex())}\nnotify = {text(m.notify)}\n"
        for m in merchants
    )
    head = (
        f'name = {text(name)}\nsuite = {text(by)}\nkey = "bank.key"\nstore = "bank.sqlite3"\n'
        f"listen = {text(listen)}\n"
    )
    write_whole(path, (head + listed).encode())


def _drawn(suite_name: str) -> bytes:
    while True:
        drawn = secrets.token_bytes(_BYTES)
        try:
            suite(suite_name).signer(drawn)
        except KeyInvalid:  # not every number is a key of SM2
            continue
        return drawn
