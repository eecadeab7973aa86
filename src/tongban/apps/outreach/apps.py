"""Tell Django of the app."""

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    """Runs of policies over the people they are for."""

    name = "tongban.apps.outreach"
    label = "outreach"
    verbose_name = "免申即享"
