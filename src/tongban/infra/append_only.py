"""Makes a table append-only by the database itself, in a migration.

Refuses UPDATE, DELETE and TRUNCATE; on PostgreSQL through the function that the trail installs, so
such a migration depends on the trail's.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

#: What a migration that makes a table append-only depends on.
AFTER = ("trail", "0002_append_only")


def append_only(table: str) -> migrations.RunPython:
    """Give the operation that guards ``table``; its key column is ``id``."""

    def guard(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
        {"sqlite": _sqlite, "postgresql": _postgresql}[editor.connection.vendor](editor, table)

    return migrations.RunPython(guard, elidable=False)


def _sqlite(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    for verb in ("update", "delete"):
        editor.execute(
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {verb.upper()} refused'); END"
        )
    # REPLACE removes the old row without asking a DELETE trigger
    editor.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: REPLACE refused'); END"
    )


def _postgresql(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    for verb in ("update", "delete", "truncate"):
        each = "STATEMENT" if verb == "truncate" else "ROW"
        editor.execute(
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION trail_refuse()"
        )
        editor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_{verb}")
