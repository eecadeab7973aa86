"""Signs checkpoints of the log, keeps them outside the store, and hands them to the control plane.

Hands in also who looked at whom (marks, no numbers), so that a person may be told, and how the
services do. Nothing is lost while the control plane is away: what was not handed in stays so in the
store. Where even the checkpoint cannot be written, the node says so in its status.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from tongban.node.config import Config
from tongban.node.control import Control, ControlSilent
from tongban.node.core import Identity
from tongban.node.store import Store, write_checkpoint

_EVERY = 1.0  # seconds between two looks at what there is to do
_LOOKS_AT_ONCE = 1000
_TELL_EVERY = 10.0  # seconds between two reports of health
_LOOKED = "looks"
_say = logging.getLogger("tongban.node.handing")


class Handing:
    """One process of a node does this for all."""

    def __init__(
        self,
        config: Config,
        identity: Identity,
        store: Store,
        control: Control,
        health: Callable[[], Mapping[str, Any]],
    ) -> None:
        """``health`` gives the reports of the services as JSON without floats."""
        self._health = health
        self._told = float("-inf")
        self._config = config
        self._identity = identity
        self._store = store
        self._control = control
        self._last = (store.size(), float("-inf"))
        self._fault = ""

    def status(self) -> dict[str, Any]:
        """Say how far the log and its last checkpoint are."""
        return {"rows": self._store.size(), "checked": self._last[0], "fault": self._fault}

    async def run(self) -> None:
        """Go on for ever; a fault is told once and tried again."""
        while True:
            try:
                await self.once(asyncio.get_running_loop().time())
            except (ControlSilent, sqlite3.Error, OSError) as wrong:
                self._troubled(str(wrong))
            else:
                self._fault = ""
            await asyncio.sleep(_EVERY)

    async def once(self, now: float) -> None:
        """Do what is due; ``now`` in seconds of a clock that never runs back."""
        size = await asyncio.to_thread(self._store.size)
        rows, since = size - self._last[0], now - self._last[1]
        log = self._config.log
        if rows >= log.every_rows or since >= log.every_seconds:
            await asyncio.to_thread(self.checkpoint)
            self._last = (size, now)
        if self._config.control.url:
            await self._hand_checkpoints()
            if self._config.control.looks:
                await self._hand_looks()
            if now - self._told >= _TELL_EVERY:
                await self._control.post("health", {"services": self._health()})
                self._told = now

    def checkpoint(self) -> None:
        """Sign a checkpoint over all rows so far and write it to its folder."""
        by = self._identity
        sealed = self._store.checkpoint(by.node, by.keyid, by.signer)
        if sealed is not None:
            write_checkpoint(self._config.log.checkpoints, sealed)

    async def _hand_checkpoints(self) -> None:
        for size, sealed in await asyncio.to_thread(self._store.unhanded):
            # the file again: a node may have fallen between the store and the folder
            await asyncio.to_thread(write_checkpoint, self._config.log.checkpoints, sealed)
            await self._control.post("checkpoints", sealed)
            await asyncio.to_thread(self._store.handed, [size])

    async def _hand_looks(self) -> None:
        since = int(await asyncio.to_thread(self._store.remembered, _LOOKED) or 0) + 1
        looks = await asyncio.to_thread(self._store.looks, since, _LOOKS_AT_ONCE)
        if looks:
            await self._control.post("looks", {"looks": looks})
            last = str(looks[-1]["seq"])
            await asyncio.to_thread(self._store.remember, _LOOKED, last)

    def _troubled(self, what: str) -> None:
        if what != self._fault:
            _say.warning("handing", extra={"detail": what})
        self._fault = what
