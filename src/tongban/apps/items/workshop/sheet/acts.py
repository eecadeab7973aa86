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
    """Give the sheet with what a form sent: ``cells-2-1`` and the like; what is absent stays.

    A row of the form is found by its identity (``key-2``) where it says one, so that nothing typed
    gets into another row that stands in its place by now; else by its position.
    """
    keys = {text: name.removeprefix("key-") for name, text in sent.items() if name[:4] == "key-"}
    places = [keys.get(row.key, "" if keys else str(n)) for n, row in enumerate(sheet.rows)]

    def texts(row: int, kind: str, were: Sequence[str]) -> tuple[str, ...]:
        at = places[row]
        return tuple(_clean(sent.get(f"{kind}-{at}-{n}", was)) for n, was in enumerate(were))

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


def merged(before: Sheet, now: Sheet, mine: Sheet) -> Sheet:
    """Lay what was typed into ``before``, giving ``mine``, over what the sheet is by now.

    Rows and columns are found by their identity. A cell that nobody typed in is as it is by now.
    """
    was = {row.key: (row, typed) for row, typed in zip(before.rows, mine.rows, strict=True)}

    def texts(
        old: Sequence[str], new: Sequence[str], own: Sequence[str], at: Sequence[int | None]
    ) -> tuple[str, ...]:
        return tuple(
            text if n is None or own[n] == old[n] else own[n]
            for n, text in zip(at, new, strict=True)
        )

    def places(were: Sequence[Column], are: Sequence[Column]) -> list[int | None]:
        known = {one.key: n for n, one in enumerate(were)}
        return [known.get(one.key) for one in are]

    inputs = places(before.inputs, now.inputs)
    outputs = places(before.outputs, now.outputs)
    known = {name: n for n, name in enumerate(before.notes)}
    notes = [known.get(name) for name in now.notes]
    rows = []
    for row in now.rows:
        if row.key in was:
            old, own = was[row.key]
            row = replace(  # noqa: PLW2901
                row,
                cells=texts(old.cells, row.cells, own.cells, inputs),
                results=texts(old.results, row.results, own.results, outputs),
                notes=texts(old.notes, row.notes, own.notes, notes),
            )
        rows.append(row)
    return replace(now, rows=tuple(rows))


def overtaken(before: Sheet, now: Sheet) -> frozenset[int]:
    """Give the positions of the rows that are new or other than they were."""
    was = {row.key: row for row in before.rows}
    return frozenset(n for n, row in enumerate(now.rows) if was.get(row.key) != row)


def gone(before: Sheet, now: Sheet, mine: Sheet) -> tuple[Row, ...]:
    """Give the rows that somebody typed in and that are not there any more."""
    there = {row.key for row in now.rows}
    pairs = zip(before.rows, mine.rows, strict=True)
    return tuple(own for old, own in pairs if old.key not in there and own != old)


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
