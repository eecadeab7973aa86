"""The index of the search: the only writer and reader of the table ``exchange_search``.

Both databases hold the tokens of `domain.tokens` and, as tags, the values that a search may filter
by, so that one look answers text and filters together. SQLite: FTS5 over tokens written in ASCII,
whatever Unicode it knows. PostgreSQL: tsvector literals, past every parser and dictionary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from tongban.apps.exchange.domain import records
from tongban.apps.exchange.domain.records import Entry
from tongban.apps.exchange.domain.tokens import index_tokens

Texts = tuple[list[str], list[str], list[str], list[str]]
#: How many of the resources that fit are ranked; a text that fits more is too wide to rank.
RANKED = 2_000
#: How far hits are counted.
COUNTED = 10_000
_FILTERS = ("state", "department", "sharing", "base_library", "level")


@dataclass(frozen=True, slots=True)
class Ranked:
    """The ids of one page, best first, and how many fit (`COUNTED` + 1 means more than that)."""

    ids: tuple[int, ...]
    total: int


def texts(entry: Entry, state: str) -> Texts:
    """Give the tokens of name, items and all else, and the tags that filters ask for."""
    lead = entry.lead or entry.department
    library = records.LIBRARIES.get(entry.base_library)
    rest = (
        entry.abstract.zh,
        entry.abstract.en,
        entry.department.name.zh,
        entry.department.name.en,
        lead.name.zh,
        *entry.classes,
        entry.code,
        entry.slug,
        entry.source_item,
        library.zh if library else "",
    )
    labels = (
        f"{item.label.zh} {item.label.en} {item.name.replace('_', ' ')}" for item in entry.items
    )
    values = {
        "state": (state,),
        "department": (entry.department.key, entry.department.uscc),
        "sharing": (entry.sharing,),
        "base_library": (entry.base_library,),
        "level": (entry.level,),
    }
    return (
        index_tokens(f"{entry.name.zh} {entry.name.en}"),
        index_tokens(" ".join(labels)),
        index_tokens(" ".join(rest)),
        [_tag(name, value) for name, some in values.items() for value in some if value],
    )


def _tag(name: str, value: str) -> str:
    return f"_{name}_{value}".replace("-", "_").lower()


def write(rows: Sequence[tuple[int, Texts]]) -> None:
    """Write the tokens of these resources in the place of older ones."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(
                "DELETE FROM exchange_search WHERE rowid = %s", [(key,) for key, _ in rows]
            )
            cursor.executemany(
                "INSERT INTO exchange_search (rowid, name, items, rest, tags) "
                "VALUES (%s, %s, %s, %s, %s)",
                [(key, *(" ".join(map(_ascii, part)) for part in parts)) for key, parts in rows],
            )
        else:
            cursor.executemany(
                "INSERT INTO exchange_search (id, tokens) VALUES (%s, %s::tsvector) "
                "ON CONFLICT (id) DO UPDATE SET tokens = EXCLUDED.tokens",
                [(key, _vector(parts)) for key, parts in rows],
            )


def find(tokens: Sequence[str], filters: Mapping[str, str], start: int, size: int) -> Ranked:
    """Find the resources with all tokens that pass the filters, best first.

    Those with all tokens in the name stand before the others. Where more than `RANKED` fit, that
    many are ranked, names first.
    """
    tags = [_tag(name, filters[name]) for name in _FILTERS if filters.get(name)]
    ask = _sqlite if connection.vendor == "sqlite" else _postgresql
    return ask(tokens, tags, start, size)


_SQLITE_FIRST = "SELECT rowid FROM exchange_search WHERE exchange_search MATCH %s LIMIT %s"
_SQLITE_COUNT = (
    "SELECT count(*) FROM (SELECT 1 FROM exchange_search WHERE exchange_search MATCH %s "  # noqa: S608
    f"LIMIT {COUNTED + 1})"
)
_SQLITE_RANK = (
    "SELECT rowid FROM exchange_search WHERE exchange_search MATCH %s "
    "ORDER BY bm25(exchange_search, 10, 3, 1, 0), rowid LIMIT %s OFFSET %s"
)


def _ascii(token: str) -> str:
    """Write a token with letters FTS5 keeps whole: ``出生`` becomes ``u51fau751f``.

    >>> _ascii("出生"), _ascii("up2")
    ('u51fau751f', 'up2')
    """
    return "".join(c if c.isascii() else f"u{ord(c):x}" for c in token)


def _sqlite(tokens: Sequence[str], tags: Sequence[str], start: int, size: int) -> Ranked:
    every = " AND ".join(f'"{_ascii(token)}"' for token in tokens)
    tagged = "".join(f' AND tags : "{tag}"' for tag in tags)
    wide = f"({{name items rest}} : ({every})){tagged}"
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE_COUNT, [wide])
        total = int(cursor.fetchone()[0])
        if total <= RANKED:
            cursor.execute(_SQLITE_RANK, [wide, size, start])
            return Ranked(tuple(row[0] for row in cursor.fetchall()), total)
        narrow = f"(name : ({every})){tagged}"
        cursor.execute(_SQLITE_FIRST, [narrow, RANKED])
        ids = [row[0] for row in cursor.fetchall()]
        if len(ids) < RANKED:
            cursor.execute(_SQLITE_RANK, [narrow, RANKED, 0])
            ids = [row[0] for row in cursor.fetchall()]
            cursor.execute(_SQLITE_FIRST, [wide, RANKED])
            ids += [row[0] for row in cursor.fetchall()]
    found = list(dict.fromkeys(ids))[start : start + size]
    return Ranked(tuple(found), total)


_POSTGRESQL_COUNT = (
    "SELECT count(*) FROM (SELECT 1 FROM exchange_search WHERE tokens @@ %s::tsquery "  # noqa: S608
    f"LIMIT {COUNTED + 1}) AS counted"
)
_POSTGRESQL_RANK = (
    "SELECT id FROM (SELECT id, tokens FROM exchange_search WHERE tokens @@ %s::tsquery "
    "LIMIT %s) AS fitting "
    "ORDER BY ts_rank('{0, 0.1, 0.3, 1}', tokens, %s::tsquery) DESC, id LIMIT %s OFFSET %s"
)
_POSTGRESQL_FIRST = "SELECT id FROM exchange_search WHERE tokens @@ %s::tsquery LIMIT %s"


def _vector(parts: Texts) -> str:
    """Write a tsvector: each token with a position for each part it stands in, weights A to D."""
    where: dict[str, list[str]] = {}
    for weight, part in zip("ABCD", parts, strict=True):
        for token in part:
            where.setdefault(token, []).append(f"{len(where.get(token, ())) + 1}{weight}")
    return " ".join(f"'{_quoted(token)}':{','.join(at)}" for token, at in where.items())


def _quoted(token: str) -> str:
    return token.replace("\\", "\\\\").replace("'", "''")


def _query(tokens: Sequence[str], tags: Sequence[str], weights: str) -> str:
    every = [f"'{_quoted(token)}':{weights}" for token in tokens]
    return " & ".join([*every, *(f"'{_quoted(tag)}':D" for tag in tags)])


def _postgresql(tokens: Sequence[str], tags: Sequence[str], start: int, size: int) -> Ranked:
    wide = _query(tokens, tags, "ABC")
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL_COUNT, [wide])
        total = int(cursor.fetchone()[0])
        if total <= RANKED:
            cursor.execute(_POSTGRESQL_RANK, [wide, RANKED, wide, size, start])
            return Ranked(tuple(row[0] for row in cursor.fetchall()), total)
        narrow = _query(tokens, tags, "A")
        cursor.execute(_POSTGRESQL_RANK, [narrow, RANKED, narrow, RANKED, 0])
        ids = [row[0] for row in cursor.fetchall()]
        if len(ids) < RANKED:
            cursor.execute(_POSTGRESQL_FIRST, [wide, RANKED])
            ids += [row[0] for row in cursor.fetchall()]
    found = list(dict.fromkeys(ids))[start : start + size]
    return Ranked(tuple(found), total)
