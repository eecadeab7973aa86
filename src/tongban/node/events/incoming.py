"""Takes deliveries in at the subscriber's node, and hands them to its own system (接收与交付).

What comes in is checked, judged by what this node knows, logged and kept sealed before it is
acknowledged. It is judged once more when it is handed over: to the system's own address, or when
the system pulls it.
"""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from tongban.kernel.events import canonical, instant
from tongban.kernel.suites import SealBroken
from tongban.kernel.wire.judging import Permit
from tongban.kernel.wire.signatures import Verified
from tongban.kernel.wire.words import Identifier, Plain, Request, Response, WireRefused
from tongban.node import clock
from tongban.node.core import replayed
from tongban.node.events.endings import FINAL, Endings, permit_of
from tongban.node.events.ground import About, Ground, Signed, nonce_of, of, row
from tongban.node.events.pump import Failed
from tongban.node.events.settings import secret
from tongban.node.events.words import (
    CLOUD_EVENT,
    HandOver,
    Told,
    caller_of,
    identifier,
    malformed,
    not_found,
    read_cloud_event,
)
from tongban.node.store import NonceSeen, Write
from tongban.node.store.events import Item, Subscription, received, settled, taken

_FAULTS = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
_MOST_PULLED = 500


class Incoming:
    """The receiving side."""

    def __init__(self, ground: Ground, endings: Endings) -> None:
        self._ground = ground
        self._endings = endings
        self._session: aiohttp.ClientSession | None = None

    # From the other node

    async def hear(self, request: Request) -> Response:
        """Take a delivery; raise `WireRefused` for what is not signed well, LogDown."""
        ground = self._ground
        claims = ground.heard(request)
        call = next((v for n, v in request.headers if n == "x-road-id"), "")
        told = read_cloud_event(request.body)
        one = ground.store.subscription("in", told.subscription)
        if one is None or not self._from_owner(request, claims, one):
            # whether such a subscription is there is nobody else's business
            return await self._refused(request, claims, one, call, not_found())
        if one.ended:
            return await self._refused(request, claims, one, call, not_found())
        try:
            permit = self._judged(one, told.record, call)
        except WireRefused as refused:
            if refused.code in FINAL:
                await self._endings.end(one, refused.code)
            return await self._refused(request, claims, one, call, refused)
        event = told.id
        writes = received(
            one,
            event,
            told.subject,
            instant(clock.now()),
            ground.sealing.seal(request.body, f"in\n{one.id}"),
            pulled=one.client not in ground.settings.hand_over,
        )
        signed = ground.answered(request, 202, {"accepted": event})
        about = self._about(one, call, permit, told)
        return await self._answered(request, claims, about, signed, "", writes)

    def _from_owner(self, request: Request, claims: Verified, one: Subscription) -> bool:
        owner = identifier(one.service).owner
        stated = next((v for n, v in request.headers if n == "x-road-client"), "")
        speaks = self._ground.view().speaks_for(claims.keyid, owner.member)
        return speaks and stated == str(owner)

    def _judged(self, one: Subscription, record: Mapping[str, Plain] | None, call: str) -> Permit:
        view = self._ground.view()
        service = view.snapshot.services.get(one.service)
        key: dict[str, Plain] = dict.fromkeys(service.key, "") if service else {}
        permit, _ = permit_of(one, view, key, call)
        allowed = frozenset[str]().union(*(cell.fields for cell in permit.cells), key)
        if record is not None and not record.keys() <= allowed & set(permit.asked):
            raise WireRefused(
                "bad_answer",
                "送来的数据超出授权，已拒收",
                "more was delivered than is granted; it was not taken",
            )
        return permit

    @staticmethod
    def _about(one: Subscription, call: str, permit: Permit | None, told: Told | None) -> About:
        return About(
            "consumer",
            caller_of(one, call),
            identifier(one.service),
            "deliver",
            None if permit is None else permit.question,
            permit.grants if permit else (),
            permit.consent if permit else "",
            (told.subject,) if told else (),
        )

    async def _refused(
        self,
        request: Request,
        claims: Verified,
        one: Subscription | None,
        call: str,
        refused: WireRefused,
    ) -> Response:
        signed = self._ground.refused(request, refused, call)
        if one is None:
            return signed[0]  # it is about nobody's subscription: nothing to put on the log
        about = self._about(one, call, None, None)
        return await self._answered(request, claims, about, signed, refused.code, ())

    async def _answered(
        self,
        request: Request,
        claims: Verified,
        about: About,
        signed: Signed,
        code: str,
        writes: tuple[Write, ...],
    ) -> Response:
        ground, by = self._ground, self._ground.identity
        rows = (
            row(by, about, "delivery", of(request, claims), records=0 if code else 1),
            row(
                by,
                about,
                "answer",
                of(*signed),
                status=signed[0].status,
                code=code,
            ),
        )
        try:
            await ground.commit(rows, *writes, nonce=nonce_of(claims))
        except NonceSeen:
            again = replayed()
            signed = ground.refused(request, again, about.caller.call)
            refusal = row(
                by,
                about,
                "answer",
                of(*signed),
                status=again.status,
                code=again.code,
            )
            await ground.commit((rows[0], refusal))
        return signed[0]

    # To the node's own system

    async def move(self, item: Item) -> None:
        """Hand one event to the address of its system and settle it; raise `Failed`, LogDown."""
        ground = self._ground
        one = ground.store.subscription("in", item.subscription)
        if one is None or one.ended:
            return
        place = ground.settings.hand_over.get(one.client)
        if place is None:
            raise Failed("its system pulls its events", counted=False)
        body = self._opened(one, item)
        if await self._may(one):
            await self._handed(place, body)
            await ground.commit((), *settled(item, told=True))

    def _opened(self, one: Subscription, item: Item) -> bytes:
        try:
            return self._ground.sealing.open(item.sealed, f"in\n{one.id}")
        except SealBroken:
            raise Failed("what was kept does not open", counted=True) from None

    async def _may(self, one: Subscription) -> bool:
        """Judge at the moment of handing over; what may not go on ends here."""
        try:
            self._judged(one, None, f"{one.id}-over")
        except WireRefused as refused:
            if refused.code not in FINAL:
                raise Failed(refused.code, counted=False) from None
            await self._endings.end(one, refused.code)
            return False
        return True

    async def _handed(self, place: HandOver, body: bytes) -> None:
        headers = {"content-type": CLOUD_EVENT}
        try:
            if place.token_file is not None:
                headers["authorization"] = f"Bearer {secret(place.token_file)}"
            async with self._link().post(
                place.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except _FAULTS as wrong:
            raise Failed(f"its system: {type(wrong).__name__}", counted=False) from None
        if not 200 <= status < 300:
            # too much, or down for a while: that is not the event's doing
            raise Failed(f"its system: status {status}", counted=status not in {429, 502, 503, 504})

    def _link(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64),
                timeout=aiohttp.ClientTimeout(total=self._ground.settings.bounds.answer_within),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            )
        return self._session

    async def pull(self, client: Identifier, name: str, limit: int) -> bytes:
        """Give the events that wait for a system, in order; raise `WireRefused`, LogDown."""
        one = self._own(client, name)
        if str(client) in self._ground.settings.hand_over:
            raise malformed("此系统的事件由节点送达", "the node sends this system its events")
        if one.ended:
            raise WireRefused("not_granted", f"订阅已终止：{one.ended}", f"it ended: {one.ended}")
        try:
            self._judged(one, None, f"{one.id}-over")
        except WireRefused as refused:
            if refused.code in FINAL:
                await self._endings.end(one, refused.code)
            raise
        items = self._ground.store.waiting("in", one.id, max(1, min(limit, _MOST_PULLED)))
        events = [{"seq": item.seq, "event": json.loads(self._opened(one, item))} for item in items]
        return canonical({"events": events})

    async def acknowledge(self, client: Identifier, name: str, body: bytes) -> None:
        """Take events out of the queue of a system that has them; raise `WireRefused`, LogDown."""
        one = self._own(client, name)
        try:
            told: Any = json.loads(body)
            upto = told["upto"]
        except (ValueError, KeyError, TypeError):
            upto = None
        if type(upto) is not int or upto < 1:
            raise malformed("须为 upto：已收妥的最后序号", 'send {"upto": the last seq you have}')
        await self._ground.commit((), *taken(one, upto))

    def _own(self, client: Identifier, name: str) -> Subscription:
        one = self._ground.store.subscription("in", name)
        if one is None or one.client != str(client):
            raise not_found()
        return one

    async def close(self) -> None:
        """Close the connections to the node's own systems."""
        if self._session is not None:
            await self._session.close()
