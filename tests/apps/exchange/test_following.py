"""What another instance revokes counts here within seconds, and every node sees its silence."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.test import Client

from testkit.office import Office
from tongban.apps.exchange import consents, following, levels, network, queries
from tongban.apps.exchange.models import Consent, Instance, Revocation
from tongban.infra import clock
from tongban.kernel.codes import USCC
from tongban.kernel.events import canonical, instant
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id, open_document, seal_document
from tongban.kernel.wire.snapshot import read_revocations, read_snapshot

COUNTY = "CN-330106"
OPERATOR = str(USCC.make("1", "1", "330106", "MB1A9001"))


class County:
    """Another instance as far as it hands out its feed: a real server with a key of its own."""

    def __init__(self) -> None:
        self.by = suite("std").signer(bytes([5]) * 32)
        self.key = key_id(OPERATOR, suite("std"), self.by.public)
        self.entries: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.changed: dict[str, Any] = {}
        county = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
                told = canonical(county.sealed(county.feed(sent["document"]["after"])))
                county.asked.append(sent)
                self.send_response(200)
                self.send_header("content-length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def sealed(self, document: dict[str, Any]) -> dict[str, Any]:
        return dict(seal_document(document, self.key, self.by, "std"))

    def withdraw(self, number: str) -> None:
        until = instant(clock.now() + timedelta(days=100))
        entry = {"kind": "consent", "id": number, "until": until}
        self.entries.append({"seq": len(self.entries) + 1, **entry})

    def feed(self, after: int) -> dict[str, Any]:
        return {
            "format": "tongban-revocations/1",
            "instance": COUNTY,
            "issued": instant(clock.now()),
            "after": after,
            "upto": len(self.entries),
            "snapshot": 1,
            "entries": self.entries[after:],
            **self.changed,
        }


@pytest.fixture
def county(office: Office) -> Iterator[County]:
    found = County()
    pinned = {"id": found.key, "suite": "std", "public": found.by.public.hex()}
    levels.add_instance(COUNTY, "child", found.address, pinned)
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()


def told() -> Any:
    """Read the feed as a node of ours does."""
    return read_revocations(network.feed(0)["document"], None)


def test_nodes_learn_the_key_of_each_instance_that_is_registered(county: County) -> None:
    known = read_snapshot(network.snapshot_now()["document"]).instances
    assert {key: one.name for key, one in known.items()} == {county.key: COUNTY}
    signature = county.by.sign(b"x")
    assert known[county.key].verifier.verify(b"x", signature)


def test_what_is_withdrawn_there_is_in_our_feed_once_with_the_hour_of_hearing(
    county: County, office: Office
) -> None:
    assert told().others == {}
    county.withdraw("k1")
    assert following.follow() == 1
    assert list(told().consents) == [f"{COUNTY}:k1"]
    assert told().others == {COUNTY: clock.now()}
    heard = clock.now()
    office.clock.move(seconds=30)
    county.withdraw("k2")
    assert told().others == {COUNTY: heard}
    assert following.follow() == 1
    assert [sent["document"]["after"] for sent in county.asked] == [0, 1]
    assert list(told().consents) == [f"{COUNTY}:k1", f"{COUNTY}:k2"]
    assert told().others == {COUNTY: clock.now()}
    # it is asked by our key, so that it can know who asks
    own = network.control_key()
    key = network.PublicKey(own.suite, suite(own.suite).verifier(own.public))
    assert open_document(county.asked[0], lambda _: key)["to"] == COUNTY


def test_one_that_begins_its_feed_anew_is_followed_and_nothing_counts_twice(
    county: County,
) -> None:
    for number in ("k1", "k2", "k3"):
        county.withdraw(number)
    following.follow()
    del county.entries[2]
    county.changed = {"after": 0, "upto": 2, "entries": county.entries}
    assert following.follow() == 1
    assert Instance.objects.get().feed_upto == 2
    assert Revocation.objects.filter(kind="consent").count() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"instance": "CN-330100"},
        {"format": "tongban-card/1"},
        {"issued": "2027-01-01T00:00:00.000000Z"},
        {"issued": "2026-01-01T00:00:00.000000Z"},
        {"after": 7},
        {"upto": -1},
        {"entries": [{"seq": 0, "kind": "consent", "id": "k", "until": "2027-01-01T00:00:00Z"}]},
        {"entries": [{"seq": 1}]},
        {"entries": 1},
    ],
)
def test_a_feed_that_is_not_its_own_or_does_not_read_changes_nothing(
    county: County, change: dict[str, Any]
) -> None:
    following.follow()
    before = Instance.objects.get()
    county.changed = change
    assert following.follow() == 0
    after = Instance.objects.get()
    assert (after.feed_at, after.feed_upto) == (before.feed_at, before.feed_upto)
    assert not Revocation.objects.exists()


def test_one_that_is_away_or_signs_with_another_key_grows_older(
    county: County, office: Office
) -> None:
    following.follow()
    heard = told().others
    office.clock.move(seconds=61)
    county.by = suite("std").signer(bytes([6]) * 32)
    assert following.follow() == 0
    county.server.shutdown()
    county.server.server_close()
    assert following.follow() == 0
    assert told().others == heard


def ask(document: dict[str, Any], county: County) -> Any:
    body = canonical(county.sealed(document))
    return Client().post("/exchange/v1/feed", body, content_type="application/json")


def question(**changed: Any) -> dict[str, Any]:
    return {
        "format": following.FEED_REQUEST,
        "origin": COUNTY,
        "to": queries.catalogue().governance.instance,
        "after": 0,
        "at": instant(clock.now()),
        **changed,
    }


def test_another_instance_is_told_of_consents_given_here_and_of_nothing_else(
    county: County, office: Office
) -> None:
    office.submit()
    row = Consent.objects.get()
    consents.withdraw(row.number, office.applicant("newborn"))
    county.withdraw("k1")
    following.follow()
    network.revoke("grant", "g1", clock.now() + timedelta(days=1), "test")
    answer = ask(question(), county)
    assert answer.status_code == 200, answer.content
    own = network.control_key()
    key = network.PublicKey(own.suite, suite(own.suite).verifier(own.public))
    document = open_document(answer.content, lambda _: key)
    assert [entry["id"] for entry in document["entries"]] == [row.number]
    assert document["others"] == {}
    assert document["upto"] == Revocation.objects.count()


def test_nobody_else_is_told_of_them(county: County) -> None:
    for change in ({"to": "CN-330000"}, {"origin": "CN-330000"}, {"after": -1}, {"after": True}):
        assert ask(question(**change), county).status_code == 400
    county.by = suite("std").signer(bytes([6]) * 32)
    assert ask(question(), county).status_code == 401
