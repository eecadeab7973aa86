"""Keep published resources as they were, and give the search its index.

SQLite: an FTS5 table over tokens that we write in ASCII. PostgreSQL: a tsvector with a GIN index.
Both hold the tokens of ``domain.tokens``; ``catalogue.searching`` is their only reader and writer.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from tongban.infra.append_only import AFTER, append_only

_MAKE = {
    "sqlite": (
        """CREATE VIRTUAL TABLE exchange_search
           USING fts5(name, items, rest, tags, tokenize = "ascii tokenchars '_'")""",
    ),
    "postgresql": (
        "CREATE TABLE exchange_search (id bigint PRIMARY KEY, tokens tsvector NOT NULL)",
        "CREATE INDEX exchange_search_tokens ON exchange_search USING gin (tokens)",
    ),
}


def make(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _MAKE[editor.connection.vendor]:
        editor.execute(statement)


def unmake(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute("DROP TABLE exchange_search")


class Migration(migrations.Migration):
    dependencies = [("exchange", "0003_registry"), AFTER]
    operations = [
        append_only("exchange_resourceversion"),
        migrations.RunPython(make, unmake, elidable=False),
    ]
