"""Background work of cases: time itself moves a case."""

from datetime import timedelta

from tongban.infra import clock
from tongban.infra.jobs.services import enqueue, job, periodic
from tongban.infra.trail import relay
from tongban.kernel.events import Event

from . import archiving, notices, services
from .events import CLOSED, ENDED

_ARCHIVE = "cases.archive"
_NOTICES = "cases.notices"


@periodic("cases.wake", every=timedelta(seconds=5))
def wake() -> None:
    """Take up the cases whose time has come, until none is left for now."""
    while services.wake():
        pass


@job(services.TAKE_UP, retries=10, backoff=timedelta(seconds=30))
def take_up(number: str) -> None:
    """Take up a case that failed before: for half a day, then it is a dead letter."""
    services.advance(number)


# witnesses come seconds later; where they are away for a day, the job is a dead letter
@job(_ARCHIVE, retries=12, backoff=timedelta(seconds=30))
def archive(number: str) -> None:
    """Write the archive package of a closed case, once all of it is witnessed."""
    archiving.archive(number)


@job(_NOTICES, retries=5, backoff=timedelta(seconds=30))
def make_notices(number: str) -> None:
    """Make the notices of what was decided in a case; where none can be made, say so in the log."""
    notices.ensure(number)


def _ended(event: Event) -> None:
    enqueue(_NOTICES, {"number": event.chain})


def _closed(event: Event) -> None:
    enqueue(_ARCHIVE, {"number": event.chain}, run_after=clock.now() + timedelta(minutes=1))


relay.subscribe(_ARCHIVE, CLOSED, _closed)
relay.subscribe(_NOTICES, ENDED, _ended)
