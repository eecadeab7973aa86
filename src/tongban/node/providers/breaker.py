"""A circuit breaker (熔断) as functions on frozen data: when to stop asking what does not answer.

Closed: every call may pass. Open, after so many failures in a row: none may, until it has rested.
Half open: one call tries; its answer closes the breaker, its failure opens it again. A result that
comes late, of a call admitted in an earlier phase, changes nothing.
"""

from dataclasses import dataclass, replace
from typing import Literal

Phase = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class Policy:
    """After how many failures in a row it opens, and for how many seconds it rests."""

    failures: int = 5
    rest: float = 10.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state: phase, failures in a row, since when open, and the number of the phase."""

    phase: Phase = "closed"
    failures: int = 0
    opened: float = 0.0
    era: int = 0


def admit(breaker: Breaker, policy: Policy, now: float) -> tuple[Breaker, int | None]:
    """Give the next state and the ticket of a call that may pass (None: it may not).

    ``now`` is in seconds of any clock that never runs back. Each ticket must be given back by
    `passed`, `failed` or `abandoned`.
    """
    if breaker.phase == "closed":
        return breaker, breaker.era
    if breaker.phase == "open" and now - breaker.opened >= policy.rest:
        tried = replace(breaker, phase="half-open", era=breaker.era + 1)
        return tried, tried.era
    return breaker, None


def passed(breaker: Breaker, ticket: int) -> Breaker:
    """Give the state after a call that was answered."""
    if ticket != breaker.era or breaker.phase == "open":
        return breaker
    if breaker.phase == "half-open":
        return Breaker(era=breaker.era + 1)
    return replace(breaker, failures=0) if breaker.failures else breaker


def failed(breaker: Breaker, policy: Policy, ticket: int, now: float) -> Breaker:
    """Give the state after a call that was not answered.

    >>> state, ticket = admit(Breaker(), Policy(failures=1), 0.0)
    >>> failed(state, Policy(failures=1), ticket, 0.0).phase
    'open'
    """
    if ticket != breaker.era or breaker.phase == "open":
        return breaker
    failures = breaker.failures + 1
    if breaker.phase == "closed" and failures < policy.failures:
        return replace(breaker, failures=failures)
    return Breaker("open", failures, now, breaker.era + 1)


def abandoned(breaker: Breaker, ticket: int) -> Breaker:
    """Give the state after a call that nobody waited for: another one may try at once."""
    if ticket != breaker.era or breaker.phase != "half-open":
        return breaker
    return replace(breaker, phase="open", opened=float("-inf"), era=breaker.era + 1)
