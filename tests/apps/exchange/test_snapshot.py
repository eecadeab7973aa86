"""The snapshot of the network: what is in it, when it grows, and that nodes can rely on it."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, transaction

from testkit.packs import edited, write_packs
from tongban.apps.exchange import grants, network, nodes, queries
from tongban.apps.exchange.commands_network import end
from tongban.apps.exchange.domain.network import NodeRow, content
from tongban.apps.exchange.events import ALARM, NETWORK
from tongban.apps.exchange.models import Checkpoint, Grant, Purpose, Revocation, Snapshot
from tongban.apps.exchange.nodes import CheckpointForked, NewNode, NodeInvalid
from tongban.apps.items.services import publish
from tongban.infra.packs import read_packs
from tongban.infra.trail import queries as trail
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import (
    DocumentInvalid,
    key_id,
    open_document,
    seal_document,
)
from tongban.kernel.wire.snapshot import read_revocations, read_snapshot
from tongban.kernel.wire.words import Identifier

pytestmark = pytest.mark.django_db

HEALTH = "11330100MB1A23019Q"
POLICE = "1133010000250101XW"
BIRTHS = f"CN-330100/GOV/{HEALTH}/data/births"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any, clock: Any) -> None:
    settings.HOME = tmp_path / "home"


@pytest.fixture(params=["std", "gm"])
def by_suite(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.SUITE = request.param
    return str(request.param)


def town(folder: Path, changes: Any = None) -> None:
    publish(read_packs(write_packs(folder, changes)), actor="test")


def secret(number: int) -> bytes:
    return bytes([number]) * 32


def health_node(number: int = 7) -> NewNode:
    public = suite("std").signer(secret(number)).public.hex()
    return NewNode("health", "http://127.0.0.1:7001", (HEALTH,), (("std", public),))


def checkpoint(size: int, root: str = "aa", number: int = 7) -> dict[str, Any]:
    signer = suite("std").signer(secret(number))
    told = {
        "format": "tongban-checkpoint/1",
        "node": "health",
        "size": size,
        "root": root * 32,
        "head": "bb" * 32,
        "at": "2026-11-23T01:00:00.000000Z",
        "suite": "std",
    }
    return seal_document(told, key_id(HEALTH, suite("std"), signer.public), signer, "std")


def test_a_node_reads_the_snapshot_that_the_control_key_signed(
    tmp_path: Path, by_suite: str
) -> None:
    town(tmp_path / "packs")
    signed = network.snapshot_now()
    own = network.control_key()
    pinned = network.PublicKey(own.suite, suite(own.suite).verifier(own.public))
    known = {network.control_key_id(): pinned}
    snapshot = read_snapshot(open_document(signed, known.get))
    platform = queries.catalogue().governance.platform
    assert (snapshot.instance, snapshot.serial) == ("CN-330100", 1)
    assert own.suite == by_suite
    assert snapshot.member_of(platform)
    assert snapshot.services[BIRTHS].key
    birth_grants = snapshot.grants[str(platform), BIRTHS]
    assert {g.purpose for g in birth_grants} == {"certificate", "registration"}
    assert snapshot.purposes["certificate.consent"].basis == "consent"
    elders = next(s for s in snapshot.services if s.endswith("/elders"))
    assert [g.bulk for g in snapshot.grants[str(platform), elders]] == [True]


def test_another_key_signed_no_snapshot_of_ours(tmp_path: Path) -> None:
    town(tmp_path / "packs")
    stranger = network.PublicKey(
        "std", suite("std").verifier(suite("std").signer(b"x" * 32).public)
    )
    with pytest.raises(DocumentInvalid):
        open_document(network.snapshot_now(), lambda _: stranger)


def test_the_serial_grows_only_on_a_change_and_the_age_starts_anew(
    tmp_path: Path, clock: Any
) -> None:
    town(tmp_path / "packs")
    first = network.snapshot_now()["document"]
    clock.move(hours=5)
    town(tmp_path / "packs")
    again = network.snapshot_now()["document"]
    assert (first["serial"], again["serial"], Snapshot.objects.count()) == (1, 1, 1)
    assert again["issued"] > first["issued"]
    nodes.add_node(health_node(), "test")
    grown = network.snapshot_now()["document"]
    assert (grown["serial"], Snapshot.objects.count()) == (2, 2)
    assert grown["nodes"] == [{"id": "health", "address": "http://127.0.0.1:7001"}]
    assert {m["member"]: m["node"] for m in grown["members"]} == {
        HEALTH: "health",
        POLICE: "",
        "11330100002511015A": "",
    }


def test_what_the_pack_takes_back_ends_in_the_feed_and_keeps_its_row(tmp_path: Path) -> None:
    town(tmp_path / "a")
    before = Grant.objects.count()
    same = Purpose.objects.count()
    town(tmp_path / "a")
    assert (Grant.objects.count(), Purpose.objects.count()) == (before, same)
    gone = edited(
        "town/grants.yaml",
        "attributes: [birth_date, sex, live_birth, weight_g]",
        "attributes: [birth_date, sex, live_birth]",
    )
    with pytest.raises(ValueError, match="weight_g"):
        town(tmp_path / "b", gone)  # the item still needs it
    # the row filter is new: the old grant ends, a new one begins
    town(
        tmp_path / "c",
        edited(
            "town/grants.yaml",
            "resource: elders,",
            "resource: elders, rows: {birth_date: ['1940-01-01']},",
        ),
    )
    ended = Grant.objects.exclude(ended=None)
    assert [row.service.rpartition("/")[2] for row in ended] == ["elders"]
    assert Grant.objects.count() == before + 1
    feed = read_revocations(network.feed(0)["document"], None)
    assert set(feed.grants) == {f"g{ended.get().pk}"}
    fresh = Grant.objects.get(ended=None, service=ended.get().service)
    assert fresh.rows == {"birth_date": ["1940-01-01"]}


def test_the_feed_goes_on_where_a_node_stopped(tmp_path: Path, clock: Any) -> None:
    town(tmp_path / "packs")
    first = Grant.objects.order_by("pk").first()
    second = Grant.objects.order_by("pk").last()
    assert first
    assert second
    grants.end(f"g{first.pk}", "test", "查明不再需要")
    seen = read_revocations(network.feed(0)["document"], None)
    assert (seen.upto, set(seen.grants)) == (1, {f"g{first.pk}"})
    grants.end(f"g{second.pk}", "test", "查明不再需要")
    later = network.feed(seen.upto)["document"]
    assert [entry["id"] for entry in later["entries"]] == [f"g{second.pk}"]
    grown = read_revocations(later, seen)
    assert set(grown.grants) == {f"g{first.pk}", f"g{second.pk}"}
    # a node that knows more than we do begins anew, rather than miss something
    assert network.feed(99)["document"]["after"] == 0
    with pytest.raises(grants.GrantUnknown):
        grants.end(f"g{first.pk}", "test", "again")


def test_an_ended_key_is_in_the_feed_and_out_of_the_snapshot(tmp_path: Path) -> None:
    town(tmp_path / "packs")
    nodes.add_node(health_node(), "test")
    held = network.snapshot_now()["document"]["keys"]
    assert [key["member"] for key in held] == [HEALTH]
    with pytest.raises(NodeInvalid, match="no key"):
        nodes.end_key("police", held[0]["id"], "test", "not theirs")
    nodes.end_key("health", held[0]["id"], "test", "密钥泄露")
    assert network.snapshot_now()["document"]["keys"] == []
    assert network.node_key(held[0]["id"]) is None
    assert set(read_revocations(network.feed(0)["document"], None).keys) == {held[0]["id"]}


def test_a_key_is_rotated_beside_the_old_one_and_then_the_old_one_ends(tmp_path: Path) -> None:
    town(tmp_path / "packs")
    nodes.add_node(health_node(), "test")
    (old,) = [key["id"] for key in network.snapshot_now()["document"]["keys"]]
    nodes.add_node(health_node(8), "test")
    both = {key["id"] for key in network.snapshot_now()["document"]["keys"]}
    assert len(both) == 2
    ended = CliRunner().invoke(end, ["health", "--key", old, "--reason", "轮换"])
    assert ended.exit_code == 0, ended.output
    assert {key["id"] for key in network.snapshot_now()["document"]["keys"]} == both - {old}
    again = CliRunner().invoke(end, ["health", "--key", old, "--reason", "轮换"])
    assert again.exit_code == 1
    assert "has no key" in again.output


def test_a_node_is_registered_for_departments_only_and_each_has_one(tmp_path: Path) -> None:
    town(tmp_path / "packs")
    nodes.add_node(health_node(), "test")
    other = NewNode("h2", "http://127.0.0.1:7002", (HEALTH,), health_node(8).keys)
    with pytest.raises(NodeInvalid, match="speaks for"):
        nodes.add_node(other, "test")
    stranger = NewNode("x", "http://127.0.0.1:7003", ("91330100MB1A310192",), other.keys)
    with pytest.raises(NodeInvalid):
        nodes.add_node(stranger, "test")
    wrong = NewNode("x", "http://127.0.0.1:7003", (POLICE,), (("std", "zz"),))
    with pytest.raises(NodeInvalid, match="public key"):
        nodes.add_node(wrong, "test")


def test_a_checkpoint_that_shrinks_or_forks_is_refused_and_told(tmp_path: Path) -> None:
    town(tmp_path / "packs")
    node = nodes.add_node(health_node(), "test")
    nodes.take_checkpoint(node, checkpoint(10))
    nodes.take_checkpoint(node, checkpoint(10))  # handed in twice is once
    nodes.take_checkpoint(node, checkpoint(25, "cc"))
    for wrong in (checkpoint(25, "dd"), checkpoint(10, "dd"), checkpoint(20, "ee")):
        with pytest.raises(CheckpointForked):
            nodes.take_checkpoint(node, wrong)
    with pytest.raises(DocumentInvalid):
        nodes.take_checkpoint(node, checkpoint(30, number=9))
    assert list(Checkpoint.objects.values_list("size", flat=True).order_by("size")) == [10, 25]
    told = [e for e in trail.history(NETWORK) if e.type == ALARM]
    assert [e.data["what"] for e in told] == [
        "two roots for 25 rows",
        "two roots for 10 rows",
        "20 rows after 25",
    ]


def test_the_database_keeps_what_was_signed(tmp_path: Path) -> None:
    town(tmp_path / "packs")
    with pytest.raises(DatabaseError), transaction.atomic():
        Snapshot.objects.update(serial=9)
    grants.end(f"g{Grant.objects.order_by('pk').values_list('pk', flat=True)[0]}", "test", "r")
    with pytest.raises(DatabaseError), transaction.atomic():
        Revocation.objects.all().delete()


def test_another_instances_card_speaks_for_its_own_members_only(tmp_path: Path) -> None:
    town(tmp_path / "packs")
    catalogue = queries.catalogue()
    foreign = "CN-330000"
    province = "11330000MB1A00010X"
    told = {
        "instance": foreign,
        "members": [
            {
                "instance": foreign,
                "class": "GOV",
                "member": province,
                "name": {"zh": "省", "en": "p"},
                "subsystems": ["data"],
                "node": "health",
            },
            {
                "instance": foreign,
                "class": "GOV",
                "member": HEALTH,
                "name": {"zh": "假", "en": "f"},
                "subsystems": ["data"],
                "node": "health",
            },
        ],
        "nodes": [{"id": "health", "address": "http://127.0.0.1:9"}],
        "keys": [{"id": "k1", "member": province}, {"id": "k2", "member": HEALTH}],
        "services": [
            {"id": f"CN-330100/GOV/{HEALTH}/data/fake", "fields": {}},
        ],
    }
    own = NodeRow("health", "http://127.0.0.1:7001", (HEALTH,))
    made = content(catalogue, network.limits(), [own], [], [], [], [told])
    members = {m["member"]: m for m in made["members"]}
    assert members[HEALTH]["name"]["zh"] == catalogue.departments["health"].name.zh
    assert members[province]["node"] == "CN-330000.health"
    assert {n["id"]: n["address"] for n in made["nodes"]} == {
        "health": "http://127.0.0.1:7001",
        "CN-330000.health": "http://127.0.0.1:9",
    }
    assert [k["id"] for k in made["keys"]] == ["k1"]
    assert not any(s["id"].endswith("/fake") for s in made["services"])


def test_the_key_file_is_for_its_owner_alone(tmp_path: Path, settings: Any) -> None:
    town(tmp_path / "packs")
    file = settings.HOME / "keys" / "control.std"
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(Identifier.parse(BIRTHS)) == BIRTHS
