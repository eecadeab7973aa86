"""A sheet made ready for its template: columns, cells with their faults, a trial's questions."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from tongban.apps.items.workshop import sheet
from tongban.apps.items.workshop.sheet import Sheet
from tongban.kernel.tables import DecisionTable
from tongban.web.drawing import width

_SIGNS = 2  # of a text field, to an em
_WIDEST = 36  # signs; a longer text goes on in the next line


def heads(made: Sheet, called: Mapping[str, str], t: Mapping[str, str]) -> list[dict[str, str]]:
    """Give the columns of a sheet, conditions before results."""
    inputs = [
        {"kind": t["design_input"], "name": called.get(one.fact, one.fact), "fact": one.fact,
         "allowed": one.allowed, "value": f"input-{n}", "field": f"input-allowed-{n}"}
        for n, one in enumerate(made.inputs)
    ]  # fmt: skip
    outputs = [
        {"kind": t["design_output"], "name": one.label or one.fact, "fact": one.fact,
         "allowed": one.allowed, "value": f"output-{n}", "field": f"output-allowed-{n}"}
        for n, one in enumerate(made.outputs)
    ]  # fmt: skip
    return [*inputs, *outputs]


def cells(
    made: Sheet,
    number: int,
    row: sheet.Row,
    faults: Sequence[sheet.Fault],
    called: Mapping[str, str],
    t: Mapping[str, str],
    *,
    en: bool,
) -> list[dict[str, Any]]:
    """Give the cells of a row with the name a reader hears and what is wrong with each."""
    wrong = {(f.kind, f.column): f.en if en else f.zh for f in faults if f.row == number}
    heads = {
        "cells": [called.get(one.fact, one.fact) for one in made.inputs],
        "results": [one.label or one.fact for one in made.outputs],
        "notes": [str(t.get(f"design_note_{one}", one)) for one in made.notes],
    }
    texts = {"cells": row.cells, "results": row.results, "notes": row.notes}
    return [
        {
            "name": f"{kind}-{number}-{at}",
            "value": text,
            "wide": (wide := min(max(ceil(width(text) * _SIGNS) + 1, 6), _WIDEST)),
            "high": max(ceil(width(text) * _SIGNS / wide), 1),
            "label": str(t["design_cell"]).format(row=number + 1, column=head),
            "error": wrong.get((kind, at), ""),
        }
        for kind, names in heads.items()
        for at, (text, head) in enumerate(zip(texts[kind], names, strict=False))
    ]


def trying(
    table: DecisionTable | None, called: Mapping[str, str], tried: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Give a question for each fact that a table asks, with what was typed."""
    if table is None:
        return []
    return [
        {
            "name": f"try-{number}",
            "label": called.get(column.name, column.name),
            "hint": column.allowed.text if column.allowed else column.type,
            "choices": ("true", "false") if column.type == "boolean" else (),
            "value": tried.get(f"try-{number}", ""),
        }
        for number, column in enumerate(table.inputs)
    ]
