"""The node's link to its control plane: what it takes, what it keeps, what it hands in."""

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from testkit.clock import Clock
from testkit.nodes import (
    INSTANCE,
    POLICE,
    POPULATION,
    PublicKey,
    control_key,
    feed_document,
    signed,
    snapshot_document,
)
from tongban.kernel.events import instant
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id, open_document
from tongban.kernel.wire.rows import RowDraft
from tongban.kernel.wire.signatures import verify_request
from tongban.kernel.wire.snapshot import SnapshotInvalid
from tongban.kernel.wire.words import Request
from tongban.node import clock as port
from tongban.node.config import Config, read_config
from tongban.node.control import Control
from tongban.node.handing import Handing
from tongban.node.making import NewNode, make_node
from tongban.node.store import Entry, Store

SECOND = {"seq": 1, "kind": "grant", "id": "g1", "until": "2099-01-01T00:00:00Z"}


class Plane(http.server.ThreadingHTTPServer):
    """A control plane over HTTP: signed documents to whoever signs its request by a known key."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PlaneHandler)
        self.keys: dict[str, PublicKey] = {}
        self.cards: list[dict[str, Any]] = []
        self.serial = 1
        self.entries: list[dict[str, Any]] = []
        self.secret = bytes(range(32))
        self.asked: list[str] = []
        self.links = 0
        self.taken: dict[str, list[Any]] = {"checkpoints": [], "looks": [], "health": []}
        self.down = False

    def told(self, path: str, query: dict[str, list[str]]) -> bytes:
        """Give the document of a place."""
        if path.endswith("/snapshot"):
            now = instant(port.now())
            document = snapshot_document(self.cards, serial=self.serial, issued=now)
        else:
            after = int(query["after"][0])
            after = after if after <= len(self.entries) else 0  # it was put back: begin anew
            new = [one for one in self.entries if one["seq"] > after]
            more = {"after": after, "upto": len(self.entries), "snapshot": self.serial}
            document = feed_document(new, issued=instant(port.now()), **more)
        return signed(document, "std", self.secret)


class PlaneHandler(http.server.BaseHTTPRequestHandler):
    """Answers as the control plane's own addresses do."""

    protocol_version = "HTTP/1.1"
    server: Plane

    def setup(self) -> None:
        """Count connections."""
        super().setup()
        self.server.links += 1

    def _verified(self, body: bytes) -> bool:
        parts = urlsplit(self.path)
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        request = Request(self.command, parts.path, parts.query, headers, body)
        try:
            verify_request(request, self.server.keys.get, port.now())
        except ValueError:
            return False
        return f"{INSTANCE}/GOV/{POLICE}/node" == self.headers["x-road-client"]

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Give a document."""
        self.server.asked.append(self.path)
        if self.server.down or not self._verified(b""):
            self._answer(503 if self.server.down else 401, b"{}")
            return
        parts = urlsplit(self.path)
        self._answer(200, self.server.told(parts.path, parse_qs(parts.query)))

    def do_POST(self) -> None:
        """Take what a node hands in."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.down or not self._verified(body):
            self._answer(503 if self.server.down else 401, b"{}")
            return
        self.server.taken[self.path.rpartition("/")[2]].append(json.loads(body))
        self._answer(200, b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def plane() -> Iterator[Plane]:
    """Give a control plane that runs."""
    made = Plane()
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def config(tmp_path: Path, plane: Plane) -> Config:
    """Give the police's node, known to the control plane."""
    url = f"http://127.0.0.1:{plane.server_address[1]}"
    made = make_node(tmp_path / "node", NewNode("police", INSTANCE, (POLICE,), control=url))
    pinned = "".join(f'{name} = "{value}"\n' for name, value in control_key().items())
    with made.config.open("a", encoding="utf-8") as file:
        file.write(f"\n[[control.keys]]\n{pinned}")
    found = read_config(made.config)
    found.state.mkdir()
    card = json.loads(made.card.read_bytes())
    public = bytes.fromhex(card["keys"][0]["public"])
    plane.keys[key_id(POLICE, suite("std"), public)] = PublicKey(
        "std", suite("std").verifier(public)
    )
    plane.cards.append(card)
    return found


def control(config: Config) -> Control:
    """Give a link as a worker makes it at its start."""
    made = Control(config, config.identity())
    made.load()
    return made


async def _pulled(link: Control, times: int = 1) -> list[bool]:
    told = [await link.pull() for _ in range(times)]
    await link.close()
    return told


def pulled(link: Control, times: int = 1) -> list[bool]:
    """Pull so many times, on one loop."""
    return asyncio.run(_pulled(link, times))


def test_snapshot_and_feed_come_over_one_kept_connection(config: Config, plane: Plane) -> None:
    """The feed each time, from where the last one ended; the snapshot when it is due."""
    plane.entries = [SECOND]
    link = control(config)
    assert pulled(link, 3) == [True] * 3
    view = link.view()
    assert view is not None
    assert view.snapshot.serial == 1
    assert view.revoked is not None
    assert "g1" in view.revoked.grants
    feed = "/exchange/v1/revocations?after="
    assert plane.asked == [f"{feed}0", "/exchange/v1/snapshot", f"{feed}1", f"{feed}1"]
    assert plane.links == 1


def test_a_newer_snapshot_is_fetched_as_soon_as_the_feed_names_it(
    config: Config, plane: Plane
) -> None:
    """No need to wait for its hour."""
    link = control(config)

    async def both() -> None:
        await link.pull()
        plane.serial = 7
        await _pulled(link)

    asyncio.run(both())
    view = link.view()
    assert view is not None
    assert view.snapshot.serial == 7


def test_the_serial_never_goes_back(config: Config, plane: Plane) -> None:
    """Not over the link, and not by a restart: the copy on disk remembers."""
    plane.serial = 5
    assert pulled(control(config)) == [True]
    plane.serial = 4
    link = control(config)
    assert pulled(link) == [False]
    view = link.view()
    assert view is not None
    assert view.snapshot.serial == 5
    assert "never goes back" in link.status()["fault"]


def test_a_node_starts_and_goes_on_without_its_control_plane(config: Config, plane: Plane) -> None:
    """Members, grants and what was ended come from the copy on disk."""
    plane.entries = [SECOND]
    link = control(config)

    async def twice() -> None:
        await link.pull()
        plane.entries = [SECOND, {**SECOND, "seq": 2, "id": "g2"}]
        await _pulled(link)

    asyncio.run(twice())
    plane.down = True
    again = control(config)
    assert pulled(again) == [False]
    view = again.view()
    assert view is not None
    assert POPULATION in view.snapshot.services
    assert view.revoked is not None
    assert set(view.revoked.grants) == {"g1", "g2"}
    assert "503" in again.status()["fault"]
    plane.down = False
    assert pulled(control(config)) == [True]


def test_only_what_the_pinned_key_signed_is_taken(config: Config, plane: Plane) -> None:
    """Another key, however well it signs, moves nothing."""
    plane.secret = bytes([7]) * 32
    link = control(config)
    assert pulled(link) == [False]
    assert link.view() is None


def test_a_copy_on_disk_that_was_changed_is_not_believed(config: Config, plane: Plane) -> None:
    """The node denies until the control plane gives a good one."""
    pulled(control(config))
    path = config.state / "snapshot.json"
    path.write_bytes(path.read_bytes().replace(b'"bulk":true', b'"bulk":null'))
    link = control(config)
    assert link.view() is None
    assert link.status()["fault"]
    assert pulled(link) == [True]
    assert link.view() is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"instance": "CN-110000"},
        {"format": "tongban-snapshot/2"},
        {"issued": "2098-01-01T00:00:00Z"},
        {"services": [], "keys": []},
    ],
)
def test_a_signed_snapshot_that_does_not_fit_is_refused(
    config: Config, plane: Plane, changed: dict[str, Any]
) -> None:
    """Of another instance or format, of the future, or whose grants name nothing."""
    link = control(config)
    with pytest.raises(SnapshotInvalid):
        link.take_snapshot(signed(snapshot_document(plane.cards, **changed)))
    assert link.view() is None


def test_a_feed_of_another_instance_or_with_a_gap_is_refused(config: Config) -> None:
    """What was ended must not be missed."""
    link = control(config)
    link.take_feed(signed(feed_document([SECOND])))
    gap = feed_document([{**SECOND, "seq": 9}], after=8, upto=9)
    for document in (gap, feed_document(instance="CN-110000")):
        with pytest.raises(SnapshotInvalid):
            link.take_feed(signed(document))


def test_what_was_withdrawn_stays_so_when_the_control_plane_is_put_back_to_yesterday(
    config: Config, plane: Plane
) -> None:
    """Its database forgot, the node did not: after a new start neither, and the feed goes on."""
    link = control(config)
    one, two, three = ({**SECOND, "seq": n, "id": f"g{n}"} for n in (1, 2, 3))

    async def pull(*entries: dict[str, Any]) -> set[str]:
        plane.entries[:] = entries
        assert await link.pull(), link.status()
        view = link.view()
        assert view is not None
        assert view.revoked is not None
        return set(view.revoked.grants)

    async def story() -> None:
        assert await pull(one, two) == {"g1", "g2"}
        assert await pull(one) == {"g1", "g2"}
        assert await pull(one, {**three, "seq": 2}) == {"g1", "g2", "g3"}
        assert await pull() == {"g1", "g2", "g3"}, "put back further still"
        assert await pull({**two, "seq": 1}) == {"g1", "g2", "g3"}
        await link.close()

    asyncio.run(story())
    anew = control(config)
    anew.load()
    view = anew.view()
    assert view is not None
    assert view.revoked is not None
    assert set(view.revoked.grants) == {"g1", "g2", "g3"}


def test_the_ages_are_told(config: Config, clock: Clock) -> None:
    """In seconds, by the clock of the house."""
    link = control(config)
    now = port.now()
    link.take_snapshot(signed(snapshot_document([], issued=instant(now - timedelta(seconds=90)))))
    link.take_feed(signed(feed_document(issued=instant(now - timedelta(seconds=30)))))
    clock.move(seconds=5)
    told = link.status()
    assert (told["snapshot_age"], told["feed_age"]) == (95, 35)


def draft(number: int) -> Entry:
    """Give the rows of a call about one person."""
    common: dict[str, Any] = {"side": "provider", "call": f"c{number}", "client": "x"}
    asked = RowDraft(kind="request", **common)
    return Entry((asked, RowDraft(kind="answer", status=200, subjects=("ab",), **common)))


def test_checkpoints_and_looks_are_handed_in_once_and_wait_while_it_is_down(
    config: Config, plane: Plane
) -> None:
    """Signed by the node, kept in its folder, and never lost."""
    identity = config.identity()
    store = Store.open(config.store, "std")
    link = Control(config, identity)
    handing = Handing(config, identity, store, link, dict)

    async def story() -> None:
        store.commit([draft(1)])
        plane.down = True
        with pytest.raises(ConnectionError):
            await handing.once(0.0)
        plane.down = False
        await handing.once(1.0)
        await handing.once(2.0)
        store.commit([draft(2)])
        await handing.once(3.0)
        await handing.once(100.0)
        await link.close()

    asyncio.run(story())
    store.close()
    opened = [open_document(one, plane.keys.get) for one in plane.taken["checkpoints"]]
    assert [(one["node"], one["size"]) for one in opened] == [("police", 2), ("police", 4)]
    kept = sorted(path.name for path in config.log.checkpoints.iterdir())
    assert kept == ["000000000002.json", "000000000004.json"]
    looks = [look for one in plane.taken["looks"] for look in one["looks"]]
    assert [look["call"] for look in looks] == ["c1", "c2"]
