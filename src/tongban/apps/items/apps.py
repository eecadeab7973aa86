"""Tell Django of the app."""

from django.apps import AppConfig


class ItemsConfig(AppConfig):
    """Service items and life events."""

    name = "tongban.apps.items"
    label = "items"
    verbose_name = "政务服务事项"
