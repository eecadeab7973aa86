"""Background work of access: what is over is forgotten."""

from datetime import timedelta

from django.core.management import call_command

from tongban.infra.jobs.services import periodic

from . import keeping, limits


@periodic("access.tidy", every=timedelta(hours=1))
def tidy() -> None:
    """Delete counts, kept forms and sessions that are over."""
    limits.sweep()
    keeping.sweep()
    call_command("clearsessions")
