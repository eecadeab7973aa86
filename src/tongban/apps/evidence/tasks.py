"""Background work of evidence: leaves, a checkpoint and its witnesses; where it goes besides."""

from datetime import timedelta

from tongban.apps.evidence import exporting, services
from tongban.infra.jobs.services import periodic


@periodic("evidence.witness", every=timedelta(seconds=10))
def witness() -> None:
    """Make leaves of what the trail tells, sign the tree, and have it witnessed."""
    services.gather()
    services.witness()


@periodic("evidence.export", every=timedelta(minutes=10))
def export() -> None:
    """Have the newest published checkpoint time-stamped, and take it where it shall go besides."""
    exporting.timestamp()
    exporting.export()
