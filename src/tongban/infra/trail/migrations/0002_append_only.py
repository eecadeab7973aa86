"""Let the database itself refuse to change or drop what was recorded."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

APPEND_ONLY = ["trail_event", "trail_payload", "trail_erasure"]
# SQLite's REPLACE removes the old row without asking a DELETE trigger, so it is refused on the way in.
SAME_ROW = {
    "trail_event": (
        "position = NEW.position OR id = NEW.id OR (chain = NEW.chain AND seq = NEW.seq)"
    ),
    "trail_payload": "event_id = NEW.event_id",
    "trail_erasure": "event_id = NEW.event_id",
}


def sqlite(editor: BaseDatabaseSchemaEditor) -> None:
    for table in APPEND_ONLY:
        lawful = (
            " WHEN NOT EXISTS (SELECT 1 FROM trail_erasure WHERE event_id = OLD.event_id)"
            if table == "trail_payload"
            else ""
        )
        editor.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: UPDATE refused'); END"
        )
        editor.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}{lawful} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: DELETE refused'); END"
        )
        editor.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {SAME_ROW[table]}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: REPLACE refused'); END"
        )


def postgresql(editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute(
        "CREATE FUNCTION trail_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP "
        "USING ERRCODE = 'restrict_violation'; END $$",
        params=None,
    )
    editor.execute(
        "CREATE FUNCTION trail_refuse_unless_lawful() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT 1 FROM trail_erasure WHERE event_id = OLD.event_id) "
        "THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP "
        "USING ERRCODE = 'restrict_violation'; END $$",
        params=None,
    )
    for table in APPEND_ONLY:
        on_delete = "trail_refuse_unless_lawful" if table == "trail_payload" else "trail_refuse"
        for name, when, function in (
            ("update", "BEFORE UPDATE", "trail_refuse"),
            ("delete", "BEFORE DELETE", on_delete),
            ("truncate", "BEFORE TRUNCATE", "trail_refuse"),
        ):
            each = "STATEMENT" if name == "truncate" else "ROW"
            editor.execute(
                f"CREATE TRIGGER {table}_no_{name} {when} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION {function}()"
            )
            # ALWAYS: a session that plays the replica (session_replication_role) is refused too
            editor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_{name}")


def guard(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    {"sqlite": sqlite, "postgresql": postgresql}[editor.connection.vendor](editor)


class Migration(migrations.Migration):
    dependencies = [("trail", "0001_initial")]
    operations = [migrations.RunPython(guard, elidable=False)]
