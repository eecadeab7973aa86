"""Background work of fees: windows end, silent banks are asked, every day is reconciled."""

from datetime import date, timedelta

from tongban.infra.jobs.services import enqueue, job, periodic
from tongban.infra.messages import services as messages
from tongban.infra.trail import relay
from tongban.kernel.events import Event

from . import services, telling
from .events import REFUND_DECLINED, REFUNDED
from .plugins import providers

_RECONCILE = "fees.reconcile"


def _told(event: Event) -> None:
    messages.tell(event)


messages.describe("tongban.fees.", telling.places)
relay.subscribe("fees.messages", (REFUND_DECLINED, REFUNDED), _told)


@periodic("fees.chase", every=timedelta(seconds=10))
def chase() -> None:
    """Ask the banks about what nobody has told, and end what is over."""
    services.chase()
    services.expire()


@periodic("fees.days", every=timedelta(days=1))
def days() -> None:
    """Have every day that is over and not reconciled yet reconciled with every bank."""
    for name in providers():
        for day in services.days_due(name):
            enqueue(_RECONCILE, {"provider": name, "day": day.isoformat()})


# a bank's statement may be hours late; after a day the job is a dead letter that somebody sees
@job(_RECONCILE, retries=10, backoff=timedelta(minutes=2))
def reconcile(provider: str, day: str) -> None:
    """Reconcile one day with one bank."""
    services.reconcile(provider, date.fromisoformat(day))
