"""The first state of a subscription: walks the register once and queues its records (初始补齐).

Each page is queued together with how far the walk is, so a node that falls goes on without a gap or
a repetition. A record that changed after its page was read is left to that change.
"""

import asyncio
import logging
import uuid

from tongban.kernel.events import instant
from tongban.kernel.wire.judging import project
from tongban.kernel.wire.words import Found, Question, WireRefused
from tongban.node import clock
from tongban.node.core.node import unavailable
from tongban.node.events.endings import permit_of
from tongban.node.events.ground import Ground
from tongban.node.events.words import Change
from tongban.node.flusher import LogDown
from tongban.node.providers.base import ProviderFailed
from tongban.node.store.events import FIRST_STATE, NewChange, Subscription, changed, walked

_PAGE = 500
_DEEPEST = 2_000  # events of a subscription that may wait before its next page is read
_LOOK = 0.2
_say = logging.getLogger("tongban.node.events")


class CatchingUp:
    """Walks for the subscriptions that want it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            worked = False
            for one in await asyncio.to_thread(
                self._ground.store.subscriptions, "out", living=True
            ):
                if one.catch_up is None:
                    continue
                try:
                    worked |= await self._page(one)
                except (WireRefused, ProviderFailed, LogDown) as wrong:
                    _say.info("catching up", extra={"service": one.service, "detail": repr(wrong)})
            if not worked:
                await asyncio.sleep(_LOOK)

    async def _page(self, one: Subscription) -> bool:
        """Queue one page; False: there is no room yet."""
        ground = self._ground
        if ground.store.depth("out", one.id) >= _DEEPEST:
            return False
        newest = ground.store.newest()
        permit, _ = permit_of(one, ground.view(), {}, f"{one.id}-walk")
        if one.service not in ground.served:
            raise unavailable("no provider of it is here")
        question = Question(
            "walk",
            tuple(sorted({*permit.question.fields, *permit.service.key})),
            after=one.catch_up or None,
            limit=_PAGE,
            rows=permit.question.rows,
        )
        found = await ground.sources.of(permit.service).ask(question)
        now = instant(clock.now())
        batch = uuid.uuid4().hex
        changes = []
        for record in found.records:
            if not project(permit, Found([record])).records:
                continue  # the source did not keep to the row filter
            key = {name: record[name] for name in permit.service.key}
            mark = ground.mark(key)
            name = f"{FIRST_STATE}{one.id}-{mark}"
            changes.append(Change(name, "created", key, now, dict(record), catch_up=True))
        kept = [
            NewChange(
                c.id,
                ground.mark(c.key),
                now,
                ground.sealing.seal(c.write(), f"{one.service}\n{c.id}"),
            )
            for c in changes
        ]
        wanted = [(one.id, new.subject, new.event) for new in kept]
        writes = changed(one.service, batch, kept, wanted, newest)
        await ground.commit((), *writes, walked(one.id, found.after))
        return True
