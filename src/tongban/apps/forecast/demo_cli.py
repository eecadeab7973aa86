"""The demonstration 演示: invented data, every report of it, and a page that leads to them."""

import shlex
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import click

from tongban.infra.reports.contents import Entry, contents
from tongban.infra.reports.model import Report
from tongban.kernel.facts import Words

from . import policy_cli, scenarios_cli, services, structure_cli
from .cli import AHEAD, LANG
from .domain import scenario_example
from .domain.generator import Truth, generate
from .report.building import build

_TITLE = Words("预测报告（演示，数据为虚构）", "Forecasts (demonstration, invented data)")
_SEED = 3
Made = tuple[str, Report, str]


@click.command()
@click.option("--open/--no-open", "show", default=True, help="Open the list of the reports.")
@click.option("--seed", type=int, default=Truth().seed, show_default=True)
@AHEAD
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("forecast-demo"),
    show_default=True,
    help="The folder of the reports: index.html leads to them (输出目录).",
)
@LANG
def demo(seed: int, ahead: int, out: Path, lang: str, *, show: bool) -> None:
    """Make invented data and every report of it, and open the list of them (演示)."""
    entries = []
    for name, report, command in _reports(seed, ahead, out / "data"):
        written = services.put(report, out / name, lang)
        addresses = (written.page, written.data, written.sheet)
        places = tuple(one.relative_to(out).as_posix() for one in addresses)
        entries.append(Entry(report, places, command))
        click.echo(f"{report.title.of(lang)}: {written.page}")
    index = out / "index.html"
    index.write_text(contents(_TITLE, _says(), entries, lang), encoding="utf-8")
    click.echo(str(index))
    if show:
        click.launch(index.resolve().as_uri())


def _says() -> tuple[Words, ...]:
    lacking = [one for one in _NEEDS if not all(map(find_spec, _NEEDS[one]))]
    told = Words(
        "各报告的数据在 data 文件夹中，命令可以照样再运行。",
        "The data of each report is in the folder data; the commands can be run again.",
    )
    missing = Words(
        f"未生成：{'、'.join(lacking)}。安装 tongban[forecast] 后生成。",
        f"Not made: {', '.join(lacking)}. Install tongban[forecast] to make them.",
    )
    return (told, missing) if lacking else (told,)


#: Libraries without which a report cannot be made.
_NEEDS = {"scenarios": ("pyfixest",), "structure": ("numpy",)}


def _reports(seed: int, ahead: int, data: Path) -> Iterator[Made]:
    panel = generate(Truth(seed=seed, shock=2020))
    lines = [f"{row.region},{row.period},{row.value}" for row in panel.rows]
    services.put_files({"panel.csv": "\n".join(["region,period,value", *lines, ""])}, data)
    file = shlex.quote(str(data / "panel.csv"))
    command = f"tongban forecast panel {file} --unit {panel.target.unit}"
    yield "panel", build(services.forecast(panel, ahead=ahead)), f"{command} --ahead {ahead}"
    makers: dict[str, Callable[[Path], tuple[Report, str]]] = {
        "scenarios": _scenarios,
        "structure": _structure,
        "policy": _policy,
    }
    for name, make in makers.items():
        if all(map(find_spec, _NEEDS.get(name, ()))):
            yield name, *make(data / name)


def _files(folder: Path) -> tuple[Path, Path, Path]:
    return folder / "panel.csv", folder / "schema.yaml", folder / "plan.yaml"


def _scenarios(folder: Path) -> tuple[Report, str]:
    command = scenarios_cli.write_example(folder)
    asked = scenarios_cli.Asked(*_files(folder), scenario_example.YEARS)
    return scenarios_cli.made(asked)[0], command


def _structure(folder: Path) -> tuple[Report, str]:
    command = structure_cli.write_example(folder, _SEED)
    return structure_cli.made(*_files(folder), (), _SEED), command


def _policy(folder: Path) -> tuple[Report, str]:
    command = policy_cli.write_example(folder)
    return policy_cli.made(folder / "documents.csv")[0], command
