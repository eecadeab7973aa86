"""Keeps what the node knows of the network fresh: snapshot and revocations of the control plane.

Takes only what a pinned key signed, for this instance, and never an older one than it has. The last
good copy lies on disk, so that a node starts and goes on without the control plane; how old it may
become is for the judge (`kernel.wire.judging`).
"""

import asyncio
import json
import logging
import secrets
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from tongban.kernel.events import canonical
from tongban.kernel.suites import Verifier, suite
from tongban.kernel.wire.documents import DocumentInvalid, open_document
from tongban.kernel.wire.signatures import sign_request
from tongban.kernel.wire.snapshot import (
    Revocations,
    Snapshot,
    SnapshotInvalid,
    read_revocations,
    read_snapshot,
)
from tongban.kernel.wire.words import Request
from tongban.node import clock
from tongban.node.config import Config
from tongban.node.core import Identity, View
from tongban.ports.files import write_whole

_PLACE = "/exchange/v1/"
_LARGEST = 256 * 1024 * 1024
#: A snapshot of the same serial is fetched again at this part of the age it may reach.
_RENEW = 10
#: After so many pieces the feed is fetched whole again, without what has ended by itself.
_MOST_FEEDS = 500
_FAULTS = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
_say = logging.getLogger("tongban.node.control")


class ControlSilent(ConnectionError):
    """The control plane does not answer, or not with what was asked for."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A pinned key, ready to check."""

    suite: str
    verifier: Verifier


@dataclass(frozen=True, slots=True)
class _Feed:
    """A feed as it came, and the kind and id of each entry."""

    sealed: bytes
    names: frozenset[tuple[str, str]]


class Control:
    """The node's link to the control plane, and what it knows from there.

    ``primary``: this process keeps the copy on disk (one of several workers does).
    """

    def __init__(self, config: Config, identity: Identity, *, primary: bool = True) -> None:
        self._config = config
        self._identity = identity
        self._primary = primary
        self._keys = {
            key.id: PublicKey(key.suite, suite(key.suite).verifier(key.public))
            for key in config.control.keys
        }
        self._snapshot: Snapshot | None = None
        self._revoked: Revocations | None = None
        self._view: View | None = None
        self._feeds: list[_Feed] = []
        self._kept: list[_Feed] = []  # the first of them, of before a whole one that lacks theirs
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self._pulled: datetime | None = None
        self._fault = ""
        self._session: aiohttp.ClientSession | None = None

    def view(self) -> View | None:
        """Give what is known now; None until a first snapshot was read."""
        return self._view

    def status(self) -> dict[str, Any]:
        """Say how old things are, in seconds, and what is wrong with the link (empty: nothing)."""
        now = clock.now()

        def age(of: datetime | None) -> int | None:
            return None if of is None else int((now - of).total_seconds())

        snapshot, revoked = self._snapshot, self._revoked
        return {
            "serial": snapshot.serial if snapshot else None,
            "snapshot_age": age(snapshot.issued if snapshot else None),
            "feed_age": age(revoked.issued if revoked else None),
            "feed_upto": revoked.upto if revoked else None,
            "fault": self._fault,
        }

    # What is taken

    def take_snapshot(self, sealed: bytes) -> bool:
        """Take a signed snapshot; False: it is one that is known. Raise SnapshotInvalid."""
        document = self._opened(sealed)
        held = self._snapshot
        known = held and (document.get("serial"), document.get("issued"))
        if held and known == (held.serial, _text(held.issued)):
            return False
        taken = read_snapshot(document)
        if taken.instance != self._config.instance:
            raise SnapshotInvalid(f"SnapshotInvalid: it is of {taken.instance}; see control.url")
        if held and (taken.serial, taken.issued) < (held.serial, held.issued):
            raise SnapshotInvalid(
                f"SnapshotInvalid: serial {taken.serial} of {taken.issued} is older than "
                f"{held.serial}; a control plane never goes back"
            )
        if taken.issued > clock.now() + timedelta(minutes=5):
            raise SnapshotInvalid("SnapshotInvalid: it was issued in the future; set the clocks")
        self._snapshot = taken
        self._known()
        return True

    def take_feed(self, sealed: bytes) -> bool:
        """Take a signed feed; False: it says nothing new. Raise SnapshotInvalid."""
        document = self._opened(sealed)
        if document.get("instance") != self._config.instance:
            raise SnapshotInvalid(f"SnapshotInvalid: a feed of {document.get('instance')!r}")
        taken = read_revocations(document, self._revoked)
        if taken.issued > clock.now() + timedelta(minutes=5):
            raise SnapshotInvalid("SnapshotInvalid: a feed issued in the future; set the clocks")
        told = _Feed(sealed, frozenset((one["kind"], one["id"]) for one in document["entries"]))
        if not document["after"]:
            self._began_anew(taken, told.names)
        news = bool(told.names) or not self._feeds
        if news:
            self._feeds.append(told)
        self._revoked = taken
        self._known()
        return news

    def _began_anew(self, taken: Revocations, names: frozenset[tuple[str, str]]) -> None:
        """Let go of the feeds of before, unless something that holds stands in them alone."""
        lacking = _names(taken) - names
        if lacking - {name for feed in self._kept for name in feed.names}:
            detail = f"its feed lacks {len(lacking)} revocations that are known here; they hold"
            _say.warning("control", extra={"detail": detail})
            self._kept = list(self._feeds)
        elif not lacking:
            self._kept = []
        self._feeds = list(self._kept)

    def _opened(self, sealed: bytes) -> dict[str, Any]:
        try:
            return open_document(sealed, self._keys.get)
        except DocumentInvalid as wrong:
            raise SnapshotInvalid(f"SnapshotInvalid: {wrong}") from wrong

    def _known(self) -> None:
        if self._snapshot is not None:
            self._view = View(self._snapshot, self._revoked, self._keys.get)

    # The copy on disk

    def load(self) -> None:
        """Read the last good copy, or the files that the configuration names."""
        if self._config.control.snapshot_file:
            self._read_files()
            return
        snapshot, feeds = self._paths()
        try:
            if snapshot.exists():
                self.take_snapshot(snapshot.read_bytes())
            if feeds.exists():
                for line in feeds.read_bytes().splitlines():
                    self.take_feed(line)
        except (SnapshotInvalid, OSError) as wrong:
            # the control plane gives a good one; until then the node denies
            self._troubled(f"the copy on disk: {wrong}")

    def _paths(self) -> tuple[Path, Path]:
        state = self._config.state
        return state / "snapshot.json", state / "revocations.jsonl"

    def _keep(self, path: Path, content: bytes) -> None:
        if self._primary:
            write_whole(path, content)

    def _read_files(self) -> None:
        control = self._config.control
        try:
            if control.snapshot_file and self._changed(control.snapshot_file):
                self.take_snapshot(control.snapshot_file.read_bytes())
            if control.revocations_file and self._changed(control.revocations_file):
                self.take_feed(control.revocations_file.read_bytes())
        except (SnapshotInvalid, OSError) as wrong:
            self._troubled(str(wrong))
        else:
            self._well()

    def _changed(self, path: Path) -> bool:
        found = path.stat()
        version = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self._seen.get(path) == version:
            return False
        self._seen[path] = version
        return True

    # The link

    async def run(self) -> None:
        """Go on for ever; a fault is told once and tried again."""
        control = self._config.control
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            if control.snapshot_file:
                self._read_files()
            else:
                await self.pull()
            await asyncio.sleep(max(0.05, control.every - (loop.time() - began)))

    async def pull(self) -> bool:
        """Fetch the feed, and the snapshot where it is due; False: it did not work."""
        try:
            whole = self._revoked is None or len(self._feeds) - len(self._kept) > _MOST_FEEDS
            after = 0 if whole or self._revoked is None else self._revoked.upto
            sealed = await self._get("revocations", f"after={after}")
            if self.take_feed(sealed):
                self._keep(
                    self._paths()[1], b"\n".join(_line(feed.sealed) for feed in self._feeds) + b"\n"
                )
            if self._due():
                sealed = await self._get("snapshot", "")
                if self.take_snapshot(sealed):
                    self._keep(self._paths()[0], sealed)
                self._pulled = clock.now()
        except (ControlSilent, SnapshotInvalid, OSError) as wrong:
            self._troubled(str(wrong))
            return False
        self._well()
        return True

    def _due(self) -> bool:
        snapshot, revoked = self._snapshot, self._revoked
        if snapshot is None or (revoked is not None and revoked.serial > snapshot.serial):
            return True
        renew = min(snapshot.snapshot_age / _RENEW, timedelta(minutes=1))
        return self._pulled is None or not timedelta(0) <= clock.now() - self._pulled < renew

    def _troubled(self, what: str) -> None:
        if what != self._fault:
            _say.warning("control", extra={"detail": what})
        self._fault = what

    def _well(self) -> None:
        if self._fault:
            _say.warning("control", extra={"detail": "well again"})
        self._fault = ""

    async def _get(self, what: str, query: str) -> bytes:
        return await self._send("GET", what, query, b"")

    async def post(self, what: str, told: Mapping[str, Any]) -> None:
        """Hand something in (``checkpoints``, ``looks``); raise ControlSilent."""
        await self._send("POST", what, "", canonical(told))

    async def _send(self, method: str, what: str, query: str, body: bytes) -> bytes:
        config, by = self._config, self._identity
        headers = (
            ("content-type", "application/json"),
            ("x-road-client", f"{config.instance}/{config.member_class}/{config.member}/node"),
            ("x-road-id", uuid.uuid4().hex),
        )
        plain = Request(method, _PLACE + what, query, headers, body)
        signed = sign_request(plain, by.keyid, by.signer, clock.now(), secrets.token_urlsafe(16))
        url = config.control.url + _PLACE + what + (f"?{query}" if query else "")
        try:
            async with self._link().request(
                method, url, headers=signed.headers, data=body or None, allow_redirects=False
            ) as answer:
                told = await answer.content.read(_LARGEST)
                while not answer.content.at_eof():
                    if len(told) > _LARGEST:
                        raise ControlSilent(f"{what}: the answer is too large")
                    told += await answer.content.read(_LARGEST)
                if answer.status != 200:
                    raise ControlSilent(f"{what}: status {answer.status}: {told[:300]!r}")
        except _FAULTS as wrong:
            if isinstance(wrong, ControlSilent):
                raise
            raise ControlSilent(f"{what}: {type(wrong).__name__}: {wrong}") from wrong
        return told

    def _link(self) -> aiohttp.ClientSession:
        if self._session is None:
            ca = self._config.peers.ca
            trust = ssl.create_default_context(cafile=ca) if ca else True
            # one connection kept alive for the pulls, one more for what is handed in meanwhile
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=2, ssl=trust),
                timeout=aiohttp.ClientTimeout(total=self._config.control.timeout),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            )
        return self._session

    async def close(self) -> None:
        """Close the link."""
        if self._session is not None:
            await self._session.close()


def _names(revoked: Revocations) -> frozenset[tuple[str, str]]:
    kinds = (("consent", revoked.consents), ("grant", revoked.grants), ("key", revoked.keys))
    return frozenset((kind, name) for kind, ended in kinds for name in ended)


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _line(sealed: bytes) -> bytes:
    return sealed if b"\n" not in sealed else canonical(json.loads(sealed))
