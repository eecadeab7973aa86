"""Background work of the exchange: what time does to requests, and what is learnt from others."""

from datetime import timedelta

from tongban.apps.exchange import following, levels, requests
from tongban.apps.exchange.catalogue import harvesting
from tongban.apps.exchange.transport import transport
from tongban.infra.jobs.services import periodic


@periodic("exchange.requests", every=timedelta(minutes=10))
def watch_requests() -> None:
    """Let requests lapse whose time is over, and tell those whose step is late."""
    requests.lapse()
    requests.tell_overdue()


@periodic("exchange.hand_in", every=timedelta(minutes=1))
def hand_in() -> None:
    """Keep checkpoints and looks of the node in this process outside its log."""
    transport().hand_in()


@periodic("exchange.harvest", every=timedelta(hours=1))
def harvest() -> None:
    """Take in the catalogues of the peers that are known, one after another."""
    harvesting.harvest_all("worker")


@periodic("exchange.levels", every=timedelta(seconds=30))
def meet_others() -> None:
    """Exchange cards, requests and decisions with the other instances."""
    levels.synchronise()


@periodic("exchange.follow", every=timedelta(seconds=5))
def follow() -> None:
    """Take in what the other instances revoked."""
    following.follow()
