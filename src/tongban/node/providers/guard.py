"""Stands before one provider: time-out, bulkhead, breaker, retry (超时、隔舱、熔断、重试).

A provider that is slow or down costs its own callers a bounded wait and costs nobody else anything.
What is tried again is only an idempotent question that the provider had not taken up.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

from tongban.kernel.wire.words import Found, Question, WireRefused
from tongban.node.providers import breaker as circuit
from tongban.node.providers.base import (
    KINDS,
    Provider,
    ProviderConfigInvalid,
    ProviderFailed,
    Registry,
    Setting,
    Wrong,
)


@dataclass(frozen=True, slots=True)
class Guards:
    """The bounds of a provider; times in seconds.

    ``timeout`` is for the whole answer, retries included; ``at_once`` calls run together and
    ``waiting`` more wait for at most ``patience``; ``attempts`` counts the first one; the n-th
    retry waits a random part of ``backoff`` × 2ⁿ; ``failures`` in a row open the breaker for
    ``rest``.
    """

    timeout: float = 3.0
    at_once: int = 16
    waiting: int = 64
    patience: float = 0.25
    attempts: int = 2
    backoff: float = 0.05
    failures: int = 5
    rest: float = 10.0


GUARDS = frozenset(f.name for f in fields(Guards))


def read_guards(setting: Setting) -> Guards:
    """Read the table ``guard`` of a provider; raise ProviderConfigInvalid."""
    raw = setting.options.get("guard", {})
    if faults := list(_check(raw)):
        raise ProviderConfigInvalid(setting.name, faults)
    return Guards(**raw)


def _check(raw: object) -> Iterator[Wrong]:
    if not isinstance(raw, dict):
        yield Wrong("guard", "no table", "write guard = {timeout = 3.0}")
        return
    whole = {"at_once", "waiting", "attempts", "failures"}
    for name, value in raw.items():
        option = f"guard.{name}"
        if name not in GUARDS:
            yield Wrong(option, "no such option", f"take one of {', '.join(sorted(GUARDS))}")
        elif isinstance(value, bool) or not isinstance(
            value, int if name in whole else int | float
        ):
            yield Wrong(
                option, "not a number", "write a whole number" if name in whole else "write seconds"
            )
        elif not (0 if name in {"waiting", "backoff", "patience"} else 0.001) <= value <= 3600:
            yield Wrong(option, f"{value} is out of bounds", "write a number above 0, at most 3600")


class Guarded:
    """A provider behind its guards; itself a `Provider`. Belongs to one event loop."""

    def __init__(
        self, provider: Provider, guards: Guards, jitter: Callable[[], float] = random.random
    ) -> None:
        """``jitter`` gives numbers from 0 to 1 for the waits between attempts."""
        self.provider = provider
        self._guards = guards
        self._policy = circuit.Policy(guards.failures, guards.rest)
        self._breaker = circuit.Breaker()
        self._slots = asyncio.Semaphore(guards.at_once)
        self._waiting = 0
        self._jitter = jitter

    @classmethod
    def check_config(cls, setting: Setting) -> list[Wrong]:
        """Say what is wrong with the table ``guard``."""
        return list(_check(setting.options.get("guard", {})))

    @property
    def phase(self) -> circuit.Phase:
        """The phase of the breaker."""
        return self._breaker.phase

    def idempotent(self, question: Question) -> bool:
        """Ask the provider."""
        return self.provider.idempotent(question)

    def at_once(self, question: Question) -> Found | None:
        """Give what the provider has on the spot: what waits for nothing needs no bounds."""
        if self._breaker.phase != "closed":
            return None
        found = self.provider.at_once(question)
        if found is not None:
            self._breaker = circuit.passed(self._breaker, self._breaker.era)
        return found

    async def ask(self, question: Question) -> Found:
        """Answer within the bounds; raise `ProviderFailed`."""
        if (found := self.at_once(question)) is not None:
            return found
        now = asyncio.get_running_loop().time
        if circuit.admit(self._breaker, self._policy, now())[1] is None:
            raise ProviderFailed("broken", "it failed too often and rests")
        await self._enter()
        try:
            self._breaker, ticket = circuit.admit(self._breaker, self._policy, now())
            if ticket is None:
                raise ProviderFailed("broken", "it failed too often and rests")
            answered: bool | None = None
            try:
                found = await self._bounded(question)
                answered = True
            except ProviderFailed as failure:
                answered = failure.kind == "bad_answer"  # wrong, and there
                raise
            except WireRefused:
                answered = True
                raise
            except asyncio.CancelledError:
                raise
            except Exception:
                answered = False
                raise
            finally:
                self._settle(ticket, now(), answered)
            return found
        finally:
            self._slots.release()

    def _settle(self, ticket: int, now: float, answered: bool | None) -> None:  # noqa: FBT001
        if answered is None:
            self._breaker = circuit.abandoned(self._breaker, ticket)
        elif answered:
            self._breaker = circuit.passed(self._breaker, ticket)
        else:
            self._breaker = circuit.failed(self._breaker, self._policy, ticket, now)

    async def _enter(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()  # does not wait
            return
        if self._waiting >= self._guards.waiting:
            raise ProviderFailed("busy", "too many calls wait for it")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._guards.patience):
                await self._slots.acquire()
        except TimeoutError:
            raise ProviderFailed("busy", "all its places are taken") from None
        finally:
            self._waiting -= 1

    async def _bounded(self, question: Question) -> Found:
        try:
            async with asyncio.timeout(self._guards.timeout) as bound:
                return await self._tried(question)
        except TimeoutError as late:
            if not bound.expired():
                raise ProviderFailed("timeout", "its system let the time run out") from late
            raise ProviderFailed("timeout", f"no answer in {self._guards.timeout:g} s") from late

    async def _tried(self, question: Question) -> Found:
        for retry in range(1, self._guards.attempts):
            try:
                return await self.provider.ask(question)
            except ProviderFailed as failure:
                if not (failure.connecting and self.provider.idempotent(question)):
                    raise
            await asyncio.sleep(self._guards.backoff * 2**retry * self._jitter())
        return await self.provider.ask(question)

    @property
    def hears(self) -> bool:
        """Say whether the provider learns of changes from answers; see `Provider`."""
        return self.provider.hears

    async def changed(self) -> str | None:
        """Ask when the source last changed, within the time-out; an unknown is None."""
        try:
            async with asyncio.timeout(self._guards.timeout):
                return await self.provider.changed()
        except (ProviderFailed, TimeoutError):
            return None

    async def close(self) -> None:
        """Close the provider."""
        await self.provider.close()


def guarded(setting: Setting, kinds: Registry = KINDS) -> Guarded:
    """Make the provider of a setting behind its guards; raise ProviderConfigInvalid."""
    guards = read_guards(setting)
    return Guarded(kinds.build(setting), guards)
