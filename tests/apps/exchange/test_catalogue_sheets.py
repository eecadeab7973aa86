"""Spreadsheets: what a department fills in is taken whole, or every wrong cell is named."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook  # type: ignore[import-untyped]

from testkit.registry import entry, town
from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.catalogue import queries, services, sheets
from tongban.apps.exchange.catalogue.columns import ITEM, ITEMS, RESOURCE, RESOURCES
from tongban.apps.exchange.catalogue.sheets import SheetInvalid
from tongban.apps.exchange.commands_catalogue import catalogue
from tongban.apps.exchange.models import Resource

GOOD = {
    "slug": "permits",
    "code": "309003/000001",
    "classes": "公安、治安",
    "name.zh": "犬只准养登记",
    "department": "公安局",
    "sharing": "有条件共享",
    "update_cycle": "每日",
    "base_library": "public-safety",
    "quality.completeness": 98,
}
KEY = {
    "resource": "permits",
    "name": "id_number",
    "label.zh": "号码",
    "type": "字符型",
    "key": "是",
}
DATE = {"resource": "permits", "name": "vaccinated", "label.zh": "免疫日期", "type": "date"}


@pytest.fixture(autouse=True)
def _city(tmp_path: Path, settings: Any, clock: Any, db: None) -> None:
    settings.HOME = tmp_path / "home"
    town(tmp_path / "packs")


def book(
    path: Path,
    resources: list[dict[str, Any]],
    items: list[dict[str, Any]],
    *,
    turned: bool = False,
) -> Path:
    """Fill in the template as a person would; ``turned`` puts the columns the other way round."""
    made = Workbook()
    made.remove(made.active)
    for name, columns, lines in ((RESOURCES, RESOURCE, resources), (ITEMS, ITEM, items)):
        sheet = made.create_sheet(name)
        order = [c for c in (reversed(columns) if turned else columns) if not c.shown]
        sheet.append([column.head for column in order])
        for line in lines:
            sheet.append([line.get(column.field) for column in order])
    made.save(path)
    return path


def told(path: Path) -> str:
    with pytest.raises(SheetInvalid) as wrong:
        sheets.load(path, exchange.departments())
    assert not Resource.objects.filter(slug="permits").exists()
    return str(wrong.value)


def run(*words: object) -> str:
    done = CliRunner().invoke(catalogue, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("turned", [False, True])
def test_a_filled_in_sheet_is_registered(tmp_path: Path, turned: bool) -> None:
    path = book(tmp_path / "x.xlsx", [GOOD], [KEY, DATE], turned=turned)
    assert "1 read, 1 registered" in run("load", path)
    found = queries.get("permits")
    assert (found.state, found.entry.department.key) == ("draft", "police")
    assert found.entry.classes == ("公安", "治安")
    assert found.entry.quality == {"completeness": 98}
    assert [item.name for item in found.entry.items] == ["id_number", "vaccinated"]
    assert "1 read, 1 registered" in run("load", path, "--publish")
    assert queries.get("permits").version == 1
    assert "1 read, 0 registered" in run("load", path, "--publish")


def test_the_template_is_what_load_expects(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    run("template", "-o", path)
    made = load_workbook(path)
    fields = [column.field for column in RESOURCE]
    made[RESOURCES].append([GOOD.get(field) for field in fields])
    made[ITEMS].append([KEY.get(column.field) for column in ITEM])
    made.save(path)
    assert [e.slug for e in sheets.load(path, exchange.departments())] == ["permits"]


def test_every_wrong_cell_is_named_at_once(tmp_path: Path) -> None:
    path = book(
        tmp_path / "x.xlsx",
        [
            GOOD | {"code": "x", "sharing": "也许", "quality.completeness": "多"},
            GOOD | {"slug": "other", "department": "警察"},
        ],
        [KEY | {"type": "uuid"}, DATE | {"key": "也许"}, DATE | {"resource": "absent"}],
    )
    found = told(path)
    heads = [column.field for column in RESOURCE]
    code, sharing = chr(65 + heads.index("code")), chr(65 + heads.index("sharing"))
    assert f"{RESOURCES}!{code}2:" in found
    assert f"{RESOURCES}!{sharing}2:" in found
    assert f"{RESOURCES}!F3: 没有部门“警察”" in found
    assert f"{ITEMS}!E2: “uuid”不在所列之中" in found
    assert f"{ITEMS}!H3: “也许”请填是或否" in found
    assert f"{ITEMS}!A4: 资源表中没有“absent”" in found


def test_one_wrong_row_keeps_the_good_ones_out(tmp_path: Path) -> None:
    other = GOOD | {"slug": "Wrong Slug"}
    path = book(tmp_path / "x.xlsx", [GOOD, other], [KEY, KEY | {"resource": "Wrong Slug"}])
    assert f"{RESOURCES}!A3" in told(path)


def test_a_formula_is_no_value(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", [GOOD | {"name.zh": '=HYPERLINK("http://x","y")'}], [KEY])
    assert f"{RESOURCES}!D2: 是公式" in told(path)


@pytest.mark.parametrize(
    "name", ["xl/externalLinks/externalLink1.xml", "xl/vbaProject.bin", "xl/connections.xml"]
)
def test_links_to_other_files_and_macros_are_refused(tmp_path: Path, name: str) -> None:
    path = book(tmp_path / "x.xlsx", [GOOD], [KEY])
    with zipfile.ZipFile(path, "a") as inside:
        inside.writestr(name, "x")
    assert name in told(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", [GOOD], [KEY])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as inside,
        inside.open("xl/media/zeros.bin", "w", force_zip64=True) as file,
    ):
        for _ in range(sheets.UNPACKED // (1 << 20) + 1):
            file.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    assert "unpacks beyond" in told(path)


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", [GOOD], [KEY])
    data = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(data, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename == "xl/workbook.xml":
                text = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + text
            new.writestr(part, text)
    path.write_bytes(data.getvalue())
    assert "document type" in told(path)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_text("slug,code\n")
    assert "not an xlsx file" in told(path)


def test_an_export_can_be_loaded_again_and_holds_no_formula(tmp_path: Path) -> None:
    evil = entry(name={"zh": "=1+1", "en": "+cmd"})
    services.register_all([evil], actor="test", publish=True)
    path = tmp_path / "out.xlsx"
    run("export", "--format", "xlsx", "-o", path)
    cells = [cell for row in load_workbook(path)[RESOURCES].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    read = {e.slug: e for e in sheets.load(path, exchange.departments())}
    assert read == {slug: queries.get(slug).entry for slug in read}
    assert len(read) == 4
