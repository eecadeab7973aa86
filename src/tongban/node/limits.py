"""How much one client may ask (限流), and when its asking looks like harvesting (批量拉取预警).

Token buckets per client, service and purpose; and a count of distinct people or companies asked for
in sliding windows, kept as prefixes of keyed digests, never as numbers. Both are decided on given
instants. A bucket refuses; an alarm refuses nothing, it tells.
"""

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

_MOST_PLACES = 20_000  # (client, service, purpose) held at once
_PREFIX = 16  # hex digits of a subject's digest
Place = tuple[str, str, str]


class LimitsInvalid(ValueError):
    """The table ``limits`` does not read."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a second on average, and so many at once."""

    per_second: float = 50.0
    burst: float = 200.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens left at an instant (seconds)."""

    tokens: float
    at: float


def take(bucket: Bucket | None, rate: Rate, now: float) -> tuple[Bucket, float]:
    """Take one token: give the next state, and 0 or the seconds to wait for one (none taken).

    A new bucket is full. A clock that ran back refills nothing.

    >>> state, wait = take(None, Rate(1.0, 1.0), 0.0)
    >>> wait, take(state, Rate(1.0, 1.0), 0.25)[1]
    (0.0, 0.75)
    """
    if bucket is None:
        bucket = Bucket(rate.burst, now)
    passed = max(0.0, now - bucket.at)
    tokens = min(rate.burst, bucket.tokens + passed * rate.per_second)
    at = max(now, bucket.at)
    if tokens >= 1.0:
        return Bucket(tokens - 1.0, at), 0.0
    return Bucket(tokens, at), (1.0 - tokens) / rate.per_second


@dataclass(frozen=True, slots=True)
class Habit:
    """How many distinct subjects were usual: the peaks of past windows, oldest first."""

    peaks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """When a number of distinct subjects in ``window`` seconds is an alarm.

    Until ``needed`` windows were seen the limit is ``most``; then ``factor`` times the greatest of
    the last ``kept`` peaks, yet never below ``least`` nor above ``most``.
    """

    window: float = 3600.0
    most: int = 2000
    least: int = 100
    factor: float = 3.0
    needed: int = 24
    kept: int = 168


def limit_of(habit: Habit, watch: Watch) -> int:
    """Give the number of distinct subjects beyond which there is an alarm.

    >>> limit_of(Habit((40,) * 24), Watch())
    120
    """
    if len(habit.peaks) < watch.needed:
        return watch.most
    usual = math.ceil(watch.factor * max(habit.peaks[-watch.kept :]))
    return min(watch.most, max(watch.least, usual))


def learnt(habit: Habit, peak: int, watch: Watch) -> Habit:
    """Add the peak of a window that raised no alarm: what alarmed is never learnt as usual."""
    return Habit((*habit.peaks, peak)[-watch.kept :])


@dataclass(frozen=True, slots=True)
class Alarm:
    """A client that asks for unusually many: ``distinct`` subjects in ``window`` s, over ``limit``.

    ``at`` is the instant that was given with the call that went over.
    """

    client: str
    service: str
    purpose: str
    window: float
    distinct: int
    limit: int
    at: float


@dataclass(slots=True)
class Seen:
    """The distinct subjects of one place in a sliding window, oldest first; exact and bounded.

    Holds no clock: the same calls give the same state. Beyond ``bound`` the oldest is dropped,
    which can only happen after the alarm.
    """

    window: float
    bound: int
    _last: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def add(self, subjects: Sequence[str], now: float) -> int:
        """Add the subjects of one call; give how many distinct ones the window ending now has."""
        if self._last:  # a clock that ran back must not put an older look behind a newer one
            now = max(now, next(reversed(self._last.values())))
        for subject in subjects:
            short = subject[:_PREFIX]
            self._last[short] = now
            self._last.move_to_end(short)
        return self.count(now)

    def count(self, now: float) -> int:
        """Give how many distinct subjects the window ending now has; forget older ones."""
        last = self._last
        while last and next(iter(last.values())) <= now - self.window:
            last.popitem(last=False)
        while len(last) > self.bound:
            last.popitem(last=False)
        return len(last)


@dataclass(slots=True)
class _Watched:
    """One place and window: what was seen, what is usual, and the window that is being learnt."""

    seen: Seen
    habit: Habit
    began: float
    peak: int = 0
    alarmed: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What the table ``limits`` says: a rate for all, rates of their own, and the watches.

    ``deliveries`` is the rate of events, one record each; a rate of its own holds for both.
    """

    rate: Rate = Rate()
    deliveries: Rate = Rate(500.0, 2000.0)
    rates: Mapping[Place, Rate] = field(default_factory=dict)
    watches: tuple[Watch, ...] = (Watch(), Watch(window=86_400.0, most=10_000, needed=7, kept=28))


class Limits:
    """The buckets and watches of one process; places least used are forgotten first."""

    def __init__(self, terms: Terms = Terms()) -> None:
        self._terms = terms
        self._buckets: OrderedDict[Place, Bucket] = OrderedDict()
        self._delivered: OrderedDict[Place, Bucket] = OrderedDict()
        self._watched: OrderedDict[Place, tuple[_Watched, ...]] = OrderedDict()

    def admit(
        self,
        client: str,
        service: str,
        purposes: Sequence[str],
        now: float,
        *,
        delivery: bool = False,
    ) -> float:
        """Take a token for each purpose, or for none: give 0, or the seconds to wait.

        ``now`` is in seconds of any clock, the same for all calls; calls and deliveries
        (``delivery``) take from buckets of their own.
        """
        rate_of_all = self._terms.deliveries if delivery else self._terms.rate
        buckets = self._delivered if delivery else self._buckets
        taken: list[tuple[Place, Bucket]] = []
        wait = 0.0
        for purpose in sorted(set(purposes)):
            place = (client, service, purpose)
            rate = self._terms.rates.get(place, rate_of_all)
            bucket, lacking = take(buckets.get(place), rate, now)
            taken.append((place, bucket))
            wait = max(wait, lacking)
        if wait:
            return wait
        for place, bucket in taken:
            _keep(buckets, place, bucket)
        return 0.0

    def look(
        self,
        client: str,
        service: str,
        purposes: Sequence[str],
        subjects: Sequence[str],
        now: float,
    ) -> list[Alarm]:
        """Count the subjects of a call (hex digests); give the alarms that it raises.

        Call it for permitted calls alone: what is counted must be a grant's doing. An alarm is
        raised once, and again only after the count came down below its limit.
        """
        alarms: list[Alarm] = []
        for purpose in sorted(set(purposes)):
            place = (client, service, purpose)
            watched = self._watched.get(place)
            if watched is None:
                watched = tuple(
                    _Watched(Seen(w.window, 2 * w.most), Habit(), now) for w in self._terms.watches
                )
            _keep(self._watched, place, watched)
            for watch, one in zip(self._terms.watches, watched, strict=True):
                distinct, limit = _counted(one, watch, subjects, now)
                if distinct > limit and not one.alarmed:
                    alarms.append(Alarm(*place, watch.window, distinct, limit, now))
                one.alarmed = distinct > limit
        return alarms


def _counted(one: _Watched, watch: Watch, subjects: Sequence[str], now: float) -> tuple[int, int]:
    if now - one.began >= watch.window:
        if one.peak <= limit_of(one.habit, watch):
            one.habit = learnt(one.habit, one.peak, watch)
        one.began, one.peak = now, 0
    distinct = one.seen.add(subjects, now)
    one.peak = max(one.peak, distinct)
    return distinct, limit_of(one.habit, watch)


def _keep(held: "OrderedDict[Place, Any]", place: Place, state: object) -> None:
    held[place] = state
    held.move_to_end(place)
    if len(held) > _MOST_PLACES:
        held.popitem(last=False)


def read_terms(raw: Mapping[str, Any]) -> Terms:
    """Read the table ``limits`` of node.toml; raise LimitsInvalid.

    ``per_second`` and ``burst`` hold for all calls, those of ``[limits.deliveries]`` for all
    events; ``[[limits.rates]]`` names client, service, purpose and its own;
    ``[[limits.watches]]`` takes the place of the watches of an hour and a day.
    """
    names = {f.name for f in fields(Rate)}
    _known("limits", raw, names | {"rates", "watches", "deliveries"})
    own = raw.get("deliveries", {})
    if not isinstance(own, Mapping):
        raise LimitsInvalid("LimitsInvalid: limits.deliveries; write [limits.deliveries]")
    _known("limits.deliveries", own, names)
    usual = Terms().deliveries
    deliveries = replace(usual, **_numbers("limits.deliveries", own, names))
    rates = {}
    for number, one in enumerate(_tables(raw, "rates")):
        where = f"limits.rates[{number}]"
        _known(where, one, names | {"client", "service", "purpose"})
        if not all(isinstance(one.get(n), str) for n in ("client", "service", "purpose")):
            raise LimitsInvalid(f"LimitsInvalid: {where}; name client, service and purpose")
        place = (one["client"], one["service"], one["purpose"])
        rates[place] = Rate(**_numbers(where, one, names))
    watched = {f.name for f in fields(Watch)}
    watches = []
    for number, one in enumerate(_tables(raw, "watches")):
        where = f"limits.watches[{number}]"
        _known(where, one, watched)
        numbers = _numbers(where, one, watched)
        whole = ("most", "least", "needed", "kept")
        watches.append(Watch(**{n: int(v) if n in whole else v for n, v in numbers.items()}))
    terms = Terms(Rate(**_numbers("limits", raw, names)), deliveries, rates)
    return replace(terms, watches=tuple(watches)) if "watches" in raw else terms


def _tables(raw: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    found = raw.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise LimitsInvalid(f"LimitsInvalid: limits.{name}; write [[limits.{name}]] tables")
    yield from found


def _known(where: str, raw: Mapping[str, Any], names: set[str]) -> None:
    for name in sorted(raw.keys() - names):
        raise LimitsInvalid(
            f"LimitsInvalid: {where}.{name} is no option; take one of {', '.join(sorted(names))}"
        )


def _numbers(where: str, raw: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    found = {name: raw[name] for name in names if name in raw}
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
            raise LimitsInvalid(f"LimitsInvalid: {where}.{name}; write a number above 0")
    if found.get("burst", 1) < 1:
        raise LimitsInvalid(f"LimitsInvalid: {where}.burst; at least 1, or nobody ever passes")
    return found
