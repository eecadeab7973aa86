"""What every provider (数源适配) is: one face, one registry, one way to be configured and to fail.

A provider answers questions out of a department's own system. It refuses to be made from a
configuration that it cannot serve, and says what is wrong and how to mend it.
"""

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, cast

from tongban.kernel.wire.words import Found, Question

FailureKind = Literal["unavailable", "timeout", "busy", "broken", "bad_answer"]
FIELD_TYPES = frozenset({"string", "number", "boolean", "date"})
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
_PLACE = re.compile(r"[\w.]+:\w+", re.ASCII)
#: Options that every kind understands; the guard's own are in `guard.GUARDS`.
COMMON = frozenset({"kind", "key", "fields", "guard"})


class ProviderFailed(RuntimeError):
    """A provider gave no answer, by its kind; ``broken``: its breaker is open.

    ``connecting``: the question had not been taken up, so that asking again repeats nothing.
    ``pointer``: for a bad answer, the JSON pointer of what did not fit, never a value. The text is
    for the node's own log and holds no values either.
    """

    def __init__(
        self, kind: FailureKind, detail: str, *, connecting: bool = False, pointer: str = ""
    ) -> None:
        self.kind = kind
        self.detail = detail
        self.connecting = connecting
        self.pointer = pointer
        super().__init__(f"{kind}: {detail}")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault of a provider's configuration: the option, what is wrong with it, and the mend."""

    option: str
    what: str
    mend: str

    def __str__(self) -> str:
        """Write it as one sentence."""
        return f"{self.option}: {self.what}; {self.mend}"


class ProviderConfigInvalid(ValueError):
    """A provider cannot be made from its configuration; ``faults`` say why, all at once."""

    def __init__(self, name: str, faults: Sequence[Wrong]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"ProviderConfigInvalid: providers.{name}: {' / '.join(map(str, faults))}")


class KindTwice(ValueError):
    """Two providers claim one kind."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One provider as configured.

    ``name`` is the service's slug; ``options`` the table of the configuration file as it was read;
    ``folder`` what relative paths are relative to; ``secret`` the node's key (32 bytes) that
    cursors are sealed with. ``types`` are the service's declared field types; an own type in
    ``options`` goes before.
    """

    name: str
    options: Mapping[str, Any]
    folder: Path
    secret: bytes = field(repr=False)
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The kind of provider that is asked for."""
        return str(self.options.get("kind", ""))

    @property
    def key(self) -> tuple[str, ...]:
        """The attributes that select one record."""
        return tuple(self.options["key"])

    def path(self, option: str) -> Path:
        """Give the file that an option names."""
        return self.folder / str(self.options[option])

    def sources(self, member: str) -> dict[str, str]:
        """Give for each attribute where it stands: a bare text, or ``member`` of a table."""
        fields: Mapping[str, Any] = self.options["fields"]
        return {
            name: str(where[member] if isinstance(where, Mapping) else where)
            for name, where in fields.items()
        }

    def declared(self) -> dict[str, str]:
        """Give the type of each field that has one."""
        fields: Mapping[str, Any] = self.options["fields"]
        own = {
            n: str(w["type"]) for n, w in fields.items() if isinstance(w, Mapping) and "type" in w
        }
        return {name: self.types[name] for name in fields if name in self.types} | own


class Provider(Protocol):
    """What answers questions for one service, on pools and threads that are nobody else's.

    ``hears``: it learns of changes from the answers it gets, so each worker knows its own; else
    `changed` asks the source.
    """

    hears: ClassVar[bool]

    @classmethod
    def check_config(cls, setting: Setting) -> list[Wrong]:
        """Say what is wrong with a configuration, and how to mend it; open nothing."""

    def at_once(self, question: Question) -> Found | None:
        """Answer what takes some microseconds and no waiting; None: `ask`. Raises as `ask` does."""

    async def ask(self, question: Question) -> Found:
        """Answer; raise `ProviderFailed`, or `WireRefused` for a cursor that is not its own."""

    def idempotent(self, question: Question) -> bool:
        """Tell whether asking twice is the same as asking once."""

    async def changed(self) -> str | None:
        """Give the instant or day of the last change as ISO text, where the source knows it."""

    async def close(self) -> None:
        """Let go of connections and threads."""


class _Kind(Protocol):
    def __call__(self, setting: Setting) -> Provider: ...

    def check_config(self, setting: Setting) -> list[Wrong]: ...


class Registry:
    """Kinds of provider by name; a module is imported when its kind is first configured.

    >>> kinds = Registry({"file": "some.module:File"})
    >>> kinds.register("file", "other.module:File")
    Traceback (most recent call last):
    tongban.node.providers.base.KindTwice: KindTwice: kind 'file' is some.module:File already; \
choose another name
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places: dict[str, str] = {}
        for kind, place in places.items():
            self.register(kind, place)

    def register(self, kind: str, place: str) -> None:
        """Add a kind, made by ``module:class``; raise KindTwice."""
        if kind in self._places:
            raise KindTwice(
                f"KindTwice: kind {kind!r} is {self._places[kind]} already; choose another name"
            )
        if not _PLACE.fullmatch(place):
            raise ValueError(f"{place!r} is no place of a provider; write module:class")
        self._places[kind] = place

    def build(self, setting: Setting) -> Provider:
        """Make the provider of a setting; raise ProviderConfigInvalid with all that is wrong."""
        if setting.kind not in self._places:
            raise ProviderConfigInvalid(
                setting.name,
                [
                    Wrong(
                        "kind",
                        f"no kind {setting.kind!r}",
                        f"take one of {', '.join(sorted(self._places))}",
                    )
                ],
            )
        module, _, name = self._places[setting.kind].partition(":")
        try:
            kind = cast("_Kind", getattr(importlib.import_module(module), name))
        except ModuleNotFoundError as lacking:
            raise ProviderConfigInvalid(setting.name, [_absent(setting.kind, lacking)]) from lacking
        if faults := kind.check_config(setting):
            raise ProviderConfigInvalid(setting.name, faults)
        return kind(setting)


def _absent(kind: str, lacking: ModuleNotFoundError) -> Wrong:
    extra = {"psycopg": "install tongban with the extra [postgres]"}
    return Wrong(
        "kind",
        f"kind {kind!r} needs the module {lacking.name!r}, which is not installed",
        extra.get(str(lacking.name).partition(".")[0], f"install {lacking.name}"),
    )


#: The one registry of a process.
KINDS = Registry(
    {
        "sqlite": "tongban.node.providers.sqlite:Sqlite",
        "postgresql": "tongban.node.providers.postgresql:Postgresql",
        "http": "tongban.node.providers.http:Http",
    }
)


def check_common(setting: Setting, own: frozenset[str], member: str) -> Iterator[Wrong]:
    """Say what is wrong with what every kind has: key, fields, names of options.

    ``own`` are the options of the kind; ``member`` is what a field's table must hold.
    """
    for name in setting.options.keys() - own - COMMON:
        yield Wrong(name, "no such option", f"take one of {', '.join(sorted(own | COMMON))}")
    if len(setting.secret) < 32:
        yield Wrong("secret", "the node's cursor key is too short", "give 32 random bytes")
    fields = setting.options.get("fields")
    if not isinstance(fields, Mapping) or not fields:
        yield Wrong("fields", "no fields", f"say for each attribute its {member}")
        return
    for name, where in fields.items():
        yield from _check_field(name, where, member)
    key = setting.options.get("key")
    if not isinstance(key, list) or not key or len(set(map(str, key))) != len(key):
        yield Wrong("key", "no record key", "list the attributes that select one record, each once")
    else:
        for name in key:
            if name not in fields:
                yield Wrong("key", f"{name!r} is no field", f"add it to fields with its {member}")


def _check_field(name: str, where: Any, member: str) -> Iterator[Wrong]:
    option = f"fields.{name}"
    if not _ATTRIBUTE.fullmatch(name):
        yield Wrong(option, "no name of an attribute", "write small letters, digits, underscores")
    if isinstance(where, Mapping):
        if not isinstance(where.get(member), str) or where.keys() - {member, "type"}:
            yield Wrong(option, "not understood", f'write {{{member} = "…", type = "…"}}')
        elif where.get("type", "string") not in FIELD_TYPES:
            yield Wrong(option, "no such type", f"take one of {', '.join(sorted(FIELD_TYPES))}")
    elif not isinstance(where, str):
        yield Wrong(option, "not understood", f"write its {member} as a text")
