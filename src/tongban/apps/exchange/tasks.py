"""Background work of the exchange: what time does to requests, and what is learnt from others."""

from datetime import timedelta

from tongban.apps.exchange import requests
from tongban.infra.jobs.services import periodic


@periodic("exchange.requests", every=timedelta(minutes=10))
def watch_requests() -> None:
    """Let requests lapse whose time is over, and tell those whose step is late."""
    requests.lapse()
    requests.tell_overdue()
