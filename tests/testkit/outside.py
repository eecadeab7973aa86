"""Whom a served city deals with: the bank that fees are paid at, and a foreign provider of sign-in.

The bank is a process of its own; the provider is the city itself, as a client of itself.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from testkit.banks import RunningBank, set_up
from tongban.config.keeper import Keeper
from tongban.config.servers import free_port
from tongban.samplebank.config import admit, read_config

BANK = "bank-of-states"  # the folder of the bank
SECRET = "secret-of-own"  # the file of what the city shows itself as its provider
OWN = "http://127.0.0.1:9/own"  # where the provider leads back to, until the city has an address
PROVIDERS = "providers.json"


@contextmanager
def bank_of(home: Path, environment: Mapping[str, str]) -> Iterator[RunningBank]:
    """Run the bank that was made with the city in ``home``, on a port of this copy's own."""
    config, port = home / BANK / "bank.toml", free_port()
    known = next(iter(read_config(config).merchants.values()))
    admit(config, known, f"127.0.0.1:{port}")
    with Keeper() as keeper:
        bank = RunningBank(home / BANK, port, keeper, environment=dict(environment))
        set_up(home / "fees.toml", bank.entry)
        bank.start()
        yield bank


def be_own_provider(home: Path, database: Path, origin: str, client: str) -> None:
    """Let people of the city at ``origin`` sign in to it with their account in it."""
    back = f"{origin}/sign-in/with/own/back"
    with closing(sqlite3.connect(database)) as store:
        moved = store.execute(
            "UPDATE parties_client SET redirect_uris = ? WHERE client_id = ?", (back, client)
        )
        assert moved.rowcount == 1
        store.commit()
    provider = {
        "name": "own",
        "plugin": "openid",
        "title": {"zh": "本市统一身份", "en": "the city's identity"},
        "most": 2,
        "options": {
            "issuer": f"{origin}/o",
            "client_id": client,
            "secret_file": str(home / SECRET),
            "scopes": "openid profile",
        },
    }
    (home / PROVIDERS).write_text(json.dumps([provider]), encoding="utf-8")
