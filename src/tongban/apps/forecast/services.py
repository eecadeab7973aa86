"""The verbs of forecasting 预测动作: run a panel through the ladder, write a report's files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tongban.infra.reports.files import write
from tongban.infra.reports.model import Report

from .domain.panel import Panel
from .domain.running import Result, run
from .models.ladder import rungs


@dataclass(frozen=True, slots=True)
class Written:
    """Where a report was written."""

    page: Path
    data: Path
    sheet: Path


def forecast(panel: Panel, *, ahead: int, accepted: frozenset[int] = frozenset()) -> Result:
    """Run a panel through every rung that can run here. Raise TooShort."""
    able, left_out = rungs()
    return run(panel, able, ahead=ahead, accepted=accepted, left_out=left_out)


def put(report: Report, folder: Path, lang: str) -> Written:
    """Write a report as HTML, JSON and a spreadsheet into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    written = Written(folder / "report.html", folder / "report.json", folder / "report.xlsx")
    for path in (written.page, written.data, written.sheet):
        write(report, path, lang)
    return written


def put_files(texts: Mapping[str, str], folder: Path) -> None:
    """Write texts by name into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
