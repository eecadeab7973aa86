"""Tell Django of the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The pages, their words and their style."""

    name = "tongban.web"
    label = "web"
    verbose_name = "页面"
