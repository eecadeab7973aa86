"""The log: each event of the trail becomes one leaf, and what was written does not change."""

import hashlib
import uuid

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from testkit.servers import Fresh
from tongban.apps.evidence import auditing, log, queries, services
from tongban.apps.evidence.models import Checkpoint, Leaf, Tile
from tongban.infra.trail import services as trail
from tongban.infra.trail.relay import Passed
from tongban.kernel import merkle
from tongban.kernel.tlog.checkpoints import open_checkpoint
from tongban.kernel.tlog.leaves import commitment, statement
from tongban.kernel.tlog.policy import Policy
from tongban.kernel.tlog.proofs import check
from tongban.kernel.tlog.tiles import TilePath

from .conftest import tell

DB = pytest.mark.django_db(transaction=False)


def entry_of(event, salt: bytes) -> bytes:
    return commitment(salt, statement(event.hash, event.suite), log.log_suite())


def test_each_event_is_a_leaf_once_in_the_trails_order(fresh_database: Fresh) -> None:
    events = [*tell(300), *tell(5, "case-2")]
    assert services.gather() == 305
    assert services.gather() == 0
    events += tell(3, start=300)
    assert services.gather() == 3
    told = [str(one) for one in Leaf.objects.order_by("id").values_list("event_id", flat=True)]
    assert told == [event.id for event in events]
    assert auditing.audit().difference is None


def test_the_root_is_that_of_the_committed_events(fresh_database: Fresh) -> None:
    events = tell(700)
    services.gather()
    signed = services.checkpoint()
    assert signed is not None
    salts = [bytes(s) for s in Leaf.objects.order_by("id").values_list("salt", flat=True)]
    assert len(set(salts)) == 700
    digest = log.log_suite().digest
    entries = [entry_of(event, salt) for event, salt in zip(events, salts, strict=True)]
    leaves = [merkle.leaf_hash(entry, digest) for entry in entries]
    tree, _ = open_checkpoint(signed.note.encode(), services.key())
    assert tree.root == merkle.root(leaves, digest)
    assert queries.entries(256, 3) == entries[256:259]


@pytest.mark.parametrize("suite_name", ["std", "gm"])
def test_an_event_is_proved_to_whoever_has_policy_salt_and_envelope(
    fresh_sqlite: Fresh, settings, suite_name: str
) -> None:
    settings.SUITE = suite_name
    events = tell(40)
    services.gather()
    services.checkpoint()
    tell(10, "later")
    services.gather()
    key = services.key()
    policy = Policy({key.name: key}, {}, {}, "none")
    for event in (events[0], events[39]):
        proved = queries.proofs([event.id])[event.id]
        found = check(proved.proof, entry_of(event, proved.salt), policy)
        assert found.checkpoint.size == 40
    assert key.name.endswith("/gm") is (suite_name == "gm")


def test_an_event_in_no_checkpoint_is_not_proved_yet(fresh_sqlite: Fresh) -> None:
    services.gather()
    first, later = tell(1)[0], None
    services.gather()
    services.checkpoint()
    later = tell(1, start=1)[0]
    assert queries.proofs([first.id])
    for _ in range(2):
        with pytest.raises(queries.NotYetProved, match="tongban evidence checkpoint"):
            queries.proofs([later.id])
        services.gather()
    services.checkpoint()
    assert queries.proofs([later.id])


def test_an_erased_event_keeps_its_leaf_and_its_proof(fresh_sqlite: Fresh) -> None:
    event = tell(1)[0]
    services.gather()
    trail.erase(event.id, authority="个人信息保护法 第四十七条", actor="officer", reason="asked")
    services.gather()
    services.checkpoint()
    proved = queries.proofs([event.id])[event.id]
    key = services.key()
    check(proved.proof, entry_of(event, proved.salt), Policy({key.name: key}, {}, {}, "none"))
    assert auditing.audit().difference is None


def test_a_checkpoint_is_signed_once_a_size(fresh_sqlite: Fresh) -> None:
    assert services.checkpoint() is None
    tell(3)
    services.gather()
    first = services.checkpoint()
    assert first == services.checkpoint()
    assert Checkpoint.objects.count() == 1


def test_a_log_is_begun_once_and_is_not_another_by_a_setting(fresh_sqlite: Fresh, settings) -> None:
    tell(3)
    services.gather()
    for name, value in (("EVIDENCE_ORIGIN", "other.example/log"), ("SUITE", "gm")):
        old = getattr(settings, name)
        setattr(settings, name, value)
        with pytest.raises(log.LogChanged, match="this log was begun as tongban"):
            services.gather()
        setattr(settings, name, old)
    assert services.gather() == 0


# --- the database refuses -------------------------------------------------------------------------


def refused(sql: str, values: tuple[object, ...] = ()) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError:
        return True
    return False


def test_the_database_refuses_to_change_the_log(fresh_database: Fresh) -> None:
    tell(300)
    services.gather()
    services.checkpoint()
    before = [bytes(t) for t in Tile.objects.order_by("id").values_list("hashes", flat=True)]
    wide = before[1]
    for sql in (
        "DELETE FROM evidence_leaf",
        "DELETE FROM evidence_tile",
        "DELETE FROM evidence_checkpoint",
        "DELETE FROM evidence_log",
        "UPDATE evidence_leaf SET id = id + 1000",
        "UPDATE evidence_checkpoint SET root = ''",
        "UPDATE evidence_tile SET number = number + 1",
        "INSERT INTO evidence_leaf SELECT 302, event_id, salt FROM evidence_leaf WHERE id = 0",
    ):
        assert refused(sql), sql
    fresh = uuid.uuid4()
    new = fresh if fresh_database.vendor == "postgresql" else fresh.hex
    for place in (302, -1, 299):
        row = (place, new, b"x")
        assert refused("INSERT INTO evidence_leaf (id, event_id, salt) VALUES (%s, %s, %s)", row)
    for hashes in (wide[:-32], bytes(32) + wide[32:], wide[::-1]):
        sql = "UPDATE evidence_tile SET hashes = %s WHERE number = 1 AND level = 0"
        assert refused(sql, (hashes,))
    if fresh_database.vendor == "sqlite":
        replaced = "INSERT OR REPLACE INTO evidence_leaf SELECT 300, event_id, salt"
        assert refused(f"{replaced} FROM evidence_leaf WHERE id = 5")
    else:
        assert refused("TRUNCATE evidence_tile")
    assert [
        bytes(t) for t in Tile.objects.order_by("id").values_list("hashes", flat=True)
    ] == before


def test_what_fails_leaves_no_leaf_and_comes_again(fresh_database: Fresh) -> None:
    events = tell(5)
    known = uuid.UUID(events[0].id)
    written = known if fresh_database.vendor == "postgresql" else known.hex
    twice = Passed(written, events[0].hash, events[0].suite)
    services.gather()
    with pytest.raises(DatabaseError), transaction.atomic():
        log.append([twice])
    tell(2, start=5)
    assert services.gather() == 2
    assert auditing.audit().difference is None


# --- what others read -----------------------------------------------------------------------------


def test_a_stranger_rebuilds_the_tree_from_what_is_served(fresh_sqlite: Fresh) -> None:
    tell(600)
    services.gather()
    services.checkpoint()
    client = Client()
    key = client.get("/evidence/log/key").content.decode().strip()
    assert key == str(services.key())
    tree, _ = open_checkpoint(client.get("/evidence/log/checkpoint").content, services.key())
    assert tree.size == 600
    hashes, entries = b"", []
    for path in (TilePath(0, 0), TilePath(0, 1), TilePath(0, 2, 88)):
        answer = client.get(f"/evidence/log/tile/{path}")
        assert answer["Content-Type"] == "application/octet-stream"
        assert "immutable" in answer["Cache-Control"]
        hashes += answer.content
        part = client.get(f"/evidence/log/tile/{TilePath(-1, path.index, path.width)}").content
        while part:
            length = int.from_bytes(part[:2], "big")
            entries.append(part[2 : 2 + length])
            part = part[2 + length :]
    leaves = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
    assert b"".join(leaves) == hashes
    assert merkle.root(leaves, lambda m: hashlib.sha256(m).digest()) == tree.root
    above = client.get(f"/evidence/log/tile/{TilePath(1, 0, 2)}").content
    assert above[:32] == merkle.root(leaves[:256], lambda m: hashlib.sha256(m).digest())


@pytest.mark.parametrize(
    "path",
    ["0/003", "0/002", "0/002.p/89", "5/000", "0/000.p/256", "x", "entries/003", "0/2", "0/000/.."],
)
def test_a_tile_that_is_not_there_is_404(fresh_sqlite: Fresh, path: str) -> None:
    tell(600)
    services.gather()
    assert Client().get(f"/evidence/log/tile/{path}").status_code == 404
    assert Client().get("/evidence/log/checkpoint").status_code == 404
