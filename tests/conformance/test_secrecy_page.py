"""The page on secrecy names every column that could hold something of people, as it is."""

from pathlib import Path

from django.apps import apps
from django.db import models

from tongban.infra.secrecy.fields import MarkField, tables

PAGE = Path(__file__).parents[2] / "docs" / "operate" / "secrecy.md"
APPS = ("parties", "cases", "licences", "trail", "outreach", "fees", "inbox", "voice")
#: What can hold words; numbers, days and instants of these apps say nothing of themselves.
WORDS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)


def told() -> dict[tuple[str, str], str]:
    """Give how each column is kept as the page says; a column named twice is an error."""
    found: dict[tuple[str, str], str] = {}
    _, _, after = PAGE.read_text(encoding="utf-8").partition("## Every column")
    for line in after.partition("Outside these apps")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or cells[2] not in {"sealed", "index", "clear"}:
            continue
        for column in cells[1].split(", "):
            assert (cells[0], column) not in found, line
            found[cells[0], column] = cells[2]
            assert cells[2] != "clear" or cells[3] or cells[0] == "outreach_month", line
    return found


def test_every_column_that_can_hold_words_stands_on_the_page_as_it_is() -> None:
    real: dict[tuple[str, str], str] = {}
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            sealed = model.sealed_fields() if model in tables().values() else ()
            for field in model._meta.concrete_fields:
                if isinstance(field, WORDS):
                    how = "index" if isinstance(field, MarkField) else "clear"
                    real[model._meta.db_table, field.name] = "sealed" if field in sealed else how
    assert told() == real


def test_every_test_that_the_page_names_exists() -> None:
    root = PAGE.parents[2]
    text = PAGE.read_text(encoding="utf-8")
    named = {word.strip("`") for word in text.split() if word.startswith("`tests/")}
    assert len(named) >= 5
    for path in named:
        assert (root / path.rstrip("`,.")).exists(), path
