"""Tell Django of the app."""

from django.apps import AppConfig


class ForecastConfig(AppConfig):
    """Panels and the atlas; it has no tables."""

    name = "tongban.apps.forecast"
    label = "forecast"
    verbose_name = "预测"
