"""Tell Django of the app."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases and their branches."""

    name = "tongban.apps.cases"
    label = "cases"
    verbose_name = "办件"
