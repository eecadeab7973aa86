"""Commands of value in tests: run one, read its JSON, find its cells."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tongban.cli import main


def run(*words: str | Path, code: int = 0) -> str:
    """Run ``tongban value …``, expect this exit code, and give what it printed."""
    done = CliRunner().invoke(main, ["value", *map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


def told(output: str) -> dict[str, Any]:
    """Read a report's JSON; every cell is a figure with its source, or words."""
    found = json.loads(output)
    for section in found["sections"]:
        for table in section["tables"]:
            for row in table["rows"]:
                assert len(row) == len(table["head"])
                for cell in row:
                    if "value" in cell:
                        assert cell["source"]
                        assert cell["status"] in ("measured", "assumed", "quoted")
                    else:
                        assert cell["zh"]
                        assert cell["en"]
    return found


def cells(report: dict[str, Any], section: str) -> dict[str, Any]:
    """Give the second cell of each row of a section by its first."""
    (found,) = (s for s in report["sections"] if s["title"]["en"] == section)
    return {
        row[0].get("en", ""): row[1].get("value", row[1].get("en"))
        for table in found["tables"]
        for row in table["rows"]
    }
