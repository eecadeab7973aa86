"""The health of the network (运行监测) as its nodes report it: how each service answers, how fresh.

A node measures (`tongban.node.health`) and says so every few seconds; here its last word is kept
and shown. A node that fell silent is shown as silent, never as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tongban.apps.exchange import queries
from tongban.apps.exchange.models import Node, ServiceHealth
from tongban.infra import clock
from tongban.kernel.wire.words import Identifier, IdentifierInvalid

State = Literal["well", "troubled", "silent", "idle"]
#: A node reports every ten seconds; it counts as silent after six times that.
SILENT_AFTER = timedelta(seconds=60)
#: The share of failed calls in the last window from which a service counts as troubled; the
#: national gateway is held to 0.03 %.
TROUBLED = 0.0003
_MOST = 20_000


class HealthUnreadable(ValueError):
    """A report of a node that does not read."""


@dataclass(frozen=True, slots=True)
class Window:
    """Calls of the last ``seconds``: how many, the share that failed, latencies in microseconds."""

    seconds: int
    calls: int
    errors: float | None
    p50: int | None
    p95: int | None
    p99: int | None


@dataclass(frozen=True, slots=True)
class Health:
    """How a service of the network does; ``freshness`` holds its last change against its cycle.

    ``drift`` counts answers that did not fit their description, by JSON pointer, never by value.
    """

    node: str
    service: str
    department: str
    resource: str
    state: State
    at: datetime
    last_good: datetime | None
    windows: tuple[Window, ...]
    freshness: str
    changed: str
    cycle: str
    drift: Mapping[str, int]


def record(node: str, told: Mapping[str, Any]) -> int:
    """Keep a node's report, a service at a time; raises `HealthUnreadable`."""
    now = clock.now()
    services = told.get("services")
    if not isinstance(services, Mapping) or len(services) > _MOST:
        raise HealthUnreadable("HealthUnreadable: services is an object of reports by service")
    rows = []
    for service, report in services.items():
        try:
            _windows(report)
            Identifier.parse(service)
        except (AttributeError, KeyError, TypeError, ValueError, IdentifierInvalid) as wrong:
            raise HealthUnreadable(f"HealthUnreadable: {service[:120]!r}: {wrong!r}") from wrong
        rows.append(ServiceHealth(node=node, service=service, report=dict(report), at=now))
    ServiceHealth.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["node", "service"],
        update_fields=["report", "at"],
    )
    return len(rows)


def _number(text: Any) -> float | None:
    return None if text is None else float(text)


def _windows(report: Mapping[str, Any]) -> tuple[Window, ...]:
    return tuple(
        Window(
            int(w["seconds"]), int(w["calls"]), _number(w["errors"]), w["p50"], w["p95"], w["p99"]
        )
        for w in report["windows"]
    )


def services() -> tuple[Health, ...]:
    """Give how every service does that a node in use has reported, troubled ones first."""
    catalogue = queries.catalogue()
    rules, now = catalogue.governance, clock.now()
    found = []
    nodes = set(Node.objects.filter(ended=None).values_list("slug", flat=True))
    for row in ServiceHealth.objects.filter(node__in=nodes):
        place, report = Identifier.parse(row.service), row.report
        windows = _windows(report)
        contract = catalogue.contracts.get(place.service)
        good = _number(report.get("last_good"))
        found.append(
            Health(
                row.node,
                row.service,
                rules.department(place.member) or place.member,
                place.service,
                _state(windows, now - row.at),
                row.at,
                None if good is None else datetime.fromtimestamp(good, tz=clock.SHANGHAI),
                windows,
                str(report.get("freshness", "unknown")),
                str(report.get("changed") or ""),
                contract.cycle if contract else "",
                dict(report.get("drift", {})),
            )
        )
    order = ("silent", "troubled", "well", "idle")
    return tuple(sorted(found, key=lambda one: (order.index(one.state), one.service)))


def _state(windows: tuple[Window, ...], age: timedelta) -> State:
    if age > SILENT_AFTER:
        return "silent"
    last = windows[0] if windows else None
    if last is None or not last.calls:
        return "idle"
    return "troubled" if last.errors is not None and last.errors > TROUBLED else "well"
