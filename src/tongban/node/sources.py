"""The providers of a node by service: made once the types of a service are known, guarded each.

A service whose declared types change gets its provider anew; the old one is closed when nobody
waits for it any more.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tongban.kernel.wire.snapshot import Service
from tongban.kernel.wire.words import Found
from tongban.node.core import Accepted
from tongban.node.providers.base import KINDS, Registry, Setting
from tongban.node.providers.guard import Guarded, guarded


@dataclass(slots=True)
class _Held:
    types: Mapping[str, str]
    provider: Guarded


class Sources:
    """What answers for each service id. Belongs to one event loop."""

    def __init__(self, settings: Mapping[str, Setting], kinds: Registry = KINDS) -> None:
        """Check every setting by making it once; raise ProviderConfigInvalid."""
        self._settings = settings
        self._kinds = kinds
        self._closing: set[asyncio.Task[None]] = set()
        self._held = {
            service: _Held({}, guarded(setting, kinds)) for service, setting in settings.items()
        }

    def of(self, service: Service) -> Guarded:
        """Give the provider of a service that is served here."""
        held = self._held[service.id]
        if held.types != service.fields:
            setting = replace(self._settings[service.id], types=service.fields)
            old = held.provider
            held.provider = guarded(setting, self._kinds)
            held.types = service.fields
            task = asyncio.get_running_loop().create_task(old.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return held.provider

    async def ask(self, accepted: Accepted) -> Found:
        """Ask the provider of an accepted call; raise ProviderFailed, `WireRefused`."""
        permit = accepted.permit
        return await self.of(permit.service).ask(permit.question)

    async def changed(self, *, ask: bool = True) -> dict[str, str]:
        """Give the last change of each source that knows it; not ``ask``: of what was heard."""
        asked = {
            service: held.provider
            for service, held in self._held.items()
            if ask or held.provider.hears
        }
        told = await asyncio.gather(*(provider.changed() for provider in asked.values()))
        return {
            service: text for service, text in zip(asked, told, strict=True) if text is not None
        }

    def phases(self) -> dict[str, str]:
        """Give the phase of each provider's breaker."""
        return {service: held.provider.phase for service, held in self._held.items()}

    async def close(self) -> None:
        """Close every provider."""
        await asyncio.gather(
            *self._closing, *(held.provider.close() for held in self._held.values())
        )
