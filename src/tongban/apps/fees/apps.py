"""Tell Django of the app."""

from django.apps import AppConfig


class FeesConfig(AppConfig):
    """Fees that are paid in."""

    name = "tongban.apps.fees"
    label = "fees"
    verbose_name = "收费"
