"""``tongban items translations``: what is to be translated, propose, sign (指南译文).

Each acts as an official who is named by login, and is judged like a click of that official.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from tongban.apps.parties.commanding import official

from . import queries, translating
from .domain.pieces import pieces
from .errors import TranslationRefused

_AS = click.option("--as", "login", required=True, help="The login of the official who acts.")
_LANGUAGE = click.option("--language", required=True, help="Such as bo, ug, mn, kk.")


@contextmanager
def _told() -> Iterator[None]:
    """Turn a refusal into one sentence in both languages."""
    try:
        yield
    except (TranslationRefused, queries.NotPublished) as refused:
        raise click.ClickException(f"{refused.en} / {refused.zh}") from refused


@click.group()
def translations() -> None:
    """Translations of service guides (指南译文)."""


@translations.command("list")
@click.argument("departments", nargs=-1, required=True, metavar="DEPARTMENT…")
@_LANGUAGE
def list_(departments: tuple[str, ...], language: str) -> None:
    """List the guides of DEPARTMENT… and how far they are in a language."""
    for one in translating.of_departments(departments, language):
        click.echo(f"{one.guide.slug:<32} {one.signed}/{one.pieces} signed, {one.waiting} wait")


@translations.command()
@click.argument("slug")
@_LANGUAGE
def show(slug: str, language: str) -> None:
    """Show the pieces of the guide SLUG with their translations and what waits."""
    with _told():
        guide = queries.guide(slug)
    signed = translating.signed(guide, language)
    for one in pieces(guide):
        click.echo(f"{one.id}\n  zh  {one.heading.zh}: {one.text.zh}")
        if one.id in signed:
            there = signed[one.id]
            click.echo(f"  {language}  {there.heading}: {there.text}  ({there.signed_by})")
        for proposal in translating.waiting(slug):
            if (proposal.paragraph, proposal.language) == (one.id, language):
                click.echo(
                    f"  #{proposal.number} waits: {proposal.heading}: {proposal.text}"
                    f"  ({proposal.translator})"
                )


@translations.command()
@click.argument("slug")
@click.argument("paragraph")
@_LANGUAGE
@click.option("--heading", required=True)
@click.option("--text", required=True)
@_AS
def propose(slug: str, paragraph: str, language: str, heading: str, text: str, login: str) -> None:
    """Propose a translation of PARAGRAPH (or "about", "bring"…) of the guide SLUG.

    It prints the number under which the proposal waits for a signature.
    """
    with _told():
        click.echo(translating.propose(official(login), slug, paragraph, language, heading, text))


@translations.command()
@click.argument("number", type=int)
@_AS
def sign(number: int, login: str) -> None:
    """Sign the proposal NUMBER of somebody else: from now on it is shown."""
    with _told():
        signed = translating.sign(official(login), number)
    click.echo(f"{number} {signed.language} signed by {signed.signed_by} / 已签署")
