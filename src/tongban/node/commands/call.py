"""``tongban exchange call``: one call for an engineer, through a node or signed by a key file.

Shows what was sent, what came back and whether its signature holds; what a person's record holds is
printed to whoever may read it, and kept nowhere.
"""

import asyncio
import http.client
import json
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tongban.kernel.wire.addresses import write_path
from tongban.kernel.wire.bodies import write_question
from tongban.kernel.wire.words import (
    Caller,
    Identifier,
    IdentifierInvalid,
    Operation,
    Plain,
    Question,
    Response,
)
from tongban.node import clock
from tongban.node.commands.node import told
from tongban.node.config import Config, read_config
from tongban.node.control import Control
from tongban.node.core import Asked, Node, Outcome, Prepared, unreachable
from tongban.node.peers import Peers, PeerSilent
from tongban.node.store import Store

_PATIENCE = 30.0


@click.command()
@click.argument("service")
@click.option("--purpose", "purposes", multiple=True, required=True, help="A purpose's code.")
@click.option("--key", "pairs", multiple=True, help="attr=value; none: a walk.")
@click.option("--field", "fields", multiple=True, required=True, help="A field of the answer.")
@click.option("--client", default="", help="The asking subsystem; needed with --config.")
@click.option("--issue", default="", help="The case number.")
@click.option("--consent", default="", help="The consent token.")
@click.option("--user", default="", help="Who asks.")
@click.option("--limit", default=20, show_default=True, help="Of a walk.")
@click.option("--after", default=None, help="The cursor of a walk.")
@click.option("--node", default="127.0.0.1:7101", show_default=True, help="The inner listener.")
@click.option(
    "--token-file", type=click.Path(path_type=Path, dir_okay=False), help="Token of the system."
)
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Sign by this node's own key and ask the owner's node; its log keeps the call.",
)
@click.option("--json", "as_json", is_flag=True, help="The body alone.")
def call(
    service: str,
    purposes: tuple[str, ...],
    pairs: tuple[str, ...],
    fields: tuple[str, ...],
    client: str,
    issue: str,
    consent: str,
    user: str,
    limit: int,
    after: str | None,
    node: str,
    token_file: Path | None,
    path: Path | None,
    *,
    as_json: bool,
) -> None:
    """Ask SERVICE (instance/class/member/subsystem/service) for fields of a record."""
    owner = _identifier(service)
    question = _question(pairs, fields, limit, after)
    number = uuid.uuid4().hex
    if path is not None:
        caller = Caller(_identifier(client), number, purposes, consent, issue, user)
        config = told(lambda: read_config(path))
        response = asyncio.run(_directly(config, Asked(caller, owner, question)))
    elif token_file is not None:
        headers = {
            "authorization": f"Bearer {token_file.read_text(encoding='ascii').strip()}",
            "content-type": "application/json",
            "tb-purpose": ",".join(purposes),
            "x-road-id": number,
            "x-road-client": client,
            "x-road-issue": issue,
            "x-road-userid": user,
            "tb-consent": consent,
        }
        sent = {name: value for name, value in headers.items() if value}
        place = write_path(owner, question.operation)
        response = _through(node, place, write_question(question), sent)
    else:
        raise click.UsageError("name --token-file (through a node) or --config (by its key)")
    _show(response, number, as_json=as_json)


def _identifier(text: str) -> Identifier:
    try:
        return Identifier.parse(text)
    except IdentifierInvalid as wrong:
        raise click.UsageError(str(wrong)) from None


def _question(
    pairs: tuple[str, ...], fields: tuple[str, ...], limit: int, after: str | None
) -> Question:
    key: dict[str, Plain] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"--key {pair!r}; write attr=value")
        key[name] = value
    operation: Operation = "find" if key else "walk"
    return Question(operation, fields, (key,) if key else (), after, 2 if key else limit)


def _through(node: str, path: str, body: bytes, headers: Mapping[str, str]) -> Response:
    host, _, port = node.rpartition(":")
    link = http.client.HTTPConnection(host, int(port), timeout=_PATIENCE)
    try:
        link.request("POST", path, body, dict(headers))
        answer = link.getresponse()
        return Response(answer.status, (), answer.read())
    except (OSError, http.client.HTTPException) as wrong:
        raise click.ClickException(f"no node answers at {node} ({wrong})") from wrong
    finally:
        link.close()


async def _directly(config: Config, asked: Asked) -> Response:
    """Sign by the node's key, ask, verify; a refusal of the own node is shown like an answer."""
    identity = told(config.identity)
    control = Control(config, identity, primary=False)
    peers = Peers(config)
    try:
        control.load()
        if not config.control.snapshot_file:
            await control.pull()
        core = Node(identity, control.view, ())
        ready = core.prepare(asked, secrets.token_urlsafe(16), clock.now())
        outcome = ready if isinstance(ready, Outcome) else await _asked(core, peers, ready)
        _log(config, outcome)
        if outcome.detail:
            click.echo(f"{outcome.code}: {outcome.detail}", err=True)
        else:
            click.echo("the answer's signature holds / 验签通过", err=True)
        return outcome.response
    finally:
        await peers.close()
        await control.close()


async def _asked(core: Node, peers: Peers, ready: Prepared) -> Outcome:
    click.echo(f"POST {ready.address}{ready.request.path}", err=True)
    try:
        response = await peers.send(ready.address, ready.request)
    except PeerSilent as silent:
        return core.fail(ready, unreachable(str(silent)), clock.now())
    return core.accept(ready, response, clock.now())


def _log(config: Config, outcome: Outcome) -> None:
    """Put both rows on the node's own log before anything is shown."""
    if outcome.entry is None:
        return
    store = told(lambda: Store.open(config.store, config.keys.suite))
    try:
        store.commit_one(outcome.entry)
    finally:
        store.close()


def _show(response: Response, number: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(response.body.decode())
    else:
        click.echo(f"call {number}: status {response.status}", err=True)
        click.echo("\n".join(_lines(response)))
    if response.status != 200:
        raise SystemExit(1)


def _lines(response: Response) -> list[str]:
    try:
        body: Any = json.loads(response.body)
    except ValueError:
        return ["the answer is no JSON"]
    if response.status != 200:
        code = str(body.get("type", "")).removeprefix("tongban:")
        return [f"{code}: {body.get('zh', '')} / {body.get('en', '')}"]
    made = [f"{len(body['records'])} record(s) / 条记录"]
    made += [
        "  " + ", ".join(f"{name}={value!r}" for name, value in record.items())
        for record in body["records"]
    ]
    if body.get("next"):
        made.append(f"next: --after {body['next']}")
    return made
