"""The index of the search: the only writer and reader of the table ``exchange_search``.

Both databases hold the tokens of `domain.tokens` and, as tags, the values that a search may filter
by, so that one look answers text and filters together. SQLite: FTS5 over tokens written in ASCII,
whatever Unicode it knows. PostgreSQL: tsvector literals, past every parser and dictionary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from tongban.apps.exchange.domain import records
from tongban.apps.exchange.domain.records import Entry
from tongban.apps.exchange.domain.tokens import index_tokens

Texts = tuple[list[str], list[str], list[str], list[str]]
#: How many of the resources that fit are ranked; a text that fits more is too wide to rank.
RANKED = 1_000
#: How far hits are counted.
COUNTED = 10_000
_FILTERS = ("state", "department", "sharing", "base_library", "level")


@dataclass(frozen=True, slots=True)
class Fitting:
    """The ids to be ranked, and how many fit (`COUNTED` + 1 means more than that)."""

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


def find(tokens: Sequence[str], filters: Mapping[str, str]) -> Fitting:
    """Find the resources with all tokens that pass the filters.

    Where more than `RANKED` fit, those with all tokens in the name come first and no more than
    `RANKED` are given: the search should be narrowed.
    """
    tags = [_tag(name, filters[name]) for name in _FILTERS if filters.get(name)]
    sql, wide, narrow = (_sqlite if connection.vendor == "sqlite" else _postgresql)(tokens, tags)
    with connection.cursor() as cursor:

        def ids(query: str, most: int) -> list[int]:
            cursor.execute(sql, [query, most])
            return [row[0] for row in cursor.fetchall()]

        fit = ids(wide, RANKED + 1)
        total = len(fit)
        if total > RANKED:
            every = ids(wide, COUNTED + 1)
            total = len(every)
            fit = list(dict.fromkeys([*ids(narrow, RANKED), *every]))[:RANKED]
    return Fitting(tuple(fit), total)


_SQLITE = "SELECT rowid FROM exchange_search WHERE exchange_search MATCH %s LIMIT %s"
_POSTGRESQL = "SELECT id FROM exchange_search WHERE tokens @@ %s::tsquery LIMIT %s"
#: Before a token of a name: a GIN index knows no weights, so such tokens are lexemes of their own.
_NAME = "="


@lru_cache(maxsize=1 << 16)
def _ascii(token: str) -> str:
    """Write a token with letters FTS5 keeps whole: ``出生`` becomes ``u51fau751f``.

    >>> _ascii("出生"), _ascii("up2")
    ('u51fau751f', 'up2')
    """
    return "".join(c if c.isascii() else f"u{ord(c):x}" for c in token)


def _sqlite(tokens: Sequence[str], tags: Sequence[str]) -> tuple[str, str, str]:
    every = " AND ".join(f'"{_ascii(token)}"' for token in tokens)
    tagged = "".join(f' AND tags : "{tag}"' for tag in tags)
    wide, narrow = (f"({part} : ({every})){tagged}" for part in ("{name items rest}", "name"))
    return _SQLITE, wide, narrow


def _vector(parts: Texts) -> str:
    """Write a tsvector of all tokens, those of the name a second time as such."""
    found = dict.fromkeys(token for part in parts for token in part)
    found |= dict.fromkeys(f"{_NAME}{token}" for token in parts[0])
    return " ".join(f"'{_quoted(token)}'" for token in found)


def _quoted(token: str) -> str:
    return token.replace("\\", "\\\\").replace("'", "''")


def _postgresql(tokens: Sequence[str], tags: Sequence[str]) -> tuple[str, str, str]:
    wide, narrow = (
        " & ".join(f"'{_quoted(token)}'" for token in (*(before + t for t in tokens), *tags))
        for before in ("", _NAME)
    )
    return _POSTGRESQL, wide, narrow
