"""What an author does to a sheet, and what is wrong with its cells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tongban.apps.items.workshop.sheet.model import (
    MOST_COLUMNS,
    MOST_ROWS,
    POLICIES,
    TOTALS,
    UNWRITABLE,
    Column,
    Fault,
    Row,
    Sheet,
)
from tongban.kernel.feel import FeelError, parse_literal, parse_unary


def typed(sheet: Sheet, sent: Mapping[str, str]) -> Sheet:
    """Give the sheet with what a form sent: ``cells-2-1`` and the like; what is absent stays."""

    def texts(row: int, kind: str, were: Sequence[str]) -> tuple[str, ...]:
        return tuple(_clean(sent.get(f"{kind}-{row}-{at}", was)) for at, was in enumerate(were))

    def column(kind: str, at: int, was: Column) -> Column:
        return replace(
            was,
            **{
                part: _clean(sent[name])
                for part in ("label", "type", "allowed", "default")
                if (name := f"{kind}-{part}-{at}") in sent
            },
        )

    policy, total = sent.get("policy", sheet.policy), sent.get("total", sheet.total)
    return replace(
        sheet,
        policy=policy if policy in POLICIES else sheet.policy,
        total=total if total in TOTALS else sheet.total,
        inputs=tuple(column("input", n, one) for n, one in enumerate(sheet.inputs)),
        outputs=tuple(column("output", n, one) for n, one in enumerate(sheet.outputs)),
        rows=tuple(
            replace(
                row,
                cells=texts(n, "cells", row.cells),
                results=texts(n, "results", row.results),
                notes=texts(n, "notes", row.notes),
            )
            for n, row in enumerate(sheet.rows)
        ),
    )


def _clean(text: str) -> str:
    return UNWRITABLE.sub("", text.replace("\r\n", "\n")).strip()


def add_row(sheet: Sheet, at: int) -> Sheet:
    """Put an empty row at a position: any value, no result."""
    if len(sheet.rows) >= MOST_ROWS:
        return sheet
    row = Row("", ("-",) * len(sheet.inputs), ("",) * len(sheet.outputs), ("",) * len(sheet.notes))
    return replace(sheet, rows=(*sheet.rows[:at], row, *sheet.rows[at:]))


def copy_row(sheet: Sheet, at: int) -> Sheet:
    """Put a copy of a row behind it."""
    if len(sheet.rows) >= MOST_ROWS or not 0 <= at < len(sheet.rows):
        return sheet
    copy = replace(sheet.rows[at], key="")
    return replace(sheet, rows=(*sheet.rows[: at + 1], copy, *sheet.rows[at + 1 :]))


def drop_row(sheet: Sheet, at: int) -> Sheet:
    """Take a row away; the last one stays, since a table needs one."""
    if len(sheet.rows) < 2 or not 0 <= at < len(sheet.rows):
        return sheet
    return replace(sheet, rows=(*sheet.rows[:at], *sheet.rows[at + 1 :]))


def move_row(sheet: Sheet, at: int, by: int) -> Sheet:
    """Move a row up (-1) or down (1)."""
    to = at + by
    if not (0 <= at < len(sheet.rows) and 0 <= to < len(sheet.rows)):
        return sheet
    rows = list(sheet.rows)
    rows.insert(to, rows.pop(at))
    return replace(sheet, rows=tuple(rows))


def add_input(sheet: Sheet, fact: str, type_: str, label: str) -> Sheet:
    """Ask for one more fact; every row takes any value of it."""
    if len(sheet.inputs) >= MOST_COLUMNS or any(one.fact == fact for one in sheet.inputs):
        return sheet
    rows = tuple(replace(row, cells=(*row.cells, "-")) for row in sheet.rows)
    return replace(sheet, inputs=(*sheet.inputs, Column("", fact, label, type_)), rows=rows)


def add_output(sheet: Sheet, name: str, type_: str, label: str) -> Sheet:
    """Give one more result; no row has one yet."""
    if len(sheet.outputs) >= MOST_COLUMNS or any(one.fact == name for one in sheet.outputs):
        return sheet
    rows = tuple(replace(row, results=(*row.results, "")) for row in sheet.rows)
    return replace(sheet, outputs=(*sheet.outputs, Column("", name, label, type_)), rows=rows)


def drop_input(sheet: Sheet, at: int) -> Sheet:
    """Ask for one fact less; a table keeps one."""
    if len(sheet.inputs) < 2 or not 0 <= at < len(sheet.inputs):
        return sheet
    rows = tuple(replace(r, cells=(*r.cells[:at], *r.cells[at + 1 :])) for r in sheet.rows)
    return replace(sheet, inputs=(*sheet.inputs[:at], *sheet.inputs[at + 1 :]), rows=rows)


def drop_output(sheet: Sheet, at: int) -> Sheet:
    """Give one result less; a table keeps one."""
    if len(sheet.outputs) < 2 or not 0 <= at < len(sheet.outputs):
        return sheet
    rows = tuple(replace(r, results=(*r.results[:at], *r.results[at + 1 :])) for r in sheet.rows)
    return replace(sheet, outputs=(*sheet.outputs[:at], *sheet.outputs[at + 1 :]), rows=rows)


def faults(sheet: Sheet) -> tuple[Fault, ...]:
    """Name the cells that are no S-FEEL; an empty input cell takes any value, as DMN has it."""
    found = []
    for number, row in enumerate(sheet.rows):
        for at, text in enumerate(row.cells):
            try:
                parse_unary(text)
            except FeelError as error:
                zh = f'第 {number + 1} 行：“{text}”不是条件写法，例如 >=60、[1..5]、"是"、-'
                found.append(Fault(number, "cells", at, zh, str(error)))
        for at, text in enumerate(row.results):
            try:
                parse_literal(text)
            except FeelError as error:
                zh = f'第 {number + 1} 行：“{text}”不是一个值，例如 100、"grant"、true'
                found.append(Fault(number, "results", at, zh, str(error)))
    return tuple(found)
