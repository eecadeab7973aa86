"""Background work of cases: time itself moves a case."""

from datetime import timedelta

from tongban.apps.exchange.events import CONSENT_WITHDRAWN
from tongban.apps.fees.events import ENDS
from tongban.infra import clock
from tongban.infra.jobs.services import enqueue, job, periodic
from tongban.infra.messages import services as messages
from tongban.infra.trail import relay
from tongban.kernel.events import Event

from . import archiving, first_pages, notices, services, telling
from .events import CLOSED, ENDED
from .services import prefilling

_ARCHIVE = "cases.archive"
_NOTICES = "cases.notices"


@periodic("cases.wake", every=timedelta(seconds=5))
def wake() -> None:
    """Take up the cases whose time has come, until none is left for now."""
    while services.wake():
        pass


@periodic("cases.drafts", every=timedelta(hours=1))
def drafts() -> None:
    """Tell of drafts that end soon and let go those that have, until none is left for now."""
    while services.end_drafts():
        pass


@periodic("cases.warn", every=timedelta(hours=1))
def warn() -> None:
    """Tell of promised days that are near, until none is left for now."""
    while services.warn():
        pass


@job(services.TAKE_UP, retries=10, backoff=timedelta(seconds=30))
def take_up(number: str) -> None:
    """Take up a case that failed before: for half a day, then it is a dead letter."""
    services.advance(number)


@job(prefilling.READ_ON, retries=2, backoff=timedelta(seconds=2))
def read_on(number: str, actor: str) -> None:
    """Read for a draft what the request that agreed to it had no time for."""
    prefilling.read_on(number, actor)


# witnesses come seconds later; where they are away for a day, the job is a dead letter
@job(_ARCHIVE, retries=12, backoff=timedelta(seconds=30))
def archive(number: str) -> None:
    """Write the archive package of a closed case, once all of it is witnessed."""
    archiving.archive(number)


@job(_NOTICES, retries=5, backoff=timedelta(seconds=30))
def make_notices(number: str) -> None:
    """Make the notices of what was decided in a case; where none can be made, say so in the log."""
    notices.ensure(number)


@job(first_pages.DRAW, retries=2, backoff=timedelta(seconds=30))
def draw(number: str) -> None:
    """Draw the first pages of the PDFs that were handed in, for the desk to look at."""
    first_pages.ensure(number)


def _ended(event: Event) -> None:
    enqueue(_NOTICES, {"number": event.chain})


def _closed(event: Event) -> None:
    enqueue(_ARCHIVE, {"number": event.chain}, run_after=clock.now() + timedelta(minutes=1))


def _fee_moved(event: Event) -> None:
    number, _, _ = str(event.data["reference"]).partition("/")
    enqueue(services.TAKE_UP, {"number": number})


def _consent_ended(event: Event) -> None:
    prefilling.forget(event.data["case"])


messages.describe("tongban.cases.", telling.places)
relay.subscribe(_ARCHIVE, CLOSED, _closed)
relay.subscribe("cases.fees", ENDS, _fee_moved)
relay.subscribe("cases.consents", CONSENT_WITHDRAWN, _consent_ended)
relay.subscribe(_NOTICES, ENDED, _ended)
