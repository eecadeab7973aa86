"""Tell Django of the app."""

from django.apps import AppConfig


class VoiceConfig(AppConfig):
    """Ratings of what was decided."""

    name = "tongban.apps.voice"
    label = "voice"
    verbose_name = "好差评"
