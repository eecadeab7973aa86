"""A sheet as frozen data: columns and rows of plain text."""

import re
from dataclasses import dataclass

POLICIES = ("UNIQUE", "ANY", "FIRST", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
TOTALS = ("", "SUM", "MIN", "MAX", "COUNT")
TYPES = ("", "string", "number", "integer", "boolean", "date")
MOST_ROWS, MOST_COLUMNS = 500, 40
# what XML cannot hold; a cell never needs it
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Column:
    """An input (``fact`` asked for) or an output (``fact`` is the result's name).

    ``key`` finds its element again, empty for a new one; ``allowed`` and ``default`` are S-FEEL.
    """

    key: str
    fact: str
    label: str = ""
    type: str = ""
    allowed: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A rule: a text an input, a text an output, a text an annotation column."""

    key: str
    cells: tuple[str, ...]
    results: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One decision of a file as it is edited."""

    decision: str
    name: str
    policy: str
    total: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    notes: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell: ``kind`` is "cells", "results" or "notes", both by position."""

    row: int
    kind: str
    column: int
    zh: str
    en: str
