"""Let the database itself refuse to change the log, and take a leaf only at the end of the tree."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from tongban.infra.append_only import AFTER, append_only

# a tile becomes wider by what follows, and never otherwise
SQLITE = (
    """CREATE TRIGGER evidence_leaf_in_turn BEFORE INSERT ON evidence_leaf
        WHEN NEW.id IS NOT (SELECT COALESCE(MAX(id) + 1, 0) FROM evidence_leaf)
            OR EXISTS (SELECT 1 FROM evidence_leaf WHERE event_id = NEW.event_id)
        BEGIN SELECT RAISE(ABORT, 'evidence_leaf: a leaf out of its turn refused'); END""",
    """CREATE TRIGGER evidence_tile_grows BEFORE UPDATE ON evidence_tile
        WHEN NEW.id IS NOT OLD.id OR NEW.level IS NOT OLD.level OR NEW.number IS NOT OLD.number
            OR substr(NEW.hashes, 1, length(OLD.hashes)) IS NOT OLD.hashes
        BEGIN SELECT RAISE(ABORT, 'evidence_tile only grows: UPDATE refused'); END""",
    """CREATE TRIGGER evidence_tile_no_delete BEFORE DELETE ON evidence_tile
        BEGIN SELECT RAISE(ABORT, 'evidence_tile is append-only: DELETE refused'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION evidence_leaf_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE first bigint; last bigint; many bigint; BEGIN
        SELECT MIN(id), MAX(id), COUNT(*) INTO first, last, many FROM fresh;
        IF many > 0 AND (last - first + 1 <> many OR first < 0
            OR EXISTS (SELECT 1 FROM evidence_leaf WHERE id > last)
            OR (first > 0 AND NOT EXISTS (SELECT 1 FROM evidence_leaf WHERE id = first - 1))) THEN
            RAISE EXCEPTION 'evidence_leaf: a leaf out of its turn refused'
            USING ERRCODE = 'restrict_violation';
        END IF; RETURN NULL; END $$""",
    """CREATE FUNCTION evidence_tile_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.id <> OLD.id OR NEW.level <> OLD.level OR NEW.number <> OLD.number
            OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes THEN
            RAISE EXCEPTION 'evidence_tile only grows: UPDATE refused'
            USING ERRCODE = 'restrict_violation';
        END IF; RETURN NEW; END $$""",
    """CREATE TRIGGER evidence_leaf_in_turn AFTER INSERT ON evidence_leaf
        REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION evidence_leaf_in_turn()""",
    "ALTER TABLE evidence_leaf ENABLE ALWAYS TRIGGER evidence_leaf_in_turn",
    """CREATE TRIGGER evidence_tile_grows BEFORE UPDATE ON evidence_tile
        FOR EACH ROW EXECUTE FUNCTION evidence_tile_grows()""",
    "ALTER TABLE evidence_tile ENABLE ALWAYS TRIGGER evidence_tile_grows",
    """CREATE TRIGGER evidence_tile_no_delete BEFORE DELETE ON evidence_tile
        FOR EACH ROW EXECUTE FUNCTION trail_refuse()""",
    "ALTER TABLE evidence_tile ENABLE ALWAYS TRIGGER evidence_tile_no_delete",
    """CREATE TRIGGER evidence_tile_no_truncate BEFORE TRUNCATE ON evidence_tile
        FOR EACH STATEMENT EXECUTE FUNCTION trail_refuse()""",
    "ALTER TABLE evidence_tile ENABLE ALWAYS TRIGGER evidence_tile_no_truncate",
)


def guard(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in SQLITE if editor.connection.vendor == "sqlite" else POSTGRESQL:
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial"), AFTER]
    operations = [
        append_only("evidence_log"),
        append_only("evidence_leaf"),
        append_only("evidence_checkpoint"),
        append_only("evidence_cosignature"),
        append_only("evidence_token"),
        append_only("evidence_export"),
        migrations.RunPython(guard, elidable=False),
    ]
