"""A node's configuration: one TOML file without secrets, and key files that only it may read.

Refuses what it does not know and what is unsafe; each error names the key of the file and the mend.
"""

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tongban.kernel.suites import KeyInvalid, SuiteUnknown, suite
from tongban.kernel.wire.documents import key_id
from tongban.kernel.wire.words import Identifier, IdentifierInvalid
from tongban.node.core import Identity
from tongban.node.providers.base import Setting

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
T = TypeVar("T")


class ConfigInvalid(ValueError):
    """The configuration does not serve; the text names the key and the mend."""


def _wrong(key: str, what: str, mend: str) -> ConfigInvalid:
    return ConfigInvalid(f"ConfigInvalid: {key}: {what}; {mend}")


@dataclass(frozen=True, slots=True)
class Listen:
    """Where a listener listens; the files of a certificate, where it speaks TLS itself."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """A system of the node's own: its subsystem, and the SHA-256 of its token in hex."""

    subsystem: Identifier
    token_sha256: str


@dataclass(frozen=True, slots=True)
class ControlKey:
    """The pinned public key of the control plane."""

    id: str
    suite: str
    public: bytes


@dataclass(frozen=True, slots=True)
class Control:
    """Where snapshot and feed come from: an address, or two files (offline); times in seconds."""

    keys: tuple[ControlKey, ...]
    url: str = ""
    snapshot_file: Path | None = None
    revocations_file: Path | None = None
    every: float = 1.0
    timeout: float = 5.0
    looks: bool = True


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that is read of one message, in bytes, and of connections."""

    body: int = 1_048_576
    headers: int = 32_768
    answer: int = 16_777_216
    connections: int = 2_000


@dataclass(frozen=True, slots=True)
class Peers:
    """How other nodes are asked; times in seconds, ``at_once`` calls to each node together."""

    connect: float = 2.0
    timeout: float = 10.0
    at_once: int = 64
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """The log: its folder of checkpoints, how often one is made, whether bodies are kept."""

    checkpoints: Path
    every_rows: int = 1_000
    every_seconds: float = 60.0
    bodies: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """Key files, each 32 bytes in hex (mode 0600)."""

    suite: str
    signing: Path
    subjects: Path
    cursors: Path
    records: Path


@dataclass(frozen=True, slots=True)
class Config:
    """One node as configured; ``members`` are credit codes, the first one owns the key."""

    id: str
    instance: str
    member_class: str
    members: tuple[str, ...]
    workers: int
    state: Path
    keys: Keys
    control: Control
    outer: Listen
    inner: Listen
    clients: tuple[Client, ...]
    log: Log
    bounds: Bounds
    peers: Peers
    limits: Mapping[str, Any]
    providers: Mapping[str, Mapping[str, Any]]
    events: Mapping[str, Any]
    folder: Path
    source: Path = field(repr=False)

    @property
    def member(self) -> str:
        """The member whose key signs."""
        return self.members[0]

    @property
    def store(self) -> Path:
        """The file of the log."""
        return self.state / "log.sqlite3"

    def identity(self) -> Identity:
        """Read the keys that the core needs; raise ConfigInvalid."""
        by = suite(self.keys.suite)
        try:
            signer = by.signer(read_secret(self.keys.signing, "keys.signing"))
        except KeyInvalid as wrong:
            raise _wrong("keys.signing", str(wrong), "make one by tongban node init") from None
        subject = read_secret(self.keys.subjects, "keys.subjects")
        return Identity(self.id, key_id(self.member, by, signer.public), by, signer, subject)

    def service(self, name: str) -> Identifier:
        """Give the id of the service that the table ``providers.<name>`` serves."""
        options = self.providers[name]
        given = options.get(
            "service", f"{self.instance}/{self.member_class}/{self.member}/data/{name}"
        )
        try:
            found = Identifier.parse(str(given))
        except IdentifierInvalid as wrong:
            raise _wrong(f"providers.{name}.service", str(wrong), "write all five parts") from None
        if not found.service or found.member not in self.members:
            raise _wrong(
                f"providers.{name}.service",
                f"{found} is no service of a member of this node",
                "add the member to members, or name a service of one that is there",
            )
        return found

    def settings(self) -> dict[str, Setting]:
        """Give the provider of each service id; raise ConfigInvalid."""
        secret = read_secret(self.keys.cursors, "keys.cursors")
        made: dict[str, Setting] = {}
        for name, options in self.providers.items():
            service = str(self.service(name))
            if service in made:
                raise _wrong(f"providers.{name}", f"{service} has two providers", "keep one")
            own = {key: value for key, value in options.items() if key != "service"}
            made[service] = Setting(name, own, self.folder, secret)
        return made


def read_secret(path: Path, key: str) -> bytes:
    """Read 32 bytes in hex from a file that nobody else may read; raise ConfigInvalid."""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii")
        found = bytes.fromhex(text.strip())
    except OSError as wrong:
        raise _wrong(key, f"{path}: {wrong.strerror}", "make one by tongban node init") from None
    except ValueError:
        raise _wrong(key, f"{path} holds no hex", "make one by tongban node init") from None
    if mode & _OTHERS:
        raise _wrong(key, f"{path} may be read by others", "chmod 600, and change the key")
    if len(found) != 32:
        raise _wrong(key, f"{path} has {len(found)} bytes, not 32", "make one by tongban node init")
    return found


class _Table:
    """A table of the file that is read key by key; what is left over is refused."""

    def __init__(self, raw: Any, where: str, folder: Path) -> None:
        if not isinstance(raw, Mapping):
            raise _wrong(where, "is no table", f"write [{where}]")
        self._raw = dict(raw)
        self._where = where
        self.folder = folder

    def at(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Give a value of this kind; raise ConfigInvalid."""
        value = self._raw.pop(key, default)
        if value is None:
            raise _wrong(self.at(key), "is missing", f"write {key} = …")
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise _wrong(self.at(key), f"is no {_KINDS[kind]}", f"write a {_KINDS[kind]}")
        if kind in {int, float} and value <= 0:  # type: ignore[operator]
            raise _wrong(self.at(key), f"is {value}", "write a number above 0")
        return value

    def path(self, key: str, default: str | None = None) -> Path:
        return self.folder / self.take(key, str, default)

    def path_or_none(self, key: str) -> Path | None:
        return self.path(key) if key in self._raw else None

    def table(self, key: str) -> "_Table":
        return _Table(self._raw.pop(key, {}), self.at(key), self.folder)

    def tables(self, key: str) -> list["_Table"]:
        listed = self.take(key, list, [])
        return [_Table(one, f"{self.at(key)}[{at}]", self.folder) for at, one in enumerate(listed)]

    def rest(self) -> dict[str, Any]:
        return self._raw

    def end(self) -> None:
        """Refuse what nobody took."""
        for key in self._raw:
            raise _wrong(self.at(key), "is not known", "correct its name or take it out")

    def numbers(self, kind: type[T], **more: Any) -> T:
        """Make a dataclass of numbers, its defaults standing for what is not written."""
        given = {
            one.name: self.take(one.name, type(one.default), one.default)
            for one in fields(kind)  # type: ignore[arg-type]
            if one.name not in more
        }
        self.end()
        return kind(**given, **more)


_KINDS: Mapping[type, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    list: "list",
    dict: "table",
}


def read_config(path: Path) -> Config:
    """Read a configuration file; paths in it are relative to its folder. Raise ConfigInvalid."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise _wrong(str(path), wrong.strerror or "cannot be read", "see --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise _wrong(str(path), f"is no TOML ({wrong})", "correct that line") from None
    folder = path.resolve().parent
    top = _Table(raw, "", folder)
    members = tuple(map(str, top.take("members", list)))
    instance, member_class = top.take("instance", str), top.take("member_class", str, "GOV")
    if not members:
        raise _wrong("members", "names nobody", "name the credit code of a member")
    for member in members:
        try:
            Identifier(instance, member_class, member, "data")
        except IdentifierInvalid as wrong:
            raise _wrong("instance, member_class, members", str(wrong), "correct it") from None
    state = top.path("state", "state")
    log = top.table("log")
    config = Config(
        id=top.take("id", str),
        instance=instance,
        member_class=member_class,
        members=members,
        workers=top.take("workers", int, 1),
        state=state,
        keys=_keys(top.table("keys")),
        control=_control(top.table("control")),
        outer=_listen(top.table("outer"), "127.0.0.1:7001"),
        inner=_listen(top.table("inner"), "127.0.0.1:7101"),
        clients=tuple(_client(one, members) for one in top.tables("clients")),
        log=log.numbers(Log, checkpoints=log.path("checkpoints", "checkpoints")),
        bounds=top.table("bounds").numbers(Bounds),
        peers=_peers(top.table("peers")),
        limits=top.table("limits").rest(),
        providers=_providers(top.table("providers")),
        events=top.table("events").rest(),
        folder=folder,
        source=path.resolve(),
    )
    top.end()
    return config


def _keys(table: _Table) -> Keys:
    name = table.take("suite", str, "std")
    try:
        suite(name)
    except SuiteUnknown as wrong:
        raise _wrong("keys.suite", str(wrong), "write std or gm") from None
    made = Keys(
        name,
        table.path("signing", "keys/signing.key"),
        table.path("subjects", "keys/subjects.key"),
        table.path("cursors", "keys/cursors.key"),
        table.path("records", "keys/records.key"),
    )
    table.end()
    return made


def _control(table: _Table) -> Control:
    keys = tuple(map(_control_key, table.tables("keys")))
    if not keys:
        raise _wrong("control.keys", "no key is pinned", "add [[control.keys]] as init wrote it")
    made = Control(
        keys,
        table.take("url", str, "").rstrip("/"),
        table.path_or_none("snapshot_file"),
        table.path_or_none("revocations_file"),
        table.take("every", float, 1.0),
        table.take("timeout", float, 5.0),
        table.take("looks", bool, True),  # noqa: FBT003 - a default of the file
    )
    table.end()
    if bool(made.url) == (made.snapshot_file is not None):
        raise _wrong("control", "needs one source", "write url, or snapshot_file for offline work")
    if made.url and urlsplit(made.url).scheme not in {"http", "https"}:
        raise _wrong("control.url", "is no address", "write http(s)://host[:port]")
    return made


def _control_key(table: _Table) -> ControlKey:
    name, public = table.take("suite", str), table.take("public", str)
    try:
        made = ControlKey(table.take("id", str), name, bytes.fromhex(public))
        suite(name).verifier(made.public)
    except (ValueError, KeyInvalid, SuiteUnknown) as wrong:
        raise _wrong(table.at("public"), str(wrong), "copy it from the control plane") from None
    table.end()
    return made


def _listen(table: _Table, default: str) -> Listen:
    told = table.take("listen", str, default)
    host, _, port = told.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise _wrong(table.at("listen"), f"{told!r} is no place", "write host:port")
    made = Listen(
        host.strip("[]"), int(port), table.path_or_none("certificate"), table.path_or_none("key")
    )
    table.end()
    if (made.certificate is None) != (made.key is None):
        raise _wrong(table.at("key"), "certificate and key go together", "write both or none")
    return made


def _client(table: _Table, members: tuple[str, ...]) -> Client:
    told, digest = table.take("client", str), table.take("token_sha256", str)
    try:
        subsystem = Identifier.parse(told)
    except IdentifierInvalid as wrong:
        raise _wrong(table.at("client"), str(wrong), "correct it") from None
    if subsystem.service or subsystem.member not in members:
        raise _wrong(table.at("client"), f"{told} is no subsystem of this node", "name its own")
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise _wrong(
            table.at("token_sha256"), "is no SHA-256", "write 64 hex digits of the token's"
        )
    table.end()
    return Client(subsystem, digest)


def _peers(table: _Table) -> Peers:
    ca = table.path_or_none("ca")
    return table.numbers(Peers, ca=ca)


def _providers(table: _Table) -> Mapping[str, Mapping[str, Any]]:
    for name, options in table.rest().items():
        if not isinstance(options, Mapping):
            raise _wrong(table.at(name), "is no table", f"write [providers.{name}]")
    return table.rest()
