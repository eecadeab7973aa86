"""Tell Django of the app."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """The transparency log and its witnesses."""

    name = "tongban.apps.evidence"
    label = "evidence"
    verbose_name = "存证"
