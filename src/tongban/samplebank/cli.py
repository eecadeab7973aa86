"""``tongban bank``: make a sample bank, tell it of a merchant, run it, let it err (样例银行)."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from tongban.kernel.suites import SUITES, KeyInvalid, suite
from tongban.samplebank import server
from tongban.samplebank.config import (
    ConfigInvalid,
    Merchant,
    admit,
    make_bank,
    read_config,
    read_listen,
)
from tongban.samplebank.store import FAULTS, Store

_CONFIG = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("bank.toml"),
    show_default=True,
)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default="sample-bank", show_default=True)
@click.option("--suite", "suite_name", type=click.Choice(sorted(SUITES)), default="std")
@click.option("--listen", default="127.0.0.1:7401", show_default=True)
def init(folder: Path, name: str, suite_name: str, listen: str) -> None:
    """Make a key and bank.toml in FOLDER, and print the bank's public key."""
    try:
        made = make_bank(folder, name, suite_name, listen)
    except ConfigInvalid as wrong:
        raise click.ClickException(str(wrong)) from None
    click.echo(f"{suite_name}:{made.signer.public.hex()}")


@click.command("admit")
@click.argument("merchant")
@click.argument("key", metavar="SUITE:HEX")
@click.option("--notify", default="", help="Where the merchant is told of payments.")
@_CONFIG
def admit_(merchant: str, key: str, notify: str, path: Path) -> None:
    """Let MERCHANT have payments collected; it signs with the key."""
    name, _, public = key.partition(":")
    try:
        raw = bytes.fromhex(public)
        admit(path, Merchant(merchant, name, raw, suite(name).verifier(raw), notify))
    except (ConfigInvalid, KeyInvalid, ValueError, LookupError) as wrong:
        raise click.ClickException(str(wrong)) from None


@click.command()
@_CONFIG
@click.option("--listen", default="", help="Another address than the configuration's.")
def run(path: Path, listen: str) -> None:
    """Run the sample bank until it is stopped."""
    try:
        config = read_config(path)
        if listen:
            host, port = read_listen(listen)
            config = replace(config, host=host, port=port)
        server.serve(config)
    except (ConfigInvalid, sqlite3.Error) as wrong:
        raise click.ClickException(str(wrong)) from None


@click.command()
@click.argument("kind", type=click.Choice(FAULTS))
@_CONFIG
def fault(kind: str, path: Path) -> None:
    """Let the bank make one fault at the next occasion, for a test or a rehearsal."""
    try:
        with closing(Store(read_config(path).store)) as store:
            store.plan_fault(kind)
    except (ConfigInvalid, sqlite3.Error) as wrong:
        raise click.ClickException(str(wrong)) from None
