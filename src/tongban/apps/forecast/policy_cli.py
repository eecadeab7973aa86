"""The command of the policy index: documents in, an index by quarter and an audit sheet out."""

import shlex
from importlib.resources import files
from pathlib import Path

import click

from tongban.infra.reports.model import Report

from . import services
from .domain.policy import AuditUnusable, Sentence, agreement, audit_sample, push, sentences
from .policy_reading import (
    PolicyUnreadable,
    audit_sheet,
    read_audit,
    read_documents,
    read_lexicon,
)
from .report.policy import build

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("documents", type=_FILE, required=False)
@click.option("--lexicon", type=_FILE, help="Another lexicon than the shipped one (YAML).")
@click.option("--audit", type=_FILE, help="The audit sheet that a person has marked.")
@click.option("--sample", type=click.IntRange(10), default=100, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@click.option(
    "--example",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write invented documents and their list into this folder instead (样例).",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("forecast-policy"),
    show_default=True,
    help="The folder of the report (输出目录).",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def policy(
    documents: Path | None,
    lexicon: Path | None,
    audit: Path | None,
    sample: int,
    seed: int,
    example: Path | None,
    out: Path,
    lang: str,
) -> None:
    """Measure what documents push (政策驱动指数): DOCUMENTS is a CSV of file, date, authority."""
    if example is not None:
        click.echo(write_example(example))
        return
    if documents is None:
        raise click.UsageError("give DOCUMENTS, or --example FOLDER")
    report, found = made(documents, lexicon, audit)
    written = services.put(report, out, lang)
    sheet = out / "audit.csv"
    # a sheet that a person has begun to mark is not written over
    if audit is None and not sheet.exists():
        sheet.write_text(audit_sheet(audit_sample(found, sample, seed)), encoding="utf-8-sig")
        click.echo(str(sheet))
    click.echo(str(written.page))


def made(
    documents: Path, lexicon: Path | None = None, audit: Path | None = None
) -> tuple[Report, list[Sentence]]:
    """Make the report, and give the sentences. Raise click.ClickException, in a sentence."""
    try:
        words = read_lexicon(lexicon)
        read = read_documents(documents, words)
        agreed = None if audit is None else agreement(read_audit(audit))
    except (PolicyUnreadable, AuditUnusable) as error:
        raise click.ClickException(str(error)) from error
    report = build([push(one, words) for one in read], words, agreed, documents.name)
    return report, [sentence for one in read for sentence in sentences(one, words)]


def write_example(folder: Path) -> str:
    """Write the shipped documents into a folder, and give the command that they are for."""
    shipped = files(__package__).joinpath("data", "policy_example").iterdir()
    texts = {one.name: one.read_text("utf-8") for one in shipped}
    services.put_files(texts, folder)
    return f"tongban forecast policy {shlex.quote(str(folder / 'documents.csv'))}"
