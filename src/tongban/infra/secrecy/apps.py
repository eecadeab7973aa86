"""Tell Django of the app."""

from django.apps import AppConfig


class SecrecyConfig(AppConfig):
    """Keys and sealed columns."""

    name = "tongban.infra.secrecy"
    label = "secrecy"
    verbose_name = "静态加密"
