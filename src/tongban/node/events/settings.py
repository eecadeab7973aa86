"""Reads the table ``events`` of a node's configuration; errors name the key and the mend."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tongban.node.config import Config, ConfigInvalid
from tongban.node.events.words import Bounds, HandOver, Settings

_KNOWN = frozenset({"bounds", "nats", "nats_token_file", "hand_over", "changes"})


def read_settings(config: Config) -> Settings:
    """Give the settings; raise ConfigInvalid."""
    raw = config.events
    for name in raw:
        if name not in _KNOWN:
            raise _wrong(name, "is not known", "correct its name or take it out")
    nats = raw.get("nats", [])
    if not isinstance(nats, list) or not all(
        isinstance(one, str) and urlsplit(one).scheme in {"nats", "tls"} for one in nats
    ):
        raise _wrong("nats", "is no list of addresses", 'write ["nats://host:4222"]')
    token = raw.get("nats_token_file")
    return Settings(
        _bounds(raw.get("bounds", {})),
        tuple(nats),
        config.folder / str(token) if token else None,
        _hand_over(raw.get("hand_over", []), config),
        _changes(raw.get("changes", {}), config),
    )


def _wrong(key: str, what: str, mend: str) -> ConfigInvalid:
    return ConfigInvalid(f"ConfigInvalid: events.{key}: {what}; {mend}")


def _bounds(raw: Any) -> Bounds:
    if not isinstance(raw, Mapping):
        raise _wrong("bounds", "is no table", "write [events.bounds]")
    kinds: dict[str, Any] = {one.name: type(one.default) for one in fields(Bounds)}
    made: dict[str, Any] = {}
    for name, value in raw.items():
        kind = kinds.get(name)
        if kind is None:
            raise _wrong(f"bounds.{name}", "is not known", f"take one of {', '.join(kinds)}")
        if type(value) is not int and type(value) is not kind:
            raise _wrong(f"bounds.{name}", f"{value!r} is no number", "write a number")
        if value <= 0:
            raise _wrong(f"bounds.{name}", f"is {value}", "write a number above 0")
        made[name] = kind(value)
    return Bounds(**made)


def _hand_over(raw: Any, config: Config) -> dict[str, HandOver]:
    if not isinstance(raw, list):
        raise _wrong("hand_over", "is no list", "write [[events.hand_over]]")
    own = {str(one.subsystem) for one in config.clients}
    made: dict[str, HandOver] = {}
    for at, one in enumerate(raw):
        key = f"hand_over[{at}]"
        if not isinstance(one, Mapping) or not one.keys() <= {"client", "url", "token_file"}:
            raise _wrong(key, "has other members", "write client, url and token_file")
        client, url = one.get("client"), one.get("url")
        if client not in own:
            raise _wrong(f"{key}.client", f"{client!r} is none of [[clients]]", "name one of them")
        if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
            raise _wrong(f"{key}.url", "is no address", "write http(s)://host/path")
        token = one.get("token_file")
        made[str(client)] = HandOver(url, config.folder / str(token) if token else None)
    return made


def _changes(raw: Any, config: Config) -> dict[str, Mapping[str, Any]]:
    if not isinstance(raw, Mapping):
        raise _wrong("changes", "is no table", "write [events.changes.<provider>]")
    made: dict[str, Mapping[str, Any]] = {}
    for name, options in raw.items():
        if name not in config.providers:
            raise _wrong(f"changes.{name}", "is no provider here", "name one of [providers.…]")
        if not isinstance(options, Mapping):
            raise _wrong(f"changes.{name}", "is no table", f"write [events.changes.{name}]")
        made[str(config.service(name))] = options
    return made


def secret(path: Path) -> str:
    """Read a token from its file; raise OSError."""
    return path.read_text(encoding="utf-8").strip()
