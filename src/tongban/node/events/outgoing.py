"""Delivers changes to subscribers' nodes: judged at that moment, signed, logged, then sent (投递).

A withdrawn consent or an ended grant ends the subscription, and what queues for it is dropped with
the reason on the log. Where judging is not possible now (an old snapshot or feed), events wait.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from tongban.kernel.suites import SealBroken
from tongban.kernel.wire.bodies import read_problem
from tongban.kernel.wire.judging import Permit, project
from tongban.kernel.wire.signatures import Verified, signed_request, verify_response
from tongban.kernel.wire.words import (
    Found,
    Plain,
    Question,
    Request,
    Response,
    WireRefused,
)
from tongban.node import clock
from tongban.node.events.endings import FINAL, Endings, permit_of
from tongban.node.events.ground import About, Ground, of, row
from tongban.node.events.pump import Failed
from tongban.node.events.words import (
    CLOUD_EVENT,
    Change,
    caller_of,
    cloud_event,
    identifier,
    outward,
)
from tongban.node.providers.base import ProviderFailed
from tongban.node.store import QuotaSpent, Usage
from tongban.node.store.events import Item, Subscription, settled

DELIVER = "/tongban/deliver"
_MICRO = timedelta(microseconds=1)

#: Carries a signed message to the subscriber's node; raises `WayClosed`.
Transport = Callable[[Subscription, str, Request], Awaitable[Response]]


class WayClosed(ConnectionError):
    """The message did not get through, or no answer came: the way is closed, not the event bad."""


class Outgoing:
    """The delivering side."""

    def __init__(
        self, ground: Ground, endings: Endings, transports: Mapping[str, Transport]
    ) -> None:
        self._ground = ground
        self._endings = endings
        self._transports = transports

    async def move(self, item: Item) -> None:
        """Deliver one event and settle it; raise `Failed`, LogDown."""
        ground = self._ground
        one = ground.store.subscription("out", item.subscription)
        if one is None or one.ended:
            return
        change = self._change(one, item)
        call = f"{one.id}-{item.seq}"
        try:
            permit, question = permit_of(one, ground.view(), change.key, call)
        except WireRefused as refused:
            if refused.code not in FINAL:
                raise Failed(refused.code, counted=False) from None
            await self._endings.end(one, refused.code)
            return
        wait = ground.measures.admit_delivery(caller_of(one, call), one.service)
        if wait:
            ground.measures.delivered(one.service, "limited")
            raise Failed("limited", counted=False, wait=wait)
        made = await self._made(one, item, change, permit)
        if made is None:  # nothing of it may leave, and nothing of it was told before
            await ground.commit((), *settled(item, told=False))
            return
        body, records = made
        about = About(
            "provider",
            caller_of(one, call),
            identifier(one.service),
            "deliver",
            question,
            permit.grants,
            permit.consent,
            (item.subject,),
        )
        await self._delivered(one, item, about, body, records, permit)

    def _change(self, one: Subscription, item: Item) -> Change:
        try:
            sealed = self._ground.sealing.open(item.sealed, f"{one.service}\n{item.event}")
        except SealBroken:
            raise Failed("what was kept does not open", counted=True) from None
        return Change.read(sealed)

    async def _made(
        self, one: Subscription, item: Item, change: Change, permit: Permit
    ) -> tuple[bytes, int] | None:
        """Write the event with exactly what may leave of the record now."""
        ground = self._ground
        record: Mapping[str, Plain] | None = change.record
        if change.kind != "recalled" and not set(permit.question.fields) <= change.record.keys():
            record = await self._asked(one, change, permit)
        shown = self._shown(permit, record, change)
        by = ground.identity
        subject = outward(by.suite, by.subject_key, one.id, item.subject)
        if shown is not None:
            return cloud_event(one, change, subject, shown, item.seq), 1
        if item.known:
            return cloud_event(one, change, subject, None, item.seq, left=True), 0
        return None

    @staticmethod
    def _shown(
        permit: Permit, record: Mapping[str, Plain] | None, change: Change
    ) -> Mapping[str, Plain] | None:
        if not record:
            return None
        try:
            found = project(permit, Found([{**record, **change.key}]))
        except WireRefused as unfit:
            raise Failed(f"{unfit.code}: {unfit.detail}", counted=True) from None
        return found.records[0] if found.records else None

    async def _asked(
        self, one: Subscription, change: Change, permit: Permit
    ) -> Mapping[str, Plain] | None:
        """Ask the source for the record, where the change did not bring it whole."""
        if one.service not in self._ground.served:
            raise Failed("no provider of it is here", counted=True)
        question = Question("find", permit.question.fields, (change.key,))
        measures, began = self._ground.measures, time.perf_counter_ns()
        try:
            found = await self._ground.sources.of(permit.service).ask(question)
        except ProviderFailed as failed:
            measures.failed(one.service, failed, _micros(began))
            raise Failed(f"{failed.kind}: {failed.detail}", counted=False) from None
        except WireRefused as unfit:
            measures.count(one.service, "refused", _micros(began))
            raise Failed(unfit.code, counted=True) from None
        measures.count(one.service, "good", _micros(began))
        if len(found.records) > 1:
            raise Failed("the key is that of two records", counted=True)
        return found.records[0] if found.records else None

    async def _delivered(
        self,
        one: Subscription,
        item: Item,
        about: About,
        body: bytes,
        records: int,
        permit: Permit,
    ) -> None:
        ground, by, began = self._ground, self._ground.identity, clock.now()
        address = ground.view().snapshot.address_of(about.caller.client)
        if address is None:
            raise Failed("no node is known for the subscriber", counted=False)
        plain = Request(
            "POST",
            DELIVER,
            "",
            (
                ("content-type", CLOUD_EVENT),
                ("x-road-client", str(about.service.owner)),
                ("x-road-id", about.caller.call),
            ),
            body,
        )
        nonce = secrets.token_urlsafe(16)
        request, signed = signed_request(plain, by.keyid, by.signer, began, nonce)
        sent = row(by, about, "delivery", of(request, signed), records=records)
        # as for calls: whoever may walk the register has asked for nobody in particular
        asked_for = about.subjects if one.keyed else ()
        alarms = ground.measures.seen(about.caller, one.service, asked_for)
        try:
            await ground.commit((sent, *alarms), usage=_usage(permit, item, records))
        except QuotaSpent:
            raise Failed("limited", counted=False) from None
        try:
            response = await self._transports[one.delivery](one, address, request)
        except WayClosed as closed:
            ground.measures.delivered(one.service, "silent")
            raise Failed(str(closed), counted=False) from None
        claims = self._checked(one, response, request)
        code = "" if response.status < 300 else read_problem(response.body) or "refused"
        told = row(
            by,
            about,
            "answer",
            of(response, claims),
            status=response.status,
            code=code,
            records=0 if code else records,
            micros=(clock.now() - began) // _MICRO,
        )
        ground.measures.delivered(one.service, "refused" if code else "delivered")
        if code:
            await ground.commit((told,))
            raise Failed(code, counted=code not in {"log_down", "feed_old", "snapshot_old"})
        await ground.commit((told,), *settled(item, told=True))

    def _checked(self, one: Subscription, response: Response, request: Request) -> Verified:
        """Take an answer if the subscriber's node signed it for this very message.

        What nobody vouches for moves nothing: whoever can write to the wire could else make dead
        letters of good events.
        """
        view, now = self._ground.view(), clock.now()
        try:
            claims = verify_response(response, request, view.keys(now), now)
        except WireRefused as unfit:
            why = f"answer {response.status} does not hold: {unfit.detail}"
            raise Failed(why, counted=False) from None
        if not view.speaks_for(claims.keyid, identifier(one.client).member):
            raise Failed("another member's key signed the answer", counted=False)
        return claims


def _micros(began: int) -> int:
    return (time.perf_counter_ns() - began) // 1000


def _usage(permit: Permit, item: Item, records: int) -> tuple[Usage, ...]:
    """Count a delivery in the quotas once, however often it is tried."""
    if item.tries:
        return ()
    return tuple(Usage(grant, 1, records, calls, most) for grant, calls, most in permit.quotas)
