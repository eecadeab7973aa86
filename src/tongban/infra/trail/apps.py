"""Tell Django of the app."""

from django.apps import AppConfig


class TrailConfig(AppConfig):
    """Append-only events and their relay."""

    name = "tongban.infra.trail"
    label = "trail"
    verbose_name = "办件留痕"
