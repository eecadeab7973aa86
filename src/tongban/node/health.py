"""How the services of a node do (健康度): last good call, latency, errors, freshness, drift.

Each worker counts for itself; states merge, so that a node's view is the sum of its workers'. Holds
no clock and nothing of any person: names of services, outcomes, pointers into schemas, numbers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Outcome = Literal["good", "refused", "unavailable", "timeout", "busy", "broken", "bad_answer"]
#: How one try to deliver an event ended: taken, refused by who gets it, or no way there.
Delivery = Literal["delivered", "refused", "silent", "limited"]
#: Outcomes that are the source's failure, not the asker's.
FAILURES = frozenset({"unavailable", "timeout", "busy", "broken", "bad_answer"})
OUTCOMES = frozenset({"good", "refused"}) | FAILURES
WINDOWS = (300, 3600)  # seconds
_SLOT = 60  # seconds
_SLOTS = 60
_FINE = 5  # bits: 32 buckets to each power of two, so a value is known to 1/32
_GREATEST = (1 << 32) - 1  # microseconds, over an hour
_MOST_POINTERS = 64
#: Days that may pass from one change to the next, by the update cycle (更新周期).
CYCLES: Mapping[str, int] = {
    "realtime": 1, "real-time": 1, "daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92,
    "yearly": 366, "实时": 1, "每日": 1, "每周": 7, "每月": 31, "每季度": 92, "每年": 366,
}  # fmt: skip
Freshness = Literal["fresh", "late", "stale", "unknown"]


def bucket(micros: int) -> int:
    """Give the number of the log-linear bucket of a latency.

    >>> [bucket(v) for v in (0, 31, 32, 63, 64, 65, 66)]
    [0, 31, 32, 63, 64, 64, 65]
    """
    micros = min(max(micros, 0), _GREATEST)
    shift = max(0, micros.bit_length() - _FINE - 1)
    return (shift << _FINE) + (micros >> shift)


def bounds(number: int) -> tuple[int, int]:
    """Give the least and the greatest value of a bucket."""
    shift = max(0, (number >> _FINE) - 1)
    least = (number - (shift << _FINE)) << shift
    return least, least + (1 << shift) - 1


@dataclass(slots=True)
class Histogram:
    """Latencies in microseconds, each known to 1/32 of itself; two add up to one."""

    counts: Counter[int] = field(default_factory=Counter)
    total: int = 0  # microseconds

    def add(self, micros: int) -> None:
        """Count one latency."""
        self.counts[bucket(micros)] += 1
        self.total += max(micros, 0)

    def merge(self, other: "Histogram") -> None:
        """Add another's counts."""
        self.counts.update(other.counts)
        self.total += other.total

    def __len__(self) -> int:
        """Count what was added."""
        return self.counts.total()

    def quantile(self, share: float) -> int | None:
        """Give the latency that ``share`` of the calls did not exceed; None where there are none.

        The rank is the least whole number not below share × count (nearest rank).
        """
        wanted = max(1, -int(-share * len(self) // 1))
        passed = 0
        for number in sorted(self.counts):
            passed += self.counts[number]
            if passed >= wanted:
                least, greatest = bounds(number)
                return (least + greatest) // 2
        return None

    def upto(self, micros: int) -> int:
        """Count what lies in buckets that end below ``micros`` (exact at powers of two)."""
        return sum(count for number, count in self.counts.items() if bounds(number)[1] < micros)


@dataclass(slots=True)
class Slot:
    """One minute: outcomes and latencies."""

    outcomes: Counter[str] = field(default_factory=Counter)
    latency: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Pulse:
    """What is known of one service: an hour by minutes, and all since the beginning.

    Instants are seconds since 1970.
    """

    slots: dict[int, Slot] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    latency: Histogram = field(default_factory=Histogram)
    drift: Counter[str] = field(default_factory=Counter)
    last_good: float | None = None
    last_drift: float | None = None
    changed: str | None = None
    deliveries: Counter[str] = field(default_factory=Counter)

    def count(self, outcome: Outcome, micros: int, now: float) -> None:
        """Count one call."""
        number = int(now // _SLOT)
        slot = self.slots.get(number)
        if slot is None:
            slot = self.slots[number] = Slot()
            for old in [n for n in self.slots if n <= number - _SLOTS]:
                del self.slots[old]
        for place in (slot, self):
            place.outcomes[outcome] += 1
            place.latency.add(micros)
        if outcome == "good":
            self.last_good = _later(self.last_good, now)

    def drifted(self, pointer: str, now: float) -> None:
        """Count an answer that broke its description at this JSON pointer."""
        if pointer not in self.drift and len(self.drift) >= _MOST_POINTERS:
            pointer = "…"
        self.drift[pointer] += 1
        self.last_drift = _later(self.last_drift, now)

    def learn_change(self, changed: str) -> None:
        """Take note of when the source last changed (ISO day or instant)."""
        if self.changed is None or _instant(changed) > _instant(self.changed):
            self.changed = changed

    def merge(self, other: "Pulse") -> None:
        """Add what another worker knows."""
        for number, slot in other.slots.items():
            own = self.slots.setdefault(number, Slot())
            own.outcomes.update(slot.outcomes)
            own.latency.merge(slot.latency)
        self.outcomes.update(other.outcomes)
        self.latency.merge(other.latency)
        for pointer, number in other.drift.items():
            known = pointer in self.drift or len(self.drift) < _MOST_POINTERS
            self.drift[pointer if known else "…"] += number
        self.deliveries.update(other.deliveries)
        self.last_good = _later(self.last_good, other.last_good)
        self.last_drift = _later(self.last_drift, other.last_drift)
        if other.changed is not None:
            self.learn_change(other.changed)

    def to_json(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "slots": {
                str(n): [dict(s.outcomes), _written(s.latency)] for n, s in self.slots.items()
            },
            "outcomes": dict(self.outcomes),
            "latency": _written(self.latency),
            "drift": dict(self.drift),
            "last_good": self.last_good,
            "last_drift": self.last_drift,
            "changed": self.changed,
            "deliveries": dict(self.deliveries),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Pulse":
        """Read what `to_json` gave."""
        return cls(
            {int(n): Slot(Counter(o), _read(h)) for n, (o, h) in raw["slots"].items()},
            Counter(raw["outcomes"]),
            _read(raw["latency"]),
            Counter(raw["drift"]),
            raw["last_good"],
            raw["last_drift"],
            raw["changed"],
            Counter(raw.get("deliveries", {})),
        )


def _later(one: float | None, other: float | None) -> float | None:
    return max((t for t in (one, other) if t is not None), default=None)


def _written(histogram: Histogram) -> list[Any]:
    return [{str(n): c for n, c in histogram.counts.items()}, histogram.total]


def _read(raw: list[Any]) -> Histogram:
    return Histogram(Counter({int(n): c for n, c in raw[0].items()}), raw[1])


@dataclass(frozen=True, slots=True)
class Window:
    """The calls of the last ``seconds``; latencies in microseconds (None: no calls).

    ``errors`` is the share of calls that the source failed, of those that reached it.
    """

    seconds: int
    calls: int
    errors: float | None
    p50: int | None
    p95: int | None
    p99: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a page and an API show of one service."""

    service: str
    last_good: float | None
    windows: tuple[Window, ...]
    freshness: Freshness
    changed: str | None
    drift: Mapping[str, int]
    last_drift: float | None


def report(service: str, pulse: Pulse, cycle: str, now: datetime) -> Report:
    """Give the report of a service at an instant with zone."""
    return Report(
        service,
        pulse.last_good,
        tuple(_window(pulse, seconds, now.timestamp()) for seconds in WINDOWS),
        freshness(cycle, pulse.changed, now),
        pulse.changed,
        dict(pulse.drift),
        pulse.last_drift,
    )


def _window(pulse: Pulse, seconds: int, now: float) -> Window:
    last = int(now // _SLOT)
    outcomes: Counter[str] = Counter()
    latency = Histogram()
    for number, slot in pulse.slots.items():
        if last - seconds // _SLOT < number <= last:
            outcomes.update(slot.outcomes)
            latency.merge(slot.latency)
    reached = outcomes.total() - outcomes["refused"]
    failed = sum(outcomes[name] for name in FAILURES)
    return Window(
        seconds,
        outcomes.total(),
        failed / reached if reached else None,
        latency.quantile(0.50),
        latency.quantile(0.95),
        latency.quantile(0.99),
    )


def freshness(cycle: str, changed: str | None, now: datetime) -> Freshness:
    """Hold the last change against the update cycle.

    ``late`` after one and a half cycles, ``stale`` after three, ``unknown`` without a known cycle
    or change. A bare day counts to its end.

    >>> from datetime import UTC
    >>> freshness("daily", "2026-11-20", datetime(2026, 11, 23, 9, tzinfo=UTC))
    'late'
    """
    days = CYCLES.get(cycle)
    if days is None or changed is None:
        return "unknown"
    age = (now.timestamp() - _instant(changed)) / 86_400
    return "fresh" if age <= 1.5 * days else "late" if age <= 3 * days else "stale"


_CHINA = "+08:00"


def _instant(text: str) -> float:
    """Read an ISO day (its end) or instant (without zone: China's) in seconds since 1970."""
    try:
        if len(text) == 10:
            return datetime.fromisoformat(f"{text}T23:59:59{_CHINA}").timestamp()
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = datetime.fromisoformat(f"{text}{_CHINA}")
        return found.timestamp()
    except ValueError:
        return float("-inf")


class Health:
    """The pulses of one worker's services."""

    def __init__(self) -> None:
        self.pulses: dict[str, Pulse] = {}

    def of(self, service: str) -> Pulse:
        """Give the pulse of a service that is served here (names come from the configuration)."""
        return self.pulses.setdefault(service, Pulse())


def merged(many: Iterable[Mapping[str, Pulse]]) -> dict[str, Pulse]:
    """Give the sum of several workers' pulses, by service."""
    whole: dict[str, Pulse] = {}
    for pulses in many:
        for service, pulse in pulses.items():
            whole.setdefault(service, Pulse()).merge(pulse)
    return whole
