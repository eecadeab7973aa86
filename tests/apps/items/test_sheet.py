"""A rule table as a sheet: it comes back as it went, and what was not touched keeps its bytes."""

import difflib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tongban.apps.items.workshop import sheet as sheets
from tongban.apps.items.workshop.sheet import Sheet, read_sheets, write_sheet
from tongban.infra.packs import shipped_packs
from tongban.kernel.tables import TableError, read_dmn

RULES = sorted(shipped_packs().rglob("*.dmn"))
FILES = {path.stem: path.read_bytes() for path in RULES}
ODD = b"""<?xml version="1.0" encoding="utf-8"?>
<!-- kept --><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="n"
  xmlns:x="urn:x" namespace="n"><decision id="d" name="D"><x:note>kept</x:note><decisionTable>
<input><inputExpression typeRef="number"><text>a.b</text></inputExpression></input>
<output name="o"/><rule><inputEntry><text>&lt;1</text></inputEntry><outputEntry><text>1</text>
</outputEntry></rule><!-- also kept --><rule id="r2"><description>why</description>
<inputEntry><text>&gt;=1</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
</decisionTable></decision></definitions>
"""


def only(data: bytes) -> Sheet:
    return read_sheets(data, "x.dmn")[0]


def keyless(sheet: Sheet) -> Sheet:
    """Give a sheet without the keys, which a file gives to what is new."""
    return replace(
        sheet,
        inputs=tuple(replace(one, key="") for one in sheet.inputs),
        outputs=tuple(replace(one, key="") for one in sheet.outputs),
        rows=tuple(replace(one, key="") for one in sheet.rows),
    )


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_changed_keeps_every_byte(name: str) -> None:
    data = FILES[name]
    found = read_sheets(data, name)
    tables = read_dmn(data, name)
    assert [one.decision for one in found] == [table.id for table in tables]
    for one, table in zip(found, tables, strict=True):
        assert write_sheet(data, one, name) == data
        assert [c.fact for c in one.inputs] == [c.name for c in table.inputs]
        assert [c.fact for c in one.outputs] == [c.name for c in table.outputs]
        assert len(one.rows) == len(table.rules)


@pytest.mark.parametrize("name", FILES)
def test_one_changed_cell_changes_one_line(name: str) -> None:
    data = FILES[name]
    sheet = only(data)
    made = write_sheet(data, sheets.typed(sheet, {"cells-0-0": "-", "results-0-0": '"x"'}), name)
    before, after = data.decode().splitlines(), made.decode().splitlines()
    changed = [li for li in difflib.ndiff(before, after) if li[0] in "-+"]
    assert 0 < len(changed) <= 4
    assert only(made).rows[0].results[0] == '"x"'


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
)
ACTS: list[Any] = [
    lambda s, n, t: sheets.add_row(s, n % (len(s.rows) + 1)),
    lambda s, n, t: sheets.copy_row(s, n % len(s.rows)),
    lambda s, n, t: sheets.drop_row(s, n % len(s.rows)),
    lambda s, n, t: sheets.move_row(s, n % len(s.rows), -1 if n % 2 else 1),
    lambda s, n, t: sheets.add_input(s, f"new.f{n}", "number", t.strip()),
    lambda s, n, t: sheets.add_output(s, f"o{n}", "string", t.strip()),
    lambda s, n, t: sheets.drop_input(s, n % len(s.inputs)),
    lambda s, n, t: sheets.drop_output(s, n % len(s.outputs)),
    lambda s, n, t: sheets.typed(s, {f"cells-{n % len(s.rows)}-0": t, "input-label-0": t}),
    lambda s, n, t: sheets.typed(s, {f"results-{n % len(s.rows)}-0": t, "output-allowed-0": t}),
    lambda s, n, t: sheets.typed(s, {f"notes-{n % len(s.rows)}-0": t, "output-default-0": t}),
    lambda s, n, t: sheets.typed(s, {"policy": sheets.POLICIES[n % 7], "total": "SUM"}),
]
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 999), TEXTS), max_size=6)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([*FILES, "odd"]), STEPS)
def test_a_sheet_comes_back_as_it_was_written(name: str, steps: list[Any]) -> None:
    data = FILES.get(name, ODD)
    sheet = only(data)
    for act, number, text in steps:
        sheet = act(sheet, number, text)
    made = write_sheet(data, sheet, name)
    assert keyless(only(made)) == keyless(sheet)
    again = only(made)
    kept = {one.key for one in (*sheet.inputs, *sheet.outputs, *sheet.rows)} - {""}
    assert {key for key in kept if not key.startswith("#")} <= {
        one.key for one in (*again.inputs, *again.outputs, *again.rows)
    }
    # what stands beside the table is untouched: its diagram, other decisions, vendors' notes
    was, now = etree.fromstring(data), etree.fromstring(made)
    for tree in (was, now):
        table = tree.find("{*}decision/{*}decisionTable")
        table.getparent().remove(table)
    assert etree.tostring(was, method="c14n") == etree.tostring(now, method="c14n")
    ids = [one.get("id") for one in etree.fromstring(made).iter("*") if one.get("id")]
    assert len(ids) == len(set(ids))
    # and the other acts of a step later find the same file
    assert write_sheet(made, again, name) == made


def test_comments_descriptions_and_vendors_elements_stay() -> None:
    sheet = sheets.move_row(sheets.add_input(only(ODD), "c.d", "string", "标签"), 1, -1)
    made = write_sheet(ODD, sheet, "odd.dmn")
    assert made.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    for kept in (b"<!-- kept -->", b"<!-- also kept -->", b"<x:note>kept</x:note>", b"why"):
        assert made.count(kept) == 1
    (table,) = read_dmn(made, "odd.dmn")
    assert [rule.id for rule in table.rules] == ["r2", "2"]
    assert [column.name for column in table.inputs] == ["a.b", "c.d"]


def test_an_added_row_looks_like_its_neighbours() -> None:
    data = FILES["childcare-guidance"]
    sheet = only(data)
    before = data.decode().splitlines()
    after = write_sheet(data, sheets.copy_row(sheet, 0), "x").decode().splitlines()
    new = [line for line in difflib.ndiff(before, after) if line[0] != " "]
    assert all(line.startswith("+ ") for line in new)
    first = before.index('      <rule id="grant-premature">')
    assert len(new) == before.index("      </rule>") - first + 1


def test_a_cell_that_is_no_feel_is_kept_and_told_at_its_place() -> None:
    data = FILES["childcare-guidance"]
    sheet = sheets.typed(only(data), {"cells-1-0": ">>5", "results-2-1": "grant"})
    kept = only(write_sheet(data, sheet, "x"))
    assert kept.rows[1].cells[0] == ">>5"
    found = [(one.row, one.kind, one.column) for one in sheets.faults(kept)]
    assert found == [(1, "cells", 0), (2, "results", 1)]
    assert all(one.zh and one.en for one in sheets.faults(kept))
    assert sheets.faults(only(data)) == ()


@pytest.mark.parametrize("data", [b"<a", b"<!DOCTYPE a><a/>"])
def test_a_file_that_is_no_safe_xml_is_refused(data: bytes) -> None:
    with pytest.raises(TableError):
        read_sheets(data, "x.dmn")


def test_a_sheet_of_another_decision_or_with_control_characters_is_refused() -> None:
    data = FILES["childcare-guidance"]
    with pytest.raises(TableError, match="no decision"):
        write_sheet(data, replace(only(data), decision="other"), "x")
    row = replace(only(data).rows[0], cells=("\x00", "-"))
    with pytest.raises(TableError, match="control characters"):
        write_sheet(data, replace(only(data), rows=(row,)), "x")


def test_a_table_keeps_one_row_and_one_column_of_each_kind() -> None:
    sheet = only(ODD)
    assert sheets.drop_input(sheet, 0) == sheet
    assert sheets.drop_output(sheet, 0) == sheet
    assert len(sheets.drop_row(sheets.drop_row(sheet, 0), 0).rows) == 1
    assert sheets.add_input(sheet, "a.b", "number", "") == sheet
