"""Commands about cases, for operators and authors: submit one, show one with its trail.

``submit`` applies as the named person would. It does not check who sits at the keyboard: whoever
may run commands on the server is trusted with that.
"""

import json
import secrets
from pathlib import Path
from typing import Any, Literal

import click

from tongban.apps.evidence.queries import NotYetProved
from tongban.apps.items.queries import NotPublished
from tongban.apps.parties import queries as people
from tongban.apps.parties import services as parties
from tongban.infra.access.domain import COMMAND
from tongban.infra.clock import SHANGHAI
from tongban.infra.trail import queries as trail
from tongban.kernel.codes import CodeError

from . import bundling, notices, papers, queries, services
from .errors import CaseError, SubmissionInvalid
from .models import Case


@click.group()
def case() -> None:
    """Cases (办件)."""


@case.command()
@click.argument("life_event")
@click.option("--person", required=True, metavar="ID_NUMBER", help="Who applies, by 身份号码.")
@click.option(
    "--answers",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON object: fact → answer.",
)
@click.option("--consent", is_flag=True, help="The person agrees to the data being fetched.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def submit(
    life_event: str, person: str, answers: Path, lang: Literal["zh", "en"], *, consent: bool
) -> None:
    """Apply for LIFE_EVENT once, as a person, and say where each item stands."""
    try:
        written = _read_answers(answers)
        # a login tells nothing about the person; whoever has an account keeps it
        user = parties.register_person(f"person-{secrets.token_hex(6)}", "", person)
        submission = services.Submission(life_event, written, consent=consent)
        number = services.submit(people.subject_of(user, COMMAND), submission)
    except SubmissionInvalid as error:
        for name, (zh, en) in error.fields.items():
            click.echo(f"{name}: {zh if lang == 'zh' else en}", err=True)
        raise click.ClickException(getattr(error, lang)) from error
    except (CaseError, NotPublished) as error:
        raise click.ClickException(getattr(error, lang)) from error
    except CodeError as error:
        raise click.ClickException(f"--person: {error}") from error
    view = queries.track(number, lang)
    click.echo(f"{view['name']} {number}")
    for branch in view["branches"]:
        _tell(branch)


def _read_answers(path: Path) -> dict[str, Any]:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path}: {error}; write one JSON object") from error
    if not isinstance(written, dict):
        raise click.ClickException(f"{path}: write one JSON object: fact → answer")
    return written


def _tell(branch: dict[str, Any]) -> None:
    """Print where a branch stands, why, what came out of it and what it waits for."""
    click.echo(f"  {branch['state_words']}  {branch['name']} · {branch['department']}")
    for reason in branch["reasons"]:
        click.echo(f"     {reason}")
    if branch["licence"]:
        click.echo(f"     {branch['licence']}")
    for asked in branch["asked"]:
        click.echo(f"     {asked['label']}: {asked['why']}")
    if branch["waiting_for"]:
        click.echo(f"     … {', '.join(branch['waiting_for'])}")


@case.command()
@click.argument("number")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the view as JSON.")
def show(number: str, lang: str, *, as_json: bool) -> None:
    """Show a case: its branches, and every event of its chain."""
    try:
        view = queries.track(number, lang)
    except Case.DoesNotExist:
        raise click.ClickException(f"there is no case {number}") from None
    if as_json:
        click.echo(json.dumps(view, ensure_ascii=False, indent=2))
        return
    click.echo(f"{view['name']} {view['number']}")
    for branch in view["branches"]:
        _tell(branch)
    click.echo("")
    for event in queries.timeline(number):
        name = event.type.removeprefix("tongban.").removesuffix(".v1")
        at = event.recorded.astimezone(SHANGHAI)
        click.echo(
            f"{event.seq:>4} {at:%Y-%m-%d %H:%M:%S} {event.hash[:12]} {name:<32}"
            f" {event.item} {event.step}".rstrip()
        )
    broken = trail.verify(number)
    click.echo("")
    click.echo("chain verified / 链条校验通过" if broken is None else f"BROKEN: {broken.why}")


@case.command()
@click.argument("number")
@click.option("--person", required=True, metavar="ID_NUMBER", help="Who signs, by 身份号码.")
@click.option("--service", default="", help="An outside signing service; else the key kept here.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def sign(number: str, person: str, service: str, lang: Literal["zh", "en"]) -> None:
    """Sign all that was handed in for the case NUMBER, as its applicant (签名).

    The trail says that it was ordered on the command line, not by a sign-in of the person.
    """
    held = parties.person_with(person)
    if held is None or held.user is None:
        raise click.ClickException("nobody with this number has an account / 没有此账户")
    subject = people.subject_of(held.user, COMMAND)
    try:
        asked = services.to_sign(subject, number)
        click.echo(asked.zh if lang == "zh" else asked.en)
        signed = services.sign(subject, number, [one.digest for one in asked.papers], service)
    except CaseError as error:
        raise click.ClickException(getattr(error, lang)) from error
    names = {one.digest: one.name for one in asked.papers}
    for row in signed:
        click.echo(f"  {names[row.digest]}  {row.digest}  {row.signed_by}")
    click.echo(f"{len(signed)} signed / 已签")


@case.command()
@click.argument("number")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder to write them into; made where it is not there.",
)
def documents(number: str, output: Path | None) -> None:
    """List the documents of the case NUMBER and who signed them; make notices that are missing."""
    try:
        without = notices.ensure(number)
    except Case.DoesNotExist:
        raise click.ClickException(f"there is no case {number}") from None
    rows = papers.signatures(number)
    for paper in (*papers.handed_in(number), *papers.notices(number)):
        click.echo(f"{paper.kind:<12} {paper.path.rpartition('/')[2]}  {paper.digest}")
        for row in rows:
            if row.digest == paper.digest:
                at = row.made.astimezone(SHANGHAI)
                click.echo(f"     {row.role} {row.signed_by} {at:%Y-%m-%d %H:%M:%S}")
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
            (output / paper.path.rpartition("/")[2]).write_bytes(paper.content)
    for item in without:
        click.echo(f"no notice of {item}: see the log / 未能制作决定书", err=True)


@click.command()
@click.argument("number", metavar="CASE")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; written over where it is there.",
)
def bundle(number: str, output: Path) -> None:
    """Pack a CASE with its proofs into a file that anybody can check offline (存证包).

    It holds the personal data of the case: hand it to whoever may have them.
    """
    try:
        made = bundling.bundle(number)
    except Case.DoesNotExist:
        raise click.ClickException(f"there is no case {number}") from None
    except NotYetProved as wrong:
        raise click.ClickException(str(wrong)) from wrong
    output.write_bytes(made)
    click.echo(f"{output}: {len(made)} bytes; check it: tongban evidence verify {output}")
