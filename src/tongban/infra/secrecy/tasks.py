"""Work that nobody asks for: the first key with the first tables, and going on where a change of
key was cut short.
"""

from datetime import timedelta

from django.apps import apps
from django.db.models.signals import post_migrate

from tongban.infra.jobs.services import periodic
from tongban.infra.secrecy import services


def first_key(**_: object) -> None:
    """Make the first data key once its table is there."""
    services.ensure_key()


post_migrate.connect(first_key, sender=apps.get_app_config("secrecy"))


@periodic("secrecy.seal", every=timedelta(minutes=10))
def seal() -> None:
    """Seal what does not stand under the current key; keys go only by an operator's command."""
    services.seal_rows()
