"""Background work of cases: time itself moves a case."""

from datetime import timedelta

from tongban.infra.jobs.services import job, periodic

from . import services


@periodic("cases.wake", every=timedelta(seconds=5))
def wake() -> None:
    """Take up the cases whose time has come, until none is left for now."""
    while services.wake():
        pass


@job(services.TAKE_UP, retries=10, backoff=timedelta(seconds=30))
def take_up(number: str) -> None:
    """Take up a case that failed before: for half a day, then it is a dead letter."""
    services.advance(number)
