"""A department's SQLite table: read exactly, read only, and unavailable rather than wrong."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongban.kernel.wire.words import Found, Question, WireRefused
from tongban.node.providers import ProviderConfigInvalid, ProviderFailed, Setting
from tongban.node.providers.base import KINDS
from tongban.node.providers.sqlite import Sqlite

SECRET = bytes(range(32))
FIELDS: dict[str, Any] = {
    "mother": "MQHM",
    "birth_date": "CSRQ",
    "live_birth": {"column": "SFHC", "type": "boolean"},
    "weight": "TZ",
    "region": "XZQH",
}
OPTIONS: dict[str, Any] = {
    "kind": "sqlite",
    "file": "health.sqlite",
    "table": "CSXX",
    "key": ["mother"],
    "changed": "GXSJ",
    "fields": FIELDS,
}
ROWS = [
    ("a'; DROP TABLE CSXX; --", "2026-11-20", 1, 3200, "330113", "2026-11-21"),
    ("b", "2026-11-20", 0, None, "330106", "2026-11-22"),
    ("c", "2026-11-19", 1, 3.5, None, "2026-11-20"),
    ("c", "2026-11-18", 1, 2800, "330113", "2026-11-20"),
]


def write(path: Path, rows: list[tuple[Any, ...]] = ROWS) -> Path:
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE CSXX (MQHM TEXT, CSRQ TEXT, SFHC INT, TZ, XZQH TEXT, GXSJ TEXT)"
    )
    connection.executemany("INSERT INTO CSXX VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def make(folder: Path, **options: Any) -> Sqlite:
    provider = KINDS.build(Setting("births", OPTIONS | options, folder, SECRET))
    assert isinstance(provider, Sqlite)
    return provider


@pytest.fixture
def births(tmp_path: Path) -> Iterator[Sqlite]:
    write(tmp_path / "health.sqlite")
    provider = make(tmp_path)
    yield provider
    asyncio.run(provider.close())


def both_ways(provider: Sqlite, question: Question) -> Found:
    """Ask by a thread, on the caller's own and on the spot; hold that all say the same."""
    now = provider.ask_now(question)
    found = asyncio.run(provider.ask(question))
    assert list(found.records) == list(now.records)
    spot = provider.at_once(question)
    assert spot is None or list(spot.records) == list(now.records)
    return found


def find(mother: str, *fields: str, **more: Any) -> Question:
    return Question("find", fields or ("birth_date", "live_birth"), ({"mother": mother},), **more)


def test_a_record_is_found_by_its_key_with_exactly_the_fields(births: Sqlite) -> None:
    assert both_ways(births, find(ROWS[0][0])).records == [
        {"birth_date": "2026-11-20", "live_birth": True}
    ]
    assert both_ways(births, find("b", "live_birth", "weight")).records == [
        {"live_birth": False, "weight": None}
    ]
    assert both_ways(births, find("nobody")).records == []
    assert len(both_ways(births, find("c", "weight")).records) == 2
    assert births.ask_now(find("c", "weight")).records[0] == {"weight": "3.5"}


def test_a_key_is_a_value_and_never_sql(births: Sqlite) -> None:
    for text in ("' OR '1'='1", "x' UNION SELECT name FROM sqlite_master --", "%", "\x00"):
        assert births.ask_now(find(text)).records == []
    assert len(births.ask_now(find("c")).records) == 2


def test_among_gives_the_asked_records_and_nobody_elses(births: Sqlite) -> None:
    keys = tuple({"mother": m} for m in [*(f"nobody-{n}" for n in range(398)), "b", "c"])
    found = both_ways(births, Question("among", ("mother",), keys))
    assert sorted(r["mother"] for r in found.records) == ["b", "c", "c"]
    with pytest.raises(ProviderFailed):
        births.ask_now(Question("among", ("mother",), (*keys, {"mother": "d"})))


def test_row_filters_reach_the_department_and_hide_what_could_not_leave(births: Sqlite) -> None:
    def seen(*rows: dict[str, frozenset[Any]]) -> list[Any]:
        question = Question("walk", ("mother", "region"), (), None, 10, rows)
        return [(r["mother"], r["region"]) for r in births.ask_now(question).records]

    assert seen({"region": frozenset({"330113"})}) == [(ROWS[0][0], "330113"), ("c", "330113")]
    assert seen({"region": frozenset({None, "330106"})}) == [("b", "330106"), ("c", None)]
    assert seen(
        {"region": frozenset({"330113"}), "mother": frozenset({"c"})}, {"mother": frozenset({"b"})}
    ) == [
        ("b", "330106"),
        ("c", "330113"),
    ]
    assert seen({"region": frozenset()}) == []
    question = find("b", rows=({"region": frozenset({"330113"})},))
    assert births.ask_now(question).records == []


def walk_all(ask: Callable[[Question], Found], limit: int, fields: tuple[str, ...]) -> list[Any]:
    records: list[Any] = []
    after = None
    for _ in range(1000):
        found = ask(Question("walk", fields, (), after, limit))
        assert len(found.records) <= limit
        records += found.records
        after = found.after
        if after is None:
            return records
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_a_walk_gives_every_record_once_whatever_the_page(births: Sqlite, limit: int) -> None:
    records = walk_all(births.ask_now, limit, ("mother", "birth_date"))
    assert [(r["mother"], r["birth_date"]) for r in records] == [row[:2] for row in ROWS]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=25),
    limit=st.integers(1, 8),
)
def test_a_walk_in_an_order_with_ties_loses_nothing_or_says_so(
    tmp_path: Path, keys: list[tuple[str, int]], limit: int
) -> None:
    path = tmp_path / "health.sqlite"
    path.unlink(missing_ok=True)
    write(path, [(a, "", n, i, None, None) for i, (a, n) in enumerate(keys)])
    provider = make(tmp_path, order=["MQHM", "SFHC"])
    crowded = max((keys.count(key) for key in keys), default=0) > limit
    if crowded:
        with pytest.raises(ProviderFailed, match="make `order` unique"):
            walk_all(provider.ask_now, limit, ("weight",))
    else:
        records = walk_all(provider.ask_now, limit, ("weight",))
        assert sorted(r["weight"] for r in records) == list(range(len(keys)))
    asyncio.run(provider.close())


def test_a_cursor_tells_nothing_and_cannot_be_made(births: Sqlite, tmp_path: Path) -> None:
    cursor = (
        make(tmp_path, order=["MQHM", "CSRQ"])
        .ask_now(Question("walk", ("weight",), (), None, 2))
        .after
    )
    assert cursor is not None
    other = KINDS.build(Setting("deaths", OPTIONS, tmp_path, SECRET))
    stranger = KINDS.build(Setting("births", OPTIONS, tmp_path, bytes(32)))
    last = births.ask_now(Question("walk", ("weight",), (), None, 2)).after
    assert last is not None
    for provider, text in [
        (births, cursor),  # of another order
        (other, last),  # of another service
        (stranger, last),  # of another node
        *(
            (births, last[:n] + ("A" if last[n] != "A" else "B") + last[n + 1 :])
            for n in range(len(last) - 1)
        ),
        (births, ""),
        (births, "MTA"),
        (births, "游标"),
        (births, "A" * 5000),
    ]:
        assert isinstance(provider, Sqlite)
        with pytest.raises(WireRefused) as refused:
            provider.ask_now(Question("walk", ("weight",), (), text, 2))
        assert refused.value.code == "malformed"


@pytest.mark.parametrize("fault", ["missing", "corrupt", "column", "table", "locked"])
def test_a_store_that_is_down_is_unavailable_and_comes_back(
    births: Sqlite, tmp_path: Path, fault: str
) -> None:
    path = tmp_path / "health.sqlite"
    sound = path.read_bytes()
    assert births.ask_now(find("b")).records
    lock = None
    if fault == "missing":
        path.unlink()
    elif fault == "corrupt":
        path.with_suffix(".new").write_bytes(b"not a database" * 100)
        path.with_suffix(".new").replace(path)
    elif fault == "locked":
        lock = sqlite3.connect(path, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    else:
        change = {"column": "RENAME COLUMN CSRQ TO X", "table": "RENAME TO OLD"}[fault]
        connection = sqlite3.connect(path)
        connection.execute(f"ALTER TABLE CSXX {change}")
        connection.close()
    began = time.monotonic()
    for ask in (births.ask_now, lambda q: asyncio.run(births.ask(q))):
        with pytest.raises(ProviderFailed) as failed:
            ask(find("b"))
        assert failed.value.kind == "unavailable"
    assert time.monotonic() - began < 2.0
    if lock is not None:
        lock.close()
    else:
        path.with_suffix(".new").write_bytes(sound)
        path.with_suffix(".new").replace(path)
    assert both_ways(births, find("b")).records == [
        {"birth_date": "2026-11-20", "live_birth": False}
    ]


def test_a_replaced_file_is_read_anew(births: Sqlite, tmp_path: Path) -> None:
    assert births.ask_now(find("new")).records == []
    write(tmp_path / "fresh", [("new", "2026-12-01", 1, 1, None, None)]).replace(
        tmp_path / "health.sqlite"
    )
    assert births.ask_now(find("new", "birth_date")).records == [{"birth_date": "2026-12-01"}]


def test_a_query_that_runs_too_long_is_ended(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "health.sqlite")
    connection.execute(
        "CREATE VIEW CSXX AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
        "SELECT x AS MQHM, x AS CSRQ, 1 AS SFHC, 1 AS TZ, '' AS XZQH, '' AS GXSJ FROM n"
    )
    connection.close()
    provider = make(tmp_path, longest=0.2)
    began = time.monotonic()
    with pytest.raises(ProviderFailed) as failed:
        asyncio.run(provider.ask(find("never")))
    assert failed.value.kind == "timeout"
    assert time.monotonic() - began < 2.0
    asyncio.run(provider.close())


def test_what_takes_long_or_waits_for_a_lock_is_not_answered_on_the_spot(tmp_path: Path) -> None:
    path = write(tmp_path / "health.sqlite", [(f"{n}", "", 1, 1, "", "") for n in range(5_000)])
    provider = make(tmp_path)
    assert provider.at_once(find("4999")) is None  # no index: a look at every row
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("CREATE INDEX by_mother ON CSXX (MQHM)")
        found = provider.at_once(find("4999", "birth_date"))
        assert found is not None
        assert found.records == [{"birth_date": ""}]
        writer.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        assert provider.at_once(find("4999")) is None
        assert time.monotonic() - began < 0.1
        writer.execute("ROLLBACK")
    assert provider.at_once(find("4999")) is not None
    path.unlink()
    assert provider.at_once(find("4999")) is None
    write(path, [("4999", "2026-12-01", 1, 1, None, None)])
    anew = provider.at_once(find("4999", "birth_date"))
    assert anew is not None
    assert anew.records == [{"birth_date": "2026-12-01"}]
    asyncio.run(provider.close())


def test_a_connection_can_write_nothing(births: Sqlite) -> None:
    births.ask_now(find("b"))
    with pytest.raises(sqlite3.OperationalError, match=r"readonly|read-only"):
        births._local.held.connection.execute("DELETE FROM CSXX")


def test_the_last_change_is_the_columns_greatest(births: Sqlite) -> None:
    assert asyncio.run(births.changed()) == "2026-11-22"


def test_a_blob_is_a_bad_answer_that_names_the_field_alone(tmp_path: Path) -> None:
    write(tmp_path / "health.sqlite", [("b", b"secret", 1, 1, None, None)])
    with pytest.raises(ProviderFailed) as failed:
        make(tmp_path).ask_now(find("b"))
    assert (failed.value.kind, failed.value.pointer) == ("bad_answer", "/birth_date")
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("table", {"table": "CSXX; DROP TABLE CSXX"}),
        ("table", {"table": "CSXX] --"}),
        ("table", {"table": "a.b.c"}),
        ("fields.mother", {"fields": FIELDS | {"mother": "MQHM] FROM x --"}}),
        ("fields.Mother", {"fields": FIELDS | {"Mother": "MQHM"}}),
        (
            "fields.weight",
            {"fields": FIELDS | {"weight": {"column": "TZ", "type": "x"}}},
        ),
        ("order", {"order": ["rowid desc"]}),
        ("changed", {"changed": "a b"}),
        ("key", {"key": ["nobody"]}),
        ("key", {"key": []}),
        ("file", {"file": None}),
        ("threads", {"threads": 0}),
        ("tabel", {"tabel": "CSXX"}),
    ],
)
def test_a_wrong_option_is_named_with_its_mend(
    tmp_path: Path, option: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(ProviderConfigInvalid) as wrong:
        make(tmp_path, **changes)
    assert [fault.option for fault in wrong.value.faults] == [option]
    assert wrong.value.faults[0].mend
