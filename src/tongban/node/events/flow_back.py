"""Subscribes by itself where a grant says so (数据回流): a county gets back what it delivered.

The snapshot names such grants. The node that speaks for the client asks the owner's node as its
system would, with the whole register first; nobody's hand is needed at either end. A subscription
that its system ended stays ended for as long as the grant is the same.
"""

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import datetime

from tongban.kernel.events import canonical
from tongban.kernel.wire.snapshot import Grant
from tongban.kernel.wire.words import (
    Identifier,
    IdentifierInvalid,
    Request,
    Response,
    WireRefused,
)
from tongban.node import clock
from tongban.node.core import View
from tongban.node.events.ground import Ground
from tongban.node.events.subscribing import Subscribing
from tongban.node.events.words import identifier
from tongban.node.flusher import LogDown
from tongban.node.store.events import Subscription

_EVERY = 0.5  # seconds between two looks at what is known of the network
_REST = 1.0  # seconds until a refused one is tried again, doubled each time
_LONGEST_REST = 300.0
_say = logging.getLogger("tongban.node.events")


class FlowBack:
    """One process of a node does this for all."""

    def __init__(self, ground: Ground, subscribing: Subscribing) -> None:
        self._ground = ground
        self._subscribing = subscribing
        self._rests: dict[str, tuple[int, float, str]] = {}

    async def run(self) -> None:
        """Go on for ever; a fault is told once and tried again."""
        while True:
            view = self._ground.known()
            if view is not None:
                for grant, fields in self._wanted(view):
                    await self._tried(grant, fields)
            await asyncio.sleep(_EVERY)

    def _wanted(self, view: View) -> Iterator[tuple[Grant, tuple[str, ...]]]:
        """Give the grants to subscribe under now, each with its fields."""
        now, snapshot = clock.now(), view.snapshot
        ended = view.revoked.grants if view.revoked is not None else {}
        for (client, service), grants in snapshot.grants.items():
            if not self._ours(client):
                continue
            for grant in grants:
                valid = grant.since <= now < grant.until and grant.id not in ended
                if not grant.subscribe or not valid or self._rests_still(grant):
                    continue
                known, purpose = snapshot.services[service], snapshot.purposes[grant.purpose]
                most = purpose.fields.get(service, frozenset())
                # with its key, so that the system knows whose record it is
                fields = tuple(sorted({*(grant.fields & most), *known.key}))
                if not self._stands(grant, fields):
                    yield grant, fields

    def _ours(self, client: str) -> bool:
        try:
            return identifier(client).member in self._ground.members
        except IdentifierInvalid:  # a control plane that is newer than this node
            return False

    def _rests_still(self, grant: Grant) -> bool:
        rests = self._rests.get(grant.id)
        return rests is not None and asyncio.get_running_loop().time() < rests[1]

    def _stands(self, grant: Grant, fields: tuple[str, ...]) -> bool:
        """Say whether there is a subscription, or was one that its system wanted no more."""
        found = self._ground.store.subscriptions("in", service=grant.service, client=grant.client)
        return any(
            _alike(one.purposes, one.fields, grant, fields)
            and (not one.ended or (one.ended == "unsubscribed" and _since(one) >= grant.since))
            for one in found
        )

    async def _tried(self, grant: Grant, fields: tuple[str, ...]) -> None:
        try:
            why = await self._subscribed(grant, fields)
        except (WireRefused, LogDown) as wrong:
            why = wrong.code if isinstance(wrong, WireRefused) else str(wrong)
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            why = f"the owner's node answers what does not read: {wrong!r}"
        if not why:
            self._rests.pop(grant.id, None)
            _say.info("flow-back begins", extra={"service": grant.service, "detail": grant.id})
            return
        times, _, before = self._rests.get(grant.id, (0, 0.0, ""))
        pause = min(_LONGEST_REST, _REST * 2.0 ** min(times, 20))
        self._rests[grant.id] = (times + 1, asyncio.get_running_loop().time() + pause, why)
        if why != before:
            _say.warning("flow-back waits", extra={"service": grant.service, "detail": why})

    async def _subscribed(self, grant: Grant, fields: tuple[str, ...]) -> str:
        """Subscribe anew; give why not (empty: it stands)."""
        listed = await self._asked(grant, "GET")
        if listed.status != 200:
            return f"status {listed.status}"
        for one in json.loads(listed.body)["subscriptions"]:
            alike = _alike(tuple(one["purposes"]), tuple(one["fields"]), grant, fields)
            if alike and not one["ended"] and not self._ground.store.subscription("in", one["id"]):
                # made there in answer to a question whose answer never came here
                await self._asked(grant, "DELETE", one["id"])
        told = {"fields": list(fields), "delivery": "callback", "catch_up": True}
        answer = await self._asked(grant, "POST", body=canonical(told))
        return "" if answer.status == 200 else f"status {answer.status}"

    async def _asked(
        self, grant: Grant, method: str, name: str = "", body: bytes = b""
    ) -> Response:
        path = f"/r1/{grant.service}/subscriptions" + (f"/{name}" if name else "")
        request = Request(method, path, "", (("tb-purpose", grant.purpose),), body)
        service, client = Identifier.parse(grant.service), identifier(grant.client)
        return await self._subscribing.ask(request, service, client, name)


def _alike(
    purposes: tuple[str, ...], of: tuple[str, ...], grant: Grant, fields: tuple[str, ...]
) -> bool:
    return purposes == (grant.purpose,) and set(of) == set(fields)


def _since(one: Subscription) -> datetime:
    return datetime.fromisoformat(one.since)
