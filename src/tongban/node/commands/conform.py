"""``tongban exchange conform``: what an endpoint lacks, clause by clause."""

import asyncio
import json
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from tongban.kernel.suites import KeyInvalid, SuiteUnknown, Verifier, suite
from tongban.kernel.wire.words import Caller, Identifier, IdentifierInvalid, Plain
from tongban.node import clock
from tongban.node.commands.cards import keys_of
from tongban.node.config import ConfigInvalid, read_secret
from tongban.node.conform import (
    Credentials,
    Finding,
    as_json,
    as_text,
    conform_interface,
    conform_peer,
)
from tongban.node.conform.interface import for_endpoint
from tongban.node.providers.base import Setting

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("url")
@click.option("--provider", help="An interface: the table [providers.<name>] that reads it.")
@click.option("--config", type=_FILE, help="The file with that table.")
@click.option("--unknown", multiple=True, help="An interface: attr=value that no record has.")
@click.option("--within", default=1.0, show_default=True, help="Seconds for 95 of 100 answers.")
@click.option("--service", help="A node: instance/class/member/subsystem/service that it serves.")
@click.option("--client", help="A node: the client subsystem to ask as.")
@click.option("--key-file", type=_FILE, help="A node: the client's secret key in hex.")
@click.option("--suite", "suite_name", default="std", show_default=True, help="Of that key.")
@click.option("--purpose", multiple=True, help="A node: a purpose of the grant.")
@click.option("--field", "fields", multiple=True, help="A node: a field that is granted.")
@click.option("--public", multiple=True, help="A node: keyid=hex of a key it signs with.")
@click.option("--card", "cards", type=_FILE, multiple=True, help="A node: its card, for the same.")
@click.option("--key", "keys", multiple=True, help="attr=value of a record that exists.")
@click.option("--json", "plain", is_flag=True, help="Findings as JSON.")
def conform(
    url: str,
    provider: str | None,
    config: Path | None,
    unknown: tuple[str, ...],
    within: float,
    service: str | None,
    client: str | None,
    key_file: Path | None,
    suite_name: str,
    purpose: tuple[str, ...],
    fields: tuple[str, ...],
    public: tuple[str, ...],
    cards: tuple[Path, ...],
    keys: tuple[str, ...],
    *,
    plain: bool,
) -> None:
    """Try an endpoint at URL: an interface (--provider) or a node (--service).

    Ends with 1 if a clause is not met.
    """
    if (provider is None) == (service is None):
        raise click.UsageError("give --provider for an interface, or --service for a node")
    known = _pairs(keys)
    if provider is not None:
        if config is None:
            raise click.UsageError("give --config, the file with the table [providers.<name>]")
        setting = for_endpoint(_setting(config, provider), url)
        findings = asyncio.run(
            conform_interface(setting, known or None, _pairs(unknown) or None, within)
        )
    else:
        credentials = None
        if client is not None and key_file is not None:
            credentials = _credentials(client, key_file, suite_name, purpose, fields, public, known)
            for card in cards:
                told = {name: (key.suite, key.verifier) for name, key in keys_of(card).items()}
                credentials = replace(credentials, peers={**credentials.peers, **told})
        findings = asyncio.run(
            conform_peer(url.rstrip("/"), _identifier(str(service)), credentials, clock.now)
        )
    _show(findings, plain=plain)


def _show(findings: Sequence[Finding], *, plain: bool) -> None:
    if plain:
        click.echo(json.dumps(as_json(findings), ensure_ascii=False, indent=1))
    else:
        click.echo(as_text(findings))
    if any(finding.state == "not met" for finding in findings):
        raise SystemExit(1)


def _pairs(given: Sequence[str]) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{text!r}: write attribute=value")
        found[name] = value
    return found


def _identifier(text: str) -> Identifier:
    try:
        return Identifier.parse(text)
    except IdentifierInvalid as wrong:
        raise click.UsageError(str(wrong)) from wrong


def _setting(config: Path, provider: str) -> Setting:
    try:
        table = tomllib.loads(config.read_text(encoding="utf-8"))["providers"][provider]
    except (ValueError, KeyError, TypeError) as wrong:
        raise click.ClickException(f"{config}: no table [providers.{provider}]") from wrong
    options = {name: value for name, value in dict(table).items() if name != "service"}
    if options.get("kind") != "http":
        raise click.ClickException(f"[providers.{provider}] is not of kind http")
    return Setting(provider, options, config.parent, secrets.token_bytes(32))


def _credentials(
    client: str,
    key_file: Path,
    suite_name: str,
    purposes: tuple[str, ...],
    fields: tuple[str, ...],
    public: tuple[str, ...],
    key: dict[str, Plain],
) -> Credentials:
    if not (purposes and fields and key):
        raise click.UsageError("a client asks for something: give --purpose, --field and --key")
    caller = _identifier(client)
    try:
        by = suite(suite_name)
        signer = by.signer(read_secret(key_file, "--key-file"))
        peers = dict(_public(text) for text in public)
    except (ConfigInvalid, KeyInvalid, SuiteUnknown, ValueError) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    keyid = f"{caller.member}/{by.name}/{by.digest(signer.public).hex()[:16]}"
    return Credentials(
        Caller(caller, "conform", purposes), keyid, by.name, signer, key, fields, peers
    )


def _public(text: str) -> tuple[str, tuple[str, Verifier]]:
    keyid, equals, raw = text.partition("=")
    if not equals or keyid.count("/") != 2:
        raise click.UsageError(f"{text!r}: write member/suite/digits=hex")
    name = keyid.split("/")[1]
    return keyid, (name, suite(name).verifier(bytes.fromhex(raw)))
