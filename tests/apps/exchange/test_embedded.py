"""The node inside the process: its log stands, is checkpointed outside, and tells who looked."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from testkit.office import Office
from tongban.apps.exchange import consents, network, nodes, transport
from tongban.apps.exchange.models import Checkpoint, Look
from tongban.config.embedded import NODE, Embedded
from tongban.kernel.suites import suite
from tongban.kernel.wire.rows import read_row
from tongban.node.commands.verify import verify_


@pytest.fixture
def node(office: Office) -> Embedded:
    """Give the node of this office."""
    return transport.transport()  # type: ignore[return-value]


def check(node: Embedded, home: Path) -> tuple[int, dict[str, object]]:
    """Verify the node's log by its file and its checkpoints."""
    given = ["--json", "--log", str(node.store.path), "--checkpoints"]
    told = CliRunner().invoke(verify_, [*given, str(home / "checkpoints" / NODE)])
    return told.exit_code, json.loads(told.stdout)


def test_a_whole_life_event_is_signed_and_logged_at_both_ends(
    office: Office, node: Embedded, tmp_path: Path
) -> None:
    number = office.submit()
    rows = [read_row(row.text, node.store.suite).draft for row in node.store.rows(1, 1000)]
    calls = {row.call for row in rows}
    assert len(rows) == 4 * len(calls)
    assert {(row.side, row.kind) for row in rows} == {
        (side, kind) for side in ("provider", "consumer") for kind in ("request", "answer")
    }
    assert {row.issue for row in rows} == {number}
    assert all(row.signature and row.base for row in rows)
    assert {row.status for row in rows if row.kind == "answer"} == {200}
    node.hand_in()
    code, found = check(node, tmp_path)
    assert (code, found["broken"], found["matched"]) == (0, "", 1)


def test_signatures_are_checked_by_the_keys_that_lie_beside_the_log(
    office: Office, node: Embedded
) -> None:
    office.submit()
    log = node.store.path

    def told() -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(verify_, ["--json", "--log", str(log)])
        return done.exit_code, json.loads(done.stdout)

    code, found = told()
    assert (code, found["broken"], found["unchecked"]) == (0, "", 0)
    assert found["signatures"] == found["rows"] == node.store.size()
    (snapshot,) = map(Path, found["snapshots"])
    assert snapshot == log.with_name("snapshot.json")
    sealed = json.loads(snapshot.read_text(encoding="utf-8"))
    (key,) = [one for one in sealed["document"]["keys"] if one["id"] == sealed["key"]]
    key["public"] = suite("std").signer(bytes(range(32))).public.hex()
    snapshot.write_text(json.dumps(sealed), encoding="utf-8")
    code, found = told()
    assert (code, found["broken_row"]) == (1, 1)
    assert "signature" in found["broken"]


def test_the_snapshot_beside_the_log_follows_what_is_published(
    office: Office, node: Embedded
) -> None:
    office.submit()
    snapshot = node.store.path.with_name("snapshot.json")
    before = json.loads(snapshot.read_text(encoding="utf-8"))["document"]["serial"]
    other = suite("std").signer(bytes(range(32))).public.hex()
    member = network.control_key_id().partition("/")[0]
    nodes.add_key(member, "std", other)
    network.republish("setup")
    office.next_birth()
    office.submit()
    after = json.loads(snapshot.read_text(encoding="utf-8"))["document"]
    assert after["serial"] > before
    assert other in {key["public"] for key in after["keys"]}


def test_the_log_holds_no_number_and_no_value(office: Office, node: Embedded) -> None:
    office.submit()
    mother = office.cast("newborn")["mother.id_number"]
    text = "".join(row.text for row in node.store.rows(1, 1000))
    assert mother not in text
    assert "安" not in text.replace("安和市", "")


def test_who_looked_is_told_to_whom_it_is_about(office: Office, node: Embedded) -> None:
    number = office.submit()
    mother = office.cast("newborn")["mother.id_number"]
    assert node.hand_in() > 0
    assert node.hand_in() == 0
    seen = consents.looks([], [mother])
    assert {look.case for look in seen} == {number}
    assert Look.objects.filter(node=NODE).exists()
    assert consents.looks([], ["330106199002022007"]) == ()


def test_checkpoints_are_kept_by_the_control_plane_and_outside(
    office: Office, node: Embedded, tmp_path: Path
) -> None:
    office.submit()
    node.hand_in()
    office.next_birth()
    office.submit()
    node.hand_in()
    kept = list(Checkpoint.objects.filter(node=NODE).order_by("size"))
    files = sorted((tmp_path / "checkpoints" / NODE).iterdir())
    assert [row.size for row in kept] == [int(path.stem) for path in files]
    assert kept[-1].size == node.store.size()


def test_a_log_that_takes_nothing_makes_sources_silent_and_loses_no_case(
    office: Office, node: Embedded
) -> None:
    with node.store.transaction() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    node.store._db.execute(f"PRAGMA max_page_count = {pages}")
    number = office.submit()
    statuses = {known.status for known in office.case(number).facts.values() if known.department}
    assert statuses == {"unavailable"}
    node.store._db.execute(f"PRAGMA max_page_count = {pages + 10_000}")
