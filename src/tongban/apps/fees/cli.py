"""``tongban fees``: reconcile with a bank, list what differs, set a sample bank up (收费)."""

import json
from datetime import date, datetime, timedelta

import click

from tongban.infra import clock

from . import queries, services
from .errors import FeeError
from .models import Mismatch
from .plugins import providers
from .plugins.samplebank import merchant_key

_LANG = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)


@click.group()
def fees() -> None:
    """Fees that people pay (收费)."""


@fees.command()
def key() -> None:
    """Print the public key by which this installation signs what it asks a bank."""
    own = merchant_key()
    click.echo(f"{own.suite}:{own.public.hex()}")


@fees.command()
@click.option("--provider", "name", default="", help="One bank only; without it every one.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The bank's day; yesterday.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a bank.")
@_LANG
def reconcile(name: str, day: datetime | None, lang: str, *, as_json: bool) -> None:
    """Hold the banks' statements of a DAY against the ledger; end with 1 where anything differs."""
    chosen = day.date() if day else clock.today() - timedelta(days=1)
    differs = False
    try:
        for bank in [name] if name else list(providers()):
            report = queries.report(services.reconcile(bank, chosen), lang)
            differs = differs or bool(report["findings"])
            if as_json:
                click.echo(json.dumps(report, ensure_ascii=False, indent=2))
            else:
                _tell(report)
    except FeeError as wrong:
        raise click.ClickException(wrong.zh if lang == "zh" else wrong.en) from wrong
    raise SystemExit(1 if differs else 0)


def _tell(report: dict[str, object]) -> None:
    click.echo(
        f"{report['provider']} {report['day']}: {report['payments']} paid {report['paid_fen']} fen,"
        f" {report['refunds']} given back {report['refunded_fen']} fen"
    )
    found = report["findings"]
    if not isinstance(found, list) or not found:
        click.echo("no difference / 账账相符")
        return
    for one in found:
        click.echo(
            f"  {one['fault']:<24} {one['number']:<26} bank {one['bank_fen']:>10}"
            f" here {one['here_fen']:>10}  {one['fault_words']}"
        )


@fees.command("findings")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]))
@_LANG
def list_findings(day: datetime | None, lang: str) -> None:
    """List what differs and is not settled."""
    rows = Mismatch.objects.filter(settled__isnull=True).order_by("found", "pk")
    if day is not None:
        rows = rows.filter(day=_date(day))
    for row in rows:
        shown = queries.mismatch_view(row, lang)
        click.echo(
            f"{shown['id']:>5} {shown['day']} {shown['fault']:<24} {shown['number']:<26}"
            f" bank {shown['bank_fen']} here {shown['here_fen']}  {shown['fault_words']}"
        )


def _date(day: datetime) -> date:
    return day.date()
