"""The card of a node, which ``tongban node init`` wrote: the public keys by which it is known."""

import json
from dataclasses import dataclass
from pathlib import Path

import click

from tongban.kernel.suites import KeyInvalid, SuiteUnknown, Verifier, suite
from tongban.kernel.wire.documents import key_id


@dataclass(frozen=True, slots=True)
class CardKey:
    """A public key of a card, ready to check."""

    suite: str
    verifier: Verifier


def keys_of(card: Path) -> dict[str, CardKey]:
    """Give a card's keys by their ids; raise ClickException."""
    try:
        read = json.loads(card.read_bytes())
        made: dict[str, CardKey] = {}
        for key in read["keys"]:
            by, public = suite(key["suite"]), bytes.fromhex(key["public"])
            name = key_id(read["members"][0], by, public)
            made[name] = CardKey(key["suite"], by.verifier(public))
    except (OSError, ValueError, KeyError, TypeError, KeyInvalid, SuiteUnknown) as wrong:
        raise click.ClickException(f"{card} is no card of a node ({wrong})") from wrong
    return made
