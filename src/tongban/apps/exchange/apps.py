"""Tell Django of the app."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """The catalogue of data resources, grants and calls."""

    name = "tongban.apps.exchange"
    label = "exchange"
    verbose_name = "数据交换"
