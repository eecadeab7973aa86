"""Background work of access: what is over is forgotten."""

from datetime import timedelta

from django.core.management import call_command

from tongban.infra.jobs.services import periodic

from . import limits


@periodic("access.tidy", every=timedelta(hours=1))
def tidy() -> None:
    """Delete counts and sessions that are over."""
    limits.sweep()
    call_command("clearsessions")
