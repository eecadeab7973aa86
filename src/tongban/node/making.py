"""Makes a node: its keys (mode 0600), its configuration with comments, and its card (建节点).

Never writes over what is there. Secrets lie in files of their own; the configuration and the card
hold none.
"""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from tongban.kernel.events import canonical
from tongban.kernel.suites import KeyInvalid, suite
from tongban.kernel.wire.documents import key_id
from tongban.kernel.wire.words import Identifier, IdentifierInvalid
from tongban.node.config import ConfigInvalid
from tongban.ports.files import write_once

_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewNode:
    """What a node is made from; ``address`` is where other nodes reach its outer listener.

    ``systems`` are the subsystems of the first member that get a token; ``control`` is the address
    of the control plane.
    """

    id: str
    instance: str
    members: tuple[str, ...]
    suite: str = "std"
    member_class: str = "GOV"
    outer: str = "127.0.0.1:7001"
    inner: str = "127.0.0.1:7101"
    address: str = ""
    control: str = "http://127.0.0.1:8000"
    systems: tuple[str, ...] = ("tongban",)


@dataclass(frozen=True, slots=True)
class MadeNode:
    """What was made: the configuration, the card to register by, and the id of the key."""

    config: Path
    card: Path
    keyid: str


def make_node(folder: Path, new: NewNode) -> MadeNode:
    """Make keys, tokens, configuration and card in a folder; raise ConfigInvalid, OSError."""
    try:
        for member in new.members:
            for system in (*new.systems, "data"):
                Identifier(new.instance, new.member_class, member, system)
    except IdentifierInvalid as wrong:
        raise ConfigInvalid(f"ConfigInvalid: {wrong}") from None
    if not new.members:
        raise ConfigInvalid("ConfigInvalid: members: names nobody; name a credit code")
    config, card = folder / "node.toml", folder / "card.json"
    if config.exists():
        raise ConfigInvalid(f"ConfigInvalid: {config} is there already; choose another folder")
    by = suite(new.suite)
    (folder / "keys").mkdir(mode=0o700, parents=True, exist_ok=True)
    signing = _signing(new.suite)
    _secret(folder / "keys" / "signing.key", signing)
    for name in ("subjects", "cursors", "records"):
        _secret(folder / "keys" / f"{name}.key", secrets.token_bytes(_BYTES))
    (folder / "tokens").mkdir(mode=0o700, exist_ok=True)
    clients = "".join(_client(folder, new, system) for system in new.systems)
    public = by.signer(signing).public
    card.write_bytes(
        canonical(
            {
                "id": new.id,
                "address": new.address or f"http://{new.outer}",
                "members": list(new.members),
                "keys": [{"suite": new.suite, "public": public.hex()}],
            }
        )
        + b"\n"
    )
    members = ", ".join(f'"{member}"' for member in new.members)
    config.write_text(_CONFIG.format(new=new, members=members, clients=clients), encoding="utf-8")
    return MadeNode(config, card, key_id(new.members[0], by, public))


def _signing(name: str) -> bytes:
    while True:
        drawn = secrets.token_bytes(_BYTES)
        try:
            suite(name).signer(drawn)
        except KeyInvalid:  # not every number is a key of SM2
            continue
        return drawn


def _secret(path: Path, content: bytes) -> None:
    write_once(path, f"{content.hex()}\n".encode(), 0o600)


def _client(folder: Path, new: NewNode, system: str) -> str:
    token = secrets.token_bytes(_BYTES)
    _secret(folder / "tokens" / f"{system}.token", token)
    digest = hashlib.sha256(token.hex().encode()).hexdigest()
    subsystem = f"{new.instance}/{new.member_class}/{new.members[0]}/{system}"
    return f"""
# The token of this system is in tokens/{system}.token; hand it over and delete it here.
[[clients]]
client = "{subsystem}"
token_sha256 = "{digest}"
"""


_CONFIG = """\
# A node of the exchange (交换节点). Paths are relative to this file; it holds no secrets.
# tongban node run --config node.toml

id = "{new.id}"                     # the name it is registered by
instance = "{new.instance}"
member_class = "{new.member_class}"
members = [{members}]               # whom it speaks for; the first one owns the key
workers = 1                         # processes on one log; one for each core that it may use
state = "state"                     # the log, and the last good snapshot

[keys]                              # 32 bytes each in hex, mode 0600; keep a copy offline
suite = "{new.suite}"               # std: Ed25519 with SHA-256; gm: SM2 with SM3
signing = "keys/signing.key"
subjects = "keys/subjects.key"      # turns a person's number into a mark on the log
cursors = "keys/cursors.key"
records = "keys/records.key"        # wraps the keys of kept bodies

[outer]                             # other nodes; put TLS in front, or name certificate and key
listen = "{new.outer}"

[inner]                             # own systems, by token; never open it to the outside
listen = "{new.inner}"

[control]                           # where the signed snapshot and the revocations come from
url = "{new.control}"
every = 1.0                         # seconds between two pulls

# The pinned key of the control plane: tongban exchange node control-key prints these lines.
# [[control.keys]]
# id = ""
# suite = ""
# public = ""

[log]
checkpoints = "checkpoints"         # better: a disk that the store's owner cannot write
every_rows = 1000
every_seconds = 60.0
bodies = false                      # true: keep bodies too, sealed, each erasable
{clients}
# What is served here, one table a service (docs: Providers).
# [providers.births]
# kind = "sqlite"
# file = "births.sqlite"
# table = "births"
# key = ["id_number"]
# fields = {{ id_number = "id_no", name = "name" }}
"""
