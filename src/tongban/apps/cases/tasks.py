"""Background work of cases: time itself moves a case."""

from datetime import timedelta

from tongban.infra.jobs.services import periodic

from . import services


@periodic("cases.wake", every=timedelta(seconds=5))
def wake() -> None:
    """Take up the cases whose time has come, until none is left for now."""
    while services.wake():
        pass
