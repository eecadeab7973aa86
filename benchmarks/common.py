"""What every benchmark gives back, and how time is taken."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its peer, in the same unit; ``better`` says which way is good."""

    what: str
    ours: float
    peer: float
    peer_name: str
    unit: str
    better: Literal["less", "more"]
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times better than the peer (over 1 is better, whatever the unit)."""
        good, bad = (self.peer, self.ours) if self.better == "less" else (self.ours, self.peer)
        return good / bad if bad else float("inf")


def best_of(times: int, action: Callable[[], object]) -> float:
    """Give the seconds of the fastest of several runs: the machine is shared and noisy."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        found.append(time.perf_counter() - began)
    return min(found)
