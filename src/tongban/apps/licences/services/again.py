"""Do it again when another writer told an event of the same chain first."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

from tongban.infra.trail.services import ChainMoved

_TRIES = 8
T = TypeVar("T")


def again(act: Callable[[], T]) -> T:
    """Do ``act`` as one transaction, up to eight times; the last `ChainMoved` is raised."""
    for _ in range(_TRIES - 1):
        try:
            with transaction.atomic():
                return act()
        except ChainMoved:
            continue
    with transaction.atomic():
        return act()
