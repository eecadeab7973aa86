"""What a newly announced holiday does: open clocks move, each with a recorded reason; closed never.

Due dates are derived, so nothing has to be corrected; what is done here is to say so on the trail
of every case that moved, and to bring the queue's order up to date.
"""

from datetime import date

from django.db import transaction

from tongban.infra import clock
from tongban.infra.trail.services import ChainMoved
from tongban.kernel import workdays
from tongban.kernel.workdays import Calendar, Day

from . import events as say
from . import services
from .domain import clocks
from .domain.engine import tell
from .domain.fold import Said
from .domain.ground import Ground
from .domain.state import Case, Json
from .errors import CaseMoved
from .models import CalendarInForce
from .models import Case as Row


def announce(new: Calendar) -> int:
    """Take a calendar into force; give how many open clocks it moved. The same again moves none."""
    last = CalendarInForce.objects.order_by("-pk").first()
    written = _write(new)
    if last is not None and last.days == written:
        return 0
    moved = 0
    if last is not None:
        old = _read(last.days)
        for number in Row.objects.filter(ended=False).values_list("number", flat=True):
            moved += _move(number, old, new)
    CalendarInForce.objects.create(days=written, since=clock.now())
    return moved


def _move(number: str, old: Calendar, new: Calendar) -> int:
    """Move the clocks of one case; whatever somebody does to it meanwhile comes first."""
    for _ in range(services.TRIES):
        try:
            return _moved(number, old, new)
        except (CaseMoved, ChainMoved):
            continue
    raise CaseMoved(number)


def _moved(number: str, old: Calendar, new: Calendar) -> int:
    case = services.load(number)
    ground = services.ground_for(case, new)
    ledgers = {
        b.item: ledger
        for b in case.branches.values()
        if b.decided is None and (ledger := clocks.clock(b, ground)) is not None
    }
    said = [
        Said(
            say.CLOCK_MOVED,
            ground.now,
            {"before": _iso(move.before), "after": _iso(move.after), "zh": move.zh, "en": move.en},
            move.clock,
            reason=move.zh,
        )
        for move in workdays.moved(old, new, ledgers)
    ]
    # saved even if no clock moved: when to look at the case again hangs on the calendar too
    _save(case, ground, said)
    return len(said)


def _save(case: Case, ground: Ground, said: list[Said]) -> None:
    after = case
    for event in said:
        after = tell(after, event)
    with transaction.atomic():
        services.save(case, after, ground, services.drafts_of(after, ground, said), every=True)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _write(calendar: Calendar) -> Json:
    days = sorted(calendar.named.values())
    return [[d.day.isoformat(), d.kind, d.name, d.source] for d in days]


def _read(written: Json) -> Calendar:
    return Calendar.of(
        Day(date.fromisoformat(day), kind, name, source) for day, kind, name, source in written
    )
