"""What a worker measures of its calls: limits before the provider is asked, health after it was.

Joins `limits`, `health` and `metrics` to the core: a client beyond its rate is refused, unusual
numbers of people asked for raise an alarm on the log beside the call that did, and every outcome is
counted. A file of numbers that does not work costs numbers, never an answer.
"""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from tongban.kernel.wire.rows import RowDraft
from tongban.kernel.wire.words import Caller, WireRefused
from tongban.node import clock, metrics
from tongban.node.config import Config, ConfigInvalid
from tongban.node.core import Accepted, Outcome, View, limited
from tongban.node.health import Delivery, Health, Pulse, Report, report
from tongban.node.health import Outcome as How
from tongban.node.limits import Alarm, Limits, LimitsInvalid, read_terms
from tongban.node.providers.base import ProviderFailed
from tongban.node.store.health import HealthStore

_EVERY = 5.0  # seconds between two savings
_GONE = 60.0  # seconds after which a worker that says nothing has gone
_say = logging.getLogger("tongban.node.measures")


class Measures:
    """The limits and the health of one worker."""

    def __init__(self, config: Config, worker: str, view: Callable[[], View | None]) -> None:
        """Read the limits; raise ConfigInvalid, sqlite3.Error."""
        try:
            self._limits = Limits(read_terms(config.limits))
        except LimitsInvalid as wrong:
            raise ConfigInvalid(f"ConfigInvalid: {wrong}") from None
        self._view = view
        self._worker = worker
        self._health = Health()
        self._alarms: Counter[tuple[str, str, str]] = Counter()
        self.garbage = 0
        self._kept = HealthStore(config.state / "health.sqlite3")

    # Limits

    def admit(self, accepted: Accepted) -> WireRefused | None:
        """Give the refusal of a client that asks too fast, or None."""
        caller, now = accepted.caller, clock.now().timestamp()
        wait = self._limits.admit(str(caller.client), str(accepted.service), caller.purposes, now)
        if not wait:
            return None
        return limited(
            f"调用过于频繁；请在 {wait:.1f} 秒后重试",
            f"too many calls; ask again in {wait:.1f} s",
        )

    def looked(self, accepted: Accepted, outcome: Outcome) -> Outcome:
        """Count who was asked for; an alarm joins the rows of the call that raised it."""
        if outcome.entry is None:
            return outcome
        caller = accepted.caller
        marks = outcome.entry.rows[0].subjects
        alarms = self.seen(caller, str(accepted.service), marks)
        if not alarms:
            return outcome
        rows = (*outcome.entry.rows, *alarms)
        return replace(outcome, entry=replace(outcome.entry, rows=rows))

    def seen(self, caller: Caller, service: str, marks: Sequence[str]) -> list[RowDraft]:
        """Count subjects that somebody is shown; give the rows of the alarms that this raises."""
        place = (str(caller.client), service, caller.purposes)
        alarms = self._limits.look(*place, marks, clock.now().timestamp())
        for alarm in alarms:
            self._alarms[alarm.client, alarm.service, alarm.purpose] += 1
            _say.warning("harvest", extra={"client": alarm.client, "service": alarm.service})
        return [_row(caller.call, alarm) for alarm in alarms]

    def admit_delivery(self, caller: Caller, service: str) -> float:
        """Give 0 where an event may go to a subscriber now, else the seconds to wait."""
        now = clock.now().timestamp()
        return self._limits.admit(str(caller.client), service, caller.purposes, now, delivery=True)

    # Health

    def count(self, service: str, how: How, micros: int) -> None:
        """Count one call of a service that is served here."""
        self._health.of(service).count(how, micros, clock.now().timestamp())

    def delivered(self, service: str, how: Delivery) -> None:
        """Count one try to deliver an event of a service."""
        self._health.of(service).deliveries[how] += 1

    def failed(self, service: str, failure: ProviderFailed, micros: int) -> None:
        """Count one failure of a provider, and where its answer broke its description."""
        pulse, now = self._health.of(service), clock.now().timestamp()
        pulse.count(failure.kind, micros, now)
        if failure.kind == "bad_answer":
            pulse.drifted(failure.pointer or "…", now)

    def pulses(self) -> Mapping[str, Pulse]:
        """Give the sum over all workers, or what this one knows where the file does not work."""
        try:
            self._save()
            return self._kept.load()
        except sqlite3.Error:
            return self._health.pulses

    def reports(self) -> dict[str, Report]:
        """Give the report of every service that was asked."""
        view = self._view()
        known = view.snapshot.services if view else {}
        return {
            service: report(
                service, pulse, known[service].cycle if service in known else "", clock.now()
            )
            for service, pulse in self.pulses().items()
        }

    def shown(self) -> dict[str, Any]:
        """Give the reports as JSON."""
        return {service: _plain(asdict(one)) for service, one in self.reports().items()}

    def openmetrics(
        self, phases: Mapping[str, str], gauges: Mapping[str, tuple[str, float]]
    ) -> bytes:
        """Give the text of /metrics."""
        return metrics.openmetrics(
            metrics.View(
                self.pulses(),
                self.reports(),
                phases,
                self._alarms,
                {**gauges, "unsigned_requests": ("Requests nobody signed.", self.garbage)},
            )
        )

    def learn(self, service: str, changed: str) -> None:
        """Take note of when a source last changed (ISO day or instant)."""
        self._health.of(service).learn_change(changed)

    def _save(self) -> None:
        self._kept.save(self._worker, self._health.pulses, clock.now().timestamp())

    async def run(self) -> None:
        """Save for ever; fold what workers that have gone had counted."""
        while True:
            try:
                self._save()
                self._kept.fold(clock.now().timestamp() - _GONE)
            except sqlite3.Error as wrong:
                _say.warning("health", extra={"detail": repr(wrong)})
            await asyncio.sleep(_EVERY)

    def close(self) -> None:
        """Save once more and close."""
        try:
            self._save()
        except sqlite3.Error as wrong:
            _say.warning("health", extra={"detail": repr(wrong)})
        self._kept.close()


def _row(call: str, alarm: Alarm) -> RowDraft:
    return RowDraft(
        side="provider",
        kind="alarm",
        call=call,
        client=alarm.client,
        service=alarm.service,
        purposes=(alarm.purpose,),
        code="harvest",
        records=alarm.distinct,
        fields=alarm.limit,
    )


def _plain(told: Any) -> Any:
    """Write seconds and shares so that canonical JSON, which has no floats, keeps them."""
    if isinstance(told, float):
        return f"{told:.3f}"
    if isinstance(told, Mapping):
        return {name: _plain(value) for name, value in told.items()}
    return [_plain(one) for one in told] if isinstance(told, list | tuple) else told
