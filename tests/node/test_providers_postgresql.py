"""A department's PostgreSQL table, on a real server: read-only, bounded, back after a break."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from tongban.kernel.wire.words import Found, Question
from tongban.node.providers import ProviderConfigInvalid, ProviderFailed, Setting, guarded
from tongban.node.providers.base import KINDS
from tongban.node.providers.postgresql import Postgresql

T = TypeVar("T")
SECRET = bytes(range(32))
FIELDS: dict[str, Any] = {
    "id_number": "gmsfhm",
    "seat": "zwh",
    "birth_date": "csrq",
    "wed": {"column": "sfjh", "type": "boolean"},
    "income": {"column": "sr", "type": "number"},
    "region": "行政区划",
}


@pytest.fixture(scope="module")
def people(postgres_url: str) -> Iterator[str]:
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE SCHEMA police")
        server.execute(
            "CREATE TABLE police.rkxx (gmsfhm text, zwh integer, csrq date, sfjh smallint, "
            'sr numeric, "行政区划" text, gxsj timestamptz)'
        )
        server.execute(
            "INSERT INTO police.rkxx SELECT 'p' || n, n, date '1990-01-01' + n, n % 2, n + 0.50, "
            "CASE WHEN n % 3 = 0 THEN NULL ELSE '33011' || n % 3 END, "
            "timestamptz '2026-11-20 08:00+08' FROM generate_series(1, 1000) n"
        )
        server.execute("INSERT INTO police.rkxx (gmsfhm, zwh) VALUES (NULL, 7), ('p1', 1)")
        server.execute("CREATE VIEW police.slow AS SELECT *, pg_sleep(5)::text FROM police.rkxx")
        yield postgres_url
        server.execute("DROP SCHEMA police CASCADE")


def make(url: str, **options: Any) -> Postgresql:
    whole = {
        "kind": "postgresql",
        "dsn": url,
        "table": "police.rkxx",
        "key": ["id_number"],
        "fields": FIELDS,
        "changed": "gxsj",
    } | options
    provider = KINDS.build(Setting("population", whole, Path(), SECRET))
    assert isinstance(provider, Postgresql)
    return provider


def run(provider: Postgresql, work: Coroutine[Any, Any, T]) -> T:
    async def whole() -> T:
        try:
            return await work
        finally:
            await provider.close()

    return asyncio.run(whole())


def find(number: str, *fields: str, **more: Any) -> Question:
    return Question(
        "find", fields or ("birth_date", "wed", "income"), ({"id_number": number},), **more
    )


@pytest.mark.postgres
def test_a_record_comes_with_days_as_text_and_decimals_exact(people: str) -> None:
    provider = make(people)
    assert run(provider, provider.ask(find("p2"))).records == [
        {"birth_date": "1990-01-03", "wed": False, "income": "2.50"}
    ]
    for text in ("' OR '1'='1", "p2'; DROP TABLE police.rkxx; --", "%s"):
        provider = make(people)
        assert run(provider, provider.ask(find(text))).records == []


@pytest.mark.postgres
def test_keys_of_any_declared_type_and_of_several_parts_select(people: str) -> None:
    provider = make(people, key=["id_number", "seat"])
    pairs = [("p5", 5), ("p9", 9), ("p5", 9)]
    keys = tuple({"id_number": number, "seat": seat} for number, seat in pairs)
    found = run(provider, provider.ask(Question("among", ("id_number", "seat"), keys)))
    assert sorted((r["id_number"], r["seat"]) for r in found.records) == [("p5", 5), ("p9", 9)]


@pytest.mark.postgres
def test_row_filters_are_parameters_of_the_statement(people: str) -> None:
    provider = make(people)

    async def seen(*values: str | None) -> int:
        rows = ({"region": frozenset(values)},)
        return len(
            (await provider.ask(Question("walk", ("region",), (), None, 2000, rows))).records
        )

    async def each() -> list[int]:
        return [
            await seen("330111"),
            await seen(None, "330112"),
            await seen("' OR 1=1 --"),
            await seen(),
        ]

    assert run(provider, each()) == [334, 667, 0, 0]


@pytest.mark.postgres
@pytest.mark.parametrize("limit", [7, 100, 1001])
def test_a_walk_goes_in_the_order_of_the_key_and_parts_no_ties(people: str, limit: int) -> None:
    provider = make(people)

    async def walk() -> list[Any]:
        found: list[Any] = []
        page = Found([], None)
        while True:
            page = await provider.ask(Question("walk", ("id_number",), (), page.after, limit))
            found += [r["id_number"] for r in page.records]
            if page.after is None:
                return found

    found = run(provider, walk())
    assert sorted(found) == sorted(["p1", *(f"p{n}" for n in range(1, 1001))])


@pytest.mark.postgres
def test_the_session_can_write_nothing_and_a_statement_is_ended_in_time(people: str) -> None:
    provider = make(people, longest=0.3, table="police.slow")

    async def check() -> str:
        began = time.monotonic()
        with pytest.raises(ProviderFailed) as failed:
            await provider.ask(find("p1"))
        assert time.monotonic() - began < 2.0
        connection = await provider._opened()
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await connection.execute("DELETE FROM police.rkxx")
        await connection.close()
        return failed.value.kind

    assert run(provider, check()) == "timeout"


@pytest.mark.postgres
def test_a_key_that_the_column_cannot_hold_is_the_askers_doing(people: str) -> None:
    provider = make(people, key=["seat"])
    with pytest.raises(ProviderFailed) as failed:
        run(provider, provider.ask(Question("find", ("wed",), ({"seat": "not a number"},))))
    assert failed.value.kind == "bad_answer"
    assert "not a number" not in str(failed.value)


@pytest.mark.postgres
def test_a_connection_that_the_server_ended_is_replaced_by_one_retry(people: str) -> None:
    async def check() -> Any:
        provider = make(people, connections=1)
        guard = guarded(provider_setting(people))
        try:
            await guard.ask(find("p1", "wed"))
            async with await psycopg.AsyncConnection.connect(people, autocommit=True) as server:
                await server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'tongban-node'"
                )
            return (await guard.ask(find("p2", "wed"))).records
        finally:
            await guard.close()
            await provider.close()

    assert asyncio.run(check()) == [{"wed": False}]


def provider_setting(url: str) -> Setting:
    options = {
        "kind": "postgresql",
        "dsn": url,
        "table": "police.rkxx",
        "key": ["id_number"],
        "fields": FIELDS,
        "connections": 1,
    }
    return Setting("population", options, Path(), SECRET)


@pytest.mark.postgres
def test_a_cancelled_question_gives_its_connection_back_to_nobody(people: str) -> None:
    provider = make(people, connections=1, table="police.slow", longest=30)

    async def check() -> int:
        task = asyncio.create_task(provider.ask(find("p1")))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(provider._idle)

    assert run(provider, check()) == 0


@pytest.mark.postgres
def test_the_last_change_is_known(people: str) -> None:
    provider = make(people)
    changed = run(provider, provider.changed())
    assert changed is not None
    assert changed.startswith("2026-11-20T")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    provider = make("postgresql://nobody@127.0.0.1:1/x")
    with pytest.raises(ProviderFailed) as failed:
        run(provider, provider.ask(find("p1")))
    assert (failed.value.kind, failed.value.connecting) == ("unavailable", True)


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("dsn", {"dsn": "postgresql://me:secret@host/x"}),
        ("dsn", {"dsn": "nonsense"}),
        ("dsn", {"dsn": "host=h dbname=x options='-c statement_timeout=0'"}),
        ("table", {"table": 'police"."x'}),
        ("password_file", {"password_file": "nowhere"}),
    ],
)
def test_a_wrong_option_is_named(option: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderConfigInvalid) as wrong:
        make("postgresql://me@host/x", **changes)
    assert [fault.option for fault in wrong.value.faults] == [option]
    assert "secret" not in str(wrong.value)


def test_without_psycopg_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = type(KINDS)({"postgresql": "psycopg_that_is_absent.module:Postgresql"})
    with pytest.raises(ProviderConfigInvalid, match="psycopg_that_is_absent"):
        kinds.build(Setting("population", {"kind": "postgresql"}, Path(), SECRET))
