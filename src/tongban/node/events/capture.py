"""Takes changes in from the sources: handed in by a department's system, or read from its table.

Each change is matched to the living subscriptions and queued with them in one transaction; a change
that is known already by its id queues nothing. What a subscriber may not see is not queued for it,
unless it was told of that record before and must learn that it left.
"""

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tongban.kernel.wire.judging import project
from tongban.kernel.wire.snapshot import Service
from tongban.kernel.wire.words import Found, Question, WireRefused
from tongban.node import clock
from tongban.node.events.endings import permit_of
from tongban.node.events.ground import Ground
from tongban.node.events.words import Change, malformed, read_changes
from tongban.node.flusher import LogDown
from tongban.node.providers.base import KINDS, Provider, ProviderFailed, Setting
from tongban.node.providers.cursors import Cursors
from tongban.node.store.events import NewChange, Subscription, changed, read_up_to

_PAGE = 500
_OWN = frozenset({"every", "sequence"})
_LONGEST_REST = 30.0
_say = logging.getLogger("tongban.node.events")


class Capture:
    """Keeps and queues changes."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def hand_in(self, service: str, body: bytes) -> int:
        """Take a list of changes as JSON; give how many there were. Raise `WireRefused`, LogDown.

        Durable when this returns; the same ids again are no news.
        """
        known = self.service(service)
        try:
            told: Any = json.loads(body)
        except (ValueError, RecursionError):
            raise malformed("正文不是 JSON", "the body is no JSON") from None
        changes = read_changes(told, known.key, clock.now())
        await self.keep(known, changes)
        return len(changes)

    def service(self, service: str) -> Service:
        """Give a service that is served here; raise `WireRefused`."""
        found = self._ground.view().snapshot.services.get(service)
        if found is None or service not in self._ground.served:
            raise WireRefused("not_found", "本节点没有此服务", "no such service is served here")
        return found

    async def keep(
        self, service: Service, changes: Sequence[Change], place: str | None = None
    ) -> None:
        """Keep changes and queue them; ``place`` is how far a table was read by them."""
        ground = self._ground
        marks = {change.id: ground.mark(change.key) for change in changes}
        wanted = await asyncio.to_thread(self._wanted, service, changes, marks)
        kept = [
            NewChange(
                change.id,
                marks[change.id],
                change.time,
                ground.sealing.seal(change.write(), f"{service.id}\n{change.id}"),
            )
            for change in changes
        ]
        writes = changed(service.id, uuid.uuid4().hex, kept, wanted)
        more = (read_up_to(service.id, place),) if place is not None else ()
        await ground.commit((), *writes, *more)

    def _wanted(
        self, service: Service, changes: Sequence[Change], marks: Mapping[str, str]
    ) -> list[tuple[str, str, str]]:
        """Give (subscription, subject, event) for all who are to be told."""
        store = self._ground.store
        keyed = store.keyed(service.id, set(marks.values()))
        wanted: list[tuple[str, str, str]] = []
        for one in store.subscriptions("out", service=service.id, living=True):
            if one.keyed:
                seen = [c for c in changes if (one.id, marks[c.id]) in keyed]
            else:
                seen = list(changes)
            hidden = [c for c in seen if not self._shown(one, c)]
            known = store.lanes(one.id, {marks[c.id] for c in hidden}) if hidden else set()
            shut = {c.id for c in hidden if marks[c.id] not in known}
            wanted += [(one.id, marks[c.id], c.id) for c in seen if c.id not in shut]
        return wanted

    def _shown(self, one: Subscription, change: Change) -> bool:
        """Say whether something of a change could leave, as far as that is known now."""
        if not change.record:
            return True  # to be asked for, and judged, at its delivery
        try:
            permit, _ = permit_of(one, self._ground.view(), change.key, f"{one.id}-match")
            needed = {name for cell in permit.cells for name in cell.rows}
            if change.kind != "recalled" and not needed <= change.record.keys():
                return True
            return bool(project(permit, Found([{**change.record, **change.key}])).records)
        except WireRefused:
            return True  # the delivery judges anew, and ends what is to end


class Table:
    """Reads the changes of one service from a table that its department writes (变更表)."""

    def __init__(self, service: str, options: Mapping[str, Any], base: Setting) -> None:
        """Take ``[events.changes.<provider>]``; raise ProviderConfigInvalid.

        Options are those of a table provider, its ``fields`` naming the columns of ``kind``, of
        ``sequence`` (a number that only grows; the option names its field, default ``seq``), of
        ``at`` (may be missing) and of attributes of the service.
        """
        own = {name: value for name, value in options.items() if name not in _OWN}
        self.service = service
        self.every = float(options.get("every", 1.0))
        self._sequence = str(options.get("sequence", "seq"))
        fields = dict(own.get("fields", {}))
        own |= {"key": [self._sequence], "order": [fields.get(self._sequence)]}
        self._setting = Setting(f"{base.name}-changes", own, base.folder, base.secret)
        self._fields = tuple(fields)
        self._provider: Provider = KINDS.build(self._setting)
        self._cursors = Cursors(base.secret, self._setting.name)

    async def read(
        self, place: str | None, service: Service
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Give what is new beyond a place, and the new place; raise ProviderFailed."""
        types = {**service.fields, "kind": "string", "at": "string", self._sequence: "number"}
        if self._setting.types != types:
            await self._provider.close()
            self._setting = replace(self._setting, types=types)
            self._provider = KINDS.build(self._setting)
        after = self._cursors.seal([json.loads(place)]) if place is not None else None
        found = await self._provider.ask(Question("walk", self._fields, after=after, limit=_PAGE))
        records = [dict(record) for record in found.records]
        if not records:
            return [], None
        return records, json.dumps(records[-1][self._sequence])

    def change(self, told: dict[str, Any], service: Service) -> dict[str, Any]:
        """Give a row of the table in the form that systems hand in."""
        sequence, kind, at = told.pop(self._sequence), told.pop("kind"), told.pop("at", None)
        return {
            "id": f"{self.service.rpartition('/')[2]}-{sequence}",
            "kind": kind,
            "key": {name: told[name] for name in service.key},
            "time": at,
            "record": {n: v for n, v in told.items() if n in service.fields} or None,
        }

    async def close(self) -> None:
        """Close its connections."""
        await self._provider.close()


class Tables:
    """Reads all change tables, each at its own pace."""

    def __init__(self, ground: Ground, capture: Capture, tables: Sequence[Table]) -> None:
        self._ground = ground
        self._capture = capture
        self._tables = tables

    async def run(self) -> None:
        """Go on for ever."""
        await asyncio.gather(*map(self._follow, self._tables))

    async def _follow(self, table: Table) -> None:
        rest, fault = table.every, ""
        while True:
            try:
                more = await self._read(table)
                rest, fault = table.every, ""
            except (ProviderFailed, WireRefused, LogDown, KeyError) as wrong:
                more, rest = False, min(_LONGEST_REST, rest * 2)
                if fault != (told := f"{table.service}: {wrong!r}"):
                    _say.warning("change table", extra={"detail": told})
                    fault = told
            if not more:
                await asyncio.sleep(rest)

    async def _read(self, table: Table) -> bool:
        service = self._capture.service(table.service)
        rows, reached = await table.read(self._ground.store.place(table.service), service)
        if not rows:
            return False
        told = [table.change(one, service) for one in rows]
        changes = read_changes(told, service.key, clock.now())
        await self._capture.keep(service, changes, reached)
        return len(rows) == _PAGE

    async def close(self) -> None:
        """Close every table."""
        await asyncio.gather(*(table.close() for table in self._tables))
