"""A decision table as a sheet (规则表): columns and rows of plain text, written back into its file.

What was not touched stays as it was: ids, diagram, vendors' elements, comments. A cell is text
until somebody checks it, so that what was typed wrong is kept and told, never lost. The kernel
reads and judges the file; here it is only taken apart and put together.
"""

from tongban.apps.items.workshop.sheet.acts import (
    add_input,
    add_output,
    add_row,
    copy_row,
    drop_input,
    drop_output,
    drop_row,
    faults,
    gone,
    merged,
    move_row,
    overtaken,
    typed,
)
from tongban.apps.items.workshop.sheet.filing import (
    read_sheets,
    write_sheet,
)
from tongban.apps.items.workshop.sheet.model import (
    POLICIES,
    TOTALS,
    TYPES,
    Column,
    Fault,
    Row,
    Sheet,
)

__all__ = [
    "POLICIES",
    "TOTALS",
    "TYPES",
    "Column",
    "Fault",
    "Row",
    "Sheet",
    "add_input",
    "add_output",
    "add_row",
    "copy_row",
    "drop_input",
    "drop_output",
    "drop_row",
    "faults",
    "gone",
    "merged",
    "move_row",
    "overtaken",
    "read_sheets",
    "typed",
    "write_sheet",
]
