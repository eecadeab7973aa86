"""Commands that need the whole house: set up, demonstrate, work in the background."""

import json
import shutil
import sys
from pathlib import Path

import click
from django.conf import settings

from tongban.apps.cases import demo as demonstration
from tongban.apps.cases import story
from tongban.apps.cases.errors import CaseError
from tongban.apps.evidence import seals
from tongban.apps.evidence import services as evidence
from tongban.apps.exchange.sample import StoresRefused, read_cast
from tongban.apps.fees.errors import FeeError
from tongban.apps.items import queries as items
from tongban.apps.items.services import Publication
from tongban.apps.items.story import Lang, tell_impact
from tongban.apps.parties import queries as departments
from tongban.apps.parties import services as parties
from tongban.infra.jobs import services as jobs
from tongban.infra.packs import PackInvalid, shipped_packs
from tongban.infra.trail import relay
from tongban.samplebank.config import ConfigInvalid

from .bank import NotPayable, Till
from .servers import ServerFailed
from .setup import ensure_city, prepare

LANGUAGES = click.Choice(["zh", "en"])


@click.command()
@click.option("--lang", type=LANGUAGES, default="zh", show_default=True)
def setup(lang: Lang) -> None:
    """Make the tables and the departments' seals, publish the region packs, appoint the officials.

    Prints the privacy impact of every item that is newly published: what it reads, why, and which
    rule, form or document needs it.
    """
    published = _prepared().published
    labels = items.labels(lang)
    for kind, slug, _ in published:
        if kind == "item":
            click.echo("\n".join(tell_impact(items.impact(slug), labels, lang)))
    click.echo("ready / 已就绪")


def _prepared() -> Publication:
    try:
        published = prepare()
    except PackInvalid as error:
        raise click.ClickException(str(error)) from error
    seals.make_missing(departments.departments(), actor="setup")
    return published


@click.command()
@click.option("--life-event", default="newborn", show_default=True, help="Which one to run.")
@click.option("--lang", type=LANGUAGES, default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a story.")
@click.option("--people", default=2_000, show_default=True, help="Size of the sample city.")
def demo(life_event: str, lang: str, people: int, *, as_json: bool) -> None:
    """Run one life event of the sample city, for real, and tell what happened."""
    _prepared()
    ensure_city(people)
    try:
        applicant = _applicant(life_event)
        with Till() as till:
            report = demonstration.run(applicant, lang, till) | {"log": _log()} | _evidence()
    except (
        *(items.NotPublished, CaseError, LookupError, StoresRefused),
        *(FeeError, NotPayable, ServerFailed, ConfigInvalid),
    ) as error:
        raise click.ClickException(getattr(error, lang, str(error))) from error
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(story.tell(report, lang)))
        activate = Path(sys.argv[0]).with_name("activate")
        if shutil.which("tongban") is None and activate.exists():
            click.echo(f"   (先执行 / first: source {activate})")


def _evidence() -> dict[str, object]:
    """Make leaves of what happened and sign them; name who witnessed it."""
    evidence.gather()
    done = evidence.witness()
    return {"leaves": done.size, "witnesses": list(done.signed)}


def _log() -> str:
    """Give where the calls of this process are logged; empty where another node makes them."""
    if settings.EXCHANGE_NODE:
        return ""
    log: Path = settings.HOME / "node" / "log.sqlite3"
    return str(log.relative_to(Path.cwd()) if log.is_relative_to(Path.cwd()) else log)


def _applicant(life_event: str) -> demonstration.Applicant:
    """Take somebody of the sample city to whom this happens and who has not applied yet."""
    event = items.life_event(life_event)
    cast = read_cast(settings.DEPARTMENT_STORES).get(life_event, [])
    if not cast:
        known = ", ".join(read_cast(settings.DEPARTMENT_STORES))
        raise LookupError(f"the sample city has nobody for {life_event!r}; it has: {known}")
    answers = json.loads((shipped_packs() / "sample" / "demo.json").read_text(encoding="utf-8"))
    key = f"{event.applicant}.id_number"
    somebody = demonstration.next_of(life_event, cast, key)
    given = {name: value for name, value in somebody.items() if name != key}
    user = parties.register_person(f"demo-{somebody[key]}", "", somebody[key])
    return demonstration.Applicant(user, life_event, {**answers[life_event], **given})


@click.command()
@click.option("--poll", default=0.5, show_default=True, help="Seconds between two looks.")
def worker(poll: float) -> None:
    """Do the background work: retries, timers, legal terms, news to subscribers."""
    jobs.worker(chores=[relay.deliver], poll=poll)
