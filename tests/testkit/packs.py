"""A tiny city for tests: the packs in ``tiny``, three departments' stores, one family.

`write_packs` lays the packs down; a test changes one file of them to see it refused.
"""

import re
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_django import Settings

from tongban.infra.packs import shipped_packs

TINY = Path(__file__).with_name("tiny")
MOTHER = "330106199001011002"
TABLES = {
    "police": "CREATE TABLE RKXX (GMSFHM TEXT, XM TEXT, CSRQ TEXT, HJD TEXT)",
    "health": "CREATE TABLE CSXX (MQHM TEXT, CSRQ TEXT, XB TEXT, SFHC INTEGER, TZ INTEGER)",
    "civil-affairs": "CREATE TABLE LNRXX (GMSFHM TEXT, CSRQ TEXT, YHZH TEXT)",
}


def write_packs(folder: Path, changes: Mapping[str, str | None] | None = None) -> list[Path]:
    """Lay both packs down in ``folder``, with other texts for some files (None: left out).

    ``changes`` are by path: ``{"town/items/certificate.yaml": None}``.
    """
    shutil.copytree(TINY, folder, dirs_exist_ok=True)
    for name, text in (changes or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")
    return [folder / "nation", folder / "town"]


def edited(name: str, old: str, new: str) -> dict[str, str | None]:
    """Give the change of a file in which ``old`` becomes ``new``."""
    text = (TINY / name).read_text(encoding="utf-8")
    assert old in text
    return {name: text.replace(old, new)}


def changed_packs(folder: Path, changes: dict[str, list[tuple[str, str]]]) -> list[Path]:
    """Copy the shipped packs and change texts in some of their files."""
    copy = folder / "packs"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(shipped_packs(), copy)
    for name, edits in changes.items():
        text = (copy / name).read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        (copy / name).write_text(text, encoding="utf-8")
    return [copy / "base", copy / "sample"]


def raised_item(folder: Path, slug: str, *edits: tuple[str, str]) -> list[Path]:
    """Copy the shipped packs with another version 2 of one item of the newborn."""
    raised = [("version: 1\n", "version: 2\n")]
    holding = ("life-events/newborn", "guides/newborn", f"guides/{slug}")
    changes = {f"sample/{name}.yaml": raised for name in holding}
    return changed_packs(folder, {**changes, f"sample/items/{slug}.yaml": [*raised, *edits]})


def other_desk(folder: Path, slug: str, rules: str) -> list[Path]:
    """Copy the shipped packs; one item of the newborn has other ``desk`` rules, as version 2."""
    text = (shipped_packs() / f"sample/items/{slug}.yaml").read_text(encoding="utf-8")
    (desk,) = re.findall(r"(?m)^desk:\n(?: .*\n)+", text)
    return raised_item(folder, slug, (desk, rules))


def many_items(folder: Path, slug: str, count: int) -> list[Path]:
    """Copy the shipped packs with so many more items, each like the one that is named."""
    packs = changed_packs(folder, {})
    items = packs[-1] / "items"
    text = (items / f"{slug}.yaml").read_text(encoding="utf-8")
    for number in range(count):
        other, found = re.subn(rf"(?m)^slug: {slug}$", f"slug: {slug}-{number}", text)
        assert found == 1
        (items / f"{slug}-{number}.yaml").write_text(other, encoding="utf-8")
    return packs


class Stores:
    """The departments' stores of the tiny city, for a test to fill, break and mend."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        for department, sql in TABLES.items():
            self.run(department, sql)

    def run(self, department: str, sql: str, *values: object) -> None:
        """Run one statement in a department's own store."""
        connection = sqlite3.connect(self.folder / f"{department}.sqlite")
        connection.execute(sql, values)
        connection.commit()
        connection.close()

    def lock(self, department: str) -> sqlite3.Connection:
        """Write in a department's store and do not finish; close what this gives to let go."""
        connection = sqlite3.connect(self.folder / f"{department}.sqlite", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        return connection

    def insert(self, department: str, *values: object) -> None:
        """Add a record to the department's one table."""
        name = TABLES[department].split()[2]
        marks = ", ".join("?" * len(values))
        self.run(department, f"INSERT INTO {name} VALUES ({marks})", *values)  # noqa: S608


@pytest.fixture
def stores(tmp_path: Path, settings: Settings) -> Stores:
    """Give the stores of a family: a mother, her newborn child."""
    held = Stores(tmp_path / "departments")
    settings.DEPARTMENT_STORES = held.folder
    held.insert("police", MOTHER, "王䶮", "1990-01-01", "330106")
    held.insert("health", MOTHER, "2026-11-20", "female", 1, 3200)
    return held
