"""Tell Django of the app."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """People, companies, departments and posts."""

    name = "tongban.apps.parties"
    label = "parties"
    verbose_name = "主体"
