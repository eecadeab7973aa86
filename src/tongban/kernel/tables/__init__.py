"""Decision tables (决策表): read from DMN, decided with three values, checked, written as SQL.

The only rule source of the house. A missing fact is never false: the answer is then unknown and
names the facts that would settle it. Nothing here reads files or runs code from a table.
"""

from tongban.kernel.tables.deciding import Compiled, compile_table
from tongban.kernel.tables.model import (
    Decision,
    DecisionTable,
    Input,
    Output,
    Rule,
    TableError,
)
from tongban.kernel.tables.reading import read_dmn
from tongban.kernel.tables.sql import outputs_sql, to_sql

__all__ = [
    "Compiled",
    "Decision",
    "DecisionTable",
    "Input",
    "Output",
    "Rule",
    "TableError",
    "compile_table",
    "outputs_sql",
    "read_dmn",
    "to_sql",
]
