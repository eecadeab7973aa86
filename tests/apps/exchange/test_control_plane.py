"""What nodes are told over HTTP, and that nobody else is."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from testkit.packs import write_packs
from tongban.apps.exchange import grants, network, nodes
from tongban.apps.exchange.models import Checkpoint, Grant, Look, Node
from tongban.apps.exchange.nodes import NewNode
from tongban.apps.items.services import publish
from tongban.infra import clock as port
from tongban.infra.packs import read_packs
from tongban.kernel.events import canonical
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id, open_document, seal_document
from tongban.kernel.wire.signatures import sign_request
from tongban.kernel.wire.snapshot import read_revocations, read_snapshot
from tongban.kernel.wire.words import Request

pytestmark = pytest.mark.django_db

HEALTH = "11330100MB1A23019Q"
POLICE = "1133010000250101XW"
SIGNERS = {name: suite(name).signer(b"\x07" * 32) for name in ("std", "gm")}


@pytest.fixture(params=["std", "gm"])
def suite_name(tmp_path: Path, settings: Any, clock: Any, request: pytest.FixtureRequest) -> str:
    """Publish the town, with a node of health that signs by this suite."""
    settings.HOME = tmp_path / "home"
    publish(read_packs(write_packs(tmp_path / "packs")), actor="test")
    name = str(request.param)
    keys = ((name, SIGNERS[name].public.hex()),)
    nodes.add_node(NewNode("health", "http://127.0.0.1:7001", (HEALTH,), keys), "test")
    return name


def signed(
    name: str,
    method: str,
    path: str,
    query: str = "",
    body: bytes = b"",
    client: str = f"CN-330100/GOV/{HEALTH}/node",
    signer: Any = None,
    nonce: int = 1,
) -> Request:
    """Sign a request as a node does."""
    signer = signer or SIGNERS[name]
    headers = (
        ("content-type", "application/json"),
        ("x-road-client", client),
        ("x-road-id", "c1"),
    )
    return sign_request(
        Request(method, f"/exchange/v1/{path}", query, headers, body),
        key_id(HEALTH, suite(name), signer.public),
        signer,
        port.now(),
        urlsafe_b64encode(nonce.to_bytes(17, "big")).decode().rstrip("="),
    )


def send(request: Request) -> Any:
    """Send what was signed."""
    return Client().generic(
        request.method,
        request.path + (f"?{request.query}" if request.query else ""),
        request.body,
        content_type="application/json",
        headers=dict(request.headers),
    )


def ask(*parts: Any, **named: Any) -> Any:
    """Sign and send."""
    return send(signed(*parts, **named))


def pinned(key: str) -> network.PublicKey | None:
    own = network.control_key()
    found = network.PublicKey(own.suite, suite(own.suite).verifier(own.public))
    return found if key == network.control_key_id() else None


def test_a_registered_node_gets_the_snapshot_and_the_feed(suite_name: str) -> None:
    answer = ask(suite_name, "GET", "snapshot")
    assert answer.status_code == 200, answer.content
    snapshot = read_snapshot(open_document(answer.content, pinned))
    assert snapshot.key(key_id(HEALTH, suite(suite_name), SIGNERS[suite_name].public), port.now())
    feed = read_revocations(
        open_document(ask(suite_name, "GET", "revocations", "after=0").content, pinned), None
    )
    assert (feed.upto, feed.serial) == (0, snapshot.serial)
    grants.end(f"g{Grant.objects.values_list('pk', flat=True)[0]}", "test", "r")
    grown = ask(suite_name, "GET", "revocations", "after=0").json()["document"]
    assert (grown["upto"], grown["snapshot"]) == (1, snapshot.serial + 1)
    node = Node.objects.get()
    assert node.last_seen == node.feed_at == node.snapshot_at == port.now()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"signer": suite("std").signer(b"\x09" * 32)}, "signature"),
        ({"client": f"CN-330100/GOV/{POLICE}/node"}, "signature"),
        ({"client": f"CN-330100/GOV/{HEALTH}/data"}, "signature"),
        ({"client": f"CN-330000/GOV/{HEALTH}/node"}, "signature"),
        ({"client": "nobody"}, "signature"),
    ],
)
def test_a_stranger_gets_nothing(suite_name: str, change: Any, code: str) -> None:
    if suite_name == "gm" and "signer" in change:
        change = {"signer": suite("gm").signer(b"\x09" * 32)}
    assert ask(suite_name, "GET", "snapshot").status_code == 200
    answer = ask(suite_name, "GET", "snapshot", **change)
    assert (answer.status_code, answer.json()["type"]) == (401, f"tongban:{code}")
    assert set(answer.json()) == {"type", "status", "zh", "en", "call"}


def test_an_unsigned_or_old_request_is_refused(suite_name: str, clock: Any) -> None:
    assert Client().get("/exchange/v1/snapshot").status_code in {400, 401}
    assert Client().post("/exchange/v1/checkpoints").status_code in {400, 401}
    sent = signed(suite_name, "GET", "snapshot")
    assert send(sent).status_code == 200
    assert send(replace(sent, path="/exchange/v1/revocations")).status_code == 401
    assert send(replace(sent, query="after=0")).status_code == 401
    clock.move(minutes=2)
    assert send(sent).status_code == 401


def test_a_node_must_say_a_number_after_which_it_reads_on(suite_name: str) -> None:
    assert ask(suite_name, "GET", "revocations", "after=x").json()["type"] == "tongban:malformed"
    assert ask(suite_name, "GET", "revocations", "after=0").status_code == 200


def test_the_card_is_for_everybody_and_names_no_grant(suite_name: str) -> None:
    told = open_document(Client().get("/exchange/v1/card").content, pinned)
    assert told["format"] == "tongban-card/1"
    assert {n["id"] for n in told["nodes"]} == {"health"}
    assert "grants" not in told
    assert "purposes" not in told


def test_a_node_hands_in_its_checkpoint_and_a_fork_is_a_conflict(suite_name: str) -> None:
    def hand_in(size: int, root: str) -> Any:
        told = {
            "format": "tongban-checkpoint/1",
            "node": "health",
            "size": size,
            "root": root * 32,
            "head": "bb" * 32,
            "at": "2026-11-23T01:00:00.000000Z",
            "suite": suite_name,
        }
        signer = SIGNERS[suite_name]
        key = key_id(HEALTH, suite(suite_name), signer.public)
        body = canonical(seal_document(told, key, signer, suite_name))
        return ask(suite_name, "POST", "checkpoints", body=body)

    assert hand_in(5, "aa").status_code == 200
    assert hand_in(5, "cc").status_code == 409
    assert ask(suite_name, "POST", "checkpoints", body=b"[]").status_code == 400
    assert ask(suite_name, "POST", "checkpoints", body=b'{"document":{}}').status_code == 400
    assert Checkpoint.objects.count() == 1


def test_looks_are_kept_once(suite_name: str) -> None:
    look = {
        "seq": 3,
        "at": "2026-11-23T01:00:00.000000Z",
        "subjects": ["ab" * 16],
        "call": "c9",
        "client": f"CN-330100/GOV/{POLICE}/tongban",
        "service": f"CN-330100/GOV/{HEALTH}/data/births",
        "purposes": ["certificate"],
    }
    body = canonical({"looks": [look, {**look, "seq": 4}]})
    assert ask(suite_name, "POST", "looks", body=body).json() == {"kept": 2}
    assert ask(suite_name, "POST", "looks", body=body, nonce=2).json() == {"kept": 0}
    assert Look.objects.count() == 2
    assert ask(suite_name, "POST", "looks", body=b'{"looks":[{}]}').json()["status"] == 400
