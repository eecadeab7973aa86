"""Reads of secrecy: which keys there are, and what stands under each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from tongban.infra.secrecy.fields import tables
from tongban.infra.secrecy.models import Key
from tongban.infra.secrecy.ring import ring


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """A data key and how many rows stand under it, by table."""

    number: int
    suite: str
    master: str
    state: str
    since: datetime
    ended: datetime | None
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Status:
    """The keys, oldest first; rows in the clear by table; the tables that are noted as whole."""

    keys: tuple[KeyStatus, ...]
    clear: Mapping[str, int]
    whole: frozenset[str]


def status() -> Status:
    """Count every sealed row of the installation; raise NoKey."""
    under: dict[int | None, dict[str, int]] = {}
    for table, model in tables().items():
        counted = model.objects.order_by().values_list("key").annotate(rows=Count("pk"))
        for number, rows in counted:
            under.setdefault(number, {})[table] = rows
    keys = tuple(
        KeyStatus(k.number, k.suite, k.master, k.state, k.since, k.ended, under.get(k.number, {}))
        for k in Key.objects.order_by("number")
    )
    return Status(keys, under.get(None, {}), ring(fresh=True).whole)
