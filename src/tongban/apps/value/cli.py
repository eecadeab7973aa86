"""Commands of value: reports out of files, and the gate for quoted figures."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from tongban.infra import clock
from tongban.infra.reports.files import FormUnknown, to_json, write
from tongban.infra.reports.model import Report, Source
from tongban.kernel.facts import Words

from . import building, samples
from . import parameters as assumed
from .domain import chance
from .domain import gate as gates
from .errors import ValueRefused
from .report import gating

_FILE = click.Path(path_type=Path)
#: The source of what somebody typed.
TYPED = Words("命令行所填", "command line")


def amount(value: str | Decimal) -> Decimal:
    """Read a finite decimal number of the command line."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise click.BadParameter(f"{value!r} is not a number / 不是数字")
    return found


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what is refused into sentences."""
    try:
        yield
    except (ValueRefused, FormUnknown) as error:
        raise click.ClickException(str(error)) from error


def reporting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that every report has."""
    for option in (
        click.option(
            "-o",
            "--output",
            "outputs",
            type=_FILE,
            multiple=True,
            help="Write this .html, .json or .xlsx; may be repeated.",
        ),
        click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--parameters", "own", type=_FILE, help="Your copy of the parameters."),
        click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day of the report."),
    ):
        command = option(command)
    return command


def day(as_of: datetime | None) -> date:
    """Give the day that was asked for, or this one."""
    return clock.today() if as_of is None else as_of.date()


def put(report: Report, name: str, outputs: tuple[Path, ...], lang: str, *, as_json: bool) -> None:
    """Write the report to each output, to ``value-<name>.html`` where none is named."""
    if as_json:
        click.echo(to_json(report))
    for path in outputs or (() if as_json else (Path(f"value-{name}.html"),)):
        write(report, path, lang)
        click.echo(f"{path}: {report.title.of(lang)}", err=as_json)


def warn(report: Report, lang: str, *, as_json: bool) -> None:
    """Tell on the error stream what a reader must take along; JSON has it within."""
    for said in () if as_json else report.verdict:
        click.echo(said.of(lang), err=True)


@click.command()
@click.argument("ledger", type=_FILE)
@click.argument("events", type=_FILE)
@click.option("--year", type=int, help="The year (default: the last of both files).")
@click.option("--users", type=click.IntRange(min=1), help="How many users there are.")
@click.option("--satisfaction", type=amount, help="Satisfaction from 0 to 1.")
@reporting
def costs(
    ledger: Path,
    events: Path,
    year: int | None,
    users: int | None,
    satisfaction: Decimal | None,
    outputs: tuple[Path, ...],
    lang: str,
    own: Path | None,
    as_of: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Tell what each service costs: LEDGER over the services counted in EVENTS (单次服务成本)."""
    with refusals():
        if satisfaction is not None and not 0 <= satisfaction <= 1:
            raise ValueRefused("满意度在 0 与 1 之间", "satisfaction is from 0 to 1")
        said = Source(TYPED, day(as_of), "quoted")
        report = building.of_costs(
            ledger,
            events,
            assumed.load(own),
            day(as_of),
            year=year,
            users=None if users is None else said.of(users, "person"),
            satisfaction=None if satisfaction is None else said.share(satisfaction),
        )
        warn(report, lang, as_json=as_json)
        put(report, "costs", outputs, lang, as_json=as_json)


@click.command()
@click.argument("project", type=_FILE)
@click.option(
    "--paths", type=click.IntRange(100, 1_000_000), default=chance.PATHS, show_default=True
)
@click.option("--seed", type=int, default=chance.SEED, show_default=True)
@reporting
def appraise(
    project: Path,
    paths: int,
    seed: int,
    outputs: tuple[Path, ...],
    lang: str,
    own: Path | None,
    as_of: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Appraise the investment of PROJECT: NPV, IRR, payback, SROI, what moves them (投资评价)."""
    with refusals():
        report = building.of_appraisal(
            project, assumed.load(own), day(as_of), paths=paths, seed=seed
        )
        put(report, "appraisal", outputs, lang, as_json=as_json)


@click.command()
@click.argument("claims", type=_FILE, required=False)
@click.option("--years", type=click.IntRange(1, 200), help="Years after the outlay.")
@click.option("--irr", type=amount, help="Quoted IRR, such as 0.186.")
@click.option("--npv", type=amount, help="Quoted NPV over the outlay, such as 2.3.")
@click.option("--rate", type=amount, help="Quoted discount rate (default: any from 0 up).")
@click.option("--payback", type=amount, help="Quoted payback in years.")
@reporting
def gate(
    claims: Path | None,
    years: int | None,
    irr: Decimal | None,
    npv: Decimal | None,
    rate: Decimal | None,
    payback: Decimal | None,
    outputs: tuple[Path, ...],
    lang: str,
    own: Path | None,
    as_of: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Refuse quoted figures that cannot hold together (自洽性检验); the exit code is 1 then.

    They come from the options, or from CLAIMS, one investment a row.
    """
    del own  # nothing is assumed here
    told = [one for one in (years, irr, npv, rate, payback) if one is not None]
    if (claims is None) != bool(told):
        raise click.UsageError("give a file or options, not both / 文件与选项二者择一")
    if claims is None:
        named = [("", _claim(years, irr, npv, rate, payback))]
        report, holds = gating.report(named, TYPED, day(as_of))
    else:
        with refusals():
            report, holds = building.of_claims(claims, day(as_of))
    for section in () if as_json else report.sections:
        for said in section.says:
            click.echo(f"{section.title.of(lang)}: {said.of(lang)}")
    with refusals():
        put(report, "gate", outputs, lang, as_json=as_json)
    if not holds:
        raise SystemExit(1)


def _claim(years: int | None, *quoted: Decimal | None) -> gates.Claim:
    """Make a claim of options. Raise UsageError or BadParameter."""
    irr, npv, rate, payback = quoted
    if years is None or (irr is None and npv is None and payback is None):
        raise click.UsageError(
            "needs --years and one of --irr, --npv, --payback / 须有 --years，并有三者之一"
        )
    claim = gates.Claim(years, irr, npv, rate, payback)
    for name in gates.beyond_limits(claim):
        low, high = gates.LIMITS[name]
        raise click.BadParameter(
            f"must be above {low} and at most {high} / 须大于 {low}，至多 {high}",
            param_hint=f"--{name}",
        )
    return claim


@click.command()
@click.argument("costs_", metavar="COSTS", type=_FILE)
@click.option("--systems", type=_FILE, help="The systems that run there.")
@click.option("--governance", type=_FILE, help="What data governance cost and gained.")
@reporting
def cloud(
    costs_: Path,
    systems: Path | None,
    governance: Path | None,
    outputs: tuple[Path, ...],
    lang: str,
    own: Path | None,
    as_of: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Tell what a government cloud costs and how it is used (政务云)."""
    with refusals():
        report = building.of_cloud(
            costs_, assumed.load(own), day(as_of), systems=systems, governance=governance
        )
        put(report, "cloud", outputs, lang, as_json=as_json)


@click.command()
@click.argument("loads", type=_FILE)
@click.option("--total", type=amount, required=True, help="The bill in yuan.")
@click.option(
    "--fixed", type=amount, default=Decimal(0), help="The part that no load changes, in yuan."
)
@click.option("--seed", type=int, default=chance.SEED, show_default=True)
@reporting
def share(
    loads: Path,
    total: Decimal,
    fixed: Decimal,
    seed: int,
    outputs: tuple[Path, ...],
    lang: str,
    own: Path | None,
    as_of: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Share a bill among departments by volume, by peak and by Shapley value (成本分摊)."""
    del own  # nothing is assumed here
    with refusals():
        if any(one * 100 % 1 or one < 0 for one in (total, fixed)):
            raise ValueRefused("金额须为非负的整分", "an amount is whole fen and not negative")
        bill, base = int(total * 100), int(fixed * 100)
        said = Source(TYPED, day(as_of), "quoted")
        report = building.of_shares(loads, bill, base, said, seed=seed)
        put(report, "shares", outputs, lang, as_json=as_json)


@click.command()
@click.argument("projects", type=_FILE)
@reporting
def duplicates(
    projects: Path,
    outputs: tuple[Path, ...],
    lang: str,
    own: Path | None,
    as_of: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Find projects that may have been bought twice, and components to share (重复建设)."""
    with refusals():
        report = building.of_projects(projects, assumed.load(own), day(as_of))
        put(report, "duplicates", outputs, lang, as_json=as_json)


@click.command("parameters")
@click.option("-o", "--output", type=_FILE, help="Write a copy to change (default: print it).")
def parameters_(output: Path | None) -> None:
    """Show what the reports assume, or write a copy to change (参数)."""
    text = assumed.SHIPPED.read_text(encoding="utf-8")
    if output is None:
        click.echo(text)
        return
    try:
        with output.open("x", encoding="utf-8") as opened:  # never over somebody's own choices
            opened.write(text)
    except FileExistsError as error:
        raise click.ClickException(f"{output} is there already / 文件已存在") from error
    click.echo(str(output))


@click.command()
@click.option("-o", "--output", "folder", type=_FILE, default=Path("value-demo"), show_default=True)
@click.option(
    "--branches",
    type=click.IntRange(100, 5_000_000),
    default=20_000,
    show_default=True,
    help="How many services were begun.",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--open/--no-open", "opening", default=True, help="Open the report.")
def demo(folder: Path, branches: int, lang: str, *, opening: bool) -> None:
    """Make invented data and every report of it, and open the report (演示)."""
    with refusals():
        paths = samples.write(folder, branches)
        known, today = assumed.load(), clock.today()
        invented = Words("为演示虚构", "invented for the demonstration")
        said = Source(invented, today, "assumed")
        claim = gates.Claim(5, Decimal("0.186"), Decimal("2.3"))
        quoted = Words("2026 年报告第 2.1 节", "report of 2026, section 2.1")
        reports = [
            building.of_costs(
                paths["ledger"],
                paths["events"],
                known,
                today,
                users=said.of(max(branches // 4, 1), "person"),
                satisfaction=said.share(Decimal("0.93")),
            ),
            building.of_appraisal(
                paths["project"], known, today, paths=chance.PATHS, seed=chance.SEED
            ),
            building.of_cloud(
                paths["cloud"],
                known,
                today,
                systems=paths["systems"],
                governance=paths["governance"],
            ),
            building.of_shares(paths["loads"], 1_000_000_00, 200_000_00, said, seed=chance.SEED),
            building.of_projects(paths["projects"], known, today),
        ]
        title = Words("价值报告（演示，数据为虚构）", "Value report (demonstration, invented data)")
        gated = gating.section("", claim, quoted, today)
        whole = Report(title, today, (*(s for one in reports for s in one.sections), gated))
        for name in ("report.html", "report.json", "report.xlsx"):
            write(whole, folder / name, lang)
    click.echo(f"{folder / 'report.html'}")
    if opening:
        click.launch((folder / "report.html").resolve().as_uri())
