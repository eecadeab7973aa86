"""Tell Django of the app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Users, tokens and the judge of permissions."""

    name = "tongban.infra.access"
    label = "access"
    verbose_name = "访问控制"
