"""Background work: the counts that the atlas shows are taken anew every day."""

from tongban.infra.jobs.services import periodic

from .atlas import measuring


@periodic("forecast.atlas", every=measuring.EVERY)
def atlas() -> None:
    """Take the counts of this installation and keep them for the page."""
    measuring.keep(measuring.platform())
