"""The command of the atlas: what the report of 2026 says, whether it agrees, what is measured."""

from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import jsonschema
import yaml

from tongban.kernel.figures import UNITS, Figure

from . import services
from .domain.atlas import Check, Quoted, checks
from .report.parts import Cell, Report, Section, Table, Words, joined

_SECTIONS: dict[str, Words] = {
    "摘要": ("摘要", "abstract"),
    "census": ("人口普查", "census"),
    "UN 2018": ("联合国 2018", "UN 2018"),
}
_TEXT = {"type": "string", "minLength": 1}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["as_of", "source", "figures"],
    "additionalProperties": False,
    "properties": {
        "as_of": {},
        "source": _TEXT,
        "figures": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "section", "value", "unit", "zh", "en"],
                "additionalProperties": False,
                "properties": {
                    **dict.fromkeys(
                        ("key", "section", "zh", "en", "same", "kind", "measured_by", "source"),
                        _TEXT,
                    ),
                    "value": {"type": "string", "pattern": r"^\d+(\.\d+)?$"},
                    "unit": {"enum": sorted(UNITS)},
                },
            },
        },
    },
}


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("atlas"),
    show_default=True,
    help="The folder of the report (输出目录).",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def atlas(out: Path, lang: str) -> None:
    """Show quoted figures, what contradicts what, and what is measured here (指标图谱)."""
    quoted = read()
    found = checks(quoted)
    written = services.put(build(quoted, found), out, lang)
    for one in found:
        click.echo(f"{'✓' if one.holds else '✗'} {one.en if lang == 'en' else one.zh}")
    click.echo(str(written.page))


def read() -> tuple[Quoted, ...]:
    """Read the figures that are shipped."""
    told = yaml.safe_load(files(__package__).joinpath("atlas.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(told, _SCHEMA)
    return tuple(_quoted(one, told["as_of"], told["source"]) for one in told["figures"])


def _quoted(told: dict[str, str], day: date, source: str) -> Quoted:
    others = {
        name: told[name] for name in ("zh", "en", "same", "kind", "measured_by") if name in told
    }
    where = told.get("source", f"{source}, §{told['section']}")
    figure = Figure(Decimal(told["value"]), told["unit"], day, where, "quoted")
    return Quoted(told["key"], told["section"], figure, **others)


def build(quoted: tuple[Quoted, ...], found: tuple[Check, ...]) -> Report:
    """Build the report: the checks first, then every figure."""
    failed = sum(not one.holds for one in found)
    day = quoted[0].figure.as_of
    counts = [Figure(n, "item", day, "tongban atlas", "measured") for n in (failed, len(found))]
    said = ("{1}检验，{0}不成立。", "{0} of {1} checked do not hold.")
    rows: list[tuple[Cell, ...]] = [
        (
            _SECTIONS.get(one.section, one.section),
            (one.zh, one.en),
            one.figure,
            one.measured_by or ("尚未测量", "not measured yet"),
        )
        for one in quoted
    ]
    return Report(
        ("指标图谱：引用与实测", "The atlas: quoted and measured"),
        (joined(said, counts),),
        (
            Section(
                "checks",
                ("相互矛盾的数字", "Figures that contradict each other"),
                tables=(
                    Table(
                        (("结果", "outcome"), ("算式", "the sum")),
                        tuple(
                            (
                                ("成立", "holds") if c.holds else ("✗ 不成立", "✗ fails"),
                                (c.zh, c.en),
                            )
                            for c in found
                        ),
                    ),
                ),
            ),
            Section(
                "figures",
                ("引用的数字", "Quoted figures"),
                (
                    (
                        "都是引用，不是本平台的结果。",
                        "All are quoted; none is a result of this platform.",
                    ),
                ),
                tables=(
                    Table(
                        (
                            ("节", "section"),
                            ("指标", "what"),
                            ("引用值", "quoted"),
                            ("本平台的测量命令", "measured here by"),
                        ),
                        tuple(rows),
                    ),
                ),
            ),
        ),
    )
