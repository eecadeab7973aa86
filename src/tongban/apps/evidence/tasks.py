"""Background work of evidence: leaves, a checkpoint and its witnesses, every ten seconds."""

from datetime import timedelta

from tongban.apps.evidence import services
from tongban.infra.jobs.services import periodic


@periodic("evidence.witness", every=timedelta(seconds=10))
def witness() -> None:
    """Make leaves of what the trail tells, sign the tree, and have it witnessed."""
    services.gather()
    services.witness()
