"""Verbs of secrecy: make the first key, change keys while everybody works, seal what is clear.

A change of key is three things: new values stand under the new key at once, what stands under
another one is sealed again in small transactions, and a key goes only when the database holds
nothing under it. Each of them may be cut short anywhere and be done again.
"""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Max, ProtectedError, Q

from tongban.infra import clock
from tongban.infra.secrecy import masters
from tongban.infra.secrecy.fields import SealedModel, sealed, tables
from tongban.infra.secrecy.models import Key
from tongban.infra.secrecy.ring import REFRESH_S, new_secret, ring, wrap
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.suites import SealBroken

#: The chain on which changes of key are told.
KEYS = "secrecy:keys"
BATCH = 200
#: A process may not have heard of a change yet; a key is not taken away under its hands.
GRACE = timedelta(seconds=3 * REFRESH_S)
# SQLite has one writer at a time, and who waits for it looks only every tenth of a second
_BREATH_S = {"sqlite": 0.05, "postgresql": 0.0}
_LOCKED_S = 0.1


class KeyInUse(RuntimeError):
    """A key cannot go: there are rows under it that do not open."""


class RotationUnderWay(RuntimeError):
    """A change of key was begun and not finished; finish it first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a table is: rows sealed by this call, rows left, and those that did not open."""

    table: str
    done: int
    left: int
    broken: tuple[str, ...] = ()


Told = Callable[[Progress], None]


def _silent(progress: Progress) -> None:
    del progress


def ensure_key() -> bool:
    """Make the first data key where there is none; say whether it was made."""
    if Key.objects.exists():
        return False
    try:
        with transaction.atomic():
            _make_key(1, whole=())
    except IntegrityError:
        return False  # somebody else made it first
    return True


def begin_rotation(actor: str) -> int:
    """Put a new data key, of the instance's suite, in place of the current one; give its number.

    Waits until whoever registers a unique value under the old key has committed. Raise
    RotationUnderWay.
    """
    with transaction.atomic():
        old = Key.objects.select_for_update().get(state=Key.State.CURRENT)
        if Key.objects.filter(state=Key.State.ENDING).exists():
            raise RotationUnderWay(
                "RotationUnderWay: the last change of key is not finished; run "
                "`tongban keys rotate --resume` / 上次换钥尚未完成"
            )
        whole = ring(fresh=True).whole
        old.state, old.ended = Key.State.ENDING, clock.now()
        old.save(update_fields=["state", "ended"])
        new = _make_key(old.number + 1, whole)
        _tell("key_made", actor, {"key": new.number, "suite": new.suite, "before": old.number})
    ring(fresh=True)
    return new.number


def _make_key(number: int, whole: Collection[str]) -> Key:
    name = masters.newest()
    return Key.objects.create(
        number=number,
        suite=settings.SUITE,
        master=name,
        wrapped=wrap(number, settings.SUITE, new_secret(), whole, name),
        state=Key.State.CURRENT,
        since=clock.now(),
    )


def _tell(what: str, actor: str, data: dict[str, Any]) -> None:
    trail.tell(Draft(type=f"tongban.secrecy.{what}.v1", chain=KEYS, actor=actor, data=data))


def rotate_master(actor: str) -> str:
    """Wrap every data key with a new master key; give its name. No value is touched.

    The old master key still opens old copies of the database: keep it as long as those.
    """
    name = masters.another()
    with transaction.atomic():
        rows = list(Key.objects.select_for_update())
        known = ring(fresh=True)
        for row in rows:
            secret = known.keys[row.number].secret
            row.wrapped = wrap(row.number, row.suite, secret, known.whole, name)
            row.master = name
            row.save(update_fields=["wrapped", "master"])
        _tell("master_changed", actor, {"master": name, "keys": [row.number for row in rows]})
    ring(fresh=True)
    return name


def seal_rows(batch: int = BATCH, told: Told = _silent) -> tuple[Progress, ...]:
    """Seal with the current key whatever stands under another one or in the clear.

    One small transaction a batch, so that everybody works on; killed half-way it is simply called
    again. ``told`` hears of each batch. A table without a clear row is noted as whole for good.
    """
    ring(fresh=True)
    done = tuple(_seal_table(model, batch, told) for model in tables().values())
    _note_whole()
    return done


def _others() -> Q:
    """Give the condition of rows that do not stand under the current key."""
    known = ring()
    return Q(key=None) | Q(key__in=[n for n in known.keys if n != known.current.number])


def _seal_table(model: type[SealedModel], batch: int, told: Told) -> Progress:
    total = model.objects.filter(_others()).count()
    now = Progress(model._meta.db_table, 0, total)
    for sealed_now, failed in _batches(model, batch):
        done, broken = now.done + sealed_now, (*now.broken, *failed)
        now = Progress(now.table, done, max(total - done - len(broken), 0), broken)
        told(now)
    return now


def _batches(model: type[SealedModel], batch: int) -> Iterator[tuple[int, list[str]]]:
    """Seal batch after batch; give how many were sealed, and which rows did not open."""
    broken: list[Any] = []
    while True:
        with transaction.atomic():
            # what somebody writes at this moment comes under the current key by itself, or next
            rows = model.objects.select_for_update(of=("self",), skip_locked=True)
            taken = list(rows.filter(_others()).exclude(pk__in=broken)[:batch])
            failed = [row.pk for row in taken if not _seal_again(row)]
        if taken:
            broken += failed
            yield len(taken) - len(failed), [str(pk) for pk in failed]
            time.sleep(_BREATH_S[connection.vendor])
        elif model.objects.filter(_others()).exclude(pk__in=broken).exists():
            time.sleep(_LOCKED_S)
        else:
            return


def _seal_again(row: SealedModel) -> bool:
    """Seal one locked row anew, blind index and all; say whether it opened."""
    model, was = type(row), row.key_id
    names = [field.name for field in model.sealed_fields()]
    try:
        for name in names:
            getattr(row, name)
    except SealBroken:
        return False
    also = {}
    if was is None:
        row.before_sealing()
        also = {name: getattr(row, name) for name in model.rewritten}
    new = sealed(model, str(row.pk), **{name: getattr(row, name) for name in names})
    model.objects.filter(pk=row.pk, key=was).update(**new, **also)
    return True


def _note_whole() -> None:
    with transaction.atomic():
        row = Key.objects.select_for_update().get(state=Key.State.CURRENT)
        known = ring(fresh=True)
        clear = {t for t, m in tables().items() if m.objects.filter(key=None).exists()}
        whole = known.whole | (tables().keys() - clear)
        if whole != known.whole:
            row.wrapped = wrap(row.number, row.suite, known.current.secret, whole, row.master)
            row.save(update_fields=["wrapped"])
    ring(fresh=True)


def finish(
    actor: str, *, batch: int = BATCH, grace: timedelta = GRACE, told: Told = _silent
) -> tuple[int, ...]:
    """Carry a change of key, begun at any time, to its end; give the numbers of keys that went.

    A key goes ``grace`` after it was last current, when nothing is left under it. Raise KeyInUse
    where rows do not open, naming them.
    """
    waited = False
    while True:
        done = seal_rows(batch, told)
        if broken := [f"{p.table} {row}" for p in done for row in p.broken]:
            raise KeyInUse(
                f"KeyInUse: {len(broken)} rows do not open, and their key stays: "
                + ", ".join(broken[:5])
            )
        ended = Key.objects.filter(state=Key.State.ENDING).aggregate(last=Max("ended"))["last"]
        if ended is None:
            return ()
        rest = (ended + grace - clock.now()).total_seconds()
        if rest > 0 and not waited:
            # a process that had not heard of the change wrote under the old key: another round
            time.sleep(min(rest, grace.total_seconds()))
            waited = True
            continue
        try:
            return _retire(actor)
        except (ProtectedError, IntegrityError):
            continue  # something was written under it this very moment


def _retire(actor: str) -> tuple[int, ...]:
    """Delete the keys that are not current; the database refuses while a row points at one."""
    with transaction.atomic():
        gone = list(Key.objects.select_for_update().filter(state=Key.State.ENDING))
        numbers = tuple(key.number for key in gone)
        for key in gone:
            key.delete()
        _tell("keys_retired", actor, {"keys": list(numbers)})
    ring(fresh=True)
    return numbers
