"""Background work of parties: tokens that are over are forgotten."""

from datetime import timedelta

from oauth2_provider.models import clear_expired

from tongban.infra.jobs.services import periodic


@periodic("parties.tidy", every=timedelta(hours=1))
def tidy() -> None:
    """Delete the tokens and codes of other systems that have ended."""
    clear_expired()
