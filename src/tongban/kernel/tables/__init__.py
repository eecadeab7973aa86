"""Decision tables (决策表): read from DMN, decided with three values, checked, written as SQL.

The only rule source of the house. A missing fact is never false: the answer is then unknown and
names the facts that would settle it. Nothing here reads files or runs code from a table.
"""

from tongban.kernel.tables.checking import Finding, check
from tongban.kernel.tables.deciding import Compiled, compile_table
from tongban.kernel.tables.model import (
    Decision,
    DecisionTable,
    Input,
    Output,
    Rule,
    TableError,
    Type,
)
from tongban.kernel.tables.reading import read_dmn
from tongban.kernel.tables.sql import outputs_sql, to_sql
from tongban.kernel.tables.words import explain, reasons, render, render_rule
from tongban.kernel.tables.writing import write_dmn

__all__ = [
    "Compiled",
    "Decision",
    "DecisionTable",
    "Finding",
    "Input",
    "Output",
    "Rule",
    "TableError",
    "Type",
    "check",
    "compile_table",
    "explain",
    "outputs_sql",
    "read_dmn",
    "reasons",
    "render",
    "render_rule",
    "to_sql",
    "write_dmn",
]
