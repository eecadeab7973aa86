"""Tell Django of the app."""

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    """Electronic licences."""

    name = "tongban.apps.licences"
    label = "licences"
    verbose_name = "电子证照"
