"""Events as they stand on the wire, and changes as they come out of a department's tables."""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.suites import suite
from tongban.kernel.wire.snapshot import Service
from tongban.kernel.wire.words import WireRefused
from tongban.node.events.capture import Table
from tongban.node.events.words import (
    Change,
    cloud_event,
    mark,
    outward,
    read_changes,
    read_cloud_event,
)
from tongban.node.providers.base import Setting
from tongban.node.store.events import Subscription

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
SERVICE = "CN-330100/GOV/1133010000250101XW/data/population"
ONE = Subscription("out", "5b" * 16, "c", SERVICE, ("p",), ("name",), False, "callback", "")  # type: ignore[arg-type]
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**52), 2**52), texts)
records = st.dictionaries(texts, plain, max_size=6)
changes = st.builds(
    Change,
    texts,
    st.sampled_from(["created", "corrected", "recalled"]),
    st.dictionaries(texts, texts, min_size=1, max_size=2),
    st.just("2026-11-25T09:00:00.000000Z"),
    records,
    st.booleans(),
)


@given(changes)
def test_a_change_is_read_back_as_it_was_kept(change: Change) -> None:
    assert Change.read(change.write()) == change


@given(changes, st.one_of(st.none(), records), st.booleans(), st.integers(1, 10**15))
def test_an_event_keeps_to_cloudevents_and_is_read_back(
    change: Change, record: dict[str, Any] | None, left: bool, seq: int
) -> None:
    body = cloud_event(ONE, change, "ab" * 16, record, seq, left=left)
    told = json.loads(body)
    # CloudEvents 1.0: names of attributes, and the required ones, are texts that are not empty
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in told)
    for name in ("specversion", "id", "source", "type", "subject", "time", "datacontenttype"):
        assert isinstance(told[name], str)
        assert told[name]
    assert re.fullmatch(r"/[!-~]+", told["source"]), "a URI reference"
    assert datetime.fromisoformat(told["time"]).tzinfo is not None
    read = read_cloud_event(body)
    assert (read.id, read.subscription, read.record) == (change.id, ONE.id, record)
    assert read.kind == ("recalled" if left else change.kind)


@given(st.integers(1, 10**18), st.integers(1, 10**18))
def test_sequences_sort_as_texts(one: int, other: int) -> None:
    change = Change("e", "created", {"k": "v"}, "t", {})
    first, second = (
        json.loads(cloud_event(ONE, change, "s", None, seq))["sequence"] for seq in (one, other)
    )
    assert (first < second) == (one < other)


@given(st.binary(max_size=200))
def test_whatever_comes_in_is_an_event_or_refused(body: bytes) -> None:
    with pytest.raises(WireRefused, match="malformed"):
        read_cloud_event(body)


@given(
    st.recursive(
        st.one_of(plain, st.floats(allow_nan=False)),
        lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
        max_leaves=8,
    )
)
def test_whatever_is_handed_in_is_changes_or_refused(told: Any) -> None:
    with pytest.raises(WireRefused, match="malformed"):
        read_changes(told, ("id_number",), NOW)


def test_two_subscribers_cannot_lay_their_subjects_side_by_side() -> None:
    for name in ("std", "gm"):
        by, secret = suite(name), bytes(range(32))
        inner = mark(by, secret, {"id_number": "P1"})
        assert inner == by.mac(secret, b"id_number=P1")[:16].hex(), "as calls are marked"
        seen = {inner, outward(by, secret, "s1", inner), outward(by, secret, "s2", inner)}
        assert len(seen) == 3


async def _read(table: Table, place: str | None, service: Service) -> tuple[list[Any], str | None]:
    rows, reached = await table.read(place, service)
    return [row["seq"] for row in rows], reached or place


VIEW = """
CREATE VIEW people_changes_settled AS SELECT * FROM people_changes c
WHERE age(c.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)
"""


@pytest.mark.postgres
def test_in_postgresql_no_change_is_passed_over_that_commits_late(
    postgres_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute(
            "CREATE TABLE people_changes"
            " (seq bigserial PRIMARY KEY, what text NOT NULL, id_no text NOT NULL)"
        )
        owner.execute(VIEW)
    options = {
        "kind": "postgresql",
        "dsn": postgres_url,
        "table": "people_changes_settled",
        "fields": {"seq": "seq", "kind": "what", "id_number": "id_no"},
    }
    base = Setting("population", {}, tmp_path, bytes(32))
    service = Service(
        SERVICE, "population", ("id_number",), {"id_number": "string"}, "conditional", {}, ""
    )
    insert = "INSERT INTO people_changes (what, id_no) VALUES ('corrected', %s)"

    async def play() -> None:
        table = Table(SERVICE, options, base)
        with psycopg.connect(postgres_url) as slow, psycopg.connect(postgres_url) as quick:
            slow.execute(insert, ("P1",))  # takes number 1, and stays open
            quick.execute(insert, ("P2",))
            quick.commit()
            seen, place = await _read(table, None, service)
            assert seen == [], "number 1 may still come"
            slow.commit()
            seen, place = await _read(table, place, service)
            assert seen == [1, 2]
            slow.execute(insert, ("P3",))
            slow.commit()
            seen, place = await _read(table, place, service)
            assert seen == [3]
        await table.close()

    asyncio.run(play())
    page = Path(__file__).resolve().parents[2] / "docs" / "apps" / "subscriptions.md"
    assert VIEW.strip() in page.read_text(encoding="utf-8"), "as the docs write it"
