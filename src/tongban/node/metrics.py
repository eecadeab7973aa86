"""Writes the node's health as OpenMetrics text (/metrics) for Prometheus and its kin.

Labels name services, outcomes and states. No client's user, no key, no case and no value is ever a
label.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CollectorRegistry
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from tongban.node.health import Histogram, Pulse, Report

CONTENT_TYPE = CONTENT_TYPE_LATEST
# bounds at powers of two, where the log-linear buckets end too: the counts are exact
_BOUNDS = tuple(1 << power for power in range(8, 25))  # 256 µs … 16.8 s
_PHASES = ("closed", "half-open", "open")
_FRESHNESS = ("fresh", "late", "stale", "unknown")


@dataclass(frozen=True, slots=True)
class View:
    """What is shown: pulses and reports by service, breakers' phases, alarms, plain gauges.

    ``alarms`` counts by (client subsystem, service, purpose); ``gauges`` are figures of the node
    itself by name (``feed_age_seconds``), each with a sentence of help.
    """

    pulses: Mapping[str, Pulse]
    reports: Mapping[str, Report]
    phases: Mapping[str, str] = field(default_factory=dict)
    alarms: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    gauges: Mapping[str, tuple[str, float]] = field(default_factory=dict)


class _Shown(Collector):
    def __init__(self, view: View) -> None:
        self._view = view

    def collect(self) -> Iterable[Metric]:
        yield from _calls(self._view.pulses)
        yield from _states(self._view)
        alarms = CounterMetricFamily(
            "tongban_harvest_alarms",
            "Alarms about unusually many distinct subjects.",
            labels=("client", "service", "purpose"),
        )
        for place, number in sorted(self._view.alarms.items()):
            alarms.add_metric(place, number)
        yield alarms
        for name, (text, value) in sorted(self._view.gauges.items()):
            yield GaugeMetricFamily(f"tongban_{name}", text, value=value)


def _calls(pulses: Mapping[str, Pulse]) -> Iterator[Metric]:
    calls = CounterMetricFamily("tongban_calls", "Calls by outcome.", labels=("service", "outcome"))
    latency = HistogramMetricFamily(
        "tongban_call_duration_seconds", "From question to answer.", labels=("service",)
    )
    drift = CounterMetricFamily(
        "tongban_schema_drift", "Answers that broke their description.", labels=("service",)
    )
    good = GaugeMetricFamily(
        "tongban_last_good_call_timestamp_seconds", "The last good answer.", labels=("service",)
    )
    deliveries = CounterMetricFamily(
        "tongban_deliveries", "Events to subscribers by outcome.", labels=("service", "outcome")
    )
    for service, pulse in sorted(pulses.items()):
        for outcome, number in sorted(pulse.deliveries.items()):
            deliveries.add_metric((service, outcome), number)
        for outcome, number in sorted(pulse.outcomes.items()):
            calls.add_metric((service, outcome), number)
        latency.add_metric((service,), _buckets(pulse.latency), pulse.latency.total / 1e6)
        drift.add_metric((service,), pulse.drift.total())
        if pulse.last_good is not None:
            good.add_metric((service,), pulse.last_good)
    yield from (calls, latency, drift, good, deliveries)


def _buckets(latency: Histogram) -> list[tuple[str, float]]:
    inner = [(f"{bound / 1e6:g}", float(latency.upto(bound))) for bound in _BOUNDS]
    return [*inner, ("+Inf", float(len(latency)))]


def _states(view: View) -> Iterator[Metric]:
    breaker = StateSetMetricFamily(
        "tongban_breaker", "The phase of each provider's breaker.", labels=("service",)
    )
    for service, phase in sorted(view.phases.items()):
        breaker.add_metric((service,), {name: name == phase for name in _PHASES})
    fresh = StateSetMetricFamily(
        "tongban_freshness", "The last change against the update cycle.", labels=("service",)
    )
    errors = GaugeMetricFamily(
        "tongban_error_ratio", "Share that the source failed.", labels=("service", "window_seconds")
    )
    for service, report in sorted(view.reports.items()):
        fresh.add_metric((service,), {name: name == report.freshness for name in _FRESHNESS})
        for window in report.windows:
            if window.errors is not None:
                errors.add_metric((service, str(window.seconds)), window.errors)
    yield from (breaker, fresh, errors)


def openmetrics(view: View) -> bytes:
    """Give the text to send with `CONTENT_TYPE`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shown(view))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text
