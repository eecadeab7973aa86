"""Tell Django of the pages."""

from django.apps import AppConfig

from tongban.infra.packs import judges_packs

from .languages import misnamed


class WebConfig(AppConfig):
    """The pages, their words and their style."""

    name = "tongban.web"
    label = "web"
    verbose_name = "页面"

    def ready(self) -> None:
        """Judge the words of language packs wherever packs are checked."""
        judges_packs(misnamed)
