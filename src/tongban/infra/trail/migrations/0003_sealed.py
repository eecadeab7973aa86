"""Payloads are sealed; the database lets one be rewritten from an old key to the one in force only.

That the data stayed the same is shown by its digest in the chain.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import tongban.infra.secrecy.fields


def sqlite(editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute("DROP TRIGGER trail_payload_no_update")
    editor.execute(
        "CREATE TRIGGER trail_payload_no_update BEFORE UPDATE ON trail_payload "
        "WHEN NOT (NEW.event_id = OLD.event_id AND NEW.key_id IS NOT OLD.key_id AND NEW.key_id IS "
        "(SELECT number FROM secrecy_key WHERE state = 'current')) "
        "BEGIN SELECT RAISE(ABORT, 'trail_payload is append-only: UPDATE refused'); END"
    )


def postgresql(editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute(
        "CREATE FUNCTION trail_refuse_unless_sealed_anew() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN IF NEW.event_id = OLD.event_id AND NEW.key_id IS DISTINCT FROM OLD.key_id AND "
        "NEW.key_id = (SELECT number FROM secrecy_key WHERE state = 'current') "
        "THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP "
        "USING ERRCODE = 'restrict_violation'; END $$",
        params=None,
    )
    editor.execute("DROP TRIGGER trail_payload_no_update ON trail_payload")
    editor.execute(
        "CREATE TRIGGER trail_payload_no_update BEFORE UPDATE ON trail_payload "
        "FOR EACH ROW EXECUTE FUNCTION trail_refuse_unless_sealed_anew()"
    )
    editor.execute("ALTER TABLE trail_payload ENABLE ALWAYS TRIGGER trail_payload_no_update")


def guard(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    {"sqlite": sqlite, "postgresql": postgresql}[editor.connection.vendor](editor)


class Migration(migrations.Migration):
    dependencies = [("secrecy", "0001_initial"), ("trail", "0002_append_only")]
    operations = [
        migrations.AddField(
            "payload", "key", tongban.infra.secrecy.fields.KeyField(verbose_name="数据密钥")
        ),
        # the column stays text; an ALTER would make SQLite write the table anew, without triggers
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "payload", "data", tongban.infra.secrecy.fields.SealedText(verbose_name="数据")
                )
            ]
        ),
        migrations.RunPython(guard, elidable=False),
    ]
