"""Counts what must not happen too often: failed sign-ins, wrong codes, denials (失败锁定).

An attempt is counted before it is tried, so that many at once cannot pass the limit; after success
the count is forgotten. A key names nobody: it is a digest.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from tongban.infra import clock

from .models import Tally


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` events of one ``name`` within a window of ``window`` from the first."""

    name: str
    most: int
    window: timedelta

    def key(self, about: str) -> str:
        """Give the key under which events about this account or address are counted."""
        return f"{self.name}:{hashlib.sha256(about.encode()).hexdigest()}"


_QUARTER = timedelta(minutes=15)
#: Failures with one name, then it is locked until the window is over (等保三级 8.1.4.1 b).
ACCOUNT = Limit("account", 5, _QUARTER)
#: Failures from one address, whatever the names: a list of stolen passwords being tried.
ADDRESS = Limit("address", 100, _QUARTER)
#: Wrong codes of one user: a million codes stay a million.
SECOND = Limit("second", 5, _QUARTER)
#: Denials of one user that the trail tells one by one; more are one event a window.
DENIALS = Limit("denials", 60, timedelta(minutes=1))


def count(limit: Limit, about: str) -> int:
    """Count one event; give how many there are in the present window, this one included."""
    key, now = limit.key(about), clock.now()
    while True:
        with transaction.atomic():
            stale = Tally.objects.filter(key=key, began__lte=now - limit.window)
            if stale.update(began=now, count=1):
                return 1
            if Tally.objects.filter(key=key).update(count=F("count") + 1):
                return Tally.objects.values_list("count", flat=True).get(key=key)
        try:
            with transaction.atomic():
                Tally.objects.create(key=key, began=now, count=1)
        except IntegrityError:  # somebody else counted the first one
            continue
        return 1


def allows(limit: Limit, about: str) -> bool:
    """Count an attempt and tell whether it may still be tried."""
    return count(limit, about) <= limit.most


def give_back(limit: Limit, about: str) -> None:
    """Take one attempt off the count: it was a success, and the failures beside it stay."""
    Tally.objects.filter(key=limit.key(about), count__gt=0).update(count=F("count") - 1)


def forget(limit: Limit, about: str) -> None:
    """Begin anew after a success."""
    Tally.objects.filter(key=limit.key(about)).delete()


def sweep() -> int:
    """Delete what is over; give how many counts were dropped."""
    return Tally.objects.filter(began__lt=clock.now() - timedelta(days=1)).delete()[0]
