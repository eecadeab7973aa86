"""Knows at once a request that this worker has had before, so that no source is asked for it again.

A help and not the proof: what other workers had, or this one before a fall, the store finds when it
commits (`store.NonceSeen`). Holds hashes only, for longer than a signature lives, and never more
than two generations of them.
"""

import time
from collections.abc import Callable

from tongban.kernel.wire.signatures import Claims

_LIFE = 90.0  # seconds of a generation: a signature lives 60 s, with five of skew at either end
_MOST = 100_000  # hashes of a generation; with more the next one begins early


class Replays:
    """The requests of the last minutes; ``clock`` gives seconds that never run back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._new: set[int] = set()
        self._old: set[int] = set()

    def first(self, claims: Claims) -> bool:
        """Say whether the request with this signature is here for the first time; remember it."""
        now = self._clock()
        if now - self._began >= _LIFE or len(self._new) >= _MOST:
            self._old = self._new if now - self._began < 2 * _LIFE else set()
            self._new, self._began = set(), now
        place = _place(claims)
        if place in self._new or place in self._old:
            return False
        self._new.add(place)
        return True

    def forget(self, claims: Claims) -> None:
        """Let a request that was not answered come again."""
        self._new.discard(_place(claims))
        self._old.discard(_place(claims))


def _place(claims: Claims) -> int:
    # texts are hashed under a secret of this process: nobody outside can make two that meet
    return hash((claims.keyid, claims.nonce))
