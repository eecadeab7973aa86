"""Ends subscriptions: when a consent is withdrawn, a grant ends, or the subscriber wants no more.

A living subscription is judged as a call made now, at each delivery and again whenever snapshot or
revocations change, so that an idle one ends too.
"""

import asyncio
import logging
from collections.abc import Mapping

from tongban.kernel.wire.judging import Permit
from tongban.kernel.wire.words import Plain, Question, WireRefused
from tongban.node import clock
from tongban.node.core import View
from tongban.node.events.ground import About, Ground, row
from tongban.node.events.words import caller_of, identifier
from tongban.node.flusher import LogDown
from tongban.node.store.events import Side, Subscription, ended

#: Refusals of the judge that will not pass by waiting.
FINAL = frozenset({"not_granted", "consent_missing", "consent_unfit", "consent_withdrawn"})
_EVERY = 0.5  # seconds between two looks at what is known of the network
_AT_LEAST = 60.0  # seconds after which all are judged although nothing changed: validity ends too
_SIDES: tuple[Side, ...] = ("out", "in")
_say = logging.getLogger("tongban.node.events")


def permit_of(
    one: Subscription, view: View, key: Mapping[str, Plain], call: str
) -> tuple[Permit, Question]:
    """Judge a subscription for one record, as a call made now; raise `WireRefused`.

    One for some keys is judged as a find of that key, one for a whole register as a walk, which
    needs a grant for bulk.
    """
    service = identifier(one.service)
    question = (
        Question("find", one.fields, (key,)) if one.keyed else Question("walk", one.fields, limit=1)
    )
    return view.judge(caller_of(one, call), service, question, clock.now()), question


def refused_for_good(one: Subscription, view: View, call: str) -> WireRefused | None:
    """Say why a subscription may not go on, or None while it may."""
    service = view.snapshot.services.get(one.service)
    key: dict[str, Plain] = dict.fromkeys(service.key, "") if service else {}
    try:
        permit_of(one, view, key, call)
    except WireRefused as refused:
        return refused if refused.code in FINAL else None
    return None


class Endings:
    """Ends subscriptions of both sides."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._under_way: set[tuple[Side, str]] = set()

    async def end(self, one: Subscription, why: str) -> None:
        """End a subscription; what queues for it is dropped, and the log says why.

        Raise LogDown.
        """
        ground, place = self._ground, (one.side, one.id)
        if place in self._under_way:  # others of its events found out in the same breath
            return
        self._under_way.add(place)
        try:
            dropped = ground.store.depth(one.side, one.id)
            told = row(
                ground.identity,
                About(
                    "provider" if one.side == "out" else "consumer",
                    caller_of(one, f"{one.id}-end"),
                    identifier(one.service),
                    "end",
                ),
                "delivery",
                code=why,
                records=dropped,
            )
            await ground.commit((told,), *ended(one, why))
        finally:
            self._under_way.discard(place)
        _say.info(
            "subscription ended",
            extra={"code": why, "service": one.service, "detail": f"{dropped} events dropped"},
        )

    async def run(self) -> None:
        """Judge all living subscriptions when what is known changes; go on for ever."""
        seen: View | None = None
        judged = float("-inf")
        loop = asyncio.get_running_loop()
        while True:
            view = self._ground.known()
            if view is not None and (
                seen is None or _version(view) != _version(seen) or loop.time() - judged > _AT_LEAST
            ):
                try:
                    await self._judge_all(view)
                except LogDown as down:
                    _say.warning("log_down", extra={"detail": str(down)})
                else:
                    seen, judged = view, loop.time()
            await asyncio.sleep(_EVERY)

    async def _judge_all(self, view: View) -> None:
        store = self._ground.store
        for side in _SIDES:
            for one in await asyncio.to_thread(store.subscriptions, side, living=True):
                if refused := refused_for_good(one, view, f"{one.id}-end"):
                    await self.end(one, refused.code)
                await asyncio.sleep(0)


def _version(view: View) -> tuple[int, int]:
    return view.snapshot.serial, view.revoked.upto if view.revoked else -1
