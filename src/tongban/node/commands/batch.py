"""``tongban exchange batch``: a whole register as files with a signed manifest, and their check.

Exporting walks through the node's inner listener, under a grant for bulk, each page a logged call.
Checking needs no network: the files and the card of the node that signed.
"""

import http.client
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tongban.kernel.events import canonical, instant
from tongban.kernel.suites import Suite, suite
from tongban.kernel.wire.documents import DocumentInvalid, open_document
from tongban.kernel.wire.words import Identifier, IdentifierInvalid
from tongban.node import clock
from tongban.node.commands.cards import CardKey, keys_of
from tongban.node.commands.node import told
from tongban.node.config import read_config
from tongban.node.events.manifests import FORMAT
from tongban.node.events.parts import MANIFEST, BatchInvalid, Folder, Progress, faults

_PATIENCE = 60.0
_TRIES = 8
_PASSING = frozenset({429, 502, 503, 504})
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Node:
    """The inner listener of the node that walks."""

    host: str
    port: int
    token: str

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Send; raise OSError or HTTPException where nobody answers."""
        link = http.client.HTTPConnection(self.host, self.port, timeout=_PATIENCE)
        try:
            link.request(
                "POST",
                path,
                body,
                {
                    "authorization": f"Bearer {self.token}",
                    "content-type": "application/json",
                    **{name.replace("_", "-"): value for name, value in headers.items()},
                },
            )
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()

    def patiently(self, path: str, body: bytes, **headers: str) -> tuple[bytes, str]:
        """Send until there is an answer that waiting does not change; give it and the call."""
        wrong = ""
        for attempt in range(_TRIES):
            call = uuid.uuid4().hex
            try:
                status, read = self.post(path, body, x_road_id=call, **headers)
            except (OSError, http.client.HTTPException) as error:
                wrong = f"no node answers at {self.host}:{self.port} ({error})"
            else:
                if status == 200:
                    return read, call
                wrong = _problem(status, read)
                if status not in _PASSING:
                    break
            time.sleep(min(30.0, 0.5 * 2**attempt))
        raise click.ClickException(f"{wrong}; call the same command again to go on")


def _problem(status: int, body: bytes) -> str:
    try:
        read = json.loads(body)
    except ValueError:
        return f"status {status}"
    return f"{read.get('type', status)}: {read.get('zh', '')} / {read.get('en', '')}"


@click.group()
def batch() -> None:
    """Whole registers as files with a signed manifest (批量文件)."""


@batch.command()
@click.argument("service")
@click.option("--purpose", "purposes", multiple=True, required=True, help="A purpose's code.")
@click.option("--field", "fields", multiple=True, required=True, help="A field of the records.")
@click.option("-o", "folder", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=Path("node.toml"),
    show_default=True,
    help="The node that asks.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The token of the asking system.",
)
@click.option("--page", default=2000, show_default=True, type=click.IntRange(1, 2000))
@click.option("--part-mb", default=64, show_default=True, type=click.IntRange(1, 512))
def export(
    service: str,
    purposes: tuple[str, ...],
    fields: tuple[str, ...],
    folder: Path,
    config: Path,
    token_file: Path,
    page: int,
    part_mb: int,
) -> None:
    """Write SERVICE (instance/class/member/subsystem/service) into files; resumes after a fall."""
    try:
        owner = Identifier.parse(service)
    except IdentifierInvalid as wrong:
        raise click.ClickException(str(wrong)) from wrong
    node_config = told(lambda: read_config(config))
    token = token_file.read_text(encoding="ascii").strip()
    node = _Node(node_config.inner.host, node_config.inner.port, token)
    about = {
        "service": str(owner),
        "purposes": list(purposes),
        "fields": list(fields),
        "page": page,
        "part": part_mb,
    }
    place = Folder(folder, suite(node_config.keys.suite), part_mb * _MEGABYTE)
    try:
        progress = place.begin(about)
    except BatchInvalid as wrong:
        raise click.ClickException(str(wrong)) from wrong
    while not progress.done:
        progress = _page(node, place, progress, about, page)
    manifest, _ = node.patiently("/batch/manifests", canonical(_manifest(about, progress)))
    path = place.finish(manifest)
    click.echo(f"{path}: {progress.records} records in {len(progress.parts)} parts / 条记录")


def _page(
    node: _Node, place: Folder, progress: Progress, about: Mapping[str, Any], page: int
) -> Progress:
    body = {"fields": about["fields"], "after": progress.after, "limit": page}
    read, call = node.patiently(
        f"/r1/{about['service']}/walk",
        canonical(body),
        tb_purpose=",".join(about["purposes"]),
    )
    found = json.loads(read)
    now = instant(clock.now())
    return place.add(progress, call, found["records"], found["next"], now)


def _manifest(about: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    return {
        "service": about["service"],
        "purposes": about["purposes"],
        "fields": about["fields"],
        "records": progress.records,
        "parts": [part.told() for part in progress.parts],
        "calls": list(progress.calls),
        "began": progress.began,
        "ended": progress.ended,
    }


@batch.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--card",
    "cards",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    multiple=True,
    required=True,
    help="The card of a node whose signature counts; repeatable.",
)
def check(folder: Path, cards: tuple[Path, ...]) -> None:
    """Check the files in FOLDER against their manifest, offline; exit code 1 for a fault."""
    keys: dict[str, CardKey] = {}
    for card in cards:
        keys |= keys_of(card)
    try:
        sealed = json.loads((folder / MANIFEST).read_bytes())
        document = open_document(sealed, keys.get)
        by: Suite = suite(sealed["suite"])
        if document.get("format") != FORMAT:
            raise click.ClickException(f"{folder / MANIFEST}: format {document.get('format')!r}")
        found = list(faults(folder, document, by))
    except (OSError, ValueError, KeyError, TypeError, DocumentInvalid) as wrong:
        raise click.ClickException(f"{folder / MANIFEST}: {wrong}") from wrong
    for fault in found:
        click.echo(f"! {fault}")
    if found:
        raise SystemExit(1)
    click.echo(
        f"{document['service']}: {document['records']} records in {len(document['parts'])} parts,"
        f" from {document['began']} to {document['ended']}, signed by {sealed['key']}: good / 完好"
    )
